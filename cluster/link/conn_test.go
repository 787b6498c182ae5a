package link

import (
	"context"
	"errors"
	"testing"
	"time"

	"mesosbook/internal/simtime"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestInOrderAndBothWays(t *testing.T) {
	a, b := Pipe()
	for i := range 1000 {
		if err := a.Send(&Ping{Seq: uint64(i)}); err != nil {
			t.Fatal(err)
		}
		if err := b.Send(&Pong{Seq: uint64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		at, err := b.Receive(context.Background())
		if err != nil || at.(*Ping).Seq != uint64(i) {
			t.Fatalf("message %d: %v %v", i, at, err)
		}
		back, err := a.Receive(context.Background())
		if err != nil || back.(*Pong).Seq != uint64(i) {
			t.Fatalf("answer %d: %v %v", i, back, err)
		}
	}
}

func TestCloseLetsTheRestThrough(t *testing.T) {
	a, b := Pipe()
	_ = a.Send(&Ping{Seq: 7})
	a.Close()
	a.Close()
	if m, err := b.Receive(context.Background()); err != nil || m.(*Ping).Seq != 7 {
		t.Errorf("sent before the close: %v %v", m, err)
	}
	for range 2 {
		if _, err := b.Receive(context.Background()); !errors.Is(err, ErrClosed) {
			t.Errorf("after the close: %v", err)
		}
	}
	for _, end := range []*Conn{a, b} {
		if err := end.Send(&Ping{}); !errors.Is(err, ErrClosed) {
			t.Errorf("Send after the close: %v", err)
		}
	}
}

func TestReceiveWaits(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		a, b := Pipe()
		time.AfterFunc(time.Minute, func() { _ = a.Send(&Ping{}) })
		start := time.Now()
		if _, err := b.Receive(context.Background()); err != nil || time.Since(start) != time.Minute {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		time.AfterFunc(time.Minute, b.Close)
		if _, err := b.Receive(context.Background()); !errors.Is(err, ErrClosed) {
			t.Errorf("closed meanwhile: %v", err)
		}
	})
}

func TestReceiveEndsWithItsContext(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		_, b := Pipe()
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, errors.New("enough"))
		defer cancel()
		if _, err := b.Receive(ctx); err == nil || err.Error() != "enough" {
			t.Errorf("got %v", err)
		}
	})
}
