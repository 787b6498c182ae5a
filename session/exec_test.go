package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/mesos/recordio"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

const stdoutRecord = `{"type":"DATA","data":{"type":"STDOUT","data":"aGVsbG8K"}}` // "hello\n"

// fakeAgent answers the calls on containers by script and records them.
type fakeAgent struct {
	mu     sync.Mutex
	seen   []fakeCall // each as it began; of a streamed call the first record
	stdin  []string   // the records of ATTACH_CONTAINER_INPUT
	launch func(w http.ResponseWriter, r *http.Request)
	wait   string               // answer to WAIT_CONTAINER
	lists  string               // answer to GET_CONTAINERS
	input  func(*fakeAgent) int // status of the answer to ATTACH_CONTAINER_INPUT; nil: 200 when it ends
}

// startAgent serves where the offer says that the agent is, until stop.
func startAgent(b *bench) (a *fakeAgent, stop func()) {
	a = &fakeAgent{wait: `{"type":"WAIT_CONTAINER","wait_container":{"exit_status":0}}`, lists: `{"type":"GET_CONTAINERS"}`}
	l, err := b.net.Listen("127.0.0.1:5051")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: a}
	go server.Serve(l)
	return a, func() { server.Close() }
}

func (a *fakeAgent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	var in *recordio.Reader
	if r.Header.Get("Content-Type") == "application/recordio" {
		in = recordio.NewReader(r.Body, recordio.ReaderOptions{})
		body, _ = in.ReadRecord(nil)
	} else {
		body, _ = io.ReadAll(r.Body)
	}
	c := fakeCall{r.Method, r.URL.RequestURI(), r.Header.Clone(), string(body)}
	a.mu.Lock()
	a.seen = append(a.seen, c)
	a.mu.Unlock()
	switch c.kind() {
	case "LAUNCH_NESTED_CONTAINER_SESSION":
		a.launch(w, r)
	case "ATTACH_CONTAINER_INPUT":
		a.attach(w, in)
	case "WAIT_CONTAINER":
		io.WriteString(w, a.wait)
	case "GET_CONTAINERS":
		io.WriteString(w, a.lists)
	}
}

func (a *fakeAgent) attach(w http.ResponseWriter, in *recordio.Reader) {
	if a.input != nil {
		http.Error(w, "Multiple input connections are not allowed", a.input(a))
		return
	}
	for {
		record, err := in.ReadRecord(nil)
		if err != nil {
			return
		}
		a.mu.Lock()
		a.stdin = append(a.stdin, string(record))
		a.mu.Unlock()
	}
}

// last is the last call of a type.
func (a *fakeAgent) last(kind string) (found fakeCall) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.seen {
		if c.kind() == kind {
			found = c
		}
	}
	return found
}

// output answers a launch with records and ends, or goes on until the client does.
func output(forever bool, records ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/recordio")
		for _, record := range records {
			fmt.Fprintf(w, "%d\n%s", len(record), record)
		}
		w.(http.Flusher).Flush()
		if forever {
			<-r.Context().Done()
		}
	}
}

func answers(status int, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, text)
	}
}

// running gives a task that runs in container c1 of the agent.
func running(b *bench, status string) *session.Task {
	b.Helper()
	st := b.subscribe()
	st.send(offerRecord)
	if _, err := b.s.WaitForOffers(b.ctx, 1); err != nil {
		b.Fatal(err)
	}
	tasks, err := b.s.Launch(b.ctx, []byte(acceptBody))
	if err != nil {
		b.Fatal(err)
	}
	if status != "" {
		st.send(status)
		simtime.Wait()
	}
	return tasks[0]
}

var inContainer = strings.Replace(update("t1", "TASK_RUNNING", "MDEyMzQ1Njc4OWFiY2RlZg=="),
	`"timestamp"`, `"container_status":{"container_id":{"value":"c1","parent":{"value":"root"}}},"timestamp"`, 1)

