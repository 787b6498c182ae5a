package master

import (
	"mesosbook/cluster/link"
	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// serveAgent handles one agent's messages, in order, until its link closes or
// the master stops. Then the agent counts as disconnected.
func (m *Master) serveAgent(conn *link.Conn) {
	defer conn.Close()
	for {
		msg, err := conn.Receive(m.ctx)
		if err != nil {
			break
		}
		m.handle(conn, msg)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if ag := m.links[conn]; ag != nil && !m.stopped {
		m.disconnectAgentLocked(ag)
	}
}

// handle does what one message of an agent asks for.
func (m *Master) handle(conn *link.Conn, msg link.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		return
	}
	if reg, ok := msg.(*link.RegisterAgent); ok {
		m.registerLocked(conn, reg)
		return
	}
	ag := m.links[conn]
	if ag == nil {
		return // not registered, or removed meanwhile
	}
	switch msg := msg.(type) {
	case *link.UnregisterAgent:
		m.metrics.messages["unregister_slave"]++
		m.metrics.removedUnregistered++
		m.removeAgentLocked(ag, "the agent unregistered")
	case *link.StatusUpdate:
		m.statusUpdateLocked(ag, msg)
	case *link.OperationUpdate:
		m.operationUpdateLocked(ag, msg)
	case *link.ExecutorExited:
		m.executorExitedLocked(ag, msg)
	case *link.ExecutorMessage:
		m.metrics.messages["executor_to_framework"]++
		if fw := m.frameworks[msg.FrameworkID]; fw != nil {
			fw.send(messageEvent(ag.id, msg.ExecutorID, msg.Data))
		}
	case *link.Pong:
		ag.pinged, ag.missed = false, 0
	}
}

// statusUpdateLocked passes an agent's update on and takes over what it says.
func (m *Master) statusUpdateLocked(ag *agent, u *link.StatusUpdate) {
	m.metrics.messages["status_update"]++
	fw := m.frameworks[u.FrameworkID]
	if fw == nil {
		m.metrics.invalidUpdates++
		return
	}
	m.logf("Status update %s for task %s of framework %s from agent %s", u.Status.GetState(), u.Status.GetTaskId().GetValue(), fw.id, ag.id)
	t := ag.tasks[taskKey{fw.id, u.Status.GetTaskId().GetValue()}]
	fw.send(updateEvent(u.Status))
	if t == nil {
		m.metrics.invalidUpdates++
		return
	}
	m.metrics.validUpdates++
	latest := u.LatestState
	m.updateTaskLocked(fw, t, u.Status, &latest)
}

// executorExitedLocked forgets an executor and tells its framework; the tasks
// it had are reported by the agent.
func (m *Master) executorExitedLocked(ag *agent, e *link.ExecutorExited) {
	m.metrics.messages["exited_executor"]++
	key := executorKey{e.FrameworkID, e.ExecutorID}
	if ag.executors[key] == nil {
		return
	}
	m.removeExecutorLocked(ag, key)
	if fw := m.frameworks[e.FrameworkID]; fw != nil {
		fw.send(executorFailureEvent(ag.id, e.ExecutorID, e.Status))
	}
}

// killLocked asks for the end of a task (master.cpp:5700).
func (m *Master) killLocked(fw *framework, call *schedulerv1.Call_Kill) {
	id := call.GetTaskId().GetValue()
	t := fw.tasks[id]
	if t == nil {
		m.metrics.messages["reconcile_tasks"]++
		m.reconcileTaskLocked(fw, id, call.GetAgentId())
		return
	}
	if want := call.GetAgentId(); want != nil && want.GetValue() != t.agent() {
		m.warnf("Cannot kill task %s of agent %s: it belongs to agent %s", id, want.GetValue(), t.agent())
		return
	}
	ag := m.agents[t.agent()]
	if ag == nil {
		return
	}
	m.logf("Telling agent %s to kill task %s of framework %s", ag.id, id, fw.id)
	if !ag.connected {
		ag.killed[taskKey{fw.id, id}] = true
		return
	}
	ag.send(&link.Kill{FrameworkID: fw.id, TaskID: id, Policy: call.GetKillPolicy()})
}

// acknowledgeLocked passes an acknowledgement on; that of a terminal update
// completes the task (master.cpp:5855 ff.).
func (m *Master) acknowledgeLocked(fw *framework, call *schedulerv1.Call_Acknowledge) {
	m.metrics.messages["status_update_acknowledgement"]++
	ag := m.agents[call.GetAgentId().GetValue()]
	if ag == nil || !ag.connected {
		m.metrics.invalidAcks++
		return
	}
	id := call.GetTaskId().GetValue()
	t := ag.tasks[taskKey{fw.id, id}]
	if t != nil && t.proto.StatusUpdateState == nil { // nothing of it was passed on
		m.metrics.invalidAcks++
		return
	}
	m.metrics.validAcks++
	if t != nil && t.acknowledges(call.GetUuid()) && terminal(t.proto.GetStatusUpdateState()) {
		m.completeTaskLocked(fw, t)
	}
	ag.send(&link.Acknowledge{FrameworkID: fw.id, TaskID: id, UUID: call.GetUuid()})
}

// shutdownLocked ends an executor.
func (m *Master) shutdownLocked(fw *framework, call *schedulerv1.Call_Shutdown) {
	if ag := m.agents[call.GetAgentId().GetValue()]; ag != nil {
		ag.send(&link.ShutdownExecutor{FrameworkID: fw.id, ExecutorID: call.GetExecutorId().GetValue()})
	}
}

// messageLocked carries data to an executor, if it gets there.
func (m *Master) messageLocked(fw *framework, call *schedulerv1.Call_Message) {
	m.metrics.messages["framework_to_executor"]++
	if ag := m.agents[call.GetAgentId().GetValue()]; ag != nil {
		ag.send(&link.SchedulerMessage{FrameworkID: fw.id, ExecutorID: call.GetExecutorId().GetValue(), Data: call.GetData()})
	}
}
