package master

import (
	"mesosbook/cluster/pages"
	"mesosbook/mesos"
	registryv1 "mesosbook/mesos/v1/registry"
)

// registryPage is /registrar(1)/registry: what a master keeps of the cluster
// beyond its own end (master/registry.proto). What is empty is left out.
func (m *Master) registryPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		r := m.registryLocked()
		admitted := r.GetSlaves().GetSlaves()
		r.Slaves = nil
		if len(r.GetUnreachable().GetSlaves()) == 0 {
			r.Unreachable = nil
		}
		if len(r.GetGone().GetSlaves()) == 0 {
			r.Gone = nil
		}
		if len(r.GetMachines().GetMachines()) == 0 {
			r.Machines = nil
		}
		_ = e.Members(r) // complete: made here
		e.Key("slaves").BeginObject()
		if len(admitted) > 0 {
			e.Key("slaves").BeginArray()
			for _, s := range admitted {
				writeAdmitted(e, s)
			}
			e.EndArray()
		}
		e.EndObject()
	})
}

// writeAdmitted writes an agent with what operators decided on it.
func writeAdmitted(e *mesos.Encoder, s *registryv1.Registry_Slave) {
	e.BeginObject()
	writeAgentInfo(e.Key("info"), s.GetInfo())
	if s.DrainInfo != nil {
		pages.WriteMessage(e, "drain_info", s.DrainInfo)
	}
	e.Key("deactivated").Bool(s.GetDeactivated())
	e.EndObject()
}
