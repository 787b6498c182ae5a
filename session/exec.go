package session

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/tidwall/gjson"
)

// ExecOptions says what to run in a task's container. Command is required.
type ExecOptions struct {
	// Command is a line for /bin/sh when it has one element, else a program and
	// its arguments.
	Command []string
	// Stdin is the command's input up to its end. Nil attaches none: a command that
	// reads then waits until ctx ends. A Read that is under way when the command
	// ends is not waited for.
	Stdin io.Reader
	// Stdout and Stderr get what comes as it comes, from the goroutine of the call;
	// an error of theirs ends it. Nil discards.
	Stdout, Stderr io.Writer
}

// ExecResult is how a command in a container ended.
type ExecResult struct {
	Container string // id of the nested container that it ran in
	Code      int    // exit code; 128 and the signal, as a shell says it; -1 when the agent does not know
	Signal    int    // the signal that ended it; 0 for none
	DryRun    string // the curl command that was shown instead of being sent; else empty
}

// Exec runs a command beside the task, as "mesos task exec" does: in a container
// nested in the task's, with its environment and working directory
// (LAUNCH_NESTED_CONTAINER_SESSION, ATTACH_CONTAINER_INPUT and WAIT_CONTAINER of
// the operator HTTP API of Mesos 1.12). It returns when the command has ended and
// its output was read, whatever its exit code is. When ctx ends the connection is
// closed, and the agent kills the command.
func (t *Task) Exec(ctx context.Context, o ExecOptions) (ExecResult, error) {
	res, err := t.exec(ctx, o)
	if err != nil {
		err = fmt.Errorf("exec in task %s: %w", t.ID, err)
	}
	return res, t.s.failed(err)
}

func (t *Task) exec(ctx context.Context, o ExecOptions) (ExecResult, error) {
	if len(o.Command) == 0 || o.Command[0] == "" {
		return ExecResult{}, errors.New("no command; give a line for the shell, or a program and its arguments")
	}
	agent, err := t.runsOn()
	if err != nil {
		return ExecResult{}, err
	}
	parent, err := t.container(ctx, agent)
	if err != nil {
		return ExecResult{}, err
	}
	x := newExecution(t, o, parent)
	base, err := t.s.AgentURL(ctx, agent)
	if err != nil {
		return ExecResult{}, err
	}
	if a, guarded, err := t.s.guard(ctx, x.launch(base)); guarded {
		return ExecResult{DryRun: a.DryRun}, err
	}
	return x.run(ctx, agent)
}

// runsOn gives the agent of a task that runs.
func (t *Task) runsOn() (agent AgentID, err error) {
	state := t.State()
	switch agent = t.AgentID(); {
	case state.Terminal():
		return "", fmt.Errorf("it does not run any more (%s)", state)
	case state == TaskStaging || state == TaskStarting || agent == "":
		return "", fmt.Errorf("it does not run yet (%s); wait for TASK_RUNNING first", state)
	}
	return agent, nil
}

// container is the ContainerID of the task as JSON: that of its newest status with
// one, or what its agent lists for its executor.
func (t *Task) container(ctx context.Context, agent AgentID) (string, error) {
	updates := t.Updates()
	for i := len(updates) - 1; i >= 0; i-- {
		if id := updates[i].Get("update.status.container_status.container_id"); id.Get("value").Exists() {
			return id.Raw, nil
		}
	}
	var grouped bool
	t.locked(func() { grouped = t.grouped })
	if grouped { // the executor's container is not the task's
		return "", errors.New("no status of it names its container yet")
	}
	_, a, err := t.s.askAgent(ctx, agent, func(base string) (Answer, error) {
		return t.s.do(ctx, request{op: "operator GET_CONTAINERS", method: http.MethodPost, url: base + operatorPath,
			header: jsonHeader(), body: newCall("GET_CONTAINERS", nil).body, auto: true, long: true})
	})
	if err == nil {
		err = a.Err()
	}
	if err != nil {
		return "", agentError(agent, err)
	}
	executor, framework := string(t.ExecutorID()), string(t.s.FrameworkID())
	if executor == "" {
		executor = string(t.ID)
	}
	for _, c := range a.Get("get_containers.containers").Array() {
		if c.Get("executor_id.value").String() == executor && c.Get("framework_id.value").String() == framework {
			return c.Get("container_id").Raw, nil
		}
	}
	return "", fmt.Errorf("no status of it names its container, and agent %s lists none for it", agent)
}

