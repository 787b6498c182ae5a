package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

// asset is a file as it is served.
type asset struct {
	body        []byte
	contentType string
	etag        string // strong, of the content
}

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

const (
	indexPath = "/index.html"
	relayPath = "/app/relay.html"
)

// pagePolicy lets the page use what comes from the master alone. The last two
// directives make the browser refuse to turn any string into markup or script.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// relayPolicy is that of the frame that asks one agent; sandbox takes its origin
// away also when it is opened by itself. The agent's address is put between.
const (
	relayPolicyStart = "default-src 'none'; sandbox allow-scripts; script-src 'self'"
	relayPolicyEnd   = "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// agentAddress is a "host:port" that may be named in a policy.
var agentAddress = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$`)

// Handler serves the web UI: "/" is its one page, "/app/..." its styles and
// scripts; anything else is 404. It may be used by many goroutines.
func Handler() http.Handler {
	assets := load(static)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve(assets, w, r)
	})
}

// load reads the embedded files; their paths begin with a slash.
func load(files embed.FS) map[string]asset {
	assets := map[string]asset{}
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		assets[strings.TrimPrefix(name, "static")] = asset{body, contentTypes[path.Ext(name)], `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	if err != nil {
		panic("webui: the embedded files cannot be read: " + err.Error()) // they are part of the program
	}
	return assets
}

func serve(assets map[string]asset, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 Method Not Allowed.", http.StatusMethodNotAllowed)
		return
	}
	name := r.URL.Path
	if name == "/" {
		name = indexPath
	}
	a, found := assets[name]
	if !found {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "404 Not Found.") // a client that left is no error of ours
		return
	}
	policy := pagePolicy
	if name == relayPath {
		agent := r.URL.Query().Get("agent")
		if !agentAddress.MatchString(agent) {
			http.Error(w, "agent: want host:port", http.StatusBadRequest)
			return
		}
		policy = relayPolicyStart + " " + agent + relayPolicyEnd
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // always ask; the ETag makes that cheap
	h.Set("ETag", a.etag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.body))
}
