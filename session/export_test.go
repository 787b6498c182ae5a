package session

// InternalErrors counts the broken invariants of a session, for tests.
func InternalErrors(s *Session) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.internalErrors
}
