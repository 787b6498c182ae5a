package agent

import (
	"context"
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
	dir   string // the sandbox; empty where it was put off, and nothing is logged

	launches chan *v1.TaskInfo
	orders   orders
}

func newCommandBody(a *Agent, ex *executor, u *supervisor.User) *commandBody {
	b := &commandBody{agent: a, ex: ex, user: u, launches: make(chan *v1.TaskInfo, 1), orders: newOrders()}
	if ex.makeLate == nil {
		b.dir = ex.dir
	}
	return b
}

func (b *commandBody) launch(info *v1.TaskInfo) {
	select {
	case b.launches <- info:
	default:
		b.refuse(info)
	}
}

// refuse answers a second task: the master lets none through while the first one
// is there.
func (b *commandBody) refuse(info *v1.TaskInfo) {
	if t := b.agent.taskOf(b.ex, info); t != nil {
		s := fromExecutor(v1.TaskState_TASK_FAILED)
		s.Message = proto.String(`Attempted to run multiple tasks using a "command" executor`)
		b.agent.update(b.ex, t, s)
	}
}

func (b *commandBody) launchGroup([]*v1.TaskInfo) {} // never sent to a command executor

func (b *commandBody) kill(_ string, policy *v1.KillPolicy) { b.orders.kill(policy) }

func (b *commandBody) shutdown() { b.orders.shutdown() }

func (b *commandBody) message([]byte) {} // the command executor ignores messages

func (b *commandBody) work(ctx context.Context) {
	b.agent.comeUp(ctx)
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

func (b *commandBody) logf(place, format string, args ...any) {
	logTo(b.dir, place, format, args...)
}

// run runs the task and stays a while longer, as the executor does. It gives the
// raw wait status of the executor.
func (b *commandBody) run(ctx context.Context, info *v1.TaskInfo) int {
	t := b.agent.taskOf(b.ex, info)
	if t == nil {
		return -1
	}
	b.logf("executor.cpp:190", "Received LAUNCH event")
	env := taskEnvironment(b.agent.executorEnvironment(b.ex, b.agent.ID()), info.Resources, info.Command)
	r := &taskRun{agent: b.agent, ex: b.ex, info: info, task: t, user: b.user, dir: b.dir, env: env, orders: b.orders,
		log: taskLog{dir: b.dir, task: info.GetTaskId().GetValue()}}
	if info.GetCommand().Value == nil {
		r.send(r.status(v1.TaskState_TASK_STARTING)) // and then Mesos' executor aborts
		return -1
	}
	b.logf("executor.cpp:722", "Starting task %s", info.GetTaskId().GetValue())
	if _, ok := r.run(ctx); !ok {
		return -1
	}
	select {
	case <-time.After(b.agent.opts.Linger):
		b.logf("process.cpp:935", "Stopped the socket accept loop")
	case <-ctx.Done():
	}
	return 0
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
