package agent

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/internal/simtime"
	v1 "mesosbook/mesos/v1"
)

func killAfter(d time.Duration) *v1.KillPolicy {
	return &v1.KillPolicy{GracePeriod: &v1.DurationInfo{Nanoseconds: proto.Int64(int64(d))}}
}

func withPolicy(d time.Duration) func(*v1.TaskInfo) {
	return func(t *v1.TaskInfo) { t.KillPolicy = killAfter(d) }
}

const killing = v1.FrameworkInfo_Capability_TASK_KILLING_STATE

func TestKill(t *testing.T) {
	a, m := startAgent(t)
	for _, c := range []struct {
		name, command string
		change        []func(*v1.TaskInfo)
		policy        *v1.KillPolicy
		states, text  string
	}{
		{"term", "exec sleep 1000", nil, nil, "KILLING KILLED", "Command terminated with signal Terminated"},
		{"zero", "trap 'exit 0' TERM; touch up; while :; do sleep 0.01; done", nil, nil, "KILLING KILLED", "Command exited with status 0"},
		{"deaf", "trap '' TERM; touch up; while :; do sleep 0.01; done", []func(*v1.TaskInfo){withPolicy(50 * time.Millisecond)}, nil, "KILLING KILLED", "Command terminated with signal Killed"},
		{"call", "trap '' TERM; touch up; while :; do sleep 0.01; done", []func(*v1.TaskInfo){withPolicy(time.Hour)}, killAfter(50 * time.Millisecond), "KILLING KILLED", "Command terminated with signal Killed"},
		{"none", "exec sleep 1000", nil, killAfter(0), "KILLING KILLED", "Command terminated with signal "}, // Terminated, or Killed on a slow machine
		{"nonedeaf", "trap '' TERM; touch up; while :; do sleep 0.01; done", nil, killAfter(0), "KILLING KILLED", "Command terminated with signal Killed"},
	} {
		m.run(taskInfo(c.name, c.command, c.change...), killing)
		m.until(t, c.name, v1.TaskState_TASK_RUNNING)
		if strings.Contains(c.command, "touch up") {
			eventually(t, "trap of "+c.name, func() bool { _, err := os.Stat(sandboxOf(a, c.name) + "/up"); return err == nil })
		}
		m.send(&link.Kill{FrameworkID: frameworkID, TaskID: c.name, Policy: c.policy})
		all := m.until(t, c.name, v1.TaskState_TASK_KILLED)
		if got := statesOf(all); got != c.states {
			t.Errorf("%s: states %s, want %s", c.name, got, c.states)
		}
		if got := all[len(all)-1].Status; !strings.HasPrefix(got.GetMessage(), c.text) || got.Reason != nil {
			t.Errorf("%s: got %v, want message %q", c.name, got, c.text)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestSecondKillOnlyShortens(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("k", "trap '' TERM; touch up; while :; do sleep 0.01; done"))
	m.until(t, "k", v1.TaskState_TASK_RUNNING)
	eventually(t, "trap", func() bool { _, err := os.Stat(sandboxOf(a, "k") + "/up"); return err == nil })
	for _, grace := range []time.Duration{time.Hour, 2 * time.Hour, 10 * time.Millisecond, time.Hour} {
		m.send(&link.Kill{FrameworkID: frameworkID, TaskID: "k", Policy: killAfter(grace)})
	}
	begin := time.Now()
	m.until(t, "k", v1.TaskState_TASK_KILLED)
	if took := time.Since(begin); took > 2*patience {
		t.Errorf("took %v", took)
	}
}

func TestMaxCompletionTime(t *testing.T) {
	_, m := startAgent(t)
	m.run(taskInfo("late", "sleep 1000", func(t *v1.TaskInfo) {
		t.MaxCompletionTime = &v1.DurationInfo{Nanoseconds: proto.Int64(int64(20 * time.Millisecond))}
	}), killing)
	all := m.until(t, "late", v1.TaskState_TASK_FAILED)
	last := all[len(all)-1].Status
	if statesOf(all) != "STARTING RUNNING FAILED" || last.GetReason() != v1.TaskStatus_REASON_MAX_COMPLETION_TIME_REACHED || !strings.HasPrefix(last.GetMessage(), "Command terminated with signal ") {
		t.Errorf("got %s, last %v", statesOf(all), last)
	}
}

// A kill ends the completion time: the task was killed, it did not fail. Where the
// machine is too slow to kill the task before its time is over, there is more time
// in the next round.
func TestKillBeforeCompletionTime(t *testing.T) {
	a, m := startAgent(t)
	for longest := 250 * time.Millisecond; longest < patience; longest *= 2 {
		id := "t" + longest.String()
		m.run(taskInfo(id, "trap '' TERM; touch up; while :; do sleep 0.01; done", func(t *v1.TaskInfo) {
			t.MaxCompletionTime = &v1.DurationInfo{Nanoseconds: proto.Int64(int64(longest))}
		}), killing)
		m.until(t, id, v1.TaskState_TASK_RUNNING)
		eventually(t, "trap", func() bool { _, err := os.Stat(sandboxOf(a, id) + "/up"); return err == nil })
		m.send(&link.Kill{FrameworkID: frameworkID, TaskID: id, Policy: killAfter(longest * 3 / 2)})
		if next[*link.StatusUpdate](t, m).Status.GetState() == v1.TaskState_TASK_FAILED {
			continue
		}
		if s := last(m.until(t, id, v1.TaskState_TASK_KILLED)); s.Reason != nil {
			t.Errorf("got %v", s)
		}
		return
	}
	t.Error("the task never lived long enough to be killed")
}

func TestRefusedContainers(t *testing.T) {
	_, m := startAgent(t)
	for _, c := range []struct {
		id     string
		change func(*v1.TaskInfo)
		reason v1.TaskStatus_Reason
		text   string
	}{
		{"docker", func(t *v1.TaskInfo) {
			t.Container = &v1.ContainerInfo{Type: v1.ContainerInfo_DOCKER.Enum(), Docker: &v1.ContainerInfo_DockerInfo{Image: proto.String("nginx")}}
		}, v1.TaskStatus_REASON_EXECUTOR_TERMINATED, "Abnormal executor termination: unknown container"},
		{"image", func(t *v1.TaskInfo) {
			t.Container = &v1.ContainerInfo{Type: v1.ContainerInfo_MESOS.Enum(), Mesos: &v1.ContainerInfo_MesosInfo{Image: &v1.Image{Type: v1.Image_DOCKER.Enum()}}}
		}, v1.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED, "Failed to launch container: Unsupported container image type: DOCKER"},
		{"volume", func(t *v1.TaskInfo) {
			t.Container = &v1.ContainerInfo{Type: v1.ContainerInfo_MESOS.Enum(), Volumes: []*v1.Volume{{Mode: v1.Volume_RW.Enum(), ContainerPath: proto.String("v"), HostPath: proto.String("/tmp")}}}
		}, v1.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED, "Failed to launch container: Volumes in ContainerInfo is not supported"},
		{"network", func(t *v1.TaskInfo) {
			t.Container = &v1.ContainerInfo{Type: v1.ContainerInfo_MESOS.Enum(), NetworkInfos: []*v1.NetworkInfo{{}, {Name: proto.String("net")}}}
		}, v1.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED, "Failed to launch container: Unknown CNI network 'net'"},
		{"secret", func(t *v1.TaskInfo) {
			t.Command.Environment = &v1.Environment{Variables: []*v1.Environment_Variable{{Name: proto.String("S"), Type: v1.Environment_Variable_SECRET.Enum(),
				Secret: &v1.Secret{Type: v1.Secret_REFERENCE.Enum(), Reference: &v1.Secret_Reference{Name: proto.String("r")}}}}}
		}, v1.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED, "Failed to launch container: Collect failed: Default secret resolver cannot resolve references"},
		{"novalue", func(t *v1.TaskInfo) { t.Command.Value = nil }, v1.TaskStatus_REASON_EXECUTOR_TERMINATED, "Executor terminated"},
	} {
		m.run(taskInfo(c.id, "exit 0", c.change))
		all := m.until(t, c.id, v1.TaskState_TASK_FAILED)
		s := all[len(all)-1].Status
		if s.GetReason() != c.reason || s.GetMessage() != c.text || s.GetSource() != v1.TaskStatus_SOURCE_AGENT || s.ContainerStatus != nil {
			t.Errorf("%s: got %v, want %s %q", c.id, s, c.reason, c.text)
		}
	}
	m.run(taskInfo("plain", "exit 0", func(t *v1.TaskInfo) { t.Container = &v1.ContainerInfo{Type: v1.ContainerInfo_MESOS.Enum()} }))
	m.until(t, "plain", v1.TaskState_TASK_FINISHED)
}

func TestUnknownUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("users are switched by root alone")
	}
	_, m := startAgent(t)
	for id, c := range map[string]struct {
		state        v1.TaskState
		capabilities []v1.FrameworkInfo_Capability_Type
	}{
		"aware": {v1.TaskState_TASK_DROPPED, []v1.FrameworkInfo_Capability_Type{v1.FrameworkInfo_Capability_PARTITION_AWARE}},
		"plain": {v1.TaskState_TASK_LOST, nil},
	} {
		task := taskInfo(id, "exit 0", func(t *v1.TaskInfo) { t.Command.User = proto.String("nobody-knows") })
		framework := frameworkInfo(c.capabilities...)
		framework.Id.Value = proto.String("m-" + id)
		m.send(&link.Run{Framework: framework, Tasks: []*v1.TaskInfo{task}})
		s := m.until(t, id, c.state)[0].Status
		if s.GetReason() != v1.TaskStatus_REASON_EXECUTOR_TERMINATED || s.GetSource() != v1.TaskStatus_SOURCE_AGENT ||
			!strings.HasPrefix(s.GetMessage(), "Failed to create executor directory '") ||
			!strings.HasSuffix(s.GetMessage(), "': Failed to chown directory to 'nobody-knows': No such user 'nobody-knows'") {
			t.Errorf("%s: got %v", id, s)
		}
	}
}

