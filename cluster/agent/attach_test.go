package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/mesos"
	"mesosbook/mesos/recordio"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// operatorClient talks to an agent's operator API over real connections.
type operatorClient struct {
	t   *testing.T
	url string
}

func newOperatorClient(t *testing.T, a *Agent) *operatorClient {
	server := httptest.NewServer(a.Handler())
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	return &operatorClient{t, server.URL + "/api/v1"}
}

// call posts a call with headers "Name", "value", ...; the body of the answer is
// the caller's to close.
func (c *operatorClient) call(body io.Reader, headers ...string) *http.Response {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.url, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { res.Body.Close() })
	return res
}

// text posts a JSON call and gives status and body.
func (c *operatorClient) text(body string) (int, string) {
	c.t.Helper()
	res := c.call(strings.NewReader(body), "Content-Type", mediaJSON)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// output is what a streamed answer has brought.
type output struct {
	t              *testing.T
	in             *recordio.Reader
	protobuf       bool
	stdout, stderr string
	beats          int
}

func (c *operatorClient) output(res *http.Response, protobuf bool) *output {
	c.t.Helper()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		c.t.Fatalf("got %s %s", res.Status, text)
	}
	return &output{t: c.t, in: recordio.NewReader(bufio.NewReader(res.Body), recordio.ReaderOptions{}), protobuf: protobuf}
}

// next takes in one record; false at the end of the stream.
func (o *output) next() bool {
	o.t.Helper()
	record, err := o.in.ReadRecord(nil)
	if errors.Is(err, io.EOF) {
		return false
	}
	if err != nil {
		o.t.Fatal(err)
	}
	var m agent.ProcessIO
	if o.protobuf {
		err = proto.Unmarshal(record, &m)
	} else {
		err = mesos.Unmarshal(record, &m)
	}
	if err != nil {
		o.t.Fatalf("%q: %v", record, err)
	}
	switch m.GetData().GetType() {
	case agent.ProcessIO_Data_STDOUT:
		o.stdout += string(m.Data.Data)
	case agent.ProcessIO_Data_STDERR:
		o.stderr += string(m.Data.Data)
	}
	if m.GetControl().GetType() == agent.ProcessIO_Control_HEARTBEAT {
		o.beats++
	}
	return true
}

func (o *output) all() {
	for o.next() {
	}
}

// until reads on until stdout has text.
func (o *output) until(text string) {
	o.t.Helper()
	for !strings.Contains(o.stdout, text) {
		if !o.next() {
			o.t.Fatalf("the stream ended with %q, without %q", o.stdout, text)
		}
	}
}

// input is a streamed request.
type input struct {
	w    *io.PipeWriter
	done chan *http.Response
	kind string
}

func (c *operatorClient) input(id string, kind string) *input {
	r, w := io.Pipe()
	in := &input{w: w, done: make(chan *http.Response, 1), kind: kind}
	go func() {
		req, _ := http.NewRequest(http.MethodPost, c.url, r)
		req.Header.Set("Content-Type", mediaRecordIO)
		req.Header.Set(messageContentType, kind)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			c.t.Error(err)
		}
		in.done <- res
	}()
	in.send(`{"type":"CONTAINER_ID","container_id":` + id + `}`)
	return in
}

func (in *input) send(attach string) {
	record := []byte(`{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":` + attach + `}`)
	if in.kind == mediaProtobuf {
		var call agent.Call
		if err := mesos.Unmarshal(record, &call); err != nil {
			panic(err)
		}
		record, _ = proto.Marshal(&call)
	}
	_, _ = in.w.Write(recordio.Append(nil, record)) // an answer may have come already
}

func (in *input) data(text string) {
	b, _ := json.Marshal([]byte(text))
	in.send(`{"type":"PROCESS_IO","process_io":{"type":"DATA","data":{"type":"STDIN","data":` + string(b) + `}}}`)
}

func (in *input) resize(rows, columns string) {
	in.send(`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"TTY_INFO","tty_info":{"window_size":{"rows":` + rows + `,"columns":` + columns + `}}}}}`)
}

