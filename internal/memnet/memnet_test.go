package memnet_test

import (
	"context"
	"errors"
	"io"
	"syscall"
	"testing"

	"mesosbook/internal/memnet"
)

func TestDialMeetsListen(t *testing.T) {
	var n memnet.Net
	l, err := n.Listen("a:1")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		io.WriteString(c, "hello")
		c.Close()
	}()
	c, err := n.Dial(context.Background(), "tcp", "a:1")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(c); string(text) != "hello" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if got := c.RemoteAddr().String(); got != "a:1" {
		t.Errorf("remote address %q, want a:1", got)
	}
}

func TestDialRefusedWithoutListener(t *testing.T) {
	var n memnet.Net
	l, _ := n.Listen("a:1")
	if _, err := n.Listen("a:1"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listen: %v, want EADDRINUSE", err)
	}
	l.Close()
	if _, err := n.Dial(context.Background(), "tcp", "a:1"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial after close: %v, want ECONNREFUSED", err)
	}
	if n.Dials("a:1") != 1 {
		t.Errorf("dials = %d, want 1", n.Dials("a:1"))
	}
}
