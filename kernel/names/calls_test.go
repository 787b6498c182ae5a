package names

import (
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"mesosbook/resources"
)

func TestLaunchFillsInWhatIsMissing(t *testing.T) {
	const info = "accept.operations.0.launch.task_infos.0."
	cpus := `[{"name": "cpus", "type": "SCALAR", "scalar": {"value": 1.5}}]`
	for _, tt := range []struct {
		name string
		args func(s *Set) []any
		want map[string]string
	}{
		{"a name", func(*Set) []any { return []any{"launch.json"} },
			map[string]string{info + "name": "DemoTask", info + "agent_id.value": fakeUUID + "-S0", info + "resources.1.name": "mem", "accept.filters.refuse_seconds": "5"}},
		{"a TaskInfo", func(*Set) []any { return []any{`{"command": {"value": "true"}, "task_id": {"value": "mine"}}`} },
			map[string]string{info + "name": "mine", info + "task_id.value": "mine", info + "agent_id.value": fakeUUID + "-S0", "accept.filters.refuse_seconds": "0"}},
		{"its own values stay", func(*Set) []any {
			return []any{`{"name": "n", "command": {"value": "true"}, "agent_id": {"value": "A"}, "resources": [{"name": "mem", "type": "SCALAR", "scalar": {"value": 33}}]}`}
		}, map[string]string{info + "name": "n", info + "agent_id.value": "A", info + "resources.#": "1", info + "resources.0.scalar.value": "33"}},
		{"resources behind it", func(*Set) []any { return []any{"true", cpus} },
			map[string]string{info + "resources.#": "1", info + "resources.0.scalar.value": "1.5"}},
		{"an offer behind it", func(s *Set) []any { return []any{"true", s.offers()[0]} },
			map[string]string{"accept.offer_ids.#": "1"}},
		{"an offer inside", func(s *Set) []any {
			d := must(resources.Open(t.Context(), "launch.json", resources.Options{}))
			d.Append("accept.offer_ids", map[string]any{"value": s.offers()[0].ID})
			return []any{d}
		}, map[string]string{"accept.offer_ids.#": "1", info + "agent_id.value": fakeUUID + "-S0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeMaster(t)
			s := newTestSet(t, f)
			s.subscribe()
			s.waitForOffers()
			task := s.launch(tt.args(s)...)
			sent := f.last(t, "ACCEPT")
			for path, want := range tt.want {
				if got := gjson.Get(sent, path).String(); got != want {
					t.Errorf("%s: got %q, want %q in %s", path, got, want, sent)
				}
			}
			if id := gjson.Get(sent, info+"task_id.value").String(); id != task.ID || id == "" {
				t.Errorf("task id %q was sent, the handle has %q", id, task.ID)
			}
			if task.Executor() != task.ID {
				t.Errorf("executor %q of command task %q", task.Executor(), task.ID)
			}
			if id := gjson.Get(sent, "accept.offer_ids.0.value").String(); id != fakeUUID+"-O0" {
				t.Errorf("offer id %q was sent", id)
			}
		})
	}
}

func TestLaunchLeavesTheDocumentAlone(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	s.subscribe()
	d := s.getJSON("launch.json")
	before := string(d.JSON())
	s.launch(d)
	if got := string(d.JSON()); got != before {
		t.Errorf("the document was changed: %s", got)
	}
}

func TestLaunchWaitsForAnOfferWithRoom(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	s.subscribe()
	s.waitForOffers()
	s.setTimeout(100 * time.Millisecond)
	got := failure(t, func() { s.launch("true", `[[{"name": "cpus", "type": "SCALAR", "scalar": {"value": 3}}]]`) })
	if !strings.Contains(got, "does not know what to do") {
		t.Errorf("got %q", got)
	}
	got = failure(t, func() { s.launch("true", `[{"name": "cpus", "type": "SCALAR", "scalar": {"value": 3}}]`) })
	if want := "launch: no offer has room for cpus 3, mem 0 MB, disk 0 MB"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLaunchInADryRun(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	s.subscribe()
	s.waitForOffers()
	s.now("test").SetDryRun(true)
	var out strings.Builder
	s.o.Out = &out
	if got, want := failure(t, func() { s.launch("true") }), "launch: dry run, so there is no task"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := out.String(), "Not sent: curl "; !strings.HasPrefix(got, want) || !strings.Contains(got, `"ACCEPT"`) {
		t.Errorf("printed %q, want %q", got, want)
	}
	s.now("test").SetDryRun(false)
	s.launch("true").Wait("TASK_RUNNING") // the offer is still there
}

func TestCallsSendWhatTheyAreGiven(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	s.subscribe()
	offer := s.waitForOffers()[0]
	operation := `{"type": "RESERVE", "reserve": {"resources": []}}`
	for _, tt := range []struct {
		name, callType string
		call           func()
		want           map[string]string
	}{
		{"accept", "ACCEPT", func() { s.accept(offer, operation, 10*time.Second) },
			map[string]string{"accept.offer_ids.0.value": string(offer.ID), "accept.operations.0.type": "RESERVE", "accept.filters.refuse_seconds": "10.0"}},
		{"accept ids and a list", "ACCEPT", func() { s.accept("O7", offer.ID, "["+operation+"]") },
			map[string]string{"accept.offer_ids.0.value": "O7", "accept.offer_ids.1.value": string(offer.ID), "accept.operations.#": "1"}},
		{"decline an id", "DECLINE", func() { s.decline("O8", time.Minute) },
			map[string]string{"decline.offer_ids.#": "1", "decline.offer_ids.0.value": "O8", "decline.filters.refuse_seconds": "60.0"}},
		{"revive", "REVIVE", func() { s.revive("a", "b") }, map[string]string{"revive.roles.1": "b"}},
		{"suppress", "SUPPRESS", func() { s.suppress() }, nil},
		{"reconcile all", "RECONCILE", func() { s.reconcile() }, map[string]string{"reconcile.tasks.#": "0"}},
		{"reconcile one", "RECONCILE", func() { s.reconcile("t1") }, map[string]string{"reconcile.tasks.0.task_id.value": "t1"}},
		{"call", "MESSAGE", func() { s.call("message", `{"data": "eA=="}`) }, map[string]string{"message.data": "eA=="}},
		{"teardown of another framework", "TEARDOWN", func() { s.terminateFramework("F9") }, map[string]string{"teardown.framework_id.value": "F9"}},
	} {
		tt.call()
		sent := f.last(t, tt.callType)
		for path, want := range tt.want {
			got := gjson.Get(sent, path)
			if got.String() != want && got.Raw != want && got.Raw+".0" != want {
				t.Errorf("%s: %s: got %q, want %q in %s", tt.name, path, got, want, sent)
			}
		}
	}
}
