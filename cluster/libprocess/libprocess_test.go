package libprocess

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"
)

func TestParseQuery(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"", "map[]"},
		{"a=1&b=2", "map[a:1 b:2]"},
		{"a=1;b=2&&", "map[a:1 b:2]"},
		{"a=1&a=2", "map[a:2]"},
		{"a", "map[a:]"},
		{"a=b=c", "map[a:b=c]"},
		{"a=x+y%20%7e", "map[a:x y ~]"},
		{"a%3Db=1", "map[a=b:1]"},
		{"a=%", "Malformed % escape in '%': '%'"},
		{"a=50%zz1", "Malformed % escape in '50%zz1': '%zz'"},
		{"%4=1", "Malformed % escape in '%4': '%4'"},
	}
	for _, tt := range tests {
		q, err := ParseQuery(tt.raw)
		got := fmt.Sprint(map[string]string(q))
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.raw, got, tt.want)
		}
	}
}

func TestParseInt(t *testing.T) {
	tests := []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"-1", -1, true}, {"+7", 7, true}, {"0x1f", 31, true}, {"-0xA", -10, true}, {"2147483647", 1<<31 - 1, true},
		{"2147483648", 0, false}, {"", 0, false}, {"x", 0, false}, {"1.5", 0, false}, {" 1", 0, false}, {"1_0", 0, false}, {"0x", 0, false}, {"0x-1", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseInt(tt.text, 32)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: got %d, %v", tt.text, got, err)
		}
		if err != nil && err.Error() != "Failed to convert '"+tt.text+"' to number" {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
		err  string
	}{
		{"5secs", 5 * time.Second, ""}, {"1.5mins", 90 * time.Second, ""}, {"0ns", 0, ""}, {"2weeks", 14 * 24 * time.Hour, ""},
		{"", 0, "Invalid duration ''"}, {"5", 0, "Invalid duration '5'"}, {"secs", 0, "Failed to convert '' to number"}, {"1.2.3secs", 0, "Failed to convert '1.2.3' to number"},
		{"-1secs", 0, "Failed to convert '' to number"}, {"5 secs", 0, "Unknown duration unit ' secs'; supported units are 'ns', 'us', 'ms', 'secs', 'mins', 'hrs', 'days', and 'weeks'"},
		{"1000000weeks", 0, "Argument out of the range that a Duration can represent due to int64_t's size limit"},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.text)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%q: got %s, %q", tt.text, got, text)
		}
	}
}

func TestLevelFallsBack(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		var l Level
		for _, tt := range []struct{ query, want string }{
			{"level=3&duration=5mins", "200 "}, {"", "200 3\n"}, {"level=1", "400 Expecting 'duration=value' in query.\n"},
			{"duration=1secs", "400 Expecting 'level=value' in query.\n"}, {"level=x&duration=1secs", "400 Failed to convert 'x' to number.\n"},
			{"level=-1&duration=1secs", "400 Invalid level '-1'.\n"}, {"level=1&duration=x", "400 Failed to convert '' to number.\n"},
		} {
			q, err := ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			a := l.Toggle(q)
			if got := fmt.Sprintf("%d %s", a.Status, a.Body); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.query, got, tt.want)
			}
		}
		time.Sleep(5 * time.Minute)
		if got := l.Get(); got != 0 {
			t.Errorf("after 5 minutes: got %d, want 0", got)
		}
	})
}

func TestHelp(t *testing.T) {
	h := Help{Delegate: "master", Pages: []Page{{Process: "master", Name: "/state", Brief: "All.", Secret: true}, {Process: "version", Name: "/", Brief: "The version."}, {Process: "files", Name: "/read"}}}
	tests := []struct {
		path, want string
	}{
		{"", "## HELP\n> [/files][files]\n> [/master][master]\n> [/version][version]\n\n[files]: help/files\n[master]: help/master\n[version]: help/version\n"},
		{"/master/", "## `/master` ##\n> [/master/state][master/state]\n\n[master/state]: master/state\n"},
		{"/master/state", "### USAGE ###\n>        /state\n>        /master/state\n\n### TL;DR; ###\nAll.\n\n### AUTHENTICATION ###\nCredentials are needed where HTTP authentication is on.\n\n"},
		{"/files/read", "## No help page for `/files/read`\n\n"},
		{"/files/x", "No help available for '/files/x'.\n"},
		{"/nope", "404"},
	}
	for _, tt := range tests {
		a, found := h.Serve(tt.path, nil, "curl/8")
		got := string(a.Body)
		if !found {
			got = "404"
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.path, got, tt.want)
		}
	}
	if a, _ := h.Serve("", nil, "Mozilla"); a.Type != "text/html" || !strings.Contains(string(a.Body), "## HELP") {
		t.Errorf("browser: got %s %s", a.Type, a.Body)
	}
	if a, _ := h.Serve("", Query{"format": "json"}, ""); !strings.HasPrefix(string(a.Body), `{"processes":[{"id":"files","endpoints":[{"name":"/read","text":"## No`) {
		t.Errorf("json: got %s", a.Body)
	}
}

