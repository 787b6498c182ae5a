package master

import (
	"slices"
	"testing"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/internal/simtime"
	v1 "mesosbook/mesos/v1"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
)

const aware = "PARTITION_AWARE"

func capability(names ...string) []map[string]string {
	var out []map[string]string
	for _, n := range names {
		out = append(out, map[string]string{"type": n})
	}
	return out
}

func TestTaskLife(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("t", ag.id, "labels.labels", []map[string]string{{"key": "k", "value": "v"}}))
		run := told[*link.Run](ag)
		if got := run.Tasks[0]; len(run.Tasks) != 1 || run.Group || run.Executor != nil || got.GetTaskId().GetValue() != "t" || got.GetResources()[0].GetAllocationInfo().GetRole() != "*" {
			t.Errorf("the agent was told %v", run)
		}
		page := func() gjson.Result { return gjson.Get(r.get("/tasks?task_id=t"), "tasks.0") }
		if got := page(); got.Get("state").Str != "TASK_STAGING" || got.Get("statuses").Raw != "[]" || got.Get("executor_id").Raw != `""` {
			t.Errorf("staging: %s", got)
		}
		ag.update(s.id, "t", v1.TaskState_TASK_RUNNING)
		running := s.status()
		if running.Get("executor_id.value").Str != "t" || running.Get("source").Str != "SOURCE_EXECUTOR" || running.Get("uuid").Str == "" {
			t.Errorf("running: %s", running)
		}
		s.acknowledge(running)
		if ack := told[*link.Acknowledge](ag); ack.TaskID != "t" || len(ack.UUID) != 16 {
			t.Errorf("the agent was told %v", ack)
		}
		ag.update(s.id, "t", v1.TaskState_TASK_FINISHED)
		finished := s.status()
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		if got := s.status(); got.Get("message").Str != "Task has duplicate ID: t" {
			t.Errorf("before the acknowledgement the id is in use, got %s", got)
		}
		if n := gjson.Get(r.get("/frameworks"), "frameworks.0.tasks.#").Int(); n != 1 {
			t.Errorf("%d active tasks before the acknowledgement", n)
		}
		s.acknowledge(finished)
		got := gjson.Get(r.get("/frameworks"), "frameworks.0")
		if got.Get("tasks.#").Int() != 0 || got.Get("completed_tasks.0.state").Str != "TASK_FINISHED" || got.Get("completed_tasks.0.statuses.#").Int() != 2 {
			t.Errorf("after the acknowledgement: %s", got)
		}
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		if run := told[*link.Run](ag); run.Tasks[0].GetTaskId().GetValue() != "t" {
			t.Error("an acknowledged id could not be used again")
		}
	})
}

func TestResourcesReturnAtTheTerminalState(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, "cpus:1;mem:100")
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		running, finished := v1.TaskState_TASK_RUNNING, v1.TaskState_TASK_FINISHED
		_ = ag.conn.Send(&link.StatusUpdate{FrameworkID: s.id, LatestState: finished, Status: &v1.TaskStatus{TaskId: taskID("t"), State: running.Enum(), AgentId: agentID(ag.id), Uuid: make([]byte, 16)}})
		if got := s.status(); got.Get("state").Str != "TASK_RUNNING" {
			t.Errorf("update %s", got)
		}
		if got := gjson.Get(r.get("/tasks"), "tasks.0.state").Str; got != "TASK_FINISHED" {
			t.Errorf("/tasks says %s: the agent's latest state was TASK_FINISHED", got)
		}
		for {
			if o := s.offer(); o.Get(`resources.#(name=="cpus").scalar.value`).Num == 1 {
				break
			} else {
				s.must("DECLINE", `{"offer_ids":[`+o.Get("id").Raw+`],"filters":{"refuse_seconds":0}}`)
			}
		}
		s.must("RECONCILE", `{"tasks":[]}`)
		if got := s.status(); got.Get("state").Str != "TASK_RUNNING" || got.Get("message").Str != "Reconciliation: Latest task state" {
			t.Errorf("reconciliation tells what was passed on: %s", got)
		}
	})
}

