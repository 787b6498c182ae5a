package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	"mesosbook/cluster/glog"
	v1 "mesosbook/mesos/v1"
)

// orders are what comes from outside to a running task. Giving one never blocks:
// of more than there are slots for, the later ones say nothing new.
type orders struct {
	kills chan *v1.KillPolicy
	stop  chan struct{}
}

func newOrders() orders {
	return orders{kills: make(chan *v1.KillPolicy, 8), stop: make(chan struct{}, 1)}
}

func (o orders) kill(p *v1.KillPolicy) {
	select {
	case o.kills <- p:
	default:
	}
}

func (o orders) shutdown() {
	select {
	case o.stop <- struct{}{}:
	default:
	}
}

// logTo writes a line of an executor's log to the stderr of a sandbox. The file
// belongs to the task by then: no link is followed, and nothing waits. Without a
// sandbox the line is dropped.
func logTo(dir, place, format string, args ...any) {
	if dir == "" {
		return // a simulated command
	}
	f, err := os.OpenFile(filepath.Join(dir, "stderr"), os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return // the task has removed its own stderr
	}
	defer f.Close()
	logLine(f, 'I', place, format, args...)
}

// taskRun is one command of a built-in executor, from its start to its terminal
// update (launcher/executor.cpp). Its run method owns all state.
type taskRun struct {
	agent     *Agent
	ex        *executor
	info      *v1.TaskInfo
	task      *task
	user      *supervisor.User
	dir       string // the task's sandbox
	env       map[string]string
	nested    *v1.ContainerID // of a task in a group
	orders    orders
	p         process
	board     *switchboard // of a task with a terminal
	container *container   // of a task in a group

	// siblings waits until the other tasks of a group are started too.
	siblings func()

	killed    bool
	unhealthy bool // killed by the health check
	timedOut  bool // killed by max_completion_time
	killStart time.Time
	killEnd   time.Time // when SIGKILL comes
	escalate  *time.Timer
	last      *v1.TaskStatus
}

// run starts the task and stays until its process has ended and the terminal
// update is sent. It gives the terminal state, or false when ctx ended first.
func (r *taskRun) run(ctx context.Context) (v1.TaskState, bool) {
	if err := r.start(); err != nil {
		s := r.status(v1.TaskState_TASK_FAILED)
		s.Message = proto.String("Failed to fork command: " + err.Error())
		r.send(s)
		return v1.TaskState_TASK_FAILED, true
	}
	r.send(r.status(v1.TaskState_TASK_STARTING))
	if r.siblings != nil {
		r.siblings()
	}
	r.send(r.status(v1.TaskState_TASK_RUNNING))
	ended := r.watch(ctx)
	r.endContainer()
	if !ended {
		return 0, false
	}
	return r.finish(), true
}