func TestExec(t *testing.T) {
	inBubble(t, func(b *bench) {
		a, stop := startAgent(b)
		defer stop()
		a.launch = output(false, stdoutRecord, `{"type":"CONTROL","control":{"type":"HEARTBEAT"}}`,
			`{"type":"DATA","data":{"type":"STDERR","data":"YmFk"}}`, stdoutRecord)
		a.wait = `{"type":"WAIT_CONTAINER","wait_container":{"exit_status":768}}`
		task := running(b, inContainer)
		var out, errs strings.Builder
		r, err := task.Exec(b.ctx, session.ExecOptions{Command: []string{"ls -l"}, Stdout: &out, Stderr: &errs})
		if err != nil || r.Code != 3 || r.String() != "exit code 3" || out.String() != "hello\nhello\n" || errs.String() != "bad" {
			t.Errorf("got %v, %v, %q, %q", r, err, &out, &errs)
		}
		c := a.last("LAUNCH_NESTED_CONTAINER_SESSION")
		member := gjson.Get(c.body, "launch_nested_container_session")
		if member.Get("container_id.parent").Raw != `{"value":"c1","parent":{"value":"root"}}` || member.Get("container_id.value").String() != r.Container ||
			member.Get("command").Raw != `{"value":"ls -l"}` || c.path != "/api/v1" || c.header.Get("Accept") != "application/recordio" ||
			c.header.Get("Message-Accept") != "application/json" || !strings.HasPrefix(c.header.Get("Authorization"), "Basic ") {
			t.Errorf("sent %v", c)
		}
		if id := gjson.Get(a.last("WAIT_CONTAINER").body, "wait_container.container_id").Raw; id != member.Get("container_id").Raw {
			t.Errorf("waited for %s", id)
		}
		curl, err := b.s.Curl(1, false)
		if err != nil || !strings.HasPrefix(curl, "curl -sS -N ") || !strings.Contains(curl, `"ls -l"`) || strings.Contains(curl, secret) {
			t.Errorf("curl: %s, %v", curl, err)
		}
		if _, err := task.Exec(b.ctx, session.ExecOptions{Command: []string{"ls", "-l"}}); err != nil {
			t.Error(err)
		}
		sent := gjson.Get(a.last("LAUNCH_NESTED_CONTAINER_SESSION").body, "launch_nested_container_session.command").Raw
		if sent != `{"arguments":["ls","-l"],"shell":false,"value":"ls"}` {
			t.Errorf("sent %s", sent)
		}
	}, withSecret)
}

// The exit code is read out of what wait(2) gave.
func TestExecOutcome(t *testing.T) {
	for status, want := range map[string]string{
		`{"exit_status":0}`:   "exit code 0",
		`{"exit_status":256}`: "exit code 1",
		`{"exit_status":9}`:   "ended by signal 9 (killed)",
		`{"exit_status":139}`: "ended by signal 11 (segmentation fault)", // with a core dump
		`{}`:                  "ended; the agent does not know its exit code",
	} {
		inBubble(t, func(b *bench) {
			a, stop := startAgent(b)
			defer stop()
			a.launch, a.wait = output(false), `{"type":"WAIT_CONTAINER","wait_container":`+status+`}`
			r, err := running(b, inContainer).Exec(b.ctx, session.ExecOptions{Command: []string{"x"}})
			if err != nil || r.String() != want {
				t.Errorf("%s: got %v, %v; want %s", status, r, err, want)
			}
		})
	}
}

func TestExecInput(t *testing.T) {
	inBubble(t, func(b *bench) {
		a, stop := startAgent(b)
		defer stop()
		enough := make(chan struct{})
		a.launch = func(w http.ResponseWriter, r *http.Request) {
			output(false)(w, r)
			<-enough
		}
		var wire strings.Builder
		b.s.SetWire(func(line string) { fmt.Fprintln(&wire, line) })
		task, done := running(b, inContainer), make(chan error)
		go func() {
			_, err := task.Exec(b.ctx, session.ExecOptions{Command: []string{"cat"}, Stdin: strings.NewReader("hello\n")})
			done <- err
		}()
		simtime.Wait()
		close(enough)
		if err := <-done; err != nil {
			t.Error(err)
		}
		c := a.last("ATTACH_CONTAINER_INPUT")
		first := gjson.Get(c.body, "attach_container_input")
		id := gjson.Get(a.last("LAUNCH_NESTED_CONTAINER_SESSION").body, "launch_nested_container_session.container_id").Raw
		if first.Get("type").Str != "CONTAINER_ID" || first.Get("container_id").Raw != id || c.header.Get("Message-Content-Type") != "application/json" {
			t.Errorf("began with %v", c)
		}
		var data []string
		for _, record := range a.stdin {
			data = append(data, gjson.Get(record, "attach_container_input.process_io.data").Raw)
		}
		if got, want := strings.Join(data, " "), `{"type":"STDIN","data":"aGVsbG8K"} {"type":"STDIN","data":""}`; got != want {
			t.Errorf("input %s, want %s", got, want)
		}
		simtime.Wait()
		for _, call := range []string{"LAUNCH_NESTED_CONTAINER_SESSION", "ATTACH_CONTAINER_INPUT", "WAIT_CONTAINER"} {
			if !strings.Contains(wire.String(), `-> POST http://127.0.0.1:5051/api/v1 {"type":"`+call) {
				t.Errorf("the wire log lacks %s: %s", call, &wire)
			}
		}
	})
}

