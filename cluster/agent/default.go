package agent

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	v1 "mesosbook/mesos/v1"
)

// defaultBody plays Mesos' default executor (launcher/default_executor.cpp): the
// tasks of a group run in containers nested in the executor's; when one of them
// does not end as FINISHED, the others of its group are killed; the executor ends
// with its last task.
type defaultBody struct {
	agent *Agent
	ex    *executor
	user  *supervisor.User
	ctx   context.Context // the executor's, set by work before anything is launched

	mu       sync.Mutex // guards what follows
	members  map[string]*member
	stopping bool
	shutDown bool          // groups that are being launched are not carried on
	idle     chan struct{} // closed when the last task has ended

	aborted   atomic.Bool
	unhealthy atomic.Bool // a task was killed by its health check: all that end later are told to be
}

// member is a task of a group with its siblings.
type member struct {
	orders orders
	group  *taskGroup
}

// taskGroup are tasks that begin to run together, and fail together.
type taskGroup struct {
	ids, containers []string
	starting        sync.WaitGroup // those that are neither started nor failed
	launched        bool           // all are started or have failed: the executor begins to look after them
	killed          bool           // one has failed
}

func newDefaultBody(a *Agent, ex *executor, u *supervisor.User) *defaultBody {
	return &defaultBody{agent: a, ex: ex, user: u, members: map[string]*member{}, idle: make(chan struct{})}
}

func (b *defaultBody) work(ctx context.Context) {
	b.ctx = ctx
	b.agent.comeUp(ctx)
	b.logf(205, "Received SUBSCRIBED event")
	b.logf(209, "Subscribed executor on %s", b.agent.opts.Info.GetHostname())
	b.agent.ready(b.ex, b)
	select {
	case <-b.idle: // with the acknowledgement of the last update, which takes no time here
	case <-ctx.Done():
		<-b.idleOrEmpty()
	}
	status := b.waitStatus()
	pause(ctx, reapInterval) // the framework hears of its last task first
	b.agent.destroy(b.ex)
	b.agent.ended(b.ex, status, executorTerminated())
}

// waitStatus is how the executor would have ended if it were a process.
func (b *defaultBody) waitStatus() int {
	switch {
	case b.aborted.Load():
		return int(syscall.SIGABRT)
	case b.ctx.Err() != nil:
		return int(syscall.SIGKILL)
	}
	return 0
}

// reapInterval is how often libprocess looks whether a process has ended
// (reap.cpp: MIN_REAP_INTERVAL).
const reapInterval = 100 * time.Millisecond

// logf writes a line of the default executor's log; line is that of Mesos' source.
func (b *defaultBody) logf(line int, format string, args ...any) {
	logTo(b.ex.dir, "default_executor.cpp:"+strconv.Itoa(line), format, args...)
}

// idleOrEmpty is idle, or a closed channel if nothing was ever launched.
func (b *defaultBody) idleOrEmpty() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopping = true
	if len(b.members) > 0 {
		return b.idle
	}
	closed := make(chan struct{})
	close(closed)
	return closed
}

func (b *defaultBody) launch(info *v1.TaskInfo) { b.launchGroup([]*v1.TaskInfo{info}) }

// launchGroup tells that all tasks are about to start, and starts a goroutine for
// each; it ends with the task, or with the executor's context.
func (b *defaultBody) launchGroup(tasks []*v1.TaskInfo) {
	b.agent.linkTasks(b.ex, tasks...)
	b.logf(205, "Received LAUNCH_GROUP event")
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopping {
		return // the tasks end with the executor
	}
	b.logf(439, "Setting 'MESOS_CONTAINER_IP' to: %s", b.agent.opts.IP)
	group := &taskGroup{}
	group.starting.Add(len(tasks))
	var runs []*taskRun
	for _, info := range tasks {
		id := info.GetTaskId().GetValue()
		m := &member{orders: newOrders(), group: group}
		r := b.newRun(info, m)
		group.ids = append(group.ids, id)
		group.containers = append(group.containers, containerText(r.nested))
		b.members[id] = m
		runs = append(runs, r)
	}
	for _, r := range runs {
		if r.task != nil {
			r.send(r.status(v1.TaskState_TASK_STARTING))
		}
	}
	for _, r := range runs {
		b.agent.tasks.Go(func() { b.runMember(r, group) })
	}
	b.agent.tasks.Go(func() { // ends when all are started or have failed
		group.starting.Wait()
		b.logf(690, "Finished launching tasks %s in child containers %s", list(group.ids), list(group.containers))
	})
}

// newRun prepares a task of a group, to run in a container of its own.
func (b *defaultBody) newRun(info *v1.TaskInfo, m *member) *taskRun {
	id := uuid.NewString()
	nested := &v1.ContainerID{Value: proto.String(id), Parent: &v1.ContainerID{Value: proto.String(b.ex.container)}}
	started := sync.OnceFunc(m.group.starting.Done)
	return &taskRun{agent: b.agent, ex: b.ex, info: info, task: b.agent.taskOf(b.ex, info), user: b.user, orders: m.orders, group: b,
		dir: filepath.Join(b.ex.dir, "containers", id), nested: nested, started: started,
		log:      taskLog{dir: b.ex.dir, task: info.GetTaskId().GetValue(), container: containerText(nested)},
		siblings: func() bool { started(); return b.launched(m.group) }}
}

