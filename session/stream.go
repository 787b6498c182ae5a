package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// stream is one connection that carries a subscription.
type stream struct {
	resp     *http.Response
	records  *recordSource
	ctx      context.Context // ends with the stream; its cause says why
	cancel   context.CancelCauseFunc
	base     string // the master's base URL
	first    string // the SUBSCRIBED record
	interval time.Duration
	doubts   chan struct{} // holds a token when the state of tasks is to be asked for
}

// refusal is an HTTP answer to SUBSCRIBE other than 200.
type refusal struct{ answer Answer }

func (r *refusal) Error() string { return r.answer.Err().Error() }
func (r *refusal) Unwrap() error { return r.answer.Err() }

func (st *stream) close() {
	st.cancel(nil)
	st.resp.Body.Close()
}

func (st *stream) id() StreamID { return StreamID(st.resp.Header.Get("Mesos-Stream-Id")) }

func (st *stream) answer() Answer {
	return Answer{Op: "post SUBSCRIBE", Status: st.resp.StatusCode, Header: st.resp.Header,
		Body: []byte(st.first), URL: st.base + schedulerPath}
}

// connect finds the leader and subscribes; it returns once SUBSCRIBED was read
// and applied. While masters say 503 the first attempt waits for a leader, at
// most for CallTimeout; later attempts leave that to run.
func (s *Session) connect(ch *channel, patient bool) (*stream, error) {
	wait := backoff{min: s.opt.BackoffMin, max: s.opt.BackoffMax}
	ctx, cancel := s.callContext(ch.ctx)
	defer cancel()
	for told := false; ; {
		var st *stream
		err := s.walk(ctx, func(base string) (redirect string, err error) {
			st, redirect, err = s.subscribeAt(ch, base)
			return redirect, err
		})
		if err == nil || !patient || !unavailable(err) {
			return st, err
		}
		if !told {
			s.notice("no master serves yet (%v); trying for %v", refusalText(err), s.opt.CallTimeout)
		}
		told = true
		select {
		case <-ctx.Done():
			if ch.ctx.Err() != nil {
				return nil, context.Cause(ch.ctx)
			}
			return nil, err
		case <-time.After(wait.next()):
		}
	}
}

// refusalText is what a master said, without the hint to try again.
func refusalText(err error) string {
	var r *refusal
	if !errors.As(err, &r) {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", r.answer.Status, clip(string(r.answer.Body)))
}

// unavailable tells whether a master said that it does not serve yet.
func unavailable(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.answer.Status == http.StatusServiceUnavailable
}

// subscribeAt sends SUBSCRIBE to one master. The whole of it, up to the first
// record, takes at most CallTimeout.
func (s *Session) subscribeAt(ch *channel, base string) (st *stream, redirect string, err error) {
	ctx, cancel := context.WithCancelCause(ch.ctx)
	opening := time.AfterFunc(s.opt.CallTimeout, func() {
		cancel(fmt.Errorf("no answer for %v", s.opt.CallTimeout))
	})
	defer opening.Stop()
	defer func() {
		if st == nil {
			cancel(nil)
		}
	}()
	r := s.subscribeRequest(ch, base)
	resp, rec, err := s.open(ctx, r)
	if err != nil {
		return nil, "", err
	}
	if resp.StatusCode != http.StatusOK {
		a, err := s.readAnswer(ctx, r, resp, rec)
		if err != nil {
			return nil, "", err
		}
		if a.Status == http.StatusTemporaryRedirect {
			redirect, err = redirectBase(base, a.Header.Get("Location"))
			return nil, redirect, err
		}
		return nil, "", refused(a)
	}
	st = &stream{resp: resp, records: s.newRecordSource(resp.Body), ctx: ctx, cancel: cancel, base: base,
		doubts: make(chan struct{}, 1)}
	s.wireLine("<- %d stream %s", resp.StatusCode, st.id())
	if err := s.greet(ch, st); err != nil {
		err = st.why(err)
		s.finishCall(rec, resp.StatusCode, nil, err)
		st.close()
		return nil, "", err
	}
	s.fileOutcome(rec, resp.StatusCode, []byte(st.first), nil)
	return st, "", nil
}

func (s *Session) subscribeRequest(ch *channel, base string) request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return request{op: "post SUBSCRIBE", method: http.MethodPost, url: base + schedulerPath, header: jsonHeader(),
		body: ch.body, auto: s.everSubscribedLocked()}
}

// refused is final unless the master may serve later (503) or its routes are not
// there yet (404), which Mesos' own scheduler library takes as "try again".
func refused(a Answer) error {
	r := &refusal{a}
	if a.Status == http.StatusNotFound || a.Status >= 500 {
		return r
	}
	return finalError{r}
}