func (in *input) answer(t *testing.T) (int, string) {
	t.Helper()
	res := <-in.done
	if res == nil {
		t.FailNow()
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// sessionAgent runs a task "root" and gives the id of its container.
func sessionAgent(t *testing.T, change ...func(*Options)) (a *Agent, m *fakeMaster, c *operatorClient, parent string) {
	t.Helper()
	a, m = startAgent(t, change...)
	m.run(taskInfo("root", "exec sleep 1000", func(i *v1.TaskInfo) {
		i.Command.Environment = &v1.Environment{Variables: []*v1.Environment_Variable{{Name: proto.String("GREETING"), Value: proto.String("hello")}}}
	}))
	u := m.until(t, "root", v1.TaskState_TASK_RUNNING)[0]
	return a, m, newOperatorClient(t, a), u.Status.GetContainerStatus().GetContainerId().GetValue()
}

func nestedID(value, parent string) string {
	return `{"value":"` + value + `","parent":{"value":"` + parent + `"}}`
}

func session(id, command, more string) string {
	quoted, _ := json.Marshal(command)
	return `{"type":"LAUNCH_NESTED_CONTAINER_SESSION","launch_nested_container_session":{"container_id":` + id + `,"command":{"value":` + string(quoted) + `}` + more + `}}`
}

const withTerminal = `,"container":{"type":"MESOS","tty_info":{"window_size":{"rows":30,"columns":100}}}`

func waitNested(id string) string {
	return `{"type":"WAIT_NESTED_CONTAINER","wait_nested_container":{"container_id":` + id + `}}`
}

func TestSessionStreamsOutput(t *testing.T) {
	a, _, c, parent := sessionAgent(t)
	for _, k := range []struct {
		name, accept, message, kind, of string
		protobuf                        bool
	}{
		{"plain", mediaJSON, "", mediaJSON, "", false},
		{"binary", mediaProtobuf, "", mediaProtobuf, "", true},
		{"records", mediaRecordIO, mediaJSON, mediaRecordIO, mediaJSON, false},
		{"default", mediaRecordIO, "", mediaRecordIO, mediaJSON, false},
		{"records-binary", mediaRecordIO, mediaProtobuf, mediaRecordIO, mediaProtobuf, true},
	} {
		id := nestedID(k.name, parent)
		headers := []string{"Content-Type", mediaJSON, "Accept", k.accept}
		if k.message != "" {
			headers = append(headers, messageAccept, k.message)
		}
		res := c.call(strings.NewReader(session(id, `echo "$GREETING"; pwd; echo bad >&2; exit 3`, "")), headers...)
		if got, of := res.Header.Get("Content-Type"), res.Header.Get(messageContentType); got != k.kind || of != k.of {
			t.Errorf("%s: content type %q of %q", k.name, got, of)
		}
		o := c.output(res, k.protobuf)
		o.all()
		dir := a.opts.WorkDir
		if !strings.HasPrefix(o.stdout, "hello\n"+dir) || !strings.HasSuffix(o.stdout, "/runs/"+parent+"\n") || o.stderr != "bad\n" {
			t.Errorf("%s: got %q and %q: want the environment and the directory of the task", k.name, o.stdout, o.stderr)
		}
		if code, text := c.text(waitNested(id)); code != 200 || !strings.Contains(text, `"exit_status":768`) {
			t.Errorf("%s: wait: %d %s", k.name, code, text)
		}
		if got := read(t, sandboxOf(a, "root"), "containers", k.name, "stdout"); got != o.stdout {
			t.Errorf("%s: the sandbox has %q", k.name, got)
		}
	}
}

func TestSessionTakesInput(t *testing.T) {
	_, _, c, parent := sessionAgent(t)
	for _, kind := range []string{mediaJSON, mediaProtobuf} {
		id := nestedID("cat"+kind[len(kind)-3:], parent)
		o := c.output(c.call(strings.NewReader(session(id, "cat; echo end", "")), "Content-Type", mediaJSON), false)
		in := c.input(id, kind)
		in.data("one\n")
		o.until("one\n")
		second := c.input(id, kind)
		if code, text := second.answer(t); code != 409 || text != "Multiple input connections are not allowed" {
			t.Errorf("a second input: %d %s", code, text)
		}
		_ = second.w.Close()
		in.send(`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"HEARTBEAT","heartbeat":{"interval":{"nanoseconds":30000000000}}}}}`)
		in.data("two\n")
		in.data("") // the end of the input
		o.all()
		if o.stdout != "one\ntwo\nend\n" {
			t.Errorf("%s: got %q", kind, o.stdout)
		}
		_ = in.w.Close()
		if code, text := in.answer(t); code != 200 || text != "" {
			t.Errorf("%s: input was answered with %d %s", kind, code, text)
		}
	}
}

func TestInputIsAnsweredWhenTheOutputEnds(t *testing.T) {
	_, _, c, parent := sessionAgent(t)
	id := nestedID("short", parent)
	o := c.output(c.call(strings.NewReader(session(id, "read x; echo got $x", "")), "Content-Type", mediaJSON), false)
	in := c.input(id, mediaJSON)
	in.data("it\n")
	o.all()
	if code, _ := in.answer(t); code != 200 || o.stdout != "got it\n" { // with the request still open
		t.Errorf("got %d and %q", code, o.stdout)
	}
	_ = in.w.Close()
}

func TestSessionWithTerminal(t *testing.T) {
	_, _, c, parent := sessionAgent(t)
	id := nestedID("tty", parent)
	o := c.output(c.call(strings.NewReader(session(id, `test -t 0 && test -t 1 && stty size; tty -s </dev/tty && read x; stty size; trap 'echo int; exit 0' INT; echo waiting; while :; do sleep 0.1; done`, withTerminal)), "Content-Type", mediaJSON), false)
	o.until("30 100")
	in := c.input(id, mediaJSON)
	in.resize("50", "132")
	in.data("\n")
	o.until("50 132")
	o.until("waiting")
	in.data("\x03") // Ctrl-C reaches the foreground through the terminal
	o.until("int")
	o.all()
	if o.stderr != "" {
		t.Errorf("stderr of a terminal: %q", o.stderr)
	}
	_ = in.w.Close()
	in.answer(t)
}

func TestSessionDiesWithItsConnection(t *testing.T) {
	a, _, c, parent := sessionAgent(t)
	id := nestedID("s", parent)
	res := c.call(strings.NewReader(session(id, "echo $$; exec sleep 1000", "")), "Content-Type", mediaJSON)
	c.output(res, false).until("\n")
	// It is in the list while it runs.
	_, list := c.text(`{"type":"GET_CONTAINERS","get_containers":{"show_nested":true}}`)
	if !strings.Contains(list, `{"container_id":{"value":"s"},"container_status":{"container_id":`+id) {
		t.Errorf("containers: %s", list)
	}
	if _, list := c.text(`{"type":"GET_CONTAINERS"}`); strings.Contains(list, `"s"`) {
		t.Errorf("a nested container is shown unasked: %s", list)
	}
	res.Body.Close()
	if code, text := c.text(waitNested(id)); code != 200 || !strings.Contains(text, `"exit_status":9`) {
		t.Errorf("wait: %d %s", code, text)
	}
	if got := a.childrenOf(&v1.ContainerID{Value: proto.String(parent)}); len(got) != 0 {
		t.Errorf("%d containers are left", len(got))
	}
}

func TestOutputOfSeveralClients(t *testing.T) {
	_, _, c, parent := sessionAgent(t, func(o *Options) { o.SessionHeartbeat = 20 * time.Millisecond })
	id := nestedID("s", parent)
	first := c.output(c.call(strings.NewReader(session(id, "read x; head -c 300000 /dev/zero | tr '\\0' x; echo $x", "")), "Content-Type", mediaJSON), false)
	for first.beats < 2 {
		first.next()
	}
	second := c.output(c.call(strings.NewReader(`{"type":"ATTACH_CONTAINER_OUTPUT","attach_container_output":{"container_id":`+id+`}}`), "Content-Type", mediaJSON, "Accept", mediaRecordIO), false)
	in := c.input(id, mediaJSON)
	in.data("end\n")
	both := make(chan struct{})
	go func() { second.all(); close(both) }()
	first.all()
	<-both
	want := strings.Repeat("x", 300000) + "end\n"
	if first.stdout != want || second.stdout != want {
		t.Errorf("got %d and %d bytes, want %d", len(first.stdout), len(second.stdout), len(want))
	}
	_ = in.w.Close()
	in.answer(t)
	c.text(waitNested(id))
	if code, text := c.text(`{"type":"ATTACH_CONTAINER_OUTPUT","attach_container_output":{"container_id":` + id + `}}`); code != 500 || text != "Unknown container "+parent+".s" {
		t.Errorf("attached to an ended container: %d %s", code, text)
	}
}

// A task with a terminal, alone or in a group, can be attached to, and sessions
// run in the container of a task in a group.
func TestAttachToTasks(t *testing.T) {
	a, m := startAgent(t)
	c := newOperatorClient(t, a)
	tty := func(i *v1.TaskInfo) {
		i.Container = &v1.ContainerInfo{Type: v1.ContainerInfo_MESOS.Enum(), TtyInfo: &v1.TTYInfo{}}
	}
	const script = "read x; echo \"got $x\"; exit 4"
	m.run(taskInfo("alone", script, tty))
	m.send(&link.Run{Framework: frameworkInfo(), Executor: executorInfo("pod", v1.ExecutorInfo_DEFAULT, nil), Group: true,
		Tasks: []*v1.TaskInfo{taskInfo("a", script, tty), taskInfo("b", "exec sleep 1000")}})
	ids := map[string]*v1.ContainerID{}
	for len(ids) < 3 {
		if u := next[*link.StatusUpdate](t, m); u.Status.GetState() == v1.TaskState_TASK_RUNNING {
			ids[u.Status.GetTaskId().GetValue()] = u.Status.GetContainerStatus().GetContainerId()
		}
	}
	for _, name := range []string{"alone", "a"} {
		id, err := mesos.Marshal(ids[name])
		if err != nil {
			t.Fatal(err)
		}
		o := c.output(c.call(strings.NewReader(`{"type":"ATTACH_CONTAINER_OUTPUT","attach_container_output":{"container_id":`+string(id)+`}}`), "Content-Type", mediaJSON), false)
		in := c.input(string(id), mediaJSON)
		if name == "a" {
			bID, _ := mesos.Marshal(ids["b"])
			s := c.output(c.call(strings.NewReader(session(`{"value":"in-b","parent":`+string(bID)+`}`, "pwd", "")), "Content-Type", mediaJSON), false)
			if s.all(); !strings.HasSuffix(s.stdout, "/containers/"+ids["b"].GetValue()+"\n") {
				t.Errorf("a session in a task of a group: %q", s.stdout)
			}
		}
		in.data("this\r")
		o.all()
		if !strings.Contains(o.stdout, "got this\r\n") {
			t.Errorf("%s: got %q", name, o.stdout)
		}
		_ = in.w.Close()
		in.answer(t)
		m.until(t, name, v1.TaskState_TASK_FAILED)
	}
	if got := read(t, sandboxOf(a, "alone"), "stdout"); !strings.Contains(got, "got this") {
		t.Errorf("stdout of the sandbox: %q", got)
	}
}

func TestStreamingRefusals(t *testing.T) {
	_, _, c, parent := sessionAgent(t)
	attach := `{"type":"ATTACH_CONTAINER_OUTPUT","attach_container_output":{"container_id":{"value":"` + parent + `"}}}`
	records := func(list ...string) string {
		var b []byte
		for _, r := range list {
			b = recordio.Append(b, []byte(r))
		}
		return string(b)
	}
	input := func(rest string) string {
		return `{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":` + rest + `}`
	}
	ofParent := input(`{"type":"CONTAINER_ID","container_id":{"value":"` + parent + `"}}`)
	recordJSON := []string{"Content-Type", mediaRecordIO, messageContentType, mediaJSON}
	for _, k := range []struct {
		body    string
		headers []string
		status  int
		want    string
	}{
		{attach, []string{"Content-Type", "text/plain"}, 415, "Expecting 'Content-Type' of application/json or application/x-protobuf or application/recordio"},
		{attach, []string{"Content-Type", mediaRecordIO}, 400, "Expecting 'Message-Content-Type' to be set for streaming requests"},
		{attach, []string{"Content-Type", mediaRecordIO, messageContentType, "x/y"}, 415, "Expecting 'Message-Content-Type' of application/json or application/x-protobuf"},
		{attach, []string{"Content-Type", mediaJSON, messageContentType, mediaJSON}, 415, "Expecting 'Message-Content-Type' to be not set for non-streaming requests"},
		{attach, []string{"Content-Type", mediaJSON, "Accept", "text/html"}, 406, "Expecting 'Accept' to allow application/json or application/x-protobuf or application/recordio"},
		{attach, []string{"Content-Type", mediaJSON, "Accept", mediaRecordIO, messageAccept, "text/html"}, 406, "Expecting 'Message-Accept' to allow application/json or application/x-protobuf"},
		{attach, []string{"Content-Type", mediaJSON, messageAccept, mediaJSON}, 406, "Expecting 'Message-Accept' to be not set for non-streaming responses"},
		{attach, []string{"Content-Type", mediaJSON}, 500, "I/O switchboard server was disabled for this container"},
		{strings.Replace(attach, parent, "nobody", 1), []string{"Content-Type", mediaJSON}, 404, "Container nobody cannot be found"},
		{`{"type":"GET_HEALTH"}`, []string{"Content-Type", mediaJSON, "Accept", mediaRecordIO}, 406, "Streaming response is not supported for GET_HEALTH call"},
		{records(`{"type":"GET_HEALTH"}`), recordJSON, 415, "Streaming 'Content-Type' application/recordio is not supported for GET_HEALTH call"},
		{ofParent, []string{"Content-Type", mediaJSON}, 415, "Expecting 'Content-Type' to be application/recordio for ATTACH_CONTAINER_INPUT call"},
		{"", recordJSON, 400, "Received EOF while reading request body"},
		{records(`{`), recordJSON, 400, "Failed to parse body into JSON: ..."},
		{"x\n", recordJSON, 400, "Decoder failure: ..."},
		{records(input(`{}`)), recordJSON, 400, "Failed to validate agent::Call: Expecting 'attach_container_input.type' to be present"},
		{records(input(`{"type":"UNKNOWN"}`)), recordJSON, 400, "Failed to validate agent::Call: 'attach_container_input.type' is unknown"},
		{records(input(`{"type":"PROCESS_IO"}`)), recordJSON, 400, "Expecting 'attach_container_input.type' to be CONTAINER_ID"},
		{records(ofParent), recordJSON, 500, "I/O switchboard server was disabled for this container"},
		{session(nestedID("n", "nobody"), "true", ""), []string{"Content-Type", mediaJSON}, 400, "Parent container nobody does not exist"},
		{session(`{"value":"n"}`, "true", ""), []string{"Content-Type", mediaJSON}, 400, "Failed to validate agent::Call: Expecting 'launch_nested_container_session.container_id.parent' to be present"},
		{session(nestedID("n", parent), "true", `,"container":{"type":"MESOS","linux_info":{"share_cgroups":false}}`), []string{"Content-Type", mediaJSON}, 400,
			"Failed to validate agent::Call: 'launch_nested_container_session.container.linux_info' is invalid: 'share_cgroups' cannot be set to 'false' for nested container sessions"},
		{"\xff", []string{"Content-Type", mediaProtobuf}, 400, "Failed to parse body into a protobuf object"},
	} {
		res := c.call(bytes.NewReader([]byte(k.body)), k.headers...)
		text, _ := io.ReadAll(res.Body)
		want, prefix := strings.CutSuffix(k.want, "...")
		if got := string(text); res.StatusCode != k.status || prefix && !strings.HasPrefix(got, want) || !prefix && got != want {
			t.Errorf("%q %v:\ngot  %d %q,\nwant %d %q", k.body, k.headers, res.StatusCode, got, k.status, k.want)
		}
	}
}

func TestBadInputRecords(t *testing.T) {
	_, _, c, parent := sessionAgent(t)
	id := nestedID("s", parent)
	c.output(c.call(strings.NewReader(session(id, "exec cat", "")), "Content-Type", mediaJSON), false)
	for rest, want := range map[string]string{
		`{"type":"CONTAINER_ID","container_id":{"value":"x"}}`:                                                                                  "Expecting 'attach_container_input.type' to be 'PROCESS_IO' instead of: 'CONTAINER_ID'",
		`{"type":"PROCESS_IO"}`:                                                                                                                 "Expecting 'attach_container_input.process_io' to be present",
		`{"type":"PROCESS_IO","process_io":{}}`:                                                                                                 "Expecting 'process_io.type' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"UNKNOWN"}}`:                                                                                 "'process_io.type' is unknown",
		`{"type":"PROCESS_IO","process_io":{"type":"DATA"}}`:                                                                                    "Expecting 'process_io.data' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"DATA","data":{"data":"eA=="}}}`:                                                             "Expecting 'process_io.data.type' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"DATA","data":{"type":"STDOUT","data":"eA=="}}}`:                                             "Expecting 'process_io.data.type' to be 'STDIN'",
		`{"type":"PROCESS_IO","process_io":{"type":"DATA","data":{"type":"STDIN"}}}`:                                                            "Expecting 'process_io.data.data' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"CONTROL"}}`:                                                                                 "Expecting 'process_io.control' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{}}}`:                                                                    "Expecting 'process_io.control.type' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"UNKNOWN"}}}`:                                                    "'process_io.control.type' is unknown",
		`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"TTY_INFO"}}}`:                                                   "Expecting 'process_io.control.tty_info' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"TTY_INFO","tty_info":{}}}}`:                                     "Expecting 'tty_info.window_size' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"HEARTBEAT"}}}`:                                                  "Expecting 'process_io.control.heartbeat' to be present",
		`{"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"TTY_INFO","tty_info":{"window_size":{"rows":1,"columns":1}}}}}`: "Unable to set the window size: Inappropriate ioctl for device",
	} {
		in := c.input(id, mediaJSON)
		in.send(rest)
		if code, text := in.answer(t); code != 400 || text != want {
			t.Errorf("%s: got %d %q, want %q", rest, code, text, want)
		}
		_ = in.w.Close()
	}
}

// A check that is cut off takes nothing of its task along.
func TestCheckThatTakesTooLongLeavesTheTaskAlone(t *testing.T) {
	_, m := startAgent(t)
	m.run(taskInfo("t", "exec sleep 1000", func(i *v1.TaskInfo) {
		i.Check = &v1.CheckInfo{Type: v1.CheckInfo_COMMAND.Enum(), DelaySeconds: proto.Float64(0), IntervalSeconds: proto.Float64(0.05),
			TimeoutSeconds: proto.Float64(0.05), Command: &v1.CheckInfo_Command{Command: &v1.CommandInfo{Value: proto.String(
				`if [ -e done ]; then exit 5; fi; touch done; sleep 1000`)}}}
	}))
	m.until(t, "t", v1.TaskState_TASK_RUNNING)
	for {
		u := next[*link.StatusUpdate](t, m).Status
		if isTerminal(u.GetState()) {
			t.Fatalf("the task ended: %v", u)
		}
		if u.GetCheckStatus().GetCommand().GetExitCode() == 5 {
			return
		}
	}
}
