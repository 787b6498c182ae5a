package agent

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeMaster is the master's end of an agent's connection: it gives the agent an
// id, keeps what it says, and acknowledges updates as long as ack is set.
type fakeMaster struct {
	t     *testing.T
	ack   bool
	mu    sync.Mutex
	conn  *link.Conn
	hello []*link.RegisterAgent
	news  chan link.Message // everything but acknowledged bookkeeping
	kept  []link.Message    // of news, not yet asked for
	done  sync.WaitGroup
}

func newFakeMaster(t *testing.T) *fakeMaster {
	return &fakeMaster{t: t, ack: true, news: make(chan link.Message, 1000)}
}

// dial is the agent's Options.Dial. The goroutine ends with the connection.
func (m *fakeMaster) dial(context.Context) (*link.Conn, error) {
	mine, theirs := link.Pipe()
	m.mu.Lock()
	m.conn = mine
	m.mu.Unlock()
	m.done.Go(func() {
		for {
			msg, err := mine.Receive(context.Background())
			if err != nil {
				return
			}
			m.take(mine, msg)
		}
	})
	return theirs, nil
}

func (m *fakeMaster) take(conn *link.Conn, msg link.Message) {
	switch msg := msg.(type) {
	case *link.RegisterAgent:
		m.mu.Lock()
		m.hello = append(m.hello, msg)
		m.mu.Unlock()
		_ = conn.Send(&link.Registered{AgentID: "m-S0", Again: msg.Info.Id != nil})
	case *link.StatusUpdate:
		m.mu.Lock()
		ack := m.ack
		m.mu.Unlock()
		if ack {
			m.acknowledge(msg)
		}
	}
	m.news <- msg
}

func (m *fakeMaster) acknowledge(u *link.StatusUpdate) {
	m.send(&link.Acknowledge{FrameworkID: u.FrameworkID, TaskID: u.Status.GetTaskId().GetValue(), UUID: u.Status.GetUuid()})
}

func (m *fakeMaster) send(msg link.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.conn.Send(msg)
}

func (m *fakeMaster) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn.Close()
}

// patience is a time that only a broken agent takes: waits end by an event.
const patience = 2 * time.Minute

// next gives the next message of type M; those of other types stay for later calls,
// but for registrations.
func next[M link.Message](t *testing.T, m *fakeMaster) M {
	t.Helper()
	for i, msg := range m.kept {
		if want, ok := msg.(M); ok {
			m.kept = slices.Delete(m.kept, i, i+1)
			return want
		}
	}
	late := time.After(patience)
	for {
		select {
		case msg := <-m.news:
			if want, ok := msg.(M); ok {
				return want
			}
			if _, hello := msg.(*link.RegisterAgent); !hello {
				m.kept = append(m.kept, msg)
			}
		case <-late:
			var want M
			t.Fatalf("no %T came", want)
		}
	}
}

// until collects the updates of a task up to the given state.
func (m *fakeMaster) until(t *testing.T, id string, state v1.TaskState) []*link.StatusUpdate {
	t.Helper()
	var all []*link.StatusUpdate
	for {
		u := next[*link.StatusUpdate](t, m)
		if u.Status.GetTaskId().GetValue() != id {
			continue
		}
		all = append(all, u)
		if got := u.Status.GetState(); got == state {
			return all
		} else if isTerminal(got) {
			t.Fatalf("task %s: got %s %q, want %s", id, got, u.Status.GetMessage(), state)
		}
	}
}

// agentInfo is the machine of the tutorial.
func agentInfo(t testing.TB) *v1.AgentInfo {
	t.Helper()
	list, err := resources.Parse("cpus:2;mem:496;disk:4930;ports:[9000-10000]")
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := resources.ParseAttributes("rack:r2d2;pod:demo,dev")
	if err != nil {
		t.Fatal(err)
	}
	return &v1.AgentInfo{Hostname: proto.String("127.0.0.1"), Port: proto.Int32(5051), Resources: list, Attributes: attributes}
}

