package session

import "slices"

// taskBook holds the tasks in the order in which they became known.
type taskBook struct {
	order []*Task
	byID  map[TaskID]*Task
	ended int // how many ended ones, roughly: counted by trim
	alive int // how many have not ended
}

func (b *taskBook) get(id TaskID) *Task { return b.byID[id] }

// add files a task; one with the same id makes room.
func (b *taskBook) add(t *Task) *Task {
	if b.byID == nil {
		b.byID = map[TaskID]*Task{}
	}
	if t.state == "" {
		t.state = TaskStaging
	}
	b.remove(t.ID)
	b.byID[t.ID] = t
	b.order = append(b.order, t)
	b.alive++
	return t
}

func (b *taskBook) remove(id TaskID) {
	if t := b.byID[id]; t != nil {
		delete(b.byID, id)
		b.order = slices.DeleteFunc(b.order, func(o *Task) bool { return o == t })
		if !t.state.Terminal() {
			b.alive--
		}
	}
}

// moved is told that a task that had ended or not got a new state.
func (b *taskBook) moved(t *Task, hadEnded bool) {
	switch ended := t.state.Terminal(); {
	case ended && !hadEnded:
		b.alive--
		if surplus := len(t.updates) - maxLastUpdates; surplus > 0 {
			t.updates = slices.Clone(t.updates[surplus:])
		}
		b.trim()
	case !ended && hadEnded:
		b.alive++
	}
}

// trim is told that a task has ended and forgets the oldest ended ones when
// there are too many.
func (b *taskBook) trim() {
	if b.ended++; b.ended < maxEndedTasks+maxEndedTasks/16 {
		return
	}
	ended := 0
	for _, t := range b.order {
		if t.state.Terminal() {
			ended++
		}
	}
	surplus := ended - maxEndedTasks
	b.order = slices.DeleteFunc(b.order, func(t *Task) bool {
		if surplus <= 0 || !t.state.Terminal() {
			return false
		}
		surplus--
		delete(b.byID, t.ID)
		return true
	})
	b.ended = min(ended, maxEndedTasks)
}

// live lists the tasks that have not ended.
func (b *taskBook) live() []*Task {
	var tasks []*Task
	for _, t := range b.order {
		if !t.state.Terminal() {
			tasks = append(tasks, t)
		}
	}
	return tasks
}
