package agent

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"mesosbook/cluster/link"
	"mesosbook/mesos"
)

// route is one endpoint. A request goes to the route that matches most of its
// path, component by component, as in libprocess: what follows is ignored.
type route struct {
	path  string
	serve func(http.ResponseWriter, *http.Request)
	own   bool // of the agent's own process: also below /slave(1)
	get   bool // only GET
	realm realm
}

// processName is the libprocess process of an agent.
const processName = "slave(1)"

// Handler answers the agent's endpoints. It may be used before Start.
func (a *Agent) Handler() http.Handler {
	routes := []route{
		{"state", a.serveState, true, true, readOnly},
		{"flags", a.serveFlags, true, true, readOnly},
		{"health", a.serveHealth, true, false, open},
		{"containers", a.serveContainers, true, true, readOnly},
		{"containerizer/debug", a.serveDebug, true, true, readOnly},
		{"monitor/statistics", a.serveStatistics, true, true, readOnly},
		{"api/v1", a.serveOperatorAPI, true, false, readWrite},
		{"api/v1/executor", a.serveExecutorAPI, true, false, executors},
		{"version", a.serveVersion, false, false, open},
		{"metrics/snapshot", a.serveMetrics, false, false, readOnly},
		{"system/stats.json", a.serveSystemStats, false, false, readOnly},
		{"logging/toggle", a.serveLogging, false, false, readWrite},
		{"files/browse", a.serveBrowse, false, false, readOnly},
		{"files/read", a.serveRead, false, false, readOnly},
		{"files/download", a.serveDownload, false, false, readOnly},
		{"files/debug", a.serveFilesDebug, false, false, readOnly},
	}
	return &handler{agent: a, routes: routes}
}

type handler struct {
	agent  *Agent
	routes []route
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	if strings.Contains(r.URL.Path, "/..") {
		notFound(w)
		return
	}
	own := false
	if rest, ok := strings.CutPrefix(path, processName+"/"); ok {
		path, own = rest, true
	}
	var best *route
	for i := range h.routes {
		rt := &h.routes[i]
		if (path == rt.path || strings.HasPrefix(path, rt.path+"/")) && (rt.own || !own) && (best == nil || len(rt.path) > len(best.path)) {
			best = rt
		}
	}
	switch {
	case best == nil:
		notFound(w)
	case !h.agent.authorized(w, r, best.realm):
	case best.get && r.Method != http.MethodGet:
		methodNotAllowed(w, r, http.MethodGet)
	default:
		best.serve(w, r)
	}
}

// text answers with a status and a plain text.
func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may be gone
}

func notFound(w http.ResponseWriter) { text(w, http.StatusNotFound, "404 Not Found.") }

func badRequest(w http.ResponseWriter, format string, args ...any) {
	text(w, http.StatusBadRequest, fmt.Sprintf(format, args...))
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request, allowed string) {
	w.Header().Set("Allow", allowed)
	text(w, http.StatusMethodNotAllowed, fmt.Sprintf("405 Method Not Allowed. Expecting one of { '%s' }, but received '%s'.", allowed, r.Method))
}

// gzipFrom is the size from which bodies are compressed for those who accept it
// (libprocess encoder.hpp).
const gzipFrom = 1024

// callbackName is what a jsonp parameter may be: a path of names. Mesos takes
// anything, which lets others put script into the answer.
var callbackName = regexp.MustCompile(`^[A-Za-z_$][\w$.]*$`)

// answerJSON writes a page, as a call of the function jsonp if the query asks so.
func answerJSON(w http.ResponseWriter, r *http.Request, body []byte) {
	if callback := r.URL.Query().Get("jsonp"); callback != "" {
		if !callbackName.MatchString(callback) {
			badRequest(w, "Invalid 'jsonp' callback name")
			return
		}
		page := make([]byte, 0, len(callback)+len(body)+2)
		page = append(append(append(append(page, callback...), '('), body...), ')')
		answer(w, r, "text/javascript", page)
		return
	}
	answer(w, r, "application/json", body)
}

func answer(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	if len(body) >= gzipFrom && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(body) // the client may be gone
		_ = z.Close()
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if (coding == "gzip" || coding == "*") && !strings.Contains(strings.ReplaceAll(params, " ", "")+";", "q=0;") {
			return true
		}
	}
	return false
}

// empty answers without a body, and without a type.
func empty(w http.ResponseWriter, status int) {
	w.Header()["Content-Type"] = nil
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

func (a *Agent) serveHealth(w http.ResponseWriter, _ *http.Request) { empty(w, http.StatusOK) }

// serveLogging takes a level, which changes nothing here: there is one.
func (a *Agent) serveLogging(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch level := q.Get("level"); {
	case level == "" && !q.Has("duration"):
		text(w, http.StatusOK, "0\n")
	case level == "":
		badRequest(w, "Expecting 'level=value' in query.\n")
	case !q.Has("duration"):
		badRequest(w, "Expecting 'duration=value' in query.\n")
	case strings.Trim(level, "0123456789") != "":
		badRequest(w, "Invalid level '%s'.\n", level)
	default:
		empty(w, http.StatusOK)
	}
}

func (a *Agent) serveVersion(w http.ResponseWriter, r *http.Request) {
	var e mesos.Encoder
	e.BeginObject()
	e.Key("build_date").String(link.BuildDate)
	e.Key("build_time").Double(link.BuildTime)
	e.Key("build_user").String(link.BuildUser)
	e.Key("git_sha").String(link.GitSHA)
	e.Key("version").String(Version)
	e.EndObject()
	answerJSON(w, r, e.Bytes())
}
