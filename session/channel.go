package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// channel is one wanted subscription, over all its connections. Its goroutines
// are run, which reads the stream, acknowledge and watchElection, all started by
// openChannel, and settleDoubts, started by run for each stream. All end with ctx, which run
// ends when the subscription is over for good; they may block on the network.
type channel struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	body   []byte            // SUBSCRIBE, with the framework id once it is known
	first  chan subscription // gets the outcome of the first attempt; buffered
	work   sync.WaitGroup    // all goroutines but run
	done   chan struct{}     // closed when all goroutines have ended
	acks   ackQueue
	// teardown is set under Session.mu while a TEARDOWN of ours is under way or
	// has succeeded; it is closed when its outcome is known.
	teardown chan struct{}
	tornDown bool
}

// subscription is the outcome of the first attempt to subscribe.
type subscription struct {
	answer Answer
	err    error
}

// Subscribe opens the background channel with a SUBSCRIBE body and returns once
// the master has answered SUBSCRIBED; the Answer then holds that event. Fields
// the body has are left alone; user, name and failover_timeout are filled from
// the options where absent or null, and a framework id given in one of its two
// places is copied to the other. A body without an id registers a new framework.
// A refusal by HTTP comes as an Answer with that status; a refusal by an ERROR
// event, no master and a timeout come as an error. The ctx bounds the wait for
// the first SUBSCRIBED only; later losses are repaired in the background.
func (s *Session) Subscribe(ctx context.Context, body []byte) (Answer, error) {
	c, err := parseCall(body)
	if err != nil {
		return Answer{}, err
	}
	if c.kind != "SUBSCRIBE" {
		return Answer{}, fmt.Errorf("subscribe: the body is a %q call, want SUBSCRIBE", c.kind)
	}
	body = s.fillSubscribe(body)
	base, _ := s.base(ctx) // empty: connecting tells why there is no master
	if a, guarded, err := s.guard(ctx, request{op: "post SUBSCRIBE", method: http.MethodPost, url: base + schedulerPath, header: jsonHeader(), body: body}); guarded {
		return a, err
	}
	ch, err := s.openChannel(body)
	if err != nil {
		return Answer{}, err
	}
	select {
	case sub := <-ch.first:
		if sub.err != nil || !sub.answer.OK() {
			<-ch.done // the session is Disconnected again when the caller looks
		}
		return sub.answer, s.failed(sub.err)
	case <-ctx.Done():
		ch.cancel(context.Cause(ctx))
		<-ch.done
		return Answer{}, fmt.Errorf("subscribe: %w", context.Cause(ctx))
	}
}

// Resubscribe opens the channel again with the body and the framework id of the
// last subscription, also of one restored from the event log.
func (s *Session) Resubscribe(ctx context.Context) (Answer, error) {
	s.mu.Lock()
	body := s.lastSubscribe
	s.mu.Unlock()
	if body == nil {
		return Answer{}, fmt.Errorf("resubscribe: %w before; subscribe first", ErrNotSubscribed)
	}
	return s.Subscribe(ctx, body)
}

// CloseChannel drops the subscription without tearing the framework down: the
// master keeps its tasks for failover_timeout. Updates that were read are
// acknowledged first. It returns when the background goroutines have ended. Without a channel it does nothing.
func (s *Session) CloseChannel() error {
	s.mu.Lock()
	ch := s.channel
	s.mu.Unlock()
	if ch == nil {
		return nil
	}
	s.drainAcks(ch)
	ch.cancel(ErrChannelClosed)
	<-ch.done
	return nil
}

// fillSubscribe fills what the body leaves open.
func (s *Session) fillSubscribe(body []byte) []byte {
	const info = "subscribe.framework_info."
	fill := func(path string, value any) {
		if v := gjson.GetBytes(body, path); !v.Exists() || v.Type == gjson.Null {
			if b, err := sjson.SetBytes(body, path, value); err == nil {
				body = b
			}
		}
	}
	if s.opt.User != "" {
		fill(info+"user", s.opt.User)
	}
	if s.opt.Name != "" {
		fill(info+"name", s.opt.Name)
	}
	if s.opt.FailoverTimeout > 0 {
		fill(info+"failover_timeout", s.opt.FailoverTimeout.Seconds())
	}
	outer, inner := gjson.GetBytes(body, "framework_id.value").String(), gjson.GetBytes(body, info+"id.value").String()
	if id := outer + inner; id != "" && (outer == "" || inner == "") {
		body = withFrameworkID(body, FrameworkID(id))
	}
	return body
}

// withFrameworkID writes the id to both places of a SUBSCRIBE body, which the
// master wants to be equal (master/validation.cpp).
func withFrameworkID(body []byte, id FrameworkID) []byte {
	value := map[string]string{"value": string(id)}
	for _, path := range []string{"framework_id", "subscribe.framework_info.id"} {
		if b, err := sjson.SetBytes(body, path, value); err == nil {
			body = b
		}
	}
	return body
}