// startAgent starts an agent with a fake master, both ended by the test.
func startAgent(t *testing.T, change ...func(*Options)) (*Agent, *fakeMaster) {
	t.Helper()
	m := newFakeMaster(t)
	opts := Options{Info: agentInfo(t), WorkDir: t.TempDir(), Dial: m.dial, Log: io.Discard, Linger: time.Millisecond, Startup: time.Microsecond}
	for _, c := range change {
		c(&opts)
	}
	if err := os.Chmod(opts.WorkDir, 0o755); err != nil {
		t.Fatal(err)
	}
	a, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		m.cut()
		m.done.Wait()
	})
	<-a.Registered()
	return a, m
}

const frameworkID = "m-0000"

func frameworkInfo(capabilities ...v1.FrameworkInfo_Capability_Type) *v1.FrameworkInfo {
	f := &v1.FrameworkInfo{User: proto.String("root"), Name: proto.String("test"), Id: &v1.FrameworkID{Value: proto.String(frameworkID)}}
	for _, c := range capabilities {
		f.Capabilities = append(f.Capabilities, &v1.FrameworkInfo_Capability{Type: c.Enum()})
	}
	return f
}

func taskInfo(id, command string, change ...func(*v1.TaskInfo)) *v1.TaskInfo {
	role := &v1.Resource_AllocationInfo{Role: proto.String("*")}
	info := &v1.TaskInfo{
		Name: proto.String("task " + id), TaskId: &v1.TaskID{Value: proto.String(id)}, AgentId: &v1.AgentID{Value: proto.String("m-S0")},
		Command: &v1.CommandInfo{Value: proto.String(command)},
		Resources: []*v1.Resource{
			{Name: proto.String("cpus"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(0.1)}, AllocationInfo: role},
			{Name: proto.String("mem"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(32)}, AllocationInfo: role},
		},
	}
	for _, c := range change {
		c(info)
	}
	return info
}

func (m *fakeMaster) run(task *v1.TaskInfo, capabilities ...v1.FrameworkInfo_Capability_Type) {
	m.send(&link.Run{Framework: frameworkInfo(capabilities...), Tasks: []*v1.TaskInfo{task}})
}

