package session_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

// What a person sees of the faults that a real Mesos was recorded with: the tasks
// and offers in the end, and the notices.
func TestFaultRecordings(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		tasks        string // "id STATE, id STATE, ..."
		states       string // of the first task, one after the other
		offers       int    // that were not rescinded: the session here accepts none
		inverse      int
		notices      string
	}{
		{"agent_killed_and_back", "A", "ta TASK_RUNNING", "TASK_STARTING TASK_RUNNING TASK_LOST TASK_RUNNING", 0, 0, "agent S0 failed"},
		{"agent_killed_and_back", "B", "tb TASK_RUNNING", "TASK_STARTING TASK_RUNNING TASK_UNREACHABLE TASK_UNKNOWN TASK_RUNNING", 1, 0, "agent S0 failed"},
		{"agent_unregisters", "A", "ta TASK_LOST", "TASK_STARTING TASK_RUNNING TASK_LOST", 0, 0, "agent S0 failed"},
		{"agent_unregisters", "B", "tb TASK_UNKNOWN", "TASK_STARTING TASK_RUNNING TASK_LOST TASK_UNKNOWN", 0, 0, "agent S0 failed"},
		{"offer_timeout_and_maintenance", "A", "late TASK_LOST, here TASK_RUNNING", "TASK_LOST", 2, 1, ""},
		{"two_agents", "A", "both TASK_LOST, t0 TASK_RUNNING, t1 TASK_RUNNING", "TASK_LOST", 4, 0, ""},
	} {
		t.Run(c.name+"/"+c.stream, func(t *testing.T) {
			all := loadRecording(t, c.name)
			records := all[slices.IndexFunc(all, func(r recorded) bool { return r.stream == c.stream })].records
			inBubble(t, func(b *bench) {
				play(b, records)
				var tasks, states []string
				for _, task := range b.s.Tasks() {
					tasks = append(tasks, fmt.Sprint(task.ID, " ", task.State()))
				}
				for _, e := range b.s.Tasks()[0].Updates() {
					if n := len(states); n == 0 || states[n-1] != string(e.TaskState()) {
						states = append(states, string(e.TaskState()))
					}
				}
				if got := strings.Join(tasks, ", "); got != c.tasks || strings.Join(states, " ") != c.states {
					t.Errorf("tasks %s, of the first one %v; want %s, %s", got, states, c.tasks, c.states)
				}
				if offers, inverse := len(b.s.Offers()), len(b.s.InverseOffers()); offers != c.offers || inverse != c.inverse {
					t.Errorf("%d offers and %d inverse ones, want %d and %d", offers, inverse, c.offers, c.inverse)
				}
				_, said, _ := strings.Cut(b.said(), "\n") // behind "subscribed as ..."
				if want := strings.ReplaceAll(c.notices, "S0", agentOf(records)); strings.TrimSpace(said) != want {
					t.Errorf("notices %q, want %q", said, want)
				}
			})
		})
	}
}

// play subscribes and lets the master send the records.
func play(b *bench, records []string) {
	got := make(chan error, 1)
	go func() { _, err := b.s.Subscribe(b.ctx, []byte(subscribeBody)); got <- err }()
	st := <-b.master.streams
	for _, r := range records {
		st.send(r)
	}
	if err := <-got; err != nil {
		b.Fatal(err)
	}
	simtime.Wait()
}

func agentOf(records []string) string {
	for _, r := range records {
		if id := gjson.Get(r, "failure.agent_id.value").String(); id != "" {
			return id
		}
	}
	return "none"
}

// A master that was killed and comes back with a new id: the session is the same
// framework, has no offer of before, and learns what became of its task.
func TestMasterKilledAndBackAsRecorded(t *testing.T) {
	all := loadRecording(t, "master_killed_and_back")
	inBubble(t, func(b *bench) {
		play(b, all[0].records)
		task, ok := b.s.Task("ta")
		if !ok || task.State() != session.TaskRunning {
			t.Fatalf("task %v", task)
		}
		b.master.stop()
		b.wantState(session.Lost)
		b.master.start()
		st := <-b.master.streams
		for _, r := range all[1].records {
			st.send(r)
		}
		simtime.Wait()
		if got := gjson.Get(st.call.body, "framework_id.value").String(); got == "" || got != string(b.s.FrameworkID()) {
			t.Errorf("subscribed again as %q, want %q", got, b.s.FrameworkID())
		}
		if c := b.master.next("RECONCILE"); gjson.Get(c.body, "reconcile.tasks.#").Int() != 0 {
			t.Errorf("asked for %s, want all tasks", c.body)
		}
		if task.State() != session.TaskLost || len(b.s.Offers()) != 0 {
			t.Errorf("%v; offers %v", task, b.s.Offers())
		}
		said := b.said()
		for _, want := range []string{"connection to the master lost: ", "subscribed again as framework " + string(b.s.FrameworkID())} {
			if !strings.Contains(said, want) {
				t.Errorf("notices without %q:\n%s", want, said)
			}
		}
	})
}

// Each refusal of a master that wants credentials says which of them are wrong, and
// shows none.
func TestAuthenticationAsRecorded(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "recordings", "authentication.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	requests := map[int64]gjson.Result{}
	refusals := 0
	for line := range strings.Lines(string(text)) {
		v := gjson.Parse(line)
		n := v.Get("n").Int()
		switch v.Get("kind").String() {
		case "request":
			requests[n] = v
		case "response":
			if status := v.Get("status").Int(); status >= 400 {
				refusals++
				inBubble(t, func(b *bench) { refuse(b, requests[n], v) }, withSecret)
			}
		}
	}
	if refusals < 10 {
		t.Errorf("%d refusals were recorded", refusals)
	}
}

// refuse makes the request and lets the master answer it as it was recorded.
func refuse(b *bench, request, response gjson.Result) {
	b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
		var headers map[string]string
		if json.Unmarshal([]byte(response.Get("headers").Raw), &headers) != nil {
			return false
		}
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(int(response.Get("status").Int()))
		fmt.Fprint(w, response.Get("body").String())
		return true
	})
	var a session.Answer
	var err error
	switch body := request.Get("body").Raw; {
	case request.Get("method").String() == http.MethodGet:
		a, err = b.s.Get(b.ctx, request.Get("path").String())
	case gjson.Get(body, "type").String() == "GET_HEALTH":
		a, err = b.s.Operator(b.ctx, "", "GET_HEALTH", nil)
	case gjson.Get(body, "type").String() == "SUBSCRIBE":
		a, err = b.s.Subscribe(b.ctx, []byte(body))
	default:
		a, err = b.s.PostRaw(b.ctx, "", nil, []byte(body))
	}
	if err != nil {
		b.Errorf("%s: %v", request.Raw, err)
		return
	}
	want := "credentials are wanted, or wrong: --principal"
	if response.Get("status").Int() == http.StatusBadRequest {
		want = "framework_info.principal must be the principal you authenticate as"
	}
	if text := fmt.Sprint(a.Err()); !strings.Contains(text, want) || strings.Contains(text+b.said(), secret) {
		b.Errorf("%s: %s, want %q", request.Raw, text, want)
	}
	b.wantState(session.Disconnected)
}
