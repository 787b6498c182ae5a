package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/chzyer/readline"
	"golang.org/x/sys/unix"

	"mesosbook/kernel"
)

// terminal is the state of a terminal with a line editor.
type terminal struct {
	in     *input
	reader lineReader
	fd     int             // of the terminal's input; -1 when it is none (a test)
	cooked *readline.State // its modes before us

	initial string // what the next prompt starts with
}

// during changes the mode of the input until the returned function is called;
// nothing without a terminal.
func (t *terminal) during(m inputMode) (back func()) {
	if t == nil {
		return func() {}
	}
	before := t.in.setMode(m)
	return func() { t.in.setMode(before) }
}

// typedEarly counts the bytes that were typed before the terminal is ours.
func (t *terminal) typedEarly() int {
	if t.fd < 0 {
		return 0
	}
	n, err := unix.IoctlGetInt(t.fd, inputQueue)
	if err != nil {
		return 0
	}
	return n
}

// raw takes the terminal: keys come one by one, Ctrl-C as a key. Output is
// processed as before, so that stray prints of libraries look right.
func (t *terminal) raw() error {
	if t.fd < 0 {
		return nil
	}
	state, err := readline.MakeRaw(t.fd)
	if err != nil {
		return fmt.Errorf("prepare terminal: %w", err)
	}
	if t.cooked == nil {
		t.cooked = state
	}
	return nil
}

func (t *terminal) restore() {
	if t.cooked != nil {
		readline.Restore(t.fd, t.cooked)
	}
}

const (
	enterSequence = "\x1b[?2004h\x1b[22;0t" // bracketed paste on, title kept
	leaveSequence = "\x1b[?2004l\x1b[23;0t"
)

// runTerminal is Run with a line editor.
func (r *REPL) runTerminal(ctx context.Context) error {
	t := &terminal{in: newInput(r.o.In), fd: -1}
	if f, ok := r.o.In.(*os.File); ok {
		t.fd = int(f.Fd())
	}
	t.in.early = t.typedEarly()
	if err := t.raw(); err != nil {
		return err
	}
	defer t.restore()
	r.term = t
	t.in.interrupt, t.in.suspend = r.interrupt, r.suspend
	t.in.start()
	reader, err := newEditor(t.in, r.scr, r.hist, r.editorHooks())
	if err != nil {
		t.in.close()
		return fmt.Errorf("start line editor: %w", err)
	}
	t.reader = reader
	defer reader.close()
	stop := r.watchSignals()
	defer stop()
	r.scr.control(enterSequence)
	defer r.scr.control(leaveSequence)
	if r.th.on() {
		r.scr.control(askBackground)
	}
	if r.o.Banner != "" {
		r.scr.println(wrapLines(r.o.Banner, r.textWidth(), ""))
	}
	return r.readCells(ctx)
}

func (r *REPL) readCells(ctx context.Context) error {
	for !r.quit {
		r.title()
		r.hinted.call = "" // the last cell may have changed what it means
		initial := r.term.initial
		r.term.initial = ""
		text, err := r.term.reader.read(ctx, r.prompt(), initial)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r.submit(ctx, text)
	}
	return nil
}

func (r *REPL) editorHooks() editorHooks {
	return editorHooks{
		complete: r.complete,
		hint:     r.hint,
		finished: r.finished,
		echo:     r.echo,
		notice:   func(text string) { r.scr.println(r.th.text(dimText, text)) },
		edit:     r.editText,
		suspend:  r.suspend,
		ignore:   func(err error) { r.Notice(err.Error()) },
		answered: r.answered,
	}
}

// answered takes what the terminal tells of itself.
func (r *REPL) answered(text string) {
	if isLight, ok := isLightBackground(text); ok && isLight != r.th.onLight() {
		r.th.setLight(isLight)
		r.scr.repaint()
	}
}

// finished tells whether Enter runs the text.
func (r *REPL) finished(text string) bool {
	trimmed := strings.TrimSpace(text)
	if _, ok := r.word(trimmed); ok || isCommand(text) || isQuestion(trimmed) {
		return true
	}
	return r.o.Kernel.Completeness(text) == kernel.Complete
}

// echo is how a cell stays on the screen: its prompt, the further lines under
// the first one, coloured.
func (r *REPL) echo(text string) string {
	prompt := r.prompt()
	if text == "" && r.steps != nil {
		return "" // Enter meant the next step
	}
	if text == "" {
		return r.th.text(promptText, prompt) + "\n"
	}
	var b strings.Builder
	b.WriteString(r.th.text(promptText, prompt))
	runes := []rune(text)
	classes := highlight(text)
	for i := 0; i < len(runes); {
		if runes[i] == '\n' {
			b.WriteString("\n" + r.th.text(dimText, continuation(prompt)))
			i++
			continue
		}
		n := i
		for n < len(runes) && runes[n] != '\n' && classes[n] == classes[i] {
			n++
		}
		b.WriteString(r.th.text(classes[i], strings.ReplaceAll(string(runes[i:n]), "\t", "    ")))
		i = n
	}
	return b.String() + "\n"
}

// title names the terminal's window after the cell and what Status says.
func (r *REPL) title() {
	if r.o.Status == nil {
		return
	}
	text := fmt.Sprintf("mesosbook [%d] %s", r.count+1, r.o.Status())
	r.scr.control("\x1b]2;" + strings.ReplaceAll(cleanText(text), "\n", " ") + "\a")
}

// watchSignals follows the size of the window and takes an interrupt that was
// sent from outside as Ctrl-C.
func (r *REPL) watchSignals() (stop func()) {
	ch := make(chan os.Signal, 8)
	signal.Notify(ch, unix.SIGWINCH, os.Interrupt)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case s := <-ch:
				if s == os.Interrupt {
					r.interrupt()
					continue
				}
				r.scr.resized()
			case <-done:
				return
			}
		}
	})
	return func() {
		signal.Stop(ch)
		close(done)
		wg.Wait()
	}
}

// suspend stops the program as Ctrl-Z does, the terminal as it was before us.
func (r *REPL) suspend() {
	if r.term.fd < 0 {
		return
	}
	release := r.release()
	defer release()
	resumed := make(chan os.Signal, 1)
	signal.Notify(resumed, unix.SIGCONT)
	defer signal.Stop(resumed)
	if unix.Kill(0, unix.SIGTSTP) != nil {
		return
	}
	select {
	case <-resumed:
	case <-time.After(time.Second): // nobody stops us: there is no shell to go back to
	}
}

// release gives the terminal to somebody else until the returned function is
// called: its modes are restored and nothing is written meanwhile.
func (r *REPL) release() (back func()) {
	r.scr.hold()
	r.scr.control(leaveSequence)
	r.term.restore()
	return func() {
		if err := r.term.raw(); err != nil {
			r.Notice(err.Error())
		}
		r.scr.control(enterSequence)
		r.scr.unhold()
	}
}
