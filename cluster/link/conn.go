package link

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned by a connection of which either end was closed.
var ErrClosed = errors.New("link closed")

// Conn is one end of a connection. Messages arrive in the order of Send.
// Send and Close may be called from any goroutine; Receive from one.
type Conn struct {
	out, in *queue
}

// Pipe makes the two ends of a connection.
func Pipe() (*Conn, *Conn) {
	a, b := newQueue(), newQueue()
	return &Conn{out: a, in: b}, &Conn{out: b, in: a}
}

// Send queues m for the other end and never blocks. It fails with ErrClosed.
func (c *Conn) Send(m Message) error { return c.out.put(m) }

// Receive waits for the next message. After Close of either end it gives what
// was sent before, then ErrClosed; when ctx ends its cause.
func (c *Conn) Receive(ctx context.Context) (Message, error) { return c.in.get(ctx) }

// Close ends both directions. Closing twice is safe.
func (c *Conn) Close() {
	c.out.close()
	c.in.close()
}

// queue is one direction: mu guards items and closed, ready has one slot that
// is filled whenever there is something to see.
type queue struct {
	mu     sync.Mutex
	items  []Message
	closed bool
	ready  chan struct{}
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

func (q *queue) put(m Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.items = append(q.items, m)
	q.wake()
	return nil
}

func (q *queue) get(ctx context.Context) (Message, error) {
	for {
		if m, ok, err := q.take(); ok || err != nil {
			return m, err
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (q *queue) take() (Message, bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) > 0 {
		m := q.items[0]
		q.items[0] = nil
		q.items = q.items[1:]
		return m, true, nil
	}
	if q.closed {
		q.wake() // a later get sees it too
		return nil, false, ErrClosed
	}
	return nil, false, nil
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}
