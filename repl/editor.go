package repl

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/chzyer/readline"

	"mesosbook/kernel"
)

// lineReader reads one cell. initial stands in the line from the start. The
// error is io.EOF when there is no more to come.
type lineReader interface {
	read(ctx context.Context, prompt, initial string) (string, error)
	close()
}

// editor is the line editor of a terminal. readline decodes the keys (after
// keyDecoder), holds the line with its newlines as newlineRune, and does the
// plain editing; the editor adds what concerns several lines, history, search,
// completion and paste, and draws everything on the screen. readline itself
// draws nothing: it is told that it has no terminal.
//
// mu guards the state: keys arrive on readline's goroutine, read is called on ours.
type editor struct {
	rl    *readline.Instance
	in    *input
	keys  keyDecoder
	scr   *screen
	hist  *history
	hooks editorHooks

	mu      sync.Mutex
	open    bool // between the start of read and its end
	prompt  string
	line    []rune // as readline holds it after the last key
	cursor  int
	pending *lineState // what replaces readline's line after this key
	undo    []lineState
	killed  []rune // what Ctrl-Y puts back
	column  int    // the column that Up and Down keep to; -1 none
	search  *search
	list    listing
	result  string // the text that was submitted
	empties int    // Ctrl-C presses in a row on an empty line
}

type lineState struct {
	line   []rune
	cursor int
}

// editorHooks is what the editor asks of the REPL.
type editorHooks struct {
	complete func(text string, cursor int) ([]kernel.Completion, int)
	hint     func(text string, cursor int) string // a line below the cell; may be empty
	finished func(text string) bool               // Enter runs it
	echo     func(text string) string             // how the submitted cell stays on the screen
	notice   func(text string)
	edit     func(text string) (string, error) // in the user's editor
	suspend  func()
	ignore   func(err error)   // of the history file
	answered func(text string) // an operating system command that the terminal sent
}

func newEditor(in *input, scr *screen, hist *history, hooks editorHooks) (*editor, error) {
	e := &editor{in: in, scr: scr, hist: hist, hooks: hooks, column: -1}
	e.keys.pastes = make(chan string, 64)
	e.keys.answered = hooks.answered
	var err error
	e.rl, err = readline.NewEx(&readline.Config{
		Stdin:                  io.NopCloser(keyReader{e}),
		Stdout:                 io.Discard,
		Stderr:                 io.Discard,
		HistoryLimit:           -1,
		DisableAutoSaveHistory: true,
		UniqueEditLine:         true,
		Painter:                painter{},
		Listener:               readline.FuncListener(e.after),
		FuncFilterInputRune:    e.before,
		// No terminal, as far as readline is concerned: nothing is drawn, and
		// the modes of the real one are ours.
		FuncIsTerminal:     func() bool { return false },
		FuncGetWidth:       func() int { return 1 << 20 },
		FuncMakeRaw:        func() error { return nil },
		FuncExitRaw:        func() error { return nil },
		FuncOnWidthChanged: func(func()) {},
	})
	return e, err
}

type painter struct{}

func (painter) Paint(line []rune, _ int) []rune { return line }

// keyReader is readline's standard input.
type keyReader struct{ e *editor }

func (k keyReader) Read(p []byte) (int, error) {
	raw := make([]byte, max(1, len(p)/4)) // a byte becomes at most a rune of four
	for {
		n, err := k.e.in.Read(raw)
		out := k.e.keys.decode(p[:0], raw[:n])
		if len(out) > 0 || err != nil {
			return len(out), err
		}
	}
}

// read lets the user type one cell. It ends with io.EOF when the input ends,
// on Ctrl-D in an empty line, and with ctx.
func (e *editor) read(ctx context.Context, prompt, initial string) (string, error) {
	e.mu.Lock()
	e.open, e.prompt, e.result = true, prompt, ""
	e.line, e.cursor = encode(initial), len([]rune(initial))
	e.undo, e.search, e.column, e.empties = nil, nil, -1, 0
	e.list = listing{}
	e.draw()
	line := append([]rune(nil), e.line...)
	e.mu.Unlock()

	e.rl.Operation.SetBuffer(string(line))
	e.in.setMode(typing)
	stop := context.AfterFunc(ctx, e.in.close)
	defer stop()
	_, err := e.rl.Readline()

	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open { // the input ended in the middle of a line
		e.open = false
		e.scr.commit("")
	}
	if err != nil || ctx.Err() != nil {
		if errors.Is(err, readline.ErrInterrupt) {
			err = io.EOF // never sent: before takes Ctrl-C
		}
		return "", errors.Join(context.Cause(ctx), err)
	}
	if err := e.hist.add(e.result); err != nil {
		e.hooks.ignore(err)
	}
	return e.result, nil
}

