package master

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"mesosbook/cluster/link"

	"github.com/tidwall/sjson"
)

// raw is JSON that stands in a test as it is.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// TestLaunchRefused goes through facts 3.5: each task has one fault, and the
// framework hears of it in Mesos' words.
func TestLaunchRefused(t *testing.T) {
	scalar := func(name, value string) string {
		return `{"name":"` + name + `","type":"SCALAR","scalar":{"value":` + value + `}}`
	}
	const room = "more than available ports(allocated: *):[9000-10000]; cpus(allocated: *):2; mem(allocated: *):496; disk(allocated: *):4930"
	tests := []struct {
		edits []any
		want  string
	}{
		{[]any{"task_id.value", ""}, "ID must not be empty"},
		{[]any{"task_id.value", strings.Repeat("x", 256)}, "ID must not be greater than 255 characters"},
		{[]any{"task_id.value", ".."}, "'..' is disallowed"},
		{[]any{"task_id.value", "a/b"}, "'a/b' contains invalid characters"},
		{[]any{"task_id.value", `a\b`}, `'a\b' contains invalid characters`},
		{[]any{"kill_policy.grace_period.nanoseconds", -1}, "Task's 'kill_policy.grace_period' must be non-negative"},
		{[]any{"max_completion_time.nanoseconds", -1}, "Task's `max_completion_time` must be non-negative"},
		{[]any{"check", raw(`{}`)}, "Task uses invalid check: CheckInfo must specify 'type'"},
		{[]any{"check", raw(`{"type":"COMMAND"}`)}, "Task uses invalid check: Expecting 'command' to be set for COMMAND check"},
		{[]any{"check", raw(`{"type":"COMMAND","command":{"command":{}}}`)}, "Task uses invalid check: Command check must contain 'shell command'"},
		{[]any{"check", raw(`{"type":"COMMAND","command":{"command":{"shell":false}}}`)}, "Task uses invalid check: Command check must contain 'executable path'"},
		{[]any{"check", raw(`{"type":"HTTP","http":{"port":1,"path":"x"}}`)}, "Task uses invalid check: The path 'x' of HTTP check must start with '/'"},
		{[]any{"check", raw(`{"type":"TCP"}`)}, "Task uses invalid check: Expecting 'tcp' to be set for TCP check"},
		{[]any{"check", raw(`{"type":"UNKNOWN"}`)}, "Task uses invalid check: 'UNKNOWN' is not a valid check type"},
		{[]any{"check", raw(`{"type":"TCP","tcp":{"port":1},"interval_seconds":-1}`)}, "Task uses invalid check: Expecting 'interval_seconds' to be non-negative"},
		{[]any{"health_check", raw(`{}`)}, "Task uses invalid health check: HealthCheck must specify 'type'"},
		{[]any{"health_check", raw(`{"type":"HTTP","http":{"port":1,"scheme":"ftp"}}`)}, "Task uses invalid health check: Unsupported HTTP health check scheme: 'ftp'"},
		{[]any{"health_check", raw(`{"http":{"port":1},"grace_period_seconds":-1}`)}, "Task uses invalid health check: Expecting 'grace_period_seconds' to be non-negative"},
		{[]any{"resources", raw(`[]`)}, "Task uses no resources"},
		{[]any{"resources", raw(`[` + scalar("gpus", "0.5") + `]`)}, "Task uses invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer"},
		{[]any{"resources.0.revocable", raw(`{}`), "resources.2", raw(scalar("cpus", "1"))}, "Task mixes revocable and non-revocable resources: Cannot use both revocable and non-revocable 'cpus' at the same time"},
		{[]any{"resources.0.allocation_info.role", "a"}, "Invalid task resources: The resources have multiple allocation roles ('*' and 'a') but only one allocation role is allowed"},
		{[]any{"command.environment.variables", raw(`[{"name":"X"}]`)}, "Task's `CommandInfo` is invalid: Environment variable 'X' of type 'VALUE' must have a value set"},
		{[]any{"command.environment.variables", raw(`[{"name":"X","type":"SECRET"}]`)}, "Task's `CommandInfo` is invalid: Environment variable 'X' of type 'SECRET' must have a secret set"},
		{[]any{"command.environment.variables", raw(`[{"name":"X","type":"UNKNOWN","value":"x"}]`)}, "Task's `CommandInfo` is invalid: Environment variable of type 'UNKNOWN' is not allowed"},
		{[]any{"command.environment.variables", raw(`[{"name":"X","type":"SECRET","secret":{"type":"REFERENCE"}}]`)}, "Task's `CommandInfo` is invalid: Environment variable 'X' specifies an invalid secret: Secret of type REFERENCE must have the 'reference' field set"},
		{[]any{"command.environment.variables", raw(`[{"name":"X","type":"SECRET","secret":{"type":"REFERENCE","reference":{"name":"r"},"value":{"data":"eA=="}}}]`)}, "Task's `CommandInfo` is invalid: Environment variable 'X' specifies an invalid secret: Secret 'r' of type REFERENCE must not have the 'value' field set"},
		{[]any{"command.environment.variables", raw(`[{"name":"X","type":"SECRET","secret":{"type":"VALUE"}}]`)}, "Task's `CommandInfo` is invalid: Environment variable 'X' specifies an invalid secret: Secret of type VALUE must have the 'value' field set"},
		{[]any{"command.environment.variables", raw(`[{"name":"X","type":"SECRET","secret":{"type":"VALUE","value":{"data":"AA=="}}}]`)}, "Task's `CommandInfo` is invalid: Environment variable 'X' specifies a secret containing null bytes, which is not allowed in the environment"},
		{[]any{"check", raw(`{"type":"COMMAND","command":{"command":{"value":"x","environment":{"variables":[{"name":"X"}]}}}}`)}, "Task uses invalid check: Check's `CommandInfo` is invalid: Environment variable 'X' of type 'VALUE' must have a value set"},
		{[]any{"health_check", raw(`{"command":{"value":"x","environment":{"variables":[{"name":"X"}]}}}`)}, "Task uses invalid health check: Health check's `CommandInfo` is invalid: Environment variable 'X' of type 'VALUE' must have a value set"},
		{[]any{"health_check", raw(`{"command":{"value":"x"},"http":{"port":1}}`)}, "Task uses invalid health check: HealthCheck must specify 'type'"},
		{[]any{"health_check", raw(`{"tcp":{"port":1}}`)}, "Task uses invalid health check: HealthCheck must specify 'type'"},
		{[]any{"container", raw(`{"type":"MESOS","volumes":[{"mode":"RW","container_path":"x"}]}`)}, "Task's `ContainerInfo` is invalid: Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'"},
		{[]any{"container", raw(`{"type":"MESOS","volumes":[{"mode":"RW","container_path":"x","source":{"type":"CSI_VOLUME"}}]}`)}, "Task's `ContainerInfo` is invalid: Invalid volume: 'source.csi_volume' is not set for CSI volume"},
		{[]any{"container", raw(`{"type":"DOCKER"}`)}, "Task's `ContainerInfo` is invalid: DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"},
		{[]any{"container", raw(`{"type":"DOCKER","docker":{"image":"x","parameters":[{"key":"name","value":"x"}]}}`)}, "Task's `ContainerInfo` is invalid: Parameter in DockerInfo must not be 'name'"},
		{[]any{"container", raw(`{"type":"MESOS","volumes":[{"mode":"RW","container_path":"x","source":{"type":"HOST_PATH"}}]}`)}, "Task's `ContainerInfo` is invalid: Invalid volume: 'source.host_path' is not set for HOST_PATH volume"},
		{[]any{"limits.disk.value", 1}, "Only cpus and mem may be included in a task's resource limits"},
		{[]any{"limits.cpus.value", 0.05}, "The cpu limit must be greater than or equal to the cpu request"},
		{[]any{"resources", raw(`[` + scalar("cpus", "1") + `]`), "limits.mem.value", 1}, "When a memory limit is specified, a memory request must also be specified"},
		{[]any{"command", nil}, "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"},
		{[]any{"executor", raw(`{"executor_id":{"value":"e"},"command":{"value":"x"}}`)}, "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"},
		{[]any{"command", nil, "executor", raw(`{"executor_id":{"value":"a/b"},"command":{"value":"x"}}`)}, "'a/b' contains invalid characters"},
		{[]any{"command", nil, "executor", raw(`{"executor_id":{"value":"e"}}`)}, "'ExecutorInfo.command' must be set"},
		{[]any{"command", nil, "executor", raw(`{"executor_id":{"value":"e"},"type":"DEFAULT"}`)}, "'ExecutorInfo.type' must be 'CUSTOM'"},
		{[]any{"command", nil, "executor", raw(`{"executor_id":{"value":"e"},"framework_id":{"value":"f"},"command":{"value":"x"}}`)}, "ExecutorInfo has an invalid FrameworkID (Actual: f vs Expected: FRAMEWORK)"},
		{[]any{"resources.0.scalar.value", 100}, "Total resources cpus(allocated: *):100; mem(allocated: *):32 required by task and its executor is " + room},
		{[]any{"command", nil, "executor", raw(`{"executor_id":{"value":"e"},"command":{"value":"x"},"resources":[` + scalar("cpus", "1.95") + `]}`)},
			"Total resources cpus(allocated: *):2.05; mem(allocated: *):32 required by task and its executor is " + room},
		{[]any{"container", raw(`{"type":"MESOS","linux_info":{"share_cgroups":false}}`)}, "Only tasks in a task group may have 'share_cgroups' set to 'false'"},
		{[]any{"command", nil, "executor", raw(`{"executor_id":{"value":"e"},"type":"UNKNOWN","command":{"value":"x"}}`)}, "'ExecutorInfo.type' must be 'CUSTOM'"},
		{[]any{"command", nil, "executor", raw(`{"executor_id":{"value":"e"},"command":{"value":"x"},"resources":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":9000,"end":9001}]}}]}`), "resources", raw(`[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":9001,"end":9002}]}}]`)},
			`There are overlapping resources in the task resources [{"allocation_info":{"role":"*"},"name":"ports","ranges":{"range":[{"begin":9001,"end":9002}]},"type":"RANGES"}] and executor resources [{"allocation_info":{"role":"*"},"name":"ports","ranges":{"range":[{"begin":9000,"end":9001}]},"type":"RANGES"}]`},
		{[]any{"limits.mem.value", 31.9}, "The memory limit must be greater than or equal to the memory request"},
		{[]any{"resources.0.allocation_info.role", "a", "resources.0.name", ""}, "Resource '(allocated: a):0.1' is invalid: Empty resource name"},
		{[]any{"resources.0.scalar.value", -1}, "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0"},
		{[]any{"resources.0.name", ""}, "Resource ':0.1' is invalid: Empty resource name"},
	}
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		for _, tt := range tests {
			s.launch(s.offer(), 0, taskJSON("t", ag.id, tt.edits...))
			got := s.status()
			want := strings.ReplaceAll(tt.want, "FRAMEWORK)", s.id+")")
			if got.Get("message").Str != want {
				t.Errorf("%v:\ngot  %q\nwant %q", tt.edits, got.Get("message").Str, want)
			}
			if got.Get("state").Str != "TASK_ERROR" || got.Get("reason").Str != "REASON_TASK_INVALID" || got.Get("source").Str != "SOURCE_MASTER" || got.Get("uuid").Exists() {
				t.Errorf("%v: %s", tt.edits, got)
			}
		}
		s.launch(s.offer(), 0, taskJSON("other", "nope-S0"), taskJSON("good", ag.id))
		if got := s.status(); got.Get("message").Str != "Task uses invalid agent nope-S0 while agent "+ag.id+" is expected" || got.Get("agent_id.value").Str != "nope-S0" {
			t.Errorf("another agent: %s", got)
		}
		if run := told[*link.Run](ag); run.Tasks[0].GetTaskId().GetValue() != "good" {
			t.Error("a bad task stopped the one after it")
		}
		s.launch(s.offer(), 0, taskJSON("zero", ag.id, "resources.0.scalar.value", 0))
		if run := told[*link.Run](ag); run.Tasks[0].GetTaskId().GetValue() != "zero" {
			t.Error("an exact zero was refused")
		}
	})
}

