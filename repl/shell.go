package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// shell runs `!command`: without standard input, its output on the screen,
// ended with its whole process group by Ctrl-C.
func (r *REPL) shell(ctx context.Context, command string) error {
	command = strings.TrimSpace(command)
	if command == "" {
		return errors.New("!: want a command behind it, like !ls")
	}
	var err error
	r.during(ctx, "!"+command, func(ctx context.Context) {
		c := exec.CommandContext(ctx, r.o.Shell[0], append(r.o.Shell[1:len(r.o.Shell):len(r.o.Shell)], command)...)
		c.Stdout, c.Stderr = screenWriter{r.scr}, screenWriter{r.errs}
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
		c.WaitDelay = time.Second // for a daemon that keeps the output open
		err = c.Run()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	})
	r.scr.freshLine()
	if err != nil && !errors.Is(err, errInterrupted) {
		return fmt.Errorf("!%s: %w", command, err)
	}
	return err
}

// editCommand opens an editor on a new cell, which begins with an old one.
func (r *REPL) editCommand(_ context.Context, args string, _ io.Writer) error {
	if r.term == nil {
		return errors.New(":edit: needs a terminal")
	}
	text := ""
	if args != "" {
		n, err := strconv.Atoi(args)
		if err != nil {
			return fmt.Errorf(":edit %s: want the number of a cell", args)
		}
		if text, err = r.cellText(n); err != nil {
			return err
		}
	} else if len(r.log) > 0 {
		text = r.log[len(r.log)-1].Code
	}
	text, err := r.editText(text)
	if err != nil {
		return err
	}
	r.term.initial = text
	return nil
}

func (r *REPL) cellText(n int) (string, error) {
	for _, c := range r.log {
		if c.N == n {
			return c.Code, nil
		}
	}
	return "", fmt.Errorf(":edit %d: no such cell in this session", n)
}

// editText lets the user change text in their editor, which has the terminal
// meanwhile.
func (r *REPL) editText(text string) (string, error) {
	dir, err := os.MkdirTemp("", "mesosbook-")
	if err != nil {
		return "", fmt.Errorf("edit cell: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "cell.go")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("edit cell: %w", err)
	}
	if err := r.runEditor(file); err != nil {
		return "", fmt.Errorf("edit cell with %s: %w; set EDITOR to another program", r.o.Editor, err)
	}
	changed, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("edit cell: %w", err)
	}
	return strings.TrimRight(cleanPaste(string(changed)), " \t\n"), nil
}

func (r *REPL) runEditor(file string) error {
	defer r.term.during(away)()
	defer r.release()()
	words := append(strings.Fields(r.o.Editor), file)
	c := exec.Command(words[0], words[1:]...)
	c.Stdin, c.Stdout, c.Stderr = r.o.In, r.o.Out, r.o.Out
	return c.Run()
}
