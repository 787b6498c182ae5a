package agent

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
)

// update takes in a task's new status: it fills in what the agent adds, records
// it and lets the update stream send it. Updates of a framework that is being
// torn down are dropped, as Mesos does.
func (a *Agent) update(ex *executor, t *task, s *v1.TaskStatus) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.updateLocked(ex, t, s)
}

func (a *Agent) updateLocked(ex *executor, t *task, s *v1.TaskStatus) {
	if ex.framework.terminating || a.closed {
		a.counters.invalidUpdates++
		return
	}
	a.completeStatusLocked(ex, t, s)
	a.drainStatusLocked(ex, s)
	was := t.proto.GetState()
	t.record(s)
	a.counters.validUpdates++
	a.infof("Handling status update %s for task %s of framework %s", s.GetState(), t.id(), ex.framework.id())
	if now := s.GetState(); isTerminal(now) && !isTerminal(was) {
		a.counters.ended(now)
	}
	a.noteUpdateLocked(ex, s)
	key := taskKey{ex.framework.id(), t.id()}
	if a.streams.add(key, s) {
		a.forwardLocked(key, s)
	}
}

// completeStatusLocked sets uuid, time, agent, executor and container.
func (a *Agent) completeStatusLocked(ex *executor, t *task, s *v1.TaskStatus) {
	s.TaskId = t.info.TaskId
	s.AgentId = &v1.AgentID{Value: proto.String(a.id)}
	if ex.remote == nil || s.GetSource() != v1.TaskStatus_SOURCE_EXECUTOR { // what another executor says of itself stays
		s.ExecutorId = ex.info.ExecutorId
	}
	if len(s.Uuid) == 0 {
		id := uuid.New()
		s.Uuid = id[:]
	}
	if s.Timestamp == nil {
		s.Timestamp = proto.Float64(seconds(time.Now()))
	}
	if s.GetSource() == v1.TaskStatus_SOURCE_EXECUTOR && ex.container != "" {
		s.ContainerStatus = a.containerStatusLocked(ex, s.ContainerStatus)
	}
}

// drainStatusLocked says of a task that ends because of a drain why it does
// (slave/slave.cpp: statusUpdate).
func (a *Agent) drainStatusLocked(ex *executor, s *v1.TaskStatus) {
	if a.drain == nil || (s.GetState() != v1.TaskState_TASK_KILLING && s.GetState() != v1.TaskState_TASK_KILLED) {
		return
	}
	s.Reason = v1.TaskStatus_REASON_AGENT_DRAINING.Enum()
	if s.GetState() == v1.TaskState_TASK_KILLED && a.drain.GetMarkGone() && ex.framework.can(v1.FrameworkInfo_Capability_PARTITION_AWARE) {
		s.State = v1.TaskState_TASK_GONE_BY_OPERATOR.Enum()
	}
}

// containerStatusLocked is what the agent knows of the container, laid over what
// the executor said. Of a nested container that is not there yet, or no more, it
// knows nothing (slave/slave.cpp: _statusUpdate).
func (a *Agent) containerStatusLocked(ex *executor, said *v1.ContainerStatus) *v1.ContainerStatus {
	cs, pid := &v1.ContainerStatus{}, ex.pid
	if said != nil {
		cs = proto.CloneOf(said)
	}
	if cs.ContainerId == nil {
		cs.ContainerId = &v1.ContainerID{Value: proto.String(ex.container)}
	}
	if cs.ContainerId.Parent != nil {
		c := ex.containers[containerText(cs.ContainerId)]
		if c == nil || !isClosed(c.ready) || isClosed(c.ended) {
			return cs
		}
		pid = c.p.ID()
	}
	if len(cs.NetworkInfos) == 0 {
		cs.NetworkInfos = []*v1.NetworkInfo{{IpAddresses: []*v1.NetworkInfo_IPAddress{{
			Protocol: v1.NetworkInfo_IPv4.Enum(), IpAddress: proto.String(a.opts.IP)}}}}
	}
	if cs.ExecutorPid == nil && pid != 0 {
		cs.ExecutorPid = proto.Uint32(uint32(pid))
	}
	return cs
}

