package session_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mesosbook/session"

	"github.com/tidwall/gjson"
)

func TestSubscribeTracksAndAcknowledges(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		if got := b.s.FrameworkID(); got != "fw-0000" {
			t.Errorf("framework id %q", got)
		}
		if got := string(b.s.StreamID()); got != st.id {
			t.Errorf("stream id %q, want %q", got, st.id)
		}
		st.send(offerRecord)
		offers, err := b.s.WaitForOffers(b.ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		o := offers[0]
		if o.ID != "O1" || o.CPUs != 2 || o.MemMB != 496 || o.DiskMB != 4930 || o.Attributes["pod"] != "demo,dev" || o.Ports[0] != (session.PortRange{Begin: 9000, End: 10000}) || o.AgentURL != "http://127.0.0.1:5051" {
			t.Errorf("offer = %+v", o)
		}
		if want := "O1 127.0.0.1  cpus 2  mem 496 MB  disk 4930 MB  ports 9000-10000  rack:r2d2  pod:demo,dev"; o.String() != want {
			t.Errorf("offer text %q, want %q", o, want)
		}
		tasks, err := b.s.Launch(b.ctx, []byte(acceptBody))
		if err != nil {
			t.Fatal(err)
		}
		sent := b.master.next("ACCEPT")
		if gjson.Get(sent.body, "framework_id.value").String() != "fw-0000" || sent.header.Get("Mesos-Stream-Id") != st.id {
			t.Errorf("ACCEPT went out as %v %s", sent.header, sent.body)
		}
		if len(b.s.Offers()) != 0 {
			t.Errorf("a used offer is still listed")
		}
		st.send(update("t1", "TASK_STARTING", "aOtO7I3wRqqTBoY/rFsd5w=="))
		ack := b.master.next("ACKNOWLEDGE")
		if got := gjson.Get(ack.body, "acknowledge.uuid").String(); got != "aOtO7I3wRqqTBoY/rFsd5w==" {
			t.Errorf("acknowledged %q", ack.body)
		}
		st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		if err := tasks[0].Wait(b.ctx, session.TaskRunning); err != nil {
			t.Error(err)
		}
		st.send(update("t1", "TASK_FAILED", "1YFalHMgQWKSR45v3QNUZA=="))
		if err := tasks[0].Wait(b.ctx); err != nil {
			t.Error(err)
		}
		if err := tasks[0].Wait(b.ctx, session.TaskStarting); err != nil {
			t.Errorf("a state that was passed: %v", err)
		}
		if err := tasks[0].Wait(b.ctx, session.TaskFinished); err == nil || !strings.Contains(err.Error(), "TASK_FAILED") {
			t.Errorf("waiting for what cannot come: %v", err)
		}
		synctest.Wait()
		if got := b.s.Status(); got.Acknowledged != 3 || got.Updates != 3 || got.Tasks != 0 {
			t.Errorf("status %+v", got)
		}
		b.wantState(session.Subscribed)
	})
}

func TestSilenceIsALossAndIsMended(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		start := time.Now()
		second := b.master.accept() // comes when the watchdog has bitten
		within(t, "loss", 75*time.Second, time.Since(start))
		b.wantState(session.Subscribed)
		if got := gjson.Get(second.call.body, "framework_id.value").String(); got != "fw-0000" {
			t.Errorf("subscribed again as %q", got)
		}
		if got := gjson.Get(second.call.body, "subscribe.framework_info.id.value").String(); got != "fw-0000" {
			t.Errorf("inner id %q", got)
		}
		if second.call.header.Get("Mesos-Stream-Id") != "" {
			t.Errorf("SUBSCRIBE carried a stream id")
		}
		if said := b.said(); !strings.Contains(said, "no record for 1m15s (5 x heartbeat 15s)") || !strings.Contains(said, "subscribed again as framework fw-0000") {
			t.Errorf("notices:\n%s", said)
		}
	})
}