func TestReconcile(t *testing.T) {
	for _, pa := range []bool{true, false} {
		bubble(t, Options{AgentPingTimeout: time.Second, MaxAgentPingTimeouts: 2}, func(r *rig) {
			ag, lost, gone := r.agent(5051, machine), r.agent(5052, "mem:1"), r.agent(5053, "mem:1")
			close(lost.deaf)
			time.Sleep(5 * time.Second)
			r.operator(`{"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":"` + gone.id + `"}}}`)
			var edits []any
			if pa {
				edits = []any{"capabilities", capability(aware)}
			}
			s := r.framework(edits...)
			tests := []struct{ agent, state, text string }{
				{"", "TASK_UNKNOWN", "Reconciliation: Task is unknown"},
				{"nobody", "TASK_UNKNOWN", "Reconciliation: Task is unknown"},
				{ag.id, "TASK_GONE", "Reconciliation: Task is unknown to the agent"},
				{lost.id, "TASK_UNREACHABLE", "Reconciliation: Task is unreachable"},
				{gone.id, "TASK_GONE_BY_OPERATOR", "Reconciliation: Task is gone"},
			}
			for _, tt := range tests {
				body := `{"tasks":[{"task_id":{"value":"ghost"}}]}`
				if tt.agent != "" {
					body = `{"tasks":[{"task_id":{"value":"ghost"},"agent_id":{"value":"` + tt.agent + `"}}]}`
				}
				s.must("RECONCILE", body)
				want := tt.state
				if !pa {
					want = "TASK_LOST"
				}
				got := s.status()
				if got.Get("state").Str != want || got.Get("message").Str != tt.text || got.Get("reason").Str != "REASON_RECONCILIATION" || got.Get("uuid").Exists() {
					t.Errorf("agent %q: %s", tt.agent, got)
				}
				if got.Get("unreachable_time").Exists() != (tt.agent == lost.id) {
					t.Errorf("unreachable_time: %s", got)
				}
			}
			s.pending()
			s.must("RECONCILE", `{}`)
			if got := s.pending(); len(got) > 0 {
				t.Errorf("implicit reconciliation without tasks: %v", got)
			}
		})
	}
}

func TestKill(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		s.pending()
		s.must("KILL", `{"task_id":{"value":"t"},"agent_id":{"value":"other"}}`)
		s.must("KILL", `{"task_id":{"value":"t"},"kill_policy":{"grace_period":{"nanoseconds":5}}}`)
		if got := told[*link.Kill](ag); got.TaskID != "t" || got.Policy.GetGracePeriod().GetNanoseconds() != 5 {
			t.Errorf("the agent was told %v", got)
		}
		if got := s.pending(); len(got) > 0 {
			t.Errorf("the framework was told %v", got)
		}
		s.must("KILL", `{"task_id":{"value":"ghost"}}`)
		if got := s.status(); got.Get("state").Str != "TASK_LOST" || got.Get("message").Str != "Reconciliation: Task is unknown" {
			t.Errorf("an unknown task: %s", got)
		}
	})
}

// TestAgentUnregisters is what the recording of that name does not show: where the
// task is afterwards.
func TestAgentUnregisters(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("capabilities", capability(aware))
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		s.offer()
		s.pending()
		_ = ag.conn.Send(&link.UnregisterAgent{AgentID: ag.id})
		got := s.status()
		if got.Get("state").Str != "TASK_LOST" || got.Get("message").Str != "Agent 127.0.0.1 removed: the agent unregistered" || got.Get("reason").Str != "REASON_AGENT_REMOVED" {
			t.Errorf("update %s", got)
		}
		if got := s.pending(); !slices.Equal(got, []string{"RESCIND", "FAILURE"}) {
			t.Errorf("then %v", got)
		}
		page := gjson.Get(r.get("/frameworks"), "frameworks.0")
		if page.Get("completed_tasks.0.state").Str != "TASK_LOST" || page.Get("tasks.#").Int() != 0 || page.Get("unreachable_tasks.#").Int() != 0 {
			t.Errorf("the framework's tasks: %s", page)
		}
	})
}

