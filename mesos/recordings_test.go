package mesos_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	"mesosbook/mesos/v1/agent"
	"mesosbook/mesos/v1/master"
	"mesosbook/mesos/v1/scheduler"
)

// recorded are the files of testdata: what a real Mesos 1.12 sent and was sent,
// one JSON text a line, long lists shortened, and the message they are.
var recorded = map[string]proto.Message{
	"scheduler_events.jsonl": (*scheduler.Event)(nil),
	"master_events.jsonl":    (*master.Event)(nil),
	"master_responses.jsonl": (*master.Response)(nil),
	"agent_responses.jsonl":  (*agent.Response)(nil),
	"scheduler_calls.jsonl":  (*scheduler.Call)(nil),
	"master_calls.jsonl":     (*master.Call)(nil),
	"agent_calls.jsonl":      (*agent.Call)(nil),
}

func newLike(m proto.Message) proto.Message { return m.ProtoReflect().New().Interface() }

// lines calls f for each line of a recorded file.
func lines(t testing.TB, file string, f func(line []byte)) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		f(bytes.TrimSuffix(line, []byte("\n")))
	}
}

// handMade are the parts of answers that Mesos does not write from the v1
// message: lists that are there even when empty, and a field of the unversioned
// agent info that v1 lacks.
var handMade = regexp.MustCompile(`"\w+":\[\],|,?"\w+":\[\]|,"checkpoint":true(},"active")`)

// What Mesos sent is, read and written again, the same bytes.
func TestRecordedMessagesComeBackByteForByte(t *testing.T) {
	for file, kind := range recorded {
		if strings.Contains(file, "calls") {
			continue
		}
		lines(t, file, func(line []byte) {
			if file != "scheduler_events.jsonl" {
				line = handMade.ReplaceAll(line, []byte("$1"))
			}
			m := newLike(kind)
			if err := mesos.Unmarshal(line, m); err != nil {
				t.Errorf("%s: %v\nin %.200s", file, err, line)
				return
			}
			got, err := mesos.Marshal(m)
			if err != nil {
				t.Errorf("%s: %v\nin %.200s", file, err, line)
				return
			}
			if i := differAt(got, line); i >= 0 {
				t.Errorf("%s differs:\n got ...%.120s\nwant ...%.120s", file, got[max(0, i-60):], line[max(0, i-60):])
			}
		})
	}
}

func differAt(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
