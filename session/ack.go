package session

import (
	"context"
	"fmt"
	"sync"
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
	mu    sync.Mutex
	queue []ack
	wake  chan struct{} // holds a token when the queue is not empty
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
	return out
}

func (q *ackQueue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queue)
}

// acknowledge sends acknowledgements until the channel ends. What is queued is
// written to disk once for all before the first is sent.
func (s *Session) acknowledge(ch *channel) {
	for {
		select {
		case <-ch.ctx.Done():
			return
		case <-ch.acks.wake:
		}
		batch := ch.acks.take()
		if err := s.syncJournal(); err != nil {
			s.notice("updates are not acknowledged: %v", err)
			continue // the agent sends them again
		}
		for _, a := range batch {
			if !s.sendAck(ch, a) {
				return
			}
		}
	}
}

// sendAck waits for the subscription and sends one acknowledgement. One that
// fails is dropped: the agent sends its update again. It is false when the
// channel has ended.
func (s *Session) sendAck(ch *channel, a ack) bool {
	if err := s.waitSubscribed(ch); err != nil {
		return false
	}
	answer, err := s.sendCall(ch.ctx, a.call(), true)
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		s.failed(fmt.Errorf("acknowledge %s: %w", a.subject(), err))
		return ch.ctx.Err() == nil
	}
	s.mu.Lock()
	s.acknowledged++
	s.mu.Unlock()
	return true
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
		kind, member = "ACKNOWLEDGE_OPERATION_STATUS", map[string]any{"operation_id": idValue(a.operation), "uuid": idValue(a.uuid)}
		if a.agent != "" {
			member["agent_id"] = idValue(a.agent)
		}
		if a.provider != "" {
			member["resource_provider_id"] = idValue(a.provider)
		}
	}
	return newCall(kind, member)
}

// idValue is the {"value": id} object of Mesos' id messages.
func idValue[T ~string](id T) map[string]string { return map[string]string{"value": string(id)} }
