package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

func framed(records ...string) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "%d\n%s", len(r), r)
	}
	return b.String()
}

// A stream that is cut at any byte is either a Subscribe that fails with a clear
// error or a loss that is mended, with every update that was read acknowledged.
func TestStreamCutAtEveryByte(t *testing.T) {
	records := loadRecording(t, "tutorial_command_task")[0].records
	whole := framed(records...)
	step := 1
	if testing.Short() {
		step = 37
	}
	for cut := 0; cut <= len(whole); cut += step {
		inBubble(t, func(b *bench) { cutAt(b, whole, cut, len(framed(records[0]))) })
		if t.Failed() {
			t.Fatalf("cut at byte %d", cut)
		}
	}
}

func cutAt(b *bench, whole string, cut, greeting int) {
	got := make(chan error, 1)
	go func() { _, err := b.s.Subscribe(b.ctx, []byte(subscribeBody)); got <- err }()
	st := <-b.master.streams
	st.write(whole[:cut])
	simtime.Wait()
	st.cut()
	err := <-got
	if cut < greeting {
		if err == nil || !strings.Contains(err.Error(), "ended before SUBSCRIBED") {
			b.Errorf("subscribe: %v, want that the stream ended before SUBSCRIBED", err)
		}
		b.wantState(session.Disconnected)
		return
	}
	if err != nil {
		b.Errorf("subscribe: %v", err)
		return
	}
	b.wantState(session.Lost)
	again := b.master.accept()
	if id := gjson.Get(again.call.body, "framework_id.value").String(); id != string(b.s.FrameworkID()) {
		b.Errorf("subscribed again as %q, want %q", id, b.s.FrameworkID())
	}
	b.wantState(session.Subscribed)
	updates := b.s.Events(func(e session.Event) bool { return e.Type == session.EventUpdate })
	if st := b.s.Status(); int(st.Acknowledged) != len(updates) || st.BadRecords != 0 {
		b.Errorf("%d updates read, %d acknowledged, %d bad records", len(updates), st.Acknowledged, st.BadRecords)
	}
}

// Broken framing is a loss with the reason in the notice; the next connection works.
func TestBrokenFraming(t *testing.T) {
	for _, broken := range []string{"abc\n{}", "-5\n", "\n", "0x10\n{}", " 2\n{}", "99999999999999999999999\n", "67108865\n", "1e3\n", "9223372036854775807\n"} {
		t.Run(strings.TrimSpace(broken), func(t *testing.T) {
			inBubble(t, func(b *bench) {
				st := b.subscribe()
				st.write(broken)
				b.master.accept()
				b.wantState(session.Subscribed)
				if said := b.said(); !strings.Contains(said, "connection to the master lost: read record at byte ") {
					t.Errorf("notices:\n%s", said)
				}
			})
		})
	}
}

// A record that is not JSON is passed over; the stream goes on.
func TestRecordsThatAreNotJSON(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for _, r := range []string{`{"type":`, "\xff\xfe", `[1,2]`, ``, `{"type":7}`, `null`} {
			st.send(r)
		}
		st.send("{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"t\"},\"state\":\"TASK_NEW_STATE\",\"message\":\"\xff bad\"}}}")
		st.send(offerRecord)
		if _, err := b.s.WaitForOffers(b.ctx, 1); err != nil {
			t.Fatal(err)
		}
		b.wantState(session.Subscribed)
		if task, ok := b.s.Task("t"); !ok || task.State() != "TASK_NEW_STATE" {
			t.Errorf("the update with invalid UTF-8 and an unknown state was not filed: %v", task)
		}
		if got := b.s.Status().BadRecords; got != 6 {
			t.Errorf("%d bad records, want 6", got)
		}
		if said := b.said(); !strings.Contains(said, "is not a JSON object with a type and was passed over") {
			t.Errorf("notices:\n%s", said)
		}
	})
}

func TestRecordThatNeverEnds(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		start := time.Now()
		go func() {
			st.write("100000\n")
			for range 100 {
				st.write("x")
				time.Sleep(time.Second)
			}
		}()
		b.master.accept()
		within(t, "loss", 75*time.Second, time.Since(start))
		b.wantState(session.Subscribed)
		time.Sleep(time.Minute)
	})
}

func TestSlowTrickleOfWholeRecordsIsFine(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for range 10 {
			for _, c := range framed(`{"type":"HEARTBEAT"}`) {
				st.write(string(c))
				time.Sleep(time.Second)
			}
		}
		b.wantState(session.Subscribed)
		if st := b.s.Status(); st.Losses != 0 || st.HeartbeatAge > 2*time.Second {
			t.Errorf("status:\n%v", st)
		}
	})
}

