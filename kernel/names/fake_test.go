package names

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"mesosbook/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	fakeUUID   = "01578e58-656e-4dd6-a8b4-2d0b181f7f52"
	fakeStream = "457f6646-fb66-4be6-aff6-49669146197c"
)

// fakeMaster answers the little of a master and an agent that the names need:
// one framework, one offer at a time, tasks that run until they are killed.
type fakeMaster struct {
	*httptest.Server
	events chan string // records for the stream; closed by the test's end
	exit   int         // exit code of what Task.Exec runs

	mu     sync.Mutex
	calls  []string // bodies of the calls, without ACKNOWLEDGE
	offers int
	next   map[string]string // task id to the update that an acknowledgement brings
}

func newFakeMaster(t *testing.T) *fakeMaster {
	f := &fakeMaster{events: make(chan string, 100), next: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/scheduler", f.scheduler)
	mux.HandleFunc("/api/v1", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.record(string(body))
		w.Header().Set("Content-Type", "application/json")
		if f.container(w, r, body) {
			return
		}
		fmt.Fprintf(w, `{"type":%q}`, gjson.GetBytes(body, "type").String())
	})
	page := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, strings.ReplaceAll(text, "ADDRESS", r.Host))
		})
	}
	page("/version", `{"version":"1.12.0"}`)
	page("/slaves", `{"slaves":[{"id":"`+fakeUUID+`-S0","pid":"slave(1)@ADDRESS","hostname":"127.0.0.1","resources":{"cpus":2.0,"mem":496.0,"disk":4930.0,"ports":"[9000-10000]"},"attributes":{"rack":"r2d2"},"active":true}]}`)
	page("/frameworks", `{"frameworks":[{"id":"F","name":"n","user":"root","active":true,"tasks":[{},{}]}]}`)
	page("/state", `{"version":"1.12.0","id":"`+fakeUUID+`","frameworks":[{"id":"F","name":"n"}]}`)
	mux.HandleFunc("/files/download", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello from the sandbox\n") })
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeMaster) record(body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, body)
}

// last is the last recorded call of a type.
func (f *fakeMaster) last(t *testing.T, callType string) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.calls) - 1; i >= 0; i-- {
		if gjson.Get(f.calls[i], "type").String() == callType {
			return f.calls[i]
		}
	}
	t.Fatalf("no %s was sent; calls: %q", callType, f.calls)
	return ""
}

func (f *fakeMaster) scheduler(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	call := gjson.ParseBytes(body)
	if call.Get("type").String() == "SUBSCRIBE" {
		f.record(string(body))
		f.stream(w, r)
		return
	}
	if id := r.Header.Get("Mesos-Stream-Id"); id != fakeStream {
		http.Error(w, "The stream ID '"+id+"' included in this request didn't match", http.StatusBadRequest)
		return
	}
	f.apply(call)
	w.WriteHeader(http.StatusAccepted)
}

func (f *fakeMaster) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Mesos-Stream-Id", fakeStream)
	w.Header().Set("Content-Type", "application/json")
	write := func(record string) {
		fmt.Fprintf(w, "%d\n%s", len(record), record)
		w.(http.Flusher).Flush()
	}
	write(`{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"` + fakeUUID + `-0000"},"heartbeat_interval_seconds":15.0}}`)
	write(`{"type":"HEARTBEAT"}`)
	f.offer(r.Host)
	for {
		select {
		case record := <-f.events:
			if record == "" {
				return
			}
			write(record)
		case <-r.Context().Done():
			return
		}
	}
}

func (f *fakeMaster) offer(host string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	hostname, port, _ := strings.Cut(host, ":")
	f.events <- fmt.Sprintf(`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"%[1]s-O%[2]d"},"framework_id":{"value":"%[1]s-0000"},"agent_id":{"value":"%[1]s-S0"},"hostname":%[3]q,`+
		`"url":{"scheme":"http","address":{"hostname":%[3]q,"ip":%[3]q,"port":%[4]s},"path":"/slave(1)"},"resources":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":9000,"end":10000}]},"role":"*"},`+
		`{"name":"cpus","type":"SCALAR","scalar":{"value":2.0},"role":"*"},{"name":"mem","type":"SCALAR","scalar":{"value":496.0},"role":"*"},{"name":"disk","type":"SCALAR","scalar":{"value":4930.0},"role":"*"}],`+
		`"attributes":[{"name":"rack","type":"TEXT","text":{"value":"r2d2"}},{"name":"pod","type":"TEXT","text":{"value":"demo,dev"}}]}]}}`, fakeUUID, f.offers, hostname, port)
	f.offers++
}

func (f *fakeMaster) apply(call gjson.Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch call.Get("type").String() {
	case "ACKNOWLEDGE":
		id := call.Get("acknowledge.task_id.value").String()
		if next := f.next[id]; next != "" {
			delete(f.next, id)
			f.events <- update(id, next)
		}
		return
	case "ACCEPT":
		for _, task := range call.Get("accept.operations.0.launch.task_infos").Array() {
			id := task.Get("task_id.value").String()
			f.next[id] = "TASK_RUNNING"
			f.events <- update(id, "TASK_STARTING")
		}
	case "KILL":
		f.events <- update(call.Get("kill.task_id.value").String(), "TASK_KILLED")
	case "TEARDOWN":
		f.events <- ""
	}
	f.calls = append(f.calls, call.Raw)
}

func update(task, state string) string {
	return fmt.Sprintf(`{"type":"UPDATE","update":{"status":{"task_id":{"value":%q},"state":%q,"source":"SOURCE_EXECUTOR","agent_id":{"value":"%s-S0"},"executor_id":{"value":%q},"uuid":%q,"timestamp":1795363107.3}}}`,
		task, state, fakeUUID, task, base64.StdEncoding.EncodeToString([]byte((state + task + "................")[4:20])))
}

// newTestSet gives names on a session with the fake master.
func newTestSet(t *testing.T, f *fakeMaster) *Set {
	t.Helper()
	t.Chdir(t.TempDir())
	live, err := session.New(session.Options{Master: f.URL, User: "root", Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	set, err := New(Options{
		Session: func(context.Context) (*session.Session, error) { return live, nil },
		Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Error(err)
		}
		if err := live.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return set
}

// failure runs f and gives the error with which it ended its cell.
func failure(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		p := recover()
		if p == nil {
			t.Error("did not fail")
			return
		}
		err, ok := p.(interface {
			error
			CellError()
		})
		if !ok {
			t.Fatalf("panicked with %T: %v, want an error for the cell", p, p)
		}
		text = err.Error()
	}()
	f()
	return ""
}