// launched waits until all tasks of a group are started or have failed, and says
// whether the executor goes on with them.
func (b *defaultBody) launched(group *taskGroup) bool {
	group.starting.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	group.launched = group.launched || !b.shutDown
	return group.launched
}

func (b *defaultBody) runMember(r *taskRun, group *taskGroup) {
	state, ok := b.runNested(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.members, r.id())
	if r.aborted {
		b.aborted.Store(true)
		b.ex.cancel()
	}
	if ok && state != v1.TaskState_TASK_FINISHED {
		b.killGroupLocked(group)
	}
	if len(b.members) == 0 {
		b.stopping = true
		b.closeIdleLocked()
	}
}

func (b *defaultBody) closeIdleLocked() {
	select {
	case <-b.idle:
	default:
		close(b.idle)
	}
}

// killGroupLocked kills what is left of a group of which a task has failed, once,
// and without regard to the kill policies of the others.
func (b *defaultBody) killGroupLocked(group *taskGroup) {
	if b.stopping || group.killed {
		return
	}
	group.killed = true
	b.logf(1003, "Killing task group containing tasks %s", list(group.ids))
	for _, id := range group.ids {
		if sibling, ok := b.members[id]; ok {
			sibling.orders.kill(b.standardKill())
		}
	}
}

// standardKill is the policy of kills that the executor itself orders.
func (b *defaultBody) standardKill() *v1.KillPolicy {
	return &v1.KillPolicy{GracePeriod: &v1.DurationInfo{Nanoseconds: proto.Int64(int64(b.agent.opts.KillGrace))}}
}

// runNested runs one task.
func (b *defaultBody) runNested(r *taskRun) (v1.TaskState, bool) {
	defer r.started()
	if r.task == nil {
		return 0, false
	}
	if err := b.prepareNested(r); err != nil {
		if b.ctx.Err() != nil {
			return 0, false // the agent has ended the executor
		}
		return r.failToLaunch(err), true
	}
	return r.run(b.ctx)
}

func (b *defaultBody) prepareNested(r *taskRun) error {
	info, id := r.info, r.nested.GetValue()
	if err := refuseNested(info.GetContainer(), info.GetCommand()); err != nil {
		return err
	}
	if name := info.GetCommand().GetUser(); name != "" && name != b.ex.user {
		u, err := b.agent.lookupUser(name)
		if err != nil {
			return err
		}
		r.user = u
	}
	if err := makeNested(r.dir, r.user); err != nil {
		return err
	}
	if err := b.agent.linkVolumes(r.dir, b.ex.info.Resources); err != nil {
		return err
	}
	b.agent.nest(b.ex, info.GetTaskId().GetValue(), id)
	// Of the executor's own environment a task in a group has nothing.
	env := map[string]string{"PATH": defaultPath, "MESOS_SANDBOX": r.dir, "MESOS_CONTAINER_IP": b.agent.opts.IP}
	r.env = taskEnvironment(env, info.Resources, info.Command)
	if uris := info.GetCommand().GetUris(); len(uris) > 0 {
		nested := &executor{framework: b.ex.framework, info: b.ex.info, container: id, dir: r.dir, user: b.ex.user}
		return b.agent.fetch(b.ctx, nested, uris, r.user)
	}
	return nil
}

// makeNested creates a nested sandbox.
func makeNested(dir string, u *supervisor.User) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"stdout", "stderr"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			return err
		}
		if err := chown(filepath.Join(dir, name), u); err != nil {
			return err
		}
	}
	return chown(dir, u)
}

// nest attaches a task's nested sandbox to the executor's, also as "tasks/ID".
func (a *Agent) nest(ex *executor, taskID, container string) {
	tasks := filepath.Join(ex.dir, "tasks")
	_ = os.MkdirAll(tasks, 0o755)
	_ = os.Symlink(filepath.Join(ex.dir, "containers", container), filepath.Join(tasks, taskID)) // a convenience for those who look at the disk
	a.mu.Lock()
	defer a.mu.Unlock()
	nested := maps.Clone(ex.nested)
	if nested == nil {
		nested = map[string]string{}
	}
	nested[taskID] = container
	ex.nested = nested
}

func (b *defaultBody) kill(taskID string, policy *v1.KillPolicy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch m, ok := b.members[taskID]; {
	case !ok:
	case !m.group.launched:
		b.logf(205, "Received KILL event")
		b.logf(1285, "Received kill for task '%s'", taskID) // and no more comes of it
	default:
		b.logf(205, "Received KILL event")
		m.orders.kill(policy)
	}
}

func (b *defaultBody) shutdown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.logf(205, "Received SHUTDOWN event")
	b.logf(1048, "Shutting down")
	b.shutDown = true
	if len(b.members) == 0 {
		b.stopping = true
		b.closeIdleLocked()
	}
	for _, m := range b.members {
		if m.group.launched {
			m.orders.kill(b.standardKill())
		}
	}
}

func (b *defaultBody) message([]byte) {} // the default executor ignores messages
