package master

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	"mesosbook/internal/memnet"
	"mesosbook/internal/simtime"
	"mesosbook/mesos/recordio"
	v1 "mesosbook/mesos/v1"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const machine = "ports:[9000-10000];cpus:2;mem:496;disk:4930"

// rig is a master on a network in memory, with a client for it.
type rig struct {
	t      testing.TB
	m      *Master
	client *http.Client
	trans  *http.Transport
	net    *memnet.Net
}

// bubble runs f with a rig whose time is simulated.
func bubble(t *testing.T, o Options, f func(r *rig)) {
	t.Helper()
	simtime.Test(t, func(t *testing.T) {
		r, stop := newRig(t, o)
		defer stop()
		f(r)
	})
}

func newRig(t testing.TB, o Options) (*rig, func()) {
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	network := &memnet.Net{}
	l, err := network.Listen("master:5050")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: m.Handler()}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.Serve(l) }()
	trans := &http.Transport{DialContext: network.Dial, DisableCompression: true}
	r := &rig{t: t, m: m, net: network, trans: trans, client: &http.Client{Transport: trans, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	return r, func() {
		m.Stop()
		trans.CloseIdleConnections()
		srv.Close()
		<-served
		time.Sleep(time.Second) // simulated: the server lingers on refused bodies
	}
}

// answer is what came back on a request.
type answerText struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers are "Name: value".
func (r *rig) do(method, path, body string, headers ...string) answerText {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://master:5050"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answerText{resp.StatusCode, resp.Header, string(data)}
}

func (r *rig) get(path string) string {
	r.t.Helper()
	a := r.do("GET", path, "")
	if a.status != http.StatusOK {
		r.t.Fatalf("GET %s: %d %s", path, a.status, a.body)
	}
	return a.body
}

const jsonType = "Content-Type: application/json"

func (r *rig) operator(body string) answerText {
	r.t.Helper()
	return r.do("POST", "/api/v1", body, jsonType)
}

// sub is a subscription: its events in order, closed at its end.
type sub struct {
	r      *rig
	id     string // framework
	stream string
	events chan string
	seen   []string
	cancel context.CancelFunc
}

// open a stream with a body.
func (r *rig) open(path, body string) *sub {
	r.t.Helper()
	return r.openAs(path, body)
}

func (r *rig) openAs(path, body string, headers ...string) *sub {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "POST", "http://master:5050"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range append(headers, jsonType) {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		data, _ := io.ReadAll(resp.Body)
		r.t.Fatalf("subscribe: %d %s", resp.StatusCode, data)
	}
	s := &sub{r: r, stream: resp.Header.Get("Mesos-Stream-Id"), events: make(chan string, 10000), cancel: cancel}
	go func() {
		defer close(s.events)
		defer cancel()
		defer resp.Body.Close()
		in := recordio.NewReader(resp.Body, recordio.ReaderOptions{})
		for {
			rec, err := in.ReadRecord(nil)
			if err != nil {
				return
			}
			s.events <- string(rec)
		}
	}()
	return s
}

// framework subscribes one; edits are path and value, as of sjson.
func (r *rig) framework(edits ...any) *sub {
	r.t.Helper()
	info := `{"user":"root","name":"test"}`
	body := `{"type":"SUBSCRIBE","subscribe":{}}`
	for i := 0; i+1 < len(edits); i += 2 {
		path := edits[i].(string)
		var err error
		if rest, outer := strings.CutPrefix(path, "^"); outer {
			body, err = sjson.Set(body, rest, edits[i+1])
		} else {
			info, err = sjson.Set(info, path, edits[i+1])
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	body, _ = sjson.SetRaw(body, "subscribe.framework_info", info)
	s := r.open("/api/v1/scheduler", body)
	if first := s.next(); gjson.Get(first, "type").Str == "SUBSCRIBED" {
		s.id = gjson.Get(first, "subscribed.framework_id.value").Str
	} else {
		s.seen = append([]string{first}, s.seen...)
	}
	return s
}

// again subscribes the same framework once more.
func (s *sub) again(edits ...any) *sub {
	s.r.t.Helper()
	return s.r.framework(append([]any{"id.value", s.id, "^framework_id.value", s.id}, edits...)...)
}

// next event, failing after an hour of simulated time.
func (s *sub) next() string {
	s.r.t.Helper()
	if len(s.seen) > 0 {
		e := s.seen[0]
		s.seen = s.seen[1:]
		return e
	}
	select {
	case e, ok := <-s.events:
		if !ok {
			s.r.t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(time.Hour):
		s.r.t.Fatal("no event in an hour")
	}
	return ""
}

// wait for the next event of a type, passing over others.
func (s *sub) wait(kind string) string {
	s.r.t.Helper()
	for end := time.Now().Add(2 * time.Hour); time.Now().Before(end); {
		if e := s.next(); gjson.Get(e, "type").Str == kind {
			return e
		}
	}
	s.r.t.Fatalf("no %s in two hours", kind)
	return ""
}

// pending are the types of all events that are there without waiting.
func (s *sub) pending() []string {
	simtime.Wait()
	var out []string
	for _, e := range s.seen {
		out = append(out, gjson.Get(e, "type").Str)
	}
	s.seen = nil
	for {
		select {
		case e, ok := <-s.events:
			if !ok {
				return append(out, "END")
			}
			out = append(out, gjson.Get(e, "type").Str)
		default:
			return out
		}
	}
}

// offer waits for an OFFERS event and gives its first offer.
func (s *sub) offer() gjson.Result {
	s.r.t.Helper()
	return gjson.Get(s.wait("OFFERS"), "offers.offers.0")
}

// status waits for an UPDATE and gives its status.
func (s *sub) status() gjson.Result {
	s.r.t.Helper()
	return gjson.Get(s.wait("UPDATE"), "update.status")
}

// call sends a call; rest is the JSON of its body field, or empty.
func (s *sub) call(kind, rest string) answerText {
	s.r.t.Helper()
	body := fmt.Sprintf(`{"framework_id":{"value":%q},"type":%q`, s.id, kind)
	if rest != "" {
		body += fmt.Sprintf(`,%q:%s`, strings.ToLower(kind), rest)
	}
	return s.r.do("POST", "/api/v1/scheduler", body+"}", jsonType, "Mesos-Stream-Id: "+s.stream)
}

func (s *sub) must(kind, rest string) {
	s.r.t.Helper()
	if a := s.call(kind, rest); a.status != http.StatusAccepted {
		s.r.t.Fatalf("%s: %d %s", kind, a.status, a.body)
	}
}

// taskJSON of a command task with 0.1 cpus and 32 MB.
func taskJSON(id, agent string, edits ...any) string {
	t := fmt.Sprintf(`{"name":"task %s","task_id":{"value":%q},"agent_id":{"value":%q},"command":{"value":"sleep 1"},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}}]}`, id, id, agent)
	for i := 0; i+1 < len(edits); i += 2 {
		if raw, ok := edits[i+1].(json.RawMessage); ok {
			t, _ = sjson.SetRaw(t, edits[i].(string), string(raw))
		} else {
			t, _ = sjson.Set(t, edits[i].(string), edits[i+1])
		}
	}
	return t
}

// launch accepts an offer with tasks.
func (s *sub) launch(offer gjson.Result, refuse float64, tasks ...string) {
	s.r.t.Helper()
	s.must("ACCEPT", fmt.Sprintf(`{"offer_ids":[{"value":%q}],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}],"filters":{"refuse_seconds":%v}}`,
		offer.Get("id.value").Str, strings.Join(tasks, ","), refuse))
}

func (s *sub) acknowledge(status gjson.Result) {
	s.r.t.Helper()
	s.must("ACKNOWLEDGE", fmt.Sprintf(`{"agent_id":%s,"task_id":%s,"uuid":%q}`, status.Get("agent_id").Raw, status.Get("task_id").Raw, status.Get("uuid").Str))
}

// fakeAgent registers, answers pings and notes what it is told.
type fakeAgent struct {
	r        *rig
	id       string
	conn     *link.Conn
	messages chan link.Message
	deaf     chan struct{} // closed: no more pongs
}

var everything = []v1.AgentInfo_Capability_Type{
	v1.AgentInfo_Capability_MULTI_ROLE, v1.AgentInfo_Capability_HIERARCHICAL_ROLE, v1.AgentInfo_Capability_RESERVATION_REFINEMENT,
	v1.AgentInfo_Capability_RESOURCE_PROVIDER, v1.AgentInfo_Capability_RESIZE_VOLUME, v1.AgentInfo_Capability_AGENT_OPERATION_FEEDBACK,
	v1.AgentInfo_Capability_AGENT_DRAINING, v1.AgentInfo_Capability_TASK_RESOURCE_LIMITS,
}

func registration(t testing.TB, port int, spec string) *link.RegisterAgent {
	list, err := resources.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := resources.ParseAttributes("rack:r2d2;pod:demo,dev")
	if err != nil {
		t.Fatal(err)
	}
	return &link.RegisterAgent{
		Info: &v1.AgentInfo{Hostname: proto.String("127.0.0.1"), Port: proto.Int32(int32(port)), Resources: list, Attributes: attributes},
		PID:  fmt.Sprintf("slave(1)@127.0.0.1:%d", port), Version: link.Version, Capabilities: everything,
	}
}

// agent registers an agent with these resources and waits for its id.
func (r *rig) agent(port int, spec string) *fakeAgent {
	return r.register(registration(r.t, port, spec))
}

func (r *rig) register(reg *link.RegisterAgent) *fakeAgent {
	r.t.Helper()
	mine, theirs := link.Pipe()
	a := &fakeAgent{r: r, conn: mine, messages: make(chan link.Message, 10000), deaf: make(chan struct{})}
	r.m.Connect(theirs)
	if err := mine.Send(reg); err != nil {
		r.t.Fatal(err)
	}
	go a.run()
	a.id = (<-a.messages).(*link.Registered).AgentID
	return a
}

func (a *fakeAgent) run() {
	defer close(a.messages)
	for {
		msg, err := a.conn.Receive(context.Background())
		if err != nil {
			return
		}
		if ping, ok := msg.(*link.Ping); ok {
			select {
			case <-a.deaf:
			default:
				_ = a.conn.Send(&link.Pong{Seq: ping.Seq})
			}
			continue
		}
		a.messages <- msg
	}
}

// told waits for the next message of a type.
func told[M link.Message](a *fakeAgent) M {
	a.r.t.Helper()
	for {
		select {
		case msg, ok := <-a.messages:
			if !ok {
				a.r.t.Fatal("the link is closed")
			}
			if m, is := msg.(M); is {
				return m
			}
		case <-time.After(time.Hour):
			a.r.t.Fatalf("the agent was not told %T", *new(M))
		}
	}
}

// update reports a state of a command task.
func (a *fakeAgent) update(framework, task string, state v1.TaskState) {
	uuid := bytes.Repeat([]byte{0x40 + byte(state) + 1}, 16)
	_ = a.conn.Send(&link.StatusUpdate{FrameworkID: framework, LatestState: state, Status: &v1.TaskStatus{
		TaskId: taskID(task), State: state.Enum(), Source: v1.TaskStatus_SOURCE_EXECUTOR.Enum(), AgentId: agentID(a.id), ExecutorId: executorID(task),
		Timestamp: proto.Float64(seconds(time.Now())), Uuid: uuid,
		ContainerStatus: &v1.ContainerStatus{ContainerId: &v1.ContainerID{Value: proto.String("c-" + task)}},
	}})
}

func testInfo(id string) *v1.FrameworkInfo {
	return &v1.FrameworkInfo{Id: frameworkID(id), User: proto.String("root"), Name: proto.String("test")}
}