func TestUserIsSwitched(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("users are switched by root alone")
	}
	a, m := startAgent(t)
	for dir := a.opts.WorkDir; dir != "/"; dir = dir[:max(1, strings.LastIndexByte(dir, '/'))] {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&0o001 == 0 {
			t.Skipf("%s is closed to other users", dir)
		}
	}
	m.run(taskInfo("who", "id -un; touch mine", func(t *v1.TaskInfo) { t.Command.User = proto.String("nobody") }))
	m.until(t, "who", v1.TaskState_TASK_FINISHED)
	if got := read(t, sandboxOf(a, "who"), "stdout"); got != "nobody\n" {
		t.Errorf("ran as %q", got)
	}
}

func TestKillBeforeDelivery(t *testing.T) {
	_, m := startAgent(t)
	stuck, release := hangingServer(t)
	defer release()
	m.run(taskInfo("early", "exit 0", uris(&v1.CommandInfo_URI{Value: proto.String(stuck + "/file")})))
	m.send(&link.Kill{FrameworkID: frameworkID, TaskID: "early"})
	all := m.until(t, "early", v1.TaskState_TASK_KILLED)
	s := all[len(all)-1].Status
	if statesOf(all) != "KILLED" || s.GetReason() != v1.TaskStatus_REASON_TASK_KILLED_DURING_LAUNCH || s.GetMessage() != "Killed before delivery to the executor" {
		t.Errorf("got %s, last %v", statesOf(all), s)
	}
}

