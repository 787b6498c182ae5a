package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// ack is one acknowledgement to be sent: of a task's update, or of an
// operation's when operation is set.
type ack struct {
	task      TaskID
	agent     AgentID
	operation string
	provider  string
	uuid      string // base64 of 16 bytes, as it was sent
}

// ackQueue holds the acknowledgements to be sent. An agent has one update per
// task under way, so it is bounded by the number of tasks.
type ackQueue struct {
	mu      sync.Mutex
	queue   []ack
	sending int           // taken and not settled yet
	wake    chan struct{} // holds a token when the queue is not empty
}

func (q *ackQueue) push(a ack) {
	q.mu.Lock()
	q.queue = append(q.queue, a)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take empties the queue; a retransmitted update is acknowledged once.
func (q *ackQueue) take() []ack {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.queue
	q.queue = nil
	known := map[string]bool{}
	out := all[:0]
	for _, a := range all {
		if key := string(a.task) + "\x00" + a.uuid; !known[key] {
			known[key] = true
			out = append(out, a)
		}
	}
	q.sending += len(out)
	return out
}

// settled is told that one that was taken has been sent or given up.
func (q *ackQueue) settled() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sending--
}

// len counts what is not settled.
func (q *ackQueue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queue) + q.sending
}

// maxAcks is how many acknowledgements are under way at once: one after the other,
// they would take a round trip each, and 100,000 a minute no more than 0.6 ms.
const maxAcks = 8

// acknowledge sends acknowledgements until the channel ends. What is queued is
// written to disk once for all before the first is sent. It starts up to maxAcks
// goroutines, which end with their call, and returns when they have ended.
func (s *Session) acknowledge(ch *channel) {
	var sending sync.WaitGroup
	defer sending.Wait()
	free := make(chan struct{}, maxAcks)
	for {
		select {
		case <-ch.ctx.Done():
			return
		case <-ch.acks.wake:
		}
		batch := ch.acks.take()
		if err := s.syncJournal(); err != nil {
			s.notice("updates are not acknowledged: %v", err)
			for range batch {
				ch.acks.settled() // the agent sends them again
			}
			continue
		}
		for _, a := range batch {
			select {
			case <-ch.ctx.Done():
				return
			case free <- struct{}{}:
			}
			sending.Go(func() {
				s.sendAck(ch, a)
				<-free
			})
		}
	}
}

// sendAck waits for the subscription and sends one acknowledgement, a second time
// if it got no answer. One that fails is dropped: the agent sends its update again.
func (s *Session) sendAck(ch *channel, a ack) {
	defer s.ackSettled(ch)
	var err error
	for range 2 {
		if s.waitSubscribed(ch) != nil {
			return
		}
		var answer Answer
		if answer, err = s.sendCall(ch.ctx, a.call(), true); err == nil {
			err = answer.Err()
			break
		}
	}
	if ch.ctx.Err() != nil {
		return
	}
	if err != nil {
		s.ackFailed(a, err)
		return
	}
	s.mu.Lock()
	s.acknowledgedLocked(a)
	s.ackRefusal = ""
	s.mu.Unlock()
}

// ackFailed tells people of an acknowledgement that the master refused, once for as
// long as it refuses them so. A refusal because the subscription has ended is told as
// that.
func (s *Session) ackFailed(a ack, cause error) {
	err := s.failed(fmt.Errorf("acknowledge %s: %w", a.subject(), cause))
	var refused *AnswerError
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.As(cause, &refused) && refused.Status < 500 && !channelEnded(refused.Text) && s.ackRefusal != refused.Error() {
		s.ackRefusal = refused.Error()
		s.noticeLocked("%v", err)
	}
}

func (s *Session) ackSettled(ch *channel) {
	ch.acks.settled()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broadcastLocked()
}

// ackPatience is how long a channel that is to be closed waits for the
// acknowledgements of updates that were read: an agent sends what is not
// acknowledged again only after 10 s.
const ackPatience = time.Second

// drainAcks waits until every update that was read is acknowledged, as long as
// the channel is subscribed and ackPatience lasts.
func (s *Session) drainAcks(ch *channel) {
	patience := time.NewTimer(ackPatience)
	defer patience.Stop()
	for {
		s.mu.Lock()
		state, changed := s.state, s.changed
		s.mu.Unlock()
		if state != Subscribed || ch.acks.len() == 0 {
			return
		}
		select {
		case <-changed:
		case <-patience.C:
			return
		case <-ch.done:
			return
		}
	}
}

// waitSubscribed waits until the channel is subscribed; it fails when it has ended.
func (s *Session) waitSubscribed(ch *channel) error {
	for {
		s.mu.Lock()
		state, changed := s.state, s.changed
		s.mu.Unlock()
		if state == Subscribed {
			return nil
		}
		select {
		case <-ch.ctx.Done():
			return context.Cause(ch.ctx)
		case <-changed:
		}
	}
}

func (a ack) subject() string {
	if a.operation != "" {
		return "operation " + a.operation
	}
	return "task " + string(a.task)
}

// call builds the ACKNOWLEDGE or ACKNOWLEDGE_OPERATION_STATUS body.
func (a ack) call() call {
	kind, member := "ACKNOWLEDGE", map[string]any{"agent_id": idValue(a.agent), "task_id": idValue(a.task), "uuid": a.uuid}
	if a.operation != "" {
		kind, member = "ACKNOWLEDGE_OPERATION_STATUS", map[string]any{"operation_id": idValue(a.operation), "uuid": a.uuid}
		if a.agent != "" {
			member["agent_id"] = idValue(a.agent)
		}
		if a.provider != "" {
			member["resource_provider_id"] = idValue(a.provider)
		}
	}
	return newCall(kind, member)
}

// sentAck reads back what call has built.
func sentAck(body gjson.Result) ack {
	if of := body.Get("acknowledge"); of.Exists() {
		return ack{task: TaskID(of.Get("task_id.value").String()), uuid: of.Get("uuid").String()}
	}
	of := body.Get("acknowledge_operation_status")
	return ack{operation: of.Get("operation_id.value").String(), uuid: of.Get("uuid").String()}
}

// idValue is the {"value": id} object of Mesos' id messages.
func idValue[T ~string](id T) map[string]string { return map[string]string{"value": string(id)} }
