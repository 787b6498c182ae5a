package agent

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
)

// kill ends one task.
func (a *Agent) kill(m *link.Kill) {
	a.mu.Lock()
	b := a.killLocked(m)
	a.mu.Unlock()
	if b != nil {
		b.kill(m.TaskID, m.Policy)
	}
}

// killLocked gives the body that is to be told; a task that no executor has yet
// ends at once (slave/slave.cpp: killTask).
func (a *Agent) killLocked(m *link.Kill) body {
	f := a.frameworkLocked(m.FrameworkID)
	if f == nil {
		a.warnf("Ignoring kill task %s of framework %s: no such framework is running", m.TaskID, m.FrameworkID)
		return nil
	}
	ex, t := f.find(m.TaskID)
	switch {
	case ex == nil:
		stranger := &executor{framework: f, command: true, info: &v1.ExecutorInfo{}}
		info := &v1.TaskInfo{TaskId: &v1.TaskID{Value: proto.String(m.TaskID)}}
		a.updateLocked(stranger, newTask(f, stranger, info), fromAgent(f.lostOrDropped(), v1.TaskStatus_REASON_EXECUTOR_TERMINATED, "Cannot find executor"))
	case t != nil && !isTerminal(t.proto.GetState()):
		return ex.body
	case t == nil:
		a.killQueuedLocked(ex, m.TaskID)
	}
	return nil
}

// killQueuedLocked ends a task before its executor came up, and with it the
// others of its group. An executor that has nothing else to do goes too.
func (a *Agent) killQueuedLocked(ex *executor, taskID string) {
	isTask := func(q *v1.TaskInfo) bool { return q.GetTaskId().GetValue() == taskID }
	text := "Killed before delivery to the executor"
	victims := ex.queued[slices.IndexFunc(ex.queued, isTask):][:1]
	if i := slices.IndexFunc(ex.groups, func(g []*v1.TaskInfo) bool { return slices.ContainsFunc(g, isTask) }); i >= 0 {
		text = "A task within the task group was killed before delivery to the executor"
		victims = ex.groups[i]
		ex.groups = slices.Delete(slices.Clone(ex.groups), i, i+1)
	}
	victims = slices.Clone(victims)
	ex.queued = slices.DeleteFunc(slices.Clone(ex.queued), func(q *v1.TaskInfo) bool { return slices.Contains(victims, q) })
	for _, v := range victims {
		t := newTask(ex.framework, ex, v)
		ex.tasks = append(slices.Clone(ex.tasks), t)
		a.updateLocked(ex, t, fromAgent(v1.TaskState_TASK_KILLED, v1.TaskStatus_REASON_TASK_KILLED_DURING_LAUNCH, text))
	}
	if len(ex.queued) == 0 && ex.state == registering && !slices.ContainsFunc(ex.tasks, (*task).alive) {
		ex.state = terminating
		ex.cancel()
	}
}

func (t *task) alive() bool { return !isTerminal(t.proto.GetState()) }

// shutdownExecutor asks an executor to end its tasks, and ends it itself after
// the grace period.
func (a *Agent) shutdownExecutor(frameworkID, executorID string) {
	a.mu.Lock()
	f := a.frameworkLocked(frameworkID)
	if f == nil || f.executor(executorID) == nil {
		a.mu.Unlock()
		a.warnf("Ignoring shutdown executor %s of framework %s: unknown", executorID, frameworkID)
		return
	}
	stop := a.shutdownLocked(f.executor(executorID))
	a.mu.Unlock()
	stop()
}

// shutdownLocked gives what tells the body, to be called without the lock.
func (a *Agent) shutdownLocked(ex *executor) func() {
	if ex.state >= terminating {
		return func() {}
	}
	was := ex.state
	ex.state = terminating
	b := ex.body
	if was == registering || b == nil {
		ex.cancel()
		return func() {}
	}
	destroy := ex.cancel
	time.AfterFunc(a.shutdownGrace(ex), destroy) // harmless when the executor has ended by then
	return b.shutdown
}

