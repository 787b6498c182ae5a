package names

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	//K	"mesosbook/kernel"
	"mesosbook/session"
)

func TestWalk(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	if got := s.subscribe("walker").Status; got != 200 {
		t.Fatalf("subscribe: got %d", got)
	}
	if name := gjson.Get(f.last(t, "SUBSCRIBE"), "subscribe.framework_info.name").String(); name != "walker" {
		t.Errorf("subscribed as %q", name)
	}
	if s.frameworkID() != fakeUUID+"-0000" || s.streamID() != fakeStream {
		t.Errorf("framework %q, stream %q", s.frameworkID(), s.streamID())
	}
	offers := s.waitForOffers()
	want := "OFFER                                    HOST       CPUS  MEM MB  DISK MB  PORTS       ATTRIBUTES\n" +
		fakeUUID + "-O0  127.0.0.1  2     496     4930     9000-10000  rack:r2d2;pod:demo,dev"
	if got := offers.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	task := s.launch("sleep 1000").Wait("TASK_STARTING").Wait("running", "3s")
	sent := f.last(t, "ACCEPT")
	for path, want := range map[string]string{
		"framework_id.value":                                               fakeUUID + "-0000",
		"accept.offer_ids.0.value":                                         fakeUUID + "-O0",
		"accept.operations.0.launch.task_infos.0.agent_id.value":           fakeUUID + "-S0",
		"accept.operations.0.launch.task_infos.0.task_id.value":            task.ID,
		"accept.operations.0.launch.task_infos.0.command.value":            "sleep 1000",
		"accept.operations.0.launch.task_infos.0.name":                     "sleep",
		"accept.operations.0.launch.task_infos.0.resources.0.scalar.value": "0.2",
	} {
		if got := gjson.Get(sent, path).String(); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got := task.WaitOutput("hello"); got != "hello from the sandbox" {
		t.Errorf("WaitOutput: got %q", got)
	}
	s.killTask(task.ID)
	task.Wait("killed")
	if got := len(s.events("UPDATE", task)); got != 3 || len(task.Updates()) != 3 {
		t.Errorf("got %d update events and %d updates, want 3", got, len(task.Updates()))
	}
	never := func(session.Event) bool { return false }
	always := func(session.Event) bool { return true }
	for want, filters := range map[int][]any{
		1: {"UPDATE", "TASK_RUNNING", task},
		2: {"TASK_RUNNING", "TASK_KILLED"},
		3: {"UPDATE", "SUBSCRIBED", task, always},
		4: {"UPDATE", "SUBSCRIBED"},
		0: {"UPDATE", always, never},
	} {
		if got := s.events(filters...); len(got) != want {
			t.Errorf("events of %v: got %d, want %d:\n%v", filters, len(got), want, got)
		}
	}
	if got := s.waitFor("TASK_FAILED", "TASK_KILLED", "5s"); got.TaskState() != "TASK_KILLED" {
		t.Errorf("waited for one of two states and got %v", got)
	}
	if got := s.tasks().String(); !strings.Contains(got, task.ID) || !strings.Contains(got, "TASK_KILLED  S0") {
		t.Errorf("tasks:\n%s", got)
	}
	s.terminateFramework()
	f.last(t, "TEARDOWN")
}

func TestPostForms(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	if got := s.post(s.settings.subscribeBody); got.Status != 200 {
		t.Fatalf("got %v", got)
	}
	body := `{"type": "REVIVE", "framework_id": {"value": null}}`
	for _, args := range [][]any{
		{body}, {[]byte(body)}, {parseJSON(body)}, {map[string]any{"type": "REVIVE"}},
		{f.URL + apiPath, body}, {f.URL + apiPath, body, "X-Extra: 1"}, {body, "X-Extra: 1"},
	} {
		f.mu.Lock()
		f.calls = nil
		f.mu.Unlock()
		if got := s.post(args...); got.Status != 202 {
			t.Errorf("%v: got %v", args, got)
		}
		if id := gjson.Get(f.last(t, "REVIVE"), "framework_id.value").String(); id != s.frameworkID() {
			t.Errorf("%v: framework id %q was sent", args, id)
		}
	}
	for header, want := range map[string]string{
		"Mesos-Stream-Id: wrong": "Result: 400, The stream ID 'wrong' included",
		"Mesos-Stream-Id:":       "Result: 400, The stream ID '' included",
	} {
		if got := s.post(body, header).String(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", header, got, want)
		}
	}
}

func TestCallsOfTheClusterGroup(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	if got := s.get("version").Get("version").String(); got != "1.12.0" {
		t.Errorf("version %q", got)
	}
	if got, want := s.get("/version").String(), "{\n  \"version\": \"1.12.0\"\n}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := s.get("/none"); got.Status != 404 || !strings.HasPrefix(got.String(), "Result: 404") {
		t.Errorf("got %v", got)
	}
	if got, want := s.frameworks().String(), "FRAMEWORK  NAME  USER  ACTIVE  TASKS\nF          n     root  true    2"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := s.agents(); got.Len() != 1 || !strings.Contains(got.String(), "[9000-10000]  rack:r2d2") || got.At(0).Get("hostname").String() != "127.0.0.1" {
		t.Errorf("got\n%s", got)
	}
	if s.getFramework(0) == nil || s.getFramework("F").Get("name").String() != "n" || s.getFramework(1) != nil || s.getFramework() != nil {
		t.Error("get_framework: want F by index 0 and by its id, and nothing else")
	}
	if s.masterState().Get("id").String() != fakeUUID || s.agentState().Get("version").String() != "1.12.0" || s.agentState(f.URL).Len() == 0 {
		t.Error("states of master and agent")
	}
	if got := s.operator("get_health").Get("type").String(); got != "GET_HEALTH" {
		t.Errorf("operator: got %q", got)
	}
}

