// Package simtime runs tests whose time is simulated: testing/synctest, kept
// from a fault of the race detector's runtime.
package simtime

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"mesosbook/internal/race"
)

// Test runs f in a bubble of testing/synctest: its goroutines see a clock that
// moves only when all of them wait.
//
// Under the race detector the bubble runs on one processor. All timers of a
// bubble share one context of the detector, and two processors that fire timers
// of the same instant use it at once: the detector then ends the program with
// "ThreadSanitizer: CHECK failed" or a segmentation fault (golang/go#78156, seen
// with Go 1.26). One processor loses no finding: the detector judges by what
// orders two accesses, not by when they happen.
func Test(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if race.Enabled {
		oneProcessor.Lock()
		defer oneProcessor.Unlock()
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	synctest.Test(t, f)
}

// Wait blocks until every other goroutine of the bubble waits for time, for a
// channel or a lock of the bubble.
func Wait() { synctest.Wait() }

// oneProcessor lets one bubble at a time hold the setting, which is the whole
// program's.
var oneProcessor sync.Mutex
