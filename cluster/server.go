package cluster

import (
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Bounds of an HTTP server. Bodies are bounded by master and agent themselves.
const (
	maxConnections    = 4096
	maxHeaderBytes    = 64 << 10
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

// portsToTry bounds the search for a free port.
const portsToTry = 200

// listen opens a port, or the next free one if that is allowed.
func listen(host string, port int, strict bool) (*boundedListener, error) {
	last := min(port+portsToTry, 65535)
	for p := port; p <= last; p++ {
		if p != port && (p == 5060 || p == 5061) {
			continue // SIP: browsers refuse these (Fetch standard, "port blocking"), and the web UI with them
		}
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p)))
		if err == nil {
			return &boundedListener{Listener: l, slots: make(chan struct{}, maxConnections), open: map[*boundedConn]struct{}{}}, nil
		}
		if strict || !errors.Is(err, syscall.EADDRINUSE) {
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, fmt.Errorf("listen on %s:%d: the port is in use; name another, or none to take the next free one", host, p)
			}
			return nil, fmt.Errorf("listen on %s:%d: %w", host, p, err)
		}
	}
	return nil, fmt.Errorf("listen on %s: ports %d to %d are all in use", host, port, last)
}

// portOf is the port that a listener got.
func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// boundedListener takes no more connections than it has slots; others wait in the
// kernel's queue.
type boundedListener struct {
	net.Listener
	slots chan struct{}

	mu   sync.Mutex
	open map[*boundedConn]struct{} // guarded by mu
}

func (l *boundedListener) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	b := &boundedConn{Conn: c, listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[b] = struct{}{}
	return b, nil
}

// cut closes all connections that were accepted; new ones may come.
func (l *boundedListener) cut() {
	l.mu.Lock()
	conns := slices.Collect(maps.Keys(l.open))
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() // it may have been closed meanwhile
	}
}

func (l *boundedListener) release(c *boundedConn) {
	l.mu.Lock()
	delete(l.open, c)
	l.mu.Unlock()
	<-l.slots
}

// boundedConn gives its slot back when it is closed, once.
type boundedConn struct {
	net.Conn
	once     sync.Once
	listener *boundedListener
}

func (c *boundedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.listener.release(c) })
	return err
}

// server serves a handler on a listener until close.
type server struct {
	http     *http.Server
	listener *boundedListener
	done     sync.WaitGroup
}

// serve starts the goroutine that accepts; close ends it.
func serve(l *boundedListener, h http.Handler, errors io.Writer) *server {
	s := &server{listener: l, http: &http.Server{Handler: lastHeaders(h), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, DisableGeneralOptionsHandler: true, ErrorLog: log.New(errors, "", log.LstdFlags)}}
	s.done.Go(func() { _ = s.http.Serve(l) }) // always http.ErrServerClosed
	return s
}

// close ends the listener and all connections. nil is fine.
func (s *server) close() {
	if s == nil {
		return
	}
	_ = s.http.Close() // the listener's error says nothing that could be mended
	s.done.Wait()
}

// lastHeaders keeps the last of several headers of one name, as libprocess does
// (decoder.hpp: on_header_field). mesos-go asks for a stream with two Accept headers,
// of which the second is meant.
func lastHeaders(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if n := len(values); n > 1 {
				r.Header[name] = values[n-1:]
			}
		}
		h.ServeHTTP(w, r)
	})
}

// guard refuses requests on loopback that were sent to another name than this
// cluster's: a web page can make a browser resolve its own name to 127.0.0.1, and
// so talk to services of this machine as if they were the page's own.
func (c *Cluster) guard(h http.Handler) http.Handler {
	if !net.ParseIP(c.opts.Listen).IsLoopback() {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if net.ParseIP(strings.Trim(host, "[]")) == nil && host != "localhost" && host != c.opts.Hostname && host != "" {
			http.Error(w, "This cluster is for "+c.opts.Hostname+" alone, not for "+strconv.Quote(host)+".", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
