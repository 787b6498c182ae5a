package clients

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/agent"
	agentcalls "github.com/mesos/mesos-go/api/v1/lib/agent/calls"
	"github.com/mesos/mesos-go/api/v1/lib/encoding"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli/httpagent"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli/httpmaster"
	"github.com/mesos/mesos-go/api/v1/lib/master"
	"github.com/mesos/mesos-go/api/v1/lib/master/calls"
	schedcalls "github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
)

// ask makes a call of the operator API and reads its answer.
func ask(t *testing.T, c *cluster, codec encoding.Codec, call *master.Call) *master.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resp, err := httpmaster.NewSender(client(c.master+"/api/v1", codec).Send).Send(ctx, calls.NonStreaming(call))
	if err != nil {
		t.Fatalf("%s: %v", call.GetType(), err)
	}
	defer resp.Close()
	var answer master.Response
	if err := resp.Decode(&answer); err != nil {
		t.Fatalf("%s: %v", call.GetType(), err)
	}
	if answer.GetType().String() != call.GetType().String() {
		t.Errorf("%s is answered by %s", call.GetType(), answer.GetType())
	}
	return &answer
}

// order makes a call of the operator API that has no answer but its status.
func order(t *testing.T, c *cluster, call *master.Call) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := calls.SendNoData(ctx, httpmaster.NewSender(client(c.master+"/api/v1", protobuf).Send), calls.NonStreaming(call)); err != nil {
		t.Fatalf("%s: %v", call.GetType(), err)
	}
}

func askAgent(t *testing.T, c *cluster, codec encoding.Codec, call *agent.Call) *agent.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resp, err := httpagent.NewSender(client(c.agent+"/api/v1", codec).Send).Send(ctx, agentcalls.NonStreaming(call))
	if err != nil {
		t.Fatalf("%s: %v", call.GetType(), err)
	}
	defer resp.Close()
	var answer agent.Response
	if err := resp.Decode(&answer); err != nil {
		t.Fatalf("%s: %v", call.GetType(), err)
	}
	return &answer
}

// withTasks is a cluster with a framework of one finished and one running task.
func withTasks(t *testing.T) (*cluster, *framework) {
	c := startCluster(t)
	f := subscribe(t, c)
	o := f.offer(little()...)
	f.accept(o, schedcalls.OpLaunch(command(o, "brief", "exit 0"), command(o, "long", "echo hello; sleep 1000")))
	f.state("brief", mesos.TASK_FINISHED)
	f.call(schedcalls.Revive())
	f.offer()
	return c, f
}

func TestOperatorOfMaster(t *testing.T) {
	c, f := withTasks(t)
	second := time.Second
	for _, codec := range []encoding.Codec{protobuf, asJSON} {
		if !ask(t, c, codec, calls.GetHealth()).GetHealth.Healthy {
			t.Error("the master is not healthy")
		}
		if v := ask(t, c, codec, calls.GetVersion()).GetVersion.VersionInfo.Version; !strings.HasPrefix(v, "1.12") {
			t.Errorf("version %s", v)
		}
		if n := len(ask(t, c, codec, calls.GetFlags()).GetFlags.Flags); n < 10 {
			t.Errorf("%d flags", n)
		}
		if n := len(ask(t, c, codec, calls.GetMetrics(&second)).GetMetrics.Metrics); n < 50 {
			t.Errorf("%d metrics", n)
		}
		if a := ask(t, c, codec, calls.GetAgents()).GetAgents.Agents; len(a) != 1 || !a[0].Active {
			t.Errorf("agents %+v", a)
		}
		if fw := ask(t, c, codec, calls.GetFrameworks()).GetFrameworks.Frameworks; len(fw) != 1 || fw[0].FrameworkInfo.ID.Value != f.frameworkID() {
			t.Errorf("frameworks %+v", fw)
		}
		tasks := ask(t, c, codec, calls.GetTasks()).GetTasks
		if len(tasks.Tasks) != 1 || tasks.Tasks[0].GetState() != mesos.TASK_RUNNING || len(tasks.CompletedTasks) != 1 {
			t.Errorf("tasks %+v", tasks)
		}
		state := ask(t, c, codec, calls.GetState()).GetState
		if len(state.GetAgents.Agents) != 1 || len(state.GetTasks.Tasks) != 1 || len(state.GetFrameworks.Frameworks) != 1 {
			t.Errorf("state %+v", state)
		}
		for _, call := range []*master.Call{
			calls.GetExecutors(), calls.GetOperations(), calls.GetRoles(), calls.GetWeights(), calls.GetQuota(),
			calls.GetMaintenanceSchedule(), calls.GetMaintenanceStatus(), calls.GetLoggingLevel(),
		} {
			ask(t, c, codec, call)
		}
	}
	if m := ask(t, c, protobuf, calls.GetMaster()).GetMaster.MasterInfo; m.GetVersion() != "1.12.0" { // QUOTA_V2 is not in mesos-go's JSON
		t.Errorf("master %+v", m)
	}
}

