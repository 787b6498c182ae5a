package agent

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// again starts an agent on the work directory of a former one, which has ended.
func again(t *testing.T, dir string, change ...func(*Options)) (*Agent, *fakeMaster) {
	t.Helper()
	return startAgent(t, append([]func(*Options){func(o *Options) { o.WorkDir = dir }}, change...)...)
}

func checkpointing(capabilities ...v1.FrameworkInfo_Capability_Type) *v1.FrameworkInfo {
	f := frameworkInfo(capabilities...)
	f.Checkpoint = proto.Bool(true)
	return f
}

// hold keeps the fake master from acknowledging.
func (m *fakeMaster) hold() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ack = false
}

// lastHello is the latest registration.
func (m *fakeMaster) lastHello() *link.RegisterAgent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hello[len(m.hello)-1]
}

func TestTasksOfCheckpointingFrameworksAreRecovered(t *testing.T) {
	a, m := startAgent(t)
	dir := a.opts.WorkDir
	launch := func(f *v1.FrameworkInfo, task *v1.TaskInfo) {
		m.send(&link.Run{Framework: f, Tasks: []*v1.TaskInfo{task}})
	}
	other := checkpointing()
	other.Id = &v1.FrameworkID{Value: proto.String("m-0001")}
	other.Checkpoint = nil
	launch(checkpointing(), taskInfo("done", "echo kept; exit 0"))
	m.until(t, "done", v1.TaskState_TASK_FINISHED)
	launch(checkpointing(), taskInfo("runs", "exec sleep 1000"))
	m.until(t, "runs", v1.TaskState_TASK_RUNNING)
	launch(other, taskInfo("plain", "exec sleep 1000"))
	m.until(t, "plain", v1.TaskState_TASK_RUNNING)
	m.hold()
	launch(checkpointing(), taskInfo("unheard", "exit 3"))
	first := m.until(t, "unheard", v1.TaskState_TASK_STARTING)[0].Status
	eventually(t, "end of the task", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.streams.pending(taskKey{frameworkID, "unheard"})) == 3
	})
	id := a.ID()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	b, m := again(t, dir)
	hello := m.lastHello()
	if b.ID() != id || hello.Info.GetId().GetValue() != id {
		t.Fatalf("the id was %s and is %s", id, b.ID())
	}
	var told []string
	for _, task := range hello.Tasks {
		told = append(told, task.Info.GetTaskId().GetValue()+" "+task.State.String())
	}
	slices.Sort(told)
	if got := strings.Join(told, ", "); got != "runs TASK_FAILED, unheard TASK_FAILED" {
		t.Errorf("tasks of the registration: %s", got)
	}
	lost := false
	var unheard []*link.StatusUpdate
	for !lost || len(unheard) < 3 {
		u := next[*link.StatusUpdate](t, m)
		switch s := u.Status; s.GetTaskId().GetValue() {
		case "runs":
			lost = true
			if s.GetState() != v1.TaskState_TASK_FAILED || s.GetReason() != v1.TaskStatus_REASON_EXECUTOR_TERMINATED || s.GetMessage() != "Executor terminated" ||
				s.GetSource() != v1.TaskStatus_SOURCE_AGENT {
				t.Errorf("the task that ran: %v", s)
			}
		case "unheard":
			unheard = append(unheard, u)
		default:
			t.Errorf("an update of %s", s.GetTaskId().GetValue())
		}
	}
	if got := statesOf(unheard); got != "STARTING RUNNING FAILED" || !bytes.Equal(unheard[0].Status.GetUuid(), first.GetUuid()) ||
		unheard[2].Status.GetMessage() != "Command exited with status 3" {
		t.Errorf("the updates that nobody had acknowledged: %s %v", got, unheard[2].Status)
	}
	w := ask(b, "GET", "/files/read?offset=0&path=/frameworks/"+frameworkID+"/executors/done/runs/latest/stdout", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "kept") {
		t.Errorf("the sandbox of before: %d %s", w.Code, w.Body)
	}
	if state := ask(b, "GET", "/state", "").Body.String(); !strings.Contains(state, `"id":"done"`) || strings.Contains(state, `"id":"plain"`) {
		t.Errorf("state: %s", state)
	}
	eventually(t, "acknowledgements", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.frameworks) == 0
	})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	// A third start finds nothing left to tell, and the same history.
	c, m := again(t, dir)
	if hello := m.lastHello(); len(hello.Tasks) != 0 || hello.Info.GetId().GetValue() != id {
		t.Errorf("tasks of the third registration: %v", hello.Tasks)
	}
	if state := ask(c, "GET", "/state", "").Body.String(); !strings.Contains(state, `"id":"done"`) || !strings.Contains(state, `"id":"unheard"`) {
		t.Errorf("third state: %s", state)
	}
}