// A kill that follows a launch at once finds the task queued: an executor takes its
// time to register.
func TestKillRightAfterLaunch(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		_, m := startAgent(t, func(o *Options) { o.Simulate = true; o.Startup = 50 * time.Millisecond })
		for i, tt := range []struct {
			wait   time.Duration
			reason v1.TaskStatus_Reason
			states string
		}{{49 * time.Millisecond, v1.TaskStatus_REASON_TASK_KILLED_DURING_LAUNCH, "KILLED"}, {51 * time.Millisecond, 0, "STARTING RUNNING KILLED"}} {
			id := "t" + strconv.Itoa(i)
			m.run(taskInfo(id, "server"))
			time.Sleep(tt.wait)
			m.send(&link.Kill{FrameworkID: frameworkID, TaskID: id})
			all := m.until(t, id, v1.TaskState_TASK_KILLED)
			if got := statesOf(all); got != tt.states {
				t.Errorf("killed after %s: %s, want %s", tt.wait, got, tt.states)
			}
			if got := all[len(all)-1].Status; i == 0 && got.GetReason() != tt.reason {
				t.Errorf("killed after %s: %v", tt.wait, got)
			}
		}
	})
}

func TestShutdownExecutorAndFramework(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("s", "exec sleep 1000"))
	m.until(t, "s", v1.TaskState_TASK_RUNNING)
	m.send(&link.ShutdownExecutor{FrameworkID: frameworkID, ExecutorID: "s"})
	m.until(t, "s", v1.TaskState_TASK_KILLED)

	m.run(taskInfo("f", "echo $$ > pid; exec sleep 1000"))
	m.until(t, "f", v1.TaskState_TASK_RUNNING)
	m.send(&link.ShutdownFramework{FrameworkID: frameworkID})
	eventually(t, "end of the framework", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.frameworks) == 0
	})
	select {
	case msg := <-m.news:
		if u, ok := msg.(*link.StatusUpdate); ok && u.Status.GetTaskId().GetValue() == "f" {
			t.Errorf("an update of a framework that is gone: %v", u)
		}
	default:
	}
}

