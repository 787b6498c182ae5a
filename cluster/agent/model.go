package agent

import (
	"fmt"
	"slices"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// framework is one that has executors on this agent, or had.
type framework struct {
	latest      atomic.Pointer[v1.FrameworkInfo] // launches read it while the master updates it
	executors   []*executor                      // in the order of their launch; changed by add and remove
	byID        map[string]*executor
	completed   []*executor
	terminating bool // torn down: updates of its tasks are of no interest any more
}

func newFramework(info *v1.FrameworkInfo) *framework {
	f := &framework{}
	f.latest.Store(info)
	return f
}

// info is the framework as the master told it last.
func (f *framework) info() *v1.FrameworkInfo { return f.latest.Load() }

func (f *framework) id() string { return f.info().GetId().GetValue() }

// can says whether the framework has a capability.
func (f *framework) can(c v1.FrameworkInfo_Capability_Type) bool {
	return slices.ContainsFunc(f.info().Capabilities, func(x *v1.FrameworkInfo_Capability) bool { return x.GetType() == c })
}

// mesosErrorf makes an error in Mesos' own words, which frameworks get to read:
// they begin with a capital, and some end with a full stop.
func mesosErrorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// executorState is where an executor is in its life.
type executorState int

const (
	registering executorState = iota // being fetched, launched, or not yet subscribed
	running
	terminating
	terminated
)

// body is what an executor does with its tasks. The methods are called without
// the agent's lock and do not block.
type body interface {
	launch(task *v1.TaskInfo)
	launchGroup(tasks []*v1.TaskInfo)
	kill(taskID string, policy *v1.KillPolicy)
	message(data []byte)
	shutdown()
}

// executor runs tasks of one framework in one container.
type executor struct {
	framework  *framework
	info       *v1.ExecutorInfo
	token      string // shown by the executor where credentials are asked for
	command    bool   // the executor of a single command task, made up by the agent
	container  string
	dir        string // the sandbox
	makeLate   func() // makes the sandbox of a simulated command when it is looked at
	user       string
	state      executorState
	body       body        // nil until it can take tasks
	remote     *remoteBody // of a framework's own executor
	cancel     func()
	queued     []*v1.TaskInfo
	groups     [][]*v1.TaskInfo // which of queued belong together
	tasks      []*task          // delivered, their last update not (or never) acknowledged
	completed  []*task
	pid        int // of the executor, or of a command task's process
	processes  []process
	main       process               // of a framework's own executor
	env        map[string]string     // of the container, for sessions in it
	board      *switchboard          // of a container with a terminal
	done       <-chan struct{}       // closed when the executor has ended
	wait       int                   // raw wait status once it has, -1 unknown
	containers map[string]*container // nested ones, by their printed ids
	nested     map[string]string     // container of each task of a default executor
}

func (ex *executor) id() string { return ex.info.GetExecutorId().GetValue() }

// task is a task that was delivered to its executor, or that ended before.
type task struct {
	info  *v1.TaskInfo
	proto *v1.Task // as the pages and the operator API show it
}

func (t *task) id() string { return t.info.GetTaskId().GetValue() }

// newTask makes the record of a task, in the state TASK_STAGING.
func newTask(f *framework, ex *executor, info *v1.TaskInfo) *task {
	p := &v1.Task{
		Name: info.Name, TaskId: info.TaskId, FrameworkId: f.info().Id, AgentId: info.AgentId,
		State: v1.TaskState_TASK_STAGING.Enum(), Resources: info.Resources, Labels: info.Labels,
		Discovery: info.Discovery, Container: info.Container, HealthCheck: info.HealthCheck,
		KillPolicy: info.KillPolicy, Limits: info.Limits,
	}
	if !ex.command {
		p.ExecutorId = ex.info.ExecutorId
	}
	switch {
	case info.GetCommand().GetUser() != "":
		p.User = info.Command.User
	case !ex.command && ex.info.GetCommand().GetUser() != "":
		p.User = ex.info.Command.User
	}
	return &task{info: info, proto: p}
}

// record takes in a status: a state that repeats replaces its former status, and
// the executor's data is not kept.
func (t *task) record(s *v1.TaskStatus) {
	kept := proto.CloneOf(s)
	kept.Data = nil
	n := len(t.proto.Statuses)
	if n > 0 && t.proto.Statuses[n-1].GetState() == s.GetState() {
		n--
	}
	// A new array each time: pages may still read the former one.
	t.proto.Statuses = append(slices.Clone(t.proto.Statuses[:n]), kept)
	t.proto.State = s.GetState().Enum()
}

// isTerminal says whether a task in this state has ended for good
// (common/protobuf_utils.cpp).
func isTerminal(s v1.TaskState) bool {
	switch s {
	case v1.TaskState_TASK_FINISHED, v1.TaskState_TASK_FAILED, v1.TaskState_TASK_KILLED, v1.TaskState_TASK_LOST,
		v1.TaskState_TASK_ERROR, v1.TaskState_TASK_DROPPED, v1.TaskState_TASK_GONE, v1.TaskState_TASK_GONE_BY_OPERATOR:
		return true
	}
	return false
}

// runs says whether the executor still has this task to run.
func (ex *executor) runs(t *task) bool { return ex.state != terminated && t.alive() }

// allocated is what the executor and its live tasks hold.
func (ex *executor) allocated() resources.Resources {
	sum := resources.New(ex.info.Resources)
	for _, t := range ex.tasks {
		if ex.runs(t) {
			sum = sum.Add(resources.New(t.info.Resources))
		}
	}
	for _, q := range ex.queued {
		sum = sum.Add(resources.New(q.Resources))
	}
	return sum
}

func (a *Agent) frameworkLocked(id string) *framework {
	for _, f := range a.frameworks {
		if f.id() == id {
			return f
		}
	}
	return nil
}

// add appends an executor. Pages may still read the former list, which ends before.
func (f *framework) add(ex *executor) {
	if f.byID == nil {
		f.byID = map[string]*executor{}
	}
	f.byID[ex.id()] = ex
	f.executors = append(f.executors, ex)
}

// remove takes an executor out, and says whether it was there. Who goes through
// the list meanwhile has to go through a copy.
func (f *framework) remove(ex *executor) bool {
	if f.byID[ex.id()] != ex {
		return false
	}
	delete(f.byID, ex.id())
	i := slices.Index(f.executors, ex)
	f.executors = slices.Delete(f.executors, i, i+1)
	return true
}

func (f *framework) executor(id string) *executor { return f.byID[id] }

// find gives the executor that has the task: t is nil while the task is queued.
func (f *framework) find(taskID string) (ex *executor, t *task) {
	if ex := f.byID[taskID]; ex != nil { // that of a command task has the task's id
		if t, ok := ex.find(taskID); ok {
			return ex, t
		}
	}
	for _, ex := range f.executors {
		if t, ok := ex.find(taskID); ok {
			return ex, t
		}
	}
	return nil, nil
}

// find says whether the executor has a task: t is nil while it is queued.
func (ex *executor) find(taskID string) (t *task, ok bool) {
	for _, t := range ex.tasks {
		if t.id() == taskID {
			return t, true
		}
	}
	return nil, slices.ContainsFunc(ex.queued, func(q *v1.TaskInfo) bool { return q.GetTaskId().GetValue() == taskID })
}

// maxCompletedExecutors and maxCompletedFrameworks bound what is remembered
// (slave/constants.hpp).
const (
	maxCompletedExecutors  = 150
	maxCompletedFrameworks = 50
	maxCompletedTasks      = 200
)

func bounded[T any](list []T, item T, limit int) []T {
	list = append(list, item)
	if len(list) > limit {
		list = slices.Clone(list[len(list)-limit:])
	}
	return list
}