// execution is one command in a container.
type execution struct {
	s    *Session
	task *Task
	opt  ExecOptions
	name string // value of the nested container's id
	id   string // that id as JSON
}

func newExecution(t *Task, o ExecOptions, parent string) *execution {
	name := "exec-" + strings.ToLower(rand.Text())
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	return &execution{s: t.s, task: t, opt: o, name: name, id: fmt.Sprintf(`{"value":%s,"parent":%s}`, quoted(name), parent)}
}

// launch is the call that runs the command.
func (x *execution) launch(base string) request {
	command := map[string]any{"value": x.opt.Command[0]}
	if len(x.opt.Command) > 1 {
		command = map[string]any{"shell": false, "value": x.opt.Command[0], "arguments": x.opt.Command}
	}
	header := jsonHeader()
	header.Set("Accept", "application/recordio")
	header.Set("Message-Accept", "application/json")
	return request{op: launchSession, method: http.MethodPost, url: base + operatorPath, header: header,
		body:    newCall(launchSession, map[string]any{"container_id": json.RawMessage(x.id), "command": command}).body,
		victims: []victim{{noun: "task", id: string(x.task.ID), framework: x.s.FrameworkID()}}}
}

const launchSession = "LAUNCH_NESTED_CONTAINER_SESSION"

// outcome asks the agent how the command ended.
func (x *execution) outcome(ctx context.Context, base string) (ExecResult, error) {
	a, err := x.s.do(ctx, request{op: "WAIT_CONTAINER", method: http.MethodPost, url: base + operatorPath, header: jsonHeader(), auto: true,
		body: newCall("WAIT_CONTAINER", map[string]any{"container_id": json.RawMessage(x.id)}).body})
	if err == nil {
		err = answerOfAgent(a)
	}
	return x.result(a.Get("wait_container.exit_status")), err
}

// result reads a raw wait status (agent.proto: Response.WaitContainer.exit_status).
func (x *execution) result(status gjson.Result) ExecResult {
	r := ExecResult{Container: x.name, Code: -1}
	if !status.Exists() {
		return r
	}
	r.Code = int(status.Int()>>8) & 0xff
	if r.Signal = int(status.Int() & 0x7f); r.Signal != 0 {
		r.Code = 128 + r.Signal
	}
	return r
}

// String is one line: "exit code 3", or which signal ended the command.
func (r ExecResult) String() string {
	switch {
	case r.DryRun != "":
		return "Not sent: " + r.DryRun
	case r.Code < 0:
		return "ended; the agent does not know its exit code"
	case r.Signal != 0:
		return fmt.Sprintf("ended by signal %d (%v)", r.Signal, syscall.Signal(r.Signal))
	}
	return fmt.Sprintf("exit code %d", r.Code)
}

// answerOfAgent is Answer.Err with hints for an agent's answers to calls on containers.
func answerOfAgent(a Answer) error {
	err := a.Err()
	var e *AnswerError
	if !errors.As(err, &e) {
		return err
	}
	switch page := strings.HasPrefix(e.Text, "<"); {
	case e.Status == http.StatusUnauthorized:
	case e.Status == http.StatusForbidden:
		e.Hint = "the principal may not do this: see the agent's ACLs"
	case e.Status == http.StatusNotImplemented:
		e.Hint = "this agent does not run commands in containers: Mesos 1.2 or newer does, in containers of the Mesos containerizer"
	case e.Status == http.StatusServiceUnavailable:
		e.Hint = "the agent is starting: try again"
	case e.Status == http.StatusNotFound && !page && strings.Contains(e.Text, "ontainer"):
		e.Hint = "the task's container is gone: has it just ended?"
	case e.Status == http.StatusNotFound || page:
		e.Hint = "is this a Mesos agent?"
	default:
		e.Hint = ""
	}
	return err
}

// agentError says that an agent does not answer where that is so.
func agentError(agent AgentID, err error) error {
	var op *net.OpError
	if isRefused(err) && errors.As(err, &op) {
		return fmt.Errorf("agent %s does not answer: %w; is it down?", agent, op)
	}
	return err
}