func TestDrainKillsAndRefuses(t *testing.T) {
	_, m := startAgent(t)
	m.run(taskInfo("d", "exec sleep 1000"), v1.FrameworkInfo_Capability_PARTITION_AWARE)
	m.until(t, "d", v1.TaskState_TASK_RUNNING)
	m.send(&link.Drain{Config: &v1.DrainConfig{}})
	all := m.until(t, "d", v1.TaskState_TASK_KILLED)
	if got := all[0].Status.GetReason(); got != v1.TaskStatus_REASON_AGENT_DRAINING {
		t.Errorf("reason %s", got)
	}
	m.run(taskInfo("late", "exit 0"), v1.FrameworkInfo_Capability_PARTITION_AWARE)
	s := m.until(t, "late", v1.TaskState_TASK_DROPPED)[0].Status
	if s.GetReason() != v1.TaskStatus_REASON_AGENT_DRAINING || s.GetMessage() != "Task was received while agent was already draining" {
		t.Errorf("got %v", s)
	}
}

func TestReconcileOfUnknownTasks(t *testing.T) {
	_, m := startAgent(t)
	m.send(&link.ReconcileTasks{Tasks: []link.Task{{FrameworkID: frameworkID, Info: taskInfo("ghost", "")}}})
	s := m.until(t, "ghost", v1.TaskState_TASK_LOST)[0].Status
	if s.GetReason() != v1.TaskStatus_REASON_RECONCILIATION || s.GetMessage() != "Reconciliation: task unknown to the agent" {
		t.Errorf("got %v", s)
	}
}

// The executor of a command task stays for a while when the task has ended, and has
// the task's id.
func TestIDsCannotBeUsedAgainAtOnce(t *testing.T) {
	a, m := startAgent(t, func(o *Options) { o.Linger = time.Hour })
	m.run(taskInfo("again", "exit 0"))
	m.until(t, "again", v1.TaskState_TASK_FINISHED)
	eventually(t, "acknowledgement", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.streams.byTask) == 0
	})
	m.run(taskInfo("again", "exit 0"))
	lost := last(m.until(t, "again", v1.TaskState_TASK_LOST))
	if lost.GetReason() != v1.TaskStatus_REASON_TASK_INVALID || lost.GetMessage() != "Cannot reuse an already existing executor for a command task" ||
		lost.GetExecutorId().GetValue() != "again" || lost.GetSource() != v1.TaskStatus_SOURCE_AGENT {
		t.Errorf("got %v", lost)
	}
}

func TestIDsCanBeUsedAgain(t *testing.T) {
	a, m := startAgent(t)
	for i := range 3 {
		m.run(taskInfo("again", "exit 0"))
		if got := statesOf(m.until(t, "again", v1.TaskState_TASK_FINISHED)); got != "STARTING RUNNING FINISHED" {
			t.Errorf("run %d: %s", i, got)
		}
		eventually(t, "end of the executor", func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			return len(a.frameworks) == 0
		})
	}
}