// endContainer ends what else there is in the task's container.
func (r *taskRun) endContainer() {
	switch {
	case r.container != nil:
		r.agent.endContainer(r.container)
	case r.board != nil:
		r.agent.drainBoard(r.board)
	}
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

func (r *taskRun) start() error {
	a := r.agent
	if err := a.linkVolumes(r.dir, r.info.Resources); err != nil {
		return err
	}
	board, err := a.ttyBoard(r.info.Container, r.user)
	if err != nil {
		return err
	}
	r.board = board
	r.p, err = a.spawn(r.ex, start{command: r.info.Command, env: r.env, user: r.user, limits: limitsOf(r.info.Container),
		dir: r.dir, board: board, note: glog.Prefix('I', "executor.cpp:740") + "Forked command at %d\n"})
	if err != nil {
		return err
	}
	if board != nil { // where there is none the supervisor writes the line
		logTo(r.dir, "executor.cpp:740", "Forked command at %d", r.p.ID())
	}
	if r.nested == nil {
		a.setMain(r.ex, r.p, r.env, board)
	} else {
		r.container = a.nestTask(r)
	}
	return nil
}

// status is one of the executor's own, with an empty check result where a check
// is defined.
func (r *taskRun) status(state v1.TaskState) *v1.TaskStatus {
	s := fromExecutor(state)
	r.contain(s)
	if c := r.info.Check; c != nil {
		s.CheckStatus = emptyCheckStatus(c.GetType())
	}
	return s
}

// contain names the nested container of a task in a group; the agent adds the rest.
func (r *taskRun) contain(s *v1.TaskStatus) {
	if r.nested == nil {
		return
	}
	s.ContainerStatus = &v1.ContainerStatus{ContainerId: r.nested}
	if r.p != nil && s.GetState() != v1.TaskState_TASK_STARTING { // Mesos' executor says so before the launch
		s.ContainerStatus.ExecutorPid = proto.Uint32(uint32(r.p.ID()))
	}
}

func (r *taskRun) send(s *v1.TaskStatus) {
	r.last = s
	r.agent.update(r.ex, r.task, s)
}

// watch waits for the end of the process, and answers kills, the completion
// timeout and checks meanwhile. It is false when ctx ended first.
func (r *taskRun) watch(ctx context.Context) bool {
	r.escalate = time.NewTimer(time.Hour)
	r.escalate.Stop()
	defer r.escalate.Stop()
	completion := make(<-chan time.Time)
	if d := r.info.GetMaxCompletionTime(); d != nil {
		t := time.NewTimer(time.Duration(d.GetNanoseconds()))
		defer t.Stop()
		completion = t.C
	}
	checks := startChecks(ctx, prober{agent: r.agent, ex: r.ex, info: r.info, user: r.user, dir: r.dir, env: r.env})
	defer checks.stop()
	for {
		select {
		case <-r.p.Done():
			return true
		case policy := <-r.orders.kills:
			logTo(r.dir, "executor.cpp:190", "Received KILL event")
			r.kill(r.grace(policy), true)
		case <-r.orders.stop:
			logTo(r.dir, "executor.cpp:190", "Received SHUTDOWN event")
			r.kill(max(0, r.agent.shutdownGrace(r.ex)-2*time.Second), true)
		case <-r.escalate.C:
			logTo(r.dir, "executor.cpp:1113", "Process %d did not terminate after %s, sending SIGKILL to process tree at %d",
				r.p.ID(), durationText(r.killEnd.Sub(r.killStart)), r.p.ID())
			_ = r.p.Signal(syscall.SIGKILL)
		case <-completion:
			logTo(r.dir, "executor.cpp:1105", "Killing task %s which exceeded its maximum completion time", r.info.GetTaskId().GetValue())
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
func (r *taskRun) grace(policy *v1.KillPolicy) time.Duration {
	for _, p := range []*v1.KillPolicy{policy, r.info.KillPolicy} {
		if g := p.GetGracePeriod(); g != nil {
			return max(0, time.Duration(g.GetNanoseconds()))
		}
	}
	return r.agent.opts.KillGrace
}

// kill asks the tree to end and sets when it is made to. A later call can only
// bring that forward.
func (r *taskRun) kill(grace time.Duration, announce bool) {
	if r.killed {
		if end := r.killStart.Add(grace); end.Before(r.killEnd) {
			r.killEnd = end
			r.escalate.Reset(max(0, time.Until(end)))
		}
		return
	}
	r.killed = true
	logTo(r.dir, "executor.cpp:1049", "Received kill for task %s with grace period of %s", r.info.GetTaskId().GetValue(), durationText(grace))
	if announce && r.ex.framework.can(v1.FrameworkInfo_Capability_TASK_KILLING_STATE) {
		r.send(r.status(v1.TaskState_TASK_KILLING))
	}
	r.killStart = time.Now()
	r.killEnd = r.killStart.Add(grace)
	if grace == 0 {
		_ = r.p.Signal(syscall.SIGKILL)
		return
	}
	logTo(r.dir, "executor.cpp:1080", "Sending SIGTERM to process tree at pid %d", r.p.ID())
	_ = r.p.Signal(syscall.SIGTERM)
	logTo(r.dir, "executor.cpp:1093", "Scheduling escalation to SIGKILL in %s from now", durationText(grace))
	r.escalate.Reset(grace)
}

// finish sends the terminal update and gives its state.
func (r *taskRun) finish() v1.TaskState {
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
	logTo(r.dir, "executor.cpp:1039", "%s (pid: %d)", text, r.p.ID())
	r.send(s)
	return s.GetState()
}

func (r *taskRun) endState(ws syscall.WaitStatus, known bool) v1.TaskState {
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
func (r *taskRun) health(h healthResult) {
	if r.killed {
		return
	}
	s := r.again(v1.TaskStatus_REASON_TASK_HEALTH_CHECK_STATUS_UPDATED)
	s.Healthy = proto.Bool(h.healthy)
	logTo(r.dir, "executor.cpp:365", "Received task health update, healthy: %t", h.healthy)
	r.send(s)
	if h.kill {
		r.unhealthy = true
		r.kill(r.grace(nil), true)
	}
}

// check tells the framework what a check found.
func (r *taskRun) check(c *v1.CheckStatusInfo) {
	if r.killed {
		return
	}
	s := r.again(v1.TaskStatus_REASON_TASK_CHECK_STATUS_UPDATED)
	s.CheckStatus = c
	logTo(r.dir, "executor.cpp:330", "Received check update '%s'", fmt.Sprint(c))
	r.send(s)
}

// again is the former status with what the executor knew, to be sent anew.
func (r *taskRun) again(reason v1.TaskStatus_Reason) *v1.TaskStatus {
	s := &v1.TaskStatus{State: v1.TaskState_TASK_RUNNING.Enum(), Source: v1.TaskStatus_SOURCE_EXECUTOR.Enum(),
		Reason: reason.Enum(), Healthy: r.last.Healthy, CheckStatus: r.last.CheckStatus}
	r.contain(s)
	return s
}