func TestAnyRecordResetsTheWatchdog(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for range 10 {
			time.Sleep(70 * time.Second)
			st.send(`{"type":"SOMETHING_NEW","x":1}`)
		}
		b.wantState(session.Subscribed)
		if got := len(b.s.Events(func(e session.Event) bool { return e.Type == "SOMETHING_NEW" })); got != 10 {
			t.Errorf("%d unknown events survived, want 10", got)
		}
	})
}

func TestTakeoverIsReportedAndNotFought(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(`{"type":"ERROR","error":{"message":"Framework failed over"}}`)
		st.finish()
		b.wantState(session.Disconnected)
		if !errors.Is(b.s.LastError(), session.ErrFailedOver) {
			t.Errorf("last error %v", b.s.LastError())
		}
		time.Sleep(10 * time.Minute)
		if n := b.net.Dials("m1:5050"); n != 1 {
			t.Errorf("%d connections, want the first one only", n)
		}
		if _, err := b.s.WaitForOffers(b.ctx, 1); !errors.Is(err, session.ErrFailedOver) {
			t.Errorf("waiting for offers: %v", err)
		}
	})
}

func TestRemovedFrameworkIsExplained(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.finish() // an operator's teardown: the stream just ends
		again := <-b.master.streams
		again.send(`{"type":"ERROR","error":{"message":"Framework has been removed"}}`)
		again.finish()
		b.wantState(session.Disconnected)
		if err := b.s.LastError(); !errors.Is(err, session.ErrRemoved) || !strings.Contains(err.Error(), "subscribe without an id") {
			t.Errorf("last error %v", err)
		}
	})
}

func TestRefusalsOfSubscribe(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			http.Error(w, "Failed to validate scheduler::Call: x", http.StatusBadRequest)
			return true
		})
		a, err := b.s.Subscribe(b.ctx, []byte(subscribeBody))
		if err != nil || a.Status != 400 || !strings.HasPrefix(a.String(), "Result: 400, Failed to validate") {
			t.Errorf("answer %v, error %v", a, err)
		}
		b.wantState(session.Disconnected)
		b.master.setAnswer(nil)
		got := make(chan error, 1)
		go func() { _, err := b.s.Subscribe(b.ctx, []byte(subscribeBody)); got <- err }()
		st := <-b.master.streams
		st.send(`{"type":"ERROR","error":{"message":"Role '/a' cannot start with a slash"}}`)
		st.finish()
		if err := <-got; err == nil || !strings.Contains(err.Error(), "Role '/a' cannot start with a slash") {
			t.Errorf("error %v", err)
		}
		b.wantState(session.Disconnected)
		b.subscribe()
		if _, err := b.s.Subscribe(b.ctx, []byte(subscribeBody)); !errors.Is(err, session.ErrAlreadySubscribed) {
			t.Errorf("second subscribe: %v", err)
		}
	})
}

func TestTeardownEndsTheChannel(t *testing.T) {
	for _, order := range []string{"stream first", "answer first"} {
		t.Run(order, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				st := b.subscribe()
				b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
					if c.kind() != "TEARDOWN" {
						return false
					}
					if order == "stream first" {
						st.finish()
						time.Sleep(time.Second)
					}
					w.WriteHeader(202)
					if order == "answer first" {
						go func() { time.Sleep(time.Second); st.finish() }()
					}
					return true
				})
				a, err := b.s.Teardown(b.ctx)
				if err != nil || a.Status != 202 {
					t.Errorf("teardown: %v %v", a, err)
				}
				b.wantState(session.Disconnected)
				if n := len(b.master.streams); n != 0 {
					t.Errorf("subscribed again after a teardown")
				}
				b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
					http.Error(w, "Framework cannot be found", 400)
					return true
				})
				if a, err := b.s.Revive(b.ctx); err != nil || a.Status != 400 {
					t.Errorf("a call after the teardown: %v %v, want the master's 400", a, err)
				}
			})
		})
	}
}
