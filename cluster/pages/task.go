package pages

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// WriteMessage writes a message of the v1 API; one that lacks a required field is
// left out.
func WriteMessage(e *mesos.Encoder, name string, msg proto.Message) {
	if data, err := mesos.Marshal(msg); err == nil {
		e.Key(name).Raw(data)
	}
}

// Strings writes an array, also an empty one.
func Strings(e *mesos.Encoder, list []string) {
	e.BeginArray()
	for _, s := range list {
		e.String(s)
	}
	e.EndArray()
}

// WriteLabels writes "labels" if there are any.
func WriteLabels(e *mesos.Encoder, labels *v1.Labels) {
	if labels != nil {
		_ = mesos.EncodeList(e.Key("labels"), labels.GetLabels()) // the encoder keeps the error
	}
}

// Task writes a task; r are its resources.
func Task(e *mesos.Encoder, t *v1.Task, r resources.Resources) {
	e.BeginObject()
	e.Key("id").String(t.GetTaskId().GetValue())
	e.Key("name").String(t.GetName())
	e.Key("framework_id").String(t.GetFrameworkId().GetValue())
	e.Key("executor_id").String(t.GetExecutorId().GetValue())
	e.Key("slave_id").String(t.GetAgentId().GetValue())
	e.Key("state").String(t.GetState().String())
	Sums(e.Key("resources"), r)
	if len(t.GetLimits()) > 0 {
		e.Key("limits").BeginObject()
		for _, name := range slices.Sorted(maps.Keys(t.GetLimits())) {
			e.Key(name).Double(t.GetLimits()[name].GetValue())
		}
		e.EndObject()
	}
	e.Key("role").String(Role(t.GetResources()))
	e.Key("statuses").BeginArray()
	for _, s := range t.GetStatuses() {
		status(e, s)
	}
	e.EndArray()
	if t.User != nil {
		e.Key("user").String(t.GetUser())
	}
	WriteLabels(e, t.Labels)
	if t.Discovery != nil {
		WriteMessage(e, "discovery", t.Discovery)
	}
	if t.Container != nil {
		WriteMessage(e, "container", t.Container)
	}
	if t.HealthCheck != nil {
		WriteMessage(e, "health_check", t.HealthCheck)
	}
	e.EndObject()
}

// Role that holds resources, by the first of them.
func Role(list []*v1.Resource) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].GetAllocationInfo().GetRole()
}

func status(e *mesos.Encoder, s *v1.TaskStatus) {
	e.BeginObject()
	e.Key("state").String(s.GetState().String())
	e.Key("timestamp").Double(s.GetTimestamp())
	WriteLabels(e, s.Labels)
	if s.ContainerStatus != nil {
		container(e.Key("container_status"), s.ContainerStatus)
	}
	if s.Healthy != nil {
		e.Key("healthy").Bool(s.GetHealthy())
	}
	e.EndObject()
}

func container(e *mesos.Encoder, c *v1.ContainerStatus) {
	e.BeginObject()
	if c.ContainerId != nil {
		WriteMessage(e, "container_id", c.ContainerId)
	}
	if len(c.GetNetworkInfos()) > 0 {
		e.Key("network_infos").BeginArray()
		for _, n := range c.GetNetworkInfos() {
			network(e, n)
		}
		e.EndArray()
	}
	if c.CgroupInfo != nil {
		WriteMessage(e, "cgroup_info", c.CgroupInfo)
	}
	e.EndObject()
}

func network(e *mesos.Encoder, n *v1.NetworkInfo) {
	e.BeginObject()
	if len(n.GetGroups()) > 0 {
		Strings(e.Key("groups"), n.GetGroups())
	}
	WriteLabels(e, n.Labels)
	if len(n.GetIpAddresses()) > 0 {
		_ = mesos.EncodeList(e.Key("ip_addresses"), n.GetIpAddresses()) // the encoder keeps the error
	}
	if n.Name != nil {
		e.Key("name").String(n.GetName())
	}
	if len(n.GetPortMappings()) > 0 {
		_ = mesos.EncodeList(e.Key("port_mappings"), n.GetPortMappings())
	}
	e.EndObject()
}

// Command writes a command; nil is one without anything.
func Command(e *mesos.Encoder, c *v1.CommandInfo) {
	e.BeginObject()
	if c != nil && c.Shell != nil {
		e.Key("shell").Bool(c.GetShell())
	}
	if c != nil && c.Value != nil {
		e.Key("value").String(c.GetValue())
	}
	Strings(e.Key("argv"), c.GetArguments())
	if env := c.GetEnvironment(); env != nil {
		WriteMessage(e, "environment", env)
	}
	e.Key("uris").BeginArray()
	for _, u := range c.GetUris() {
		e.BeginObject()
		e.Key("value").String(u.GetValue())
		e.Key("executable").Bool(u.GetExecutable())
		e.EndObject()
	}
	e.EndArray()
	e.EndObject()
}

// WriteDomain writes "domain" if there is one.
func WriteDomain(e *mesos.Encoder, d *v1.DomainInfo) {
	if d == nil {
		return
	}
	e.Key("domain").BeginObject()
	if f := d.FaultDomain; f != nil {
		e.Key("fault_domain").BeginObject()
		e.Key("region").BeginObject().Key("name").String(f.GetRegion().GetName()).EndObject()
		e.Key("zone").BeginObject().Key("name").String(f.GetZone().GetName()).EndObject()
		e.EndObject()
	}
	e.EndObject()
}
