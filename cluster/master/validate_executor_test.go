package master

import (
	"strings"
	"testing"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

const groupExecutor = `{"type":"DEFAULT","executor_id":{"value":"e"},"framework_id":{"value":"FRAMEWORK"},"resources":[` +
	`{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}},{"name":"disk","type":"SCALAR","scalar":{"value":32}}]`

// TestGroupExecutorRefused has an executor for each thing that Mesos refuses in
// a LAUNCH_GROUP, and tasks that do not go together.
func TestGroupExecutorRefused(t *testing.T) {
	with := func(old, new string) string { return strings.Replace(groupExecutor, old, new, 1) + `}` }
	and := func(more string) string { return groupExecutor + "," + more + `}` }
	volume := reservedJSON("disk", "1", "web", volumeExtra)
	ports := func(begin, end string) string {
		return `{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":` + begin + `,"end":` + end + `}]}}`
	}
	tests := []struct {
		executor string
		edits    []any // of the task
		want     string
	}{
		{with(`"type":"DEFAULT",`, ""), nil, "'ExecutorInfo.type' must be set"},
		{with(`"DEFAULT"`, `"UNKNOWN"`), nil, "Unknown executor type"},
		{with(`"DEFAULT"`, `"CUSTOM"`), nil, "'ExecutorInfo.command' must be set for 'CUSTOM' executor"},
		{and(`"container":{"type":"MESOS","mesos":{"image":{"type":"DOCKER","docker":{"name":"x"}}}}`), nil, "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor"},
		{strings.Replace(and(`"command":{"value":"x"},"container":{"type":"DOCKER","docker":{"image":"x"}}`), "DEFAULT", "CUSTOM", 1), nil, "Docker ContainerInfo is not supported on the executor"},
		{with(`"value":"e"`, `"value":".."`), nil, "'..' is disallowed"},
		{and(`"shutdown_grace_period":{"nanoseconds":-1}`), nil, "ExecutorInfo's 'shutdown_grace_period' must be non-negative"},
		{and(`"container":{"type":"MESOS","volumes":[{"mode":"RW","container_path":"x"}]}`), nil, "Executor's `ContainerInfo` is invalid: Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'"},
		{with(`FRAMEWORK`, "other"), nil, "ExecutorInfo has an invalid FrameworkID (Actual: other vs Expected: FRAMEWORK)"},
		{and(`"resources":[{"name":"gpus","type":"SCALAR","scalar":{"value":0.5}}]`), nil, "Executor uses invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer"},
		{and(`"resources":[` + volume + `,` + strings.Replace(volume, "data", "other", 1) + `]`), nil, "Executor uses duplicate persistence ID: Persistence ID 'vol' is not unique"},
		{and(`"resources":[{"name":"x","type":"SCALAR","scalar":{"value":1},"allocation_info":{"role":"a"}},{"name":"x","type":"SCALAR","scalar":{"value":1}}]`), nil, "Invalid executor resources: The resources have multiple allocation roles ('web' and 'a') but only one allocation role is allowed"},
		{with(`0.1`, "0.005"), nil, "Executor 'e' uses less CPUs (0.005) than the minimum required (0.01)"},
		{with(`"value":32}`, `"value":0.5}`), nil, "Executor 'e' uses less memory (0B) than the minimum required (32MB)"},
		{with(`"value":32}`, `"value":31.9}`), nil, "Executor 'e' uses less memory (31MB) than the minimum required (32MB)"},
		{and(`"container":{"type":"MESOS","linux_info":{"share_cgroups":true}}`), nil, "The 'share_cgroups' field cannot be set to 'true' on executor containers"},
		{and(``)[:len(groupExecutor)] + `}`, []any{"executor", raw(with(`"value":32}`, `"value":33}`))}, "The `ExecutorInfo` of task 't' is different from executor 'e'"},
		{with(`]`, `,`+ports("9000", "9001")+`]`), []any{"resources.2", raw(ports("9001", "9002"))}, "There are overlapping resources in the task group's task resources [ cpus(allocated: web):0.1; mem(allocated: web):32; ports(allocated: web):[9001-9002] ] and/or executor resources " +
			`[{"allocation_info":{"role":"web"},"name":"cpus","scalar":{"value":0.1},"type":"SCALAR"},{"allocation_info":{"role":"web"},"name":"mem","scalar":{"value":32.0},"type":"SCALAR"},{"allocation_info":{"role":"web"},"name":"disk","scalar":{"value":32.0},"type":"SCALAR"},{"allocation_info":{"role":"web"},"name":"ports","ranges":{"range":[{"begin":9000,"end":9001}]},"type":"RANGES"}]`},
		{and(`"name":"x"`), []any{"container", raw(`{"type":"MESOS","network_infos":[{}]}`), "health_check", raw(`{"type":"TCP","tcp":{"port":1}}`)}, "Task 't' is invalid: HTTP and TCP health checks are not supported for nested containers not joining parent's network"},
		{and(`"name":"x"`), []any{"limits.cpus.value", 1}, "Task 't' is invalid: Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'."},
		{and(`"name":"x"`), []any{"health_check", raw(`{"http":{"port":1}}`)}, "Task 't' is invalid: Task uses invalid health check: HealthCheck must specify 'type'"},
	}
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("role", "web")
		fill := func(text string) string { return strings.ReplaceAll(text, "FRAMEWORK", s.id) }
		for _, tt := range tests {
			edits := append([]any{}, tt.edits...)
			for i, e := range edits {
				if text, ok := e.(interface{ MarshalJSON() ([]byte, error) }); ok {
					data, _ := text.MarshalJSON()
					edits[i] = raw(fill(string(data)))
				}
			}
			s.operate(s.offer().Get("id").Raw, groupJSON(s, fill(tt.executor), taskJSON("t", ag.id, edits...)))
			if got := s.status().Get("message").Str; got != fill(tt.want) {
				t.Errorf("%s %v:\ngot  %s\nwant %s", tt.executor, tt.edits, got, fill(tt.want))
			}
		}
		s.operate(s.offer().Get("id").Raw,
			groupJSON(s, "", taskJSON("a", ag.id)),
			groupJSON(s, "", taskJSON("b", ag.id, "container", raw(`{"type":"MESOS","linux_info":{"share_cgroups":false}}`))))
		if got := s.status(); got.Get("message").Str != "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor" {
			t.Errorf("another task of the executor: %s", got)
		}
	})
}

