package master

import (
	"net/http"
	"slices"
	"strings"
)

// realm of a route: who has to say who they are.
type realm string

const (
	open      realm = ""
	readOnly  realm = "mesos-master-readonly"
	readWrite realm = "mesos-master-readwrite"
	schedule  realm = "mesos-master-scheduler"
)

// route is what one path, and every path below it, leads to.
type route struct {
	realm   realm
	leading bool     // a master that does not lead points at the one that does
	methods []string // others get 405; none: the handler looks itself
	serve   func(*request)
}

// request is an HTTP request on its way, with who made it.
type request struct {
	w         http.ResponseWriter
	r         *http.Request
	path      string // below the route, "" or beginning with a slash
	principal string // authenticated, or empty
}

// Handler answers everything that a master answers, below / and below /master.
func (m *Master) Handler() http.Handler {
	routes := m.routes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.serve(routes, w, r)
	})
}

func (m *Master) serve(routes map[string]route, w http.ResponseWriter, r *http.Request) {
	req := &request{w: w, r: r}
	path := strings.TrimRight(r.URL.Path, "/")
	if strings.Contains(path, "/..") {
		req.fail(http.StatusNotFound, "")
		return
	}
	if after, ok := strings.CutPrefix(path, "/master"); ok && (after == "" || after[0] == '/') && !webPath(after) {
		path = after
	}
	name, found := longest(routes, path)
	if !found {
		m.serveWeb(req)
		return
	}
	rt := routes[name]
	req.path = path[len(name):]
	principal, ok := m.auth.check(rt.realm, r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+string(rt.realm)+`"`)
		req.fail(http.StatusUnauthorized, "")
		return
	}
	req.principal = principal
	if rt.leading && !m.lead(req, "/master"+path) {
		return
	}
	if len(rt.methods) > 0 && !req.allow(rt.methods...) {
		return
	}
	m.metrics.httpRequests.Add(1)
	rt.serve(req)
}

// longest finds the route whose path is the longest part of path by whole
// names (process.cpp:3704-3716).
func longest(routes map[string]route, path string) (string, bool) {
	for {
		if _, ok := routes[path]; ok {
			return path, true
		}
		i := strings.LastIndexByte(path, '/')
		if i <= 0 {
			return "", false
		}
		path = path[:i]
	}
}

func webPath(path string) bool {
	return path == "" || strings.HasPrefix(path, "/app/") || strings.HasPrefix(path, "/assets/")
}

// serveWeb gives the pages that a person looks at.
func (m *Master) serveWeb(req *request) {
	if p := req.r.URL.Path; m.opts.WebUI != nil && (p == "/" || webPath(p)) {
		m.opts.WebUI.ServeHTTP(req.w, req.r)
		return
	}
	req.fail(http.StatusNotFound, "")
}

// allow answers 405 for other methods; HEAD goes where GET does.
func (req *request) allow(methods ...string) bool {
	got := req.r.Method
	if slices.Contains(methods, got) || got == http.MethodHead && slices.Contains(methods, http.MethodGet) {
		return true
	}
	quoted := make([]string, len(methods))
	for i, name := range methods {
		quoted[i] = "'" + name + "'"
	}
	req.w.Header().Set("Allow", strings.Join(methods, ", "))
	req.fail(http.StatusMethodNotAllowed, "405 Method Not Allowed. Expecting one of { "+strings.Join(quoted, ", ")+" }, but received '"+got+"'.")
	return false
}

// lead says whether this master leads, and otherwise points at the leader.
func (m *Master) lead(req *request, path string) bool {
	addr, self, known := m.leader()
	switch {
	case self:
		return true
	case !known:
		req.fail(http.StatusServiceUnavailable, "No leader elected")
	default:
		if q := req.r.URL.RawQuery; q != "" {
			path += "?" + q
		}
		req.redirect("//" + addr + path)
	}
	return false
}

func (m *Master) routes() map[string]route {
	get, post := []string{http.MethodGet}, []string{http.MethodPost}
	page := func(serve func(*request)) route { return route{readOnly, true, get, serve} }
	change := func(serve func(*request)) route { return route{readWrite, true, post, serve} }
	return map[string]route{
		"/api/v1/scheduler": {schedule, true, nil, m.serveScheduler},
		"/api/v1":           {readWrite, true, nil, m.serveOperator},

		"/state":         page(m.statePage),
		"/state.json":    page(m.statePage), // as Mesos 1.0 had it
		"/state-summary": page(m.summaryPage),
		"/frameworks":    page(m.frameworksPage),
		"/slaves":        page(m.slavesPage),
		"/tasks":         page(m.tasksPage),
		"/roles":         page(m.rolesPage),

		"/flags":             {readOnly, false, get, m.flagsPage},
		"/health":            {open, false, nil, func(req *request) { req.empty(http.StatusOK) }},
		"/version":           {open, false, get, m.versionPage},
		"/redirect":          {open, false, nil, m.redirectPage},
		"/metrics/snapshot":  {readOnly, false, get, m.metricsPage},
		"/logging/toggle":    {readWrite, false, nil, m.loggingPage},
		"/system/stats.json": {readOnly, false, get, m.systemPage},

		"/teardown":        change(m.teardownPage),
		"/reserve":         change(m.reservePage),
		"/unreserve":       change(m.unreservePage),
		"/create-volumes":  change(m.createVolumesPage),
		"/destroy-volumes": change(m.destroyVolumesPage),
		"/machine/down":    change(m.machineDownPage),
		"/machine/up":      change(m.machineUpPage),

		"/quota":                {readWrite, true, nil, m.quotaPage},
		"/weights":              {readWrite, true, nil, m.weightsPage},
		"/maintenance/schedule": {readWrite, true, nil, m.schedulePage},
		"/maintenance/status":   page(m.maintenancePage),

		"/files/browse":   {readOnly, false, get, m.browseFile},
		"/files/read":     {readOnly, false, get, m.readFile},
		"/files/download": {readOnly, false, get, m.downloadFile},
		"/files/debug":    {readOnly, false, get, m.debugFiles},
	}
}