func groupJSON(s *sub, executor string, tasks ...string) string {
	e := `{"type":"DEFAULT","executor_id":{"value":"e"},"framework_id":{"value":"` + s.id + `"},"resources":[` +
		`{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}},{"name":"disk","type":"SCALAR","scalar":{"value":32}}]}`
	if executor != "" {
		e = executor
	}
	return `{"type":"LAUNCH_GROUP","launch_group":{"executor":` + e + `,"task_group":{"tasks":[` + strings.Join(tasks, ",") + `]}}}`
}

func (s *sub) operate(offerRaw string, ops ...string) {
	s.r.t.Helper()
	s.must("ACCEPT", fmt.Sprintf(`{"offer_ids":[%s],"operations":[%s],"filters":{"refuse_seconds":0}}`, offerRaw, strings.Join(ops, ",")))
}

func TestLaunchGroupRefused(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		good := func(id string, edits ...any) string { return taskJSON(id, ag.id, edits...) }
		with := func(path string, value any) string {
			whole := groupJSON(s, "", good("a"), good("b"))
			var err error
			if value == nil {
				whole, err = sjson.Delete(whole, path)
			} else if v, ok := value.(json.RawMessage); ok {
				whole, err = sjson.SetRaw(whole, path, string(v))
			} else {
				whole, err = sjson.Set(whole, path, value)
			}
			if err != nil {
				t.Fatal(err)
			}
			return whole
		}
		tests := []struct{ op, want string }{
			{with("launch_group.executor.type", nil), "'ExecutorInfo.type' must be set"},
			{with("launch_group.executor.framework_id", nil), "'ExecutorInfo.framework_id' must be set"},
			{with("launch_group.executor.command.value", "x"), "'ExecutorInfo.command' must not be set for 'DEFAULT' executor"},
			{with("launch_group.executor.container.type", "DOCKER"), "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor"},
			{with("launch_group.executor.resources.0", nil), "Executor 'e' uses less CPUs (None) than the minimum required (0.01)"},
			{with("launch_group.executor.resources.1.scalar.value", 16), "Executor 'e' uses less memory (16MB) than the minimum required (32MB)"},
			{with("launch_group.executor.resources.2", nil), "Executor 'e' uses no disk"},
			{with("launch_group.task_group.tasks.1.task_id.value", "a"), "Task 'a' is invalid: Task has duplicate ID: a"},
			{with("launch_group.task_group.tasks.1.resources", raw("[]")), "Task 'b' is invalid: Task uses no resources"},
			{with("launch_group.task_group.tasks.0.container", raw(`{"type":"DOCKER","docker":{"image":"x"}}`)), "Task 'a' is invalid: Docker ContainerInfo is not supported on the task"},
			{with("launch_group.task_group.tasks.0.resources.0.scalar.value", 5), "Total resources cpus(allocated: *):5.2; mem(allocated: *):96; disk(allocated: *):32 required by task group and its executor are more than available ports(allocated: *):[9000-10000]; cpus(allocated: *):2; mem(allocated: *):496; disk(allocated: *):4930"},
			{with("id.value", "op"), "The `id` field cannot be set on LAUNCH_GROUP operations"},
		}
		for _, tt := range tests {
			s.operate(s.offer().Get("id").Raw, tt.op)
			for range 2 {
				got := s.status()
				if got.Get("message").Str != tt.want || got.Get("reason").Str != "REASON_TASK_GROUP_INVALID" {
					t.Errorf("got  %s\nwant %q", got, tt.want)
				}
			}
		}
		s.operate(s.offer().Get("id").Raw, groupJSON(s, "", good("a"), good("b")))
		if run := told[*link.Run](ag); !run.Group || len(run.Tasks) != 2 || run.Executor.GetExecutorId().GetValue() != "e" {
			t.Errorf("the agent was told %v", run)
		}
	})
}