func last(updates []*link.StatusUpdate) *v1.TaskStatus { return updates[len(updates)-1].Status }

func TestLimitsNeedCgroups(t *testing.T) {
	_, m := startAgent(t)
	for name, text := range map[string]string{
		"cpus": "CPU limits can only be set on tasks launched in Mesos containers when the agent has loaded the 'cgroups/cpu' isolator",
		"mem":  "Memory limits can only be set on tasks launched in Mesos containers when the agent has loaded the 'cgroups/mem' isolator",
	} {
		m.run(taskInfo("limited-"+name, "exit 0", func(t *v1.TaskInfo) {
			t.Limits = map[string]*v1.Value_Scalar{name: {Value: proto.Float64(1)}}
		}), v1.FrameworkInfo_Capability_PARTITION_AWARE)
		s := last(m.until(t, "limited-"+name, v1.TaskState_TASK_DROPPED))
		if s.GetReason() != v1.TaskStatus_REASON_GC_ERROR || s.GetMessage() != text || s.ExecutorId != nil {
			t.Errorf("%s: got %v", name, s)
		}
	}
}

func TestCommandExecutorInfo(t *testing.T) {
	task := taskInfo("t", "", withPolicy(7*time.Second), func(t *v1.TaskInfo) {
		t.Command = &v1.CommandInfo{Shell: proto.Bool(false), Value: proto.String("/bin/echo"), Arguments: []string{"echo", "a b", "c"}}
		t.Discovery = &v1.DiscoveryInfo{Visibility: v1.DiscoveryInfo_CLUSTER.Enum(), Name: proto.String("d")}
	})
	info := commandExecutorInfo(newFramework(frameworkInfo()), task)
	if got, want := info.GetName(), "Command Executor (Task: t) (Command: [/bin/echo, e...])"; got != want {
		t.Errorf("name %q, want %q", got, want)
	}
	if got := info.GetShutdownGracePeriod().GetNanoseconds(); got != int64(9*time.Second) {
		t.Errorf("shutdown grace period %d, want 9 s", got)
	}
	if !proto.Equal(info.Discovery, task.Discovery) {
		t.Errorf("discovery %v", info.Discovery)
	}
	task.Command = &v1.CommandInfo{Shell: proto.Bool(false), Value: proto.String("ls")}
	if got, want := commandExecutorInfo(newFramework(frameworkInfo()), task).GetName(), "Command Executor (Task: t) (Command: [ls, ])"; got != want {
		t.Errorf("name %q, want %q", got, want)
	}
}

func TestReregistrationTellsWhatRuns(t *testing.T) {
	_, m := startAgent(t)
	m.run(taskInfo("r", "exec sleep 1000"))
	m.until(t, "r", v1.TaskState_TASK_RUNNING)
	m.cut()
	next[*link.RegisterAgent](t, m)
	hello := m.hello[len(m.hello)-1]
	if hello.Info.GetId().GetValue() != "m-S0" || len(hello.Tasks) != 1 || hello.Tasks[0].State != v1.TaskState_TASK_RUNNING || len(hello.Executors) != 0 || len(hello.Frameworks) != 1 {
		t.Errorf("got %+v", hello)
	}
}