// sandboxOf is the only sandbox of a task.
func sandboxOf(a *Agent, task string) string {
	return filepath.Join(a.opts.WorkDir, "slaves", a.ID(), "frameworks", frameworkID, "executors", task, "runs", "latest")
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func statesOf(updates []*link.StatusUpdate) string {
	var s []string
	for _, u := range updates {
		s = append(s, strings.TrimPrefix(u.Status.GetState().String(), "TASK_"))
	}
	return strings.Join(s, " ")
}

func TestCommandEnds(t *testing.T) {
	_, m := startAgent(t)
	shell := func(c *v1.CommandInfo) func(*v1.TaskInfo) { return func(t *v1.TaskInfo) { t.Command = c } }
	for _, c := range []struct {
		id, command string
		change      func(*v1.TaskInfo)
		end         v1.TaskState
		message     string
	}{
		{"ok", "exit 0", nil, v1.TaskState_TASK_FINISHED, "Command exited with status 0"},
		{"bad", "exit 3", nil, v1.TaskState_TASK_FAILED, "Command exited with status 3"},
		{"sig", "kill -9 $$", nil, v1.TaskState_TASK_FAILED, "Command terminated with signal Killed"},
		{"segv", "ulimit -c 0; kill -SEGV $$", nil, v1.TaskState_TASK_FAILED, "Command terminated with signal Segmentation fault"},
		{"abort", "ulimit -c 0; kill -ABRT $$", nil, v1.TaskState_TASK_FAILED, "Command terminated with signal Aborted"},
		{"hup", "kill -HUP $$", nil, v1.TaskState_TASK_FAILED, "Command terminated with signal Hangup"},
		{"nocmd", "/no/such/program", nil, v1.TaskState_TASK_FAILED, "Command exited with status 127"},
		{"argv", "", shell(argv("echo", "a b", "c")), v1.TaskState_TASK_FINISHED, "Command exited with status 0"},
		{"argvbad", "", shell(argv("/no/such/program")), v1.TaskState_TASK_FAILED, "Command exited with status 1"},
	} {
		change := []func(*v1.TaskInfo){}
		if c.change != nil {
			change = append(change, c.change)
		}
		m.run(taskInfo(c.id, c.command, change...))
		all := m.until(t, c.id, c.end)
		if got, want := statesOf(all), "STARTING RUNNING "+strings.TrimPrefix(c.end.String(), "TASK_"); got != want {
			t.Errorf("%s: states %s, want %s", c.id, got, want)
		}
		last := all[len(all)-1].Status
		if last.GetMessage() != c.message || last.GetSource() != v1.TaskStatus_SOURCE_EXECUTOR || last.Reason != nil {
			t.Errorf("%s: got %v, want message %q from the executor without a reason", c.id, last, c.message)
		}
		for _, u := range all {
			s := u.Status
			if s.GetExecutorId().GetValue() != c.id || s.GetAgentId().GetValue() != "m-S0" || len(s.Uuid) != 16 ||
				s.GetContainerStatus().GetExecutorPid() == 0 || s.GetContainerStatus().GetNetworkInfos()[0].GetIpAddresses()[0].GetIpAddress() != "127.0.0.1" {
				t.Errorf("%s: incomplete status %v", c.id, s)
			}
		}
	}
}

func TestSandbox(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("files", "echo out; echo err >&2; mkdir d; pwd > where; env > env.txt", func(t *v1.TaskInfo) {
		t.Command.Environment = &v1.Environment{Variables: []*v1.Environment_Variable{{Name: proto.String("MINE"), Value: proto.String("x y")}}}
	}))
	m.until(t, "files", v1.TaskState_TASK_FINISHED)
	dir := sandboxOf(a, "files")
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "stdout"); got != "out\n" {
		t.Errorf("stdout %q", got)
	}
	if got := read(t, dir, "where"); got != real+"\n" {
		t.Errorf("working directory %q, want %q", got, real)
	}
	env := strings.Split(strings.TrimSpace(read(t, dir, "env.txt")), "\n")
	slices.Sort(env)
	want := []string{"LIBPROCESS_IP=127.0.0.1", "LIBPROCESS_PORT=0", "MESOS_AGENT_ENDPOINT=127.0.0.1:5051", "MESOS_ALLOCATION_ROLE=*",
		"MESOS_CHECKPOINT=0", "MESOS_DIRECTORY=" + real, "MESOS_EXECUTOR_ID=files", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=5secs",
		"MESOS_FRAMEWORK_ID=" + frameworkID, "MESOS_HTTP_COMMAND_EXECUTOR=0", "MESOS_SANDBOX=" + real, "MESOS_SLAVE_ID=m-S0",
		"MESOS_SLAVE_PID=slave(1)@127.0.0.1:5051", "MINE=x y", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PWD=" + real}
	if !slices.Equal(env, want) {
		t.Errorf("environment\n%s\nwant\n%s", strings.Join(env, "\n"), strings.Join(want, "\n"))
	}
	var texts []string
	for line := range strings.Lines(read(t, dir, "stderr")) {
		if _, text, ok := strings.Cut(line, "] "); ok {
			line = text
		}
		texts = append(texts, strings.TrimRight(strings.TrimRight(line, "\n"), "0123456789"))
	}
	if got, want := strings.Join(texts[:8], "\n"), `Version: 1.12.
Executor registered on agent m-S
Received SUBSCRIBED event
Subscribed executor on 127.0.0.
Received LAUNCH event
Starting task files
Forked command at 
err`; got != want {
		t.Errorf("stderr\n%s\nwant\n%s", got, want)
	}
}
