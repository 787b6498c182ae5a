package session

import (
	"fmt"
	"time"
)

// Notice is one line for people about what happened in the background.
type Notice struct {
	Time  time.Time
	State State  // the session's state after what happened
	Text  string // one line, no full stop
}

// String is the notice's text.
func (n Notice) String() string { return n.Text }

// maxNotices is how many notices may wait for Options.Log before it is cut off.
const maxNotices = 1000

// noticeLocked queues one line for Options.Log.
func (s *Session) noticeLocked(format string, args ...any) {
	if s.opt.Log == nil {
		return
	}
	if s.notices == nil {
		if s.state == Closed {
			return
		}
		s.notices = newFeed(s.opt.Log, maxNotices, func() {})
	}
	s.notices.push(Notice{Time: s.opt.clock(), State: s.state, Text: fmt.Sprintf(format, args...)})
}

// notice is noticeLocked for a caller without the lock.
func (s *Session) notice(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noticeLocked(format, args...)
}
