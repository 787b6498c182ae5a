package agent

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	v1 "mesosbook/mesos/v1"
)

// commandBody plays Mesos' command executor for one task
// (launcher/executor.cpp). Its run method owns all state; requests come on
// channels.
type commandBody struct {
	agent *Agent
	ex    *executor
	user  *supervisor.User

	launches chan *v1.TaskInfo
	kills    chan *v1.KillPolicy
	stop     chan struct{} // shutdown: one slot
}

func newCommandBody(a *Agent, ex *executor, u *supervisor.User) *commandBody {
	return &commandBody{agent: a, ex: ex, user: u, launches: make(chan *v1.TaskInfo, 1),
		kills: make(chan *v1.KillPolicy, 8), stop: make(chan struct{}, 1)}
}

func (b *commandBody) launch(t *v1.TaskInfo) { b.launches <- t }

func (b *commandBody) launchGroup([]*v1.TaskInfo) {} // never sent to a command executor

// kill never blocks: of more requests than there are slots the later ones say
// nothing new.
func (b *commandBody) kill(_ string, policy *v1.KillPolicy) {
	select {
	case b.kills <- policy:
	default:
	}
}

func (b *commandBody) shutdown() {
	select {
	case b.stop <- struct{}{}:
	default:
	}
}

func (b *commandBody) acknowledged(string, []byte) {}

func (b *commandBody) message([]byte) {} // the command executor ignores messages

func (b *commandBody) work(ctx context.Context) {
	b.logf("exec.cpp:164", "Version: %s", Version)
	b.logf("exec.cpp:237", "Executor registered on agent %s", b.agent.ID())
	b.logf("executor.cpp:190", "Received SUBSCRIBED event")
	b.logf("executor.cpp:194", "Subscribed executor on %s", b.agent.opts.Info.GetHostname())
	b.agent.ready(b.ex, b)
	wait := -1
	select {
	case info := <-b.launches:
		wait = b.run(ctx, info)
	case <-ctx.Done():
	}
	b.agent.destroy(b.ex)
	b.agent.ended(b.ex, wait, executorTerminated())
}

// logf writes a line of the executor's log to the sandbox's stderr.
func (b *commandBody) logf(place, format string, args ...any) {
	b.toStderr(func(w io.Writer) { logLine(w, 'I', place, format, args...) })
}

func (b *commandBody) toStderr(write func(io.Writer)) {
	f, err := os.OpenFile(filepath.Join(b.ex.dir, "stderr"), os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return // the task has removed its own stderr
	}
	defer f.Close()
	write(f)
}

// destroy kills what is left of an executor's processes.
func (a *Agent) destroy(ex *executor) {
	a.mu.Lock()
	processes := ex.processes
	a.mu.Unlock()
	for _, p := range processes {
		_ = p.Signal(syscall.SIGKILL)
	}
}

// commandRun is the one task of a command executor while it runs.
type commandRun struct {
	*commandBody
	info *v1.TaskInfo
	task *task
	p    process

	killed    bool
	unhealthy bool // killed by the health check
	timedOut  bool // killed by max_completion_time
	killStart time.Time
	killEnd   time.Time // when SIGKILL comes
	escalate  *time.Timer
	last      *v1.TaskStatus
}

// run starts the task and stays until its process has ended, and a while longer,
// as the executor does. It gives the raw wait status.
func (b *commandBody) run(ctx context.Context, info *v1.TaskInfo) int {
	r := &commandRun{commandBody: b, info: info, task: b.agent.taskOf(b.ex, info)}
	if r.task == nil {
		return -1
	}
	b.logf("executor.cpp:190", "Received LAUNCH event")
	if info.GetCommand().GetShell() && info.GetCommand().Value == nil {
		r.send(r.status(v1.TaskState_TASK_STARTING)) // and then Mesos' executor aborts
		return -1
	}
	b.logf("executor.cpp:722", "Starting task %s", info.GetTaskId().GetValue())
	if err := r.start(); err != nil {
		s := r.status(v1.TaskState_TASK_FAILED)
		s.Message = proto.String("Failed to fork command: " + err.Error())
		r.send(s)
		return -1
	}
	r.send(r.status(v1.TaskState_TASK_STARTING))
	r.send(r.status(v1.TaskState_TASK_RUNNING))
	if !r.watch(ctx) {
		return -1
	}
	return r.finish(ctx)
}

