package agent

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/link"
	"mesosbook/cluster/pages"
	"mesosbook/mesos"
)

// route is one endpoint. The methods are the handler's business: most pages
// answer any.
type route struct {
	realm realm
	serve http.HandlerFunc
}

// processName is the libprocess process of an agent.
const processName = "slave(1)"

// Handler answers the agent's endpoints. It may be used before Start.
func (a *Agent) Handler() http.Handler {
	rs := libprocess.Routes[route]{
		processName: {
			"state":               {readOnly, a.serveState},
			"flags":               {readOnly, a.serveFlags},
			"health":              {open, a.serveHealth},
			"containers":          {readOnly, a.serveContainers},
			"containerizer/debug": {readOnly, a.serveDebug},
			"monitor/statistics":  {readOnly, a.serveStatistics},
			"api/v1":              {readWrite, a.serveOperatorAPI},
			"api/v1/executor":     {executors, a.serveExecutorAPI},
		},
		"version":  {"": {open, a.serveVersion}},
		"metrics":  {"snapshot": {readOnly, a.serveMetrics}},
		"system":   {"stats.json": {open, func(w http.ResponseWriter, r *http.Request) { answerJSON(w, r, pages.SystemStats()) }}},
		"logging":  {"toggle": {readWrite, func(w http.ResponseWriter, r *http.Request) { give(w, r, a.level.Toggle(query(r))) }}},
		"profiler": {"start": {readWrite, serveProfiler}, "stop": {readWrite, serveProfiler}},
		"files": {
			"browse":   {readOnly, a.serveBrowse},
			"read":     {readOnly, a.serveRead},
			"download": {readOnly, a.serveDownload},
			"debug":    {readOnly, a.serveFilesDebug},
		},
	}
	help := &libprocess.Help{Delegate: processName, Pages: rs.Pages(briefs(), func(rt route) bool { return rt.realm != open })}
	rs.AddHelp(route{open, func(w http.ResponseWriter, r *http.Request) { serveHelp(w, r, help) }},
		route{open, func(w http.ResponseWriter, r *http.Request) { give(w, r, libprocess.Processes(rs.Names())) }})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serveHTTP(rs, w, r) })
}

func (a *Agent) serveHTTP(rs libprocess.Routes[route], w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/") {
		badRequest(w, "Request URL path must start with '/'")
		return
	}
	if libprocess.Relative(r.URL.EscapedPath()) {
		notFound(w)
		return
	}
	if _, err := libprocess.ParseQuery(r.URL.RawQuery); err != nil {
		badRequest(w, "400 Bad Request.")
		return
	}
	rt, _, found := rs.Find(r.URL.EscapedPath(), processName)
	switch {
	case !found:
		notFound(w)
	case a.authorized(w, r, rt.realm):
		rt.serve(w, r)
	}
}

// query of a request that serve has looked at.
func query(r *http.Request) libprocess.Query {
	q, err := libprocess.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return libprocess.Query{}
	}
	return q
}

// give writes what package libprocess says.
func give(w http.ResponseWriter, r *http.Request, a libprocess.Answer) {
	switch {
	case len(a.Body) == 0:
		empty(w, a.Status)
	case a.Status == http.StatusOK:
		answer(w, r, a.Type, a.Body)
	default:
		text(w, a.Status, string(a.Body))
	}
}

func serveProfiler(w http.ResponseWriter, r *http.Request) { give(w, r, libprocess.Profiler()) }

func serveHelp(w http.ResponseWriter, r *http.Request, help *libprocess.Help) {
	a, found := help.Serve(r.URL.Path[len("/help"):], query(r), r.Header.Get("User-Agent"))
	if !found {
		notFound(w)
		return
	}
	give(w, r, a)
}

// briefs are the lines of the help pages.
func briefs() map[string]string {
	out := libprocess.SharedBriefs()
	maps.Copy(out, map[string]string{
		processName + "/state":               "Everything: the agent, its resources, frameworks, executors, tasks.",
		processName + "/flags":               "The flags of this agent.",
		processName + "/health":              "200 while the agent is alive.",
		processName + "/containers":          "Containers with what they use; container_id, framework_id and executor_id choose.",
		processName + "/containerizer/debug": "What the containerizer waits for.",
		processName + "/monitor/statistics":  "What the containers of executors use.",
		processName + "/api/v1":              "Operator calls, as JSON or protobuf.",
		processName + "/api/v1/executor":     "Calls of executors; SUBSCRIBE opens a stream of events.",
	})
	return out
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

// answerJSON writes a page, as a call of the function jsonp if the query asks so.
func answerJSON(w http.ResponseWriter, r *http.Request, body []byte) {
	give(w, r, libprocess.JSON(query(r), body))
}

func answer(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	body = libprocess.Compress(h, r, body)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// empty answers without a body, and without a type.
func empty(w http.ResponseWriter, status int) {
	w.Header()["Content-Type"] = nil
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

func (a *Agent) serveHealth(w http.ResponseWriter, _ *http.Request) { empty(w, http.StatusOK) }

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
