package master

import (
	"maps"
	"slices"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	maintenancev1 "mesosbook/mesos/v1/maintenance"
)

// registryPage is /registrar(1)/registry: what a master knows of the cluster
// beyond its own end (master/registry.proto), keys in the order of the alphabet.
func (m *Master) registryPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		m.writeGoneLocked(e)
		m.writeMachinesLocked(e)
		e.Key("master").BeginObject()
		writeMessage(e, "info", m.info)
		e.EndObject()
		if len(m.quotas) > 0 {
			e.Key("minimum_capabilities").BeginArray()
			e.BeginObject().Key("capability").String(v1.MasterInfo_Capability_QUOTA_V2.String()).EndObject()
			e.EndArray()
			_ = writeList(e.Key("quota_configs"), m.quotaMessageLocked().GetConfigs()) // complete
		}
		if len(m.machines.windows) > 0 {
			_ = writeList(e.Key("schedules"), []*maintenancev1.Schedule{m.machines.schedule()}) // complete
		}
		m.writeAdmittedLocked(e)
		m.writeLostLocked(e)
		if infos := m.weightInfosLocked(); len(infos) > 0 {
			e.Key("weights").BeginArray()
			for _, w := range infos {
				e.BeginObject()
				writeMessage(e, "info", w)
				e.EndObject()
			}
			e.EndArray()
		}
	})
}

func (m *Master) writeGoneLocked(e *mesos.Encoder) {
	if len(m.gone) == 0 {
		return
	}
	e.Key("gone").BeginObject().Key("slaves").BeginArray()
	for _, id := range slices.Sorted(maps.Keys(m.gone)) {
		e.BeginObject()
		writeMessage(e, "id", agentID(id))
		e.EndObject()
	}
	e.EndArray().EndObject()
}

func (m *Master) writeMachinesLocked(e *mesos.Encoder) {
	if len(m.machines.windows) == 0 {
		return
	}
	e.Key("machines").BeginObject().Key("machines").BeginArray()
	for _, w := range m.machines.windows {
		for _, id := range w.GetMachineIds() {
			mode := "DRAINING"
			if m.machines.down[keyOf(id)] {
				mode = "DOWN"
			}
			e.BeginObject().Key("info").BeginObject()
			writeMessage(e, "id", id)
			e.Key("mode").String(mode)
			writeMessage(e, "unavailability", w.GetUnavailability())
			e.EndObject().EndObject()
		}
	}
	e.EndArray().EndObject()
}

func (m *Master) writeAdmittedLocked(e *mesos.Encoder) {
	e.Key("slaves").BeginObject()
	if len(m.agents) > 0 {
		e.Key("slaves").BeginArray()
		for _, ag := range m.sortedAgentsLocked() {
			e.BeginObject()
			e.Key("deactivated").Bool(ag.deactivated)
			if ag.drain != nil {
				writeMessage(e, "drain_info", ag.drain)
			}
			e.Key("info").BeginObject()
			_ = e.Members(ag.info) // complete
			e.Key("checkpoint").Bool(true)
			e.EndObject().EndObject()
		}
		e.EndArray()
	}
	e.EndObject()
}

func (m *Master) writeLostLocked(e *mesos.Encoder) {
	if len(m.unreachable) == 0 {
		return
	}
	e.Key("unreachable").BeginObject().Key("slaves").BeginArray()
	for _, id := range slices.Sorted(maps.Keys(m.unreachable)) {
		e.BeginObject()
		e.Key("deactivated").Bool(false)
		writeMessage(e, "id", agentID(id))
		writeMessage(e, "timestamp", m.unreachable[id])
		e.EndObject()
	}
	e.EndArray().EndObject()
}
