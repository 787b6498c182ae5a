package kernel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Goroutines of interpreted programs end with the process.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("mesosbook/kernel.(*host).goStart.func1"),
		goleak.IgnoreAnyFunction("mesosbook/kernel.(*Kernel).execute.func1"), goleak.IgnoreAnyFunction("net/http/httptest.(*Server).goServe.func1"))
}

// kindOf gives the kind of a cell's error; empty when it has none.
func kindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// run runs a cell that is to go well.
func (p *player) run(t *testing.T, cell string) Result {
	t.Helper()
	r := p.k.Run(context.Background(), cell)
	if r.Err != nil {
		t.Fatalf("%s: %v", cell, r.Err)
	}
	return r
}

// interrupt runs a cell that does not end by itself and interrupts it.
func (p *player) interrupt(t *testing.T, cell string) Result {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(30*time.Millisecond, cancel)
	done := make(chan Result, 1)
	go func() { done <- p.k.Run(ctx, cell) }()
	select {
	case r := <-done:
		if kindOf(r.Err) != InterruptError {
			t.Fatalf("%s: got %v, want an interrupt", cell, r.Err)
		}
		return r
	case <-time.After(2 * late):
		t.Fatalf("%s: the interrupt did not end it", cell)
	}
	panic("unreachable")
}

func TestInterrupt(t *testing.T) {
	p := newPlayer(t)
	p.run(t, "n := 0\nc := make(chan int)\nadd := func(k int) int { return n + k }\nfunc spin() { for { n++ } }")
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer srv.Close()
	p.run(t, "hanging := \""+srv.URL+"\"")
	for _, cell := range []string{
		"for {\n}", "for { n++ }", "spin()", "<-c", "c <- 1", "for range c { }", "select {}",
		"select { case v := <-c: fmt.Println(v); case c <- 2: }",
		"time.Sleep(time.Hour)",
		"defer func() { recover() }()\nfor { }",
		"func() { defer func() { recover() }(); for { } }()\nfor { }",
		"for i := range 1 << 40 { _ = i }",
		"loop:\ngoto loop",
		"http.Get(hanging)",
		"exec.Command(\"sleep\", \"60\").Run()",
	} {
		r := p.interrupt(t, cell)
		if strings.Contains(r.Err.Error(), "given up") {
			t.Errorf("%s: %v", cell, r.Err)
		}
		if v := p.run(t, "add(1) > 0").Values; len(v) != 1 || v[0].Text != "true" {
			t.Fatalf("after %s a closure gives %v", cell, v)
		}
	}
}

func TestContextOutlivesCell(t *testing.T) {
	p := newPlayer(t)
	ctx, cancel := context.WithCancel(context.Background())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 1<<20)) }))
	defer srv.Close()
	if r := p.k.Run(ctx, "resp, err := http.Get(\""+srv.URL+"\")"); r.Err != nil {
		t.Fatal(r.Err)
	}
	cancel()
	v := p.run(t, "b, err := io.ReadAll(resp.Body)\nresp.Body.Close()\nlen(b) == 1<<20 && err == nil").Values
	if v[0].Text != "true" {
		t.Error("a response cannot be read by the cell after the one that made the request")
	}
}

