package session_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/session"
)

// wall is a clock that can be set, and whose times say nothing about how much time
// has passed.
type wall struct{ offset atomic.Int64 }

func (w *wall) now() time.Time { return time.Now().Add(time.Duration(w.offset.Load())).Round(0) }

// Setting the clock neither trips the watchdog nor keeps it from tripping, does not
// change the back-off, and no age or duration is negative or too long; events keep
// their order.
func TestClockIsSet(t *testing.T) {
	for name, step := range map[string]time.Duration{"forwards": 26 * time.Hour, "backwards": -26 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			var w wall
			inBubble(t, func(b *bench) { setClock(b, &w, step) }, func(o *session.Options) {
				session.SetClock(o, w.now)
				o.Dir = t.TempDir()
			})
		})
	}
}

func setClock(b *bench, w *wall, step time.Duration) {
	st := b.subscribe()
	for range 10 { // a step before each heartbeat
		time.Sleep(15 * time.Second)
		w.offset.Add(int64(step))
		if age := b.s.Status().HeartbeatAge; age < 15*time.Second || age > 16*time.Second {
			b.Errorf("heartbeat age %v after 15 s", age)
		}
		st.send(`{"type":"HEARTBEAT"}`)
		simtime.Wait()
	}
	if got := b.s.Status(); got.Losses != 0 || got.HeartbeatAge != 0 || !strings.Contains(got.String(), "0s ago") {
		b.Errorf("status after ten steps:\n%v", got)
	}
	b.s.Revive(b.ctx)
	for _, c := range b.s.Calls() {
		if c.Duration < 0 || c.Duration > time.Second {
			b.Errorf("call took %v: %v", c.Duration, c)
		}
	}
	last := time.Now()
	w.offset.Add(int64(step))
	b.master.accept() // the watchdog trips after 75 s of silence, no sooner and no later
	within(b.T, "loss", 75*time.Second, time.Since(last))
	b.wantState(session.Subscribed)
	if st := b.s.Status(); st.Losses != 1 {
		b.Errorf("%d losses, want one", st.Losses)
	}
	events := 0
	if err := b.s.History(func(e session.Event) bool { events++; return e.Seq == uint64(events) }); err != nil || events != 14 {
		b.Errorf("%d events in order, %v", events, err)
	}
}