func TestContentType(t *testing.T) {
	for name, want := range map[string]string{"a.html": "text/html", "x/b.js": "application/x-javascript", "c.log": "application/octet-stream", "d": "application/octet-stream", "e.tar": "application/x-tar"} {
		if got := ContentType(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "%", "a=%41;", "=", "&&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := ParseQuery(raw)
		if (q == nil) != (err != nil) {
			t.Errorf("%q: got %v and %v", raw, q, err)
		}
	})
}

func TestTiming(t *testing.T) {
	var x Timing
	out := map[string]float64{}
	if x.Values("a_ms", out); len(out) != 0 {
		t.Errorf("without a time: %v", out)
	}
	x.Note(2 * time.Millisecond)
	if x.Values("a_ms", out); len(out) != 1 || out["a_ms"] != 2 {
		t.Errorf("one time: %v", out)
	}
	for range maxSamples {
		x.Note(time.Millisecond)
	}
	x.Note(3 * time.Millisecond)
	x.Values("a_ms", out)
	for name, want := range map[string]float64{"a_ms": 3, "a_ms/count": maxSamples, "a_ms/min": 1, "a_ms/max": 3, "a_ms/p50": 1} {
		if out[name] != want {
			t.Errorf("%s: got %v, want %v", name, out[name], want)
		}
	}
	if got := out["a_ms/p9999"]; got <= 1 || got >= 3 {
		t.Errorf("p9999: %v is not between the last two", got)
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{"Demo Mesos": "Demo%20Mesos", "é~a-b_c.d!'()*": "%C3%A9%7Ea-b_c.d!'()*", "a/b": "a%2Fb", "\x01": "%01"} {
		if got := Escape(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	rs := Routes[string]{"master": {"state": "S", "api/v1": "A", "api/v1/scheduler": "B"}, "version": {"": "V"}, "files": {"read": "R"}}
	rs.AddHelp("H", "P")
	for path, want := range map[string]string{
		"/state": "S ", "/master/state": "S ", "/master/state/x/": "S /x", "/state/": "S ", "/api/v1/x": "A /x", "/api/v1/scheduler/y": "B /y",
		"/version": "V ", "/version/x": "- /x", "/files/read": "R ", "/master/files/read": "- /files/read", "/files": "- /", "/": "- /", "/master": "- /",
		"/help": "H ", "/help/master/state": "H /state", "/__processes__": "P ", "/State": "- /State", "//state": "S ",
		"/%6daster/state": "S ", "/%6daster/st%61te": "- /st%61te", "/master%2Fstate": "- /master%2Fstate", "/state%2Fx": "- /state%2Fx", "/state/%2e%2e": "S /%2e%2e", "/%zz": "- /%zz",
	} {
		route, at, found := rs.Find(path, "master")
		if !found {
			route = "-"
		}
		if got := route + " " + at.Below; got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// TestAccepts reads Accept and Accept-Encoding; of several headers the last counts.
func TestAccepts(t *testing.T) {
	tests := []struct {
		accept                []string
		json, protobuf, gzips bool // gzips: the same as Accept-Encoding
	}{
		{nil, true, true, false},
		{[]string{""}, false, false, false},
		{[]string{"*/*"}, true, true, false},
		{[]string{"application/*"}, true, true, false},
		{[]string{"Application/JSON"}, true, false, false},
		{[]string{"text/html"}, false, false, false},
		{[]string{"text/html, application/json;q=0.5"}, true, false, false},
		{[]string{"application/json; q=0, */*"}, false, true, false},
		{[]string{"application/json;q=0.0;q=0"}, true, false, false},
		{[]string{"application/json;q=x"}, false, false, false},
		{[]string{"application/json;q"}, true, false, false},
		{[]string{"application/json;charset=utf-8"}, true, false, false},
		{[]string{"application/json", "application/x-protobuf"}, false, true, false},
		{[]string{"gzip"}, false, false, true},
		{[]string{"deflate, GZIP;q=1"}, false, false, true},
		{[]string{"*"}, false, false, true},
		{[]string{"gzip;q=0, *"}, false, false, false},
	}
	for _, tt := range tests {
		h := http.Header{"Accept": tt.accept, "Accept-Encoding": tt.accept}
		if j, p, z := AcceptsMedia(h, "Accept", "application/json"), AcceptsMedia(h, "Accept", "application/x-protobuf"), acceptsGzip(h); j != tt.json || p != tt.protobuf || z != tt.gzips {
			t.Errorf("%q: json %v, protobuf %v, gzip %v", tt.accept, j, p, z)
		}
	}
}

func TestCompress(t *testing.T) {
	long := bytes.Repeat([]byte("a"), gzipFrom)
	for _, tt := range []struct {
		encoding string
		body     []byte
		want     bool
	}{{"gzip", long, true}, {"gzip", long[1:], false}, {"", long, false}, {"*", long, true}, {"gzip;q=0,*", long, false}, {"deflate", long, false}, {"GZIP", long, true}} {
		r := &http.Request{Header: http.Header{}}
		if tt.encoding != "" {
			r.Header.Set("Accept-Encoding", tt.encoding)
		}
		w := http.Header{}
		body := Compress(w, r, tt.body)
		if got := w.Get("Content-Encoding") == "gzip"; got != tt.want || got == bytes.Equal(body, tt.body) {
			t.Errorf("%q, %d bytes: got %v with %d bytes", tt.encoding, len(tt.body), got, len(body))
		}
	}
}
