package session

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The log keeps as many of the last events as its bounds allow, gives those behind
// any position, and what it gave does not change afterwards.
func TestEventLog(t *testing.T) {
	for _, bounds := range []struct{ count, bytes int }{{1, 1 << 20}, {3, 1 << 20}, {1000, 1 << 20}, {1 << 20, 5000}, {256, 64 << 10}, {1, 0}} {
		l := eventLog{maxCount: bounds.count, maxBytes: bounds.bytes}
		var all []Event
		var early, earlyWant []Event
		for n := range 3000 {
			e := Event{Seq: uint64(2*n + 1), raw: strings.Repeat("x", rand.IntN(200))}
			l.add(e)
			all = append(all, e)
			want := keep(all, bounds.count, bounds.bytes)
			if n%97 != 0 && n < 2990 {
				continue
			}
			behind := rand.Uint64N(uint64(2*n + 3))
			if got := slices.Collect(l.after(behind)); !slices.EqualFunc(got, suffix(want, behind), sameEvent) {
				t.Fatalf("bounds %v, %d events: %d behind %d, want %d", bounds, n, len(got), behind, len(suffix(want, behind)))
			}
			if n == 970 {
				early, earlyWant = slices.Collect(l.after(0)), slices.Clone(want)
			}
		}
		if !slices.EqualFunc(early, earlyWant, sameEvent) {
			t.Errorf("bounds %v: what was given has changed", bounds)
		}
		if held := l.count + l.skip; held > bounds.count+blockEvents {
			t.Errorf("bounds %v: %d events are held", bounds, held)
		}
	}
}

func sameEvent(a, b Event) bool { return a.Seq == b.Seq && a.raw == b.raw }

// keep is what the log should hold, counted anew.
func keep(all []Event, count, bytes int) []Event {
	from, sum := len(all), 0
	for from > 0 && len(all)-from < count && (from == len(all) || sum+len(all[from-1].raw) <= bytes) {
		from--
		sum += len(all[from].raw)
	}
	return all[from:]
}

func suffix(events []Event, behind uint64) []Event {
	i, _ := slices.BinarySearchFunc(events, behind+1, func(e Event, seq uint64) int { return int(e.Seq) - int(seq) })
	return events[i:]
}