// close ends readline's goroutines; read must not be under way. readline's own
// Close would send a second end of input, which nobody takes.
func (e *editor) close() {
	e.in.close()
	e.rl.Terminal.Close()
}

// before sees each key before readline does. What the editor does itself it
// leaves in pending and turns the key into one without effect (Ctrl-G).
func (e *editor) before(r rune) (rune, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r == 0 { // end of input: nothing may be submitted half typed
		e.rl.Operation.SetBuffer("")
		return 0, true
	}
	e.pending = nil
	if r != keyTab {
		e.list = listing{}
	}
	if r != keyInterrupt {
		e.empties = 0
	}
	key := r
	if e.search != nil {
		key = e.searchKey(r)
	}
	out := e.act(key)
	if r == readline.CharEnter && out != readline.CharEnter {
		e.rl.Terminal.KickRead() // readline stops reading after each Enter
	}
	return out, true
}

const noKey = readline.CharBell // readline does nothing on it

// act does what key means and gives the key that readline shall see.
func (e *editor) act(key rune) rune {
	if key != keyUp && key != keyDown {
		e.column = -1
	}
	switch key {
	case readline.CharEnter:
		return e.enter()
	case keyEOF:
		if len(e.line) == 0 {
			e.finish("")
			return readline.CharDelete
		}
		e.delete(e.cursor, e.cursor+1, false)
	case keyInterrupt:
		e.interrupt()
	case keyTab:
		e.tab()
	case keyRedraw:
		e.scr.clear()
	case keySuspend:
		e.hooks.suspend()
	case keyEditor:
		e.external()
	case keyPaste:
		e.insert(<-e.keys.pastes)
	case keySearch:
		e.search = &search{before: len(e.hist.entries), saved: e.state()}
	default:
		if edit, ok := editKeys[key]; ok {
			edit(e)
			break
		}
		if (key == '}' || key == ')') && e.dedent(key) {
			break
		}
		if key >= newlineRune && key < keyLast {
			break // no meaning here
		}
		return key
	}
	return noKey
}

// after sees the line after readline has done its part, replaces it with
// pending if there is one, and draws it.
func (e *editor) after(line []rune, cursor int, key rune) ([]rune, int, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if key == 0 || key == readline.CharEnter || key == readline.CharDelete || !e.open {
		return nil, 0, false // the start and the end of a line
	}
	replaced := e.pending != nil
	if replaced {
		line, cursor = e.pending.line, e.pending.cursor
		e.pending = nil
	}
	if string(line) != string(e.line) {
		e.remember()
	}
	e.line, e.cursor = append([]rune(nil), line...), cursor
	e.draw()
	return append([]rune(nil), line...), cursor, replaced
}

func (e *editor) draw() {
	v := view{prompt: e.prompt, more: continuation(e.prompt), text: []rune(decode(e.line)), cursor: e.cursor}
	switch {
	case e.search != nil:
		v.below = []string{e.search.label()}
	case e.list.rows != nil:
		v.below = e.list.rows
	default:
		if hint := e.hooks.hint(string(v.text), len(string(v.text[:e.cursor]))); hint != "" {
			v.below = []string{hint}
		}
	}
	e.scr.edit(v)
}

func (e *editor) enter() rune {
	text := decode(e.line)
	if !e.hooks.finished(text) {
		e.newline()
		return noKey
	}
	e.result = text
	e.finish(e.hooks.echo(strings.TrimRight(text, "\n"))) // a paste often ends in a newline
	return readline.CharEnter
}

// finish takes the line off the screen and leaves text in its place.
func (e *editor) finish(text string) {
	e.open = false
	e.in.setMode(holding)
	e.scr.commit(text)
}

func (e *editor) interrupt() {
	if len(e.line) == 0 {
		if e.empties++; e.empties == 2 {
			e.hooks.notice("to quit: Ctrl-D or :quit")
		}
		return
	}
	_, rows := e.scr.window()
	e.scr.commit(e.hooks.echo(shortened(decode(e.line), rows/2) + "^C"))
	e.hist.at = len(e.hist.entries)
	e.set(nil, 0)
}

// shortened keeps the first lines of a text that is dropped anyway.
func shortened(text string, n int) string {
	lines := strings.Split(text, "\n")
	if len(lines) <= max(n, 1) {
		return text
	}
	return strings.Join(lines[:max(n, 1)], "\n") + " … "
}

// continuation is the prompt of the further lines of a cell, as wide as the first.
func continuation(prompt string) string {
	return strings.Repeat(".", max(columns(prompt)-1, 0)) + " "
}

func encode(s string) []rune { return []rune(strings.ReplaceAll(s, "\n", string(newlineRune))) }

func decode(line []rune) string { return strings.ReplaceAll(string(line), string(newlineRune), "\n") }
