package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
)

// run takes in a task, or a group of tasks, for a new executor or one that runs.
func (a *Agent) run(m *link.Run) {
	a.mu.Lock()
	f := a.adoptLocked(m.Framework)
	if f.terminating || len(m.Tasks) == 0 {
		a.mu.Unlock()
		return
	}
	ex := f.executor(executorID(m))
	if no := a.refusalLocked(ex, m); no != nil {
		a.refuseLocked(f, m, no)
		a.mu.Unlock()
		return
	}
	fresh := ex == nil
	if fresh {
		ex = a.newExecutorLocked(f, m)
	}
	a.noteTasksLocked(ex, m.Tasks)
	ex.queued = append(ex.queued, m.Tasks...)
	if m.Group {
		ex.groups = append(ex.groups, m.Tasks)
	}
	var deliver func()
	if !fresh && ex.body != nil {
		deliver = a.deliverLocked(ex)
	}
	a.mu.Unlock()
	if deliver != nil {
		deliver()
	}
}

func executorID(m *link.Run) string {
	if m.Executor != nil {
		return m.Executor.GetExecutorId().GetValue()
	}
	return m.Tasks[0].GetTaskId().GetValue()
}

// adoptLocked finds the framework, takes it back from the completed ones, or
// makes it.
func (a *Agent) adoptLocked(info *v1.FrameworkInfo) *framework {
	id := info.GetId().GetValue()
	if f := a.frameworkLocked(id); f != nil {
		return f
	}
	f := &framework{}
	if i := slices.IndexFunc(a.completed, func(done *framework) bool { return done.id() == id }); i >= 0 {
		f = a.completed[i] // the same one: its former executors point to it
		a.completed = slices.Delete(slices.Clone(a.completed), i, i+1)
	}
	f.latest.Store(info)
	f.terminating = false
	a.frameworks = append(a.frameworks, f)
	a.noteFrameworkLocked(f)
	return f
}

// runRefusal is why tasks never reach an executor.
type runRefusal struct {
	reason    v1.TaskStatus_Reason
	text      string
	anonymous bool // the updates do not name the executor
}

// refusalLocked looks for a reason not to run tasks, in the order of slave/slave.cpp
// (run, __run); nil for none. ex is the executor that they would run on, if there is
// one already.
func (a *Agent) refusalLocked(ex *executor, m *link.Run) *runRefusal {
	if text := unenforceableLimit(m.Tasks); text != "" { // the reason is Mesos' own
		return &runRefusal{v1.TaskStatus_REASON_GC_ERROR, text, true}
	}
	switch {
	case a.drain != nil:
		return &runRefusal{v1.TaskStatus_REASON_AGENT_DRAINING, "Task was received while agent was already draining", false}
	case ex == nil:
		return nil
	case m.Executor == nil: // it stays a while after its task
		return &runRefusal{v1.TaskStatus_REASON_TASK_INVALID, "Cannot reuse an already existing executor for a command task", false}
	case ex.state == terminating:
		return &runRefusal{v1.TaskStatus_REASON_EXECUTOR_TERMINATED, "Executor terminating", true}
	case ex.state == terminated: // which the master knows; updates of its tasks are still to be acknowledged
		return &runRefusal{v1.TaskStatus_REASON_EXECUTOR_TERMINATED, "Master wants to launch executor, but one already exists", false}
	}
	return nil
}

// unenforceableLimit refuses resource limits where no cgroups hold a task to them.
func unenforceableLimit(tasks []*v1.TaskInfo) string {
	for _, t := range tasks {
		if t.GetContainer() != nil && t.GetContainer().GetType() == v1.ContainerInfo_DOCKER {
			continue
		}
		if t.Limits["cpus"] != nil {
			return "CPU limits can only be set on tasks launched in Mesos containers when the agent has loaded the 'cgroups/cpu' isolator"
		}
		if t.Limits["mem"] != nil {
			return "Memory limits can only be set on tasks launched in Mesos containers when the agent has loaded the 'cgroups/mem' isolator"
		}
	}
	return ""
}

// refuseLocked answers tasks that never reach an executor.
func (a *Agent) refuseLocked(f *framework, m *link.Run, no *runRefusal) {
	info := m.Executor
	switch {
	case no.anonymous:
		info = &v1.ExecutorInfo{}
	case info == nil:
		info = &v1.ExecutorInfo{ExecutorId: &v1.ExecutorID{Value: proto.String(executorID(m))}}
	}
	ex := &executor{framework: f, info: info, command: m.Executor == nil}
	for _, task := range m.Tasks {
		a.updateLocked(ex, newTask(f, ex, task), fromAgent(f.lostOrDropped(), no.reason, no.text))
	}
	if len(f.executors) == 0 {
		a.retireFrameworkLocked(f)
	}
}

