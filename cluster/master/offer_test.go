package master

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"github.com/tidwall/gjson"
)

func TestOfferContent(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		o := r.framework().offer()
		want := `{"id":{"value":"` + r.m.ID() + `-O0"},"framework_id":{"value":"` + r.m.ID() + `-0000"},"agent_id":{"value":"` + ag.id + `"},"hostname":"127.0.0.1",` +
			`"url":{"scheme":"http","address":{"hostname":"127.0.0.1","ip":"127.0.0.1","port":5051},"path":"/slave(1)"},` +
			`"resources":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":9000,"end":10000}]},"role":"*"},{"name":"cpus","type":"SCALAR","scalar":{"value":2.0},"role":"*"},` +
			`{"name":"mem","type":"SCALAR","scalar":{"value":496.0},"role":"*"},{"name":"disk","type":"SCALAR","scalar":{"value":4930.0},"role":"*"}],` +
			`"attributes":[{"name":"rack","type":"TEXT","text":{"value":"r2d2"}},{"name":"pod","type":"TEXT","text":{"value":"demo,dev"}}]}`
		if o.Raw != want {
			t.Errorf("got  %s\nwant %s", o.Raw, want)
		}
	})
}

func TestMultiRoleOffers(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		caps := []map[string]string{{"type": "MULTI_ROLE"}, {"type": "RESERVATION_REFINEMENT"}}
		s := r.framework("roles", []string{"eng", "ops"}, "capabilities", caps, "^subscribe.suppressed_roles", []string{"ops"})
		o := s.offer()
		if o.Get("allocation_info.role").Str != "eng" || o.Get("resources.0.allocation_info.role").Str != "eng" || o.Get("resources.0.role").Exists() {
			t.Errorf("offer %s", o)
		}
		s.must("SUPPRESS", `{"roles":["eng"]}`)
		s.must("DECLINE", `{"offer_ids":[`+o.Get("id").Raw+`],"filters":{"refuse_seconds":0}}`)
		time.Sleep(time.Minute)
		s.pending()
		s.must("REVIVE", `{"roles":["nope"]}`)
		if got := s.pending(); len(got) > 0 {
			t.Errorf("reviving a role that is not its own: %v", got)
		}
		s.must("REVIVE", `{"roles":["ops"]}`)
		if got := s.offer().Get("allocation_info.role").Str; got != "ops" {
			t.Errorf("revived role %q", got)
		}
	})
}

