package agent

import (
	"bytes"
	"time"

	v1 "mesosbook/mesos/v1"
)

// taskKey names a task on the agent.
type taskKey struct{ framework, task string }

// streams hold, for each task, the updates that the framework has not
// acknowledged, oldest first. Only the oldest is sent; it is sent again after min,
// then after twice that, and so on up to max, until its acknowledgement lets the
// next one out (slave/task_status_update_manager.cpp).
//
// It has no lock of its own: the agent's lock guards it.
type streams struct {
	min, max time.Duration
	due      func(taskKey) // called by a timer, without any lock
	byTask   map[taskKey]*stream
	stopped  bool
}

type stream struct {
	pending  []*v1.TaskStatus
	interval time.Duration
	timer    *time.Timer
}

func (s *streams) init(min, max time.Duration, due func(taskKey)) {
	s.min, s.max, s.due = min, max, due
	s.byTask = map[taskKey]*stream{}
}

// add appends an update and says whether it is the one to send now.
func (s *streams) add(key taskKey, status *v1.TaskStatus) bool {
	st := s.byTask[key]
	if st == nil {
		st = &stream{}
		s.byTask[key] = st
	}
	st.pending = append(st.pending, status)
	if len(st.pending) > 1 {
		return false
	}
	s.arm(key, st, s.min)
	return true
}

// front is the update to send, nil for none.
func (s *streams) front(key taskKey) *v1.TaskStatus {
	if st := s.byTask[key]; st != nil {
		return st.pending[0]
	}
	return nil
}

// pending are the updates of a task that were not acknowledged, oldest first.
func (s *streams) pending(key taskKey) []*v1.TaskStatus {
	if st := s.byTask[key]; st != nil {
		return st.pending
	}
	return nil
}

// again is front for a timer that has fired: it sets the next one.
func (s *streams) again(key taskKey) *v1.TaskStatus {
	st := s.byTask[key]
	if st == nil {
		return nil
	}
	s.arm(key, st, min(2*st.interval, s.max))
	return st.pending[0]
}

// restart begins the intervals of a task anew.
func (s *streams) restart(key taskKey) {
	if st := s.byTask[key]; st != nil {
		s.arm(key, st, s.min)
	}
}

// acknowledge takes the oldest update off if it has that uuid, and gives it and
// the one to send next. Any other uuid changes nothing.
func (s *streams) acknowledge(key taskKey, uuid []byte) (acked, next *v1.TaskStatus) {
	st := s.byTask[key]
	if st == nil || !bytes.Equal(st.pending[0].GetUuid(), uuid) {
		return nil, nil
	}
	acked = st.pending[0]
	st.pending = st.pending[1:]
	if len(st.pending) == 0 {
		s.drop(key, st)
		return acked, nil
	}
	s.arm(key, st, s.min)
	return acked, st.pending[0]
}

// keys of all tasks with pending updates.
func (s *streams) keys() []taskKey {
	keys := make([]taskKey, 0, len(s.byTask))
	for k := range s.byTask {
		keys = append(keys, k)
	}
	return keys
}

// forget drops what is pending for a framework.
func (s *streams) forget(framework string) {
	for k, st := range s.byTask {
		if k.framework == framework {
			s.drop(k, st)
		}
	}
}

func (s *streams) stop() {
	s.stopped = true
	for k, st := range s.byTask {
		s.drop(k, st)
	}
}

func (s *streams) drop(key taskKey, st *stream) {
	if st.timer != nil {
		st.timer.Stop()
	}
	delete(s.byTask, key)
}

func (s *streams) arm(key taskKey, st *stream, interval time.Duration) {
	if st.timer != nil {
		st.timer.Stop()
	}
	st.interval = interval
	if !s.stopped {
		st.timer = time.AfterFunc(interval, func() { s.due(key) })
	}
}
