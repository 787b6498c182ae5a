package master

import (
	"mesosbook/mesos"
	registryv1 "mesosbook/mesos/v1/registry"

	"google.golang.org/protobuf/proto"
)

// registryPage is /registrar(1)/registry: what a master knows of the cluster
// beyond its own end (master/registry.proto), keys in the order of the alphabet.
func (m *Master) registryPage(req *request) {
	var r *registryv1.Registry
	m.locked(func() { r = m.registryLocked() })
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	some := func(name string, n int, msg proto.Message) {
		if n > 0 {
			writeMessage(e, name, msg)
		}
	}
	some("gone", len(r.Gone.Slaves), r.Gone)
	some("machines", len(r.Machines.Machines), r.Machines)
	writeMessage(e, "master", r.Master)
	writeSome(e, "minimum_capabilities", r.MinimumCapabilities)
	writeSome(e, "quota_configs", r.QuotaConfigs)
	writeSome(e, "schedules", r.Schedules)
	writeAdmitted(e, r.Slaves.Slaves)
	some("unreachable", len(r.Unreachable.Slaves), r.Unreachable)
	writeSome(e, "weights", r.Weights)
	e.EndObject()
	req.json(e.Bytes())
}

// writeSome writes a list that has something in it.
func writeSome[M proto.Message](e *mesos.Encoder, name string, list []M) {
	if len(list) > 0 {
		_ = writeList(e.Key(name), list) // complete
	}
}

// writeAdmitted writes the agents with the "checkpoint" that v1 dropped.
func writeAdmitted(e *mesos.Encoder, list []*registryv1.Registry_Slave) {
	e.Key("slaves").BeginObject()
	if len(list) > 0 {
		e.Key("slaves").BeginArray()
		for _, s := range list {
			e.BeginObject()
			e.Key("deactivated").Bool(s.GetDeactivated())
			if s.DrainInfo != nil {
				writeMessage(e, "drain_info", s.DrainInfo)
			}
			e.Key("info").BeginObject()
			_ = e.Members(s.Info) // complete
			e.Key("checkpoint").Bool(true)
			e.EndObject().EndObject()
		}
		e.EndArray()
	}
	e.EndObject()
}
