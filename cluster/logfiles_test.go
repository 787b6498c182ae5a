package cluster

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// TestLogFiles reads the logs as Mesos' own web UI does, which offers a log where
// the master's flags and the agent's state name a file.
func TestLogFiles(t *testing.T) {
	dir := t.TempDir()
	c := start(t, Options{WorkDir: dir, Simulate: true})
	var master struct {
		Flags map[string]string `json:"flags"`
	}
	getJSON(t, c.MasterURL()+"/state", &master)
	if got, want := master.Flags["external_log_file"], filepath.Join(dir, "master.log"); got != want {
		t.Errorf("master: external_log_file %q, want %q", got, want)
	}
	var agent struct {
		Path string `json:"external_log_file"`
	}
	getJSON(t, c.AgentURLs()[0]+"/state", &agent)
	if want := filepath.Join(dir, "agent0.log"); agent.Path != want {
		t.Errorf("agent: external_log_file %q, want %q", agent.Path, want)
	}
	for path, want := range map[string]string{
		c.MasterURL() + "/files/read?path=/master/log":   "Registered agent",
		c.AgentURLs()[0] + "/files/read?path=/slave/log": "Registered with master",
	} {
		var page struct{ Data string }
		getJSON(t, path+"&offset=0", &page)
		if !strings.Contains(page.Data, want) {
			t.Errorf("%s has no %q:\n%s", path, want, page.Data)
		}
	}
	var entries []any
	getJSON(t, c.AgentURLs()[0]+"/files/browse?path="+url.QueryEscape("/slave/log"), &entries)
	if len(entries) != 0 {
		t.Errorf("a file has entries: %v", entries)
	}
}

// getJSON reads a page into v.
func getJSON(t *testing.T, url string, v any) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", url, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}
