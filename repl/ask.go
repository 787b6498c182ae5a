package repl

import (
	"context"
	"errors"
	"strings"
)

// errNobody is Ask where no answer can come.
var errNobody = errors.New("there is nobody to ask: it wants a terminal and a cell that runs")

// Ask shows a question, the last line of which is answered, and tells whether the answer was y or yes; Enter alone,
// Ctrl-D and anything else is no. What was typed before the question does not
// answer it. It may be called by any goroutine while a cell runs, whose end ends
// the question: Ctrl-C interrupts the cell and with it the question, which then
// gives ctx's cause. Without a terminal it fails.
func (r *REPL) Ask(ctx context.Context, question string) (bool, error) {
	t := r.questioned()
	if t == nil {
		return false, errNobody
	}
	defer t.questions.Done()
	r.asking.Lock()
	defer r.asking.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(t.ctx, func() { cancel(context.Cause(t.ctx)) })
	defer stop()
	question = cleanText(question)
	if at := strings.LastIndexByte(question, '\n'); at >= 0 {
		r.scr.println(wrapLines(question[:at], r.textWidth(), "    "))
		question = question[at+1:]
	}
	prompt := question + " [y/N] "
	answer, err := "", error(nil)
	if r.term != nil {
		answer, err = r.askTyped(ctx, t, prompt)
	} else {
		answer, err = r.askLine(ctx, prompt)
	}
	if err != nil {
		return false, err
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}

// questioned gives the task that runs, which then waits for the question's end;
// nil where nobody can answer.
func (r *REPL) questioned() *task {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy == nil || !r.o.Terminal {
		return nil
	}
	r.busy.questions.Add(1)
	return r.busy
}

// askLine asks on a terminal without a line editor.
func (r *REPL) askLine(ctx context.Context, prompt string) (string, error) {
	r.scr.freshLine()
	r.scr.print(prompt)
	select {
	case line := <-r.lines: // empty at the end of the input
		r.scr.entered()
		return line, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// askTyped reads the answer's keys; the line stands below what is printed meanwhile.
func (r *REPL) askTyped(ctx context.Context, t *task, prompt string) (string, error) {
	var answer []rune
	show := func() { r.scr.edit(view{prompt: prompt, text: answer, cursor: len(answer)}) }
	err := r.term.in.ask(ctx, show, func(key rune) (done bool) {
		switch {
		case key == '\r' || key == keyNewline:
			return true
		case key == keyEOF:
			answer = nil
			return true
		case (key == 0x7f || key == 0x08) && len(answer) > 0:
			answer = answer[:len(answer)-1]
		case key == keyKillFront:
			answer = nil
		case key >= 0x20 && key < newlineRune && key != 0x7f && len(answer) < 20:
			answer = append(answer, key)
		}
		show()
		return false
	})
	left := string(answer)
	if err != nil && t.ctx.Err() != nil {
		left += "^C"
	}
	r.scr.commit(r.th.text(promptText, prompt) + left + "\n")
	return string(answer), err
}
