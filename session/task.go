package session

import (
	"fmt"
	"slices"
)

// locked runs f under the session's lock.
func (t *Task) locked(f func()) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	f()
}

// Name is the task's name; empty when the task was learned from an update.
func (t *Task) Name() (name string) { t.locked(func() { name = t.name }); return }

// AgentID is the agent that runs the task; empty while unknown.
func (t *Task) AgentID() (id AgentID) { t.locked(func() { id = t.agent }); return }

// ExecutorID is the task's executor; the task's own id for a command task.
func (t *Task) ExecutorID() (id ExecutorID) { t.locked(func() { id = t.executor }); return }

// State is that of the last update; TaskStaging before the first.
func (t *Task) State() (st TaskState) { t.locked(func() { st = t.state }); return }

// Message is that of the last update; may be empty.
func (t *Task) Message() (m string) { t.locked(func() { m = t.message }); return }

// Info is the TaskInfo it was launched with; nil when this session did not launch it.
func (t *Task) Info() []byte {
	var info string
	t.locked(func() { info = t.info })
	if info == "" {
		return nil
	}
	return []byte(info)
}

// Updates lists the UPDATE events of this task that are in memory, oldest first,
// without retransmissions; at least the last 100, or 20 once it has ended.
func (t *Task) Updates() (updates []Event) {
	t.locked(func() { updates = slices.Clone(t.updates) })
	return
}

// String is one line: id, state, agent, last message.
func (t *Task) String() string {
	var text string
	t.locked(func() {
		text = fmt.Sprintf("%s %s", t.ID, t.state)
		if t.agent != "" {
			text += " on agent " + string(t.agent)
		}
		if t.message != "" {
			text += ": " + clip(t.message)
		}
	})
	return line(text)
}
