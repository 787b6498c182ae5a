package cluster

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/memnet"
	"mesosbook/internal/simtime"
)

// bounded serves on a network in memory, with so many connections at once.
func bounded(t *testing.T, connections int, f func(dial func() net.Conn)) {
	simtime.Test(t, func(t *testing.T) {
		var network memnet.Net
		inner, err := network.Listen("master:5050")
		if err != nil {
			t.Fatal(err)
		}
		l := &boundedListener{Listener: inner, slots: make(chan struct{}, connections), open: map[*boundedConn]struct{}{}}
		s := serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }), io.Discard)
		defer func() {
			s.close()
			time.Sleep(time.Second) // the server lingers on bad requests
		}()
		f(func() net.Conn {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			c, err := network.Dial(ctx, "tcp", "master:5050")
			if err != nil {
				return nil
			}
			return c
		})
	})
}

const request = "GET / HTTP/1.1\r\nHost: master\r\n\r\n"

func TestConnectionsAreBounded(t *testing.T) {
	bounded(t, 2, func(dial func() net.Conn) {
		first, second := dial(), dial()
		if first == nil || second == nil {
			t.Fatal("two connections are allowed")
		}
		defer second.Close()
		if c := dial(); c != nil {
			t.Fatal("a third connection was accepted")
		}
		first.Close()
		simtime.Wait()
		third := dial()
		if third == nil {
			t.Fatal("no connection after one was closed")
		}
		defer third.Close()
		if _, err := io.WriteString(third, request); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(third, answer); err != nil || string(answer) != "HTTP/1.1 200" {
			t.Errorf("got %q, %v", answer, err)
		}
	})
}

// Connections that ask for nothing, or never end their header, make room again.
func TestIdleConnectionsEnd(t *testing.T) {
	bounded(t, 1, func(dial func() net.Conn) {
		for _, begin := range []string{"", "GET / HTTP/1.1\r\nHost: mas"} {
			c := dial()
			if c == nil {
				t.Fatalf("%q: no connection", begin)
			}
			start := time.Now()
			if _, err := io.WriteString(c, begin); begin != "" && err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(c); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took > readHeaderTimeout+time.Second {
				t.Errorf("%q: closed after %s, want %s", begin, took, readHeaderTimeout)
			}
			c.Close()
		}
	})
}

func TestHeadersAreBounded(t *testing.T) {
	bounded(t, 1, func(dial func() net.Conn) {
		c := dial()
		defer c.Close()
		go func() { // it is cut off before all of it is read
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: master\r\nX: "+strings.Repeat("x", 2*maxHeaderBytes)+"\r\n\r\n")
		}()
		answer, _ := io.ReadAll(c) // whether by an end or by a reset
		if !strings.HasPrefix(string(answer), "HTTP/1.1 431 ") {
			t.Errorf("got %q", answer)
		}
	})
}
