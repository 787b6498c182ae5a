package repl

import (
	"context"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"mesosbook/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeKernel runs a small language, a line a statement: `print TEXT`,
// `fail TEXT` (an error at 1:6), `late TEXT`, `wait` (until its context ends),
// `show TEXT` (a value), `ask TEXT`. Everything else is a cell without effect.
type fakeKernel struct {
	mu     sync.Mutex
	output func(kernel.Output)
	n      int
	ran    []string
	began  chan string // gets each cell that waits; nil: nobody looks
	ask    func(ctx context.Context, question string) (bool, error)
	notice func(text string)
	own    string // a name that a cell has defined
}

func (k *fakeKernel) Run(ctx context.Context, code string) kernel.Result {
	k.mu.Lock()
	k.n++
	k.ran = append(k.ran, code)
	k.mu.Unlock()
	res := kernel.Result{Cell: k.n, Duration: 1500 * time.Microsecond}
	for i, line := range strings.Split(code, "\n") {
		verb, text, _ := strings.Cut(line, " ")
		switch verb {
		case "print":
			k.output(kernel.Output{Cell: k.n, Stream: kernel.Stdout, Text: strings.ReplaceAll(text, `\n`, "\n")})
		case "warn":
			k.output(kernel.Output{Cell: k.n, Stream: kernel.Stderr, Text: text + "\n"})
		case "late":
			k.output(kernel.Output{Cell: k.n, Stream: kernel.Stdout, Text: text, Late: true})
		case "show":
			res.Values = append(res.Values, kernel.Value{V: reflect.ValueOf(text), Type: "string", Text: text})
		case "fail":
			res.Err = &kernel.Error{Cell: k.n, Kind: kernel.TypeError, Diagnostics: []kernel.Diagnostic{
				{Cell: k.n, Line: i + 1, Col: 6, Source: line, Message: text}}}
		case "ask":
			yes, err := k.ask(ctx, text)
			k.output(kernel.Output{Cell: k.n, Stream: kernel.Stdout, Text: fmt.Sprintln(yes, err)})
		case "notice":
			k.notice(text)
		case "wait":
			if k.began != nil {
				k.began <- code
			}
			<-ctx.Done()
			res.Err = &kernel.Error{Cell: k.n, Kind: kernel.InterruptError, Diagnostics: []kernel.Diagnostic{
				{Message: context.Cause(ctx).Error()}}}
		}
	}
	return res
}

func (k *fakeKernel) Completeness(code string) kernel.Completeness {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(code)), []byte(code), func(token.Position, string) {}, 0)
	depth := 0
	for {
		switch _, tok, _ := s.Scan(); tok {
		case token.LBRACE, token.LPAREN, token.LBRACK:
			depth++
		case token.RBRACE, token.RPAREN, token.RBRACK:
			depth--
		case token.EOF:
			if depth > 0 {
				return kernel.Incomplete
			}
			return kernel.Complete
		}
	}
}

func (k *fakeKernel) Complete(code string, cursor int) ([]kernel.Completion, int) {
	start := cursor
	for start > 0 && isWord(rune(code[start-1])) {
		start--
	}
	var found []kernel.Completion
	for _, c := range []kernel.Completion{
		{Text: "offers", Detail: "func() []Offer", Doc: "the offers at hand"},
		{Text: "offset", Detail: "int"},
		{Text: "launch", Detail: "func(...any) *Task"},
	} {
		if strings.HasPrefix(c.Text, code[start:cursor]) {
			found = append(found, c)
		}
	}
	return found, start
}

func (k *fakeKernel) Signature(code string, cursor int) (kernel.Description, int, bool) {
	if !strings.HasSuffix(code[:cursor], "offers(") {
		return kernel.Description{}, 0, false
	}
	d, err := k.Describe("offers")
	return d, 0, err == nil
}

func (k *fakeKernel) Describe(expr string) (kernel.Description, error) {
	if expr != "offers" {
		return kernel.Description{}, errors.New("undefined: " + expr)
	}
	return kernel.Description{Name: "offers", Type: "func() []Offer", Doc: "the offers at hand"}, nil
}

func (k *fakeKernel) Names() []kernel.Description {
	names := []kernel.Description{{Name: "x", Type: "int", Cell: 1, Text: "5"}, {Name: "offers", Type: "func()"}}
	if k.own != "" {
		names = append(names, kernel.Description{Name: k.own, Type: "int", Cell: 1})
	}
	return names
}

