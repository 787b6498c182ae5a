package resources

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	want := []string{"container.json", "container.old.json", "content.tar.gz", "kill.json", "launch.json", "subscribe.json", "task_resources.json", "teardown.json"}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Error(diff)
	}
}

func TestOpenOrder(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx := context.Background()
	open := func(name string) string {
		t.Helper()
		d, err := Open(ctx, name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d.Get("type").String()
	}
	if got := open("teardown.json"); got != "TEARDOWN" {
		t.Errorf("embedded: got %q", got)
	}
	if got := open("../resources/teardown.json"); got != "TEARDOWN" {
		t.Errorf("as notebooks write it: got %q", got)
	}
	write(t, "teardown.json", `{"type": "PATH"}`)
	if got := open("teardown.json"); got != "PATH" {
		t.Errorf("a path wins over the embedded one: got %q", got)
	}
	write(t, "resources/teardown.json", `{"type": "OWN"}`)
	if got := open("teardown.json"); got != "OWN" {
		t.Errorf("./resources wins: got %q", got)
	}
	if got := open("./teardown.json"); got != "OWN" {
		t.Errorf("./resources wins: got %q", got)
	}
}

func TestOpenURL(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok.json":
			w.Write([]byte(`{"type": "URL"}`))
		case "/page":
			w.Write([]byte(`<html>`))
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	ctx := context.Background()
	d, err := Open(ctx, srv.URL+"/ok.json", Options{})
	if err != nil || d.Get("type").String() != "URL" {
		t.Fatalf("got %v, %v", d, err)
	}
	for path, want := range map[string]string{
		"/none": "the server answered 404 Not Found",
		"/page": "broken JSON at 1:1: invalid character '<' looking for beginning of value",
	} {
		_, err := Open(ctx, srv.URL+path, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
	if _, err := Open(ctx, srv.URL+"/ok.json", Options{MaxBytes: 3}); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v, want a limit", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Open(ended, srv.URL+"/ok.json", Options{}); err == nil || !strings.HasSuffix(err.Error(), "context canceled") {
		t.Errorf("got %v, want the context's end", err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "resources/broken.json", "{\n  \"a\": 1,\n}\n")
	write(t, "resources/mine.json", "{}")
	for name, want := range map[string]string{
		"broken.json":       `get_json resources/broken.json: broken JSON at 3:1: invalid character '}' looking for beginning of object key string`,
		"lunch.json":        `get_json "lunch.json": no such document; did you mean "launch.json"?`,
		"launch":            `did you mean "launch.json"?`,
		"no/such/file.json": `get_json "no/such/file.json": no such document; there are container.json, container.old.json, content.tar.gz, kill.json, launch.json, subscribe.json, task_resources.json, teardown.json, and in ./resources broken.json, mine.json; or give a path or a URL`,
		"resources":         `is a folder; give the file in it`,
		"ftp://x/y.json":    `unknown scheme "ftp"`,
		"":                  `the name is empty`,
		"bad\x00name":       `no such document`,
	} {
		_, err := Open(context.Background(), name, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
}

func TestBodiesHaveNullWhereTheWalkFillsIn(t *testing.T) {
	const task = "accept.operations.0.launch.task_infos.0."
	for name, paths := range map[string][]string{
		"launch.json":        {"framework_id.value", task + "task_id.value", task + "agent_id.value"},
		"container.json":     {"framework_id.value", task + "task_id.value", task + "agent_id.value"},
		"container.old.json": {"framework_id.value", task + "command.uris.0.value", task + "command.value"},
		"teardown.json":      {"framework_id.value"},
		"kill.json":          {"framework_id.value", "kill.task_id.value", "kill.agent_id.value"},
	} {
		d, err := Open(context.Background(), name, Options{Dir: "none"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			if r := d.Get(p); !r.Exists() || r.Raw != "null" {
				t.Errorf("%s: %s is %q, want null", name, p, r.Raw)
			}
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