// TestOtherExecutorInfo shows both descriptions, as C++ prints them.
func TestOtherExecutorInfo(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		run := func(id, executor string) {
			s.launch(s.offer(), 0, taskJSON(id, ag.id, "command", nil, "executor", raw(executor)))
		}
		run("a", `{"executor_id":{"value":"e"},"command":{"value":"./it's","uris":[{"value":"x"},{"value":"y"}]},"resources":[{"name":"mem","type":"SCALAR","scalar":{"value":64.5}}]}`)
		told[*link.Run](ag)
		run("b", `{"executor_id":{"value":"e"},"command":{"value":"./it's","uris":[{"value":"y","cache":true},{"value":"x"}]},"resources":[{"name":"mem","type":"SCALAR","scalar":{"value":64.5}}],"labels":{}}`)
		told[*link.Run](ag)
		run("c", `{"executor_id":{"value":"e"},"command":{"value":"z"}}`)
		want := "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n" +
			"------------------------------------------------------------\nExisting ExecutorInfo:\n" +
			"executor_id {\n  value: \"e\"\n}\n" +
			"resources {\n  name: \"mem\"\n  type: SCALAR\n  scalar {\n    value: 64.5\n  }\n  allocation_info {\n    role: \"*\"\n  }\n}\n" +
			"command {\n  uris {\n    value: \"x\"\n  }\n  uris {\n    value: \"y\"\n  }\n  value: \"./it\\'s\"\n}\n" +
			"framework_id {\n  value: \"" + s.id + "\"\n}\n\n" +
			"------------------------------------------------------------\nExecutorInfo:\n" +
			"executor_id {\n  value: \"e\"\n}\ncommand {\n  value: \"z\"\n}\nframework_id {\n  value: \"" + s.id + "\"\n}\n\n" +
			"------------------------------------------------------------\n"
		if got := s.status().Get("message").Str; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestDebugText(t *testing.T) {
	m := &v1.TaskStatus{
		TaskId: taskID("a\n\"\x01é"), State: v1.TaskState_TASK_LOST.Enum(), Data: []byte{0, '\\'}, AgentId: agentID("S0"),
		Timestamp: proto.Float64(0.1), Healthy: proto.Bool(true),
	}
	want := "task_id {\n  value: \"a\\n\\\"\\001\\303\\251\"\n}\nstate: TASK_LOST\ndata: \"\\000\\\\\"\nslave_id {\n  value: \"S0\"\n}\ntimestamp: 0.1\nhealthy: true\n"
	if got := debugText(m); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSharedVolume lets two tasks of one ACCEPT use the same shared volume.
func TestSharedVolume(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("role", "web", "capabilities", capability("SHARED_RESOURCES"))
		vol := reservedJSON("disk", "10", "web", volumeExtra+`,"shared":{}`)
		s.operate(s.offer().Get("id").Raw,
			`{"type":"RESERVE","reserve":{"resources":[`+reservedJSON("disk", "10", "web", "")+`]}}`,
			`{"type":"CREATE","create":{"volumes":[`+vol+`]}}`,
			`{"type":"LAUNCH","launch":{"task_infos":[`+taskJSON("a", ag.id, "resources.2", raw(vol))+`,`+taskJSON("b", ag.id, "resources.2", raw(vol))+`]}}`,
			`{"id":{"value":"op"},"type":"DESTROY","destroy":{"volumes":[`+vol+`]}}`)
		for _, id := range []string{"a", "b"} {
			if run := told[*link.Run](ag); run.Tasks[0].GetTaskId().GetValue() != id || !resources.New(run.Tasks[0].Resources)[2].Shared() {
				t.Errorf("the agent was told %v", run.Tasks)
			}
		}
		if got := s.wait("UPDATE_OPERATION_STATUS"); !strings.Contains(got, "Persistent volumes in use") {
			t.Errorf("destroyed while used: %s", got)
		}
	})
}