// TestRetries needs no process: a simulated task, and the clock of synctest.
func TestRetries(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		_, m := startAgent(t, func(o *Options) { o.Simulate = true; o.PingTimeout = 1000 * time.Hour })
		m.ack = false
		m.run(taskInfo("noack", "sleep 1; exit 0"))
		first := next[*link.StatusUpdate](t, m)
		last := time.Now()
		for i, want := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
			time.Sleep(want*time.Second - time.Nanosecond)
			simtime.Wait()
			if len(m.news) != 0 {
				t.Fatalf("retry %d came before %d s", i, want)
			}
			time.Sleep(time.Nanosecond)
			again := next[*link.StatusUpdate](t, m)
			if got := time.Since(last); got != want*time.Second {
				t.Errorf("retry %d after %v, want %d s", i, got, want)
			}
			if string(again.Status.Uuid) != string(first.Status.Uuid) || again.Status.GetTimestamp() != first.Status.GetTimestamp() {
				t.Errorf("retry %d differs: %v", i, again)
			}
			if again.Status.GetState() != v1.TaskState_TASK_STARTING || again.LatestState != v1.TaskState_TASK_FINISHED {
				t.Errorf("retry %d: %s, latest %s", i, again.Status.GetState(), again.LatestState)
			}
			last = time.Now()
		}
		m.send(&link.Acknowledge{FrameworkID: frameworkID, TaskID: "noack", UUID: []byte("another uuid 16b")})
		simtime.Wait()
		if len(m.news) != 0 {
			t.Error("an unknown uuid let the next update out")
		}
		for _, want := range []v1.TaskState{v1.TaskState_TASK_RUNNING, v1.TaskState_TASK_FINISHED} {
			m.acknowledge(first)
			first = next[*link.StatusUpdate](t, m)
			if first.Status.GetState() != want {
				t.Errorf("got %s, want %s", first.Status.GetState(), want)
			}
		}
		m.acknowledge(first)
		time.Sleep(time.Hour)
		simtime.Wait()
		if len(m.news) != 0 {
			t.Error("an acknowledged update came again")
		}
	})
}

// TestSilentMaster: an agent that is not pinged registers again.
func TestSilentMaster(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		_, m := startAgent(t, func(o *Options) { o.Simulate = true })
		next[*link.RegisterAgent](t, m)
		for range 4 {
			time.Sleep(50 * time.Second)
			m.send(&link.Ping{})
			next[*link.Pong](t, m)
		}
		begin := time.Now()
		time.Sleep(60 * time.Second)
		next[*link.RegisterAgent](t, m)
		if got := time.Since(begin); got < 75*time.Second || got > 76*time.Second {
			t.Errorf("registered again after %v", got)
		}
	})
}

// TestFrameworkComesBack: a framework that was idle is the same one when it comes
// back, as what is remembered of its executors points to it; a new one each time
// would keep all the former ones in memory.
func TestFrameworkComesBack(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		a, m := startAgent(t, func(o *Options) { o.Simulate = true })
		for i := range 3 {
			id := fmt.Sprint("t", i)
			m.run(taskInfo(id, "true"))
			m.until(t, id, v1.TaskState_TASK_FINISHED)
			time.Sleep(time.Second) // its executor ends
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if len(a.frameworks) != 0 || len(a.completed) != 1 || len(a.completed[0].completed) != 3 {
			t.Fatalf("%d frameworks, %d completed", len(a.frameworks), len(a.completed))
		}
		for _, ex := range a.completed[0].completed {
			if ex.framework != a.completed[0] {
				t.Errorf("executor %s belongs to a former framework", ex.id())
			}
		}
	})
}

// TestRegistrationBeginsRetriesAnew: what is pending is sent with a registration,
// and again 10 s after that, not when it would have been due without
// (slave/task_status_update_manager.cpp: resume).
func TestRegistrationBeginsRetriesAnew(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		_, m := startAgent(t, func(o *Options) { o.Simulate = true; o.PingTimeout = 1000 * time.Hour })
		m.hold()
		m.run(taskInfo("t", "sleep 1000"))
		next[*link.StatusUpdate](t, m)
		m.send(&link.ApplyOperation{FrameworkID: frameworkID, UUID: []byte("1"), Operation: &v1.Offer_Operation{
			Type: v1.Offer_Operation_RESERVE.Enum(), Reserve: &v1.Offer_Operation_Reserve{Resources: reserved("")}}})
		next[*link.OperationUpdate](t, m)
		time.Sleep(5 * time.Second)
		m.cut()
		next[*link.RegisterAgent](t, m)
		simtime.Wait()
		for len(m.news) > 0 {
			<-m.news // with the registration
		}
		time.Sleep(10*time.Second - time.Nanosecond)
		simtime.Wait()
		if n := len(m.news); n > 0 {
			t.Errorf("%d sendings before 10 s", n)
		}
		time.Sleep(time.Nanosecond)
		simtime.Wait()
		if n := len(m.news); n != 2 {
			t.Errorf("%d sendings after 10 s, want the update's and the operation's", n)
		}
	})
}
