package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"mesosbook/cluster/link"
)

// errCut is what an agent meets that dials while its link is cut.
var errCut = errors.New("the link is cut")

// wire carries what the master and one agent say to each other, with the faults
// that it is to have.
type wire struct {
	mu    sync.Mutex // guards what follows
	cut   bool       // everything is lost
	delay time.Duration
	drop  int // how many status updates are still to be lost
	ends  []*link.Conn
	stop  context.CancelFunc // ends the goroutines of the current connection
	relay sync.WaitGroup
}

// connect makes a connection: accept gets the master's end, the caller the
// agent's. Each direction is carried by a goroutine that ends with the connection.
func (w *wire) connect(accept func(*link.Conn)) (*link.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return nil, errCut
	}
	if w.stop != nil {
		w.stop()
	}
	agent, near := link.Pipe()
	far, master := link.Pipe()
	w.ends = []*link.Conn{agent, master}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	w.relay.Go(func() { w.carry(ctx, near, far) })
	w.relay.Go(func() { w.carry(ctx, far, near) })
	accept(master)
	return agent, nil
}

// late is a message with the time at which it is to arrive.
type late struct {
	m  link.Message
	at time.Time
}

// carry hands messages on in order, late or not at all as the wire's faults say.
// It ends with ctx or with either connection.
func (w *wire) carry(ctx context.Context, from, to *link.Conn) {
	defer to.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan late, 1024)
	w.relay.Go(func() {
		defer close(queue)
		for {
			m, err := from.Receive(ctx)
			if err != nil {
				return
			}
			if delay, lost := w.fault(m); !lost {
				select {
				case queue <- late{m, time.Now().Add(delay)}:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for l := range queue {
		if wait := time.Until(l.at); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
		if err := to.Send(l.m); err != nil {
			return
		}
	}
}

// fault is what is to happen to a message.
func (w *wire) fault(m link.Message) (delay time.Duration, lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, isUpdate := m.(*link.StatusUpdate); isUpdate && w.drop > 0 {
		w.drop--
		return 0, true
	}
	return w.delay, w.cut
}

// set changes the faults.
func (w *wire) set(change func(*wire)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// restore takes all faults away. Where messages were lost, the connection is made
// anew, as TCP would have given it up.
func (w *wire) restore() {
	w.mu.Lock()
	ends := w.ends
	again := w.cut
	w.cut, w.delay, w.drop = false, 0, 0
	w.mu.Unlock()
	if again {
		for _, c := range ends {
			c.Close()
		}
	}
}

// end closes the connection for good and waits for what carried it.
func (w *wire) end() {
	w.mu.Lock()
	w.cut = true
	if w.stop != nil {
		w.stop()
	}
	w.mu.Unlock()
	w.relay.Wait()
}
