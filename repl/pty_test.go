package repl

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// TestPTY drives a whole session through a pseudo terminal: the modes of the
// terminal, its size, the waiter, an editor that takes the terminal.
func TestPTY(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 8, Cols: 40}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(slave.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	editor := t.TempDir() + "/editor"
	script := "#!/bin/sh\nprintf 'editing> '\nread line\nprintf 'show %s' \"$line\" >\"$1\"\n"
	if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := &console{T: t, term: newFakeTerminal(40, 8), kernel: &fakeKernel{}, done: make(chan error, 1)}
	c.repl, err = New(Options{Kernel: c.kernel, In: slave, Out: slave, Terminal: true, Editor: editor, Banner: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	c.kernel.output = c.repl.Output
	var copying sync.WaitGroup
	copying.Go(func() { io.Copy(c.term, master) })
	defer master.Close()
	defer copying.Wait()
	defer slave.Close() // which ends the copying
	keys := func(s string) {
		if _, err := master.WriteString(s); err != nil {
			t.Error(err)
		}
	}
	keys("print early\r") // in the terminal's own mode: its Enter is a newline, which must run the cell all the same
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { c.done <- c.repl.Run(ctx) }()

	c.shows("[1] print early\nearly\n[2] ▏")
	keys("\x0c")
	c.sees("[2] ▏")
	keys("f(\rprint 世界\n\x1b[D\x1b[1~)")
	c.sees("[2] f(\n...     print 世界\n... )▏")
	keys("\x03")
	c.shows("^C\n[2] ▏")
	keys("\x0c:edit\r")
	c.shows("[2] :edit\nediting> ▏")
	keys("from the editor\n")
	c.shows("[2] show from the editor▏")
	keys("\r")
	c.shows("from the editor\n[3] ▏")
	pty.Setsize(master, &pty.Winsize{Rows: 8, Cols: 20})
	unix.Kill(os.Getpid(), unix.SIGWINCH)
	keys("\x0ca" + strings.Repeat("b", 19))
	c.sees("[3] abbbbbbbbbbbbbbb\nbbbb▏")
	keys("\x03\x04")
	if err := c.ended(); err != nil {
		t.Error(err)
	}
	after, err := term.GetState(int(slave.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal is left in another mode: %v %v", after, err)
	}
}
