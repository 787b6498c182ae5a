package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"mesosbook/kernel"
)

// Kernel is what the terminal needs of the engine that runs cells.
type Kernel interface {
	// Run evaluates one cell and returns when it has ended or was abandoned
	// after ctx ended.
	Run(ctx context.Context, code string) kernel.Result
	// Completeness tells whether code can be run as it stands.
	Completeness(code string) kernel.Completeness
	// Complete lists the candidates at byte offset cursor of code and the
	// offset at which the word to be replaced begins.
	Complete(code string, cursor int) (candidates []kernel.Completion, start int)
	// Signature gives the function whose arguments the cursor is in, its type
	// as Type; ok is false outside of a call.
	Signature(code string, cursor int) (d kernel.Description, arg int, ok bool)
	// Describe tells what a name or an expression is.
	Describe(expr string) (kernel.Description, error)
	// Names lists the live names of the session.
	Names() []kernel.Description
}

// Topic is one page of help.
type Topic struct {
	Group   string // heading it is listed under
	Name    string // what `:help NAME` takes
	Summary string // one line
}

// Command is a ':' command.
type Command struct {
	Name    string // without the colon
	Args    string // how its arguments are written, for help: "[-g TEXT]"; may be empty
	Summary string // one line
	// Run executes it; what it writes to out appears on the terminal. An error
	// is shown as one line. ctx ends with Ctrl-C.
	Run func(ctx context.Context, args string, out io.Writer) error
	// Complete lists whole arguments that begin with prefix; may be nil.
	Complete func(prefix string) []string
}

// Options configures a REPL. Kernel, In and Out are required.
type Options struct {
	Kernel Kernel
	In     io.Reader
	Out    io.Writer
	Err    io.Writer // errors and the cells' standard error when not on a terminal; nil is Out

	Terminal bool // In and Out are a terminal
	Dumb     bool // the terminal understands no escape sequence (TERM=dumb)
	Color    bool // colour may be used
	Light    bool // the window is light, as far as is known; the terminal is asked as well

	HistoryFile string // what was typed in earlier sessions, created with mode 0600; empty keeps none
	Banner      string // shown once at the start, on a terminal only

	Help       func(topic string) (text string, ok bool) // the text of a help page; may be nil
	HelpTopics func() []Topic                            // all pages; may be nil
	Status     func() string                             // a few words for the terminal's title; may be nil
	Commands   []Command                                 // ':' commands beside the built-in ones

	// Unsent counts the calls that were shown instead of sent so far. A cell
	// during which it grows is left out of :save; may be nil.
	Unsent func() int

	CellTimeout time.Duration // bound on each cell; 0 is none
	Cells       int           // execution count of the last cell that ran before Run
	// Size gives the terminal's columns and rows; nil asks the terminal behind
	// Out. Zero or negative values count as 80 and 24.
	Size func() (columns, rows int)
	// Shell runs `!command`: the program and its arguments before the command
	// text. Nil is /bin/sh -c.
	Shell []string
	// Editor is the program of `:edit` with its arguments, as $EDITOR holds it.
	// Empty is vi.
	Editor string
}

func (o Options) withDefaults() (Options, error) {
	if o.Kernel == nil || o.In == nil || o.Out == nil {
		return o, errors.New("repl: Kernel, In and Out are required")
	}
	if o.CellTimeout < 0 {
		return o, fmt.Errorf("repl: cell timeout %v is negative", o.CellTimeout)
	}
	if o.Err == nil {
		o.Err = o.Out
	}
	if o.Terminal {
		o.Err = o.Out // one screen, one writer
	} else {
		o.Dumb, o.Color = false, false
	}
	if o.Dumb {
		o.Color = false
	}
	if o.Unsent == nil {
		o.Unsent = func() int { return 0 }
	}
	if o.Size == nil {
		o.Size = func() (int, int) { return terminalSize(o.Out) }
	}
	if len(o.Shell) == 0 {
		o.Shell = []string{"/bin/sh", "-c"}
	}
	if o.Editor == "" {
		o.Editor = "vi"
	}
	return o, nil
}

func terminalSize(out io.Writer) (columns, rows int) {
	if f, ok := out.(*os.File); ok {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil {
			return w, h
		}
	}
	return 0, 0
}