// TestAgentKilledAndBack is what the recording of that name does not show.
func TestAgentKilledAndBack(t *testing.T) {
	bubble(t, Options{AgentPingTimeout: time.Second, MaxAgentPingTimeouts: 2}, func(r *rig) {
		ag := r.agent(5051, machine)
		plain := r.framework("failover_timeout", 60, "checkpoint", true)
		plain.launch(plain.offer(), 0.5, taskJSON("ta", ag.id, "resources.0.scalar.value", 0.5))
		pa := r.framework("failover_timeout", 60, "checkpoint", true, "capabilities", capability(aware))
		pa.launch(pa.offer(), 0.5, taskJSON("tb", ag.id, "resources.0.scalar.value", 0.5))
		ag.update(plain.id, "ta", v1.TaskState_TASK_RUNNING)
		ag.update(pa.id, "tb", v1.TaskState_TASK_RUNNING)
		plain.status()
		pa.status()
		time.Sleep(3 * time.Second)
		outstanding := slices.Index(plain.pending(), "OFFERS") >= 0
		pa.pending()

		ag.conn.Close()
		simtime.Wait()
		if got := plain.pending(); outstanding && !slices.Equal(got, []string{"RESCIND"}) {
			t.Errorf("at once: %v", got)
		}
		if got := gjson.Get(r.get("/slaves"), "slaves.0.active").Raw; got != "false" {
			t.Errorf("active is %s", got)
		}
		for s, state := range map[*sub]string{plain: "TASK_LOST", pa: "TASK_UNREACHABLE"} {
			got := s.status()
			if got.Get("state").Str != state || got.Get("message").Str != "health check timed out" || got.Get("reason").Str != "REASON_AGENT_REMOVED" || !got.Get("unreachable_time.nanoseconds").Exists() {
				t.Errorf("unreachable: %s", got)
			}
			if got := gjson.Get(s.wait("FAILURE"), "failure.agent_id.value").Str; got != ag.id {
				t.Errorf("failure of %q", got)
			}
		}
		state := gjson.Parse(r.get("/state"))
		if got := state.Get("unreachable_slaves").Raw; got != "1.0" {
			t.Errorf("unreachable_slaves %s", got)
		}
		if got := state.Get("frameworks.#.unreachable_tasks|@flatten|#").Int(); got != 2 {
			t.Errorf("%d unreachable tasks: %s", got, state.Get("frameworks"))
		}
		pa.must("RECONCILE", `{"tasks":[{"task_id":{"value":"tb"}}]}`)
		if got := pa.status(); got.Get("state").Str != "TASK_UNKNOWN" {
			t.Errorf("reconciled without agent: %s", got)
		}

		back := r.register(returning(t, ag.id, plain, "ta", pa, "tb"))
		if back.id != ag.id {
			t.Errorf("came back as %s", back.id)
		}
		for _, s := range []*sub{plain, pa} {
			got := s.status()
			if got.Get("state").Str != "TASK_RUNNING" || got.Get("message").Str != "Unreachable agent re-reregistered" || got.Get("reason").Str != "REASON_AGENT_REREGISTERED" || got.Get("uuid").Exists() {
				t.Errorf("back: %s", got)
			}
		}
		pages := gjson.Parse(r.get("/slaves"))
		if got := pages.Get("slaves.0.used_resources").Raw; got != `{"disk":0.0,"mem":64.0,"gpus":0.0,"cpus":1.0}` {
			t.Errorf("used %s", got)
		}
		if !pages.Get("slaves.0.reregistered_time").Exists() {
			t.Error("no reregistered_time")
		}
		if got := gjson.Get(r.get("/state"), "unreachable_slaves").Raw; got != "0.0" {
			t.Errorf("unreachable_slaves %s after its return", got)
		}
		if n := gjson.Get(r.get("/frameworks"), "frameworks.#.unreachable_tasks|@flatten|#").Int(); n != 0 {
			t.Errorf("%d unreachable tasks", n)
		}
	})
}

