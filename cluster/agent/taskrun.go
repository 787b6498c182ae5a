package agent

import (
	"context"
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
	log       taskLog
	env       map[string]string
	nested    *v1.ContainerID // of a task in a group
	orders    orders
	p         process
	board     *switchboard // of a task with a terminal
	container *container   // of a task in a group

	// Of a task in a group: siblings waits until the others are started too, and is
	// false where the executor was told to shut down meanwhile.
	siblings func() bool
	started  func() // lets the others go on
	group    *defaultBody

	killed    bool
	unhealthy bool // killed by the health check
	timedOut  bool // killed by max_completion_time
	aborted   bool // the executor has aborted
	killStart time.Time
	killEnd   time.Time // when SIGKILL comes
	escalate  *time.Timer
	last      *v1.TaskStatus
}

func (r *taskRun) id() string { return r.info.GetTaskId().GetValue() }

// run starts the task and stays until its process has ended and the terminal
// update is sent. It gives the terminal state, or false when ctx ended first.
func (r *taskRun) run(ctx context.Context) (v1.TaskState, bool) {
	if r.nested != nil {
		return r.runInGroup(ctx)
	}
	if err := r.start(); err != nil {
		s := r.status(v1.TaskState_TASK_FAILED)
		s.Message = proto.String("Failed to fork command: " + err.Error())
		r.send(s)
		return v1.TaskState_TASK_FAILED, true
	}
	r.send(r.status(v1.TaskState_TASK_STARTING))
	return r.runStarted(ctx)
}

// runInGroup runs a task of a group, whose TASK_STARTING was sent with the others'.
func (r *taskRun) runInGroup(ctx context.Context) (v1.TaskState, bool) {
	if err := r.start(); err != nil {
		return r.failToLaunch(err), true
	}
	if !r.siblings() { // the executor does no more; the agent ends it
		<-ctx.Done()
		return 0, r.destroyed()
	}
	return r.runStarted(ctx)
}

// failToLaunch tells that the agent has refused the container of a task in a group.
func (r *taskRun) failToLaunch(err error) v1.TaskState {
	s := r.status(v1.TaskState_TASK_FAILED)
	s.Message = proto.String(err.Error())
	r.log.refused(err)
	r.send(s)
	return v1.TaskState_TASK_FAILED
}

func (r *taskRun) runStarted(ctx context.Context) (v1.TaskState, bool) {
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
	s := start{command: r.info.Command, env: r.env, user: r.user, limits: limitsOf(r.info.Container), dir: r.dir, board: board}
	if r.nested == nil && board == nil {
		s.note = glog.Prefix('I', "executor.cpp:740") + "Forked command at %d\n"
	}
	if r.p, err = a.spawn(r.ex, s); err != nil {
		return err
	}
	if r.nested == nil && board != nil { // the supervisor's note would go to the terminal
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
	longest := time.Duration(r.info.GetMaxCompletionTime().GetNanoseconds())
	var completion <-chan time.Time // nil for none
	if longest > 0 {
		r.log.completionTime(longest)
		t := time.NewTimer(longest)
		defer t.Stop()
		completion = t.C
	}
	checks := startChecks(ctx, prober{agent: r.agent, ex: r.ex, info: r.info, user: r.user, dir: r.dir, env: r.env, log: r.log})
	defer checks.stop()
	for {
		select {
		case <-r.p.Done():
			return true
		case policy := <-r.orders.kills:
			r.orderedToKill(policy)
		case <-r.orders.stop:
			r.log.say("executor.cpp:190", "Received SHUTDOWN event", "", "")
			r.log.say("executor.cpp:843", "Shutting down", "", "")
			r.kill(max(0, r.agent.shutdownGrace(r.ex)-2*time.Second), true)
		case <-r.escalate.C:
			r.log.escalating(r.p.ID(), r.killEnd.Sub(r.killStart))
			_ = r.p.Signal(syscall.SIGKILL)
		case <-completion:
			r.log.tookTooLong(longest)
			r.timedOut = true
			r.kill(0, false)
		case h := <-checks.health:
			r.health(h)
		case c := <-checks.check:
			r.check(c)
		case <-checks.abort:
			r.aborted = true
			return r.destroyed()
		case <-ctx.Done():
			return r.destroyed()
		}
		if r.killed {
			checks.pause()
			completion = nil
		}
	}
}

// destroyed ends the process where there is no executor any more to tell of it.
func (r *taskRun) destroyed() (ended bool) {
	_ = r.p.Signal(syscall.SIGKILL)
	<-r.p.Done()
	return false
}

// orderedToKill carries out a KILL event, or an order of the default executor.
func (r *taskRun) orderedToKill(policy *v1.KillPolicy) {
	r.log.say("executor.cpp:190", "Received KILL event", "", "")
	if r.killed && r.log.inGroup() {
		return // the default executor does not shorten a kill
	}
	grace := r.grace(policy)
	r.log.orderedToKill(grace)
	r.kill(grace, true)
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
	if announce && r.ex.framework.can(v1.FrameworkInfo_Capability_TASK_KILLING_STATE) {
		r.send(r.status(v1.TaskState_TASK_KILLING))
	}
	r.killStart = time.Now()
	r.killEnd = r.killStart.Add(grace)
	r.log.killing(r.p.ID(), grace)
	if r.log.inGroup() { // the agent signals a container's first process alone
		_ = r.p.SignalAlone(syscall.SIGTERM)
	} else {
		_ = r.p.Signal(syscall.SIGTERM)
	}
	r.escalate.Reset(max(grace, settleTime))
}

// settleTime is between SIGTERM and SIGKILL also without a grace period: Mesos
// searches the process table once more in between, and most tasks end by SIGTERM.
const settleTime = 50 * time.Millisecond

// finish sends the terminal update and gives its state.
func (r *taskRun) finish() v1.TaskState {
	ws, known := r.p.Status()
	s := r.status(r.endState(ws, known))
	if r.timedOut {
		s.Reason = v1.TaskStatus_REASON_MAX_COMPLETION_TIME_REACHED.Enum()
	}
	if r.killed && r.unhealthy || r.nested != nil && r.group.unhealthy.Load() {
		s.Healthy = proto.Bool(false)
	}
	text := "Failed to get exit status for Command"
	if known {
		text = "Command " + statusText(ws)
	}
	s.Message = proto.String(text)
	r.log.ended(text, r.p.ID(), s.GetState())
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
	r.log.health(h.healthy)
	r.send(s)
	if h.kill {
		r.unhealthy = true
		if r.nested != nil {
			r.group.unhealthy.Store(true)
		}
		r.log.orderedToKill(r.grace(nil))
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
	r.log.check(c)
	r.send(s)
}

// again is the former status with what the executor knew, to be sent anew.
func (r *taskRun) again(reason v1.TaskStatus_Reason) *v1.TaskStatus {
	s := &v1.TaskStatus{State: v1.TaskState_TASK_RUNNING.Enum(), Source: v1.TaskStatus_SOURCE_EXECUTOR.Enum(),
		Reason: reason.Enum(), Healthy: r.last.Healthy, CheckStatus: r.last.CheckStatus}
	r.contain(s)
	return s
}
