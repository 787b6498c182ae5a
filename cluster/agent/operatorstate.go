package agent

import (
	"cmp"
	"io/fs"
	"maps"
	"slices"
	"syscall"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

func sortedKeys[V any](m map[string]V) []string {
	return slices.SortedFunc(maps.Keys(m), cmp.Compare[string])
}

// rawMode is st_mode.
func rawMode(info fs.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint32(st.Mode)
	}
	return uint32(info.Mode().Perm())
}

// operatorState is what the agent has, as messages.
type operatorState struct {
	queued, launched, ended, completed []*v1.Task
	executors, completedExecutors      []*v1.ExecutorInfo
	frameworks, completedFrameworks    []*v1.FrameworkInfo
}

// snapshot takes the state down. Tasks are copied: they go on changing.
func (a *Agent) snapshot() operatorState {
	a.mu.Lock()
	defer a.mu.Unlock()
	var s operatorState
	for _, f := range a.frameworks {
		s.frameworks = append(s.frameworks, f.info())
		for _, ex := range f.executors {
			s.executors = append(s.executors, ex.info)
			s.addTasks(ex)
		}
		s.addCompleted(f)
	}
	for _, f := range a.completed {
		s.completedFrameworks = append(s.completedFrameworks, f.info())
		s.addCompleted(f)
	}
	return s
}

func (s *operatorState) addCompleted(f *framework) {
	for _, ex := range f.completed {
		s.completedExecutors = append(s.completedExecutors, ex.info)
		s.addTasks(ex)
	}
}

func (s *operatorState) addTasks(ex *executor) {
	for _, q := range ex.queued {
		s.queued = append(s.queued, newTask(ex.framework, ex, q).proto)
	}
	for _, t := range ex.tasks {
		if ex.runs(t) {
			s.launched = append(s.launched, proto.CloneOf(t.proto))
		} else {
			s.ended = append(s.ended, proto.CloneOf(t.proto))
		}
	}
	for _, t := range ex.completed {
		s.completed = append(s.completed, proto.CloneOf(t.proto))
	}
}

// getState answers GET_STATE, GET_TASKS, GET_EXECUTORS and GET_FRAMEWORKS.
func (a *Agent) getState(q operatorRequest) {
	s := a.snapshot()
	switch q.call.GetType() {
	case agent.Call_GET_TASKS:
		q.respond(&agent.Response{Type: agent.Response_GET_TASKS.Enum(), GetTasks: s.tasks()}, s.writeTasks)
	case agent.Call_GET_EXECUTORS:
		q.respond(&agent.Response{Type: agent.Response_GET_EXECUTORS.Enum(), GetExecutors: s.executorList()}, s.writeExecutors)
	case agent.Call_GET_FRAMEWORKS:
		q.respond(&agent.Response{Type: agent.Response_GET_FRAMEWORKS.Enum(), GetFrameworks: s.frameworkList()}, s.writeFrameworks)
	default:
		res := &agent.Response_GetState{GetTasks: s.tasks(), GetExecutors: s.executorList(), GetFrameworks: s.frameworkList()}
		q.respond(&agent.Response{Type: agent.Response_GET_STATE.Enum(), GetState: res}, func(e *mesos.Encoder) {
			e.Key("get_state").BeginObject()
			s.writeTasks(e)
			s.writeExecutors(e)
			s.writeFrameworks(e)
			e.EndObject()
		})
	}
}

func (s *operatorState) tasks() *agent.Response_GetTasks {
	return &agent.Response_GetTasks{QueuedTasks: s.queued, LaunchedTasks: s.launched, TerminatedTasks: s.ended, CompletedTasks: s.completed}
}

func (s *operatorState) executorList() *agent.Response_GetExecutors {
	wrap := func(list []*v1.ExecutorInfo) (out []*agent.Response_GetExecutors_Executor) {
		for _, info := range list {
			out = append(out, &agent.Response_GetExecutors_Executor{ExecutorInfo: info})
		}
		return out
	}
	return &agent.Response_GetExecutors{Executors: wrap(s.executors), CompletedExecutors: wrap(s.completedExecutors)}
}

func (s *operatorState) frameworkList() *agent.Response_GetFrameworks {
	wrap := func(list []*v1.FrameworkInfo) (out []*agent.Response_GetFrameworks_Framework) {
		for _, info := range list {
			out = append(out, &agent.Response_GetFrameworks_Framework{FrameworkInfo: info})
		}
		return out
	}
	return &agent.Response_GetFrameworks{Frameworks: wrap(s.frameworks), CompletedFrameworks: wrap(s.completedFrameworks)}
}

// writeList writes an array of messages, also an empty one.
func writeList[M proto.Message](e *mesos.Encoder, key string, list []M) {
	e.Key(key).BeginArray()
	for _, m := range list {
		message(e, m)
	}
	e.EndArray()
}

func (s *operatorState) writeTasks(e *mesos.Encoder) {
	e.Key("get_tasks").BeginObject()
	writeList(e, "pending_tasks", []*v1.Task(nil))
	writeList(e, "queued_tasks", s.queued)
	writeList(e, "launched_tasks", s.launched)
	writeList(e, "terminated_tasks", s.ended)
	writeList(e, "completed_tasks", s.completed)
	e.EndObject()
}

func (s *operatorState) writeExecutors(e *mesos.Encoder) {
	list := s.executorList()
	e.Key("get_executors").BeginObject()
	writeList(e, "executors", list.Executors)
	writeList(e, "completed_executors", list.CompletedExecutors)
	e.EndObject()
}

func (s *operatorState) writeFrameworks(e *mesos.Encoder) {
	list := s.frameworkList()
	e.Key("get_frameworks").BeginObject()
	writeList(e, "frameworks", list.Frameworks)
	writeList(e, "completed_frameworks", list.CompletedFrameworks)
	e.EndObject()
}
