package agent

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

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

// writeByRole writes an object with what is reserved for each role.
func writeByRole(e *mesos.Encoder, rs resources.Resources, write func(resources.Resources)) {
	roles := map[string]bool{}
	for _, it := range rs {
		if it.Role() != "*" {
			roles[it.Role()] = true
		}
	}
	e.BeginObject()
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		e.Key(role)
		write(rs.Filter(func(it resources.Item) bool { return it.Role() == role }))
	}
	e.EndObject()
}

func writeFull(e *mesos.Encoder, rs resources.Resources) {
	e.BeginArray()
	for _, r := range rs.Proto(resources.Endpoint) {
		message(e, r)
	}
	e.EndArray()
}

// writeSummary writes sums by name: disk, mem, gpus and cpus always, the others
// where there are any; ranges and sets as text (common/http.cpp).
func writeSummary(e *mesos.Encoder, rs resources.Resources) {
	sums := map[string]float64{"disk": 0, "mem": 0, "gpus": 0, "cpus": 0}
	order := []string{"disk", "mem", "gpus", "cpus"}
	texts := map[string]string{}
	for _, it := range rs {
		name := it.Name()
		if it.Revocable() {
			name += "_revocable"
		}
		if it.Type() == v1.Value_SCALAR {
			if _, known := sums[name]; !known {
				order = append(order, name)
			}
			sums[name] += float64(it.Milli()) / 1000
			continue
		}
		if _, known := texts[name]; known {
			continue
		}
		same := rs.Filter(func(o resources.Item) bool { return o.Name() == it.Name() && o.Revocable() == it.Revocable() })
		texts[name] = valueText(same.Unallocate().Unreserved())
		order = append(order, name)
	}
	e.BeginObject()
	for _, name := range order {
		if t, ok := texts[name]; ok {
			e.Key(name).String(t)
		} else {
			e.Key(name).Double(sums[name])
		}
	}
	e.EndObject()
}

func valueText(rs resources.Resources) string {
	if len(rs) == 0 {
		return ""
	}
	if rs[0].Type() == v1.Value_RANGES {
		return resources.FormatRanges(rs[0].Ranges())
	}
	return resources.FormatSet(rs[0].Set())
}

func writeAttributes(e *mesos.Encoder, list []*v1.Attribute) {
	e.Key("attributes").BeginObject()
	for _, at := range list {
		e.Key(at.GetName())
		switch at.GetType() {
		case v1.Value_SCALAR:
			e.Double(at.GetScalar().GetValue())
		case v1.Value_RANGES:
			e.String(rangesText(at.GetRanges()))
		case v1.Value_SET:
			e.String(resources.FormatSet(at.GetSet().GetItem()))
		default:
			e.String(at.GetText().GetValue())
		}
	}
	e.EndObject()
}

func rangesText(r *v1.Value_Ranges) string {
	var list []resources.Range
	for _, x := range r.GetRange() {
		list = append(list, resources.Range{Begin: x.GetBegin(), End: x.GetEnd()})
	}
	return resources.FormatRanges(list)
}

func writeStrings(e *mesos.Encoder, m map[string]string) {
	e.BeginObject()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		e.Key(k).String(m[k])
	}
	e.EndObject()
}

