// Package memnet is a network in memory for tests: listeners and dialers that
// meet by address, over net.Pipe, so that tests need no ports and run inside a
// testing/synctest bubble. Like a real network it refuses connections to an
// address where nobody listens.
package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// Net is one network. The zero value is ready; its methods may be called from any
// goroutine.
type Net struct {
	mu        sync.Mutex
	listeners map[string]*listener
	dials     map[string]int
}

// Addr is an address of a Net.
type Addr string

// Network is "mem".
func (Addr) Network() string { return "mem" }

// String is the address itself.
func (a Addr) String() string { return string(a) }

// Listen takes an address ("host:port"); it fails when the address is taken.
func (n *Net) Listen(addr string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: Addr(addr), Err: syscall.EADDRINUSE}
	}
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}
	l := &listener{net: n, addr: Addr(addr), conns: make(chan net.Conn), done: make(chan struct{})}
	n.listeners[addr] = l
	return l, nil
}

// Dial connects to a listener; it has the form of net.Dialer.DialContext.
func (n *Net) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	if n.dials == nil {
		n.dials = map[string]int{}
	}
	n.dials[addr]++
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: network, Addr: Addr(addr), Err: fmt.Errorf("connect: %w", syscall.ECONNREFUSED)}
	if l == nil {
		return nil, refused
	}
	client, server := net.Pipe()
	select {
	case l.conns <- conn{server, l.addr, "client"}:
		return conn{client, "client", l.addr}, nil
	case <-l.done:
		return nil, refused
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Addr: Addr(addr), Err: context.Cause(ctx)}
	}
}

// Dials is how often an address was dialled.
func (n *Net) Dials(addr string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials[addr]
}

// conn is a pipe with addresses.
type conn struct {
	net.Conn
	local, remote Addr
}

func (c conn) LocalAddr() net.Addr  { return c.local }
func (c conn) RemoteAddr() net.Addr { return c.remote }

type listener struct {
	net   *Net
	addr  Addr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.addr, Err: net.ErrClosed}
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.net.mu.Lock()
		delete(l.net.listeners, string(l.addr))
		l.net.mu.Unlock()
	})
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }
