package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

const (
	maxTaskUpdates = 200    // updates kept of a task that runs
	maxLastUpdates = 20     // and of one that has ended
	maxEndedTasks  = 10_000 // ended tasks kept
)

// Task is a handle on one task of the framework; it stays valid after its end.
// Its fields besides ID are guarded by the session's lock.
type Task struct {
	ID TaskID
	s  *Session

	name     string
	agent    AgentID
	executor ExecutorID
	grouped  bool   // launched by LAUNCH_GROUP: its sandbox is nested in the executor's
	info     string // TaskInfo as launched; empty when not launched by this session
	state    TaskState
	message  string
	asked    bool // a reconciliation of this task is unanswered
	final    bool // its agent has told how it ended
	updates  []Event
	states   []TaskState // each state it was in, in order
	seen     seenUpdates
}

// apply files an update. The last one read counts: an agent sends a task's updates
// strictly in order, so a retransmission is never older than what was read.
//
// The answer to a question is no update: a master that was asked while a task ran,
// and answers when its end is acknowledged, does not know it any more and says so.
// How it ended stays.
func (t *Task) apply(e Event, status gjson.Result) {
	t.asked = false
	answer := status.Get("reason").Str == "REASON_RECONCILIATION" && !status.Get("uuid").Exists()
	if !answer || !t.final {
		t.state = TaskState(status.Get("state").String())
		t.message = status.Get("message").String()
	}
	t.final = t.final && answer || !answer && t.state.Terminal() && status.Get("uuid").Exists()
	if a := status.Get("agent_id.value").String(); a != "" {
		t.agent = AgentID(a)
	}
	if x := status.Get("executor_id.value").String(); x != "" {
		t.executor = ExecutorID(x)
	}
	if len(t.states) == 0 || t.states[len(t.states)-1] != t.state {
		t.states = append(t.states, t.state)
	}
	if e.Duplicate {
		return
	}
	t.updates = append(t.updates, e)
	if len(t.updates) > maxTaskUpdates {
		t.updates = slices.Delete(t.updates, 0, maxTaskUpdates/2)
	}
}

// Tasks lists the known tasks in the order in which they became known: all that
// have not ended and the last 10,000 that have.
func (s *Session) Tasks() []*Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tasks.order)
}

// Task gives the task with this id, if it is known.
func (s *Session) Task(id TaskID) (*Task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tasks.get(id)
	return t, t != nil
}

// forgetTasksOfOthersLocked drops the tasks of another framework than the one
// that is about to subscribe (empty: a new one).
func (s *Session) forgetTasksOfOthersLocked(next FrameworkID) {
	if next == "" || next != s.framework {
		s.tasks = taskBook{}
	}
}

// Launch posts an ACCEPT body and gives the tasks of its LAUNCH and LAUNCH_GROUP
// operations in order. The tasks are known before the call is sent, so no update
// is missed. An answer other than 202 comes as its Err and leaves no tasks behind.
func (s *Session) Launch(ctx context.Context, body []byte) ([]*Task, error) {
	ids := taskIDs(body)
	if len(ids) == 0 {
		return nil, fmt.Errorf("launch: no task in accept.operations; want operations of type LAUNCH or LAUNCH_GROUP with task_infos")
	}
	a, err := s.Post(ctx, body)
	if err == nil {
		err = a.Err()
	}
	if err != nil {
		return nil, err
	}
	var tasks []*Task
	for _, id := range ids {
		if t, ok := s.Task(id); ok {
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

// eachTaskInfo visits the TaskInfos of an ACCEPT body.
func eachTaskInfo(body []byte, visit func(info gjson.Result, group bool)) {
	gjson.GetBytes(body, "accept.operations").ForEach(func(_, op gjson.Result) bool {
		op.Get("launch.task_infos").ForEach(func(_, info gjson.Result) bool { visit(info, false); return true })
		op.Get("launch_group.task_group.tasks").ForEach(func(_, info gjson.Result) bool { visit(info, true); return true })
		return true
	})
}

func taskIDs(body []byte) []TaskID {
	var ids []TaskID
	eachTaskInfo(body, func(info gjson.Result, _ bool) { ids = append(ids, TaskID(info.Get("task_id.value").String())) })
	return ids
}

// expectTasks files the tasks that an ACCEPT is about to launch and gives back
// how to take them out again.
func (s *Session) expectTasks(body []byte) (undo func()) {
	var added []*Task
	s.mu.Lock()
	defer s.mu.Unlock()
	eachTaskInfo(body, func(info gjson.Result, group bool) {
		id := TaskID(info.Get("task_id.value").String())
		if old := s.tasks.get(id); old != nil && !old.state.Terminal() {
			return // the master refuses a second live task with this id
		}
		executor := info.Get("executor.executor_id.value").String()
		if executor == "" {
			executor = string(id)
		}
		added = append(added, s.tasks.add(&Task{ID: id, s: s, grouped: group, info: info.Raw,
			name: info.Get("name").String(), agent: AgentID(info.Get("agent_id.value").String()), executor: ExecutorID(executor)}))
	})
	s.broadcastLocked()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, t := range added {
			if s.tasks.get(t.ID) == t && len(t.states) == 0 {
				s.tasks.remove(t.ID)
			}
		}
		s.broadcastLocked()
	}
}

// Wait returns nil once the task has been in one of the states, also earlier;
// without states, once it has ended. It fails when the task ends otherwise, when
// ctx ends, or when the subscription ended for good.
func (t *Task) Wait(ctx context.Context, states ...TaskState) error {
	for {
		t.s.mu.Lock()
		reached, state, message := t.reachedLocked(states), t.state, t.message
		changed, over := t.s.changed, t.s.overLocked()
		t.s.mu.Unlock()
		if reached {
			return nil
		}
		if state.Terminal() {
			return fmt.Errorf("wait for task %s: it ended in %s (%s), want %s", t.ID, state, clip(message), joinStates(states))
		}
		if over != nil {
			return fmt.Errorf("wait for task %s in %s: no more updates: %w", t.ID, state, over)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for task %s: still %s, want %s: %w", t.ID, state, joinStates(states), context.Cause(ctx))
		case <-changed:
		}
	}
}

func (t *Task) reachedLocked(states []TaskState) bool {
	if len(states) == 0 {
		return t.state.Terminal()
	}
	return slices.ContainsFunc(states, func(st TaskState) bool { return slices.Contains(t.states, st) })
}

func joinStates(states []TaskState) string {
	if len(states) == 0 {
		return "its end"
	}
	var parts []string
	for _, st := range states {
		parts = append(parts, string(st))
	}
	return strings.Join(parts, " or ")
}

// Kill sends KILL; a positive grace overrides the task's own grace period.
func (t *Task) Kill(ctx context.Context, grace time.Duration) (Answer, error) {
	return t.s.Kill(ctx, t.ID, t.AgentID(), grace)
}
