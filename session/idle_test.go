package session_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/session"
)

// An idle session wakes up less than once a second: what comes of a heartbeat every
// 15 s, the fake master's part of it included, and nothing between two heartbeats.
// The count is that of goroutines which were waiting and ran again, of which the
// runtime notes every eighth.
func TestIdleSessionSleeps(t *testing.T) {
	const hours = 4
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.s.On(func(session.Event) {})
		st.send(offerRecord)
		simtime.Wait()
		runtime.GC()
		defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector's goroutines count, too
		least := math.Inf(1)
		for range hours { // other programs can only add to what is counted
			before := wakeUps()
			for range 240 {
				time.Sleep(15 * time.Second)
				st.send(`{"type":"HEARTBEAT"}`)
			}
			simtime.Wait()
			least = min(least, float64(wakeUps()-before)/3600)
		}
		t.Logf("%.2f wake-ups a second", least)
		if least >= 1 {
			t.Errorf("%.2f wake-ups a second in the quietest hour, want less than 1", least)
		}
		if got := b.s.Status(); got.Losses != 0 || got.State != session.Subscribed {
			t.Errorf("status:\n%v", got)
		}
	}, func(o *session.Options) { o.Dir = t.TempDir() })
}

// wakeUps is how often a goroutine has been taken up by the scheduler.
func wakeUps() uint64 {
	const sampling = 8 // gTrackingPeriod of the runtime
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(sample)
	var n uint64
	for _, count := range sample[0].Value.Float64Histogram().Counts {
		n += count
	}
	return n * sampling
}