func (k *fakeKernel) cells() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.ran...)
}

// fakeTerminal is a terminal in memory: what is written is drawn on a grid of
// cells as an xterm would. Writes wake who waits for the screen to show something.
type fakeTerminal struct {
	mu         sync.Mutex
	changed    sync.Cond
	cols, rows int
	grid       [][]rune // of rows; 0 is empty, -1 the right half of a wide rune
	x, y       int
	pending    bool // the cursor is behind a full row
	rest       []byte
	raw        []byte
	bad        []string // sequences it does not know
}

func newFakeTerminal(cols, rows int) *fakeTerminal {
	t := &fakeTerminal{cols: cols, rows: rows}
	t.changed.L = &t.mu
	t.grid = make([][]rune, rows)
	for i := range t.grid {
		t.grid[i] = make([]rune, cols)
	}
	return t
}

func (t *fakeTerminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.raw = append(t.raw, p...)
	in := append(t.rest, p...)
	t.rest = nil
	for len(in) > 0 {
		n := t.one(in)
		if n == 0 {
			t.rest = append([]byte(nil), in...)
			break
		}
		in = in[n:]
	}
	t.changed.Broadcast()
	return len(p), nil
}

// one takes a character or sequence and gives its length, 0 when it is not whole.
func (t *fakeTerminal) one(in []byte) int {
	switch in[0] {
	case '\r':
		t.x, t.pending = 0, false
		return 1
	case '\n': // the tty adds the carriage return (OPOST)
		t.x, t.pending = 0, false
		t.down()
		return 1
	case 0x1b:
		return t.escape(in)
	}
	if !utf8.FullRune(in) {
		return 0
	}
	r, n := utf8.DecodeRune(in)
	t.put(r)
	return n
}

func (t *fakeTerminal) escape(in []byte) int {
	if len(in) < 2 {
		return 0
	}
	if in[1] == ']' { // a title, up to BEL
		if i := strings.IndexByte(string(in), '\a'); i > 0 {
			return i + 1
		}
		return 0
	}
	end := 2
	for end < len(in) && (in[end] < 0x40 || in[end] > 0x7e) {
		end++
	}
	if end >= len(in) {
		return 0
	}
	args, n := string(in[2:end]), 1
	fmt.Sscanf(args, "%d", &n)
	t.csi(in[end], args, n)
	return end + 1
}

func (t *fakeTerminal) csi(final byte, args string, n int) {
	switch final {
	case 'A':
		t.y, t.pending = max(t.y-n, 0), false
	case 'C':
		t.x, t.pending = min(t.x+n, t.cols-1), false
	case 'H':
		t.x, t.y, t.pending = 0, 0, false
	case 'K':
		clear(t.grid[t.y][t.x:])
	case 'J':
		if args == "2" {
			t.x, t.y = 0, 0
		}
		clear(t.grid[t.y][t.x:])
		for _, row := range t.grid[t.y+1:] {
			clear(row)
		}
	case 'm', 'h', 'l', 't':
	default:
		t.bad = append(t.bad, args+string(final))
	}
}

func (t *fakeTerminal) put(r rune) {
	w := runeColumns(r)
	if w == 0 {
		return
	}
	if t.pending || t.x+w > t.cols {
		t.x, t.pending = 0, false
		t.down()
	}
	t.grid[t.y][t.x] = r
	if w == 2 {
		t.grid[t.y][t.x+1] = -1
	}
	if t.x += w; t.x >= t.cols {
		t.x, t.pending = t.cols-1, true
	}
}

func (t *fakeTerminal) down() {
	if t.y < t.rows-1 {
		t.y++
		return
	}
	copy(t.grid, t.grid[1:])
	t.grid[t.rows-1] = make([]rune, t.cols)
}

func (t *fakeTerminal) size() (int, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cols, t.rows
}

