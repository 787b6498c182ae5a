package session

import (
	"fmt"
	"slices"
	"time"
)

// State is where a Session stands with its subscription.
type State string

// The states of a Session.
const (
	Disconnected State = "Disconnected" // no subscription is wanted: before Subscribe, after CloseChannel, teardown, takeover, removal
	Subscribing  State = "Subscribing"  // SUBSCRIBE is under way
	Subscribed   State = "Subscribed"   // the stream is open and SUBSCRIBED was read
	Lost         State = "Lost"         // the stream broke; waiting to subscribe again
	Closed       State = "Closed"       // Close was called; final
)

// next lists the states that may follow.
func (st State) next() []State {
	switch st {
	case Disconnected:
		return []State{Subscribing, Closed}
	case Subscribing:
		return []State{Subscribed, Lost, Disconnected, Closed}
	case Subscribed:
		return []State{Lost, Disconnected, Closed}
	case Lost:
		return []State{Subscribing, Disconnected, Closed}
	}
	return nil
}

// setStateLocked is the only place that changes the state. It checks that the
// step is allowed and that the rest of the session fits the new state, clears
// what the new state cannot have, and wakes all waiters. A step that is not
// allowed is not made: it is a bug of this package and shows in LastError.
func (s *Session) setStateLocked(next State, cause error) {
	if s.state == Closed {
		return // final: what the channel still does while it ends does not matter
	}
	if !slices.Contains(s.state.next(), next) {
		s.internalErrorLocked(fmt.Errorf("session: internal error: step from %s to %s", s.state, next))
		return
	}
	s.noteLossLocked(next)
	s.state, s.since, s.cause = next, s.opt.clock(), cause
	if cause != nil {
		s.lastErrorLocked(cause)
	}
	if next != Subscribed {
		s.offers.clear()
		s.inverse, s.stray = nil, nil
	}
	if next == Disconnected || next == Closed {
		s.channel, s.live, s.attempts = nil, nil, 0
	}
	if err := s.invariantLocked(); err != nil {
		s.internalErrorLocked(err)
	}
	s.journalStateLocked(next, cause)
	s.broadcastLocked()
}

// noteLossLocked keeps when the subscription was lost, over all attempts to get it
// back, and forgets it when there is one again or none is wanted.
func (s *Session) noteLossLocked(next State) {
	switch {
	case next == Lost && s.state == Subscribed:
		s.lostAt = s.opt.clock()
	case next != Lost && next != Subscribing:
		s.lostAt = time.Time{}
	}
}

// invariantLocked says what does not fit the state; nil when all does.
func (s *Session) invariantLocked() error {
	broken := ""
	switch s.state {
	case Subscribed:
		if s.channel == nil || s.stream == "" || s.framework == "" {
			broken = "channel, stream id and framework id are known"
		}
	case Subscribing, Lost:
		if s.channel == nil {
			broken = "a channel is open"
		}
	}
	if s.state != Subscribed && s.offers.len() > 0 {
		broken = "no offer outlives the subscription"
	}
	if s.tasks.alive < 0 || s.tasks.alive > len(s.tasks.order) {
		broken = "the count of live tasks is possible"
	}
	if broken == "" {
		return nil
	}
	return fmt.Errorf("session: internal error: state %s without: %s", s.state, broken)
}

func (s *Session) internalErrorLocked(err error) {
	s.lastErrorLocked(err)
	s.internalErrors++
	s.noticeLocked("%v", err)
}

// broadcastLocked wakes everyone who waits for a change.
func (s *Session) broadcastLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Changed is closed at the next change of state, offers, tasks or events; get a
// new one before looking at them.
func (s *Session) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}
