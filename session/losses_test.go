package session_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/session"
)

// What only a subscription has ends with it.
func TestInverseOffersEndWithTheSubscription(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(`{"type":"INVERSE_OFFERS","inverse_offers":{"inverse_offers":[{"id":{"value":"I1"},"agent_id":{"value":"S0"}}]}}`)
		simtime.Wait()
		if n := len(b.s.InverseOffers()); n != 1 {
			t.Fatalf("%d inverse offers, want 1", n)
		}
		st.cut()
		b.wantState(session.Lost)
		if n := len(b.s.InverseOffers()); n != 0 {
			t.Errorf("%d inverse offers outlive the subscription", n)
		}
	})
}

// Failed attempts are counted from the loss on; calls after it use no connection from
// before it.
func TestAttemptsAndConnectionsOfALoss(t *testing.T) {
	inBubble(t, func(b *bench) {
		for range 2 {
			st := b.subscribe()
			b.s.Revive(b.ctx) // leaves an idle connection behind
			for range 2 {
				b.master.setAnswer(unavailable)
				st.cut()
				for b.s.Status().Attempts < 3 {
					<-b.s.Changed()
				}
				b.master.setAnswer(nil)
				st = b.master.accept()
				simtime.Wait()
			}
			st.cut()
			b.wantState(session.Lost)
			if n := b.s.Status().Attempts; n != 0 {
				t.Errorf("%d failed attempts right after a loss", n)
			}
			b.master.setAnswer(unavailable)
			for b.s.Status().Attempts < 2 {
				<-b.s.Changed()
			}
			b.s.CloseChannel()
			if n := b.s.Status().Attempts; n != 0 {
				t.Errorf("%d failed attempts while nothing is wanted", n)
			}
			time.Sleep(time.Minute)
			go b.s.Subscribe(b.ctx, []byte(subscribeBody))
			simtime.Wait()
			if st := b.s.Status(); st.State != session.Subscribing || time.Since(st.Since) > time.Second {
				t.Errorf("a new subscription has the loss of an old one:\n%v", st)
			}
			b.s.CloseChannel()
			b.master.setAnswer(nil)
		}
	})
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.s.Revive(b.ctx)
		simtime.Wait()
		before := b.net.Dials("m1:5050")
		st.cut()
		b.master.accept()
		b.master.next("RECONCILE")
		simtime.Wait()
		if n := b.net.Dials("m1:5050") - before; n != 2 {
			t.Errorf("%d new connections after a loss, want one for the stream and one for calls", n)
		}
	})
}

// Of the attempts to subscribe again the first and every tenth is told.
func TestFewAttemptsAreTold(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.master.setAnswer(unavailable)
		st.cut()
		for b.s.Status().Attempts < 25 {
			<-b.s.Changed()
		}
		if said := b.said(); strings.Count(said, "to subscribe again failed: ") != 3 || !strings.Contains(said, "attempt 20 to subscribe") {
			t.Errorf("notices:\n%s", said)
		}
	})
}

// After a subscription that held, a loss is mended at once again, however long the last
// one took; one that does not hold is renewed ever more slowly.
func TestBackoffStartsAnew(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		renewed := func() (after time.Duration) {
			start := time.Now()
			st.cut()
			st = b.master.accept()
			return time.Since(start)
		}
		for range 10 {
			renewed()
		}
		if took := renewed(); took < 7*time.Second {
			t.Errorf("a subscription that breaks at once is renewed after %v", took)
		}
		time.Sleep(20 * time.Second)
		if took := renewed(); took > time.Second {
			t.Errorf("a subscription that held is renewed after %v", took)
		}
	})
}

// unavailable answers SUBSCRIBE as a master without a leader does.
func unavailable(w http.ResponseWriter, c fakeCall) bool {
	if c.kind() == "SUBSCRIBE" {
		http.Error(w, "No leader elected", http.StatusServiceUnavailable)
	}
	return c.kind() == "SUBSCRIBE"
}

// A master whose routes are not there yet is asked again, and so is one that breaks.
func TestMasterThatStarts(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		inBubble(t, func(b *bench) {
			st := b.subscribe()
			b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool { w.WriteHeader(status); return true })
			st.cut()
			time.Sleep(time.Minute)
			b.master.setAnswer(nil)
			b.master.accept()
			b.wantState(session.Subscribed)
		})
	}
}

// A refusal ends the subscription for good.
func TestMasterThatRefusesLater(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool { w.WriteHeader(http.StatusUnauthorized); return true })
		st.cut()
		time.Sleep(time.Minute)
		b.wantState(session.Disconnected)
		if said := b.said(); !strings.Contains(said, "subscription ended: post SUBSCRIBE: 401 Unauthorized (credentials are wanted, or wrong: --principal") {
			t.Errorf("notices:\n%s", said)
		}
	})
}

// A master that announces no heartbeat is watched as if it sent the default one.
func TestNoHeartbeatAnnounced(t *testing.T) {
	inBubble(t, func(b *bench) {
		go b.s.Subscribe(b.ctx, []byte(subscribeBody))
		st := <-b.master.streams
		st.send(`{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"fw-0000"}}}`)
		start := time.Now()
		b.wantState(session.Subscribed)
		b.master.accept()
		within(t, "loss", 75*time.Second, time.Since(start))
	})
}

// A session that takes a framework over asks for the tasks that it has; a new framework
// has none.
func TestReconcilesWhatItTakesOver(t *testing.T) {
	for body, want := range map[string]bool{subscribeBody: false, strings.Replace(subscribeBody, `{`, `{"framework_id":{"value":"fw-7"},`, 1): true} {
		inBubble(t, func(b *bench) {
			go b.s.Subscribe(b.ctx, []byte(body))
			st := b.master.accept()
			if want {
				b.master.next("RECONCILE")
				st.send(update("theirs", "TASK_RUNNING", ""))
			}
			simtime.Wait()
			if n := len(b.master.calls); n != 0 || len(b.s.Tasks()) > 0 != want {
				t.Errorf("%s: %d calls too many, tasks %v", body, n, b.s.Tasks())
			}
		})
	}
}

// A new framework starts without the tasks of the former one; the same one keeps them.
func TestTasksBelongToTheirFramework(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(update("t1", "TASK_RUNNING", uuid1))
		b.master.next("ACKNOWLEDGE")
		b.s.CloseChannel()
		go b.s.Resubscribe(b.ctx)
		b.master.accept()
		b.wantState(session.Subscribed)
		if n := len(b.s.Tasks()); n != 1 {
			t.Errorf("%d tasks of the same framework, want 1", n)
		}
		b.s.CloseChannel()
		b.master.newID = "fw-0001"
		b.subscribe()
		if n := len(b.s.Tasks()); n != 0 {
			t.Errorf("%d tasks of a new framework", n)
		}
	})
}

// A renewed subscription asks for all tasks, also when it knows of none: the master
// may.
func TestReconcilesWithoutTasks(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.cut()
		b.master.accept()
		if c := b.master.next("RECONCILE"); !strings.Contains(c.body, `"tasks":[]`) {
			t.Errorf("asked %s", c.body)
		}
	})
}