// openChannel makes the channel and starts its goroutines.
func (s *Session) openChannel(body []byte) (*channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Closed {
		return nil, fmt.Errorf("subscribe: %w", ErrClosed)
	}
	if s.channel != nil {
		return nil, fmt.Errorf("subscribe: %w as framework %s; close the channel or tear it down first", ErrAlreadySubscribed, s.framework)
	}
	ctx, cancel := context.WithCancelCause(s.life)
	ch := &channel{ctx: ctx, cancel: cancel, body: body, first: make(chan subscription, 1), done: make(chan struct{})}
	ch.acks.wake = make(chan struct{}, 1)
	s.channel, s.live = ch, nil
	s.forgetTasksOfOthersLocked(FrameworkID(gjson.GetBytes(body, "framework_id.value").String()))
	s.setStateLocked(Subscribing, nil)
	ch.work.Go(func() { s.acknowledge(ch) })
	if w, ok := s.detector.(watcher); ok {
		ch.work.Go(func() { s.watchElection(ch, w) })
	}
	go func() {
		s.run(ch)
		ch.work.Wait()
		close(ch.done)
	}()
	return ch, nil
}

// run keeps the subscription until it is over for good.
func (s *Session) run(ch *channel) {
	wait := backoff{min: s.opt.BackoffMin, max: s.opt.BackoffMax}
	for first := true; ; first = false {
		began := time.Now()
		err := s.attempt(ch, first)
		if first && s.State() == Subscribing { // never came to SUBSCRIBED
			s.endChannel(ch, err)
			return
		}
		if isFinal(err) || ch.ctx.Err() != nil {
			s.endChannel(ch, err)
			return
		}
		if time.Since(began) >= s.opt.BackoffMax {
			wait.reset()
		}
		if !s.pause(ch, s.pauseAfter(err, &wait), err) {
			s.endChannel(ch, context.Cause(ch.ctx))
			return
		}
	}
}

// pauseAfter is how long to wait before the next attempt: where the leader is known
// to be another one only so long that not all schedulers come to it at once.
func (s *Session) pauseAfter(err error, wait *backoff) time.Duration {
	if errors.As(err, &movedError{}) {
		return rand.N(s.opt.BackoffMin + 1)
	}
	return wait.next()
}

// attempt subscribes once and reads the stream to its end; the error says why it
// ended. The first attempt reports its outcome to Subscribe.
func (s *Session) attempt(ch *channel, first bool) error {
	seen := s.elections()
	st, err := s.connect(ch, first)
	if err != nil {
		if first {
			ch.first <- firstOutcome(err)
		}
		return err
	}
	defer st.close()
	if first {
		ch.first <- subscription{answer: st.answer()}
	}
	s.electedSince(seen, st)
	return s.read(ch, st)
}

// firstOutcome gives a refusal by HTTP as the Answer it was.
func firstOutcome(err error) subscription {
	var r *refusal
	if errors.As(err, &r) {
		return subscription{answer: r.answer}
	}
	return subscription{err: err}
}

// pause enters Lost, waits, and enters Subscribing; false when the channel ended.
func (s *Session) pause(ch *channel, d time.Duration, cause error) bool {
	s.mu.Lock()
	s.attempts++
	s.retryAt = time.Now().Add(d)
	if s.state == Subscribed {
		s.losses++
		s.attempts = 0
		s.setStateLocked(Lost, cause)
		s.noticeLocked("%s", lossText(cause))
	} else {
		s.setStateLocked(Lost, cause)
		if s.attempts == 1 || s.attempts%10 == 0 {
			s.noticeLocked("attempt %d to subscribe again failed: %v", s.attempts, cause)
		}
	}
	s.mu.Unlock()
	s.flushJournal()
	s.client.CloseIdleConnections() // they are as dead as the stream
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ch.ctx.Done():
		return false
	case <-timer.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setStateLocked(Subscribing, nil)
	return true
}

// lossText is what people are told of a loss.
func lossText(cause error) string {
	if errors.Is(cause, errStreamEnded) {
		return fmt.Sprintf("%v, as it does when somebody tears the framework down; subscribing again", cause)
	}
	return fmt.Sprintf("connection to the master lost: %v; subscribing again", cause)
}

// endChannel enters Disconnected and says why.
func (s *Session) endChannel(ch *channel, err error) {
	ch.cancel(err)
	if errors.Is(err, ErrTornDown) {
		s.saveSubscription(true)
	}
	defer s.flushJournal()
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.everSubscribedLocked()
	switch {
	case errors.Is(err, ErrChannelClosed), errors.Is(err, ErrTornDown):
		s.setStateLocked(Disconnected, nil)
		s.cause = err
		s.noticeLocked("%v: %s", err, s.framework)
	case errors.Is(err, ErrClosed):
		s.setStateLocked(Disconnected, nil)
	default:
		s.setStateLocked(Disconnected, err)
		if was {
			s.noticeLocked("subscription ended: %v", err)
		} else {
			s.cause = fmt.Errorf("subscribe first; the last attempt failed: %w", err)
		}
	}
}
