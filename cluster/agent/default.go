package agent

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"sync"
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
	idle     chan struct{} // closed when the last task has ended
}

// member is a task of a group with its siblings.
type member struct {
	orders orders
	group  *taskGroup
}

// taskGroup are tasks that begin to run together, and fail together.
type taskGroup struct {
	ids      []string
	starting sync.WaitGroup // those that are neither started nor failed
}

func newDefaultBody(a *Agent, ex *executor, u *supervisor.User) *defaultBody {
	return &defaultBody{agent: a, ex: ex, user: u, members: map[string]*member{}, idle: make(chan struct{})}
}

func (b *defaultBody) work(ctx context.Context) {
	b.ctx = ctx
	logTo(b.ex.dir, "default_executor.cpp:203", "Received SUBSCRIBED event")
	logTo(b.ex.dir, "default_executor.cpp:207", "Subscribed executor on %s", b.agent.opts.Info.GetHostname())
	b.agent.ready(b.ex, b)
	select {
	case <-b.idle:
		logTo(b.ex.dir, "default_executor.cpp:1150", "Terminating after %s", durationText(b.agent.opts.Linger))
		select {
		case <-time.After(b.agent.opts.Linger):
		case <-ctx.Done():
		}
	case <-ctx.Done():
		<-b.idleOrEmpty()
	}
	b.agent.destroy(b.ex)
	b.agent.ended(b.ex, 0, executorTerminated())
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

// launchGroup starts a goroutine for each task; it ends with the task, or with the
// executor's context.
func (b *defaultBody) launchGroup(tasks []*v1.TaskInfo) {
	group := &taskGroup{}
	for _, t := range tasks {
		group.ids = append(group.ids, t.GetTaskId().GetValue())
	}
	group.starting.Add(len(tasks))
	logTo(b.ex.dir, "default_executor.cpp:203", "Received LAUNCH_GROUP event")
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopping {
		return // the tasks end with the executor
	}
	for _, info := range tasks {
		m := &member{orders: newOrders(), group: group}
		b.members[info.GetTaskId().GetValue()] = m
		b.agent.tasks.Go(func() { b.runMember(info, m) })
	}
}

func (b *defaultBody) runMember(info *v1.TaskInfo, m *member) {
	id := info.GetTaskId().GetValue()
	state, ok := b.runNested(info, m)
	b.mu.Lock()
	delete(b.members, id)
	if ok && state != v1.TaskState_TASK_FINISHED {
		b.killGroupLocked(id, m.group.ids)
	}
	if len(b.members) == 0 {
		b.stopping = true
		b.closeIdleLocked()
	}
	b.mu.Unlock()
}

func (b *defaultBody) closeIdleLocked() {
	select {
	case <-b.idle:
	default:
		close(b.idle)
	}
}

// killGroupLocked kills what is left of a failed task's group.
func (b *defaultBody) killGroupLocked(failed string, group []string) {
	for _, id := range group {
		if sibling, ok := b.members[id]; ok {
			logTo(b.ex.dir, "default_executor.cpp:900", "Killing child container of task '%s': task '%s' of its group has failed", id, failed)
			sibling.orders.kill(nil)
		}
	}
}

// runNested runs one task in a container of its own.
func (b *defaultBody) runNested(info *v1.TaskInfo, m *member) (v1.TaskState, bool) {
	started := sync.OnceFunc(m.group.starting.Done)
	defer started()
	t := b.agent.taskOf(b.ex, info)
	if t == nil {
		return 0, false
	}
	id := uuid.NewString()
	r := &taskRun{agent: b.agent, ex: b.ex, info: info, task: t, user: b.user, orders: m.orders,
		dir:      filepath.Join(b.ex.dir, "containers", id),
		siblings: func() { started(); m.group.starting.Wait() },
		nested:   &v1.ContainerID{Value: proto.String(id), Parent: &v1.ContainerID{Value: proto.String(b.ex.container)}}}
	if err := b.prepareNested(info, r, id); err != nil {
		s := r.status(v1.TaskState_TASK_FAILED)
		s.Reason = v1.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED.Enum()
		s.Message = proto.String("Failed to launch container: " + err.Error())
		r.send(s)
		return v1.TaskState_TASK_FAILED, true
	}
	return r.run(b.ctx)
}

func (b *defaultBody) prepareNested(info *v1.TaskInfo, r *taskRun, id string) error {
	if err := refuseContainer(info.GetContainer()); err != nil {
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
	env := b.agent.executorEnvironment(b.ex, b.agent.ID())
	env["MESOS_SANDBOX"] = r.dir
	env["MESOS_CONTAINER_IP"] = b.agent.opts.IP
	overlay(env, b.ex.info.GetCommand())
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
	if m, ok := b.members[taskID]; ok {
		logTo(b.ex.dir, "default_executor.cpp:203", "Received KILL event")
		m.orders.kill(policy)
	}
}

func (b *defaultBody) shutdown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	logTo(b.ex.dir, "default_executor.cpp:203", "Received SHUTDOWN event")
	if len(b.members) == 0 {
		b.stopping = true
		b.closeIdleLocked()
	}
	for _, m := range b.members {
		m.orders.kill(nil)
	}
}

func (b *defaultBody) message([]byte) {} // the default executor ignores messages
