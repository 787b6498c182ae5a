package repl

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/signal"
	"strings"

	"mesosbook/kernel"
)

// runLines is Run without a line editor: for a pipe, and with prompts for a
// dumb terminal.
func (r *REPL) runLines(ctx context.Context) error {
	interrupts := make(chan os.Signal, 1)
	if r.o.Terminal {
		signal.Notify(interrupts, os.Interrupt)
		defer signal.Stop(interrupts)
		if r.o.Banner != "" {
			r.scr.println(r.o.Banner)
		}
	}
	l := &lineRun{repl: r, interrupts: interrupts}
	l.group.finished = func(text string) bool { return r.o.Kernel.Completeness(text) == kernel.Complete }
	l.group.gather = !r.o.Terminal
	r.lines = scanLines(ctx, r.o.In)
	if err := l.run(ctx, r.lines); err != nil {
		return err
	}
	if r.fails > 0 && !r.o.Terminal {
		return &FailedError{Failed: r.fails}
	}
	return nil
}

// lineRun reads lines and runs the cells they make.
type lineRun struct {
	repl       *REPL
	group      grouper
	interrupts chan os.Signal
}

func (l *lineRun) run(ctx context.Context, lines <-chan string) error {
	for !l.repl.quit && ctx.Err() == nil {
		l.prompt()
		select {
		case line, more := <-lines:
			if !more {
				l.end()
				l.submit(ctx, l.group.rest())
				return contextError(ctx)
			}
			l.repl.scr.entered()
			for _, cell := range l.group.add(line) {
				l.submit(ctx, cell)
			}
		case <-l.interrupts:
			l.group.rest()         // what was begun is forgotten
			l.repl.scr.print("\n") // behind the ^C of the terminal
		case <-ctx.Done():
		}
	}
	return contextError(ctx)
}

// end leaves the prompt's line at the end of the input.
func (l *lineRun) end() {
	if l.repl.o.Terminal {
		l.repl.scr.print("\n")
	}
}

func contextError(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (l *lineRun) prompt() {
	if !l.repl.o.Terminal {
		return
	}
	prompt := l.repl.prompt()
	if l.group.begun() {
		prompt = continuation(prompt)
	}
	l.repl.scr.print(prompt)
}

// submit runs a cell; on a dumb terminal Ctrl-C, a signal there, ends it.
func (l *lineRun) submit(ctx context.Context, text string) {
	if l.repl.quit || text == "" {
		return
	}
	done := make(chan struct{})
	go func() { // ends with the cell
		for {
			select {
			case <-l.interrupts:
				l.repl.scr.print("\n")
				l.repl.interrupt()
			case <-done:
				return
			}
		}
	}()
	l.repl.submit(ctx, text)
	close(done)
}

// maxLine bounds a line of a pipe, in bytes.
const maxLine = 16 << 20

// scanLines reads lines until in ends or ctx does; its goroutine may stay
// behind in a Read that does not return.
func scanLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(in)
		s.Buffer(nil, maxLine)
		for s.Scan() {
			select {
			case lines <- strings.TrimSuffix(s.Text(), "\r"):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// grouper makes cells of lines: a cell is the shortest run of lines that is
// complete. With gather, declarations that follow each other are one cell, so
// that functions of a file may call each other in any order.
type grouper struct {
	finished func(text string) bool
	gather   bool

	text    string // the lines so far, each with its newline
	waiting bool   // text is complete declarations: another may follow
}

// add takes a line and gives the cells that are ready to run.
func (g *grouper) add(line string) (cells []string) {
	trimmed := strings.TrimSpace(line)
	if g.waiting && trimmed != "" && !isComment(trimmed) && !isDeclaration(trimmed) {
		cells = append(cells, g.rest())
	}
	if g.text == "" {
		if trimmed == "" {
			return cells
		}
		if isCommand(trimmed) || isQuestion(trimmed) || trimmed == "?" {
			return append(cells, trimmed)
		}
	}
	g.text += line + "\n"
	g.waiting = false
	if onlyComments(g.text) || !g.finished(g.text) {
		return cells
	}
	if g.gather && isDeclaration(firstCode(g.text)) {
		g.waiting = true
		return cells
	}
	return append(cells, g.rest())
}

// rest gives what has been gathered and starts anew.
func (g *grouper) rest() string {
	text := strings.TrimRight(g.text, " \t\n")
	g.text, g.waiting = "", false
	if onlyComments(text) {
		return ""
	}
	return text
}

func (g *grouper) begun() bool { return g.text != "" }

func isComment(line string) bool { return strings.HasPrefix(line, "//") }

func onlyComments(text string) bool { return firstCode(text) == "" }

// firstCode is the first line that is neither empty nor a // comment.
func firstCode(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !isComment(line) {
			return line
		}
	}
	return ""
}

// isDeclaration tells whether a line begins a declaration. `func(` begins a
// function literal.
func isDeclaration(line string) bool {
	for _, word := range []string{"func ", "type ", "var ", "const ", "import ", "type(", "var(", "const(", "import("} {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}