// newExecutorLocked makes an executor and starts the goroutine that launches it:
// it ends with the executor or with Close.
func (a *Agent) newExecutorLocked(f *framework, m *link.Run) *executor {
	info := m.Executor
	if info == nil {
		info = commandExecutorInfo(f, m.Tasks[0])
	}
	ex := &executor{framework: f, info: info, command: m.Executor == nil, container: uuid.NewString(), token: a.newToken()}
	ex.user = f.info().GetUser()
	if u := info.GetCommand().GetUser(); u != "" {
		ex.user = u
	} else if u := m.Tasks[0].GetCommand().GetUser(); ex.command && u != "" {
		ex.user = u
	}
	ex.dir = a.sandboxDir(a.id, f.id(), ex.id(), ex.container)
	ctx, cancel := context.WithCancel(a.ctx)
	over := make(chan struct{})
	ex.cancel, ex.done, ex.wait = cancel, over, -1
	a.infof("Launching executor '%s' of framework %s with container '%s' in %s", ex.id(), f.id(), ex.container, ex.dir)
	f.add(ex)
	a.noteExecutorLocked(ex)
	first := m.Tasks[0]
	a.tasks.Go(func() {
		defer close(over)
		defer cancel()
		a.launch(ctx, ex, first)
		a.touchSandbox(ex.dir)
	})
	return ex
}

// Overhead that the agent adds for a command executor (slave/constants.hpp).
const (
	commandExecutorCPUs  = 0.1
	commandExecutorMemMB = 32
	executorPath         = "/usr/libexec/mesos/mesos-executor"

	// reapTime is what an executor needs beyond its task's grace period
	// (slave/slave.cpp: getExecutorInfo).
	reapTime = 2 * time.Second
)

// commandExecutorInfo is the executor that Mesos makes up for a command task.
func commandExecutorInfo(f *framework, task *v1.TaskInfo) *v1.ExecutorInfo {
	info := &v1.ExecutorInfo{
		ExecutorId:  &v1.ExecutorID{Value: proto.String(task.GetTaskId().GetValue())},
		FrameworkId: f.info().Id,
		Command: &v1.CommandInfo{Shell: proto.Bool(false), Value: proto.String(executorPath),
			Arguments: []string{"mesos-executor", "--launcher_dir=/usr/libexec/mesos"},
			Uris:      task.GetCommand().GetUris(), Environment: task.GetCommand().GetEnvironment(), User: task.GetCommand().User},
		Name:   proto.String(commandExecutorName(task)),
		Source: proto.String(task.GetTaskId().GetValue()),
		Labels: task.Labels, Container: task.Container, Discovery: task.Discovery,
	}
	if grace := task.GetKillPolicy().GetGracePeriod(); grace != nil {
		info.ShutdownGracePeriod = &v1.DurationInfo{Nanoseconds: proto.Int64(grace.GetNanoseconds() + int64(reapTime))}
	}
	var allocation *v1.Resource_AllocationInfo
	if len(task.Resources) > 0 {
		allocation = task.Resources[0].AllocationInfo
	}
	for _, r := range []struct {
		name  string
		value float64
	}{{"cpus", commandExecutorCPUs}, {"mem", commandExecutorMemMB}} {
		info.Resources = append(info.Resources, &v1.Resource{Name: proto.String(r.name), Type: v1.Value_SCALAR.Enum(),
			Scalar: &v1.Value_Scalar{Value: proto.Float64(r.value)}, AllocationInfo: allocation})
	}
	return info
}

// commandExecutorName tells the command in short (slave/slave.cpp).
func commandExecutorName(task *v1.TaskInfo) string {
	id := "Command Executor (Task: " + task.GetTaskId().GetValue() + ") "
	c := task.GetCommand()
	switch {
	case c.GetShell() && c.Value == nil:
		return id + "(Command: NO COMMAND)"
	case c.GetShell():
		return id + "(Command: sh -c '" + inShort(c.GetValue()) + "')"
	case c.Value == nil:
		return id + "(Command: NO EXECUTABLE)"
	}
	return id + "(Command: [" + inShort(c.GetValue()+", "+strings.Join(c.GetArguments(), ", ")) + "])"
}

func inShort(command string) string {
	if len(command) > 15 {
		return command[:12] + "..."
	}
	return command
}

// noSandboxError is an executor without a directory: its tasks never reach it.
type noSandboxError struct{ error }

// launch brings the container up and lets its body work until the executor ends.
func (a *Agent) launch(ctx context.Context, ex *executor, first *v1.TaskInfo) {
	b, err := a.prepare(ctx, ex, first)
	if err != nil {
		a.launchFailed(ctx, ex, err)
		return
	}
	b.work(ctx)
}

// comeUp takes the time that Mesos' own executors need to register: until then a
// task is queued, and a kill that follows its launch at once ends it there.
func (a *Agent) comeUp(ctx context.Context) { pause(ctx, a.opts.Startup) }

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// worker is a body that was prepared: work returns when the executor has ended.
type worker interface{ work(context.Context) }

