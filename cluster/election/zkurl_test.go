package election

import (
	"slices"
	"strings"
	"testing"
)

func TestParseZK(t *testing.T) {
	u, err := parseZK("zk://me:p@ss@h1,h2:2182, [::1]:7/mesos/a/")
	if err != nil || !slices.Equal(u.servers, []string{"h1:2181", "h2:2182", "[::1]:7"}) || u.path != "/mesos/a" || u.user != "me" || u.password != "p@ss" {
		t.Errorf("got %+v, %v", u, err)
	}
	if got := u.String(); got != "zk://h1:2181,h2:2182,[::1]:7/mesos/a" {
		t.Errorf("shown as %s", got)
	}
	for text, want := range map[string]string{
		"http://h/mesos": "want zk://", "zk://h": "want a path", "zk://h/": "want a path", "zk:///mesos": "no host",
		"zk://secret@h/mesos": "credentials are user:password", "zk://h/a//b": "empty part",
	} {
		if _, err := parseZK(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestLowest(t *testing.T) {
	for want, names := range map[string][]string{
		"":                     {"log_replicas", "json.info_x", "info_0000000001"},
		"json.info_0000000005": {"log_replicas", "json.info_0000000007", "json.info_0000000005"},
	} {
		if got := lowest(names); got != want {
			t.Errorf("%v: %q, want %q", names, got, want)
		}
	}
}
