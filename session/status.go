package session

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tidwall/gjson"
)

// Status is a snapshot of a Session.
type Status struct {
	State           State
	Since           time.Time // of the state; while Lost or Subscribing again, of the loss
	Master          string    // what was asked for, without credentials
	Leader          string    // base URL of the leading master
	MasterVersion   string
	FrameworkID     FrameworkID
	StreamID        StreamID  // empty unless Subscribed
	LastHeartbeat   time.Time // zero when none came, or no channel is open
	HeartbeatAge    time.Duration
	Interval        time.Duration // heartbeat interval announced by the master
	Backoff         time.Duration // what is left of the wait before the next attempt; 0 when not Lost
	Attempts        int           // failed attempts since the loss
	Losses          int           // subscriptions lost so far
	Events          uint64        // records read so far, also in earlier runs of a resumed session
	BadRecords      uint64        // records that were not JSON
	Offers          int           // offers that can be used now
	Tasks           int           // tasks that have not ended; none once the framework is torn down or removed
	Updates         uint64        // status updates of tasks and operations read, retransmissions not counted
	Plain           uint64        // of these, those without a uuid, as reconciliation brings them: they need no acknowledgement
	Acknowledged    uint64        // updates of which an acknowledgement was taken with a 202
	PendingAcks     int           // updates waiting to be acknowledged, by the user with AckManual
	FailoverTimeout time.Duration // of the framework, as subscribed
	ReadOnly        bool
	DryRun          bool
	Unsent          int    // calls that were kept back by a dry run
	LogDir          string // event log directory; empty when in memory only
	LastError       error
	LastErrorTime   time.Time // when it happened
}

// Status takes a snapshot.
func (s *Session) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{State: s.state, Since: s.since, Master: s.detector.String(), Leader: s.leader, MasterVersion: s.masterVersion,
		FrameworkID: s.framework, StreamID: s.stream,
		Backoff: s.backoffLeftLocked(), Attempts: s.attempts, Losses: s.losses, Events: s.log.last, BadRecords: s.badRecords,
		Offers: s.offers.len(), Tasks: s.tasks.alive, Updates: s.updates, Plain: s.plain, Acknowledged: s.acknowledged,
		ReadOnly: s.opt.ReadOnly, DryRun: s.dryRun, Unsent: s.unsent, LogDir: s.opt.Dir, LastError: s.lastErr, LastErrorTime: s.lastErrAt}
	if s.state != Subscribed {
		st.StreamID = ""
	}
	if s.channel != nil {
		st.PendingAcks = s.channel.acks.len()
		st.LastHeartbeat, st.Interval = s.lastHeartbeat, s.interval
	}
	if s.channel == nil && (errors.Is(s.cause, ErrTornDown) || errors.Is(s.cause, ErrRemoved)) {
		st.Tasks = 0 // killed with their framework, of which no updates tell
	}
	if s.opt.Ack == AckManual {
		st.PendingAcks = s.unacknowledgedLocked()
	}
	if !st.LastHeartbeat.IsZero() {
		st.HeartbeatAge = time.Since(s.beat)
	}
	if (s.state == Lost || s.state == Subscribing) && !s.lostAt.IsZero() {
		st.Since = s.lostAt
	}
	st.FailoverTimeout = time.Duration(gjson.GetBytes(s.lastSubscribe, "subscribe.framework_info.failover_timeout").Float() * float64(time.Second))
	return st
}

// backoffLeftLocked is how long the channel still waits before it subscribes
// again; 0 when it does not wait.
func (s *Session) backoffLeftLocked() time.Duration {
	if s.state != Lost {
		return 0
	}
	return max(0, time.Until(s.retryAt))
}

// String is the status as aligned lines of "name  value".
func (st Status) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("state", "%s since %s", st.State, st.Since.Format("15:04:05"))
	row("master", "%s", st.masterText())
	if st.FrameworkID != "" {
		row("framework", "%s (failover timeout %v)", st.FrameworkID, st.FailoverTimeout)
	}
	if st.StreamID != "" {
		row("stream", "%s", st.StreamID)
	}
	if !st.LastHeartbeat.IsZero() {
		row("heartbeat", "%v ago (every %v)", st.HeartbeatAge.Round(100*time.Millisecond), st.Interval)
	}
	if st.State == Lost || st.State == Subscribing {
		row("attempts", "%d failed, next in %v", st.Attempts, st.Backoff.Round(time.Millisecond))
	}
	row("offers", "%d", st.Offers)
	row("tasks", "%d running or starting", st.Tasks)
	row("events", "%d (%s)", st.Events, st.updatesText())
	row("losses", "%d", st.Losses)
	if st.LogDir != "" {
		row("log", "%s", st.LogDir)
	}
	if st.ReadOnly || st.DryRun {
		row("guards", "%s", st.guards())
	}
	if st.LastError != nil {
		row("last error", "%s: %v", st.LastErrorTime.Format("15:04:05"), st.LastError)
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

func (st Status) updatesText() string {
	text := fmt.Sprintf("%d updates, %d acknowledged, %d waiting", st.Updates, st.Acknowledged, st.PendingAcks)
	if st.Plain > 0 {
		text += fmt.Sprintf(", %d need none", st.Plain)
	}
	return text
}

func (st Status) masterText() string {
	if st.Leader == "" {
		return st.Master
	}
	text := st.Leader
	if st.MasterVersion != "" {
		text += " (Mesos " + st.MasterVersion + ")"
	}
	if st.Master != st.Leader {
		text += " of " + st.Master
	}
	return text
}

func (st Status) guards() string {
	var on []string
	if st.ReadOnly {
		on = append(on, "read-only")
	}
	if st.DryRun {
		on = append(on, "dry run")
	}
	return strings.Join(on, ", ")
}

// State is where the session stands.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// FrameworkID is the id of the current or last framework; empty before the first SUBSCRIBED.
func (s *Session) FrameworkID() FrameworkID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.framework
}

// StreamID is that of the current or last subscription; empty before the first.
func (s *Session) StreamID() StreamID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream
}

// LastHeartbeat is when the last HEARTBEAT event came; zero when none has.
func (s *Session) LastHeartbeat() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastHeartbeat
}

// LastError is what last went wrong in the background or in a call; nil if nothing did.
func (s *Session) LastError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastErr
}

// MasterURL is the leading master's base URL ("http://127.0.0.1:5050"), or the
// first one to be asked while none is known; empty with ZooKeeper until then.
func (s *Session) MasterURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if given, ok := s.detector.(fixedMasters); ok && s.leader == "" {
		return given[0]
	}
	return s.leader
}
