package session

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// closePatience is how long Close waits for a callback of the user's that does
// not return.
const closePatience = 2 * time.Second

// Session is one subscription to a master and what is known through it. Its
// methods may be called from any goroutine. What can change is guarded by mu,
// which is held neither over I/O nor over a callback; state changes in
// setStateLocked alone.
type Session struct {
	opt     Options
	cred    credentials
	client  *http.Client
	journal *journal        // nil when in memory only
	life    context.Context // ended by Close
	end     context.CancelCauseFunc
	closed  chan struct{} // closed when Close has done its work

	mu       sync.Mutex
	state    State
	since    time.Time
	cause    error         // why the state is what it is; nil when it was wanted
	changed  chan struct{} // closed and replaced at each change
	detector detector
	channel  *channel // open unless Disconnected or Closed
	live     *stream  // the last one that was subscribed on the open channel
	hosts    map[string]bool
	dryRun   bool
	unsent   int // calls that the dry run kept back

	leader        string // base URL
	election      election
	masterVersion string
	framework     FrameworkID
	stream        StreamID
	interval      time.Duration
	lastSubscribe []byte
	lastHeartbeat time.Time // by the clock on the wall
	beat          time.Time // the same moment, for its age
	lastErr       error
	lastErrAt     time.Time
	attempts      int
	lostAt        time.Time // when the subscription that is missed was lost; zero when none is
	retryAt       time.Time // when the wait of the state Lost ends
	losses        int
	subscriptions int

	log      eventLog
	cursor   uint64 // of Await
	offers   offerBook
	inverse  []InverseOffer
	stray    []OfferID // of ACCEPTs without an answer, to be given back
	tasks    taskBook
	own      ownBook
	agents   map[AgentID]string
	calls    callLog
	handlers []*feed[Event]
	notices  *feed[Notice]
	wire     *feed[string]
	ending   []<-chan struct{} // goroutines of feeds that were dropped and may still run

	operations     seenUpdates // of operations; each task has its own
	updates        uint64
	plain          uint64 // updates that need no acknowledgement
	acknowledged   uint64
	ackRefusal     string // what the master last said to an acknowledgement that it refused
	badRecords     uint64
	internalErrors int
	journalBroken  bool
}

// New checks the options and gives a Session in state Disconnected, with the
// history that Dir holds. It starts no goroutine and opens no connection.
func New(o Options) (*Session, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	found, cred, err := newDetector(o)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	if o.Principal != "" {
		cred = credentials{o.Principal, o.Secret}
	}
	s := &Session{opt: o, cred: cred, detector: found, state: Disconnected, since: o.clock(),
		changed: make(chan struct{}), closed: make(chan struct{}), hosts: map[string]bool{}, agents: map[AgentID]string{},
		log: eventLog{maxCount: o.MaxEvents, maxBytes: o.MaxEventBytes}}
	s.life, s.end = context.WithCancelCause(context.Background())
	s.client = &http.Client{Transport: newTransport(o), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if o.Dir == "" {
		return s, nil
	}
	if s.journal, err = openJournal(o.Dir); err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	s.journal.now = o.clock
	if err := s.restore(); err != nil {
		s.journal.close()
		return nil, fmt.Errorf("session: %w", err)
	}
	return s, nil
}

// Close ends everything the session started and returns when it has ended. It
// does not tear the framework down. A second Close does nothing. It fails when a
// handler given to On, Log or SetWire does not return.
func (s *Session) Close() error {
	s.mu.Lock()
	ch := s.channel
	s.mu.Unlock()
	if ch != nil {
		s.drainAcks(ch)
	}
	s.mu.Lock()
	if s.state == Closed {
		s.mu.Unlock()
		<-s.closed
		return nil
	}
	ch = s.channel
	s.setStateLocked(Closed, nil)
	waits := s.stopFeedsLocked()
	s.mu.Unlock()
	s.end(ErrClosed)
	if ch != nil {
		<-ch.done
	}
	s.client.CloseIdleConnections()
	err := s.journal.close()
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	defer close(s.closed)
	for _, done := range waits {
		select {
		case <-done:
		case <-patience.C:
			return fmt.Errorf("close: an event handler has not returned for %v", closePatience)
		}
	}
	return err
}

// stopFeedsLocked ends all callbacks' goroutines and gives what to wait for.
// Notices and wire lines that are queued are still delivered.
func (s *Session) stopFeedsLocked() []<-chan struct{} {
	waits := s.ending
	for _, h := range s.handlers {
		h.drop()
		waits = append(waits, h.done)
	}
	if s.notices != nil {
		s.notices.stop()
		waits = append(waits, s.notices.done)
	}
	if s.wire != nil {
		s.wire.stop()
		waits = append(waits, s.wire.done)
	}
	s.handlers, s.ending = nil, nil
	return waits
}
