package master

import (
	"fmt"
	"time"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
)

// disconnectAgentLocked is what a broken link means: no more offers of the
// agent; tasks of frameworks that do not checkpoint are lost at once.
func (m *Master) disconnectAgentLocked(ag *agent) {
	m.logf("Agent %s (%s) disconnected", ag.id, ag.info.GetHostname())
	ag.connected = false
	delete(m.links, ag.conn)
	m.movedLocked()
	m.alloc.SetAgentActive(ag.id, false)
	m.rescindAllLocked(ag)
	m.removeInverseOfLocked(ag)
	for _, t := range ag.sortedTasks() {
		fw := m.frameworks[t.framework()]
		if fw == nil || fw.info.GetCheckpoint() {
			continue
		}
		text := fmt.Sprintf("Agent %s disconnected", ag.info.GetHostname())
		m.loseTaskLocked(fw, t, m.masterStatus(t, v1.TaskState_TASK_LOST, v1.TaskStatus_REASON_AGENT_DISCONNECTED, text))
		m.completeTaskLocked(fw, t)
	}
	for _, key := range ag.sortedExecutors() {
		if fw := m.frameworks[key.framework]; fw == nil || !fw.info.GetCheckpoint() {
			m.removeExecutorLocked(ag, key)
		}
	}
	ag.returnTimer = m.after(m.opts.AgentReregisterTimeout, func() {
		if m.agents[ag.id] == ag && !ag.connected {
			m.loseAgentLocked(ag, "agent did not reregister within "+durationText(m.opts.AgentReregisterTimeout)+" after disconnecting")
		}
	})
}

// loseAgentLocked makes an agent unreachable, and its tasks with it.
func (m *Master) loseAgentLocked(ag *agent, text string) {
	at := timeInfo(time.Now())
	m.logf("Marking agent %s (%s) unreachable: %s", ag.id, ag.info.GetHostname(), text)
	m.unreachable[ag.id] = lostAgent{at, ag.standing}
	m.loseOperationsLocked(ag, v1.OperationState_OPERATION_UNREACHABLE, "Agent was marked unreachable")
	for _, t := range ag.sortedTasks() {
		fw := m.frameworks[t.framework()]
		if fw == nil {
			continue
		}
		state := v1.TaskState_TASK_LOST
		if fw.caps.partitionAware {
			state = v1.TaskState_TASK_UNREACHABLE
		}
		s := m.masterStatus(t, state, v1.TaskStatus_REASON_AGENT_REMOVED, text)
		s.UnreachableTime = at
		m.loseTaskLocked(fw, t, s)
		m.moveTaskLocked(fw, t, fw.unreachable)
	}
	m.forgetAgentLocked(ag)
}

// removeAgentLocked is for agents that will not come back: the tasks are lost.
func (m *Master) removeAgentLocked(ag *agent, cause string) {
	m.logf("Removing agent %s (%s): %s", ag.id, ag.info.GetHostname(), cause)
	text := fmt.Sprintf("Agent %s removed: %s", ag.info.GetHostname(), cause)
	for _, t := range ag.sortedTasks() {
		if fw := m.frameworks[t.framework()]; fw != nil {
			m.loseTaskLocked(fw, t, m.masterStatus(t, v1.TaskState_TASK_LOST, v1.TaskStatus_REASON_AGENT_REMOVED, text))
			m.completeTaskLocked(fw, t)
		}
	}
	m.forgetAgentLocked(ag)
}

// markGoneLocked is MARK_AGENT_GONE.
func (m *Master) markGoneLocked(ag *agent) {
	m.gone[ag.id] = timeInfo(time.Now())
	m.loseOperationsLocked(ag, v1.OperationState_OPERATION_GONE_BY_OPERATOR, "Agent has been marked gone")
	for _, t := range ag.sortedTasks() {
		fw := m.frameworks[t.framework()]
		if fw == nil {
			continue
		}
		state, reason, list := v1.TaskState_TASK_LOST, v1.TaskStatus_REASON_AGENT_REMOVED, fw.unreachable
		if fw.caps.partitionAware {
			state, reason, list = v1.TaskState_TASK_GONE_BY_OPERATOR, v1.TaskStatus_REASON_AGENT_REMOVED_BY_OPERATOR, fw.completed
		}
		m.loseTaskLocked(fw, t, m.masterStatus(t, state, reason, "Agent has been marked gone"))
		m.moveTaskLocked(fw, t, list)
	}
	ag.send(&link.Shutdown{Reason: "Agent has been marked gone"})
	m.forgetAgentLocked(ag)
}

// forgetAgentLocked removes an agent after its tasks: offers, executors, and
// the word to all frameworks.
func (m *Master) forgetAgentLocked(ag *agent) {
	ag.stopTimers()
	m.metrics.removals++
	m.rescindAllLocked(ag)
	m.removeInverseOfLocked(ag)
	for _, key := range ag.sortedExecutors() {
		m.removeExecutorLocked(ag, key)
	}
	for len(ag.operations) > 0 {
		ag.operations[0].forget()
	}
	m.alloc.RemoveAgent(ag.id)
	delete(m.agents, ag.id)
	delete(m.links, ag.conn)
	m.movedLocked()
	m.saveLocked()
	ag.connected = false
	for _, fw := range m.sortedFrameworksLocked() {
		fw.send(agentFailureEvent(ag.id))
	}
	m.tellOperatorsLocked(agentRemovedEvent(ag.id))
}