// Input that is refused ends a command which goes on; not one that ends.
func TestExecInputRefused(t *testing.T) {
	for _, goesOn := range []bool{true, false} {
		inBubble(t, func(b *bench) {
			a, stop := startAgent(b)
			defer stop()
			a.launch, a.input = output(goesOn), func(*fakeAgent) int { return http.StatusConflict }
			_, err := running(b, inContainer).Exec(b.ctx, session.ExecOptions{Command: []string{"cat"}, Stdin: strings.NewReader("x")})
			if refused := err != nil && strings.Contains(err.Error(), "409 Conflict: Multiple input"); refused != goesOn || (err != nil) != goesOn {
				t.Errorf("goes on %t: %v", goesOn, err)
			}
		})
	}
}

// Each failure is one line that says what to do next.
func TestExecFails(t *testing.T) {
	running1 := update("t1", "TASK_RUNNING", "MDEyMzQ1Njc4OWFiY2RlZg==")
	for _, c := range []struct {
		name, status, want string
		launch             func(http.ResponseWriter, *http.Request)
	}{
		{"staging", "", "it does not run yet (TASK_STAGING); wait for TASK_RUNNING first", nil},
		{"ended", update("t1", "TASK_FAILED", "MDEyMzQ1Njc4OWFiY2RlZg=="), "it does not run any more (TASK_FAILED)", nil},
		{"no container", running1, "no status of it names its container, and agent S0 lists none for it", nil},
		{"404", inContainer, "404 Not Found: Container c1 cannot be found (the task's container is gone: has it just ended?)", answers(404, "Container c1 cannot be found")},
		{"no agent", inContainer, "404 Not Found (is this a Mesos agent?)", answers(404, "")},
		{"501", inContainer, "501 Not Implemented (this agent does not run commands in containers:", answers(501, "501 Not Implemented.")},
		{"401", inContainer, "401 Unauthorized (credentials are wanted", answers(401, "")},
		{"403", inContainer, "403 Forbidden (the principal may not do this: see the agent's ACLs)", answers(403, "")},
		{"202", inContainer, "the agent answered 202, want 200", answers(202, "")},
		{"no records", inContainer, "malformed record length", answers(200, "hello")},
		{"no base64", inContainer, "output that is not base64", output(false, `{"type":"DATA","data":{"type":"STDOUT","data":"!"}}`)},
		{"silence", inContainer, "no record for 2m30s", output(true)},
	} {
		inBubble(t, func(b *bench) {
			a, stop := startAgent(b)
			defer stop()
			a.launch = c.launch
			_, err := running(b, c.status).Exec(b.ctx, session.ExecOptions{Command: []string{"x"}})
			if err == nil || !strings.HasPrefix(err.Error(), "exec in task t1: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: got %v, want %q", c.name, err, c.want)
			}
			if b.s.LastError() == nil {
				t.Errorf("%s: no last error", c.name)
			}
		})
	}
}

func TestExecAsksTheAgentForTheContainer(t *testing.T) {
	inBubble(t, func(b *bench) {
		a, stop := startAgent(b)
		defer stop()
		a.launch = output(false)
		a.lists = `{"get_containers":{"containers":[{"executor_id":{"value":"t1"},"framework_id":{"value":"other"},"container_id":{"value":"no"}},` +
			`{"executor_id":{"value":"t1"},"framework_id":{"value":"fw-0000"},"container_id":{"value":"c7"}}]}}`
		if _, err := running(b, update("t1", "TASK_RUNNING", "")).Exec(b.ctx, session.ExecOptions{Command: []string{"x"}}); err != nil {
			t.Error(err)
		}
		if id := gjson.Get(a.last("LAUNCH_NESTED_CONTAINER_SESSION").body, "launch_nested_container_session.container_id.parent.value").Str; id != "c7" {
			t.Errorf("parent %q", id)
		}
	})
}

