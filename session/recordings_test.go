package session_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

// recorded is one subscription as a real Apache Mesos 1.12 served it.
type recorded struct {
	stream  string
	records []string
}

// loadRecording reads testdata/recordings/NAME.jsonl: the events of each stream, in
// the order in which the streams began.
func loadRecording(t *testing.T, name string) []recorded {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "recordings", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	at := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		v := gjson.Parse(line)
		stream := v.Get("stream").String()
		if v.Get("kind").String() != "event" {
			continue
		}
		if _, ok := at[stream]; !ok {
			at[stream] = len(all)
			all = append(all, recorded{stream: stream})
		}
		r := &all[at[stream]]
		r.records = append(r.records, v.Get("event").Raw)
	}
	return all
}

// What a real master sends leaves the session with the offers, tasks and
// acknowledgements that a plain count over the records gives.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob("testdata/recordings/*.jsonl")
	if err != nil || len(files) < 10 {
		t.Fatalf("recordings: %v, %v", files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		for _, r := range loadRecording(t, name) {
			t.Run(name+"/"+r.stream, func(t *testing.T) { inBubble(t, func(b *bench) { replay(b, r.records) }) })
		}
	}
}

func replay(b *bench, records []string) {
	got := make(chan error, 1)
	go func() { _, err := b.s.Subscribe(b.ctx, []byte(subscribeBody)); got <- err }()
	st := <-b.master.streams
	for _, r := range records {
		st.send(r)
	}
	if err := <-got; (err != nil) != strings.Contains(records[0], `"type":"ERROR"`) {
		b.Fatalf("subscribe: %v", err)
	}
	simtime.Wait()
	want := count(records)
	var offers []string
	for _, o := range b.s.Offers() {
		offers = append(offers, string(o.ID))
	}
	if len(offers) != len(want.offers) {
		b.Errorf("offers %v, want %v", offers, want.offers)
	}
	states := map[string]string{}
	for _, task := range b.s.Tasks() {
		states[string(task.ID)] = string(task.State())
	}
	for id, state := range want.states {
		if states[id] != state {
			b.Errorf("task %s is %s, want %s", id, states[id], state)
		}
	}
	if len(states) != len(want.states) {
		b.Errorf("tasks %v, want %v", states, want.states)
	}
	if acked := len(b.master.calls); acked != want.acks {
		b.Errorf("%d acknowledgements, want %d", acked, want.acks)
	}
	events := b.s.Events(nil)
	if len(events) != len(records) {
		b.Fatalf("%d events, want %d", len(events), len(records))
	}
	for i, e := range events {
		text := e.String()
		if string(e.JSON()) != records[i] || text == "" || !utf8.ValidString(text) || strings.Contains(text, "\n") || len(text) > 2000 {
			b.Errorf("event %d: %q", i, text)
		}
	}
}

// counted is what a reader of the records would say.
type counted struct {
	offers map[string]string // id to agent
	states map[string]string
	acks   int
}

func count(records []string) counted {
	c := counted{map[string]string{}, map[string]string{}, 0}
	for _, r := range records {
		for _, o := range gjson.Get(r, "offers.offers").Array() {
			c.offers[o.Get("id.value").String()] = o.Get("agent_id.value").String()
		}
		if agent := gjson.Get(r, "failure.agent_id.value").String(); agent != "" && !gjson.Get(r, "failure.executor_id").Exists() {
			maps.DeleteFunc(c.offers, func(_, on string) bool { return on == agent })
		}
		delete(c.offers, gjson.Get(r, "rescind.offer_id.value").String())
		if st := gjson.Get(r, "update.status"); st.Exists() {
			c.states[st.Get("task_id.value").String()] = st.Get("state").String()
			if st.Get("uuid").Exists() {
				c.acks++
			}
		}
		if gjson.Get(r, "update_operation_status.status.uuid").Exists() {
			c.acks++
		}
		if gjson.Get(r, "type").String() == string(session.EventError) {
			c.offers = nil // the subscription is over
		}
	}
	return c
}
