package master

import (
	"time"

	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// reconcileLocked answers what the master knows of tasks: of all active ones,
// or of those asked for (master.cpp:8966-9176).
func (m *Master) reconcileLocked(fw *framework, call *schedulerv1.Call_Reconcile) {
	if len(call.GetTasks()) == 0 {
		for _, t := range fw.sortedTasks() {
			m.tellTaskLocked(fw, t)
		}
		return
	}
	for _, t := range call.GetTasks() {
		m.reconcileTaskLocked(fw, t.GetTaskId().GetValue(), t.GetAgentId())
	}
}

// tellTaskLocked sends the last state that was passed on.
func (m *Master) tellTaskLocked(fw *framework, t *task) {
	state := t.state()
	if t.proto.StatusUpdateState != nil {
		state = t.proto.GetStatusUpdateState()
	}
	s := m.masterStatus(t, state, v1.TaskStatus_REASON_RECONCILIATION, "Reconciliation: Latest task state")
	t.copyHealth(s)
	fw.send(updateEvent(s))
}

func (m *Master) reconcileTaskLocked(fw *framework, id string, on *v1.AgentID) {
	if t := fw.tasks[id]; t != nil {
		m.tellTaskLocked(fw, t)
		return
	}
	if m.recoveringLocked(on) {
		return // its agent will tell; the framework is to ask again
	}
	state, text, since := v1.TaskState_TASK_UNKNOWN, "Reconciliation: Task is unknown", (*v1.TimeInfo)(nil)
	agent := on.GetValue()
	lost, unreachable := m.unreachable[agent]
	switch {
	case on == nil:
	case m.agents[agent] != nil:
		state, text = v1.TaskState_TASK_GONE, "Reconciliation: Task is unknown to the agent"
	case unreachable:
		state, text, since = v1.TaskState_TASK_UNREACHABLE, "Reconciliation: Task is unreachable", lost.since
	case m.gone[agent] != nil:
		state, text = v1.TaskState_TASK_GONE_BY_OPERATOR, "Reconciliation: Task is gone"
	}
	if !fw.caps.partitionAware {
		state = v1.TaskState_TASK_LOST
	}
	s := newStatus(id, state, v1.TaskStatus_REASON_RECONCILIATION, text)
	s.AgentId, s.UnreachableTime = on, since
	fw.send(updateEvent(s))
}

// reconcileOperationsLocked answers what the master knows of operations
// (master.cpp:9182-9365).
func (m *Master) reconcileOperationsLocked(fw *framework, call *schedulerv1.Call_ReconcileOperations) {
	m.metrics.messages["reconcile_operations"]++
	if len(call.GetOperations()) == 0 {
		for _, op := range fw.operations {
			fw.send(operationEvent(op.latest()))
		}
		return
	}
	for _, want := range call.GetOperations() {
		fw.send(operationEvent(m.reconcileOperationLocked(fw, want)))
	}
}

func (m *Master) reconcileOperationLocked(fw *framework, want *schedulerv1.Call_ReconcileOperations_Operation) *v1.OperationStatus {
	if op := fw.operation(want.GetOperationId().GetValue()); op != nil {
		return op.latest()
	}
	agent := want.GetAgentId().GetValue()
	_, unreachable := m.unreachable[agent]
	state, text := v1.OperationState_OPERATION_UNKNOWN, "Reconciliation: Both operation and agent are unknown"
	switch {
	case want.AgentId == nil:
		text = "Reconciliation: Operation is unknown and no 'agent_id' was provided"
	case m.agents[agent] != nil:
		text = "Reconciliation: Operation is unknown"
	case m.recoveringLocked(want.AgentId):
		state, text = v1.OperationState_OPERATION_RECOVERING, "Reconciliation: Agent is recovered but has not re-registered"
	case unreachable:
		state, text = v1.OperationState_OPERATION_UNREACHABLE, "Reconciliation: Agent is unreachable"
	case m.gone[agent] != nil:
		state, text = v1.OperationState_OPERATION_GONE_BY_OPERATOR, "Reconciliation: Agent marked gone by operator"
	}
	s := &v1.OperationStatus{
		OperationId: want.OperationId, State: state.Enum(), Message: proto.String(text),
		AgentId: want.AgentId, ResourceProviderId: want.ResourceProviderId,
	}
	if ag := m.agents[agent]; ag != nil && want.ResourceProviderId != nil && ag.has(v1.AgentInfo_Capability_AGENT_OPERATION_FEEDBACK) {
		s.Message = nil // the agent's word: it knows no such resource provider
	}
	return s
}

// durationText writes d as Mesos does: "10mins", "15secs", "1.5secs", "250ms".
func durationText(d time.Duration) string {
	units := []struct {
		unit time.Duration
		name string
	}{{7 * 24 * time.Hour, "weeks"}, {24 * time.Hour, "days"}, {time.Hour, "hrs"}, {time.Minute, "mins"},
		{time.Second, "secs"}, {time.Millisecond, "ms"}, {time.Microsecond, "us"}}
	for _, u := range units {
		if d >= u.unit && d%u.unit == 0 {
			return fmtInt(int64(d/u.unit)) + u.name
		}
	}
	if d >= time.Second {
		return fmtFloat(d.Seconds()) + "secs"
	}
	return fmtInt(int64(d)) + "ns"
}
