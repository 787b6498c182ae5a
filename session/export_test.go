package session

import "time"

// SetClock gives a session another clock on the wall.
func SetClock(o *Options, now func() time.Time) { o.clock = now }

// InternalErrors counts the broken invariants of a session, for tests.
func InternalErrors(s *Session) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.internalErrors
}
