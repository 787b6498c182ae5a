package session

import (
	"testing"

	"github.com/tidwall/gjson"
)

// What a master says of a task that it does not know any more is no news of one
// whose agent has told how it ended; anything else is.
func TestAnswersDoNotUndoAnEnd(t *testing.T) {
	const (
		running  = `{"state":"TASK_RUNNING","uuid":"1"}`
		failed   = `{"state":"TASK_FAILED","message":"exit 1","uuid":"2"}`
		gone     = `{"state":"TASK_GONE","reason":"REASON_RECONCILIATION"}`
		unknown  = `{"state":"TASK_UNKNOWN","reason":"REASON_RECONCILIATION"}`
		lost     = `{"state":"TASK_LOST","reason":"REASON_AGENT_REMOVED"}`
		returned = `{"state":"TASK_RUNNING","reason":"REASON_AGENT_REREGISTERED"}`
	)
	tests := []struct {
		statuses []string
		want     TaskState
	}{
		{[]string{running, failed, gone}, TaskFailed},
		{[]string{running, failed, gone, unknown}, TaskFailed},
		{[]string{running, gone}, "TASK_GONE"},
		{[]string{running, gone, failed}, TaskFailed},
		{[]string{running, lost, returned}, TaskRunning},
		{[]string{running, lost, unknown}, "TASK_UNKNOWN"}, // lost is the master's word too
		{[]string{failed, running, gone}, "TASK_GONE"},     // the same id again
	}
	for _, tt := range tests {
		task := &Task{ID: "t"}
		for _, status := range tt.statuses {
			task.apply(Event{}, gjson.Parse(status))
		}
		if task.state != tt.want {
			t.Errorf("%v: %s, want %s", tt.statuses, task.state, tt.want)
		}
	}
}