func writeFramework(e *mesos.Encoder, f *framework) {
	e.BeginObject()
	e.Key("id").String(f.id())
	e.Key("name").String(f.info.GetName())
	e.Key("user").String(f.info.GetUser())
	e.Key("failover_timeout").Double(f.info.GetFailoverTimeout())
	e.Key("checkpoint").Bool(f.info.GetCheckpoint())
	e.Key("hostname").String(f.info.GetHostname())
	if f.info.Principal != nil {
		e.Key("principal").String(f.info.GetPrincipal())
	}
	if f.can(v1.FrameworkInfo_Capability_MULTI_ROLE) {
		e.Key("roles").BeginArray()
		for _, role := range f.info.Roles {
			e.String(role)
		}
		e.EndArray()
	} else {
		e.Key("role").String(f.info.GetRole())
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
	e.Key("resources")
	writeSummary(e, ex.allocated())
	e.Key("role").String(ex.role())
	writeLabels(e, ex.info.Labels)
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
		writeQueued(e, ex, q)
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

func writeLabels(e *mesos.Encoder, l *v1.Labels) {
	if l == nil {
		return
	}
	e.Key("labels").BeginArray()
	for _, x := range l.Labels {
		message(e, x)
	}
	e.EndArray()
}

// writeTask writes a task as the pages of master and agent show it
// (common/http.cpp).
func writeTask(e *mesos.Encoder, t *task) {
	p := t.proto
	e.BeginObject()
	e.Key("id").String(p.GetTaskId().GetValue())
	e.Key("name").String(p.GetName())
	e.Key("framework_id").String(p.GetFrameworkId().GetValue())
	e.Key("executor_id").String(p.GetExecutorId().GetValue())
	e.Key("slave_id").String(p.GetAgentId().GetValue())
	e.Key("state").String(p.GetState().String())
	e.Key("resources")
	writeSummary(e, resources.New(p.Resources))
	if len(p.Limits) > 0 {
		e.Key("limits").BeginObject()
		for _, name := range slices.Sorted(maps.Keys(p.Limits)) {
			e.Key(name).Double(p.Limits[name].GetValue())
		}
		e.EndObject()
	}
	e.Key("role").String(roleOf(p.Resources))
	e.Key("statuses").BeginArray()
	for _, s := range p.Statuses {
		writeStatus(e, s)
	}
	e.EndArray()
	if p.User != nil {
		e.Key("user").String(p.GetUser())
	}
	writeLabels(e, p.Labels)
	if p.Discovery != nil {
		e.Key("discovery")
		message(e, p.Discovery)
	}
	if p.Container != nil {
		e.Key("container")
		message(e, p.Container)
	}
	if p.HealthCheck != nil {
		e.Key("health_check")
		message(e, p.HealthCheck)
	}
	e.EndObject()
}

func roleOf(list []*v1.Resource) string {
	for _, r := range list {
		if role := r.GetAllocationInfo().GetRole(); role != "" {
			return role
		}
	}
	return "*"
}

func writeStatus(e *mesos.Encoder, s *v1.TaskStatus) {
	e.BeginObject()
	e.Key("state").String(s.GetState().String())
	e.Key("timestamp").Double(s.GetTimestamp())
	writeLabels(e, s.Labels)
	if cs := s.ContainerStatus; cs != nil {
		e.Key("container_status").BeginObject()
		if cs.ContainerId != nil {
			e.Key("container_id")
			message(e, cs.ContainerId)
		}
		if len(cs.NetworkInfos) > 0 {
			e.Key("network_infos").BeginArray()
			for _, n := range cs.NetworkInfos {
				message(e, n)
			}
			e.EndArray()
		}
		if cs.CgroupInfo != nil {
			e.Key("cgroup_info")
			message(e, cs.CgroupInfo)
		}
		e.EndObject()
	}
	if s.Healthy != nil {
		e.Key("healthy").Bool(s.GetHealthy())
	}
	e.EndObject()
}

func writeQueued(e *mesos.Encoder, ex *executor, q *v1.TaskInfo) {
	e.BeginObject()
	e.Key("id").String(q.GetTaskId().GetValue())
	e.Key("name").String(q.GetName())
	e.Key("slave_id").String(q.GetAgentId().GetValue())
	e.Key("resources")
	writeSummary(e, resources.New(q.Resources))
	e.Key("role").String(roleOf(q.Resources))
	if c := q.Command; c != nil {
		e.Key("command")
		writeCommand(e, c)
	}
	if !ex.command {
		e.Key("executor_id").String(ex.id())
	}
	if q.Discovery != nil {
		e.Key("discovery")
		message(e, q.Discovery)
	}
	e.EndObject()
}

func writeCommand(e *mesos.Encoder, c *v1.CommandInfo) {
	e.BeginObject()
	e.Key("shell").Bool(c.GetShell())
	if c.Value != nil {
		e.Key("value").String(c.GetValue())
	}
	e.Key("argv").BeginArray()
	for _, arg := range c.Arguments {
		e.String(arg)
	}
	e.EndArray()
	if c.Environment != nil {
		e.Key("environment")
		message(e, c.Environment)
	}
	e.Key("uris").BeginArray()
	for _, u := range c.Uris {
		e.BeginObject().Key("value").String(u.GetValue())
		e.Key("executable").Bool(u.GetExecutable()).EndObject()
	}
	e.EndArray().EndObject()
}
