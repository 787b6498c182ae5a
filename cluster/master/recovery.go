package master

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/master/allocator"
	"mesosbook/cluster/pages"
	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	registryv1 "mesosbook/mesos/v1/registry"
)

// Limits of the registry and of the recovery (master/constants.hpp and flags.cpp
// of 1.12).
const (
	registryMaxAge   = 14 * 24 * time.Hour // --registry_max_agent_age
	registryMaxCount = 100 * 1024          // --registry_max_agent_count
	holdOffShare     = 0.8                 // of the agents, before quota is allocated again
	holdOffTimeout   = 10 * time.Minute
)

// standing is what an operator has decided on an agent; it outlives both the
// agent's absence and the master.
type standing struct {
	drain       *v1.DrainInfo // replaced, never changed
	deactivated bool
}

// recoveredAgent is an agent that the registry tells of and that has not come back
// to this master yet.
type recoveredAgent struct {
	seq  int // in the registry
	info *v1.AgentInfo
	standing
}

// lostAgent is an unreachable agent.
type lostAgent struct {
	since *v1.TimeInfo
	standing
}

// Lead makes the master the leading one: it reads the registry, and answers
// frameworks, agents and operators from then on. It fails when the registry cannot
// be read, or was written by a master that can do more than this one; the master is
// of no use then. It is called once, by whoever holds the election.
func (m *Master) Lead() error {
	m.logf("Elected as the leading master!")
	m.locked(func() { m.elected = time.Now() })
	stored, writer := &registryv1.Registry{}, m.registrar.writer
	if m.opts.Registry != nil {
		m.logf("Recovering from registrar")
		var err error
		if stored, writer, err = m.opts.Registry.Recover(); err != nil {
			return fmt.Errorf("lead: %w", err)
		}
	}
	if missing := m.missingCapabilities(stored); len(missing) > 0 {
		return fmt.Errorf("lead: the registry needs capabilities that this master does not have: %s", strings.Join(missing, ", "))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		return errors.New("lead: master stopped")
	}
	m.registrar.fetched = time.Since(m.elected)
	m.registrar.writer = writer
	m.recoverLocked(stored)
	if writer != nil {
		m.running.Go(m.keepRegistry)
		m.saveLocked()
	}
	m.ready.Store(true)
	return nil
}

// Follow notes in the log who leads in this master's place, nil for nobody.
func (m *Master) Follow(leader *v1.MasterInfo) {
	if leader == nil {
		m.logf("No master was elected.")
		return
	}
	m.logf("The newly elected leader is %s with id %s", leader.GetPid(), leader.GetId())
}

func (m *Master) missingCapabilities(r *registryv1.Registry) []string {
	var missing []string
	for _, need := range r.GetMinimumCapabilities() {
		if !slices.ContainsFunc(m.info.GetCapabilities(), func(c *v1.MasterInfo_Capability) bool { return c.GetType().String() == need.GetCapability() }) {
			missing = append(missing, need.GetCapability())
		}
	}
	return missing
}

// recoverLocked takes over what former leaders knew (master.cpp: _recover).
func (m *Master) recoverLocked(r *registryv1.Registry) {
	for i, s := range r.GetSlaves().GetSlaves() {
		resources.UpgradeAll(s.GetInfo().GetResources())
		m.recovered[s.GetInfo().GetId().GetValue()] = recoveredAgent{i, s.GetInfo(), standing{s.DrainInfo, s.GetDeactivated()}}
	}
	for _, s := range kept(r.GetUnreachable().GetSlaves()) {
		m.unreachable[s.GetId().GetValue()] = lostAgent{s.GetTimestamp(), standing{s.DrainInfo, s.GetDeactivated()}}
	}
	for _, s := range kept(r.GetGone().GetSlaves()) {
		m.gone[s.GetId().GetValue()] = s.GetTimestamp()
	}
	for _, s := range r.GetSchedules() {
		m.machines.windows = append(m.machines.windows, s.GetWindows()...)
	}
	for _, machine := range r.GetMachines().GetMachines() {
		if machine.GetInfo().GetMode() == v1.MachineInfo_DOWN {
			m.machines.down[keyOf(machine.GetInfo().GetId())] = true
		}
	}
	for _, c := range r.GetQuotaConfigs() {
		q := quotaOf(c)
		m.quotas[c.GetRole()] = q
		m.alloc.SetQuota(c.GetRole(), allocator.Quota{Guarantees: q.guarantees, Limits: q.limits})
	}
	m.recoverWeightsLocked(r.GetWeights())
	m.awaitRecoveredLocked()
}

