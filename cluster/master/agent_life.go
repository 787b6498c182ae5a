package master

import (
	"slices"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// registerLocked takes an agent in: new, back after a disconnection, back from
// being unreachable, or known to another master only.
func (m *Master) registerLocked(conn *link.Conn, reg *link.RegisterAgent) {
	id := reg.Info.GetId().GetValue()
	switch {
	case m.gone[id] != nil:
		_ = conn.Send(&link.Shutdown{Reason: "Agent has been marked gone"})
		return
	case m.machines.down[machineOf(reg)]:
		_ = conn.Send(&link.Shutdown{Reason: "Machine is `DOWN`"})
		return
	case id == "":
		m.registerNewLocked(conn, reg)
	case m.agents[id] != nil:
		m.returnKnownLocked(m.agents[id], conn, reg)
		return
	default:
		m.returnUnknownLocked(id, conn, reg)
	}
	if m.holdOff > 0 && len(m.agents) >= m.holdOff {
		m.holdOff = 0
		m.allocateLocked()
	} else if ag := m.links[conn]; ag != nil {
		m.allocateLocked(ag.id)
	}
}

func (m *Master) registerNewLocked(conn *link.Conn, reg *link.RegisterAgent) {
	m.metrics.messages["register_slave"]++
	m.metrics.registrations++
	for _, old := range m.sortedAgentsLocked() {
		if old.pid == reg.PID {
			m.metrics.removedRegistered++
			m.removeAgentLocked(old, "a new agent registered at the same address")
		}
	}
	ag := m.newAgentLocked(m.newAgentIDLocked(), reg, conn)
	m.saveLocked()
	m.logf("Registered agent %s at %s (%s) with %s", ag.id, ag.pid, ag.info.GetHostname(), ag.total)
	ag.send(&link.Registered{AgentID: ag.id})
	m.tellOperatorsLocked(agentAddedEvent(ag))
}

// returnKnownLocked connects a registered agent again: the master's list of
// tasks counts, and the agent is told what it should have.
func (m *Master) returnKnownLocked(ag *agent, conn *link.Conn, reg *link.RegisterAgent) {
	m.metrics.messages["reregister_slave"]++
	m.metrics.reregistrations++
	if ag.connected && ag.conn != conn {
		m.disconnectAgentLocked(ag)
	}
	info := proto.CloneOf(reg.Info)
	resources.UpgradeAll(info.Resources)
	if !sameAttributes(info, ag.info) {
		m.alloc.RemoveFilters(ag.id) // frameworks that refused it could not know
	}
	changed := !proto.Equal(info, ag.info)
	if changed {
		m.saveLocked()
	}
	total, capabilities := ag.total, ag.capabilities
	ag.describe(info, reg)
	changed = changed || !ag.total.Equal(total) || !slices.Equal(ag.capabilities, capabilities)
	stopTimer(ag.returnTimer)
	m.connectLocked(ag, conn)
	ag.pinged, ag.missed, ag.reregistered = false, 0, time.Now()
	m.alloc.UpdateAgent(ag.id, ag.total)
	m.alloc.SetAgentActive(ag.id, ag.active())
	m.logf("Re-registered agent %s at %s (%s)", ag.id, ag.pid, ag.info.GetHostname())
	ag.send(&link.Registered{AgentID: ag.id, Again: true})
	reported := map[taskKey]bool{}
	for _, t := range reg.Tasks {
		key := taskKey{t.FrameworkID, t.Info.GetTaskId().GetValue()}
		reported[key] = true
		m.endForgottenLocked(ag, key)
	}
	m.askForMissingLocked(ag, reported)
	for key := range ag.killed {
		ag.send(&link.Kill{FrameworkID: key.framework, TaskID: key.task})
	}
	clear(ag.killed)
	m.resumeDrainLocked(ag)
	if changed { // otherwise the next periodic allocation is soon enough
		m.allocateLocked(ag.id)
	}
}

func sameAttributes(a, b *v1.AgentInfo) bool {
	return slices.EqualFunc(a.Attributes, b.Attributes, func(x, y *v1.Attribute) bool { return proto.Equal(x, y) })
}

// endForgottenLocked ends a task that ran on while the agent was away but is
// over for this master: its framework has ended, or did not checkpoint.
func (m *Master) endForgottenLocked(ag *agent, key taskKey) {
	switch {
	case ag.tasks[key] != nil:
	case m.frameworks[key.framework] == nil:
		ag.send(&link.ShutdownFramework{FrameworkID: key.framework})
	default:
		ag.send(&link.Kill{FrameworkID: key.framework, TaskID: key.task})
	}
}

// askForMissingLocked asks the agent for tasks that it did not report.
func (m *Master) askForMissingLocked(ag *agent, reported map[taskKey]bool) {
	var missing []link.Task
	for _, t := range ag.sortedTasks() {
		if key := t.key(); !reported[key] && !terminal(t.state()) {
			missing = append(missing, link.Task{
				FrameworkID: key.framework, Info: &v1.TaskInfo{TaskId: t.proto.TaskId, AgentId: t.proto.AgentId, Name: t.proto.Name},
				ExecutorID: t.proto.GetExecutorId().GetValue(), State: t.state(),
			})
		}
	}
	if len(missing) > 0 {
		ag.send(&link.ReconcileTasks{Tasks: missing})
	}
}

// returnUnknownLocked takes in an agent that has an id but is not registered
// here, with everything that it runs: one of the registry, which nobody has been
// told was away, one that was unreachable, or one of another cluster.
func (m *Master) returnUnknownLocked(id string, conn *link.Conn, reg *link.RegisterAgent) {
	m.metrics.messages["reregister_slave"]++
	m.metrics.reregistrations++
	before, recovered := m.recovered[id]
	lost, unreachable := m.unreachable[id]
	delete(m.recovered, id)
	delete(m.unreachable, id)
	ag := m.newAgentLocked(id, reg, conn)
	if !recovered || !proto.Equal(before.info, ag.info) {
		m.saveLocked()
	}
	news := "Unknown agent reregistered"
	switch {
	case recovered:
		news = ""
		m.restoreLocked(ag, before.standing)
	case unreachable:
		news = "Unreachable agent re-reregistered" // sic
		m.restoreLocked(ag, lost.standing)
	}
	ag.reregistered = time.Now()
	m.logf("Re-registered agent %s at %s (%s)", ag.id, ag.pid, ag.info.GetHostname())
	ag.send(&link.Registered{AgentID: id, Again: true})
	m.adoptFrameworksLocked(reg.Frameworks)
	for _, e := range reg.Executors {
		m.adoptExecutorLocked(ag, e)
	}
	for _, t := range reg.Tasks {
		m.adoptTaskLocked(ag, t, news)
	}
	m.tellOperatorsLocked(agentAddedEvent(ag))
	m.resumeDrainLocked(ag)
}

// adoptFrameworksLocked notes frameworks that only agents know so far.
func (m *Master) adoptFrameworksLocked(list []*v1.FrameworkInfo) {
	for _, info := range list {
		id := info.GetId().GetValue()
		if m.frameworks[id] != nil || m.removedLocked(id) {
			continue
		}
		m.recoverFrameworkLocked(info)
	}
}

func (m *Master) adoptExecutorLocked(ag *agent, e link.Executor) {
	if fw := m.frameworks[e.FrameworkID]; fw != nil {
		info := proto.CloneOf(e.Info)
		allocate(info.Resources, fw.roles)
		m.addExecutorLocked(ag, fw.id, info)
		m.alloc.Hold(fw.id, ag.id, resources.New(info.Resources))
	}
}

// adoptTaskLocked makes a task active again that a returning agent still has, and
// tells its framework the news, if that is any.
func (m *Master) adoptTaskLocked(ag *agent, lt link.Task, news string) {
	fw := m.frameworks[lt.FrameworkID]
	if fw == nil {
		if m.removedLocked(lt.FrameworkID) {
			ag.send(&link.ShutdownFramework{FrameworkID: lt.FrameworkID})
		}
		return
	}
	info := proto.CloneOf(lt.Info)
	allocate(info.Resources, fw.roles)
	t := m.newTaskLocked(fw, ag, info)
	t.proto.ExecutorId = nil
	if lt.ExecutorID != "" {
		t.proto.ExecutorId = executorID(lt.ExecutorID)
	}
	t.proto.State = lt.State.Enum()
	t.adoptStatuses(lt.Statuses)
	drop := func(o *task) bool { return o.proto.GetTaskId().GetValue() == info.GetTaskId().GetValue() }
	fw.unreachable.remove(drop)
	fw.completed.remove(drop)
	fw.tasks[info.GetTaskId().GetValue()], ag.tasks[t.key()] = t, t
	if len(m.operators) > 0 {
		m.tellOperatorsLocked(taskAddedEvent(t))
	}
	if terminal(lt.State) {
		t.freed = true
	} else {
		m.alloc.Hold(fw.id, ag.id, t.resources)
	}
	if news == "" {
		return
	}
	s := m.masterStatus(t, lt.State, v1.TaskStatus_REASON_AGENT_REREGISTERED, news)
	t.copyHealth(s)
	fw.send(updateEvent(s))
}

// allocate marks resources that nobody holds yet as held by the first role.
func allocate(list []*v1.Resource, roles []string) {
	resources.UpgradeAll(list)
	role := "*"
	if len(roles) > 0 {
		role = roles[0]
	}
	for _, r := range list {
		if r.AllocationInfo == nil {
			r.AllocationInfo = &v1.Resource_AllocationInfo{Role: proto.String(role)}
		}
	}
}
