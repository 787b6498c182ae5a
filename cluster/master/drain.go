package master

import (
	"net/http"
	"time"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// drainLocked is DRAIN_AGENT: the agent ends its tasks and gets no new ones.
func (m *Master) drainLocked(c *masterv1.Call_DrainAgent) reply {
	id := c.GetAgentId().GetValue()
	ag := m.agents[id]
	if ag == nil {
		return refused(http.StatusBadRequest, "Unknown agent")
	}
	if machine := m.machines.idOf(ag.machine()); machine != nil {
		return refused(http.StatusBadRequest, "Agent "+id+" is part of a maintenance schedule under Machine "+machineText(machine))
	}
	if !ag.has(v1.AgentInfo_Capability_AGENT_DRAINING) {
		return refused(http.StatusBadRequest, "Agent "+id+" is not capable of draining")
	}
	config := &v1.DrainConfig{MarkGone: proto.Bool(c.GetMarkGone())}
	if d := c.MaxGracePeriod; d != nil {
		config.MaxGracePeriod = &v1.DurationInfo{Nanoseconds: proto.Int64(d.AsDuration().Nanoseconds())}
	}
	m.logf("Draining agent %s (%s)", id, ag.info.GetHostname())
	ag.drain = &v1.DrainInfo{State: v1.DrainState_DRAINING.Enum(), Config: config}
	ag.deactivated = true
	ag.drainStart = time.Now()
	m.alloc.SetAgentActive(id, false)
	m.rescindAllLocked(ag)
	m.removeInverseOfLocked(ag)
	m.saveLocked()
	ag.send(&link.Drain{Config: config})
	m.drainedLocked(ag)
	return done()
}

// drainedLocked notes the end of draining when the last task and operation are
// gone.
func (m *Master) drainedLocked(ag *agent) {
	if ag.drain.GetState() != v1.DrainState_DRAINING || len(ag.tasks) > 0 || len(ag.operations) > 0 {
		return
	}
	m.logf("Agent %s (%s) is drained", ag.id, ag.info.GetHostname())
	ag.drain = &v1.DrainInfo{State: v1.DrainState_DRAINED.Enum(), Config: ag.drain.Config}
	m.saveLocked()
	if ag.drain.GetConfig().GetMarkGone() {
		m.markGoneLocked(ag)
	}
}

// setDeactivatedLocked is DEACTIVATE_AGENT and REACTIVATE_AGENT, which also
// ends draining.
func (m *Master) setDeactivatedLocked(id string, off bool) reply {
	ag := m.agents[id]
	if ag == nil {
		return refused(http.StatusBadRequest, "Unknown agent")
	}
	if !off && ag.drain.GetState() == v1.DrainState_DRAINING {
		return refused(http.StatusBadRequest, "Agent is still in the DRAINING state")
	}
	ag.deactivated = off
	if off {
		m.rescindAllLocked(ag)
		m.removeInverseOfLocked(ag)
	} else {
		ag.drain, ag.drainStart = nil, time.Time{}
	}
	m.saveLocked()
	m.alloc.SetAgentActive(id, ag.active())
	if !off {
		m.allocateLocked(id)
	}
	return done()
}
