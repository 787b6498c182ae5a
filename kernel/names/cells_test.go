package names

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mesosbook/kernel"
	"mesosbook/session"
)

var _ kernel.CellError = (*Error)(nil)

// cells runs cells with the names in a real kernel.
type cells struct {
	t   *testing.T
	set *Set
	k   *kernel.Kernel
	out *strings.Builder
}

func newCells(t *testing.T, set *Set) *cells {
	t.Helper()
	c := &cells{t: t, set: set, out: &strings.Builder{}}
	k, err := kernel.New(kernel.Options{Names: set.Values(), Output: func(o kernel.Output) { c.out.WriteString(o.Text) }})
	if err != nil {
		t.Fatal(err)
	}
	set.o.Context = k.Context
	c.k = k
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// run gives what a cell prints and shows; its error is the last line.
func (c *cells) run(code string) string {
	c.t.Helper()
	ctx := context.Background()
	if err := c.set.Prepare(ctx, code); err != nil {
		c.t.Fatal(err)
	}
	c.out.Reset()
	result := c.k.Run(ctx, code)
	text := c.out.String()
	for _, v := range result.Values {
		text += v.Text + "\n"
	}
	if result.Err != nil {
		text += "error: " + result.Err.Error() + "\n"
	}
	return text
}

func TestCells(t *testing.T) {
	f := newFakeMaster(t)
	c := newCells(t, newTestSet(t, f))
	for _, tt := range []struct{ code, want string }{
		{`get("/version").Get("version")`, "1.12.0\n"},
		{`MASTER_URL + "|" + API_URL + "|" + AGENT_URL`, f.URL + "|" + f.URL + apiPath + "|" + f.URL + "\n"},
		{`get_framework(7) == nil`, "true\n"},
		{`post(API_URL, SUBSCRIBE_BODY)`, "Result: 200\n"},
		{`framework_id()`, fakeUUID + "-0000\n"},
		{`status().State`, "Subscribed\n"},
		{`wait_for_offers()[0].Attributes["rack"]`, "r2d2\n"},
		{`d := get_json(LAUNCH_JSON); d.At("accept.operations.0.launch.task_infos.0").Set("name", "mine"); d.Get("accept.operations.0.launch.task_infos.0.name")`, "mine\n"},
		{`var mine *Document = parse_json("[1, 2]"); for _, e := range mine.Each() { e.Set("", e.Get("").Int() * 2) }; string(mine.JSON())`, "[2,4]\n"},
		{`wait_for(func(e Event) bool { return e.Type == "OFFERS" }).Get("offers.offers.#")`, "1\n"},
		{`t := launch("sleep 1"); t.Wait("TASK_RUNNING").State()`, "TASK_RUNNING\n"},
		{`len(events(t, func(e Event) bool { return e.TaskState() == "TASK_RUNNING" }))`, "1\n"},
		{`MASTER_URL = "http://other:1"; MASTER_URL`, "http://other:1\n"},
		{`pretty(map[string]int{"a": 1})`, "{\n  \"a\": 1\n}\n"},
		{`last_error()`, "<nil>\n"},
	} {
		if got := c.run(tt.code); got != tt.want {
			t.Errorf("%s\ngot  %q\nwant %q", tt.code, got, tt.want)
		}
	}
}

func TestHelpersEndCellsWithOneLine(t *testing.T) {
	f := newFakeMaster(t)
	c := newCells(t, newTestSet(t, f))
	for code, want := range map[string]string{
		`get_json("lunch.json")`:                  `get_json "lunch.json": no such document; did you mean "launch.json"?`,
		`parse_json("{}").Append("x", 1)`:         `append to x: there is no "x" in the document`,
		`wait_for("OFERS")`:                       `wait_for: there is no event type "OFERS"; did you mean "OFFERS"?`,
		`wait_for_offers()`:                       `wait for offers: not subscribed: subscribe first`,
		`x := 1; task("82"); x`:                   `task: no task "82" is known`,
		`get_jsn("x")`:                            `get_json`,
		`func() { parse_json("{").Set("", 1) }()`: `parse_json: broken JSON at 1:2`,
	} {
		got := c.run(code)
		if !strings.HasPrefix(got, "error: ") || !strings.Contains(got, want) || strings.Contains(got, "goroutine ") {
			t.Errorf("%s\ngot  %q\nwant %q", code, got, want)
		}
	}
}

// TestHelpExamplesFit checks names and types of the example of every page.
func TestHelpExamplesFit(t *testing.T) {
	set, err := New(Options{Session: func(context.Context) (*session.Session, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	c := newCells(t, set)
	for _, topic := range Topics() {
		if topic.Example == "" {
			continue
		}
		// As the body of a function that is not called nothing is done. Its last
		// line may be an expression with a value, as in a cell, or not.
		lines := strings.Split(topic.Example, "\n")
		shown := strings.Join(lines[:len(lines)-1], "\n") + "\n_ = fmt.Sprint(" + lines[len(lines)-1] + ")"
		if c.compile(shown) != nil {
			if err := c.compile(topic.Example); err != nil {
				t.Errorf("%s:\n%s\n%v", topic.Name, topic.Example, err)
			}
		}
	}
}

func (c *cells) compile(body string) error {
	return c.k.Run(context.Background(), "import (\"fmt\"; \"time\")\nvar _, _ = fmt.Sprint, time.Second\nfunc example() {\n"+body+"\n}\n").Err
}

func TestAnInterruptedWaitIsAnInterrupt(t *testing.T) {
	f := newFakeMaster(t)
	c := newCells(t, newTestSet(t, f))
	c.run("subscribe()")
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	c.set.o.Context = func() context.Context { close(started); return c.k.Context() }
	go func() {
		<-started
		cancel()
	}()
	var failed *kernel.Error
	if err := c.k.Run(ctx, `wait_for("FAILURE")`).Err; !errors.As(err, &failed) || failed.Kind != kernel.InterruptError {
		t.Errorf("got %v, want an interrupt", err)
	}
	c.set.o.Context = c.k.Context
	if got := c.run("status().State"); got != "Subscribed\n" {
		t.Errorf("after it: got %q", got)
	}
}
