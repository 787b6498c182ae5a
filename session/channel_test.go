package session_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"
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
		simtime.Wait()
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

// Heartbeats alone keep a subscription alive for as long as they come.
func TestHeartbeatsWithoutEvents(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for range 4 * 60 { // an hour
			time.Sleep(15 * time.Second)
			st.send(`{"type":"HEARTBEAT"}`)
		}
		b.wantState(session.Subscribed)
		if st := b.s.Status(); st.Losses != 0 || st.HeartbeatAge != 0 || time.Since(b.s.LastHeartbeat()) != 0 {
			t.Errorf("status:\n%v", st)
		}
	})
}

// What a body has is left alone; what it lacks comes from the options.
func TestSubscribeFillsWhatIsOpen(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":null}}}`:                                                  `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"N","failover_timeout":90}}}`,
		`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"","name":"x","failover_timeout":0}}}`:                               `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"","name":"x","failover_timeout":0}}}`,
		`{"type":"SUBSCRIBE","framework_id":{"value":"F"},"subscribe":{"framework_info":{"user":"u","name":"n","failover_timeout":1}}}`: `{"type":"SUBSCRIBE","framework_id":{"value":"F"},"subscribe":{"framework_info":{"user":"u","name":"n","failover_timeout":1,"id":{"value":"F"}}}}`,
	} {
		inBubble(t, func(b *bench) {
			go b.s.Subscribe(b.ctx, []byte(body))
			if st := b.master.accept(); st.call.body != want {
				t.Errorf("sent %s\nwant %s", st.call.body, want)
			}
		}, func(o *session.Options) { o.User, o.Name, o.FailoverTimeout = "U", "N", 90*time.Second })
	}
}

// Await gives each event once, in order, and AwaitAfter any position again.
func TestAwaitMissesNothing(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for _, state := range []string{"TASK_STARTING", "TASK_RUNNING", "TASK_RUNNING", "TASK_FINISHED"} {
			st.send(update("t1", state, ""))
		}
		isUpdate := func(e session.Event) bool { return e.Type == session.EventUpdate }
		var got []string
		for range 4 {
			e, err := b.s.Await(b.ctx, isUpdate)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(e.TaskState()))
		}
		if text := strings.Join(got, " "); text != "TASK_STARTING TASK_RUNNING TASK_RUNNING TASK_FINISHED" {
			t.Errorf("awaited %s", text)
		}
		first, err := b.s.AwaitAfter(b.ctx, 0, isUpdate)
		if err != nil || first.TaskState() != session.TaskStarting {
			t.Errorf("from the beginning: %v %v", first, err)
		}
		ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
		defer cancel()
		if _, err := b.s.Await(ctx, isUpdate); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nothing more comes: %v", err)
		}
	})
}

// Broken calls never leave the program, and say where they are broken.
func TestBadBodies(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		for body, want := range map[string]string{
			"":                            "post: the body is empty, want a JSON object",
			"{\n \"type\": \"KILL\",,\n}": "post: the body is not valid JSON at line 2 column 17: ",
			`{"type":"KILL"`:              "post: the body is not valid JSON at line 1 column 14: ",
			`["KILL"]`:                    `post: the body is not a JSON object: ["KILL"]`,
		} {
			if _, err := b.s.Post(b.ctx, []byte(body)); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q: %v, want %s", body, err, want)
			}
		}
		if _, err := b.s.Launch(b.ctx, []byte(`{"type":"ACCEPT"}`)); err == nil || !strings.Contains(err.Error(), "no task in accept.operations") {
			t.Errorf("launch of nothing: %v", err)
		}
		if len(b.master.calls) != 0 {
			t.Error("a broken call was sent")
		}
	})
}

// Without a subscription a call fails at once and says what to do.
func TestCallsBeforeSubscribe(t *testing.T) {
	inBubble(t, func(b *bench) {
		for name, err := range map[string]error{
			"post":  second(b.s.Revive(b.ctx)),
			"wait":  second(b.s.WaitForOffers(b.ctx, 1)),
			"await": second(b.s.Await(b.ctx, nil)),
			"again": second(b.s.Resubscribe(b.ctx)),
		} {
			if !errors.Is(err, session.ErrNotSubscribed) || !strings.Contains(err.Error(), "subscribe first") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }
