package names

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mesosbook/session"
)

func (s *Set) taskNames() map[string]any {
	return map[string]any{
		"launch":    s.launch,
		"tasks":     s.tasks,
		"task":      s.task,
		"kill_task": s.killTask,
		"reconcile": s.reconcile,
	}
}

// Task is one task of the framework; it stays valid after its end. Its methods
// wait under the running cell and panic as helpers do.
type Task struct {
	ID string

	set  *Set
	task *session.Task
}

func (s *Set) handle(t *session.Task) *Task { return &Task{string(t.ID), s, t} }

// live is the session's task; a Task that a cell made by itself has none.
func (t *Task) live(op string) *session.Task {
	if t == nil || t.task == nil {
		fail(op, errors.New("this Task stands for no task; launch and task(id) give one that does"))
	}
	return t.task
}

// Name is the name in its TaskInfo.
func (t *Task) Name() string { return t.live("Task.Name").Name() }

// State is that of the last update, such as TASK_RUNNING; TASK_STAGING before.
func (t *Task) State() string { return string(t.live("Task.State").State()) }

// Message is that of the last update; may be empty.
func (t *Task) Message() string { return t.live("Task.Message").Message() }

// Agent is the id of the agent that runs the task; empty while unknown.
func (t *Task) Agent() string { return string(t.live("Task.Agent").AgentID()) }

// Executor is the id of the task's executor; the task's own id for a command task.
func (t *Task) Executor() string { return string(t.live("Task.Executor").ExecutorID()) }

// Updates lists the status updates that came, oldest first.
func (t *Task) Updates() Events { return t.live("Task.Updates").Updates() }

// URL is where the agent shows the task's sandbox; empty while unknown.
func (t *Task) URL() string { return t.live("Task.URL").URL() }

// JSON is the TaskInfo it was launched with, or null.
func (t *Task) JSON() []byte {
	if info := t.live("Task.JSON").Info(); info != nil {
		return info
	}
	return []byte("null")
}

// String is one line: id, state, agent, message.
func (t *Task) String() string {
	if t == nil || t.task == nil {
		return "no task"
	}
	return t.task.String()
}

// Wait waits until the task has been in one of the states, given with or
// without "TASK_"; without a state, until it has ended. A duration bounds the
// wait. It gives the task itself.
func (t *Task) Wait(args ...any) *Task {
	const op = "Task.Wait"
	var states []session.TaskState
	var within time.Duration
	for _, arg := range args {
		name, isText := text(arg)
		if d, err := duration(arg); err == nil {
			within = d
			continue
		}
		if !isText {
			fail(op, unknown(arg, "states such as \"TASK_RUNNING\" and a time-out such as 10*time.Second"))
		}
		state, err := taskState(name)
		if err != nil {
			fail(op, err)
		}
		states = append(states, state)
	}
	task := t.live(op)
	ctx, cancel := t.set.context(within)
	defer cancel()
	if err := task.Wait(ctx, states...); err != nil {
		fail(op, err)
	}
	return t
}

// Kill asks the master to end the task; grace is the time between SIGTERM and
// SIGKILL where the task's own is not wanted. The end comes as an update.
func (t *Task) Kill(grace ...any) session.Answer {
	return t.set.kill("Task.Kill", t.live("Task.Kill"), grace)
}

// Stdout is the whole of the sandbox's file stdout.
func (t *Task) Stdout() string {
	return inSandbox(t, "Task.Stdout", (*session.Task).Stdout)
}

// Stderr is the whole of the sandbox's file stderr.
func (t *Task) Stderr() string {
	return inSandbox(t, "Task.Stderr", (*session.Task).Stderr)
}

// ReadFile is the whole of a file of the sandbox.
func (t *Task) ReadFile(name string) string {
	return inSandbox(t, "Task.ReadFile", func(task *session.Task, ctx context.Context) (string, error) {
		data, err := task.ReadFile(ctx, name)
		return string(data), err
	})
}

// SaveFile writes a file of the sandbox, of any size, to a file here, which it makes
// or overwrites, and gives the number of bytes. It takes as long as something comes.
func (t *Task) SaveFile(name, file string) int64 {
	const op, noLimit = "Task.SaveFile", 365 * 24 * time.Hour
	task := t.live(op)
	return with(t.set, op, noLimit, func(ctx context.Context, _ *session.Session) (n int64, err error) {
		f, err := os.Create(file)
		if err != nil {
			return 0, err
		}
		if err = task.CopyFile(ctx, f, name); err == nil {
			n, err = f.Seek(0, io.SeekCurrent)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(file)
		}
		return n, err
	})
}

// Sandbox lists the task's sandbox, or a folder in it.
func (t *Task) Sandbox(dir ...string) Files {
	return inSandbox(t, "Task.Sandbox", func(task *session.Task, ctx context.Context) (Files, error) {
		files, err := task.Sandbox(ctx, dir...)
		return files, err
	})
}

func inSandbox[T any](t *Task, op string, f func(*session.Task, context.Context) (T, error)) T {
	task := t.live(op)
	return with(t.set, op, 0, func(ctx context.Context, _ *session.Session) (T, error) { return f(task, ctx) })
}

// pollSandbox is how often WaitOutput looks: the files API of Mesos has no way
// to wait (its web UI polls each second).
const pollSandbox = 200 * time.Millisecond

// WaitOutput waits until the task's stdout has this text and gives the line
// with it. It fails when the task ends without.
func (t *Task) WaitOutput(part string, timeout ...any) string {
	const op = "Task.WaitOutput"
	within, err := timeoutOf(timeout)
	if err != nil {
		fail(op, err)
	}
	task := t.live(op)
	return with(t.set, op, within, func(ctx context.Context, _ *session.Session) (string, error) {
		for {
			ended := task.State().Terminal()
			out, err := task.Stdout(ctx)
			for line := range strings.Lines(out) {
				if strings.Contains(line, part) {
					return strings.TrimRight(line, "\r\n"), nil
				}
			}
			if ended {
				return "", fmt.Errorf("%q did not come: %s", part, task)
			}
			select {
			case <-ctx.Done():
				if err != nil {
					return "", err
				}
				return "", fmt.Errorf("%q did not come: %w", part, context.Cause(ctx))
			case <-time.After(pollSandbox):
			}
		}
	})
}

func timeoutOf(args []any) (time.Duration, error) {
	switch len(args) {
	case 0:
		return 0, nil
	case 1:
		return duration(args[0])
	}
	return 0, one("time-out")
}

// Tasks is a list of tasks that shows as a table.
type Tasks []*Task

// Table gives the columns of the tasks.
func (ts Tasks) Table() (header []string, rows [][]string) {
	for _, t := range ts {
		agent := t.Agent()
		rows = append(rows, []string{t.ID, t.Name(), t.State(), agent[strings.LastIndex(agent, "-")+1:], t.Message()})
	}
	return []string{"TASK", "NAME", "STATE", "AGENT", "MESSAGE"}, rows
}

// String is the table.
func (ts Tasks) String() string {
	header, rows := ts.Table()
	return table(header, rows, "no tasks")
}

// JSON is the array of the TaskInfos.
func (ts Tasks) JSON() []byte {
	var parts [][]byte
	for _, t := range ts {
		parts = append(parts, t.JSON())
	}
	return jsonArray(parts)
}

// Files is a listing of a sandbox that shows as a table.
type Files []session.File

// Table gives the columns of the listing; sizes are bytes.
func (fs Files) Table() (header []string, rows [][]string) {
	for _, f := range fs {
		rows = append(rows, []string{f.Mode, fmt.Sprint(f.Size), f.Name})
	}
	return []string{"MODE", "SIZE", "NAME"}, rows
}

// String is the table.
func (fs Files) String() string {
	header, rows := fs.Table()
	return table(header, rows, "the sandbox is empty")
}

func (s *Set) tasks() Tasks {
	var list Tasks
	for _, t := range s.now("tasks").Tasks() {
		list = append(list, s.handle(t))
	}
	return list
}

func (s *Set) task(id any) *Task {
	t, err := s.find(s.now("task"), id)
	if err != nil {
		fail("task", err)
	}
	return s.handle(t)
}

// find gives the session's task with an id of any string type, or of a Task.
func (s *Set) find(live *session.Session, id any) (*session.Task, error) {
	if t, ok := id.(*Task); ok && t != nil && t.task != nil {
		return t.task, nil
	}
	name, ok := text(id)
	if n, isNumber := number(id); isNumber {
		name, ok = fmt.Sprint(n), true
	}
	if !ok {
		return nil, unknown(id, "a task or its id")
	}
	if t, known := live.Task(session.TaskID(name)); known {
		return t, nil
	}
	var ids []string
	for _, t := range live.Tasks() {
		ids = append(ids, string(t.ID))
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no task %q is known: this session has launched none; reconcile() asks for the framework's tasks", name)
	}
	return nil, fmt.Errorf("no task %q is known (known: %s); reconcile() asks for the framework's tasks", name, strings.Join(ids, ", "))
}

func (s *Set) killTask(id any, grace ...any) session.Answer {
	const op = "kill_task"
	t, err := s.find(s.now(op), id)
	if err != nil {
		fail(op, err)
	}
	return s.kill(op, t, grace)
}

func (s *Set) kill(op string, t *session.Task, grace []any) session.Answer {
	wait, err := timeoutOf(grace)
	if err != nil {
		fail(op, err)
	}
	return s.accepted(op, func(ctx context.Context, _ *session.Session) (session.Answer, error) { return t.Kill(ctx, wait) })
}

func (s *Set) reconcile(ids ...any) session.Answer {
	const op = "reconcile"
	var tasks []session.TaskID
	for _, id := range ids {
		switch v := id.(type) {
		case *Task:
			tasks = append(tasks, session.TaskID(v.ID))
		case Tasks:
			for _, t := range v {
				tasks = append(tasks, session.TaskID(t.ID))
			}
		default:
			name, ok := text(id)
			if !ok {
				fail(op, unknown(id, "tasks or their ids; nothing for all"))
			}
			tasks = append(tasks, session.TaskID(name))
		}
	}
	return s.accepted(op, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		return live.Reconcile(ctx, tasks...)
	})
}