func (a *Agent) prepare(ctx context.Context, ex *executor, first *v1.TaskInfo) (worker, error) {
	command := ex.info.GetCommand()
	if ex.command {
		command = first.GetCommand()
	}
	u, err := a.lookupUser(ex.user)
	if err == nil {
		err = a.giveSandbox(ex, first, u)
	}
	if err != nil {
		return nil, noSandboxError{mesosErrorf("Failed to create executor directory '%s': %w", ex.dir, err)}
	}
	if err := refuseRoot(ex.info.GetContainer(), command); err != nil {
		return nil, err
	}
	if !ex.command { // a command task has its volumes when it starts
		if err := a.linkVolumes(ex.dir, slices.Concat(ex.info.Resources, first.Resources)); err != nil {
			return nil, err
		}
	}
	if len(command.GetUris()) > 0 {
		if err := a.fetch(ctx, ex, command.Uris, u); err != nil {
			return nil, err
		}
	}
	switch {
	case ex.command:
		return newCommandBody(a, ex, u), nil
	case ex.info.GetType() == v1.ExecutorInfo_DEFAULT:
		return newDefaultBody(a, ex, u), nil
	}
	return newRemoteBody(a, ex, u), nil
}

// launchFailed ends the tasks of an executor that did not come up.
func (a *Agent) launchFailed(ctx context.Context, ex *executor, cause error) {
	status := fromAgent(v1.TaskState_TASK_FAILED, v1.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED, "Failed to launch container: "+cause.Error())
	var noSandbox noSandboxError
	switch {
	case errors.Is(cause, errUnknownContainer):
		status = fromAgent(v1.TaskState_TASK_FAILED, v1.TaskStatus_REASON_EXECUTOR_TERMINATED, cause.Error())
	case errors.As(cause, &noSandbox):
		status = fromAgent(ex.framework.lostOrDropped(), v1.TaskStatus_REASON_EXECUTOR_TERMINATED, cause.Error())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if ctx.Err() == nil {
		a.counters.launchErrors++
		a.warnf("Container '%s' for executor '%s' of framework %s failed to start: %v", ex.container, ex.id(), ex.framework.id(), cause)
	}
	a.endLocked(ex, status)
}

// endLocked ends an executor: tasks that have not ended get a copy of status.
func (a *Agent) endLocked(ex *executor, status *v1.TaskStatus) {
	for _, q := range ex.queued {
		ex.tasks = append(slices.Clone(ex.tasks), newTask(ex.framework, ex, q))
	}
	ex.queued, ex.groups = nil, nil
	for _, t := range ex.tasks {
		if !isTerminal(t.proto.GetState()) {
			a.updateLocked(ex, t, proto.CloneOf(status))
		}
	}
	ex.state = terminated
	a.noteEndedLocked(ex)
	ex.containers, ex.env, ex.board, ex.main = nil, nil, nil, nil
	a.infof("Executor '%s' of framework %s has ended", ex.id(), ex.framework.id())
	a.retireLocked(ex)
}

// ready gives the executor its body: from now on it takes tasks.
func (a *Agent) ready(ex *executor, b body) {
	a.mu.Lock()
	if ex.state == registering {
		ex.state = running
	}
	ex.body = b
	deliver := a.deliverLocked(ex)
	a.mu.Unlock()
	deliver()
}

// deliverLocked turns the queued tasks into launched ones and gives what then
// tells the body, to be called without the lock.
func (a *Agent) deliverLocked(ex *executor) func() {
	b := ex.body
	queued, groups := ex.queued, ex.groups
	ex.queued, ex.groups = nil, nil
	for _, q := range queued {
		ex.tasks = append(slices.Clone(ex.tasks), newTask(ex.framework, ex, q))
	}
	return func() {
		for _, g := range groups {
			queued = slices.DeleteFunc(queued, func(q *v1.TaskInfo) bool { return slices.Contains(g, q) })
			b.launchGroup(g)
		}
		for _, q := range queued {
			b.launch(q)
		}
	}
}

// ended is called by a body when its executor is gone, with the raw wait status.
// Tasks that have not ended get status.
func (a *Agent) ended(ex *executor, wait int, status *v1.TaskStatus) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ex.wait = wait
	if ex.state == terminated {
		return
	}
	if !ex.command && !ex.framework.terminating {
		a.sendLocked(&link.ExecutorExited{FrameworkID: ex.framework.id(), ExecutorID: ex.id(), Status: wait})
	}
	a.endLocked(ex, status)
}

// executorTerminated is the status of tasks whose executor ended before them.
func executorTerminated() *v1.TaskStatus {
	return fromAgent(v1.TaskState_TASK_FAILED, v1.TaskStatus_REASON_EXECUTOR_TERMINATED, "Executor terminated")
}