// textLocked is the screen without the blanks at its right and bottom.
func (t *fakeTerminal) textLocked() string {
	var b strings.Builder
	for _, row := range t.grid {
		var line strings.Builder
		for _, r := range row {
			switch r {
			case 0:
				line.WriteByte(' ')
			case -1:
			default:
				line.WriteRune(r)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// console is a REPL on a fakeTerminal, driven by a test.
type console struct {
	*testing.T
	term   *fakeTerminal
	kernel *fakeKernel
	repl   *REPL
	keys   *io.PipeWriter
	done   chan error
	over   bool
}

func newConsole(t *testing.T, cols, rows int, change func(*Options)) *console {
	t.Helper()
	return newConsoleIn(t.Context(), t, cols, rows, change)
}

func newConsoleIn(ctx context.Context, t *testing.T, cols, rows int, change func(*Options)) *console {
	t.Helper()
	in, keys := io.Pipe()
	c := &console{T: t, term: newFakeTerminal(cols, rows), kernel: &fakeKernel{}, keys: keys, done: make(chan error, 1)}
	o := Options{Kernel: c.kernel, In: in, Out: c.term, Terminal: true, Size: c.term.size}
	if change != nil {
		change(&o)
	}
	var err error
	if c.repl, err = New(o); err != nil {
		t.Fatal(err)
	}
	c.kernel.output, c.kernel.ask, c.kernel.notice = c.repl.Output, c.repl.Ask, c.repl.Notice
	go func() { c.done <- c.repl.Run(ctx) }()
	t.Cleanup(func() {
		keys.Close()
		if !c.over {
			c.ended()
		}
	})
	return c
}

// patience is how long a test waits for the screen before it gives up.
const patience = time.Minute

// sees waits until the screen shows exactly want, the cursor written as ▏.
func (c *console) sees(want string) {
	c.Helper()
	want = strings.Trim(want, "\n")
	if got, ok := c.await(func(text string) bool { return text == want }); !ok {
		c.Fatalf("the screen shows\n%s\n--- want\n%s\n--- raw %q", got, want, c.term.raw)
	}
	if len(c.term.bad) > 0 {
		c.Errorf("sequences that no terminal knows: %q", c.term.bad)
	}
}

// shows waits until part is somewhere on the screen.
func (c *console) shows(part string) {
	c.Helper()
	if got, ok := c.await(func(text string) bool { return strings.Contains(text, part) }); !ok {
		c.Fatalf("the screen shows\n%s\n--- want somewhere\n%s", got, part)
	}
}

func (c *console) await(ok func(text string) bool) (string, bool) {
	t := c.term
	late := false
	timer := time.AfterFunc(patience, func() {
		t.mu.Lock()
		late = true
		t.changed.Broadcast()
		t.mu.Unlock()
	})
	defer timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		text := t.withCursorLocked()
		if ok(text) {
			return text, true
		}
		if late {
			return text, false
		}
		t.changed.Wait()
	}
}

func (t *fakeTerminal) withCursorLocked() string {
	kept := append([]rune(nil), t.grid[t.y]...)
	defer func() { t.grid[t.y] = kept }()
	row := append([]rune(nil), kept[:t.x]...)
	for i, r := range row {
		if r == 0 {
			row[i] = ' '
		}
	}
	row = append(row, '▏')
	t.grid[t.y] = append(row, kept[t.x:]...)
	return t.textLocked()
}

func (c *console) keysTyped(keys string) {
	c.Helper()
	if _, err := io.WriteString(c.keys, keys); err != nil {
		c.Fatal(err)
	}
}

// ended waits for Run.
func (c *console) ended() error {
	c.Helper()
	c.over = true
	select {
	case err := <-c.done:
		return err
	case <-time.After(patience):
		c.Fatal("Run did not return")
		return nil
	}
}

func lateOutput(cell int, text string) kernel.Output {
	return kernel.Output{Cell: cell, Stream: kernel.Stdout, Text: text, Late: true}
}

// narrow makes the window narrower and breaks its rows anew, as terminals do.
func (t *fakeTerminal) narrow(cols int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var grid [][]rune
	y, x := 0, 0
	for i, row := range t.grid {
		used := len(strings.TrimRight(string(row), "\x00"))
		if i == t.y {
			y, x = len(grid)+t.x/cols, t.x%cols
			used = max(used, t.x)
		}
		for from := 0; from == 0 || from < used; from += cols {
			part := make([]rune, cols)
			copy(part, row[from:min(from+cols, len(row))])
			grid = append(grid, part)
		}
	}
	t.grid, t.cols, t.y, t.x = grid[:t.rows], cols, y, x
}
