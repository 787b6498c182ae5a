package session

import (
	"context"
	"fmt"
	"sort"
)

// maxBehind is how many events a handler given to On may fall behind.
const maxBehind = 10_000

// eventLog holds the last events. What slice gives stays valid while events are
// added and dropped, so it can be read without the lock.
type eventLog struct {
	events   []Event
	bytes    int
	last     uint64 // Seq of the last event ever added
	maxCount int
	maxBytes int
}

func (l *eventLog) add(e Event) {
	l.last = e.Seq
	l.events = append(l.events, e)
	l.bytes += len(e.raw)
	drop := 0
	for len(l.events)-drop > 1 && (len(l.events)-drop > l.maxCount || l.bytes > l.maxBytes) {
		l.bytes -= len(l.events[drop].raw)
		drop++
	}
	if drop == 0 {
		return
	}
	l.events = l.events[drop:]
	if cap(l.events)-len(l.events) < drop || drop > len(l.events) {
		l.events = append(make([]Event, 0, len(l.events)*2), l.events...)
	}
}

// after gives the events behind a position.
func (l *eventLog) after(seq uint64) []Event {
	i := sort.Search(len(l.events), func(i int) bool { return l.events[i].Seq > seq })
	return l.events[i:len(l.events):len(l.events)]
}

// Events lists the events in memory that the filter takes, oldest first; a nil
// filter takes all. History reaches further back.
func (s *Session) Events(filter func(Event) bool) []Event {
	s.mu.Lock()
	events := s.log.after(0)
	s.mu.Unlock()
	var out []Event
	for _, e := range events {
		if filter == nil || filter(e) {
			out = append(out, e)
		}
	}
	return out
}

// Position is the Seq of the last event read.
func (s *Session) Position() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.last
}

// Await gives the next event that match takes. It looks from the session's
// cursor on, which Await leaves behind the event it gave: of two calls in a row
// the second sees all that came after the first one's event. It fails when ctx
// ends or when no event can come any more.
func (s *Session) Await(ctx context.Context, match func(Event) bool) (Event, error) {
	s.mu.Lock()
	after := s.cursor
	s.mu.Unlock()
	e, err := s.AwaitAfter(ctx, after, match)
	if err != nil {
		return Event{}, err
	}
	s.mu.Lock()
	s.cursor = max(s.cursor, e.Seq)
	s.mu.Unlock()
	return e, nil
}

// AwaitAfter is Await from a position instead of the cursor, which it leaves alone.
func (s *Session) AwaitAfter(ctx context.Context, after uint64, match func(Event) bool) (Event, error) {
	for {
		s.mu.Lock()
		events, changed, over := s.log.after(after), s.changed, s.overLocked()
		s.mu.Unlock()
		for _, e := range events {
			if match == nil || match(e) {
				return e, nil
			}
			after = e.Seq
		}
		if over != nil {
			return Event{}, fmt.Errorf("wait for an event: %w", over)
		}
		select {
		case <-ctx.Done():
			return Event{}, fmt.Errorf("wait for an event: %w", context.Cause(ctx))
		case <-changed:
		}
	}
}

// overLocked says why nothing will come over the channel any more; nil while one is open.
func (s *Session) overLocked() error {
	switch {
	case s.state == Closed:
		return ErrClosed
	case s.channel != nil:
		return nil
	case s.cause != nil:
		return fmt.Errorf("%w: %w", ErrNotSubscribed, s.cause)
	}
	return fmt.Errorf("%w: subscribe first", ErrNotSubscribed)
}

// On calls f for each event read from now on, in order, in a goroutine of its
// own, until cancel or Close. An f that falls 10,000 events behind is cut off
// with a notice. cancel does not wait for a running f; f must not call Close.
func (s *Session) On(f func(Event)) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Closed {
		return func() {}
	}
	var fd *feed[Event]
	fd = newFeed(f, maxBehind, func() {
		s.dropHandler(fd)
		s.notice("an event handler fell %d events behind and was cut off", maxBehind)
	})
	s.handlers = append(s.handlers[:len(s.handlers):len(s.handlers)], fd)
	return func() {
		fd.drop()
		s.dropHandler(fd)
	}
}

// dropHandler takes a feed off the list; ended ones that still run are waited for by Close.
func (s *Session) dropHandler(fd *feed[Event]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []*feed[Event]
	for _, h := range s.handlers {
		if h != fd {
			rest = append(rest, h)
		}
	}
	s.handlers = rest
	s.ending = append(s.ending, fd.done)
	live := s.ending[:0]
	for _, done := range s.ending {
		select {
		case <-done:
		default:
			live = append(live, done)
		}
	}
	s.ending = live
}
