package master

import (
	"maps"
	"net/http"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/pages"
	"mesosbook/mesos"
)

// The endpoints of the processes beside "master".

// answer writes what package libprocess says.
func (req *request) answer(a libprocess.Answer) {
	if len(a.Body) == 0 {
		req.empty(a.Status)
		return
	}
	req.body(a.Status, a.Type, a.Body)
}

func profilerPage(req *request) { req.answer(libprocess.Profiler()) }

func helpPage(req *request, help *libprocess.Help) {
	a, found := help.Serve(req.r.URL.Path[len("/help"):], req.query, req.r.Header.Get("User-Agent"))
	if !found {
		req.fail(http.StatusNotFound, "")
		return
	}
	req.answer(a)
}

func briefs() map[string]string {
	out := libprocess.SharedBriefs()
	maps.Copy(out, map[string]string{
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
		"registrar(1)/registry":             "What the master keeps over a restart.",
		"allocator/offer_constraints_debug": "Which agents the offer constraints of frameworks leave out.",
	})
	return out
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
