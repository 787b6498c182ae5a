package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"
)

// execute runs a command beside a task and gives what it wrote.
func (p *pair) execute(t *session.Task, in io.Reader, command ...string) (r session.ExecResult, stdout, stderr string) {
	p.Helper()
	var out, errs bytes.Buffer
	r, err := t.Exec(p.ctx, session.ExecOptions{Command: command, Stdin: in, Stdout: &out, Stderr: &errs})
	if err != nil {
		p.Fatal(err)
	}
	return r, out.String(), errs.String()
}

func TestExecInATask(t *testing.T) {
	p := newPair(t, cluster.Options{})
	p.subscribe()
	task := p.launch("t1", "echo from the task; exec sleep 1000")
	p.wait(task, session.TaskRunning)

	r, out, errs := p.execute(task, nil, "cat stdout; echo bad >&2; exit 3")
	if !strings.Contains(out, "from the task\n") || errs != "bad\n" || r.Code != 3 || r.Signal != 0 {
		t.Errorf("got %q, %q and %v", out, errs, r)
	}
	if r, out, _ = p.execute(task, nil, "/bin/echo", "a  b", "$HOME"); out != "a  b $HOME\n" || r.Code != 0 {
		t.Errorf("arguments: got %q and %v", out, r)
	}
	if r, _, _ = p.execute(task, nil, "kill -9 $$"); r.Signal != 9 || r.Code != 137 {
		t.Errorf("a signal: got %v", r)
	}
	large := strings.Repeat("0123456789abcde\n", 100_000)
	if r, out, _ = p.execute(task, strings.NewReader(large), "cat; exit 4"); out != large || r.Code != 4 {
		t.Errorf("input: %d of %d bytes came back, %v", len(out), len(large), r)
	}
	if r, _, _ = p.execute(task, strings.NewReader(large), "true"); r.Code != 0 {
		t.Errorf("input that nobody reads: %v", r)
	}
}

// lines gives each chunk that is written to a channel.
type lines chan string

func (l lines) Write(b []byte) (int, error) { l <- string(b); return len(b), nil }

// The command does not outlive the context of the call.
func TestExecEndsWithItsContext(t *testing.T) {
	p := newPair(t, cluster.Options{})
	p.subscribe()
	task := p.launch("t1", "exec sleep 1000")
	p.wait(task, session.TaskRunning)
	ctx, cancel := context.WithCancelCause(p.ctx)
	out, done, interrupted := make(lines, 10), make(chan error, 1), errors.New("interrupted")
	go func() {
		_, err := task.Exec(ctx, session.ExecOptions{Command: []string{"echo $$; exec sleep 1000"}, Stdout: out})
		done <- err
	}()
	pid, err := strconv.Atoi(strings.TrimSpace(<-out))
	if err != nil {
		t.Fatal(err)
	}
	cancel(interrupted)
	if err := <-done; !errors.Is(err, interrupted) || !strings.HasPrefix(err.Error(), "exec in task t1: ") {
		t.Errorf("got %v", err)
	}
	for alive(pid) {
		select {
		case <-p.ctx.Done():
			t.Fatalf("process %d lives on", pid)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if task.State() != session.TaskRunning {
		t.Errorf("the task is %s", task.State())
	}
}

// alive is false for a process that has ended, whether or not its parent knows.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