func TestPrepareSetsTheURLs(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	ctx := context.Background()
	v := &s.settings
	if err := s.Prepare(ctx, `fmt.Println("MASTER_URL") // AGENT_URL`); err != nil || v.masterURL != "" {
		t.Errorf("a text and a comment are no use of it: %v, %q", err, v.masterURL)
	}
	if err := s.Prepare(ctx, "MASTER_URL"); err != nil || v.masterURL != f.URL || v.apiURL != f.URL+apiPath || v.agentURL != "" {
		t.Errorf("got %v, %q, %q, %q", err, v.masterURL, v.apiURL, v.agentURL)
	}
	if err := s.Prepare(ctx, "x := AGENT_URL"); err != nil || v.agentURL != f.URL {
		t.Errorf("got %v, %q", err, v.agentURL)
	}
	v.masterURL = "http://mine:5050"
	if err := s.Prepare(ctx, "MASTER_URL"); err != nil || v.masterURL != "http://mine:5050" {
		t.Errorf("what a cell has set must stay: %v, %q", err, v.masterURL)
	}
}

func TestResourceURL(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	url := s.resourceURL("content.tar.gz")
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || len(data) < 500 || resp.ContentLength != int64(len(data)) {
		t.Errorf("got %s, %d bytes, %v", resp.Status, len(data), err)
	}
	other, err := http.Get(strings.Replace(url, "content.tar.gz", "launch.json", 1))
	if err != nil {
		t.Fatal(err)
	}
	other.Body.Close()
	if other.StatusCode != 404 {
		t.Errorf("what was not asked for: got %s, want 404", other.Status)
	}
}

func TestOnSurvivesAPanic(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	said := make(chan string, 10)
	s.o.Out = writer(func(text string) { said <- text })
	seen := make(chan string, 10)
	stop := s.on("OFFERS", func(e session.Event) { seen <- string(e.Type); panic("mine") })
	s.subscribe()
	if got, text := <-seen, <-said; got != "OFFERS" || text != "on OFFERS: the function panicked: mine\n" {
		t.Errorf("got %q, %q", got, text)
	}
	stop()
}

type writer func(text string)

func (w writer) Write(p []byte) (int, error) { w(string(p)); return len(p), nil }

