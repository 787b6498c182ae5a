package master

import (
	"slices"
	"testing"
	"time"

	"mesosbook/internal/simtime"

	"github.com/tidwall/gjson"
)

func TestRescindOffers(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		s := r.framework()
		o := s.offer()
		if n := r.m.RescindOffers("another"); n != 0 {
			t.Errorf("%d offers of another framework", n)
		}
		if n := r.m.RescindOffers(s.id); n != 1 {
			t.Errorf("%d offers", n)
		}
		if got := gjson.Get(s.wait("RESCIND"), "rescind.offer_id").Raw; got != o.Get("id").Raw {
			t.Errorf("rescinded %s", got)
		}
		s.offer() // comes again with the next allocation
	})
}

func TestHoldHeartbeats(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		s := r.framework()
		s.pending()
		r.m.HoldHeartbeats(true)
		time.Sleep(5 * time.Minute)
		if got := s.pending(); len(got) > 0 {
			t.Errorf("held, but got %v", got)
		}
		r.m.HoldHeartbeats(false)
		time.Sleep(15 * time.Second)
		if got := s.pending(); !slices.Equal(got, []string{"HEARTBEAT"}) {
			t.Errorf("resumed: %v", got)
		}
	})
}

func TestCutStreams(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		s, w := r.framework("failover_timeout", 60), r.open("/api/v1", `{"type":"SUBSCRIBE"}`)
		s.pending()
		w.pending()
		if n := r.m.CutStreams(s.id); n != 1 {
			t.Errorf("%d streams", n)
		}
		if got := s.pending(); !slices.Equal(got, []string{"END"}) {
			t.Errorf("the framework got %v", got)
		}
		if got := gjson.Get(r.get("/frameworks"), "frameworks.0.connected").Raw; got != "false" {
			t.Errorf("connected: %s", got)
		}
		again := s.again("failover_timeout", 60)
		if again.id != s.id || r.m.CutStreams("") != 2 {
			t.Error("not all subscribers were cut")
		}
		simtime.Wait()
	})
}
