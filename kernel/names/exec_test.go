package names

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// container answers the agent's calls on containers: "forever" goes on until the
// caller hangs up, any other command is echoed and exits with the code.
func (f *fakeMaster) container(w http.ResponseWriter, r *http.Request, body []byte) bool {
	switch gjson.GetBytes(body, "type").String() {
	case "GET_CONTAINERS":
		io.WriteString(w, `{"get_containers":{"containers":[{"executor_id":{"value":"t1"},"framework_id":{"value":"`+fakeUUID+`-0000"},"container_id":{"value":"c1"}}]}}`)
	case "WAIT_CONTAINER":
		fmt.Fprintf(w, `{"wait_container":{"exit_status":%d}}`, f.exit<<8)
	case "LAUNCH_NESTED_CONTAINER_SESSION":
		command := gjson.GetBytes(body, "launch_nested_container_session.command")
		text := command.Get("value").String()
		if args := command.Get("arguments"); args.Exists() {
			text = args.Raw
		}
		if text == "large" {
			text = strings.Repeat("x", maxExecOutput+5)
		}
		data, _ := json.Marshal([]byte(text))
		errs := base64.StdEncoding.EncodeToString([]byte("warned\n"))
		for _, record := range []string{`{"type":"DATA","data":{"type":"STDERR","data":"` + errs + `"}}`, `{"type":"DATA","data":{"type":"STDOUT","data":` + string(data) + `}}`} {
			fmt.Fprintf(w, "%d\n%s", len(record), record)
		}
		w.(http.Flusher).Flush()
		if text == "forever" {
			<-r.Context().Done()
		}
	default:
		return false
	}
	return true
}

func runningTask(t *testing.T) (*fakeMaster, *Set, *Task) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	s.subscribe()
	s.waitForOffers()
	return f, s, s.launch(`{"command": {"value": "true"}, "task_id": {"value": "t1"}}`).Wait("TASK_RUNNING")
}

func TestTaskExec(t *testing.T) {
	f, _, task := runningTask(t)
	e := task.Exec("ls -l")
	if e.Stdout() != "ls -l" || e.Stderr() != "warned\n" || e.Code != 0 || !e.OK() || e.String() != "ls -l\nwarned" {
		t.Errorf("got %q, %q, %d: %v", e.Stdout(), e.Stderr(), e.Code, e)
	}
	f.exit = 3
	if e = task.Exec("ls", "-l", 5*time.Second); e.Stdout() != `["ls","-l"]` || e.OK() || !strings.HasSuffix(e.String(), "warned\nexit code 3") {
		t.Errorf("got %v", e)
	}
	if e = task.Exec("large"); len(e.Stdout()) != maxExecOutput || !strings.Contains(e.String(), "\n(stdout goes on for 5 bytes that were not kept)\n") {
		t.Errorf("%d bytes were kept", len(e.Stdout()))
	}
}

func TestTaskExecRefuses(t *testing.T) {
	_, s, task := runningTask(t)
	var printed strings.Builder
	s.o.Out = &printed
	for want, args := range map[string][]any{
		"Task.Exec: wants a command: ":                          nil,
		"Task.Exec: does not know what to do with true; ":       {"ls", true},
		"Task.Exec: takes one time-out, got two":                {"ls", time.Second, time.Second},
		"Task.Exec: takes one input, got two":                   {"ls", strings.NewReader(""), strings.NewReader("")},
		"exec in task t1: LAUNCH_NESTED_CONTAINER_SESSION http": {"forever", 50 * time.Millisecond},
	} {
		if got := failure(t, func() { task.Exec(args...) }); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := printed.String(); got != "forever\nwarned\n" {
		t.Errorf("what came before the time-out: %q", got)
	}
	s.killTask("t1")
	task.Wait()
	if got := failure(t, func() { task.Exec("ls") }); got != "exec in task t1: it does not run any more (TASK_KILLED)" {
		t.Errorf("got %q", got)
	}
}
