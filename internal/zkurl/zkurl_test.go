package zkurl

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	u, err := Parse("zk://me:p@ss@h1,h2:2182, [::1]:7/mesos/a/")
	if err != nil || !slices.Equal(u.Servers, []string{"h1:2181", "h2:2182", "[::1]:7"}) || u.Path != "/mesos/a" || string(u.Digest()) != "me:p@ss" {
		t.Errorf("got %+v, %v", u, err)
	}
	if got := u.String(); got != "zk://h1:2181,h2:2182,[::1]:7/mesos/a" {
		t.Errorf("shown as %s", got)
	}
	if u, err := Parse("zk://h,,::1/m"); err != nil || u.String() != "zk://h:2181,[::1]:2181/m" || u.Digest() != nil {
		t.Errorf("got %+v, %v", u, err)
	}
	for text, want := range map[string]string{
		"http://h/mesos": "want zk://", "zk://h": "want a path", "zk://h/": "want a path", "zk:///mesos": "no host",
		"zk://secret@h/mesos": "credentials must be user:password", "zk://:secret@h/mesos": "credentials must be", "zk://h/a//b": "empty part",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
