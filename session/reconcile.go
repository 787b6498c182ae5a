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

// startReconcile starts the goroutine that asks for tasks whose state is in doubt;
// it ends with the stream. With all set it first asks for every task that the
// master knows, and later for those that it did not tell of.
func (s *Session) startReconcile(ch *channel, st *stream, all bool) {
	if all {
		s.mu.Lock()
		for _, t := range s.tasks.live() {
			t.asked = true
		}
		s.mu.Unlock()
	}
	ch.work.Go(func() {
		if all {
			s.askFor(st, nil)
		}
		for st.ctx.Err() == nil {
			s.settleDoubts(st)
		}
	})
}

// settleDoubts asks for the tasks in doubt until none is left, and waits for new
// ones. A master that waits for an agent to come back gives no answer, so what is
// unanswered is asked again (Mesos 1.12, docs/reconciliation.md).
func (s *Session) settleDoubts(st *stream) {
	wait := backoff{min: reconcileMin, max: reconcileMax}
	for pause := reconcileGrace; s.inDoubt(); pause = wait.next() {
		timer := time.NewTimer(pause)
		select {
		case <-st.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		s.giveBack(st)
		if unanswered := s.unanswered(); len(unanswered) > 0 {
			s.askFor(st, unanswered)
		}
	}
	select {
	case <-st.ctx.Done():
	case <-st.doubts:
	}
}

// doubt is told that an ACCEPT went out and no answer came: its tasks may run or
// not, and the master is asked unless their updates come first. Its offers are not
// used again, and are given back in case that the ACCEPT did not arrive.
func (s *Session) doubt(ids []TaskID, offers []OfferID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if t := s.tasks.get(id); t != nil && !t.state.Terminal() {
			t.asked = true
		}
	}
	if s.live == nil {
		return
	}
	s.stray = append(s.stray, offers...)
	select {
	case s.live.doubts <- struct{}{}:
	default:
	}
}

// inDoubt tells whether there is something to ask the master for or to give back.
func (s *Session) inDoubt() bool {
	s.mu.Lock()
	stray := len(s.stray)
	s.mu.Unlock()
	return stray > 0 || len(s.unanswered()) > 0
}

// giveBack declines the offers whose ACCEPT got no answer. The master passes over
// those that the ACCEPT has used; an ACCEPT that comes after it finds them gone, and
// its tasks end in TASK_LOST or TASK_DROPPED.
func (s *Session) giveBack(st *stream) {
	s.mu.Lock()
	ids := s.stray
	s.stray = nil
	if len(ids) > 0 {
		s.noticeLocked("an ACCEPT got no answer: its %d offers are given back", len(ids))
	}
	s.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	if _, err := s.sendCall(st.ctx, newCall("DECLINE", map[string]any{"offer_ids": offerIDs(ids)}), true); err != nil && st.ctx.Err() == nil {
		s.failed(fmt.Errorf("give offers back: %w", err))
	}
}

// askFor sends RECONCILE; no place means all tasks. What fails is asked again.
func (s *Session) askFor(st *stream, places []taskPlace) {
	answer, err := s.sendCall(st.ctx, reconcileCall(places), true)
	if err == nil {
		err = answer.Err()
	}
	if err != nil && st.ctx.Err() == nil {
		s.failed(fmt.Errorf("reconcile: %w", err))
	}
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