func TestOperatorOfAgent(t *testing.T) {
	c, f := withTasks(t)
	for _, codec := range []encoding.Codec{protobuf, asJSON} {
		containers := askAgent(t, c, codec, agentcalls.GetContainers()).GetContainers.Containers
		long := slices.IndexFunc(containers, func(c agent.Response_GetContainers_Container) bool { return c.ExecutorID.Value == "long" })
		if long < 0 || containers[long].FrameworkID.Value != f.frameworkID() || containers[long].ResourceStatistics.GetTimestamp() == 0 {
			t.Errorf("containers %+v", containers)
		}
		sandbox := "/frameworks/" + f.frameworkID() + "/executors/long/runs/latest"
		var names []string
		for _, file := range askAgent(t, c, codec, agentcalls.ListFiles(sandbox)).ListFiles.FileInfos {
			names = append(names, strings.TrimPrefix(file.Path, sandbox+"/"))
		}
		if got := strings.Join(names, " "); got != "stderr stdout" {
			t.Errorf("sandbox: %s", got)
		}
		if got := askAgent(t, c, codec, agentcalls.ReadFile(sandbox+"/stdout", 0)).ReadFile; !strings.Contains(string(got.Data), "hello\n") {
			t.Errorf("stdout: %q", got.Data)
		}
		for _, call := range []*agent.Call{
			agentcalls.GetHealth(), agentcalls.GetVersion(), agentcalls.GetFlags(), agentcalls.GetMetrics(nil), agentcalls.GetState(),
			agentcalls.GetAgent(), agentcalls.GetFrameworks(), agentcalls.GetExecutors(), agentcalls.GetTasks(), agentcalls.GetOperations(),
			agentcalls.GetLoggingLevel(), agentcalls.GetResourceProviders(),
		} {
			if got := askAgent(t, c, codec, call); got.GetType().String() != call.GetType().String() {
				t.Errorf("%s is answered by %s", call.GetType(), got.GetType())
			}
		}
	}
}

// TestSession runs a command beside a task, and talks to it.
func TestSession(t *testing.T) {
	c, _ := withTasks(t)
	var id mesos.ContainerID
	for _, container := range askAgent(t, c, protobuf, agentcalls.GetContainers()).GetContainers.Containers {
		if container.ExecutorID.Value == "long" {
			id = mesos.ContainerID{Value: "beside", Parent: &container.ContainerID}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	sender, script := httpagent.NewSender(client(c.agent+"/api/v1", protobuf).Send), "cat; echo end >&2; exit 3"
	output, err := sender.Send(ctx, agentcalls.NonStreaming(agentcalls.LaunchNestedContainerSession(id, &mesos.CommandInfo{Value: &script}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()

	input := make(chan *agent.Call, 3)
	input <- agentcalls.AttachContainerInput(id)
	input <- agentcalls.AttachContainerInputData([]byte("hello\n"))
	input <- agentcalls.AttachContainerInputData([]byte{}) // the end of cat's input
	close(input)
	if err := agentcalls.SendNoData(ctx, sender, agentcalls.FromChan(input)); err != nil {
		t.Errorf("input: %v", err)
	}
	var stdout, stderr string
	for {
		var p agent.ProcessIO
		err := output.Decode(&p)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch data := p.GetData(); data.GetType() {
		case agent.ProcessIO_Data_STDOUT:
			stdout += string(data.Data)
		case agent.ProcessIO_Data_STDERR:
			stderr += string(data.Data)
		}
	}
	if stdout != "hello\n" || stderr != "end\n" {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
	if status := askAgent(t, c, protobuf, agentcalls.WaitNestedContainer(id)).WaitNestedContainer; status.GetExitStatus() != 3<<8 {
		t.Errorf("exit status %v", status)
	}
}

// TestWatch follows the operator API's events while a framework lives and dies.
func TestWatch(t *testing.T) {
	c := startCluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resp, err := httpmaster.NewSender(client(c.master+"/api/v1", protobuf).Send).Send(ctx, calls.NonStreaming(calls.Subscribe()))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Close()
	next := func(want master.Event_Type) *master.Event {
		t.Helper()
		for {
			var e master.Event
			if err := resp.Decode(&e); err != nil {
				t.Fatalf("no %s: %v", want, err)
			}
			if e.GetType() == want {
				return &e
			}
		}
	}
	if s := next(master.Event_SUBSCRIBED).Subscribed; len(s.GetState.GetAgents.Agents) != 1 || s.GetHeartbeatIntervalSeconds() != 15 {
		t.Errorf("subscribed %+v", s)
	}
	f := subscribe(t, c)
	if got := next(master.Event_FRAMEWORK_ADDED).FrameworkAdded.Framework.FrameworkInfo.Name; got != t.Name() {
		t.Errorf("framework %s", got)
	}
	o := f.offer(little()...)
	f.accept(o, schedcalls.OpLaunch(command(o, "brief", "exit 0")))
	if got := next(master.Event_TASK_ADDED).TaskAdded.Task.TaskID.Value; got != "brief" {
		t.Errorf("task %s", got)
	}
	for {
		if u := next(master.Event_TASK_UPDATED).TaskUpdated; u.GetState() == mesos.TASK_FINISHED {
			break
		}
	}
	order(t, c, calls.Teardown(mesos.FrameworkID{Value: f.frameworkID()}))
	if got := next(master.Event_FRAMEWORK_REMOVED).FrameworkRemoved.FrameworkInfo.ID.Value; got != f.frameworkID() {
		t.Errorf("removed %s", got)
	}
	f.leave()
}

// TestDrain drains an agent as an operator does who uses mesos-go.
func TestDrain(t *testing.T) {
	c, f := withTasks(t)
	id := ask(t, c, protobuf, calls.GetAgents()).GetAgents.Agents[0].AgentInfo.ID
	order(t, c, calls.DrainAgent(*id))
	s := f.state("long", mesos.TASK_KILLED)
	if s.GetReason().String() != "REASON_AGENT_DRAINING" && s.GetReason().String() != "REASON_SLAVE_DRAINING" {
		t.Errorf("status %+v", s)
	}
	order(t, c, calls.ReactivateAgent(*id))
	f.offer(little()...)
}
