package session

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// SetClock gives a session another clock on the wall.
func SetClock(o *Options, now func() time.Time) { o.clock = now }

// InternalErrors counts the broken invariants of a session, for tests.
func InternalErrors(s *Session) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.internalErrors
}

// Ingest takes in a record as if it had been read from the stream of the open channel.
func Ingest(s *Session, raw string) {
	s.mu.Lock()
	ch := s.channel
	s.mu.Unlock()
	s.ingest(ch, s.newEvent(raw))
}

// DialWith makes all further connections of a session.
func DialWith(s *Session, dial func() (net.Conn, error)) {
	s.client.Transport.(*http.Transport).CloseIdleConnections()
	s.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return dial() }
}

// RotateAt makes the files of the event log so long at most, in bytes.
func RotateAt(s *Session, bytes int64) { s.journal.part = bytes }

// BreakLog makes every further write to the event log fail.
func BreakLog(s *Session) { s.journal.file.Close() }

// Election is a detector with a standing watch whose leader a test names.
type Election struct {
	mu      sync.Mutex
	leader  Master
	elected []func(Master)
}

// Use makes a session that has not subscribed look for its leader there.
func (e *Election) Use(s *Session) { s.detector = e }

// Elect names the leader and tells all watches.
func (e *Election) Elect(m Master) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leader = m
	for _, f := range e.elected {
		f(m)
	}
}

// Watches counts the watches that stand.
func (e *Election) Watches() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.elected)
}

func (e *Election) candidates(context.Context) ([]string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return []string{e.leader.URL}, nil
}

func (e *Election) String() string { return "an election" }

func (e *Election) watch(ctx context.Context, elected func(Master), _ func(string)) {
	e.mu.Lock()
	e.elected = append(e.elected, elected)
	elected(e.leader)
	e.mu.Unlock()
	<-ctx.Done()
	e.mu.Lock()
	e.elected = nil
	e.mu.Unlock()
}