func TestMasterThatNeverAnswers(t *testing.T) {
	answers := map[string]func(w http.ResponseWriter, c fakeCall) bool{
		"accepts and is silent": func(w http.ResponseWriter, c fakeCall) bool { time.Sleep(time.Hour); return true },
		"200 and nothing": func(w http.ResponseWriter, c fakeCall) bool {
			w.Header().Set("Mesos-Stream-Id", "x")
			w.(http.Flusher).Flush()
			time.Sleep(time.Hour)
			return true
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				b.master.setAnswer(answer)
				start := time.Now()
				_, err := b.s.Subscribe(b.ctx, []byte(subscribeBody))
				if err == nil || !strings.Contains(err.Error(), "no answer for 15s") {
					t.Errorf("error %v", err)
				}
				within(t, "failure", 15*time.Second, time.Since(start))
				b.wantState(session.Disconnected)
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestNoMasterThere(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.master.stop()
		_, err := b.s.Subscribe(b.ctx, []byte(subscribeBody))
		want := "post SUBSCRIBE http://m1:5050: dial tcp m1:5050: connect: connection refused; is a master running there?"
		if err == nil || err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		b.wantState(session.Disconnected)
	})
}

// A master that comes back with a new id gets the old framework id; back-off
// keeps the attempts few while it is away.
func TestMasterRestart(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		b.master.next("ACKNOWLEDGE")
		b.master.stop()
		b.wantState(session.Lost)
		if err := b.s.LastError(); err == nil {
			t.Error("no last error")
		}
		time.Sleep(10 * time.Minute)
		if n := b.net.Dials("m1:5050"); n < 40 || n > 110 {
			t.Errorf("%d dials in 10 minutes, want 15 s apart or a little less", n)
		}
		b.master.start()
		again := b.master.accept()
		if id := gjson.Get(again.call.body, "subscribe.framework_info.id.value").String(); id != "fw-0000" {
			t.Errorf("subscribed again as %q", id)
		}
		all, one := b.master.next("RECONCILE"), b.master.next("RECONCILE")
		if n := gjson.Get(all.body, "reconcile.tasks.#").Int(); n != 0 {
			t.Errorf("first reconciliation asks for %d tasks, want all: %s", n, all.body)
		}
		if got := gjson.Get(one.body, "reconcile.tasks.0").Raw; got != `{"agent_id":{"value":"S0"},"task_id":{"value":"t1"}}` {
			t.Errorf("then it asks for %s", one.body)
		}
		next := b.master.next("RECONCILE") // unanswered: asked again
		if gjson.Get(next.body, "reconcile.tasks.#").Int() != 1 {
			t.Errorf("and again: %s", next.body)
		}
		again.send(update("t1", "TASK_LOST", ""))
		simtime.Wait()
		asked := len(b.master.calls)
		for range 10 {
			time.Sleep(time.Minute)
			again.send(`{"type":"HEARTBEAT"}`)
		}
		if len(b.master.calls) != asked {
			t.Error("an answered task is asked for again")
		}
	})
}

func TestMastersThatPointAtEachOther(t *testing.T) {
	inBubble(t, func(b *bench) {
		other := newFakeMaster(t, &b.net, "m2:5050")
		to := func(addr string) func(http.ResponseWriter, fakeCall) bool {
			return func(w http.ResponseWriter, c fakeCall) bool {
				w.Header().Set("Location", "//"+addr+"/master/api/v1/scheduler")
				w.WriteHeader(http.StatusTemporaryRedirect)
				return true
			}
		}
		b.master.setAnswer(to("m2:5050"))
		other.setAnswer(to("m1:5050"))
		_, err := b.s.Subscribe(b.ctx, []byte(subscribeBody))
		if err == nil || !strings.Contains(err.Error(), "redirect in a circle") {
			t.Errorf("error %v", err)
		}
		other.setAnswer(nil)
		go b.s.Subscribe(b.ctx, []byte(subscribeBody))
		other.accept()
		b.wantState(session.Subscribed)
		if got := b.s.MasterURL(); got != "http://m2:5050" {
			t.Errorf("leader %s", got)
		}
		if a, err := b.s.Revive(b.ctx); err != nil || a.Status != 202 || a.URL != "http://m2:5050/api/v1/scheduler" {
			t.Errorf("a call goes to %v %v", a.URL, err)
		}
		other.stop()
	})
}