// seconds is t as Mesos writes times: seconds with microseconds.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// forwardLocked sends the oldest update of a task, with the state that the task
// has by now.
func (a *Agent) forwardLocked(key taskKey, s *v1.TaskStatus) {
	if s == nil {
		return
	}
	latest := s.GetState()
	if f := a.frameworkLocked(key.framework); f != nil {
		if _, t := f.find(key.task); t != nil {
			latest = t.proto.GetState()
			t.proto.StatusUpdateState = s.GetState().Enum()
			t.proto.StatusUpdateUuid = s.GetUuid()
		}
	}
	a.sendLocked(&link.StatusUpdate{FrameworkID: key.framework, Status: s, LatestState: latest})
}

// resend is called when an update was not acknowledged in time.
func (a *Agent) resend(key taskKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.forwardLocked(key, a.streams.again(key))
	}
}

// resendLocked sends a framework's oldest pending updates at once: it has come
// back (slave/slave.cpp: updateFramework).
func (a *Agent) resendLocked(framework string) {
	for _, key := range a.streams.keys() {
		if key.framework == framework {
			a.streams.restart(key)
			a.forwardLocked(key, a.streams.front(key))
		}
	}
}

// acknowledge lets the next update out; the acknowledgement of a terminal one
// completes the task.
func (a *Agent) acknowledge(m *link.Acknowledge) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.acknowledgedLocked(taskKey{m.FrameworkID, m.TaskID}, m.UUID)
	a.drainedLocked()
}

func (a *Agent) acknowledgedLocked(key taskKey, uuid []byte) {
	acked, next := a.streams.acknowledge(key, uuid)
	if acked == nil {
		return
	}
	if f := a.frameworkLocked(key.framework); f != nil && f.checkpoints() {
		a.noteLocked(journalEntry{Acknowledged: &acknowledgedEntry{key.framework, key.task, uuid}})
	}
	a.forwardLocked(key, next)
	if isTerminal(acked.GetState()) {
		a.completeLocked(key)
	}
}

// completeLocked files a task away whose terminal update is acknowledged.
func (a *Agent) completeLocked(key taskKey) {
	f := a.frameworkLocked(key.framework)
	if f == nil {
		return
	}
	ex, t := f.find(key.task)
	if t == nil {
		return
	}
	ex.tasks = slices.DeleteFunc(slices.Clone(ex.tasks), func(x *task) bool { return x == t })
	ex.completed = bounded(ex.completed, t, maxCompletedTasks)
	a.retireLocked(ex)
}

// retireLocked moves an executor that has ended to the completed ones, once all
// its tasks are acknowledged, and its framework when it was the last.
func (a *Agent) retireLocked(ex *executor) {
	f := ex.framework
	if ex.state != terminated || (len(ex.tasks) > 0 && !f.terminating) || !f.remove(ex) {
		return
	}
	f.completed = bounded(f.completed, ex, maxCompletedExecutors)
	if len(f.executors) == 0 {
		a.retireFrameworkLocked(f)
	}
}

// retireFrameworkLocked moves a framework without executors to the completed ones.
func (a *Agent) retireFrameworkLocked(f *framework) {
	a.frameworks = slices.DeleteFunc(slices.Clone(a.frameworks), func(x *framework) bool { return x == f })
	a.completed = bounded(a.completed, f, maxCompletedFrameworks)
	a.drainedLocked()
}

// fromAgent is a status that the agent itself gives.
func fromAgent(state v1.TaskState, reason v1.TaskStatus_Reason, message string) *v1.TaskStatus {
	return &v1.TaskStatus{State: state.Enum(), Source: v1.TaskStatus_SOURCE_AGENT.Enum(), Reason: reason.Enum(), Message: proto.String(message)}
}

// fromExecutor is a status that a built-in executor gives.
func fromExecutor(state v1.TaskState) *v1.TaskStatus {
	return &v1.TaskStatus{State: state.Enum(), Source: v1.TaskStatus_SOURCE_EXECUTOR.Enum()}
}

// lostOrDropped is the state of a task that never reached an executor.
func (f *framework) lostOrDropped() v1.TaskState {
	if f.can(v1.FrameworkInfo_Capability_PARTITION_AWARE) {
		return v1.TaskState_TASK_DROPPED
	}
	return v1.TaskState_TASK_LOST
}
