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

// wire is the connection between the master and one agent, with the faults that
// it is to have. Without any, master and agent talk directly.
type wire struct {
	mu    sync.Mutex // guards what follows
	cut   bool
	delay time.Duration
	drop  int          // how many status updates are still to be lost
	conns []*link.Conn // the ends of the current connection
	relay sync.WaitGroup
}

// connect makes a connection: accept gets the master's end, the caller the
// agent's.
func (w *wire) connect(accept func(*link.Conn)) (*link.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return nil, errCut
	}
	mine, theirs := link.Pipe()
	w.conns = []*link.Conn{mine, theirs}
	if w.delay == 0 && w.drop == 0 {
		accept(theirs)
		return mine, nil
	}
	far, master := link.Pipe()
	w.conns = append(w.conns, far, master)
	// Each goroutine ends when either connection does.
	w.relay.Go(func() { w.carry(theirs, far) })
	w.relay.Go(func() { w.carry(far, theirs) })
	accept(master)
	return mine, nil
}

// carry hands messages on, late or not at all as the wire's faults say.
func (w *wire) carry(from, to *link.Conn) {
	defer to.Close()
	for {
		m, err := from.Receive(context.Background())
		if err != nil {
			return
		}
		w.mu.Lock()
		delay := w.delay
		_, isUpdate := m.(*link.StatusUpdate)
		lost := isUpdate && w.drop > 0
		if lost {
			w.drop--
		}
		w.mu.Unlock()
		if lost {
			continue
		}
		if delay > 0 {
			time.Sleep(delay) // in order: what follows is as late
		}
		if err := to.Send(m); err != nil {
			return
		}
	}
}

// set changes the faults. The connection is made anew, with them.
func (w *wire) set(change func(*wire)) {
	w.mu.Lock()
	change(w)
	conns := w.conns
	w.conns = nil
	w.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// end closes the connection and waits for what carried it.
func (w *wire) end() {
	w.set(func(w *wire) { w.cut = true })
	w.relay.Wait()
}
