package session

import (
	"fmt"
	"time"
)

const (
	// reconcileGrace is the time that agents have to come back to a new master
	// before it is asked for single tasks: of an agent that it does not know it
	// says that its tasks are lost.
	reconcileGrace = 5 * time.Second
	reconcileMin   = 10 * time.Second // wait before asking again
	reconcileMax   = 5 * time.Minute
)

// startReconcile asks for the state of all tasks that the master knows, and then
// for those that it did not tell of, in a goroutine that ends with the stream or
// when all have been answered. A master that waits for an agent to come back gives
// no answer, so what is unanswered is asked again (Mesos 1.12, docs/reconciliation.md).
func (s *Session) startReconcile(ch *channel, st *stream) {
	s.mu.Lock()
	for _, t := range s.tasks.live() {
		t.asked = true
	}
	s.mu.Unlock()
	ch.work.Go(func() {
		if err := s.reconcileAll(st); err != nil && st.ctx.Err() == nil {
			s.failed(fmt.Errorf("reconcile: %w", err))
		}
	})
}

func (s *Session) reconcileAll(st *stream) error {
	if err := s.askFor(st, nil); err != nil {
		return err
	}
	wait := backoff{min: reconcileMin, max: reconcileMax}
	for pause := reconcileGrace; ; pause = wait.next() {
		timer := time.NewTimer(pause)
		select {
		case <-st.ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		unanswered := s.unanswered()
		if len(unanswered) == 0 {
			return nil
		}
		if err := s.askFor(st, unanswered); err != nil {
			return err
		}
	}
}

// askFor sends RECONCILE; no place means all tasks.
func (s *Session) askFor(st *stream, places []taskPlace) error {
	answer, err := s.sendCall(st.ctx, reconcileCall(places), true)
	if err == nil {
		err = answer.Err()
	}
	return err
}

// taskPlace is a task and where it is thought to run.
type taskPlace struct {
	id    TaskID
	agent AgentID
}

// unanswered lists the live tasks whose state was asked for and not told yet.
func (s *Session) unanswered() []taskPlace {
	s.mu.Lock()
	defer s.mu.Unlock()
	var places []taskPlace
	for _, t := range s.tasks.live() {
		if t.asked {
			places = append(places, taskPlace{t.ID, t.agent})
		}
	}
	return places
}

// reconcileCall builds RECONCILE; no task means all that the master knows.
func reconcileCall(places []taskPlace) call {
	tasks := []any{}
	for _, p := range places {
		task := map[string]any{"task_id": idValue(p.id)}
		if p.agent != "" {
			task["agent_id"] = idValue(p.agent)
		}
		tasks = append(tasks, task)
	}
	return newCall("RECONCILE", map[string]any{"tasks": tasks})
}
