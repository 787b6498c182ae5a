package session

import (
	"slices"
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

// Of one update that was sent again, one acknowledgement is taken; those that were
// taken count until they are settled.
func TestAckQueue(t *testing.T) {
	q := ackQueue{wake: make(chan struct{}, 1)}
	for _, a := range []ack{{task: "a", uuid: "1"}, {task: "a", uuid: "1"}, {task: "b", uuid: "1"}, {task: "a", uuid: "2"}} {
		q.push(a)
	}
	if n := q.len(); n != 4 {
		t.Errorf("%d wait, want 4", n)
	}
	taken := q.take()
	if len(taken) != 3 || q.len() != 3 {
		t.Errorf("took %v; %d not settled, want 3", taken, q.len())
	}
	for range taken {
		q.settled()
	}
	if n := q.len(); n != 0 {
		t.Errorf("%d not settled, want 0", n)
	}
}

// Every step between states that is not allowed is refused and told.
func TestStateSteps(t *testing.T) {
	states := []State{Disconnected, Subscribing, Subscribed, Lost, Closed}
	steps := map[State][]State{
		Disconnected: {Subscribing, Closed},
		Subscribing:  {Subscribed, Lost, Disconnected, Closed},
		Subscribed:   {Lost, Disconnected, Closed},
		Lost:         {Subscribing, Disconnected, Closed},
	}
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
			allowed := slices.Contains(steps[from], to)
			if from == Closed && (got != Closed || broken != 0) {
				t.Errorf("%s to %s: now %s, %d errors; Closed is final", from, to, got, broken)
			}
			if from != Closed && allowed != (got == to && broken == 0 && from != to) {
				t.Errorf("%s to %s: now %s, %d errors; allowed: %v", from, to, got, broken, allowed)
			}
		}
	}
}
