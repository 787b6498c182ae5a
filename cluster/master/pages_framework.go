package master

import (
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"

	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// writeFrameworkSummaryLocked writes what /state-summary and the full pages begin with.
func (m *Master) writeFrameworkSummaryLocked(e *mesos.Encoder, fw *framework) (used, offered summary) {
	used, offered = summarize(m.usedByLocked(fw)), summarize(fw.offered())
	e.Key("id").String(fw.id)
	e.Key("name").String(fw.info.GetName())
	used.write(e.Key("used_resources"))
	offered.write(e.Key("offered_resources"))
	writeStrings(e.Key("capabilities"), fw.caps.names)
	e.Key("hostname").String(fw.info.GetHostname())
	e.Key("webui_url").String(fw.info.GetWebuiUrl())
	e.Key("active").Bool(fw.active)
	e.Key("connected").Bool(fw.connected)
	e.Key("recovered").Bool(fw.recovered)
	return used, offered
}

// writeFrameworkLocked writes a framework in full (facts 6.3).
func (m *Master) writeFrameworkLocked(e *mesos.Encoder, fw *framework) {
	e.BeginObject()
	m.writeFrameworkSummaryLocked(e, fw)
	e.Key("user").String(fw.info.GetUser())
	e.Key("failover_timeout").Double(fw.info.GetFailoverTimeout())
	e.Key("checkpoint").Bool(fw.info.GetCheckpoint())
	e.Key("registered_time").Double(seconds(fw.registered))
	if fw.unregistered.IsZero() {
		e.Key("unregistered_time").Double(0)
	} else {
		e.Key("unregistered_time").Double(seconds(fw.unregistered))
	}
	if fw.info.Principal != nil {
		e.Key("principal").String(fw.info.GetPrincipal())
	}
	summarize(m.usedByLocked(fw), fw.offered()).write(e.Key("resources"))
	if !fw.reregistered.IsZero() {
		e.Key("reregistered_time").Double(seconds(fw.reregistered))
	}
	if fw.caps.multiRole {
		writeStrings(e.Key("roles"), fw.roles)
	} else {
		e.Key("role").String(fw.info.GetRole())
	}
	m.writeFrameworkListsLocked(e, fw)
	if fw.info.Labels != nil {
		writeLabels(e, fw.info.Labels)
	}
	constraints := fw.constraints
	if constraints == nil {
		constraints = &schedulerv1.OfferConstraints{}
	}
	writeMessage(e, "offer_constraints", constraints)
	e.EndObject()
}

func (m *Master) writeFrameworkListsLocked(e *mesos.Encoder, fw *framework) {
	for _, list := range []struct {
		name  string
		tasks []*task
	}{{"tasks", fw.sortedTasks()}, {"unreachable_tasks", fw.unreachable.all()}, {"completed_tasks", fw.completed.all()}} {
		e.Key(list.name).BeginArray()
		for _, t := range list.tasks {
			t.write(e)
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
	summarize(o.resources).write(e.Key("resources"))
	e.EndObject()
}

func writeExecutor(e *mesos.Encoder, ag *agent, x *executor) {
	info := x.info
	e.BeginObject()
	e.Key("executor_id").String(info.GetExecutorId().GetValue())
	e.Key("name").String(info.GetName())
	e.Key("framework_id").String(info.GetFrameworkId().GetValue())
	writeCommand(e.Key("command"), info.GetCommand())
	summarize(x.resources).write(e.Key("resources"))
	if len(x.resources) > 0 {
		e.Key("role").String(x.resources[0].AllocatedTo())
	}
	if info.Labels != nil {
		writeLabels(e, info.Labels)
	}
	if info.Type != nil {
		e.Key("type").String(info.GetType().String())
	}
	e.Key("slave_id").String(ag.id)
	e.EndObject()
}

func writeCommand(e *mesos.Encoder, c *v1.CommandInfo) {
	e.BeginObject()
	if c != nil && c.Shell != nil {
		e.Key("shell").Bool(c.GetShell())
	}
	if c != nil && c.Value != nil {
		e.Key("value").String(c.GetValue())
	}
	writeStrings(e.Key("argv"), c.GetArguments())
	if env := c.GetEnvironment(); env != nil {
		writeMessage(e, "environment", env)
	}
	e.Key("uris").BeginArray()
	for _, u := range c.GetUris() {
		e.BeginObject()
		e.Key("value").String(u.GetValue())
		e.Key("executable").Bool(u.GetExecutable())
		e.EndObject()
	}
	e.EndArray()
	e.EndObject()
}
