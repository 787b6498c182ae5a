package names

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"sync"
	"time"

	"mesosbook/resources"
	"mesosbook/session"
)

// contentServer serves the resources that were asked for with resource_url.
// Its goroutine is started by start and ended by close.
type contentServer struct {
	mu     sync.Mutex
	server *http.Server
	base   string            // http://host:port
	names  map[string]string // URL path to the resource's name
	done   chan struct{}     // closed when the server's goroutine has ended
}

// resourceURL serves a resource, looked up as get_json does, to whoever can
// reach the address from which this machine reaches the master.
func (s *Set) resourceURL(name string) string {
	const op = "resource_url"
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (string, error) {
		if _, err := resources.Read(ctx, name, s.o.Resources); err != nil {
			return "", err
		}
		master, err := masterURL(ctx, live)
		if err != nil {
			return "", err
		}
		return s.content.add(name, master, s.o.Resources)
	})
}

func (c *contentServer) add(name, master string, o resources.Options) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		if err := c.start(master, o); err != nil {
			return "", err
		}
	}
	at := "/" + path.Base(name)
	c.names[at] = name
	return c.base + (&url.URL{Path: at}).EscapedPath(), nil
}

func (c *contentServer) start(master string, o resources.Options) error {
	host, err := localAddress(master)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return fmt.Errorf("serve resources: %w", err)
	}
	c.base = "http://" + listener.Addr().String()
	c.names = map[string]string{}
	c.done = make(chan struct{})
	c.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, o) }),
		ReadHeaderTimeout: 10 * time.Second,
	}
	go func(server *http.Server, done chan struct{}) { // ends with server.Close
		defer close(done)
		_ = server.Serve(listener)
	}(c.server, c.done)
	return nil
}

// localAddress is this machine's address on the way to the master.
func localAddress(master string) (string, error) {
	u, err := url.Parse(master)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("the master's URL %q has no host", master)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	conn, err := net.Dial("udp", net.JoinHostPort(u.Hostname(), port)) // sends nothing
	if err != nil {
		return "", fmt.Errorf("find this machine's address: %w", err)
	}
	defer conn.Close()
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	return host, err
}

func (c *contentServer) serve(w http.ResponseWriter, r *http.Request, o resources.Options) {
	c.mu.Lock()
	name, ok := c.names[r.URL.Path]
	c.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	res, err := resources.Read(r.Context(), name, o)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	http.ServeContent(w, r, path.Base(name), time.Time{}, bytes.NewReader(res.Data))
}

func (c *contentServer) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return nil
	}
	err := c.server.Close()
	<-c.done
	c.server = nil
	return err
}
