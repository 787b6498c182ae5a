package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"mesosbook/kernel"
	"mesosbook/snippets"
)

// REPL is a terminal notebook. Notice and Output may be called from any
// goroutine at any time; Run once.
type REPL struct {
	o        Options
	th       theme
	scr      *screen
	errs     *screen // where errors go: scr on a terminal
	back     *background
	commands []Command
	settings settings

	hist  *history
	term  *terminal         // nil without one
	log   []snippets.Record // the session's cells
	count int               // of the last cell
	fails int               // inputs that failed
	quit  bool
	steps *steps   // nil: no notebook is being walked through
	saved []string // files that :save has written

	hinted struct{ call, text string } // the last signature shown and the text before its parenthesis

	asking sync.Mutex    // held while a question is open
	lines  <-chan string // of an input without a line editor

	mu   sync.Mutex
	busy *task // what Ctrl-C interrupts; nil while typing
}

// FailedError tells that inputs of a pipe have failed; their own errors have
// been shown.
type FailedError struct {
	Failed int // cells and commands
}

func (e *FailedError) Error() string {
	if e.Failed == 1 {
		return "1 cell failed"
	}
	return fmt.Sprintf("%d cells failed", e.Failed)
}

// New makes a REPL. It starts nothing.
func New(o Options) (*REPL, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	th := newTheme(o.Color, o.Light)
	r := &REPL{o: o, count: o.Cells, th: th, settings: settings{paging: true, hints: true, lines: 200, theme: th}}
	r.scr = &screen{out: o.Out, size: o.Size, th: r.th, plain: !o.Terminal || o.Dumb}
	r.errs = r.scr
	if !o.Terminal {
		r.errs = &screen{out: o.Err, size: o.Size, th: r.th, plain: true}
	}
	r.back = newBackground(
		func(text string) { r.errs.println(r.paintLines(dimText, wrapNotices(text, r.textWidth()))) },
		r.showLate)
	r.commands = append(r.builtins(), o.Commands...)
	return r, nil
}

// Notice shows a line (or a few) of what happens in the background, above the
// line being typed; without a terminal it goes to Err. It never blocks: of a
// burst of hundreds the last are counted, not shown.
func (r *REPL) Notice(text string) {
	if text = strings.TrimRight(cleanText(text), "\n"); text != "" {
		r.back.notice(text)
	}
}

// Output shows what cells print; it is made for kernel.Options.Output. Late
// output is marked with its cell.
func (r *REPL) Output(o kernel.Output) {
	if o.Late {
		r.back.late(o.Cell, o.Text)
		return
	}
	r.mu.Lock()
	if r.busy != nil {
		r.busy.capture(o)
	}
	r.mu.Unlock()
	if o.Stream == kernel.Stderr {
		r.errs.print(o.Text)
		return
	}
	r.scr.print(o.Text)
}

func (r *REPL) showLate(cell int, lines string) {
	mark := r.th.text(dimText, fmt.Sprintf("[%d] ", cell))
	lines = strings.TrimSuffix(lines, "\n")
	r.scr.println(mark + strings.ReplaceAll(lines, "\n", "\n"+mark))
}

// Run reads and runs cells until :quit, Ctrl-D, the end of the input or the
// end of ctx. Without a terminal it gives a *FailedError when inputs failed.
func (r *REPL) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var loops sync.WaitGroup
	loops.Go(func() { r.back.loop(ctx) })
	defer loops.Wait()
	defer cancel()
	var err error
	r.hist, err = openHistory(r.historyFile())
	if err != nil {
		r.Notice(err.Error())
	}
	if r.o.Terminal && !r.o.Dumb {
		return r.runTerminal(ctx)
	}
	return r.runLines(ctx)
}

func (r *REPL) historyFile() string {
	if !r.o.Terminal {
		return ""
	}
	return r.o.HistoryFile
}

func (r *REPL) prompt() string { return fmt.Sprintf("[%d] ", r.count+1) }

