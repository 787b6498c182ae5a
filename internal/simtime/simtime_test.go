package simtime

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestTimersOfOneInstant fires timers, tickers and deadlines of one instant on
// many goroutines: without the guard, the race detector's runtime fails here in
// every third run on two processors.
func TestTimersOfOneInstant(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	for range 50 {
		Test(t, func(t *testing.T) {
			start := time.Now()
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					for range 40 {
						waitTwice(t)
					}
				})
			}
			wg.Wait()
			if took := time.Since(start); took != 40*time.Second {
				t.Errorf("took %s of simulated time, want 40s", took)
			}
		})
	}
	if after := runtime.GOMAXPROCS(0); after != before {
		t.Errorf("%d processors afterwards, want %d", after, before)
	}
}

// waitTwice waits for whichever of three clocks is first, twice.
func waitTwice(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	timer := time.NewTimer(time.Second)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for range 2 {
		select {
		case <-timer.C:
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}
