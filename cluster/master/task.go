package master

import (
	"bytes"
	"slices"
	"time"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// task is a task of which the master knows, active, unreachable or completed.
// It is guarded by Master.mu.
type task struct {
	proto     *v1.Task            // changed in place; clone what leaves the lock
	resources resources.Resources // allocated
	seq       int                 // in the order of launch
	freed     bool                // resources went back to the allocator
}

func (t *task) state() v1.TaskState { return t.proto.GetState() }
func (t *task) framework() string   { return t.proto.GetFrameworkId().GetValue() }
func (t *task) agent() string       { return t.proto.GetAgentId().GetValue() }
func (t *task) key() taskKey        { return taskKey{t.framework(), t.proto.GetTaskId().GetValue()} }

// terminal says whether a task in that state will not change any more
// (common/protobuf_utils.cpp:152).
func terminal(s v1.TaskState) bool {
	switch s {
	case v1.TaskState_TASK_FINISHED, v1.TaskState_TASK_FAILED, v1.TaskState_TASK_KILLED, v1.TaskState_TASK_LOST,
		v1.TaskState_TASK_ERROR, v1.TaskState_TASK_DROPPED, v1.TaskState_TASK_GONE, v1.TaskState_TASK_GONE_BY_OPERATOR:
		return true
	}
	return false
}

// newTaskLocked makes the task of a TaskInfo, whose resources are allocated.
func (m *Master) newTaskLocked(fw *framework, ag *agent, info *v1.TaskInfo) *task {
	m.next.task++
	p := &v1.Task{
		Name: info.Name, TaskId: info.TaskId, FrameworkId: frameworkID(fw.id), AgentId: agentID(ag.id),
		State: v1.TaskState_TASK_STAGING.Enum(), Resources: info.Resources,
		Labels: info.Labels, Discovery: info.Discovery, Container: info.Container,
		HealthCheck: info.HealthCheck, KillPolicy: info.KillPolicy, Limits: info.Limits,
	}
	switch {
	case info.GetCommand().GetUser() != "":
		p.User = info.Command.User
	case info.GetExecutor().GetCommand().GetUser() != "":
		p.User = info.Executor.Command.User
	}
	if info.Executor != nil {
		p.ExecutorId = info.Executor.ExecutorId
	}
	return &task{proto: p, resources: resources.New(info.Resources), seq: m.next.task}
}

// addTaskLocked makes a launched task active. Its resources are those of the
// offer, so the allocator counts them already.
func (m *Master) addTaskLocked(fw *framework, ag *agent, info *v1.TaskInfo) *task {
	t := m.newTaskLocked(fw, ag, info)
	fw.tasks[info.GetTaskId().GetValue()], ag.tasks[t.key()] = t, t
	if len(m.operators) > 0 {
		m.tellOperatorsLocked(taskAddedEvent(t))
	}
	return t
}

// acknowledges says whether uuid is that of the last update passed on.
func (t *task) acknowledges(uuid []byte) bool {
	return t.proto.StatusUpdateUuid != nil && bytes.Equal(t.proto.StatusUpdateUuid, uuid)
}

// updateTaskLocked takes over a status: an agent's, with the newest state that
// the agent knows, or one made here (master.cpp:11200 ff.).
func (m *Master) updateTaskLocked(fw *framework, t *task, s *v1.TaskStatus, latest *v1.TaskState) {
	state := s.GetState()
	if latest != nil {
		state = *latest
	}
	if s.Uuid != nil && fw.connected { // the update was passed on
		t.proto.StatusUpdateState, t.proto.StatusUpdateUuid = s.GetState().Enum(), s.Uuid
	}
	before := t.state()
	ended := !terminal(before) && terminal(state)
	if !terminal(before) {
		t.proto.State = state.Enum()
	}
	news := t.addStatus(s)
	if ended {
		m.freeLocked(fw, t)
		m.metrics.terminal(s)
		fw.metrics.terminal[s.GetState()]++
	}
	if news && len(m.operators) > 0 {
		m.tellOperatorsLocked(taskUpdatedEvent(fw.id, s, t.state()))
	}
}

// addStatus keeps one status for each run of equal states, without its data,
// and says whether it was something new: another state, or a check's result.
func (t *task) addStatus(s *v1.TaskStatus) (news bool) {
	keep := s
	if s.Data != nil {
		keep = proto.CloneOf(s)
		keep.Data = nil
	}
	n := len(t.proto.Statuses)
	if n > 0 && t.proto.Statuses[n-1].GetState() == s.GetState() {
		t.proto.Statuses[n-1] = keep
		switch s.GetReason() {
		case v1.TaskStatus_REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, v1.TaskStatus_REASON_TASK_CHECK_STATUS_UPDATED:
			return true
		}
		return false
	}
	t.proto.Statuses = append(t.proto.Statuses, keep)
	return true
}

func (t *task) adoptStatuses(list []*v1.TaskStatus) {
	for _, s := range list {
		t.addStatus(s)
		if s.Uuid != nil {
			t.proto.StatusUpdateState, t.proto.StatusUpdateUuid = s.GetState().Enum(), s.Uuid
		}
	}
}

// freeLocked gives the task's resources back, once.
func (m *Master) freeLocked(fw *framework, t *task) {
	if !t.freed {
		t.freed = true
		m.alloc.Recover(fw.id, t.agent(), t.resources, 0)
	}
}

// loseTaskLocked ends a task with a status made here, and tells its framework.
// A task that had ended keeps its state.
func (m *Master) loseTaskLocked(fw *framework, t *task, s *v1.TaskStatus) {
	fw.send(updateEvent(s))
	m.updateTaskLocked(fw, t, s, nil)
	m.freeLocked(fw, t)
}

// completeTaskLocked moves a task that is over to the completed ones.
func (m *Master) completeTaskLocked(fw *framework, t *task) { m.moveTaskLocked(fw, t, fw.completed) }

func (m *Master) moveTaskLocked(fw *framework, t *task, to *bounded[*task]) {
	m.freeLocked(fw, t)
	delete(fw.tasks, t.proto.GetTaskId().GetValue())
	if ag := m.agents[t.agent()]; ag != nil {
		delete(ag.tasks, t.key())
		delete(ag.killed, t.key())
		m.drainedLocked(ag)
	}
	to.add(t)
}

// masterStatus is a status that the master makes of a known task: without uuid.
func (m *Master) masterStatus(t *task, state v1.TaskState, reason v1.TaskStatus_Reason, text string) *v1.TaskStatus {
	s := newStatus(t.proto.GetTaskId().GetValue(), state, reason, text)
	s.AgentId = t.proto.AgentId
	s.ExecutorId = t.proto.ExecutorId
	return s
}

func newStatus(task string, state v1.TaskState, reason v1.TaskStatus_Reason, text string) *v1.TaskStatus {
	return &v1.TaskStatus{
		TaskId: taskID(task), State: state.Enum(), Message: proto.String(text),
		Source: v1.TaskStatus_SOURCE_MASTER.Enum(), Reason: reason.Enum(),
		Timestamp: proto.Float64(seconds(time.Now())),
	}
}

// copyHealth gives s what the last status said of health, and the newest that
// is known of the container.
func (t *task) copyHealth(s *v1.TaskStatus) {
	n := len(t.proto.Statuses)
	if n == 0 {
		return
	}
	last := t.proto.Statuses[n-1]
	s.Healthy, s.CheckStatus = last.Healthy, last.CheckStatus
	for _, old := range slices.Backward(t.proto.Statuses) {
		if old.ContainerStatus != nil {
			s.ContainerStatus = old.ContainerStatus
			return
		}
	}
}