// taskOf is the record of a delivered task.
func (a *Agent) taskOf(ex *executor, info *v1.TaskInfo) *task {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range ex.tasks {
		if t.id() == info.GetTaskId().GetValue() {
			return t
		}
	}
	return nil
}

func (r *commandRun) start() error {
	a := r.agent
	env := taskEnvironment(a.executorEnvironment(r.ex, a.ID()), r.info.Resources, r.info.Command)
	if err := a.linkVolumes(r.ex, r.info.Resources); err != nil {
		return err
	}
	p, err := a.spawn(r.ex, start{command: r.info.Command, env: env, user: r.user, limits: limitsOf(r.info.Container),
		dir: r.ex.dir, note: logPrefix('I') + " executor.cpp:740] Forked command at %d\n"})
	if err != nil {
		return err
	}
	r.p = p
	a.mu.Lock()
	r.ex.pid = p.ID()
	a.mu.Unlock()
	return nil
}

// status is one of the executor's own, with an empty check result where a check
// is defined.
func (r *commandRun) status(state v1.TaskState) *v1.TaskStatus {
	s := fromExecutor(state)
	if c := r.info.Check; c != nil {
		s.CheckStatus = emptyCheckStatus(c.GetType())
	}
	return s
}

func (r *commandRun) send(s *v1.TaskStatus) {
	r.last = s
	r.agent.update(r.ex, r.task, s)
}

// watch waits for the end of the process, and answers kills, the completion
// timeout and checks meanwhile. It is false when ctx ended first.
func (r *commandRun) watch(ctx context.Context) bool {
	r.escalate = time.NewTimer(time.Hour)
	r.escalate.Stop()
	defer r.escalate.Stop()
	completion := make(<-chan time.Time)
	if d := r.info.GetMaxCompletionTime(); d != nil {
		t := time.NewTimer(time.Duration(d.GetNanoseconds()))
		defer t.Stop()
		completion = t.C
	}
	checks := startChecks(ctx, r.agent, r.ex, r.info, r.user)
	defer checks.stop()
	for {
		select {
		case <-r.p.Done():
			return true
		case policy := <-r.kills:
			r.logf("executor.cpp:190", "Received KILL event")
			r.kill(r.grace(policy), true)
		case <-r.stop:
			r.logf("executor.cpp:190", "Received SHUTDOWN event")
			r.kill(max(0, r.agent.shutdownGrace(r.ex)-2*time.Second), true)
		case <-r.escalate.C:
			r.logf("executor.cpp:1113", "Process %d did not terminate after %s, sending SIGKILL to process tree at %d",
				r.p.ID(), durationText(r.killEnd.Sub(r.killStart)), r.p.ID())
			_ = r.p.Signal(syscall.SIGKILL)
		case <-completion:
			r.logf("executor.cpp:1105", "Killing task %s which exceeded its maximum completion time", r.info.GetTaskId().GetValue())
			r.timedOut = true
			r.kill(0, false)
		case h := <-checks.health:
			r.health(h)
		case c := <-checks.check:
			r.check(c)
		case <-ctx.Done():
			_ = r.p.Signal(syscall.SIGKILL)
			<-r.p.Done()
			return false
		}
		if r.killed {
			checks.pause()
		}
	}
}

// grace is how long the task has between SIGTERM and SIGKILL.
func (r *commandRun) grace(policy *v1.KillPolicy) time.Duration {
	for _, p := range []*v1.KillPolicy{policy, r.info.KillPolicy} {
		if g := p.GetGracePeriod(); g != nil {
			return max(0, time.Duration(g.GetNanoseconds()))
		}
	}
	return r.agent.opts.KillGrace
}