// kept drops the entries of agents that are too old, or too many; the oldest are
// first.
func kept[E interface{ GetTimestamp() *v1.TimeInfo }](list []E) []E {
	oldest := time.Now().Add(-registryMaxAge).UnixNano()
	list = slices.DeleteFunc(slices.Clone(list), func(e E) bool { return e.GetTimestamp().GetNanoseconds() < oldest })
	return list[max(0, len(list)-registryMaxCount):]
}

// recoverWeightsLocked prefers the registry's weights to those of the options.
func (m *Master) recoverWeightsLocked(list []*registryv1.Registry_Weight) {
	if len(list) == 0 {
		return
	}
	for role := range m.weights {
		m.alloc.SetWeight(role, 1)
	}
	clear(m.weights)
	for _, w := range list {
		m.weights[w.GetInfo().GetRole()] = w.GetInfo().GetWeight()
		m.alloc.SetWeight(w.GetInfo().GetRole(), w.GetInfo().GetWeight())
	}
}

// awaitRecoveredLocked gives the agents of the registry their time to come back.
// Where there are quotas nothing is allocated until most of them have: to go by a
// part of the agents would take from the others what they do not owe
// (allocator/mesos/hierarchical.cpp: recover).
func (m *Master) awaitRecoveredLocked() {
	n := len(m.recovered)
	if n == 0 {
		return
	}
	m.logf("Recovered %d agents from the registry; allowing %s for agents to reregister", n, durationText(m.opts.AgentReregisterTimeout))
	if m.holdOff = int(float64(n) * holdOffShare); len(m.quotas) == 0 {
		m.holdOff = 0
	}
	if m.holdOff > 0 {
		m.timers = append(m.timers, m.after(holdOffTimeout, func() { m.holdOff = 0 }))
	}
	m.timers = append(m.timers, m.after(m.opts.AgentReregisterTimeout, m.giveUpRecoveredLocked))
}

// giveUpRecoveredLocked makes agents unreachable that did not come back.
func (m *Master) giveUpRecoveredLocked() {
	at := timeInfo(time.Now())
	for _, r := range m.sortedRecoveredLocked() {
		id := r.info.GetId().GetValue()
		m.logf("Marking agent %s (%s) unreachable: did not reregister within %s after master failover", id, r.info.GetHostname(), durationText(m.opts.AgentReregisterTimeout))
		delete(m.recovered, id)
		m.unreachable[id] = lostAgent{at, r.standing}
		m.metrics.unreachableAgents++
		m.metrics.removals++
		m.metrics.recoveryRemovals++
		for _, fw := range m.sortedFrameworksLocked() {
			fw.send(agentFailureEvent(id))
		}
	}
	m.saveLocked()
}

func (m *Master) sortedRecoveredLocked() []recoveredAgent {
	out := make([]recoveredAgent, 0, len(m.recovered))
	for _, r := range m.recovered {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b recoveredAgent) int { return a.seq - b.seq })
	return out
}

// recoveringLocked says whether a task of an agent, or of any if none is named, may
// be one that this master will still hear of.
func (m *Master) recoveringLocked(agent *v1.AgentID) bool {
	if agent == nil {
		return len(m.recovered) > 0
	}
	_, is := m.recovered[agent.GetValue()]
	return is
}

// restoreLocked gives an agent that came back what operators had decided on it, and
// tells it to go on draining.
func (m *Master) restoreLocked(ag *agent, s standing) {
	ag.standing = s
	if !ag.active() {
		m.alloc.SetAgentActive(ag.id, false)
	}
}

// resumeDrainLocked tells an agent that came back to drain, whether or not it has
// done so: it may have missed the first word.
func (m *Master) resumeDrainLocked(ag *agent) {
	if ag.drain == nil {
		return
	}
	if ag.drainStart.IsZero() {
		ag.drainStart = time.Now()
	}
	ag.send(&link.Drain{Config: ag.drain.GetConfig()})
	m.drainedLocked(ag)
}

// writeRecoveredLocked writes the agents that have not come back yet, as the pages
// have them.
func (m *Master) writeRecoveredLocked(e *mesos.Encoder) {
	e.Key("recovered_slaves").BeginArray()
	for _, r := range m.sortedRecoveredLocked() {
		e.BeginObject()
		e.Key("id").String(r.info.GetId().GetValue())
		e.Key("hostname").String(r.info.GetHostname())
		e.Key("port").Int(int64(r.info.GetPort()))
		pages.Attributes(e.Key("attributes"), r.info.GetAttributes())
		pages.WriteDomain(e, r.info.Domain)
		e.EndObject()
	}
	e.EndArray()
}

// recoveredInfosLocked are the same for the operator API.
func (m *Master) recoveredInfosLocked() []*v1.AgentInfo {
	var out []*v1.AgentInfo
	for _, r := range m.sortedRecoveredLocked() {
		out = append(out, r.info)
	}
	return out
}