// TestFilters holds the times of facts 10, 43 to 47: how long after a DECLINE
// the same offer comes again.
func TestDeclineFilters(t *testing.T) {
	tests := []struct {
		filters string
		want    time.Duration
	}{
		{``, 6 * time.Second}, {`,"filters":{}`, 6 * time.Second}, {`,"filters":{"refuse_seconds":0}`, time.Second},
		{`,"filters":{"refuse_seconds":-1}`, 6 * time.Second}, {`,"filters":{"refuse_seconds":0.1}`, 2 * time.Second},
		{`,"filters":{"refuse_seconds":2}`, 3 * time.Second}, {`,"filters":{"refuse_seconds":3600}`, 3601 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.filters, func(t *testing.T) {
			bubble(t, Options{}, func(r *rig) {
				r.agent(5051, machine)
				s := r.framework()
				o := s.offer()
				time.Sleep(time.Second) // a tick, so that the next is a second away
				start := time.Now()
				s.must("DECLINE", `{"offer_ids":[`+o.Get("id").Raw+`]`+tt.filters+`}`)
				s.offer()
				if got := time.Since(start); got != tt.want {
					t.Errorf("offered again after %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestReviveAndSuppress(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		s := r.framework()
		o := s.offer()
		s.must("DECLINE", `{"offer_ids":[`+o.Get("id").Raw+`],"filters":{"refuse_seconds":86400}}`)
		time.Sleep(time.Minute)
		s.pending()
		s.must("REVIVE", "")
		if got := s.pending(); !slices.Equal(got, []string{"OFFERS"}) {
			t.Errorf("REVIVE: %v", got)
		}
		s.must("SUPPRESS", "")
		s.must("DECLINE", `{"offer_ids":[{"value":"unknown"}]}`)
		if got := s.pending(); len(got) > 0 {
			t.Errorf("SUPPRESS and an unknown offer: %v", got)
		}
	})
}

func TestLeftoverIsFiltered(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		time.Sleep(time.Second)
		s.launch(s.offer(), 3, taskJSON("t", ag.id))
		start := time.Now()
		o := s.offer()
		if got := time.Since(start); got != 4*time.Second {
			t.Errorf("the rest came after %s", got)
		}
		if got := o.Get(`resources.#(name=="cpus").scalar.value`).Num; got != 1.9 {
			t.Errorf("the rest has %v cpus", got)
		}
	})
}

func TestOfferTimeout(t *testing.T) {
	bubble(t, Options{OfferTimeout: 2 * time.Second}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		o := s.offer()
		start := time.Now()
		rescind := s.wait("RESCIND")
		if gjson.Get(rescind, "rescind.offer_id.value").Str != o.Get("id.value").Str || time.Since(start) != 2*time.Second {
			t.Errorf("%s after %s", rescind, time.Since(start))
		}
		s.launch(o, 0, taskJSON("late", ag.id))
		want := "Task launched with invalid offers: Offer " + o.Get("id.value").Str + " is no longer valid"
		if got := s.status(); got.Get("message").Str != want || got.Get("state").Str != "TASK_LOST" {
			t.Errorf("late: %s", got)
		}
		s.offer()
	})
}

func TestInvalidOffers(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		one, two := r.agent(5051, machine), r.agent(5052, machine)
		s := r.framework("capabilities", []map[string]string{{"type": "PARTITION_AWARE"}})
		accept := func(ids string) gjson.Result {
			s.must("ACCEPT", fmt.Sprintf(`{"offer_ids":[%s],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}]}`, ids, taskJSON("t", one.id)))
			return s.status()
		}
		offers := gjson.Get(s.wait("OFFERS"), "offers.offers").Array()
		a, b := offers[0], offers[1]
		id := func(o gjson.Result) string { return o.Get("id").Raw }
		value := func(o gjson.Result) string { return o.Get("id.value").Str }
		tests := []struct{ ids, want string }{
			{"", "No offers specified"},
			{`{"value":"x"}`, "Offer x is no longer valid"},
			{id(a) + "," + id(b), fmt.Sprintf("Aggregated offers must belong to one single agent. Offer %s uses agent %s and agent %s", value(b), two.id, one.id)},
			{id(a), "Offer " + value(a) + " is no longer valid"},
		}
		for _, tt := range tests {
			got := accept(tt.ids)
			if got.Get("message").Str != "Task launched with invalid offers: "+tt.want {
				t.Errorf("%s: got %q, want %q", tt.ids, got.Get("message").Str, tt.want)
			}
			if got.Get("state").Str != "TASK_DROPPED" || got.Get("reason").Str != "REASON_INVALID_OFFERS" || got.Get("uuid").Exists() {
				t.Errorf("%s: %s", tt.ids, got)
			}
		}
		offers = gjson.Get(s.wait("OFFERS"), "offers.offers").Array() // both are back
		if len(offers) != 2 {
			t.Fatalf("%d offers came back", len(offers))
		}
		if got := accept(id(offers[0]) + "," + id(offers[0])); got.Get("message").Str != "Task launched with invalid offers: Duplicate offer "+value(offers[0])+" in offer list" {
			t.Errorf("twice: %s", got)
		}
		other := r.framework()
		s.must("DECLINE", `{"offer_ids":[`+id(offers[1])+`],"filters":{"refuse_seconds":3600}}`)
		foreign := other.offer()
		want := fmt.Sprintf("Task launched with invalid offers: Offer %s has invalid framework %s while framework %s is expected", value(foreign), other.id, s.id)
		if got := accept(id(foreign)); got.Get("message").Str != want {
			t.Errorf("another's: %s", got)
		}
	})
}

// TestTwoAgents follows the recording of that name: one OFFERS event with an
// offer of each agent, a task over both refused, and a task on each.
func TestTwoAgents(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		one, two := r.agent(5051, machine), r.agent(5052, machine)
		s := r.framework()
		both := func() map[string]gjson.Result {
			offers := gjson.Get(s.wait("OFFERS"), "offers.offers").Array()
			of := map[string]gjson.Result{}
			for _, o := range offers {
				of[o.Get("agent_id.value").Str] = o.Get("id")
			}
			if len(offers) != 2 || !of[one.id].Exists() || !of[two.id].Exists() {
				t.Fatalf("offers %v", offers)
			}
			return of
		}
		of := both()
		s.must("ACCEPT", fmt.Sprintf(`{"offer_ids":[%s,%s],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}],"filters":{"refuse_seconds":0.1}}`,
			of[one.id].Raw, of[two.id].Raw, taskJSON("both", one.id)))
		want := fmt.Sprintf("Task launched with invalid offers: Aggregated offers must belong to one single agent. Offer %s uses agent %s and agent %s",
			of[two.id].Get("value").Str, two.id, one.id)
		if got := s.status(); got.Get("state").Str != "TASK_LOST" || got.Get("message").Str != want || got.Get("agent_id.value").Str != one.id || got.Get("uuid").Exists() {
			t.Errorf("over both: %s", got)
		}
		of = both() // nothing was used
		for id, ag := range map[string]*fakeAgent{"t0": one, "t1": two} {
			s.must("ACCEPT", fmt.Sprintf(`{"offer_ids":[%s],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}],"filters":{"refuse_seconds":0.5}}`,
				of[ag.id].Raw, taskJSON(id, ag.id)))
			ag.update(s.id, id, v1.TaskState_TASK_RUNNING)
			if got := s.status(); got.Get("state").Str != "TASK_RUNNING" || got.Get("agent_id.value").Str != ag.id {
				t.Errorf("%s: %s", id, got)
			}
		}
		slaves, summary := gjson.Parse(r.get("/slaves")), gjson.Parse(r.get("/state-summary"))
		for _, ag := range []*fakeAgent{one, two} {
			if got := slaves.Get(`slaves.#(id=="` + ag.id + `").used_resources`).Raw; got != `{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":0.1}` {
				t.Errorf("%s uses %s", ag.id, got)
			}
			if got := summary.Get(`slaves.#(id=="` + ag.id + `")`); got.Get("TASK_RUNNING").Int() != 1 || got.Get("framework_ids").Raw != `["`+s.id+`"]` {
				t.Errorf("summary of %s: %s", ag.id, got)
			}
		}
		fw := summary.Get("frameworks.0")
		if fw.Get("TASK_RUNNING").Int() != 2 || fw.Get("slave_ids.#").Int() != 2 || fw.Get("used_resources").Raw != `{"disk":0.0,"mem":64.0,"gpus":0.0,"cpus":0.2}` {
			t.Errorf("framework %s", fw)
		}
	})
}

