package session

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

func TestParseMasters(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "http://127.0.0.1:5050",
		"host":                              "http://host:5050",
		"host:6000":                         "http://host:6000",
		"http://host":                       "http://host:5050",
		"https://host":                      "https://host:443",
		"http://host:1/master/":             "http://host:1",
		"a:1, http://b:2,,":                 "http://a:1,http://b:2",
		"[::1]:5050":                        "http://[::1]:5050",
		"http://alice:pw@host:5050":         "http://host:5050",
		"zk://h1,h2:99/mesos":               "zk://h1:2181,h2:99/mesos",
		"zk://u:p@ss@h1/a/b/":               "zk://h1:2181/a/b",
		"zk://h":                            "error: want a path",
		"ftp://h":                           `error: scheme "ftp", want http, https or zk`,
		"http://":                           "error: no host",
		"http://a b":                        "error: not a URL",
		",":                                 "error: no address",
		"zk:///x":                           "error: no host",
		"zk://user@h/x":                     "error: credentials must be user:password",
		"http://alice:s3cr3t@ho st:x/":      "error: not a URL",
		"ftp://alice:s3cr3t@host/":          "error: ftp://alice:xxxxx@host/",
		"http://alice:s3cr3t@:5050":         "error: no host",
		"zk://alice@s3cr3t@h1:2181,h2/path": "error: credentials must be user:password",
	} {
		d, _, err := newDetector(Options{Master: text})
		got := ""
		if err != nil {
			got = "error: " + err.Error()
		} else {
			got = d.String()
		}
		prefix, ok := strings.CutPrefix(want, "error: ")
		if (ok && !(err != nil && strings.Contains(got, prefix))) || (!ok && got != want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
		if strings.Contains(got, "s3cr3t") {
			t.Errorf("%q: the secret shows: %s", text, got)
		}
	}
	z, err := newZKMasters(Options{Master: "zk://u:p@ss@h1/a", TLS: &tls.Config{}})
	if err != nil || string(z.Digest()) != "u:p@ss" || z.scheme != "https" {
		t.Errorf("%+v, %v", z, err)
	}
}

func TestRedirectBase(t *testing.T) {
	for location, want := range map[string]string{
		"//host:5051/master/api/v1/scheduler": "http://host:5051",
		"//host":                              "http://host:5050",
		"https://other:1/x":                   "https://other:1",
		"/just/a/path":                        "http://from:5050",
		"":                                    "http://from:5050",
		"://":                                 "error",
		"ftp://x/":                            "error",
	} {
		got, err := redirectBase("http://from:5050", location)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s (%v), want %s", location, got, err, want)
		}
	}
}

// Nobody is led from TLS to a connection without it.
func TestRedirectKeepsTLS(t *testing.T) {
	if got, err := redirectBase("https://from:5050", "http://to:5050/x"); err == nil || !strings.Contains(err.Error(), "without TLS; not followed") {
		t.Errorf("led to %s, %v", got, err)
	}
	if got, err := redirectBase("https://from:5050", "//to:5050/x"); err != nil || got != "https://to:5050" {
		t.Errorf("led to %s, %v", got, err)
	}
}

func TestElectionOrder(t *testing.T) {
	got := electionOrder([]string{"json.info_0000000010", "log_replicas", "json.info_0000000009", "info_0000000001", "json.info_x", "json.info_0000000100"})
	want := []string{"json.info_0000000009", "json.info_0000000010", "json.info_0000000100"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	z := &zkMasters{scheme: "http"}
	for info, want := range map[string]string{
		`{"address":{"hostname":"h","ip":"10.0.0.1","port":5050},"hostname":"other","ip":16777226}`: "http://h:5050",
		`{"address":{"ip":"10.0.0.1","port":5050}}`:                                                 "http://10.0.0.1:5050",
		`{"hostname":"h","port":1}`:                                                                 "http://h:1",
		`{"id":"x"}`:                                                                                "",
		`master@10.0.0.1:5050`:                                                                      "",
	} {
		if got := z.masterURL([]byte(info)); got != want {
			t.Errorf("%s: %q, want %q", info, got, want)
		}
	}
}