// returning is the registration of an agent with one running task of each
// of two frameworks.
func returning(t testing.TB, id string, a *sub, taskA string, b *sub, taskB string) *link.RegisterAgent {
	reg := registration(t, 5051, machine)
	reg.Info.Id = agentID(id)
	for _, x := range []struct {
		s    *sub
		task string
	}{{a, taskA}, {b, taskB}} {
		info := &v1.TaskInfo{Name: proto.String("task " + x.task), TaskId: taskID(x.task), AgentId: agentID(id), Resources: []*v1.Resource{
			{Name: proto.String("cpus"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(0.5)}, AllocationInfo: &v1.Resource_AllocationInfo{Role: proto.String("*")}},
			{Name: proto.String("mem"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(32)}, AllocationInfo: &v1.Resource_AllocationInfo{Role: proto.String("*")}},
		}}
		reg.Tasks = append(reg.Tasks, link.Task{FrameworkID: x.s.id, Info: info, State: v1.TaskState_TASK_RUNNING,
			Statuses: []*v1.TaskStatus{{TaskId: taskID(x.task), State: v1.TaskState_TASK_RUNNING.Enum(), Timestamp: proto.Float64(1), ContainerStatus: &v1.ContainerStatus{}}}})
	}
	return reg
}

func TestBrokenSocketWithoutCheckpoint(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("capabilities", capability(aware))
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		ag.conn.Close()
		got := s.status()
		if got.Get("state").Str != "TASK_LOST" || got.Get("message").Str != "Agent 127.0.0.1 disconnected" || got.Get("reason").Str != "REASON_AGENT_DISCONNECTED" {
			t.Errorf("update %s", got)
		}
		time.Sleep(time.Hour)
		if got := s.pending(); !slices.Contains(got, "FAILURE") {
			t.Errorf("an hour later: %v", got)
		}
	})
}

// Answers that come later than the next ping are signs of life: only silence for
// five pings is none.
func TestLatePongs(t *testing.T) {
	bubble(t, Options{AgentPingTimeout: time.Second}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		close(ag.deaf)
		time.Sleep(1400 * time.Millisecond)
		for n := range uint64(20) {
			_ = ag.conn.Send(&link.Pong{Seq: n + 1})
			time.Sleep(time.Second)
		}
		if got := s.pending(); slices.Contains(got, "FAILURE") {
			t.Fatalf("unreachable while it answers: %v", got)
		}
		last := time.Now().Add(-time.Second)
		s.wait("FAILURE")
		if got := time.Since(last); got < 5*time.Second || got > 6*time.Second {
			t.Errorf("unreachable %s after its last answer", got)
		}
	})
}

func TestReregisterTimeout(t *testing.T) {
	bubble(t, Options{AgentPingTimeout: time.Hour, AgentReregisterTimeout: 10 * time.Minute}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("checkpoint", true)
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		ag.conn.Close()
		if got := s.status(); got.Get("message").Str != "agent did not reregister within 10mins after disconnecting" {
			t.Errorf("update %s", got)
		}
	})
}