func TestOfferConstraints(t *testing.T) {
	constraint := func(predicate string, arg map[string]string) map[string]any {
		return map[string]any{"*": map[string]any{"groups": []any{map[string]any{"attribute_constraints": []any{
			map[string]any{"selector": map[string]string{"attribute_name": "rack"}, "predicate": map[string]any{predicate: arg}},
		}}}}}
	}
	tests := []struct {
		predicate string
		arg       map[string]string
		want      bool
	}{
		{"exists", map[string]string{}, true}, {"not_exists", map[string]string{}, false},
		{"text_equals", map[string]string{"value": "r2d2"}, true}, {"text_equals", map[string]string{"value": "c3po"}, false},
		{"text_not_equals", map[string]string{"value": "r2d2"}, false}, {"text_matches", map[string]string{"regex": "r.*"}, true},
		{"text_matches", map[string]string{"regex": "2"}, false}, {"text_not_matches", map[string]string{"regex": "c.*"}, true},
	}
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		for _, tt := range tests {
			s := r.framework("^subscribe.offer_constraints.role_constraints", constraint(tt.predicate, tt.arg))
			if got := slices.Contains(s.pending(), "OFFERS"); got != tt.want {
				t.Errorf("%s %v: offered %v", tt.predicate, tt.arg, got)
			}
			s.must("TEARDOWN", "")
		}
		s := r.framework("^subscribe.offer_constraints.role_constraints", constraint("text_matches", map[string]string{"regex": "("}))
		if got := gjson.Get(s.next(), "error.message").Str; len(got) < 40 || got[:40] != "Offer constraints are not valid: A role " {
			t.Errorf("a bad regex: %q", got)
		}
	})
}

func TestMinAllocatablePerRole(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		filter := func(cpus float64) map[string]any {
			return map[string]any{"*": map[string]any{"min_allocatable_resources": map[string]any{"quantities": []any{map[string]any{"quantities": map[string]any{"cpus": map[string]any{"value": cpus}}}}}}}
		}
		s := r.framework("offer_filters", filter(3))
		if slices.Contains(s.pending(), "OFFERS") {
			t.Error("less than the minimum was offered")
		}
		if s := r.framework("offer_filters", filter(2)); !slices.Contains(s.pending(), "OFFERS") {
			t.Error("the minimum was not offered")
		}
	})
}

// BenchmarkOffersGoRound is the size of performance goal 9: offers of 1,000 agents go
// round among 100 frameworks.
func BenchmarkOffersGoRound(b *testing.B) {
	m, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	list, _ := resources.Parse(machine)
	for i := range 1000 {
		reg := registration(b, 5051+i, machine)
		reg.Resources = list
		_, conn := link.Pipe()
		ag := m.newAgentLocked(m.newAgentIDLocked(), reg, conn)
		ag.stopTimers()
	}
	var frameworks []*framework
	for range 100 {
		fw := m.newFramework(testInfo(m.newFrameworkIDLocked()))
		fw.stream, fw.connected, fw.active = newStream("", false, 1<<30), true, true
		m.frameworks[fw.id] = fw
		m.alloc.AddFramework(m.allocatorView(fw, nil), true)
		frameworks = append(frameworks, fw)
	}
	for b.Loop() {
		m.allocateLocked()
		for _, fw := range frameworks {
			fw.stream.take()
		}
		for _, o := range sortedOffers(m.offers) {
			m.discardLocked(o, 0)
		}
	}
}

// TestAggregatedOffers: two offers of one agent together hold a task that
// neither holds alone.
func TestAggregatedOffers(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, "cpus:2;mem:496")
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("first", ag.id, "resources.0.scalar.value", 1))
		rest := s.offer()
		ag.update(s.id, "first", v1.TaskState_TASK_FINISHED)
		freed := s.offer()
		s.must("ACCEPT", fmt.Sprintf(`{"offer_ids":[%s,%s],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}]}`,
			rest.Get("id").Raw, freed.Get("id").Raw, taskJSON("both", ag.id, "resources.0.scalar.value", 2)))
		told[*link.Run](ag)
		if got := told[*link.Run](ag).Tasks[0].GetTaskId().GetValue(); got != "both" {
			t.Errorf("launched %q", got)
		}
	})
}
