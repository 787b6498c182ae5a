package master

import (
	"testing"

	"mesosbook/cluster/link"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// FuzzAccept runs operations as they come: they may be refused, but what is
// left, used and free of the agent has to be what it has in all.
func FuzzAccept(f *testing.F) {
	disk, vol := reservedJSON("disk", "100", "web", ""), reservedJSON("disk", "100", "web", volumeExtra)
	launch := `{"type":"LAUNCH","launch":{"task_infos":[{"name":"t","task_id":{"value":"t"},"agent_id":{"value":"AGENT"},"command":{"value":"x"},"resources":[` + vol + `]}]}}`
	f.Add(`{"operations":[{"type":"RESERVE","reserve":{"resources":[` + disk + `]}},{"type":"CREATE","create":{"volumes":[` + vol + `]}},` + launch + `]}`)
	f.Add(`{"operations":[{"type":"RESERVE","reserve":{"resources":[` + disk + `]}},{"type":"UNRESERVE","unreserve":{"resources":[` + disk + `]}}]}`)
	f.Add(`{"operations":[{"type":"RESERVE","reserve":{"resources":[` + disk + `]}},{"type":"CREATE","create":{"volumes":[` + vol + `]}},{"type":"DESTROY","destroy":{"volumes":[` + vol + `]}}]}`)
	f.Add(`{"operations":[{"type":"RESERVE","reserve":{"resources":[` + disk + `,` + disk + `]}},{"type":"CREATE","create":{"volumes":[` + vol + `]}},{"type":"GROW_VOLUME","grow_volume":{"volume":` + vol + `,"addition":` + disk + `}},{"type":"SHRINK_VOLUME","shrink_volume":{"volume":` + vol + `,"subtract":{"value":1}}}]}`)
	f.Add(`{"operations":[{"type":"LAUNCH_GROUP","launch_group":{"executor":{"type":"DEFAULT","executor_id":{"value":"e"},"resources":[]},"task_group":{"tasks":[]}}}]}`)
	f.Add(`{"operations":[{"type":"CREATE_DISK","create_disk":{"source":` + disk + `,"target_type":"MOUNT"}},{"type":"UNKNOWN"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		call := &schedulerv1.Call_Accept{}
		if mesos.Unmarshal([]byte(body), call) != nil {
			return
		}
		l := fuzzLife(t)
		offers := sortedOffers(l.fw.offers)
		call.OfferIds = []*v1.OfferID{offerID(offers[0].id)}
		l.m.acceptLocked(l.fw, call)
		free := l.m.alloc.Free(l.ag.id)
		for _, o := range sortedOffers(l.fw.offers) {
			free = free.Add(o.resources.Unallocate())
		}
		if sum := free.Add(l.ag.used().Unallocate()); !sum.Equal(l.ag.total) {
			t.Errorf("%s:\nfree and used %s\nin all        %s", body, sum, l.ag.total)
		}
	})
}

// fuzzLife is a master with an offer for a framework, its lock held.
func fuzzLife(t *testing.T) *life {
	m, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	t.Cleanup(func() { m.mu.Unlock(); m.Stop() })
	_, conn := link.Pipe()
	conn.Close()
	ag := m.newAgentLocked("AGENT", registration(t, 5051, machine), conn)
	ag.stopTimers()
	info := testInfo(m.newFrameworkIDLocked())
	role := "web"
	info.Role = &role
	fw := m.newFramework(info)
	fw.stream, fw.connected, fw.active = newStream("", false, 1<<30), true, true
	m.frameworks[fw.id] = fw
	m.alloc.AddFramework(m.allocatorView(fw, nil), true)
	m.allocateLocked()
	return &life{m: m, fw: fw, ag: ag}
}
