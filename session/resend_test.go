package session_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

// got gives how many of the calls that the master has got are of a kind, and forgets
// them all.
func (m *fakeMaster) got(kind string) (n int) {
	for len(m.calls) > 0 {
		if c := <-m.calls; c.kind() == kind {
			n++
		}
	}
	return n
}

// A teardown that was refused has no part in what comes later: neither in a loss nor in
// the teardown that succeeds.
func TestTeardownAfterARefusedOne(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.kind() == "TEARDOWN" {
				w.WriteHeader(http.StatusForbidden)
			}
			return c.kind() == "TEARDOWN"
		})
		if a, err := b.s.Teardown(b.ctx); err != nil || a.Status != http.StatusForbidden {
			t.Fatal(a, err)
		}
		b.master.setAnswer(nil)
		st.finish()
		st = b.master.accept()
		b.wantState(session.Subscribed)
		go func() { b.master.next("TEARDOWN"); st.finish() }()
		if a, err := b.s.Teardown(b.ctx); err != nil || !a.OK() {
			t.Fatal(a, err)
		}
		b.wantState(session.Disconnected)
		if said := b.said(); !strings.HasSuffix(said, "framework torn down: fw-0000\n") {
			t.Errorf("notices:\n%s", said)
		}
	})
}

// What UPDATE_FRAMEWORK has changed is kept for later subscriptions, by hand and after a
// crash as well.
func TestUpdatedFrameworkIsSubscribedAgain(t *testing.T) {
	dir := t.TempDir()
	inBubble(t, func(b *bench) {
		b.subscribe()
		b.s.UpdateFramework(b.ctx, []byte(`{"framework_info":{"user":"root","name":"renamed"},"suppressed_roles":["r"]}`))
		check := func(how string, again *fakeStream) {
			t.Helper()
			if got := gjson.Get(again.call.body, "subscribe"); got.Get("framework_info.name").Str != "renamed" || got.Get("suppressed_roles.0").Str != "r" || got.Get("framework_info.id.value").Str != "fw-0000" {
				t.Errorf("%s: %s", how, again.call.body)
			}
		}
		crashed := copyDir(t, dir)
		b.s.CloseChannel()
		go b.s.Resubscribe(b.ctx)
		st := b.master.accept()
		check("by hand", st)
		st.cut()
		check("after a loss", b.master.accept())
		b.wantState(session.Subscribed)
		b.s.Close()
		b.open(func(o *session.Options) { o.Dir = crashed })
		go b.s.Resubscribe(b.ctx)
		check("after a crash", b.master.accept())
	}, func(o *session.Options) { o.Dir = dir })
}

// A framework that wants no offers gets none after a loss either.
func TestSuppressOutlivesALoss(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for _, want := range []string{`["*"]`, ``} {
			if want != "" {
				b.s.Suppress(b.ctx)
			} else {
				b.s.Revive(b.ctx)
			}
			st.cut()
			st = b.master.accept()
			b.wantState(session.Subscribed)
			if got := gjson.Get(st.call.body, "subscribe.suppressed_roles").Raw; got != want {
				t.Errorf("subscribed again with suppressed_roles %s, want %s", got, want)
			}
		}
	})
}

// A master that does not answer for a task is asked again ever more slowly, and not any
// more once it has.
func TestReconcilesEverMoreSlowly(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(update("t1", "TASK_RUNNING", ""))
		b.s.Await(b.ctx, func(e session.Event) bool { return e.TaskID() == "t1" })
		st.cut()
		st = b.master.accept()
		stop := make(chan struct{})
		go func() { // the watchdog must not bite meanwhile
			for {
				select {
				case <-stop:
					return
				case <-time.After(15 * time.Second):
					st.send(`{"type":"HEARTBEAT"}`)
				}
			}
		}()
		var asked []int
		for range 4 {
			time.Sleep(10 * time.Minute)
			asked = append(asked, b.master.got("RECONCILE"))
		}
		if asked[0] < 4 || asked[0] > 12 || asked[3] > 5 || asked[3] < 2 {
			t.Errorf("asked %v times in each 10 minutes", asked)
		}
		st.send(update("t1", "TASK_RUNNING", ""))
		simtime.Wait()
		time.Sleep(20 * time.Minute)
		if n := b.master.got("RECONCILE"); n != 0 {
			t.Errorf("asked %d times after the answer", n)
		}
		close(stop)
	})
}

// A call that may have had an effect is not sent twice; one that does no harm twice is.
func TestCallsThatAreSentAgain(t *testing.T) {
	for kind, want := range map[string]int{"ACCEPT": 1, "MESSAGE": 1, "KILL": 2, "REVIVE": 2} {
		t.Run(kind, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				st := b.subscribe()
				n := 0
				b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
					if c.kind() != kind {
						return false
					}
					if n++; n == 1 {
						st.cut()
						panic(http.ErrAbortHandler)
					}
					return false
				})
				done := make(chan error, 1)
				go func() {
					_, err := b.s.Post(b.ctx, []byte(fmt.Sprintf(`{"type":%q}`, kind)))
					done <- err
				}()
				b.master.accept()
				if err := <-done; (err != nil) != (want == 1) || n != want {
					t.Errorf("sent %d times, want %d: %v", n, want, err)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

// A call that is answered by a redirect says that another master leads: the session
// goes there at once, and the call with it. After a loss the last leader is asked first.
func TestCallThatIsRedirected(t *testing.T) {
	inBubble(t, func(b *bench) {
		m2 := newFakeMaster(t, &b.net, "m2:5050")
		defer m2.stop()
		b.subscribe()
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			w.Header().Set("Location", "//m2:5050/master"+c.path)
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		})
		start := time.Now()
		done := make(chan error, 1)
		go func() { _, err := b.s.Revive(b.ctx); done <- err }()
		st := m2.accept()
		if err := <-done; err != nil {
			t.Errorf("the call: %v", err)
		}
		if m2.next("REVIVE"); time.Since(start) > 5*time.Second {
			t.Errorf("it took %v", time.Since(start))
		}
		simtime.Wait()
		before := b.net.Dials("m1:5050")
		st.cut()
		m2.accept()
		if n := b.net.Dials("m1:5050") - before; n != 0 {
			t.Errorf("the former leader was asked %d times", n)
		}
	})
}
