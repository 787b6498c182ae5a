package webui

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestFilesAndTheirTypes(t *testing.T) {
	for target, want := range map[string]string{
		"/":                                    "text/html; charset=utf-8",
		"/index.html":                          "text/html; charset=utf-8",
		"/app/main.js":                         "text/javascript; charset=utf-8",
		"/app/style.css":                       "text/css; charset=utf-8",
		"/app/icon.svg":                        "image/svg+xml",
		"/app/main.js?v1":                      "text/javascript; charset=utf-8",
		"/app/relay.html?agent=127.0.0.1:5051": "text/html; charset=utf-8",
	} {
		res := get(t, "GET", target)
		if got := res.Header.Get("Content-Type"); res.StatusCode != 200 || got != want || res.ContentLength == 0 {
			t.Errorf("%s: %d %q, want 200 %q", target, res.StatusCode, got, want)
		}
	}
}

func TestEveryFileHasAType(t *testing.T) {
	for name, a := range load(static) {
		if a.contentType == "" || len(a.body) == 0 {
			t.Errorf("%s: type %q, %d bytes", name, a.contentType, len(a.body))
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, target := range []string{"/", "/app/main.js", "/app/style.css", "/app/relay.html?agent=h:1"} {
		h := get(t, "GET", target).Header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
		if h.Get("ETag") == "" || h.Get("Last-Modified") != "" {
			t.Errorf("%s: ETag %q, Last-Modified %q", target, h.Get("ETag"), h.Get("Last-Modified"))
		}
	}
}

func TestPolicy(t *testing.T) {
	p := get(t, "GET", "/").Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(p, want) {
			t.Errorf("policy %q lacks %q", p, want)
		}
	}
	for _, never := range []string{"unsafe", "http:", "https:", "*", "data:"} {
		if strings.Contains(p, never) {
			t.Errorf("policy %q has %q", p, never)
		}
	}
}

// The relay's frame may load scripts of the one agent that its address names.
func TestRelayPolicyNamesOneAgent(t *testing.T) {
	for _, agent := range []string{"127.0.0.1:5051", "agent-1.example.org:31000", "[::1]:5051"} {
		res := get(t, "GET", "/app/relay.html?agent="+agent)
		p := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != 200 || !strings.Contains(p, "script-src 'self' "+agent+";") || !strings.Contains(p, "sandbox allow-scripts;") {
			t.Errorf("%s: %d, policy %q", agent, res.StatusCode, p)
		}
	}
	for _, agent := range []string{"", "*", "host", "host:", "host:1%3B%20script-src%20*", "host:1%20evil:2", "https://host:1", "host:1/path", "'unsafe-inline':1", "host:123456", "host:1%0d%0aX:y"} {
		if res := get(t, "GET", "/app/relay.html?agent="+agent); res.StatusCode != 400 || res.Header.Get("Content-Security-Policy") != "" {
			t.Errorf("agent %q: %d", agent, res.StatusCode)
		}
	}
}

func TestNotModified(t *testing.T) {
	first := get(t, "GET", "/app/main.js")
	etag := first.Header.Get("ETag")
	if again := get(t, "GET", "/app/main.js", "If-None-Match", etag); again.StatusCode != 304 {
		t.Errorf("with the same ETag: %d, want 304", again.StatusCode)
	}
	if other := get(t, "GET", "/app/main.js", "If-None-Match", `"other"`); other.StatusCode != 200 {
		t.Errorf("with another ETag: %d, want 200", other.StatusCode)
	}
	if css := get(t, "GET", "/app/style.css"); css.Header.Get("ETag") == etag {
		t.Error("two files have the same ETag")
	}
}

func TestNothingElse(t *testing.T) {
	for _, target := range []string{"/app", "/app/", "/assets/", "/static/index.html", "/app/none.js", "/handler.go", "/app//main.js", "/app/../index.html"} {
		if res := get(t, "GET", target); res.StatusCode != 404 {
			t.Errorf("%s: %d, want 404", target, res.StatusCode)
		}
	}
	if res := get(t, "POST", "/"); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", res.StatusCode, res.Header.Get("Allow"))
	}
	if res := get(t, "HEAD", "/"); res.StatusCode != 200 || res.Header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d", res.StatusCode)
	}
}

var (
	importOf  = regexp.MustCompile(`(?m)^(?:import|export) .*from '([^']*)'`)
	reference = regexp.MustCompile(`(?:href|src)="(/[^"#]*)"|src: '(/app[^']*)'`)
	// markup is what would let data become markup or script; address is another host.
	markup  = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('on|createContextualFragment`)
	address = regexp.MustCompile(`https?://[a-z0-9]`)
)

// The files refer only to each other and to pages of the master, and never treat
// data as markup.
func TestFilesStandAlone(t *testing.T) {
	assets := load(static)
	pages := map[string]bool{"/": true, "/state": true}
	for name, a := range assets {
		text := strings.ReplaceAll(string(a.body), "http://www.w3.org/2000/svg", "")
		for _, m := range importOf.FindAllStringSubmatch(text, -1) {
			if target := path.Join(path.Dir(name), m[1]); assets[target].body == nil {
				t.Errorf("%s imports %s, which is not there", name, m[1])
			}
		}
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1]+m[2], "?")
			if assets[target].body == nil && !pages[target] {
				t.Errorf("%s refers to %s, which is not there", name, target)
			}
		}
		if found := markup.FindString(text); found != "" {
			t.Errorf("%s uses %s", name, found)
		}
		if found := address.FindString(text); found != "" {
			t.Errorf("%s names another host: %s", name, found)
		}
	}
}

// Every file is reached from the page, directly or through an import.
func TestNoFileIsUnused(t *testing.T) {
	all := ""
	for _, a := range load(static) {
		all += string(a.body)
	}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "index.html" && !strings.Contains(all, "/"+d.Name()) {
			t.Errorf("nothing refers to %s", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
