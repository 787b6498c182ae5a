package master

import (
	"maps"
	"net/http"
	"slices"

	"mesosbook/cluster/pages"
	"mesosbook/cluster/process"
	"mesosbook/mesos"
)

// The endpoints of the processes beside "master".

// answer writes what package process says.
func (req *request) answer(a process.Answer) {
	if len(a.Body) == 0 {
		req.empty(a.Status)
		return
	}
	req.body(a.Status, a.Type, a.Body)
}

func profilerPage(req *request) { req.answer(process.Profiler()) }

// processesPage tells the processes, each with the events that wait for it:
// none, as there are no actors here.
func processesPage(req *request, rs router) {
	e := mesos.NewEncoder(nil)
	e.BeginArray()
	for _, id := range slices.Sorted(maps.Keys(rs)) {
		e.BeginObject()
		e.Key("events").BeginArray().EndArray()
		e.Key("id").String(id)
		e.EndObject()
	}
	e.EndArray()
	req.body(http.StatusOK, mediaJSON, e.Bytes())
}

func (m *Master) helpPage(req *request, help *process.Help) {
	path := req.r.URL.Path[len("/help"):]
	a, found := help.Serve(path, req.query, req.r.Header.Get("User-Agent"))
	if !found {
		req.fail(http.StatusNotFound, "")
		return
	}
	req.answer(a)
}

// helpPages lists every route; briefs says what each is for.
func (m *Master) helpPages(rs router) *process.Help {
	h := &process.Help{Delegate: masterProcess}
	for id, routes := range rs {
		for name, rt := range routes {
			h.Pages = append(h.Pages, process.Page{Process: id, Name: "/" + name, Brief: briefs()[id+"/"+name], Secret: rt.realm != open})
		}
	}
	return h
}

func briefs() map[string]string {
	return map[string]string{
		"master/api/v1":                     "Operator calls, as JSON or protobuf.",
		"master/api/v1/scheduler":           "Calls of schedulers, as JSON or protobuf; SUBSCRIBE opens a stream of events.",
		"master/create-volumes":             "Makes persistent volumes: POST slaveId and volumes.",
		"master/destroy-volumes":            "Destroys persistent volumes: POST slaveId and volumes.",
		"master/flags":                      "The flags of this master.",
		"master/frameworks":                 "Frameworks, running and completed; framework_id chooses one.",
		"master/health":                     "200 while the master is alive.",
		"master/machine/down":               "Starts the maintenance of machines that are scheduled: POST a list of machine ids.",
		"master/machine/up":                 "Ends the maintenance of machines: POST a list of machine ids.",
		"master/maintenance/schedule":       "The maintenance schedule: GET it, or POST a new one.",
		"master/maintenance/status":         "Machines that are draining or down, and what frameworks said to that.",
		"master/quota":                      "Quotas: GET them, POST one, DELETE that of a role.",
		"master/redirect":                   "Redirects to the leading master.",
		"master/reserve":                    "Reserves resources of an agent: POST slaveId and resources.",
		"master/roles":                      "Roles with weight, quota, and what they hold.",
		"master/slaves":                     "Agents with their resources in full; slave_id chooses one.",
		"master/state":                      "Everything: the master, agents, frameworks, tasks.",
		"master/state-summary":              "Agents and frameworks with counts of their tasks.",
		"master/tasks":                      "Tasks of all frameworks; limit, offset, order, framework_id and task_id choose.",
		"master/teardown":                   "Ends a framework and its tasks: POST frameworkId.",
		"master/unreserve":                  "Gives reserved resources back: POST slaveId and resources.",
		"master/weights":                    "Weights of roles: GET them, or PUT new ones.",
		"files/browse":                      "Lists the directory named by path.",
		"files/read":                        "Reads a part of the file named by path: offset and length in bytes.",
		"files/download":                    "Gives the file named by path.",
		"files/debug":                       "Which files the virtual paths stand for.",
		"metrics/snapshot":                  "All metrics by name; timeout bounds the wait.",
		"logging/toggle":                    "Raises the verbosity of the log: level for a duration.",
		"profiler/start":                    "Starts the profiler of gperftools.",
		"profiler/stop":                     "Stops the profiler of gperftools.",
		"system/stats.json":                 "Load, processors and memory of the machine.",
		"version/":                          "Version and build.",
		"registrar(1)/registry":             "What the master keeps over a restart.",
		"allocator/offer_constraints_debug": "Which agents the offer constraints of frameworks leave out.",
	}
}

// constraintsPage tells which agents each framework's constraints exclude.
func (m *Master) constraintsPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		e.Key("frameworks").BeginObject()
		for _, fw := range m.sortedFrameworksLocked() {
			e.Key(fw.id).BeginObject()
			pages.Strings(e.Key("suppressed_roles"), m.alloc.Suppressed(fw.id))
			accepts := m.acceptsAgents(fw.constraints)
			e.Key("excluded_by_attribute_constraints").BeginObject()
			for _, role := range fw.roles {
				e.Key(role).BeginArray()
				for _, ag := range m.sortedAgentsLocked() {
					if accepts != nil && !accepts(role, ag.id) {
						e.String(ag.id)
					}
				}
				e.EndArray()
			}
			e.EndObject().EndObject()
		}
		e.EndObject()
	})
}
