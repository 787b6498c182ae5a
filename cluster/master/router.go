package master

import (
	"net/http"
	"slices"
	"strings"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/pages"
)

// realm of a route: who has to say who they are.
type realm string

const (
	open      realm = ""
	readOnly  realm = "mesos-master-readonly"
	readWrite realm = "mesos-master-readwrite"
	schedule  realm = "mesos-master-scheduler"
)

// route is what one path, and every path below it, leads to. The methods are
// the handler's business: most pages answer any.
type route struct {
	realm   realm
	leading bool // a master that does not lead points at the one that does
	serve   func(*request)
}

type router = libprocess.Routes[route]

// masterProcess is the process that requests are delegated to.
const masterProcess = "master"

// request is an HTTP request on its way, with who made it.
type request struct {
	w         http.ResponseWriter
	r         *http.Request
	query     libprocess.Query
	path      string // below the route, "" or beginning with a slash
	principal string // authenticated, or empty
}

// Handler answers everything that a master answers.
func (m *Master) Handler() http.Handler {
	routes := m.routes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.serve(routes, w, r)
	})
}

func (m *Master) serve(routes router, w http.ResponseWriter, r *http.Request) {
	req := &request{w: w, r: r}
	if !strings.HasPrefix(r.URL.Path, "/") {
		req.fail(http.StatusBadRequest, "Request URL path must start with '/'")
		return
	}
	if libprocess.Relative(r.URL.EscapedPath()) {
		req.fail(http.StatusNotFound, "")
		return
	}
	query, err := libprocess.ParseQuery(r.URL.RawQuery)
	if err != nil {
		req.fail(http.StatusBadRequest, "")
		return
	}
	req.query = query
	rt, at, found := routes.Find(r.URL.EscapedPath(), masterProcess)
	if !found {
		m.serveWeb(req, at)
		return
	}
	req.path = at.Below
	principal, ok := m.auth.check(rt.realm, r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+string(rt.realm)+`"`)
		req.fail(http.StatusUnauthorized, "")
		return
	}
	req.principal = principal
	if rt.leading && !m.lead(req, at.Path()) {
		return
	}
	m.metrics.httpRequests.Add(1)
	rt.serve(req)
}

// serveWeb gives the pages that a person looks at.
func (m *Master) serveWeb(req *request, at libprocess.Place) {
	first, _, _ := strings.Cut(at.Below[1:], "/")
	if m.opts.WebUI == nil || at.Process != masterProcess || first != "" && first != "app" && first != "assets" {
		req.fail(http.StatusNotFound, "")
		return
	}
	r := req.r
	if r.URL.Path != at.Below { // as /master/app/... and /master
		r = r.Clone(r.Context())
		r.URL.Path = at.Below
	}
	m.opts.WebUI.ServeHTTP(req.w, r)
}

// allow answers 405 for other methods.
func (req *request) allow(methods ...string) bool {
	got := req.r.Method
	if slices.Contains(methods, got) {
		return true
	}
	req.w.Header().Set("Allow", strings.Join(methods, ", "))
	req.fail(http.StatusMethodNotAllowed, "405 Method Not Allowed. Expecting one of { '"+strings.Join(methods, "', '")+"' }, but received '"+got+"'.")
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

// whenReady refuses calls until a new leader has read the registry
// (master/http.cpp:226, 495).
func (m *Master) whenReady(serve func(*request)) func(*request) {
	return func(req *request) {
		if !m.ready.Load() {
			req.fail(http.StatusServiceUnavailable, "Master has not finished recovery")
			return
		}
		serve(req)
	}
}

func (m *Master) routes() router {
	rs := router{
		masterProcess: m.ownRoutes(),
		"files": {
			"browse":   {readOnly, false, m.browseFile},
			"read":     {readOnly, false, m.readFile},
			"download": {readOnly, false, m.downloadFile},
			"debug":    {readOnly, false, m.debugFiles},
		},
		"metrics":      {"snapshot": {readOnly, false, m.metricsPage}},
		"logging":      {"toggle": {readWrite, false, func(req *request) { req.answer(m.level.Toggle(req.query)) }}},
		"profiler":     {"start": {readWrite, false, profilerPage}, "stop": {readWrite, false, profilerPage}},
		"system":       {"stats.json": {open, false, func(req *request) { req.json(pages.SystemStats()) }}},
		"version":      {"": {open, false, m.versionPage}},
		"registrar(1)": {"registry": {readOnly, false, m.registryPage}},
		"allocator":    {"offer_constraints_debug": {readOnly, false, m.constraintsPage}},
	}
	help := &libprocess.Help{Delegate: masterProcess, Pages: rs.Pages(briefs(), func(rt route) bool { return rt.realm != open })}
	rs.AddHelp(route{open, false, func(req *request) { helpPage(req, help) }}, route{open, false, func(req *request) { req.answer(libprocess.Processes(rs.Names())) }})
	return rs
}

func (m *Master) ownRoutes() map[string]route {
	page := func(serve func(*request)) route { return route{readOnly, true, serve} }
	change := func(serve func(*request)) route {
		return route{readWrite, true, func(req *request) {
			if req.allow(http.MethodPost) {
				serve(req)
			}
		}}
	}
	return map[string]route{
		"api/v1/scheduler": {schedule, true, m.whenReady(m.serveScheduler)},
		"api/v1":           {readWrite, true, m.whenReady(m.serveOperator)},

		"state":         page(m.statePage),
		"state-summary": page(m.summaryPage),
		"frameworks":    page(m.frameworksPage),
		"slaves":        page(m.slavesPage),
		"tasks":         page(m.tasksPage),
		"roles":         page(m.rolesPage),

		"flags":    {readOnly, false, m.flagsPage},
		"health":   {open, false, func(req *request) { req.empty(http.StatusOK) }},
		"redirect": {open, false, m.redirectPage},

		"teardown":        change(m.teardownPage),
		"reserve":         change(m.reservePage),
		"unreserve":       change(m.unreservePage),
		"create-volumes":  change(m.createVolumesPage),
		"destroy-volumes": change(m.destroyVolumesPage),
		"machine/down":    change(m.machineDownPage),
		"machine/up":      change(m.machineUpPage),

		"quota":                {readWrite, true, m.quotaPage},
		"weights":              {readWrite, true, m.weightsPage},
		"maintenance/schedule": {readWrite, true, m.schedulePage},
		"maintenance/status":   page(m.maintenancePage),
	}
}