func TestExecEnds(t *testing.T) {
	inBubble(t, func(b *bench) {
		a, stop := startAgent(b)
		gone := make(chan struct{})
		a.launch = func(w http.ResponseWriter, r *http.Request) {
			output(true)(w, r)
			close(gone)
		}
		task := running(b, inContainer)
		ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
		defer cancel()
		read, write := io.Pipe() // input that never ends
		defer write.Close()
		if _, err := task.Exec(ctx, session.ExecOptions{Command: []string{"x"}, Stdin: read}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		<-gone // the agent saw the connection end
		stop()
		_, err := task.Exec(b.ctx, session.ExecOptions{Command: []string{"x"}})
		if err == nil || !strings.Contains(err.Error(), "agent S0: ") && !strings.Contains(err.Error(), "agent S0 does not answer") {
			t.Errorf("an agent that is down: %v", err)
		}
	})
}

func TestExecIsGuarded(t *testing.T) {
	dir := t.TempDir()
	inDir := func(o *session.Options) { o.Dir = dir }
	inBubble(t, func(b *bench) {
		a, stop := startAgent(b)
		defer stop()
		a.launch = output(false)
		task := running(b, inContainer)
		b.s.SetDryRun(true)
		r, err := task.Exec(b.ctx, session.ExecOptions{Command: []string{"ls -l"}})
		if err != nil || !strings.HasPrefix(r.DryRun, "curl -sS -N ") || !strings.Contains(r.DryRun, `"ls -l"`) {
			t.Errorf("dry run: %v, %v", r, err)
		}
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.path == "/slaves" {
				io.WriteString(w, `{"slaves":[{"id":"S0","hostname":"127.0.0.1","pid":"slave(1)@127.0.0.1:5051"}]}`)
			}
			return c.path == "/slaves"
		})
		b.s.Close()
		b.open(inDir, func(o *session.Options) { o.ReadOnly = true })
		again, _ := b.s.Task("t1")
		_, err = again.Exec(b.ctx, session.ExecOptions{Command: []string{"ls -l"}})
		if a.last("LAUNCH_NESTED_CONTAINER_SESSION").body != "" {
			t.Errorf("was sent")
		}
		if !errors.Is(err, session.ErrReadOnly) {
			t.Errorf("read-only: %v", err)
		}
	}, inDir)
}

// Of a task that the session did not launch it asks first, whoever sends the call.
func TestExecAsksFirst(t *testing.T) {
	var seen asked
	inBubble(t, func(b *bench) {
		a, stop := startAgent(b)
		defer stop()
		a.launch = output(false)
		raw := func(container string) {
			b.s.Operator(b.ctx, "http://127.0.0.1:5051", "LAUNCH_NESTED_CONTAINER_SESSION", []byte(`{"container_id":{"value":"x","parent":{"value":"`+container+`"}}}`))
		}
		if _, err := running(b, inContainer).Exec(b.ctx, session.ExecOptions{Command: []string{"x"}}); err != nil {
			t.Error(err)
		}
		raw("root")
		if len(seen.hits) != 0 {
			t.Errorf("asked about its own: %v", seen.hits)
		}
		raw("other")
		if len(seen.hits) != 1 || seen.hits[0].Target != "container other" {
			t.Errorf("asked %v", seen.hits)
		}
	}, seen.option)
	inBubble(t, func(b *bench) {
		a, stop := startAgent(b)
		defer stop()
		a.launch = output(false)
		go b.s.Subscribe(b.ctx, []byte(`{"type":"SUBSCRIBE","framework_id":{"value":"other"},"subscribe":{"framework_info":{"user":"root","name":"n","id":{"value":"other"}}}}`))
		st := b.master.accept()
		st.send(offerRecord)
		st.send(inContainer)
		simtime.Wait()
		task, _ := b.s.Task("t1")
		if _, err := task.Exec(b.ctx, session.ExecOptions{Command: []string{"x"}}); !errors.Is(err, errNo) {
			t.Errorf("got %v", err)
		}
		if len(seen.hits) != 2 || !strings.HasPrefix(seen.hits[1].String(), "LAUNCH_NESTED_CONTAINER_SESSION hits task t1 of framework ") {
			t.Errorf("asked %v", seen.hits)
		}
	}, func(o *session.Options) {
		o.Confirm = func(_ context.Context, h session.Hit) error {
			if h.Call == "SUBSCRIBE" { // the framework of another one is taken over
				return nil
			}
			seen.hits = append(seen.hits, h)
			return errNo
		}
	})
}