func TestTimeout(t *testing.T) {
	p := newPlayer(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if r := p.k.Run(ctx, "for {\n}"); kindOf(r.Err) != TimeoutError {
		t.Errorf("got %v, want a timeout", r.Err)
	}
}

func TestBlockedNative(t *testing.T) {
	p := newPlayer(t)
	p.k.patience = defaultPatience
	p.run(t, "var wg sync.WaitGroup\nwg.Add(1)\nx := 1")
	r := p.interrupt(t, "wg.Wait()\nx = 99")
	if !strings.Contains(r.Err.Error(), "given up, still blocked in sync.(*WaitGroup).Wait") {
		t.Errorf("got %v, want it to name what the cell is blocked in", r.Err)
	}
	p.run(t, "wg.Done()\ntime.Sleep(50 * time.Millisecond)")
	if v := p.run(t, "x").Values; v[0].Text != "1" {
		t.Errorf("a cell that was given up went on: x = %s", v[0].Text)
	}
}

func TestBackgroundSurvivesInterrupt(t *testing.T) {
	p := newPlayer(t)
	p.run(t, "var n atomic.Int64\nin := make(chan int)\nvar got atomic.Int64\ngo func() { for { n.Add(1); time.Sleep(time.Millisecond) } }()\ngo func() { for v := range in { got.Add(int64(v)) } }()\nblock := make(chan int)")
	for range 3 {
		p.interrupt(t, "<-block")
		p.interrupt(t, "for {\n}")
	}
	v := p.run(t, "a := n.Load()\nin <- 5\nin <- 6\nfor i := 0; i < 1000 && !(n.Load() > a && got.Load() == 11); i++ { time.Sleep(2 * time.Millisecond) }\nn.Load() > a && got.Load() == 11").Values
	if v[0].Text != "true" {
		t.Error("goroutines did not survive the interrupts of other cells")
	}
}

func TestEndings(t *testing.T) {
	p := newPlayer(t)
	for _, c := range []struct {
		cell string
		kind ErrorKind
		want string
	}{
		{"os.Exit(3)", ExitError, "os.Exit(3)"},
		{"log.Fatal(\"bye\")", ExitError, "bye"},
		{"log.Fatalf(\"bye %d\", 1)", ExitError, "bye 1"},
		{"runtime.Goexit()", ExitError, "Goexit"},
		{"defer func() { recover() }()\nos.Exit(1)", ExitError, "os.Exit(1)"},
		{"panic(\"boom\")", PanicError, "panic: boom"},
		{"panic(fmt.Errorf(\"bad %d\", 1))", PanicError, "panic: bad 1"},
		{"func rec(n int) int { return rec(n+1) + 1 }\nrec(0)", PanicError, "recursion is too deep"},
		{"func a(n int) int { return b(n) + 1 }\nfunc b(n int) int { return a(n) + 1 }\na(0)", PanicError, "recursion is too deep"},
		{"var f func(int) int\nf = func(n int) int { return f(n+1) + 1 }\nf(0)", PanicError, "recursion is too deep"},
		{"type R struct{}\nfunc (r R) M(n int) int { return r.M(n+1) + 1 }\nR{}.M(0)", PanicError, "recursion is too deep"},
		{"var m map[string]int\nm[\"a\"] = 1", PanicError, "assignment to entry in nil map"},
		{"var e error\ne.Error()", PanicError, "nil pointer dereference"},
		{"a, b := 1, 0\na / b", PanicError, "integer divide by zero"},
		{"x := 1 +", SyntaxError, ""},
		{"nosuch()", TypeError, "undefined: nosuch"},
	} {
		r := p.k.Run(context.Background(), c.cell)
		if kindOf(r.Err) != c.kind || !strings.Contains(r.Err.Error(), c.want) {
			t.Errorf("%s: got %s %v, want %s %q", c.cell, kindOf(r.Err), r.Err, c.kind, c.want)
		}
		if v := p.run(t, "1 + 1").Values; v[0].Text != "2" {
			t.Fatalf("after %s the session is broken", c.cell)
		}
	}
}

func TestGoroutinePanic(t *testing.T) {
	p := newPlayer(t)
	p.run(t, "done := make(chan bool)")
	p.run(t, "go func() {\n\tdefer close(done)\n\tpanic(\"in goroutine\")\n}()\n<-done")
	for end := time.Now().Add(late); !strings.Contains(p.stderr.String(), "panic in a goroutine started at [2]:1: in goroutine"); {
		if time.Now().After(end) {
			t.Fatalf("got %q", p.stderr.String())
		}
		p.run(t, "time.Sleep(2 * time.Millisecond)")
	}
}

func TestManyGoroutines(t *testing.T) {
	p := newPlayer(t)
	v := p.run(t, "var wg sync.WaitGroup\nvar n atomic.Int64\nfor i := range 10000 {\n\twg.Add(1)\n\tgo func() { defer wg.Done(); n.Add(int64(i)) }()\n}\nwg.Wait()\nn.Load()").Values
	if v[0].Text != "49995000" {
		t.Errorf("got %s", v[0].Text)
	}
}

func TestMuchOutput(t *testing.T) {
	var n, most atomic.Int64
	k, err := New(Options{Output: func(o Output) {
		n.Add(int64(len(o.Text)))
		most.Store(max(most.Load(), int64(len(o.Text))))
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	r := k.Run(context.Background(), "s := strings.Repeat(\"x\", 1<<20)\nfor range 50 { fmt.Print(s) }\nfor range 50 { os.Stdout.WriteString(s) }")
	if r.Err != nil || n.Load() != 100<<20 || most.Load() > 1<<20 {
		t.Errorf("got %d bytes, the largest piece %d, %v", n.Load(), most.Load(), r.Err)
	}
}

func TestOutputOrder(t *testing.T) {
	var mu sync.Mutex
	var got []string
	k, err := New(Options{Output: func(o Output) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("%d%s:%s", o.Cell, o.Stream, strings.TrimSpace(o.Text)))
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for _, cell := range []string{
		"fmt.Println(1)\nos.Stdout.WriteString(\"2\\n\")\nfmt.Println(3)\nprintln(4)\nfmt.Fprintln(os.Stderr, 5)\nlog.SetFlags(0)\nlog.Print(6)",
		"fmt.Println(7)",
	} {
		if r := k.Run(context.Background(), cell); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	want := "1stdout:1 1stdout:2 1stdout:3 1stderr:4 1stderr:5 1stderr:6 2stdout:7"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

func TestLateOutput(t *testing.T) {
	out := make(chan Output, 10)
	k, err := New(Options{Output: func(o Output) { out <- o }})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for _, cell := range []string{"start := make(chan bool)\ngo func() { <-start; fmt.Println(\"late\") }()", "close(start)"} {
		if r := k.Run(context.Background(), cell); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if o := <-out; o.Cell != 1 || o.Text != "late\n" {
		t.Errorf("got %+v", o)
	}
}

// Task is a helper type.
type Task struct {
	ID    string
	state string
}

// State is a method of a helper type.
func (t *Task) State() string { return t.state }

type failed string

func (f failed) Error() string { return string(f) }
func (failed) CellError()      {}

func TestHelperNames(t *testing.T) {
	url := "http://a"
	var k *Kernel
	names := map[string]reflect.Value{
		"get_json":   reflect.ValueOf(func(name string) map[string]any { return map[string]any{"name": name} }),
		"launch":     reflect.ValueOf(func(args ...any) *Task { return &Task{fmt.Sprint(args...), "RUNNING"} }),
		"Task":       reflect.ValueOf((*Task)(nil)),
		"MASTER_URL": reflect.ValueOf(&url),
		"fail":       reflect.ValueOf(func() { panic(failed("no such offer: look at offers()")) }),
		"wait":       reflect.ValueOf(func() { <-k.Context().Done(); panic(failed(k.Context().Err().Error())) }),
		"on":         reflect.ValueOf(func(f func(string) bool) bool { return f("x") }),
	}
	k, err := New(Options{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	p := &player{k: k}
	for _, c := range []struct{ cell, want string }{
		{"get_json(\"a\")[\"name\"]", "a"},
		{"t := launch(\"x\", 1)\nt.State() + t.ID", "RUNNINGx1"},
		{"func state(t *Task) string { return t.State() }\nstate(t)", "RUNNING"},
		{"var ts []*Task\nts = append(ts, t)\nts[0].ID", "x1"},
		{"MASTER_URL", "http://a"},
		{"MASTER_URL = \"http://b\"\nMASTER_URL", "http://b"},
		{"on(func(s string) bool { return s == \"x\" })", "true"},
		{"f := launch\nf(7).ID", "7"},
		{"launch := 5\nlaunch", "5"},
	} {
		if r := p.run(t, c.cell); len(r.Values) != 1 || r.Values[0].Text != c.want {
			t.Errorf("%s: got %v, want %s", c.cell, r.Values, c.want)
		}
	}
	if url != "http://b" {
		t.Errorf("the host sees %q", url)
	}
	r := k.Run(context.Background(), "x := 1\n_ = x\nfail()")
	var e *Error
	if !errors.As(r.Err, &e) || e.Kind != HelperError || e.Diagnostics[0].Line != 3 || e.Diagnostics[0].Message != "no such offer: look at offers()" || e.Diagnostics[0].Source != "fail()" {
		t.Errorf("got %+v", e)
	}
	p.interrupt(t, "wait()")
}

// TestCheckerPanic: a panic of the type checker ends the cell alone.
func TestCheckerPanic(t *testing.T) {
	p := newPlayer(t)
	p.play(t.Context(), `import "strings"`)
	imp := p.k.imp
	p.k.imp = nil
	p.play(t.Context(), `strings.ToUpper("a")`)
	if got := p.errs.String(); !strings.HasPrefix(got, "unsupported") || !strings.Contains(got, "not supported by the type checker: ") {
		t.Errorf("errors: %q", got)
	}
	p.k.imp = imp
	p.play(t.Context(), `x := 6; x * 7`)
	if got := p.out.String(); got != "= 42\n" {
		t.Errorf("printed after it: %q, errors %q", got, p.errs.String())
	}
}