// submit runs what was entered: a command, a shell line, a question or a cell.
func (r *REPL) submit(ctx context.Context, text string) {
	trimmed := strings.TrimSpace(text)
	if command, ok := r.word(trimmed); ok {
		trimmed = command
	}
	var err error
	switch {
	case trimmed == "":
		if r.steps != nil {
			r.step()
		}
		return
	case strings.HasPrefix(trimmed, ":"):
		err = r.command(ctx, trimmed[1:])
	case strings.HasPrefix(trimmed, "!") && !r.isNegation(trimmed[1:]):
		err = r.shell(ctx, trimmed[1:])
	case isQuestion(trimmed):
		err = r.describe(strings.Trim(trimmed, "? "))
	default:
		err = r.runCell(ctx, text).Err
		if err != nil {
			r.fails++
		}
		return // runCell has shown it
	}
	if err != nil && !errors.Is(err, errShown) {
		r.showError(err)
	}
	if err != nil {
		r.fails++
	}
}

// words are what people type out of habit in place of a ':' command.
var words = map[string]string{
	"?": ":help", "help": ":help", "help()": ":help",
	"quit": ":quit", "quit()": ":quit", "exit": ":quit", "exit()": ":quit",
}

// word gives the command that a text means, unless a cell has defined a name like it.
func (r *REPL) word(text string) (command string, ok bool) {
	command, ok = words[text]
	return command, ok && !r.isDefined(strings.TrimSuffix(text, "()"))
}

// isNegation tells `!done` from a shell line: done is a name of this session.
func (r *REPL) isNegation(text string) bool {
	end := strings.IndexFunc(text, func(c rune) bool { return !isWord(c) })
	if end < 0 {
		end = len(text)
	}
	return r.isDefined(text[:end])
}

// isDefined tells whether a cell has defined the name.
func (r *REPL) isDefined(name string) bool {
	return slices.ContainsFunc(r.o.Kernel.Names(), func(d kernel.Description) bool {
		return d.Cell > 0 && d.Name == name
	})
}

// errShown is an error that the user has seen already.
var errShown = errors.New("a cell failed")

// isQuestion tells `x?` from Go: no Go line ends with a question mark, but a
// comment or a string may.
func isQuestion(text string) bool {
	name, ok := strings.CutSuffix(text, "?")
	return ok && name != "" && !strings.ContainsAny(name, "\n\"`'/")
}

// runCell runs one cell and shows how it ended.
func (r *REPL) runCell(ctx context.Context, code string) kernel.Result {
	if r.o.CellTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.o.CellTimeout,
			fmt.Errorf("cell timeout %v", r.o.CellTimeout))
		defer cancel()
	}
	var res kernel.Result
	unsent := r.o.Unsent()
	t := r.during(ctx, fmt.Sprintf("[%d]", r.count+1), func(ctx context.Context) {
		res = r.o.Kernel.Run(ctx, code)
	})
	if res.Cell > 0 {
		r.count = res.Cell
	} else {
		r.count++
	}
	r.scr.freshLine()
	r.back.flush() // what came while the cell ran stands before its value
	r.showResult(res)
	r.remember(code, res, t, r.o.Unsent() > unsent)
	return res
}

func (r *REPL) showResult(res kernel.Result) {
	for _, note := range res.Notes {
		r.scr.println(r.th.text(dimText, cleanText(note)))
	}
	for _, v := range res.Values {
		r.pageBeyond(longValue, r.displayed(v))
	}
	if res.Err != nil {
		r.showError(res.Err)
	}
	if r.settings.time {
		r.scr.println(r.th.text(dimText, formatDuration(res.Duration)))
	}
}

// showError prints an error, a cell's with its place.
func (r *REPL) showError(err error) {
	var cell *kernel.Error
	if errors.As(err, &cell) {
		r.errs.println(formatError(cell, r.th, r.textWidth()))
		return
	}
	r.errs.println(r.paintLines(errorText, wrapLong(cleanText(err.Error()), r.textWidth())))
}

// textWidth is what lines of prose are broken to; 0 without a window.
func (r *REPL) textWidth() int {
	if !r.o.Terminal {
		return 0
	}
	return r.scr.columns()
}

func formatDuration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// paintLines colours each line for itself, so that none leaves its colour behind.
func (r *REPL) paintLines(c class, text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = r.th.text(c, line)
	}
	return strings.Join(lines, "\n")
}

// cleanText takes out what could move the cursor or change the terminal: the
// text may come from the wire.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// screenWriter gives commands an io.Writer on the screen.
type screenWriter struct{ s *screen }

func (w screenWriter) Write(p []byte) (int, error) {
	w.s.print(string(p))
	return len(p), nil
}

var _ io.Writer = screenWriter{}