func TestMasterThatIsStillRecovering(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			http.Error(w, "Master has not finished recovery", http.StatusServiceUnavailable)
			return true
		})
		start := time.Now()
		time.AfterFunc(5*time.Second, func() { b.master.setAnswer(nil) })
		b.subscribe()
		within(t, "subscription", 5*time.Second, min(time.Since(start), 6*time.Second))
		b.wantState(session.Subscribed)
		if said := b.said(); strings.Count(said, "no master serves yet (503 Master has not finished recovery); trying for 15s\n") != 1 {
			t.Errorf("notices:\n%s", said)
		}
	})
	inBubble(t, func(b *bench) {
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			http.Error(w, "No leader elected", http.StatusServiceUnavailable)
			return true
		})
		a, err := b.s.Subscribe(b.ctx, []byte(subscribeBody))
		if err != nil || a.Status != 503 {
			t.Errorf("after waiting: %v %v, want the 503", a, err)
		}
	})
}

// A call during a loss waits for the new subscription, or fails in CallTimeout.
func TestCallsDuringALoss(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.master.stop()
		b.wantState(session.Lost)
		start := time.Now()
		_, err := b.s.Revive(b.ctx)
		if !errors.Is(err, session.ErrNotSubscribed) {
			t.Errorf("error %v", err)
		}
		within(t, "failure", 15*time.Second, time.Since(start))
		got := make(chan error, 1)
		go func() {
			a, err := b.s.Revive(b.ctx)
			if err == nil {
				err = a.Err()
			}
			got <- err
		}()
		simtime.Wait()
		b.master.start()
		again := b.master.accept()
		if err := <-got; err != nil {
			t.Errorf("call over the loss: %v", err)
		}
		if c := b.master.next("REVIVE"); c.header.Get("Mesos-Stream-Id") != again.id || again.id == st.id {
			t.Errorf("sent with stream id %s, want %s", c.header.Get("Mesos-Stream-Id"), again.id)
		}
	}, func(o *session.Options) { o.BackoffMax = 4 * time.Second })
}

// While the subscription is lost the status tells since when, over all attempts,
// and how long it still is until the next one.
func TestStatusDuringALoss(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		time.Sleep(20 * time.Second)
		lost := time.Now()
		b.master.stop()
		for range 10 {
			time.Sleep(7 * time.Second)
			simtime.Wait()
			before := b.s.Status()
			if before.State != session.Lost || !before.Since.Equal(lost) {
				t.Fatalf("%s since %v, want %s since %v", before.State, before.Since, session.Lost, lost)
			}
			left := before.Backoff
			if left <= 0 || left > 15*time.Second {
				t.Fatalf("next attempt in %v, want more than 0 and at most 15s", left)
			}
			time.Sleep(left / 2)
			simtime.Wait()
			after := b.s.Status()
			if after.Attempts != before.Attempts || after.Backoff != left-left/2 {
				t.Fatalf("%v later: %d attempts and %v to go, want %d and %v", left/2, after.Attempts, after.Backoff, before.Attempts, left-left/2)
			}
		}
		b.master.start()
		b.master.accept()
		b.wantState(session.Subscribed)
		if st := b.s.Status(); !st.Since.After(lost) || st.Backoff != 0 {
			t.Errorf("subscribed since %v with %v to wait, want a time after %v and 0s", st.Since, st.Backoff, lost)
		}
	})
}

// A watch that its caller ends is no error for the status to tell of.
func TestWatchEndedByItsCaller(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		release := make(chan struct{})
		defer close(release)
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			w.(http.Flusher).Flush()
			<-release
			return true
		})
		ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
		defer cancel()
		err := b.s.Watch(ctx, func(session.Event) bool { return true })
		if !errors.Is(err, context.DeadlineExceeded) || b.s.LastError() != nil {
			t.Errorf("watch: %v; last error %v, want none", err, b.s.LastError())
		}
	})
}

// A master that says it does not know our channel means that the stream is dead,
// long before the watchdog says so.
func TestAnswersThatTellOfALoss(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.kind() == "SUBSCRIBE" {
				return false
			}
			http.Error(w, "Framework is not subscribed", http.StatusForbidden)
			return true
		})
		if a, err := b.s.Revive(b.ctx); err != nil || a.Status != 403 || !strings.Contains(a.Err().Error(), "subscribe again") {
			t.Errorf("answer %v, %v", a, err)
		}
		start := time.Now()
		b.master.setAnswer(nil)
		b.master.accept()
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("mended after %v", d)
		}
		b.wantState(session.Subscribed)
	})
}