// shutdownFramework ends all executors of a framework that was removed. Nobody
// waits for updates of its tasks.
func (a *Agent) shutdownFramework(id string) {
	a.mu.Lock()
	f := a.frameworkLocked(id)
	if f == nil {
		a.mu.Unlock()
		return
	}
	a.infof("Shutting down framework %s", id)
	f.terminating = true
	if f.checkpoints() {
		a.noteLocked(journalEntry{Removed: id})
	}
	a.streams.forget(id)
	var stops []func()
	for _, ex := range slices.Clone(f.executors) {
		stops = append(stops, a.shutdownLocked(ex))
		a.retireLocked(ex)
	}
	a.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}

func (a *Agent) deliverMessage(m *link.SchedulerMessage) {
	a.mu.Lock()
	var b body
	if f := a.frameworkLocked(m.FrameworkID); f != nil {
		if ex := f.executor(m.ExecutorID); ex != nil && ex.state == running {
			b = ex.body
		}
	}
	if b != nil {
		a.counters.validMessages++
	} else {
		a.counters.invalidMessages++
	}
	a.mu.Unlock()
	if b != nil {
		b.message(m.Data)
	}
}

func (a *Agent) updateFramework(m *link.UpdateFramework) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.frameworkLocked(m.Framework.GetId().GetValue()); f != nil {
		f.latest.Store(m.Framework)
		a.noteFrameworkLocked(f)
		a.resendLocked(f.id())
	}
}

// reconcile tells the master of tasks that it believes to be here and are not.
func (a *Agent) reconcile(m *link.ReconcileTasks) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, lost := range m.Tasks {
		id := lost.Info.GetTaskId().GetValue()
		f := a.frameworkLocked(lost.FrameworkID)
		if f != nil {
			if ex, _ := f.find(id); ex != nil {
				continue
			}
		} else {
			f = newFramework(&v1.FrameworkInfo{Id: &v1.FrameworkID{Value: proto.String(lost.FrameworkID)}})
		}
		executorID := lost.ExecutorID
		if executorID == "" {
			executorID = id
		}
		ex := &executor{framework: f, command: lost.ExecutorID == "", info: &v1.ExecutorInfo{ExecutorId: &v1.ExecutorID{Value: proto.String(executorID)}}}
		a.updateLocked(ex, newTask(f, ex, lost.Info), fromAgent(f.lostOrDropped(), v1.TaskStatus_REASON_RECONCILIATION, "Reconciliation: task unknown to the agent"))
	}
}

// startDrain kills every task and refuses new ones, until there is none left
// (slave/slave.cpp: drain).
func (a *Agent) startDrain(m *link.Drain) {
	a.mu.Lock()
	a.drain, a.drainStart = m.Config, time.Now()
	a.noteLocked(journalEntry{Drain: &drainEntry{Config: rawMessage(m.Config), Start: a.drainStart.Unix()}})
	a.drainedLocked()
	var kills []*link.Kill
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			for _, t := range ex.tasks {
				kills = append(kills, &link.Kill{FrameworkID: f.id(), TaskID: t.id(), Policy: drainPolicy(m.Config, t.info)})
			}
			for _, q := range ex.queued {
				kills = append(kills, &link.Kill{FrameworkID: f.id(), TaskID: q.GetTaskId().GetValue()})
			}
		}
	}
	a.mu.Unlock()
	for _, k := range kills {
		a.kill(k)
	}
}

// drainedLocked ends the drain once nothing is left: whether the agent gets tasks
// again is the master's affair.
func (a *Agent) drainedLocked() {
	if a.drain == nil || len(a.frameworks) > 0 || len(a.operations.pending) > 0 {
		return
	}
	a.infof("Agent finished draining")
	a.drain = nil
	a.noteLocked(journalEntry{Drain: &drainEntry{}})
}

// drainPolicy is the task's own grace period, cut at the drain's longest.
func drainPolicy(c *v1.DrainConfig, t *v1.TaskInfo) *v1.KillPolicy {
	longest := c.GetMaxGracePeriod()
	if longest == nil {
		return nil
	}
	if own := t.GetKillPolicy().GetGracePeriod(); own != nil && own.GetNanoseconds() < longest.GetNanoseconds() {
		return nil
	}
	return &v1.KillPolicy{GracePeriod: longest}
}