func TestReturnWithinTheTimeout(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("checkpoint", true)
		s.launch(s.offer(), 0, taskJSON("here", ag.id), taskJSON("missing", ag.id))
		ag.conn.Close()
		simtime.Wait()
		s.must("KILL", `{"task_id":{"value":"here"}}`)
		reg := registration(t, 5051, machine)
		reg.Info.Id = agentID(ag.id)
		reg.Tasks = []link.Task{{FrameworkID: s.id, Info: &v1.TaskInfo{TaskId: taskID("here")}, State: v1.TaskState_TASK_RUNNING}}
		back := r.register(reg)
		if got := told[*link.ReconcileTasks](back); len(got.Tasks) != 1 || got.Tasks[0].Info.GetTaskId().GetValue() != "missing" {
			t.Errorf("asked for %v", got.Tasks)
		}
		if got := told[*link.Kill](back); got.TaskID != "here" {
			t.Errorf("told to kill %q", got.TaskID)
		}
		time.Sleep(time.Hour)
		if n := gjson.Get(r.get("/frameworks"), "frameworks.0.tasks.#").Int(); n != 2 {
			t.Errorf("%d tasks an hour later", n)
		}
	})
}

// TestMasterRestart: a master without memory is told by the agent what runs.
func TestMasterRestart(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		id := "11111111-2222-3333-4444-555555555555-0000"
		reg := registration(t, 5051, machine)
		reg.Info.Id = agentID("11111111-2222-3333-4444-555555555555-S0")
		reg.Frameworks = []*v1.FrameworkInfo{{Id: frameworkID(id), User: proto.String("root"), Name: proto.String("old"), FailoverTimeout: proto.Float64(60), Checkpoint: proto.Bool(true)}}
		reg.Tasks = []link.Task{{FrameworkID: id, Info: &v1.TaskInfo{Name: proto.String("t"), TaskId: taskID("t"), AgentId: reg.Info.Id, Resources: []*v1.Resource{
			{Name: proto.String("cpus"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(0.5)}}}}, State: v1.TaskState_TASK_RUNNING}}
		r.register(reg)
		if got := gjson.Get(r.get("/frameworks"), "frameworks.0"); got.Get("recovered").Raw != "true" || got.Get("connected").Raw != "false" {
			t.Errorf("before the scheduler: %s", got)
		}
		s := r.framework("id.value", id, "^framework_id.value", id, "checkpoint", true, "failover_timeout", 60)
		if got := s.offer().Get(`resources.#(name=="cpus").scalar.value`).Num; got != 1.5 {
			t.Errorf("offered %v cpus, want 1.5", got)
		}
		s.must("RECONCILE", `{}`)
		if got := s.status(); got.Get("task_id.value").Str != "t" || got.Get("state").Str != "TASK_RUNNING" {
			t.Errorf("reconciled: %s", got)
		}
	})
}

func TestMarkAgentGone(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("capabilities", capability(aware))
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		mark := func(id string) answerText {
			return r.operator(`{"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":"` + id + `"}}}`)
		}
		if got := mark("X"); got.status != 404 || got.body != "Agent 'X' not found" {
			t.Errorf("unknown: %d %q", got.status, got.body)
		}
		if got := mark(ag.id); got.status != 200 || got.body != "" {
			t.Errorf("gone: %d %q", got.status, got.body)
		}
		got := s.status()
		if got.Get("state").Str != "TASK_GONE_BY_OPERATOR" || got.Get("reason").Str != "REASON_AGENT_REMOVED_BY_OPERATOR" || got.Get("message").Str != "Agent has been marked gone" {
			t.Errorf("update %s", got)
		}
		told[*link.Shutdown](ag)
		if got := mark(ag.id); got.status != 200 {
			t.Errorf("again: %d", got.status)
		}
	})
}