func TestSlowHandlerIsCutOff(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		simtime.Wait()
		release, calls := make(chan struct{}), 0
		b.s.On(func(session.Event) { calls++; <-release })
		seen := 0
		b.s.On(func(session.Event) { seen++ })
		go func() {
			for range 10_100 {
				st.send(`{"type":"HEARTBEAT"}`)
			}
			st.send(`{"type":"LAST"}`)
		}()
		if _, err := b.s.Await(b.ctx, func(e session.Event) bool { return e.Type == "LAST" }); err != nil {
			t.Fatal(err)
		}
		simtime.Wait()
		if said := b.said(); !strings.Contains(said, "fell 10000 events behind and was cut off") {
			t.Errorf("notices:\n%s", said)
		}
		close(release)
		simtime.Wait()
		if calls != 1 || seen != 10_101 {
			t.Errorf("slow handler called %d times, quick one %d", calls, seen)
		}
	})
}

// That the master refuses acknowledgements is told once.
func TestRefusedAcknowledgements(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.kind() == "ACKNOWLEDGE" {
				http.Error(w, "Received unexpected", http.StatusBadRequest)
			}
			return c.kind() == "ACKNOWLEDGE"
		})
		st := b.subscribe()
		for range 3 {
			st.send(update("t1", "TASK_RUNNING", "aOtO7I3wRqqTBoY/rFsd5w=="))
			b.master.next("ACKNOWLEDGE")
		}
		want := "acknowledge task t1: post ACKNOWLEDGE: 400 Bad Request: Received unexpected\n"
		if said := b.said(); strings.Count(said, want) != 1 {
			t.Errorf("want %q once:\n%s", want, said)
		}
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.kind() == "ACKNOWLEDGE" {
				http.Error(w, "Framework is not subscribed", http.StatusForbidden)
			}
			return c.kind() == "ACKNOWLEDGE"
		})
		st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		b.master.next("ACKNOWLEDGE")
		if said := b.said(); strings.Count(said, "acknowledge task") != 1 || !strings.Contains(said, "connection to the master lost: the master says: Framework is not subscribed") {
			t.Errorf("a loss is told as another:\n%s", said)
		}
	})
}

// Retransmissions are acknowledged again and not shown as new.
func TestRetransmittedUpdate(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for range 2 {
			st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
			b.master.next("ACKNOWLEDGE")
		}
		simtime.Wait()
		task, _ := b.s.Task("t1")
		events := b.s.Events(func(e session.Event) bool { return e.Type == session.EventUpdate })
		if len(task.Updates()) != 1 || len(events) != 2 || events[0].Duplicate || !events[1].Duplicate || b.s.Status().Updates != 1 {
			t.Errorf("updates %v, events %v", task.Updates(), events)
		}
	})
}

func TestManualAcknowledgement(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		e, err := b.s.Await(b.ctx, func(e session.Event) bool { return e.TaskID() == "t1" })
		if err != nil {
			t.Fatal(err)
		}
		simtime.Wait()
		if len(b.master.calls) != 0 || b.s.Status().PendingAcks != 1 {
			t.Errorf("acknowledged by itself; status:\n%v", b.s.Status())
		}
		if a, err := b.s.Acknowledge(b.ctx, e); err != nil || a.Status != 202 {
			t.Errorf("%v %v", a, err)
		}
		if got := b.s.Status(); got.Acknowledged != 1 || got.PendingAcks != 0 {
			t.Errorf("status:\n%v", got)
		}
		st.send(update("t1", "TASK_LOST", ""))
		e, _ = b.s.Await(b.ctx, func(e session.Event) bool { return e.TaskState() == "TASK_LOST" })
		if _, err := b.s.Acknowledge(b.ctx, e); err == nil {
			t.Error("an update without uuid was acknowledged")
		}
	}, func(o *session.Options) { o.Ack = session.AckManual })
}

func TestCloseWhileEverythingWaits(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		b.s.On(func(session.Event) {})
		errs := make(chan error, 3)
		go func() { _, err := b.s.WaitForOffers(b.ctx, 5); errs <- err }()
		go func() { _, err := b.s.Await(b.ctx, func(session.Event) bool { return false }); errs <- err }()
		go func() {
			b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool { time.Sleep(time.Minute); return true })
			_, err := b.s.Revive(b.ctx)
			errs <- err
		}()
		simtime.Wait()
		if err := b.s.Close(); err != nil {
			t.Error(err)
		}
		for range 3 {
			if err := <-errs; !errors.Is(err, session.ErrClosed) {
				t.Errorf("a waiter got %v, want ErrClosed", err)
			}
		}
		if err := b.s.Close(); err != nil {
			t.Errorf("second close: %v", err)
		}
		if _, err := b.s.Subscribe(b.ctx, []byte(subscribeBody)); !errors.Is(err, session.ErrClosed) {
			t.Errorf("subscribe after close: %v", err)
		}
		b.wantState(session.Closed)
		time.Sleep(2 * time.Minute)
	})
}
