package master

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mesosbook/internal/simtime"
	v1 "mesosbook/mesos/v1"
)

// recorded is a line of a recording of Mesos 1.12.
type recorded struct {
	Kind, Stream string
	N            int
	Event, Body  any
}

func readRecording(t *testing.T, name string) []recorded {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []recorded
	for line := range strings.Lines(string(text)) {
		var r recorded
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

var anyUUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// alike makes what differs between two runs the same: ids, times, ports.
func alike(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, x := range v {
			switch {
			case key == "timestamp" || strings.HasSuffix(key, "_time"):
				v[key] = "a time"
				if x == 0.0 {
					v[key] = "no time"
				}
			case key == "port":
				v[key] = "a port"
			case key == "pid":
				v[key] = "a pid"
			default:
				v[key] = alike(x)
			}
		}
	case []any:
		for i := range v {
			v[i] = alike(v[i])
		}
	case string:
		return anyUUID.ReplaceAllString(v, "UUID")
	}
	return v
}

func parsed(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return alike(v)
}

// TestMasterKilledAndBackRecording follows the recording of that name: a master
// without a registry comes back, and the framework, before its agent does. The
// recording ends before the agent's return, which follows here.
func TestMasterKilledAndBackRecording(t *testing.T) {
	recording := readRecording(t, "master_killed_and_back")
	var events []any
	bodies := map[int]any{}
	for _, r := range recording {
		switch {
		case r.Kind == "event" && r.Stream == "B":
			events = append(events, alike(r.Event))
		case r.Kind == "response":
			bodies[r.N] = alike(r.Body)
		}
	}
	if len(events) != 4 || bodies[9] == nil || bodies[10] == nil {
		t.Fatalf("the recording has %d events after the restart, want 4", len(events))
	}
	simtime.Test(t, func(t *testing.T) {
		r, stop := newRig(t, Options{})
		ag := r.agent(5051, machine)
		s := r.framework("name", "plain", "failover_timeout", 60, "checkpoint", true)
		s.launch(s.offer(), 0.5, taskJSON("ta", ag.id))
		ag.update(s.id, "ta", v1.TaskState_TASK_RUNNING)
		s.status()
		stop()

		r, stop = newRig(t, Options{})
		defer stop()
		b := r.open("/api/v1/scheduler", `{"type":"SUBSCRIBE","framework_id":{"value":"`+s.id+`"},"subscribe":{"framework_info":{"user":"root","name":"plain","failover_timeout":60,"checkpoint":true,"id":{"value":"`+s.id+`"}}}}`)
		b.id = s.id
		ask := `{"tasks":[{"task_id":{"value":"ta"},"agent_id":{"value":"` + ag.id + `"}}]}`
		b.must("RECONCILE", ask)
		b.must("RECONCILE", `{"tasks":[]}`)
		time.Sleep(3 * time.Second)
		b.must("RECONCILE", ask)
		for i, want := range events {
			if diff := cmp.Diff(want, parsed(t, b.next())); diff != "" {
				t.Errorf("event %d: -recorded +here\n%s", i, diff)
			}
		}
		for n, path := range map[int]string{9: "/slaves", 10: "/frameworks"} {
			if diff := cmp.Diff(bodies[n], parsed(t, r.get(path))); diff != "" {
				t.Errorf("%s: -recorded +here\n%s", path, diff)
			}
		}

		back := returning(t, ag.id, b, "ta", b, "tb")
		back.Tasks = back.Tasks[:1]
		r.register(back)
		if got := b.status(); got.Get("state").Str != "TASK_RUNNING" || got.Get("message").Str != "Unknown agent reregistered" || got.Get("reason").Str != "REASON_AGENT_REREGISTERED" {
			t.Errorf("the agent is back: %s", got)
		}
		b.must("TEARDOWN", "")
		for range b.events { // closed at the stream's end
		}
	})
}