// greet reads the first record and enters Subscribed.
func (s *Session) greet(ch *channel, st *stream) error {
	raw, err := st.records.next()
	if err != nil {
		hint := ""
		if st.id() == "" {
			hint = "; is this a Mesos master?"
		}
		return fmt.Errorf("subscribe %s: the stream ended before SUBSCRIBED: %w%s", st.base, noEOF(err), hint)
	}
	e := s.newEvent(raw)
	switch {
	case e.Type == EventError:
		s.ingest(ch, e)
		return masterError(e.Get("error.message").String())
	case e.Type != EventSubscribed:
		return finalError{fmt.Errorf("subscribe %s: first record is %s, want SUBSCRIBED: %s", st.base, e.Type, clip(e.raw))}
	case st.id() == "":
		return finalError{fmt.Errorf("subscribe %s: the answer has no Mesos-Stream-Id header; is this a Mesos master?", st.base)}
	case e.Get("subscribed.framework_id.value").String() == "":
		return finalError{fmt.Errorf("subscribe %s: SUBSCRIBED without a framework id", st.base)}
	}
	st.first = e.raw
	st.interval = time.Duration(e.Get("subscribed.heartbeat_interval_seconds").Float() * float64(time.Second))
	s.enter(ch, st, e)
	return nil
}

// read reads the stream to its end and says why it ended.
func (s *Session) read(ch *channel, st *stream) error {
	limit := time.Duration(s.opt.HeartbeatsMissed) * st.interval
	if st.interval <= 0 { // a master before 0.28 announces none
		limit = time.Duration(s.opt.HeartbeatsMissed) * defaultHeartbeat
	}
	watchdog := time.AfterFunc(limit, func() {
		st.cancel(fmt.Errorf("no record for %v (%d x heartbeat %v)", limit, s.opt.HeartbeatsMissed, limit/time.Duration(s.opt.HeartbeatsMissed)))
	})
	defer watchdog.Stop()
	for {
		raw, err := st.records.next()
		if err != nil {
			return s.streamEnd(ch, st, err)
		}
		watchdog.Reset(limit)
		e := s.newEvent(raw)
		s.ingest(ch, e)
		if e.Type == EventError {
			return masterError(e.Get("error.message").String())
		}
	}
}

// errStreamEnded is an orderly end, of which the master does not say why. It ends
// the stream so when somebody tears the framework down; the answer to the next
// SUBSCRIBE tells.
var errStreamEnded = errors.New("the master ended the stream")

// streamEnd says why a stream ended: our own teardown, a cancel with its cause,
// or what the connection did.
func (s *Session) streamEnd(ch *channel, st *stream, err error) error {
	if s.endedByTeardown(ch) {
		return finalError{ErrTornDown}
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && st.ctx.Err() == nil {
		return errStreamEnded
	}
	return st.why(plainCause(err))
}

// why prefers the cause of a cancel to the error that the cancel led to.
func (st *stream) why(err error) error {
	if cause := context.Cause(st.ctx); cause != nil {
		return cause
	}
	return err
}

// endedByTeardown waits for the outcome of a TEARDOWN under way.
func (s *Session) endedByTeardown(ch *channel) bool {
	s.mu.Lock()
	pending := ch.teardown
	s.mu.Unlock()
	if pending == nil {
		return false
	}
	<-pending // the call ends by its answer or CallTimeout
	s.mu.Lock()
	defer s.mu.Unlock()
	return ch.tornDown
}

// defaultHeartbeat is DEFAULT_HEARTBEAT_INTERVAL (master/constants.hpp).
const defaultHeartbeat = 15 * time.Second

// masterError turns the message of an ERROR event, after which the master closes
// the stream, into an error that says what to do. The texts are those of
// master/master.cpp.
func masterError(message string) error {
	switch {
	case strings.Contains(message, "failed over"):
		return finalError{fmt.Errorf("%w (the master says %q): this session stands back; subscribe with this framework id to take it back", ErrFailedOver, clip(message))}
	case strings.Contains(message, "has been removed"):
		return finalError{fmt.Errorf("%w: it was torn down, or its failover_timeout passed while nobody was subscribed; its tasks are killed; subscribe without an id to register a new framework", ErrRemoved)}
	}
	return finalError{fmt.Errorf("the master refused: %s", clip(message))}
}

// noEOF makes an early clean end readable.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// resubscribing tells whether the session has been subscribed on this channel.
func (s *Session) resubscribing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channel != nil && s.everSubscribedLocked()
}