// kill asks the tree to end and sets when it is made to. A later call can only
// bring that forward.
func (r *commandRun) kill(grace time.Duration, announce bool) {
	if r.killed {
		if end := r.killStart.Add(grace); end.Before(r.killEnd) {
			r.killEnd = end
			r.escalate.Reset(max(0, time.Until(end)))
		}
		return
	}
	r.killed = true
	r.logf("executor.cpp:1049", "Received kill for task %s with grace period of %s", r.info.GetTaskId().GetValue(), durationText(grace))
	if announce && r.ex.framework.can(v1.FrameworkInfo_Capability_TASK_KILLING_STATE) {
		r.send(r.status(v1.TaskState_TASK_KILLING))
	}
	r.killStart = time.Now()
	r.killEnd = r.killStart.Add(grace)
	if grace == 0 {
		_ = r.p.Signal(syscall.SIGKILL)
		return
	}
	r.logf("executor.cpp:1080", "Sending SIGTERM to process tree at pid %d", r.p.ID())
	_ = r.p.Signal(syscall.SIGTERM)
	r.logf("executor.cpp:1093", "Scheduling escalation to SIGKILL in %s from now", durationText(grace))
	r.escalate.Reset(grace)
}

// finish sends the terminal update and lingers.
func (r *commandRun) finish(ctx context.Context) int {
	ws, known := r.p.Status()
	s := r.status(r.endState(ws, known))
	if r.timedOut {
		s.Reason = v1.TaskStatus_REASON_MAX_COMPLETION_TIME_REACHED.Enum()
	}
	if r.killed && r.unhealthy {
		s.Healthy = proto.Bool(false)
	}
	text := "Failed to get exit status for Command"
	if known {
		text = "Command " + statusText(ws)
	}
	s.Message = proto.String(text)
	r.logf("executor.cpp:1039", "%s (pid: %d)", text, r.p.ID())
	r.send(s)
	select {
	case <-time.After(r.agent.opts.Linger):
		r.logf("process.cpp:935", "Stopped the socket accept loop")
	case <-ctx.Done():
	}
	return 0
}

func (r *commandRun) endState(ws syscall.WaitStatus, known bool) v1.TaskState {
	switch {
	case !known || r.timedOut:
		return v1.TaskState_TASK_FAILED
	case r.killed:
		return v1.TaskState_TASK_KILLED
	case ws.Exited() && ws.ExitStatus() == 0:
		return v1.TaskState_TASK_FINISHED
	}
	return v1.TaskState_TASK_FAILED
}

// health tells the framework what a health check found, and kills the task when
// it failed too often.
func (r *commandRun) health(h healthResult) {
	if r.killed {
		return
	}
	s := r.again(v1.TaskStatus_REASON_TASK_HEALTH_CHECK_STATUS_UPDATED)
	s.Healthy = proto.Bool(h.healthy)
	r.logf("executor.cpp:365", "Received task health update, healthy: %t", h.healthy)
	r.send(s)
	if h.kill {
		r.unhealthy = true
		r.kill(r.grace(nil), true)
	}
}

// check tells the framework what a check found.
func (r *commandRun) check(c *v1.CheckStatusInfo) {
	if r.killed {
		return
	}
	s := r.again(v1.TaskStatus_REASON_TASK_CHECK_STATUS_UPDATED)
	s.CheckStatus = c
	r.logf("executor.cpp:330", "Received check update '%s'", fmt.Sprint(c))
	r.send(s)
}

// again is the former status with what the executor knew, to be sent anew.
func (r *commandRun) again(reason v1.TaskStatus_Reason) *v1.TaskStatus {
	return &v1.TaskStatus{State: v1.TaskState_TASK_RUNNING.Enum(), Source: v1.TaskStatus_SOURCE_EXECUTOR.Enum(),
		Reason: reason.Enum(), Healthy: r.last.Healthy, CheckStatus: r.last.CheckStatus}
}