func TestFrameworksTornDownStayGone(t *testing.T) {
	a, m := startAgent(t)
	m.send(&link.Run{Framework: checkpointing(), Tasks: []*v1.TaskInfo{taskInfo("t", "exec sleep 1000")}})
	m.until(t, "t", v1.TaskState_TASK_RUNNING)
	m.send(&link.ShutdownFramework{FrameworkID: frameworkID})
	eventually(t, "teardown", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.frameworks) == 0
	})
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b, m := again(t, a.opts.WorkDir)
		if h := m.lastHello(); len(h.Tasks)+len(h.Frameworks) != 0 {
			t.Errorf("registered with %v %v", h.Tasks, h.Frameworks)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// An agent that has left in good order does not speak of its tasks again: the
// master has told that they are lost.
func TestTasksOfAnAgentThatLeftAreOver(t *testing.T) {
	a, m := startAgent(t)
	m.send(&link.Run{Framework: checkpointing(), Tasks: []*v1.TaskInfo{taskInfo("t", "exec sleep 1000")}})
	m.until(t, "t", v1.TaskState_TASK_RUNNING)
	a.Leave()
	next[*link.UnregisterAgent](t, m)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	b, m := again(t, a.opts.WorkDir)
	if h := m.lastHello(); h.Info.GetId().GetValue() != a.ID() || len(h.Tasks)+len(h.Frameworks) != 0 {
		t.Errorf("registered as %s with %v %v", h.Info.GetId(), h.Tasks, h.Frameworks)
	}
	if state := ask(b, "GET", "/state", "").Body.String(); !strings.Contains(state, `"completed_frameworks":[{"id":"`+frameworkID) {
		t.Errorf("its history: %s", state)
	}
}

// reserved is some of the agent's disk, reserved and made a volume.
func reserved(id string) []*v1.Resource {
	r := &v1.Resource{Name: proto.String("disk"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(64)},
		Reservations: []*v1.Resource_ReservationInfo{{Type: v1.Resource_ReservationInfo_DYNAMIC.Enum(), Role: proto.String("db"), Principal: proto.String("p")}}}
	if id != "" {
		r.Disk = &v1.Resource_DiskInfo{Persistence: &v1.Resource_DiskInfo_Persistence{Id: proto.String(id), Principal: proto.String("p")},
			Volume: &v1.Volume{ContainerPath: proto.String("data"), Mode: v1.Volume_RW.Enum()}}
	}
	return []*v1.Resource{r}
}

func TestReservationsVolumesAndOperationsAreRecovered(t *testing.T) {
	a, m := startAgent(t)
	m.send(&link.ApplyOperation{FrameworkID: frameworkID, UUID: []byte("1"), Operation: &v1.Offer_Operation{
		Type: v1.Offer_Operation_RESERVE.Enum(), Reserve: &v1.Offer_Operation_Reserve{Resources: reserved("")}}})
	m.send(&link.ApplyOperation{FrameworkID: frameworkID, UUID: []byte("2"), Operation: &v1.Offer_Operation{Id: &v1.OperationID{Value: proto.String("make")},
		Type: v1.Offer_Operation_CREATE.Enum(), Create: &v1.Offer_Operation_Create{Volumes: reserved("v")}}})
	unnamed := next[*link.OperationUpdate](t, m)
	m.send(&link.AcknowledgeOperation{FrameworkID: frameworkID, OperationUUID: []byte("1"), UUID: unnamed.Status.GetUuid().GetValue()})
	first := next[*link.OperationUpdate](t, m)
	if first.Status.GetState() != v1.OperationState_OPERATION_FINISHED {
		t.Fatal(first.Status)
	}
	file := filepath.Join(a.volumeDir(reserved("v")[0]), "file")
	if err := os.WriteFile(file, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "acknowledgement on disk", func() bool { return strings.Count(read(t, a.resourcesPath()), `"latest_status"`) == 1 })
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	b, m := again(t, a.opts.WorkDir)
	if got := resources.New(m.lastHello().Resources); !got.Contains(resources.New(reserved("v"))) {
		t.Errorf("registered with %s", got)
	}
	op := next[*link.OperationUpdate](t, m)
	if !proto.Equal(op.Status, first.Status) {
		t.Errorf("got %v, want %v", op.Status, first.Status)
	}
	m.send(&link.AcknowledgeOperation{FrameworkID: frameworkID, OperationID: "make", OperationUUID: []byte("2"), UUID: op.Status.GetUuid().GetValue()})
	eventually(t, "acknowledgement on disk", func() bool {
		return !strings.Contains(read(t, b.resourcesPath()), "make")
	})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	// A new agent in the directory has the volume too; one with less disk is refused.
	if err := os.Remove(b.latestLink()); err != nil {
		t.Fatal(err)
	}
	small := func(o *Options) {
		list, err := resources.Parse("cpus:2;mem:496;disk:10")
		if err != nil {
			t.Fatal(err)
		}
		o.Info.Resources = list
	}
	opts := Options{Info: agentInfo(t), WorkDir: a.opts.WorkDir, Dial: m.dial, Log: io.Discard}
	small(&opts)
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "are incompatible with agent resources") || !strings.Contains(err.Error(), "remove ") {
		t.Errorf("with less disk: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again(t, a.opts.WorkDir)
	if got := read(t, file); got != "data" {
		t.Errorf("the volume has %q", got)
	}
}

func TestChangedAgentIsRefused(t *testing.T) {
	a, _ := startAgent(t)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	opts := Options{Info: agentInfo(t), WorkDir: a.opts.WorkDir, Dial: a.opts.Dial, Log: io.Discard}
	opts.Info.Attributes = nil
	start := func() error {
		b, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b.Start(t.Context())
	}
	err := start()
	for _, want := range []string{"incompatible agent info: attributes were 'rack:r2d2;pod:demo,dev' and are ''", "remove " + a.latestLink()} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	// After a reboot it comes back as a new agent.
	if err := os.WriteFile(a.bootPath(), []byte("another boot"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := start(); err != nil {
		t.Errorf("after a reboot: %v", err)
	}
}

func TestBrokenJournal(t *testing.T) {
	a, m := startAgent(t)
	m.send(&link.Run{Framework: checkpointing(), Tasks: []*v1.TaskInfo{taskInfo("t", "exit 0")}})
	m.until(t, "t", v1.TaskState_TASK_FINISHED)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	path := a.journalPath(a.ID())
	whole := read(t, path)
	// Cut at any place, it is read as far as it goes.
	for i := 0; i <= len(whole); i += 97 {
		if err := os.WriteFile(path, []byte(whole[:i]), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := New(Options{Info: agentInfo(t), WorkDir: a.opts.WorkDir, Dial: m.dial, Log: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.recover(); err != nil {
			t.Errorf("cut at %d: %v", i, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile(path, []byte("{}\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := New(Options{Info: agentInfo(t), WorkDir: a.opts.WorkDir, Dial: m.dial, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "journal: line 2") || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("got %v", err)
	}
}

func TestDrainEndsWithTheLastTask(t *testing.T) {
	a, m := startAgent(t, func(o *Options) { o.KillGrace = 50 * time.Millisecond })
	m.run(taskInfo("t", "exec sleep 1000"))
	m.until(t, "t", v1.TaskState_TASK_RUNNING)
	m.send(&link.Drain{Config: &v1.DrainConfig{}})
	m.until(t, "t", v1.TaskState_TASK_KILLED)
	eventually(t, "end of the drain", func() bool { return a.agentView().DrainConfig == nil })
	m.run(taskInfo("u", "exit 0"))
	m.until(t, "u", v1.TaskState_TASK_FINISHED)
}

func TestOldSandboxesAreRemoved(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("old", "exit 0"))
	m.until(t, "old", v1.TaskState_TASK_FINISHED)
	m.run(taskInfo("runs", "exec sleep 1000"))
	m.until(t, "runs", v1.TaskState_TASK_RUNNING)
	eventually(t, "end of the executor", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.frameworks[0].executor("old") == nil
	})
	file := "/files/read?offset=0&path=/frameworks/" + frameworkID + "/executors/old/runs/latest/stdout"
	a.collectGarbage(time.Now().Add(-time.Hour))
	if w := ask(a, "GET", file, ""); w.Code != 200 {
		t.Errorf("a young sandbox: %d", w.Code)
	}
	a.collectGarbage(time.Now().Add(time.Hour))
	if w := ask(a, "GET", file, ""); w.Code != 404 {
		t.Errorf("an old sandbox: %d %s", w.Code, w.Body)
	}
	executors := filepath.Join(a.opts.WorkDir, "slaves", a.ID(), "frameworks", frameworkID, "executors")
	if left, err := os.ReadDir(executors); err != nil || len(left) != 1 || left[0].Name() != "runs" {
		t.Errorf("left: %v %v", left, err)
	}
	if w := ask(a, "GET", strings.Replace(file, "/old/", "/runs/", 1), ""); w.Code != 200 {
		t.Errorf("the sandbox of a task that runs: %d", w.Code)
	}
}

func TestAgeOfSandboxes(t *testing.T) {
	for usage, want := range map[float64]time.Duration{0: time.Duration(0.9 * float64(gcDelay)), 0.4: gcDelay / 2, 0.9: gcLeast, 1: gcLeast} {
		if got := gcAge(usage).Round(time.Second); got != want {
			t.Errorf("%v in use: %v, want %v", usage, got, want)
		}
	}
	if got := diskUsage(t.TempDir()); got <= 0 || got > 1 {
		t.Errorf("usage %v", got)
	}
	if got := diskUsage("/nonexistent"); got != 0 {
		t.Errorf("usage of nothing: %v", got)
	}
}