func TestDrain(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		s.offer()
		s.pending()
		if got := r.operator(`{"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"` + ag.id + `"},"max_grace_period":{"seconds":7}}}`); got.status != 200 {
			t.Fatalf("drain: %d %s", got.status, got.body)
		}
		if got := told[*link.Drain](ag); got.Config.GetMaxGracePeriod().GetNanoseconds() != 7e9 {
			t.Errorf("the agent was told %v", got.Config)
		}
		if got := s.pending(); !slices.Equal(got, []string{"RESCIND"}) {
			t.Errorf("the framework was told %v", got)
		}
		ag.update(s.id, "t", v1.TaskState_TASK_KILLED)
		s.acknowledge(s.status())
		time.Sleep(time.Minute)
		if got := s.pending(); slices.Contains(got, "OFFERS") {
			t.Errorf("offers of a drained agent: %v", got)
		}
		if got := gjson.Get(r.get("/slaves"), "slaves.0.drain_info.state").Str; got != "DRAINED" {
			t.Errorf("state %q", got)
		}
		if got := r.operator(`{"type":"REACTIVATE_AGENT","reactivate_agent":{"agent_id":{"value":"` + ag.id + `"}}}`); got.status != 200 {
			t.Fatalf("reactivate: %d %s", got.status, got.body)
		}
		s.offer() // with the next allocation
	})
}

func TestCompletedTasksAreBounded(t *testing.T) {
	bubble(t, Options{MaxCompletedTasksPerFramework: 3, MaxCompletedFrameworks: 2}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			s.launch(s.offer(), 0, taskJSON(id, ag.id))
			ag.update(s.id, id, v1.TaskState_TASK_FINISHED)
			s.acknowledge(s.status())
		}
		if got := gjson.Get(r.get("/frameworks"), "frameworks.0.completed_tasks.#.id").Raw; got != `["c","d","e"]` {
			t.Errorf("kept %s", got)
		}
		for range 3 {
			r.framework().must("TEARDOWN", "")
		}
		if got := gjson.Get(r.get("/frameworks"), "completed_frameworks.#").Int(); got != 2 {
			t.Errorf("%d completed frameworks", got)
		}
	})
}

func TestExecutorEnds(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		executor := map[string]any{"executor_id": map[string]string{"value": "e"}, "command": map[string]string{"value": "./e"}, "resources": []any{map[string]any{"name": "mem", "type": "SCALAR", "scalar": map[string]float64{"value": 64}}}}
		s.launch(s.offer(), 0, taskJSON("t", ag.id, "executor", executor, "command", nil))
		if run := told[*link.Run](ag); run.Executor.Type != nil || run.Executor.GetFrameworkId().GetValue() != s.id {
			t.Errorf("executor %v", run.Executor)
		}
		page := gjson.Get(r.get("/frameworks"), "frameworks.0")
		if page.Get("executors.0.executor_id").Str != "e" || page.Get("used_resources.mem").Num != 96 || page.Get("tasks.0.executor_id").Str != "e" {
			t.Errorf("page %s", page)
		}
		if ids := s.offer().Get("executor_ids.0.value").Str; ids != "e" {
			t.Errorf("offer names executor %q", ids)
		}
		_ = ag.conn.Send(&link.ExecutorMessage{FrameworkID: s.id, ExecutorID: "e", Data: []byte("hi")})
		if got := gjson.Get(s.wait("MESSAGE"), "message.data").Str; got != "aGk=" {
			t.Errorf("data %q", got)
		}
		_ = ag.conn.Send(&link.ExecutorExited{FrameworkID: s.id, ExecutorID: "e", Status: 256})
		if got := gjson.Get(s.wait("FAILURE"), "failure"); got.Get("status").Int() != 256 || got.Get("executor_id.value").Str != "e" {
			t.Errorf("failure %s", got)
		}
		s.must("MESSAGE", `{"agent_id":{"value":"`+ag.id+`"},"executor_id":{"value":"e"},"data":"aGk="}`)
		if got := told[*link.SchedulerMessage](ag); string(got.Data) != "hi" {
			t.Errorf("data %q", got.Data)
		}
		s.must("SHUTDOWN", `{"agent_id":{"value":"`+ag.id+`"},"executor_id":{"value":"e"}}`)
		if got := told[*link.ShutdownExecutor](ag); got.ExecutorID != "e" {
			t.Errorf("executor %q", got.ExecutorID)
		}
	})
}
