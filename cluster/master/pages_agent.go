package master

import (
	"mesosbook/cluster/pages"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// openPage writes an agent as /state has it, without the closing brace.
func (ag *agent) openPage(e *mesos.Encoder) {
	e.BeginObject()
	e.Key("id").String(ag.id)
	e.Key("hostname").String(ag.info.GetHostname())
	e.Key("port").Int(int64(ag.info.GetPort()))
	pages.Attributes(e.Key("attributes"), ag.info.GetAttributes())
	pages.WriteDomain(e, ag.info.Domain)
	e.Key("pid").String(ag.pid)
	e.Key("registered_time").Double(seconds(ag.registered))
	if !ag.reregistered.IsZero() {
		e.Key("reregistered_time").Double(seconds(ag.reregistered))
	}
	pages.Sums(e.Key("resources"), ag.total)
	pages.Sums(e.Key("used_resources"), ag.used())
	pages.Sums(e.Key("offered_resources"), ag.offered())
	pages.ByRole(e.Key("reserved_resources"), ag.total, pages.SumsOf)
	pages.Sums(e.Key("unreserved_resources"), pages.Unreserved(ag.total))
	e.Key("active").Bool(ag.active())
	e.Key("deactivated").Bool(ag.deactivated)
	e.Key("version").String(ag.version)
	e.Key("capabilities").BeginArray()
	for _, c := range ag.capabilities {
		e.String(c.String())
	}
	e.EndArray()
	if ag.drain != nil {
		pages.WriteMessage(e, "drain_info", ag.drain)
		if !ag.drainStart.IsZero() {
			e.Key("estimated_drain_start_time_seconds").Double(seconds(ag.drainStart))
		}
	}
}

// writeFull writes what /slaves has beside that.
func (ag *agent) writeFull(e *mesos.Encoder) {
	pages.ByRole(e.Key("reserved_resources_full"), ag.total, pages.Full)
	pages.Full(e.Key("unreserved_resources_full"), pages.Unreserved(ag.total))
	pages.Full(e.Key("used_resources_full"), ag.used())
	pages.Full(e.Key("offered_resources_full"), ag.offered())
}

// counts are the tasks of a framework or an agent by state.
type counts map[v1.TaskState]int

func (c counts) write(e *mesos.Encoder) {
	for _, s := range []v1.TaskState{
		v1.TaskState_TASK_STAGING, v1.TaskState_TASK_STARTING, v1.TaskState_TASK_RUNNING, v1.TaskState_TASK_KILLING, v1.TaskState_TASK_FINISHED,
		v1.TaskState_TASK_KILLED, v1.TaskState_TASK_FAILED, v1.TaskState_TASK_LOST, v1.TaskState_TASK_ERROR, v1.TaskState_TASK_UNREACHABLE,
	} {
		e.Key(s.String()).Int(int64(c[s]))
	}
}

// tally counts the tasks of all frameworks, for each of them and each agent,
// and notes who has tasks where.
type tally struct {
	byFramework, byAgent map[string]counts
	agents, frameworks   map[string]map[string]bool // of a framework, of an agent
}

func (m *Master) tallyLocked() tally {
	t := tally{map[string]counts{}, map[string]counts{}, map[string]map[string]bool{}, map[string]map[string]bool{}}
	for _, fw := range m.frameworks {
		for _, task := range fw.tasks {
			t.add(task)
		}
		for _, task := range fw.unreachable.items {
			t.add(task)
		}
		for _, task := range fw.completed.items {
			t.add(task)
		}
	}
	return t
}

func (t tally) add(x *task) {
	fw, ag := x.framework(), x.agent()
	if t.byFramework[fw] == nil {
		t.byFramework[fw], t.agents[fw] = counts{}, map[string]bool{}
	}
	if t.byAgent[ag] == nil {
		t.byAgent[ag], t.frameworks[ag] = counts{}, map[string]bool{}
	}
	t.byFramework[fw][x.state()]++
	t.byAgent[ag][x.state()]++
	t.agents[fw][ag], t.frameworks[ag][fw] = true, true
}
