package master

import (
	"net/http"
	"time"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// standingLocked gives what operators have decided on an agent that is
// registered, was before this master, or is unreachable.
func (m *Master) standingLocked(id string) (s standing, known bool) {
	if ag := m.agents[id]; ag != nil {
		return ag.standing, true
	}
	if r, some := m.recovered[id]; some {
		return r.standing, true
	}
	lost, some := m.unreachable[id]
	return lost.standing, some
}

// decideLocked notes what an operator decides on an agent that is known.
func (m *Master) decideLocked(id string, s standing) {
	if ag := m.agents[id]; ag != nil {
		ag.standing = s
	} else if r, some := m.recovered[id]; some {
		r.standing = s
		m.recovered[id] = r
	} else {
		lost := m.unreachable[id]
		lost.standing = s
		m.unreachable[id] = lost
	}
	m.saveLocked()
}

// drainLocked is DRAIN_AGENT: the agent ends its tasks and gets no new ones; one
// that is away does so when it is back.
func (m *Master) drainLocked(c *masterv1.Call_DrainAgent) reply {
	id := c.GetAgentId().GetValue()
	ag := m.agents[id]
	if _, known := m.standingLocked(id); !known {
		return refused(http.StatusBadRequest, "Unknown agent")
	}
	if ag != nil {
		if machine := m.machines.idOf(ag.machine()); machine != nil {
			return refused(http.StatusBadRequest, "Agent "+id+" is part of a maintenance schedule under Machine "+machineText(machine))
		}
		if !ag.has(v1.AgentInfo_Capability_AGENT_DRAINING) {
			return refused(http.StatusBadRequest, "Agent "+id+" is not capable of draining")
		}
	}
	config := &v1.DrainConfig{MarkGone: proto.Bool(c.GetMarkGone())}
	if d := c.MaxGracePeriod; d != nil {
		config.MaxGracePeriod = &v1.DurationInfo{Nanoseconds: proto.Int64(d.AsDuration().Nanoseconds())}
	}
	m.logf("Draining agent %s", id)
	m.decideLocked(id, standing{drain: &v1.DrainInfo{State: v1.DrainState_DRAINING.Enum(), Config: config}, deactivated: true})
	if ag != nil {
		m.deactivateAgentLocked(ag)
		ag.send(&link.Drain{Config: config})
		ag.drainStart = time.Now()
		m.drainedLocked(ag)
	}
	return done()
}

// deactivateAgentLocked takes back what of the agent is offered.
func (m *Master) deactivateAgentLocked(ag *agent) {
	m.alloc.SetAgentActive(ag.id, false)
	m.rescindAllLocked(ag)
	m.removeInverseOfLocked(ag)
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

// deactivateLocked is DEACTIVATE_AGENT: nothing of the agent is offered any more.
func (m *Master) deactivateLocked(id string) reply {
	s, known := m.standingLocked(id)
	if !known {
		return refused(http.StatusBadRequest, "Unknown agent")
	}
	s.deactivated = true
	m.decideLocked(id, s)
	if ag := m.agents[id]; ag != nil {
		m.deactivateAgentLocked(ag)
	}
	return done()
}

// reactivateLocked is REACTIVATE_AGENT, which also ends a draining that is done.
func (m *Master) reactivateLocked(id string) reply {
	s, _ := m.standingLocked(id)
	if !s.deactivated {
		return refused(http.StatusBadRequest, "Agent is not deactivated")
	}
	if s.drain != nil && s.drain.GetState() == v1.DrainState_DRAINING {
		return refused(http.StatusBadRequest, "Agent is still in the DRAINING state")
	}
	m.decideLocked(id, standing{})
	ag := m.agents[id]
	if ag == nil {
		return refused(http.StatusConflict, "Agent removed while processing the call")
	}
	ag.drainStart = time.Time{}
	m.alloc.SetAgentActive(id, ag.active())
	return done()
}