func TestWaits(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	s.subscribe()
	if e := s.waitFor("OFFERS"); e.Type != "OFFERS" {
		t.Errorf("got %v", e)
	}
	start := time.Now()
	got := failure(t, func() { s.waitFor("OFFERS", 50*time.Millisecond) })
	if want := "wait_for: no event that fits OFFERS: not within 50ms; "; !strings.Contains(got, want) || time.Since(start) > 30*time.Second {
		t.Errorf("got %q after %s, want %q", got, time.Since(start), want)
	}
	s.post(`{"type": "DECLINE"}`)
	task := s.launch("sleep 1")
	e := s.waitFor(func(e session.Event) bool { return e.TaskState() == "TASK_RUNNING" })
	if string(e.TaskID()) != task.ID {
		t.Errorf("got %v", e)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s.o.Context = func() context.Context { return ctx }
	go cancel(fmt.Errorf("interrupted"))
	if got := failure(t, func() { task.Wait() }); !strings.Contains(got, "interrupted") {
		t.Errorf("got %q", got)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	f := newFakeMaster(t)
	s := newTestSet(t, f)
	for _, tt := range []struct {
		name string
		f    func()
		want string
	}{
		{"unknown document", func() { s.getJSON("lunch.json") }, `get_json "lunch.json": no such document; did you mean "launch.json"?`},
		{"broken text", func() { parseJSON("{") }, `parse_json: broken JSON at 1:2: unexpected end of JSON input`},
		{"post of nothing", func() { s.post() }, `post: has no body; write post(body) or post(url, body)`},
		{"post of a url", func() { s.post(f.URL) }, `post: has no body`},
		{"post of broken text", func() { s.post(`{"type": `) }, `post: broken JSON at 1:10: unexpected end of JSON input`},
		{"post of a number", func() { s.post(5) }, `post: the body is not a JSON object: 5`},
		{"post with an empty url", func() { s.post("", "{}") }, `post: the URL is empty`},
		{"post with a bad header", func() { s.post("{}", "nocolon") }, `post: does not know what to do with the text "nocolon"`},
		{"not subscribed", func() { s.waitForOffers() }, `not subscribed`},
		{"offers without a channel", func() { s.offers() }, `offers: not subscribed: subscribe() first`},
		{"subscribe with another type", func() { s.subscribe(`{"type": "KILL"}`) }, `subscribe: the body has the type "KILL", want SUBSCRIBE`},
		{"subscribe with a number", func() { s.subscribe(3.5) }, `subscribe: does not know what to do with the number 3.5; it takes a framework's name`},
		{"subscribe with a flag", func() { s.subscribe(true) }, `subscribe: does not know what to do with true`},
		{"post to no url", func() { s.post("no url", `{"type": "KILL"}`) }, `post: "no url" is no URL; write post(body)`},
		{"call with a nil body", func() { s.call("REVIVE", nil) }, `not subscribed`},
		{"a number of offers", func() { s.waitForOffers(0) }, `want 1 or more`},
		{"a wrong argument", func() { s.waitForOffers(1.5) }, `does not know what to do with the number 1.5; it takes a number of offers and a time-out`},
		{"launch of nothing", func() { s.launch() }, `launch: nothing to launch`},
		{"launch of blanks", func() { s.launch("  ") }, `launch: the command is empty`},
		{"launch of a call", func() { s.launch("kill.json") }, `launch: the document has the type "KILL", want ACCEPT`},
		{"launch with a gap", func() { s.launch("container.old.json") }, `command.value of a task is null; Set the command to run`},
		{"launch of no task", func() { s.launch(`{"x": 1}`) }, `neither an ACCEPT body nor a TaskInfo`},
		{"unknown task", func() { s.task("82") }, `task: no task "82" is known: this session has launched none`},
		{"task of another kind", func() { s.task(1.5) }, `does not know what to do with the number 1.5; it takes a task or its id`},
		{"a task of nothing", func() { (&Task{ID: "x"}).Wait() }, `this Task stands for no task`},
		{"unknown event", func() { s.waitFor("OFERS") }, `wait_for: there is no event type "OFERS"; did you mean "OFFERS"?`},
		{"unknown state", func() { s.waitFor("TASK_RUNING") }, `did you mean "TASK_RUNNING"?`},
		{"nothing to accept", func() { s.accept() }, `accept: has no offer`},
		{"an operation without type", func() { s.accept("O1", `{"launch": {}}`) }, `an operation needs a "type"`},
		{"a bad timeout", func() { s.setTimeout("10") }, `set_timeout: "10" is no duration; write it like "10s"`},
		{"a number as timeout", func() { s.setTimeout(10) }, `set_timeout: got the number 10, want a duration`},
		{"no such resource", func() { s.resourceURL("nope.tar.gz") }, `resource_url "nope.tar.gz": no such document`},
		{"operator without type", func() { s.operator(f.URL) }, `is no type of a call; write operator(type, body), or operator(agent, type, body)`},
		{"index and id", func() { s.getFramework(1, "F") }, `takes an index or an id, not both`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := failure(t, tt.f); !strings.Contains(got, tt.want) || strings.HasPrefix(got, "post: post") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValuesAndHelpFitEachOther(t *testing.T) {
	set, err := New(Options{Session: func(context.Context) (*session.Session, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	values := set.Values()
	groups := []string{"settings", "documents", "channel", "offers", "tasks", "events", "cluster"}
	helped := map[string]bool{}
	for _, topic := range pages() {
		if topic.Text == "" || topic.Summary == "" || len(topic.Summary) > 80 {
			t.Errorf("the page of %s needs a first sentence of at most 80 letters, has %q", topic.Name, topic.Summary)
		}
		if topic.isGroup() {
			if topic.Name != topic.Group || !slices.Contains(groups, topic.Name) {
				t.Errorf("page %s of group %s has no signature", topic.Name, topic.Group)
			}
			continue
		}
		helped[topic.Name] = true
		if _, ok := values[topic.Name]; !ok {
			t.Errorf("help has a page for %s, which cells do not have", topic.Name)
		}
	}
	for name := range values {
		if !helped[name] {
			t.Errorf("%s has no page in help.md", name)
		}
	}
}

func TestHelp(t *testing.T) {
	text, ok := Help("wait_for_offers")
	want := "wait_for_offers(n, timeout ...any) Offers\n\nWaits until at least n offers (1) can be used and gives them.\n\nExample:\n  wait_for_offers(1, \"10s\")\n"
	if !ok || text != want {
		t.Errorf("got %q, want %q", text, want)
	}
	both, ok := Help("offers")
	if !ok || !strings.HasPrefix(both, "offers() Offers\n") || !strings.Contains(both, "\nAbout offers\n") || !strings.Contains(both, "\n  wait_for_offers ") {
		t.Errorf("want the name's page and the group's, got %q", both)
	}
	if _, ok := Help("nonsense"); ok {
		t.Error("a page for nonsense")
	}
	if near, ok := Nearest("wait_for_ofers"); !ok || near != "wait_for_offers" {
		t.Errorf("got %q", near)
	}
}
