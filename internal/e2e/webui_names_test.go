package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Agents that share a host are told apart by their ports, wherever a page names one.
func TestWebUITellsAgentsApart(t *testing.T) {
	const none = `{"cpus":0,"mem":0,"disk":0,"gpus":0}`
	agent := func(id, host, port string) string {
		return fmt.Sprintf(`{"id":%q,"hostname":%q,"pid":"slave(1)@%s:%s","attributes":{},"active":true,"deactivated":false,"registered_time":1,
			"version":"1.12.0","resources":%s,"used_resources":%s,"offered_resources":%s}`, id, host, host, port, none, none, none)
	}
	task := func(id, agent string) string {
		return fmt.Sprintf(`{"id":%q,"name":%q,"framework_id":"F","executor_id":"","slave_id":%q,"state":"TASK_RUNNING","resources":%s,
			"statuses":[{"state":"TASK_RUNNING","timestamp":2}]}`, id, id, agent, none)
	}
	state := `{"version":"1.12.0","id":"m","start_time":1,"slaves":[` + strings.Join([]string{
		agent("S0", "127.0.0.1", "5051"), agent("S1", "127.0.0.1", "5052"), agent("S2", "alone", "5051"),
	}, ",") + `],"frameworks":[{"id":"F","name":"f","active":true,"role":"*","tasks":[` +
		task("first", "S0") + "," + task("second", "S1") + "," + task("third", "S2") + `],"completed_tasks":[],"unreachable_tasks":[],
		"executors":[],"offers":[],"used_resources":` + none + `,"offered_resources":` + none + `,"resources":` + none + `}],"completed_frameworks":[]}`
	master := fake(t, map[string]http.HandlerFunc{"/state": text(state)})
	b := newBrowser(t)
	b.open(master.URL)
	b.awaitText("second")
	got := eval[string](b, `[...document.querySelectorAll('td[data-label=Agent]')].map((e) => e.innerText).sort().join(' ')`)
	if want := "127.0.0.1:5051 127.0.0.1:5052 alone"; got != want {
		t.Errorf("agents %q, want %q", got, want)
	}
}
