package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"mesosbook/kernel"
)

// task is what runs between two prompts: a cell, a command, a shell line. It
// is guarded by REPL.mu.
type task struct {
	name       string
	ctx        context.Context
	cancel     context.CancelCauseFunc
	interrupts int
	since      time.Time      // of the first interrupt
	questions  sync.WaitGroup // of Ask
	output     strings.Builder
	cut        bool // output has reached maxCapture
}

// maxCapture bytes of a cell's output are kept for :save.
const maxCapture = 256 << 10

func (t *task) capture(o kernel.Output) {
	room := maxCapture - t.output.Len()
	if len(o.Text) > room {
		t.output.WriteString(o.Text[:max(room, 0)])
		t.cut = true
		return
	}
	t.output.WriteString(o.Text)
}

// errInterrupted is the cause of a task's end by Ctrl-C.
var errInterrupted = errors.New("interrupted")

// waiting is what a Kernel may have to say about a cell that does not end.
type waiting interface {
	// Waiting tells what the running cell is blocked in; empty if unknown.
	Waiting() string
}

// during runs f so that Ctrl-C ends its context. A task may run within another
// (the cells of :load): Ctrl-C then ends the inner one.
func (r *REPL) during(ctx context.Context, name string, f func(ctx context.Context)) *task {
	ctx, cancel := context.WithCancelCause(ctx)
	t := &task{name: name, cancel: cancel, ctx: ctx}
	outer := r.setBusy(t)
	defer r.term.during(running)()
	defer func() {
		r.setBusy(outer)
		cancel(nil)
		t.questions.Wait()
	}()
	f(ctx)
	return t
}

func (r *REPL) setBusy(t *task) (before *task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.busy = r.busy, t
	return before
}

// interrupt is Ctrl-C outside of typing; any goroutine.
func (r *REPL) interrupt() {
	r.mu.Lock()
	t := r.busy
	if t == nil {
		r.mu.Unlock()
		return
	}
	t.interrupts++
	again := t.interrupts > 1
	if !again {
		t.since = time.Now()
	}
	text := r.stillWaiting(t)
	r.mu.Unlock()
	t.cancel(errInterrupted)
	if again {
		r.Notice(text)
	}
}

func (r *REPL) stillWaiting(t *task) string {
	text := fmt.Sprintf("%s was interrupted %s ago and has not ended yet", t.name, time.Since(t.since).Round(100*time.Millisecond))
	if w, ok := r.o.Kernel.(waiting); ok {
		if where := w.Waiting(); where != "" {
			text += ": it waits in " + where
		}
	}
	return text
}
