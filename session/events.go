package session

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
)

// maxBehind is how many events a handler given to On may fall behind.
const maxBehind = 10_000

// blockEvents is how many events stand in one block of the log at most.
const blockEvents = 256

// eventLog holds the last events, in blocks: what is dropped is given back to the
// memory a block at a time, and what a reader was given stays valid.
type eventLog struct {
	blocks     [][]Event // each of a capacity that it never outgrows
	skip       int       // events of the first block that were dropped
	count      int       // events kept
	bytes      int       // of the records kept
	blockBytes int       // of the last block
	last       uint64    // Seq of the last event ever added
	maxCount   int
	maxBytes   int
}

func (l *eventLog) add(e Event) {
	l.last = e.Seq
	n := len(l.blocks) - 1
	if n < 0 || len(l.blocks[n]) == blockEvents || l.blockBytes > l.maxBytes/16 {
		l.blocks = append(l.blocks, make([]Event, 0, blockEvents))
		l.blockBytes = 0
		n++
	}
	l.blocks[n] = append(l.blocks[n], e)
	l.blockBytes += len(e.raw)
	l.bytes += len(e.raw)
	for l.count++; l.count > 1 && (l.count > l.maxCount || l.bytes > l.maxBytes); l.count-- {
		l.dropOldest()
	}
}

func (l *eventLog) dropOldest() {
	l.bytes -= len(l.blocks[0][l.skip].raw)
	if l.skip++; l.skip == len(l.blocks[0]) {
		l.blocks[0] = nil // the array of blocks must not keep it
		l.blocks, l.skip = l.blocks[1:], 0
	}
}

// after gives the events behind a position, which can be read without the lock.
func (l *eventLog) after(seq uint64) iter.Seq[Event] {
	first := sort.Search(len(l.blocks), func(i int) bool { return l.blocks[i][len(l.blocks[i])-1].Seq > seq })
	blocks, skip := slices.Clone(l.blocks[first:]), 0
	if len(blocks) > 0 {
		skip = sort.Search(len(blocks[0]), func(i int) bool { return blocks[0][i].Seq > seq })
	}
	if first == 0 {
		skip = max(skip, l.skip)
	}
	return func(yield func(Event) bool) {
		for i, block := range blocks {
			if i == 0 {
				block = block[skip:]
			}
			for _, e := range block {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// Events lists the events in memory that the filter takes, oldest first; a nil
// filter takes all. History reaches further back.
func (s *Session) Events(filter func(Event) bool) []Event {
	s.mu.Lock()
	events := s.log.after(0)
	s.mu.Unlock()
	var out []Event
	for e := range events {
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
		for e := range events {
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
	case s.opt.ReadOnly:
		return fmt.Errorf("%w: %w", ErrNotSubscribed, ErrReadOnly)
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
