package master

import (
	"mesosbook/cluster/pages"
	"mesosbook/mesos"
	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// writeFrameworkSummaryLocked writes what /state-summary and the full pages begin with.
func (m *Master) writeFrameworkSummaryLocked(e *mesos.Encoder, fw *framework) {
	e.Key("id").String(fw.id)
	e.Key("name").String(fw.info.GetName())
	pages.Sums(e.Key("used_resources"), m.usedByLocked(fw))
	pages.Sums(e.Key("offered_resources"), fw.offered())
	pages.Strings(e.Key("capabilities"), fw.caps.names)
	e.Key("hostname").String(fw.info.GetHostname())
	e.Key("webui_url").String(fw.info.GetWebuiUrl())
	e.Key("active").Bool(fw.active)
	e.Key("connected").Bool(fw.connected)
	e.Key("recovered").Bool(fw.recovered)
}

// writeFrameworkLocked writes a framework in full (facts 6.3).
func (m *Master) writeFrameworkLocked(e *mesos.Encoder, fw *framework) {
	e.BeginObject()
	m.writeFrameworkSummaryLocked(e, fw)
	e.Key("user").String(fw.info.GetUser())
	e.Key("failover_timeout").Double(fw.info.GetFailoverTimeout())
	e.Key("checkpoint").Bool(fw.info.GetCheckpoint())
	e.Key("registered_time").Double(seconds(fw.registered))
	e.Key("unregistered_time").Double(seconds(fw.unregistered))
	if fw.info.Principal != nil {
		e.Key("principal").String(fw.info.GetPrincipal())
	}
	pages.Sums(e.Key("resources"), m.usedByLocked(fw), fw.offered())
	if !fw.reregistered.IsZero() {
		e.Key("reregistered_time").Double(seconds(fw.reregistered))
	}
	if fw.caps.multiRole {
		pages.Strings(e.Key("roles"), fw.roles)
	} else {
		e.Key("role").String(fw.info.GetRole())
	}
	m.writeFrameworkListsLocked(e, fw)
	pages.WriteLabels(e, fw.info.Labels)
	constraints := fw.constraints
	if constraints == nil {
		constraints = &schedulerv1.OfferConstraints{}
	}
	pages.WriteMessage(e, "offer_constraints", constraints)
	e.EndObject()
}

func (m *Master) writeFrameworkListsLocked(e *mesos.Encoder, fw *framework) {
	for _, list := range []struct {
		name  string
		tasks []*task
	}{{"tasks", fw.sortedTasks()}, {"unreachable_tasks", fw.unreachable.all()}, {"completed_tasks", fw.completed.all()}} {
		e.Key(list.name).BeginArray()
		for _, t := range list.tasks {
			pages.Task(e, t.proto, t.resources)
		}
		e.EndArray()
	}
	e.Key("offers").BeginArray()
	for _, o := range sortedOffers(fw.offers) {
		o.write(e)
	}
	e.EndArray()
	e.Key("executors").BeginArray()
	for _, ag := range m.sortedAgentsLocked() {
		for _, key := range ag.sortedExecutors() {
			if key.framework == fw.id {
				writeExecutor(e, ag, ag.executors[key])
			}
		}
	}
	e.EndArray()
}

func (o *offer) write(e *mesos.Encoder) {
	e.BeginObject()
	e.Key("id").String(o.id)
	e.Key("framework_id").String(o.framework.id)
	e.Key("allocation_info").BeginObject().Key("role").String(o.role).EndObject()
	e.Key("slave_id").String(o.agent.id)
	pages.Sums(e.Key("resources"), o.resources)
	e.EndObject()
}

func writeExecutor(e *mesos.Encoder, ag *agent, x *executor) {
	info := x.info
	e.BeginObject()
	e.Key("executor_id").String(info.GetExecutorId().GetValue())
	e.Key("name").String(info.GetName())
	e.Key("framework_id").String(info.GetFrameworkId().GetValue())
	pages.Command(e.Key("command"), info.GetCommand())
	pages.Sums(e.Key("resources"), x.resources)
	if len(x.resources) > 0 {
		e.Key("role").String(x.resources[0].AllocatedTo())
	}
	pages.WriteLabels(e, info.Labels)
	if info.Type != nil {
		e.Key("type").String(info.GetType().String())
	}
	e.Key("slave_id").String(ag.id)
	e.EndObject()
}
