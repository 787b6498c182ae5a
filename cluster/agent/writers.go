package agent

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/pages"
	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// message writes a message among other JSON; those of this package are complete.
func message(e *mesos.Encoder, m proto.Message) {
	if err := e.Message(m); err != nil {
		e.Null()
	}
}

// writeMap writes an object of texts.
func writeMap(e *mesos.Encoder, m map[string]string) {
	e.BeginObject()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		e.Key(k).String(m[k])
	}
	e.EndObject()
}

// writeFramework writes a framework as /state has it (slave/http.cpp:
// FrameworkWriter).
func writeFramework(e *mesos.Encoder, f *framework) {
	e.BeginObject()
	e.Key("id").String(f.id())
	e.Key("name").String(f.info().GetName())
	e.Key("user").String(f.info().GetUser())
	e.Key("failover_timeout").Double(f.info().GetFailoverTimeout())
	e.Key("checkpoint").Bool(f.info().GetCheckpoint())
	e.Key("hostname").String(f.info().GetHostname())
	if f.info().Principal != nil {
		e.Key("principal").String(f.info().GetPrincipal())
	}
	if f.can(v1.FrameworkInfo_Capability_MULTI_ROLE) {
		pages.Strings(e.Key("roles"), f.info().Roles)
	} else {
		e.Key("role").String(f.info().GetRole())
	}
	e.Key("executors").BeginArray()
	for _, ex := range f.executors {
		writeExecutor(e, ex)
	}
	e.EndArray().Key("completed_executors").BeginArray()
	for _, ex := range f.completed {
		writeExecutor(e, ex)
	}
	e.EndArray().EndObject()
}

func writeExecutor(e *mesos.Encoder, ex *executor) {
	e.BeginObject()
	e.Key("id").String(ex.id())
	e.Key("name").String(ex.info.GetName())
	e.Key("source").String(ex.info.GetSource())
	e.Key("container").String(ex.container)
	e.Key("directory").String(ex.dir)
	pages.Sums(e.Key("resources"), ex.allocated())
	if len(ex.info.Resources) > 0 {
		e.Key("role").String(pages.Role(ex.info.Resources))
	}
	pages.WriteLabels(e, ex.info.Labels)
	if ex.info.Type != nil {
		e.Key("type").String(ex.info.GetType().String())
	}
	e.Key("tasks").BeginArray()
	for _, t := range ex.tasks {
		if ex.runs(t) {
			writeTask(e, t)
		}
	}
	e.EndArray().Key("queued_tasks").BeginArray()
	for _, q := range ex.queued {
		writeQueued(e, q)
	}
	e.EndArray().Key("completed_tasks").BeginArray()
	for _, t := range ex.completed {
		writeTask(e, t)
	}
	for _, t := range ex.tasks {
		if !ex.runs(t) {
			writeTask(e, t)
		}
	}
	e.EndArray().EndObject()
}

func writeTask(e *mesos.Encoder, t *task) {
	pages.Task(e, t.proto, resources.New(t.proto.Resources))
}

// writeQueued writes a task that its executor has not got yet.
func writeQueued(e *mesos.Encoder, q *v1.TaskInfo) {
	e.BeginObject()
	e.Key("id").String(q.GetTaskId().GetValue())
	e.Key("name").String(q.GetName())
	e.Key("slave_id").String(q.GetAgentId().GetValue())
	pages.Sums(e.Key("resources"), resources.New(q.Resources))
	e.Key("role").String(pages.Role(q.Resources))
	if q.Command != nil {
		pages.Command(e.Key("command"), q.Command)
	}
	if q.Executor != nil {
		e.Key("executor_id").String(q.GetExecutor().GetExecutorId().GetValue())
	}
	if q.Discovery != nil {
		pages.WriteMessage(e, "discovery", q.Discovery)
	}
	e.EndObject()
}
