package master

import (
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// writeMessage writes a message of the v1 API as a member of a page.
func writeMessage(e *mesos.Encoder, name string, msg proto.Message) {
	if data, err := mesos.Marshal(msg); err == nil { // a message that lacks a required field is left out
		e.Key(name).Raw(data)
	}
}

// write the task as /state and its kin show it: without messages, reasons
// and uuids (common/http.cpp:1100 ff.).
func (t *task) write(e *mesos.Encoder) {
	p := t.proto
	e.BeginObject()
	e.Key("id").String(p.GetTaskId().GetValue())
	e.Key("name").String(p.GetName())
	e.Key("framework_id").String(p.GetFrameworkId().GetValue())
	e.Key("executor_id").String(p.GetExecutorId().GetValue())
	e.Key("slave_id").String(p.GetAgentId().GetValue())
	e.Key("state").String(p.GetState().String())
	summarize(t.resources).write(e.Key("resources"))
	if len(p.Limits) > 0 {
		e.Key("limits").BeginObject()
		for _, name := range []string{"cpus", "mem"} {
			if l := p.Limits[name]; l != nil {
				e.Key(name).Double(l.GetValue())
			}
		}
		e.EndObject()
	}
	if len(p.Resources) > 0 {
		e.Key("role").String(p.Resources[0].GetAllocationInfo().GetRole())
	}
	e.Key("statuses").BeginArray()
	for _, s := range p.Statuses {
		writeStatus(e, s)
	}
	e.EndArray()
	if p.User != nil {
		e.Key("user").String(p.GetUser())
	}
	t.writeDetails(e)
	e.EndObject()
}

func (t *task) writeDetails(e *mesos.Encoder) {
	if t.proto.Labels != nil {
		writeLabels(e, t.proto.Labels)
	}
	if d := t.proto.Discovery; d != nil {
		writeMessage(e, "discovery", d)
	}
	if c := t.proto.Container; c != nil {
		writeMessage(e, "container", c)
	}
	if h := t.proto.HealthCheck; h != nil {
		writeMessage(e, "health_check", h)
	}
}

func writeStatus(e *mesos.Encoder, s *v1.TaskStatus) {
	e.BeginObject()
	e.Key("state").String(s.GetState().String())
	e.Key("timestamp").Double(s.GetTimestamp())
	if s.Labels != nil {
		writeLabels(e, s.Labels)
	}
	if c := s.ContainerStatus; c != nil {
		e.Key("container_status").BeginObject()
		if c.ContainerId != nil {
			writeMessage(e, "container_id", c.ContainerId)
		}
		e.Key("network_infos").BeginArray()
		for _, n := range c.GetNetworkInfos() {
			if data, err := mesos.Marshal(n); err == nil {
				e.Raw(data)
			}
		}
		e.EndArray()
		if c.CgroupInfo != nil {
			writeMessage(e, "cgroup_info", c.CgroupInfo)
		}
		e.EndObject()
	}
	if s.Healthy != nil {
		e.Key("healthy").Bool(s.GetHealthy())
	}
	e.EndObject()
}
