package election

import (
	"testing"

	"go.uber.org/goleak"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func master(id string) *v1.MasterInfo {
	return &v1.MasterInfo{Id: proto.String(id), Ip: proto.Uint32(16777343), Port: proto.Uint32(5050), Hostname: proto.String("h")}
}

func TestTheOldestCandidateLeads(t *testing.T) {
	var l Local
	a, b, c := l.Join(master("a")), l.Join(master("b")), l.Join(master("c"))
	leads := func(who string, leading Member) {
		t.Helper()
		for _, m := range []Member{a, b, c} {
			if s, _ := m.State(); s.Leader != nil && (s.Leader.GetId() != who || s.Leading != (m == leading)) {
				t.Errorf("leader %s (self: %v), want %s", s.Leader.GetId(), s.Leading, who)
			}
		}
	}
	leads("a", a)

	_, changed := c.State()
	b.Leave() // who did not lead
	select {
	case <-changed:
		t.Error("told of a change that is none")
	default:
	}
	a.Vanish()
	a.Leave()
	<-changed
	leads("c", c)
	if s, _ := a.State(); s.Leader != nil || s.Leading {
		t.Errorf("who has left still sees %v", s)
	}
	d := l.Join(master("d"))
	leads("c", c)
	if s, _ := d.State(); s.Leading || s.Leader.GetId() != "c" {
		t.Errorf("a new candidate sees %v", s)
	}
}

func TestLowest(t *testing.T) {
	for want, names := range map[string][]string{
		"":                     {"log_replicas", "json.info_x", "info_0000000001"},
		"json.info_0000000005": {"log_replicas", "json.info_0000000007", "json.info_0000000005"},
	} {
		if got := lowest(names); got != want {
			t.Errorf("%v: %q, want %q", names, got, want)
		}
	}
}
