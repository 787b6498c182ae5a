package names

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"mesosbook/session"
)

// maxExecOutput is how much of a command's stdout, and of its stderr, is kept, in bytes.
const maxExecOutput = 1 << 20

// Exec is a command that Task.Exec has run beside a task.
type Exec struct {
	Code int // exit code; 128 and the signal that ended it; -1 when nobody knows

	result         session.ExecResult
	stdout, stderr bounded
}

// Stdout is what the command wrote to its stdout, at most the first 1 MiB.
func (e *Exec) Stdout() string { return e.stdout.text() }

// Stderr is what the command wrote to its stderr, at most the first 1 MiB.
func (e *Exec) Stderr() string { return e.stderr.text() }

// OK tells whether the command was run and its exit code is 0.
func (e *Exec) OK() bool { return e.Code == 0 && e.result.DryRun == "" }

// String is stdout, stderr and, unless it is 0, the exit code.
func (e *Exec) String() string {
	if e.result.DryRun != "" {
		return e.result.String()
	}
	var parts []string
	for _, part := range []string{e.stdout.shown("stdout"), e.stderr.shown("stderr")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if e.Code != 0 || len(parts) == 0 {
		parts = append(parts, e.result.String())
	}
	return strings.Join(parts, "\n")
}

// bounded keeps the first bytes of an output and counts the rest.
type bounded struct {
	kept []byte
	cut  int64 // bytes that were not kept
}

// Write takes all and keeps what there is room for.
func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), maxExecOutput-len(b.kept))
	b.kept = append(b.kept, p[:n]...)
	b.cut += int64(len(p) - n)
	return len(p), nil
}

func (b *bounded) text() string { return strings.ToValidUTF8(string(b.kept), "\uFFFD") }

// shown is the text with a word about what was cut off.
func (b *bounded) shown(name string) string {
	text := strings.TrimRight(b.text(), "\n")
	if b.cut > 0 {
		text += fmt.Sprintf("\n(%s goes on for %d bytes that were not kept)", name, b.cut)
	}
	return text
}

// Exec runs a command beside the task and waits for its end: one text is a line
// for the shell, several are a program and its arguments. A duration bounds the
// wait, an io.Reader is the input.
func (t *Task) Exec(args ...any) *Exec {
	const op = "Task.Exec"
	o, within, err := execArgs(args)
	if err != nil {
		fail(op, err)
	}
	task, e := t.live(op), &Exec{}
	o.Stdout, o.Stderr = &e.stdout, &e.stderr
	ctx, cancel := t.set.context(within)
	defer cancel()
	if e.result, err = task.Exec(ctx, o); err != nil {
		if said := e.soFar(); said != "" {
			fmt.Fprintln(t.set.o.Out, said)
		}
		fail(op, err)
	}
	e.Code = e.result.Code
	return e
}

// soFar is the output of a command that did not come to its end.
func (e *Exec) soFar() string {
	return strings.Trim(e.stdout.shown("stdout")+"\n"+e.stderr.shown("stderr"), "\n")
}

// execArgs sorts the arguments of Exec.
func execArgs(args []any) (o session.ExecOptions, within time.Duration, err error) {
	for _, arg := range args {
		switch v := arg.(type) {
		case time.Duration:
			if within != 0 {
				return o, 0, one("time-out")
			}
			within = v
			continue
		case io.Reader:
			if o.Stdin != nil {
				return o, 0, one("input")
			}
			o.Stdin = v
			continue
		case []string:
			o.Command = append(o.Command, v...)
			continue
		}
		word, ok := text(arg)
		if n, isNumber := number(arg); isNumber {
			word, ok = fmt.Sprint(n), true
		}
		if !ok {
			return o, 0, unknown(arg, `a line for the shell such as "ls -l", or a program and its arguments; a time-out such as 10*time.Second; an io.Reader as input`)
		}
		o.Command = append(o.Command, word)
	}
	if len(o.Command) == 0 {
		err = errors.New(`wants a command: a line for the shell such as "ls -l", or a program and its arguments`)
	}
	return o, within, err
}
