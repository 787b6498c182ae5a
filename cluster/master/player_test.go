package master

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/internal/simtime"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
)

// recorded is a line of a recording of Mesos 1.12.
type recorded struct {
	T                  float64 // seconds since the start
	Kind, Stream, Text string
	N                  int // request and its response
	Method, Path       string
	Headers            map[string]string
	Status             int
	Event, Body        json.RawMessage
}

func readRecording(t *testing.T, name string) []recorded {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []recorded
	for line := range strings.Lines(string(text)) {
		var r recorded
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// tick is when in a second the recorded masters allocate, about.
const tick = 620 * time.Millisecond

// player plays a recording to a master: it sends the requests at their times,
// lets the agents report what they reported, and holds every answer, and every
// event in the order of its stream, against the recorded ones.
type player struct {
	t       *testing.T
	o       Options
	r       *rig
	stop    func()
	start   time.Time
	ids     [][2]string // of masters and streams: recorded, here
	masters []string    // recorded ids of those that are still to come
	streams map[string]*sub
	beats   map[string]int
	answers map[int]answerText
	late    map[string][]int // ports of agents that register before the first OFFERS event of a stream
	agents  map[string]*playedAgent
}

// playedAgent is an agent and what it was told.
type playedAgent struct {
	*fakeAgent
	tasks map[string]*link.Task
	acked map[string]bool // base64 of uuids
}

// playRecording plays one with agents at these ports, which come before the first
// request or, as late, before the first offer.
func playRecording(t *testing.T, name string, o Options, late bool, ports ...int) {
	t.Helper()
	lines := readRecording(t, name)
	simtime.Test(t, func(t *testing.T) {
		o.Port = 5150
		p := &player{t: t, o: o, streams: map[string]*sub{}, beats: map[string]int{}, answers: map[int]answerText{}, agents: map[string]*playedAgent{}, late: map[string][]int{}}
		p.masters = masterIDs(lines)
		p.startMaster()
		defer func() { p.stop() }()
		if late {
			p.late["A"] = ports
		} else {
			p.register(ports)
		}
		time.Sleep(time.Second - tick)
		p.start = time.Now()
		for i, line := range lines {
			p.play(line, lines[i+1:])
			if t.Failed() {
				t.Fatalf("%s: it differs at %.3fs: %s %d %s", name, line.T, line.Kind, line.N, line.Text)
			}
		}
	})
}

// masterIDs are those of the recorded masters, in their order.
func masterIDs(lines []recorded) []string {
	var out []string
	for _, line := range lines {
		if id := gjson.GetBytes(line.Event, "subscribed.master_info.id").Str; id != "" {
			out = append(out, id)
		}
	}
	return slices.Compact(out)
}

func (p *player) startMaster() {
	p.r, p.stop = newRig(p.t, p.o)
	p.ids = append(p.ids, [2]string{p.masters[0], p.r.m.ID()})
	p.masters = p.masters[1:]
}

func (p *player) register(ports []int) {
	for _, port := range ports {
		p.adopt(p.r.agent(port, machine))
	}
}

func (p *player) adopt(ag *fakeAgent) *playedAgent {
	a := &playedAgent{fakeAgent: ag, tasks: map[string]*link.Task{}, acked: map[string]bool{}}
	p.agents[ag.id] = a
	return a
}

func (p *player) play(line recorded, rest []recorded) {
	switch line.Kind {
	case "request":
		p.request(line, rest)
	case "response":
		p.response(line)
	case "event":
		p.event(line)
	case "stream_end":
		p.streamEnd(line)
	case "note":
		p.note(line)
	}
}

// until waits for the time of a line, and a little longer than the event before.
func (p *player) until(line recorded) {
	time.Sleep(5 * time.Millisecond)
	time.Sleep(time.Until(p.start.Add(time.Duration(line.T * float64(time.Second)))))
	simtime.Wait()
}

func (p *player) request(line recorded, rest []recorded) {
	p.until(line)
	body := ""
	if string(line.Body) != "null" {
		body = p.here(string(line.Body))
	}
	var headers []string
	for name, value := range line.Headers {
		headers = append(headers, name+": "+p.here(value))
	}
	if stream := streamOf(line.N, rest); stream != "" {
		s := p.r.openAs(line.Path, body, headers...)
		p.streams[stream] = s
		p.answers[line.N] = answerText{status: 200, header: map[string][]string{"Content-Type": {"application/json"}, "Mesos-Stream-Id": {s.stream}}}
		return
	}
	p.answers[line.N] = p.r.do(line.Method, line.Path, body, headers...)
	simtime.Wait()
	p.hear()
	if uuid := gjson.Get(body, "acknowledge.uuid").Str; uuid != "" && p.answers[line.N].status == 202 {
		if ag := p.agents[gjson.Get(body, "acknowledge.agent_id.value").Str]; !ag.acked[uuid] {
			p.t.Errorf("request %d: agent %s was not told of the acknowledgement %s", line.N, ag.id, uuid)
		}
	}
}

// streamOf is the stream that answers a request, or "".
func streamOf(n int, rest []recorded) string {
	for _, line := range rest {
		if line.Kind == "response" && line.N == n {
			var text string
			_ = json.Unmarshal(line.Body, &text)
			letter, is := strings.CutPrefix(text, "(stream ")
			if is {
				return strings.TrimSuffix(letter, ")")
			}
		}
	}
	return ""
}

// hear takes what the agents were told.
func (p *player) hear() {
	for _, a := range p.agents {
		for {
			select {
			case msg, ok := <-a.messages:
				if !ok {
					a.messages = nil
					continue
				}
				a.told(msg)
				continue
			default:
			}
			break
		}
	}
}

func (a *playedAgent) told(msg link.Message) {
	switch msg := msg.(type) {
	case *link.Run:
		for _, info := range msg.Tasks {
			a.tasks[info.GetTaskId().GetValue()] = &link.Task{FrameworkID: msg.Framework.GetId().GetValue(), Info: info}
		}
	case *link.Acknowledge:
		text, _ := json.Marshal(msg.UUID)
		a.acked[strings.Trim(string(text), `"`)] = true
	}
}

func (p *player) response(line recorded) {
	got := p.answers[line.N]
	if got.status != line.Status {
		p.t.Errorf("response %d: status %d, recorded %d: %s", line.N, got.status, line.Status, got.body)
		return
	}
	for _, name := range []string{"Content-Type", "WWW-Authenticate", "Location"} {
		if got := got.header.Get(name); got != line.Headers[name] {
			p.t.Errorf("response %d: %s is %q, recorded %q", line.N, name, got, line.Headers[name])
		}
	}
	if id := line.Headers["Mesos-Stream-Id"]; id != "" {
		p.ids = append(p.ids, [2]string{id, got.header.Get("Mesos-Stream-Id")})
		return
	}
	want, have := any(nil), any(nil)
	if err := json.Unmarshal(line.Body, &want); err != nil {
		p.t.Fatal(err)
	}
	if json.Unmarshal([]byte(p.there(got.body)), &have) != nil {
		have = p.there(got.body) // plain text
	}
	p.compare(fmt.Sprintf("response %d", line.N), want, have)
}

func (p *player) event(line recorded) {
	kind := gjson.GetBytes(line.Event, "type").Str
	s := p.streams[line.Stream]
	switch {
	case kind == "HEARTBEAT" && p.beats[line.Stream] > 0:
		return // only the first, which follows SUBSCRIBED, has its place
	case kind == "HEARTBEAT":
		p.beats[line.Stream]++
	case kind == "OFFERS":
		if len(p.late[line.Stream]) > 0 {
			p.until(line)
		}
		p.register(p.late[line.Stream])
		p.late[line.Stream] = nil
	case gjson.GetBytes(line.Event, "update.status.uuid").Exists():
		p.report(line)
	}
	p.compareEvent(line, p.next(line, s))
}

// next event of a stream, past its heartbeats.
func (p *player) next(line recorded, s *sub) string {
	for {
		got := s.next()
		if gjson.Get(got, "type").Str != "HEARTBEAT" || gjson.GetBytes(line.Event, "type").Str == "HEARTBEAT" {
			return got
		}
		if p.behind(line) > time.Minute {
			p.t.Fatalf("stream %s: no event in a minute, recorded %s", line.Stream, line.Event)
		}
	}
}

// behind is how much later than the recorded line it is here.
func (p *player) behind(line recorded) time.Duration {
	return time.Since(p.start) - time.Duration(line.T*float64(time.Second))
}

func (p *player) compareEvent(line recorded, got string) {
	var want, have any
	if err := json.Unmarshal(line.Event, &want); err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(p.there(got)), &have); err != nil {
		p.t.Fatal(err)
	}
	p.compare("event on "+line.Stream, want, have)
	if behind := p.behind(line); behind.Abs() > time.Second {
		p.t.Errorf("event on %s: %s behind the recorded one", line.Stream, behind)
	}
}

// report lets an agent send the update that the recorded one sent.
func (p *player) report(line recorded) {
	status := &v1.TaskStatus{}
	text := p.here(gjson.GetBytes(line.Event, "update.status").Raw)
	if err := mesos.Unmarshal([]byte(text), status); err != nil {
		p.t.Fatal(err)
	}
	p.until(line)
	p.hear()
	a := p.agents[status.GetAgentId().GetValue()]
	task := a.tasks[status.GetTaskId().GetValue()]
	if task == nil {
		p.t.Fatalf("agent %s was told of the tasks %v, not of %s", a.id, slices.Collect(maps.Keys(a.tasks)), status.GetTaskId().GetValue())
	}
	task.State = status.GetState()
	task.Statuses = append(task.Statuses, proto.Clone(status).(*v1.TaskStatus))
	if err := a.conn.Send(&link.StatusUpdate{FrameworkID: task.FrameworkID, Status: status, LatestState: task.State}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) streamEnd(line recorded) {
	for e := range p.streams[line.Stream].events {
		if gjson.Get(e, "type").Str != "HEARTBEAT" {
			p.t.Errorf("stream %s: %s is not in the recording", line.Stream, e)
		}
	}
}

// note does what somebody did to the recorded master and agents.
func (p *player) note(line recorded) {
	p.until(line)
	switch line.Text {
	case "SIGUSR1 to the agent":
		for _, a := range p.agents {
			_ = a.conn.Send(&link.UnregisterAgent{AgentID: a.id})
		}
	case "SIGKILL to the agent":
		for _, a := range p.agents {
			a.conn.Close()
		}
	case "the agent is started again on its old work dir":
		time.Sleep(3 * time.Second) // its recovery, and the time it waited before it registered
		for _, a := range p.agents {
			p.restart(a)
		}
	case "SIGKILL to the master":
		p.stop()
	case "the master answers again":
		p.startMaster()
	}
	simtime.Wait()
}

// restart registers an agent again, with its tasks.
func (p *player) restart(a *playedAgent) {
	p.hear()
	reg := registration(p.t, 5151, machine)
	reg.Info.Id = agentID(a.id)
	for _, id := range slices.Sorted(maps.Keys(a.tasks)) {
		reg.Tasks = append(reg.Tasks, *a.tasks[id])
	}
	back := p.adopt(p.r.register(reg))
	back.tasks = a.tasks
}

// here and there put the ids of this master for the recorded ones, and back.
func (p *player) here(text string) string {
	for _, pair := range p.ids {
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	return text
}

func (p *player) there(text string) string {
	for _, pair := range p.ids {
		text = strings.ReplaceAll(text, pair[1], pair[0])
	}
	return text
}

func (p *player) compare(what string, want, got any) {
	if diff := cmp.Diff(alike(want), alike(got)); diff != "" {
		p.t.Errorf("%s: -recorded +here\n%s", what, diff)
	}
}

// alike makes what differs between two runs the same: times, builds, and the
// order in pages of what has an id, which Mesos keeps in hash tables.
func alike(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, x := range v {
			switch {
			case strings.HasPrefix(key, "build_"):
				v[key] = "of a build"
			case key == "timestamp" || strings.HasSuffix(key, "_time"):
				v[key] = "a time"
				if x == 0.0 {
					v[key] = "no time"
				}
			default:
				v[key] = alike(x)
			}
		}
	case []any:
		for i := range v {
			v[i] = alike(v[i])
		}
		slices.SortStableFunc(v, func(a, b any) int { return strings.Compare(pageID(a), pageID(b)) })
	}
	return v
}

func pageID(v any) string {
	m, _ := v.(map[string]any)
	id, _ := m["id"].(string)
	return id
}
