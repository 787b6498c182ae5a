package session

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	for range 200 {
		b := backoff{min: 500 * time.Millisecond, max: 15 * time.Second}
		low := 500 * time.Millisecond
		for i := range 8 {
			d, high := b.next(), min(2*low, b.max)
			if d < low || d > high {
				t.Fatalf("wait %d is %v, want between %v and %v", i, d, low, high)
			}
			low = min(high, b.max/2)
		}
	}
	if d := (&backoff{}).next(); d != 0 {
		t.Errorf("no back-off waits %v", d)
	}
}

// Every step between states that is not allowed is refused and told.
func TestStateSteps(t *testing.T) {
	states := []State{Disconnected, Subscribing, Subscribed, Lost, Closed}
	for _, from := range states {
		for _, to := range states {
			s, err := New(Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			s.state, s.channel, s.stream, s.framework = from, &channel{}, "s", "f"
			s.setStateLocked(to, nil)
			got, broken := s.state, s.internalErrors
			s.mu.Unlock()
			allowed := false
			for _, next := range from.next() {
				allowed = allowed || next == to
			}
			if from == Closed && (got != Closed || broken != 0) {
				t.Errorf("%s to %s: now %s, %d errors; Closed is final", from, to, got, broken)
			}
			if from != Closed && allowed != (got == to && broken == 0 && from != to) {
				t.Errorf("%s to %s: now %s, %d errors; allowed: %v", from, to, got, broken, allowed)
			}
		}
	}
}
