// Package allocator decides which framework is offered what: dominant resource
// fairness over the roles and then over the frameworks of a role, with weights,
// quota, offer filters and capabilities.
//
// It follows master/allocator/mesos/hierarchical.cpp of Apache Mesos 1.12. It
// knows nothing of HTTP, tasks or offers: it is told what frameworks and agents
// there are and what came back, and says at each run who gets what.
package allocator

import (
	"maps"
	"slices"
	"time"

	"mesosbook/cluster/resources"
)

// Options of an allocator.
type Options struct {
	// Interval between two periodic runs and the shortest offer filter; 0 is
	// 1 s (master/constants.hpp).
	Interval time.Duration
	// MinAllocatable are the smallest amounts worth an offer, one of which has
	// to be there; nil is 0.01 cpus or 32 MB of mem (--min_allocatable_resources).
	MinAllocatable []resources.Quantities
	// OfferGPUs offers machines with GPUs to frameworks without
	// GPU_RESOURCES too (--filter_gpu_resources=false).
	OfferGPUs bool
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.MinAllocatable == nil {
		o.MinAllocatable = []resources.Quantities{{"cpus": 10}, {"mem": 32000}}
	}
	return o
}

// Capabilities of a framework that decide what it is offered.
type Capabilities struct {
	Revocable, GPU, Shared, Refinement bool
}

// Framework is what the allocator has to know of one.
type Framework struct {
	ID           string
	Roles        []string
	Suppressed   []string // roles without offers
	Capabilities Capabilities
	// MinAllocatable per role, in place of Options.MinAllocatable.
	MinAllocatable map[string][]resources.Quantities
	// Accepts says whether an agent may be offered to a role at all; nil is yes.
	Accepts func(role, agentID string) bool
}

// Allocation is what one run gave to a framework, one for each role and agent.
type Allocation struct {
	FrameworkID, Role, AgentID string
	Resources                  resources.Resources // allocated to Role
}

// Allocator holds who has what. It is not safe for concurrent use.
type Allocator struct {
	opts       Options
	frameworks map[string]*framework
	agents     map[string]*agent
	order      []*agent // in the order of Agent
	roles      *tree
	runs       int  // periodic runs so far
	quotas     bool // some role has a quota, as of the last run
}

type framework struct {
	Framework
	active     bool
	suppressed map[string]bool
	held       map[string]resources.Quantities // by role
	filters    map[filterKey][]filter
}

type agent struct {
	id     string
	total  resources.Resources
	used   resources.Resources // offered or used, not marked with a role
	free   resources.Resources // total without used
	active bool
	gpus   bool
}

// New makes an allocator without frameworks or agents.
func New(o Options) *Allocator {
	return &Allocator{
		opts:       o.withDefaults(),
		frameworks: map[string]*framework{},
		agents:     map[string]*agent{},
		roles:      newTree(),
	}
}

// AddFramework makes f known, active or not. What it holds already (tasks of
// a returning agent) is told by AddAgent.
func (a *Allocator) AddFramework(f Framework, active bool) {
	fw := &framework{Framework: f, active: active, held: map[string]resources.Quantities{}, filters: map[filterKey][]filter{}}
	fw.suppressed = setOf(f.Suppressed)
	a.frameworks[f.ID] = fw
	for _, role := range f.Roles {
		a.roles.join(role, fw)
	}
}

// UpdateFramework replaces what is known of f; filters of roles that it kept stay.
func (a *Allocator) UpdateFramework(f Framework) {
	fw := a.frameworks[f.ID]
	if fw == nil {
		return
	}
	for _, role := range fw.Roles {
		if !slices.Contains(f.Roles, role) {
			a.roles.leave(role, fw)
			maps.DeleteFunc(fw.filters, func(k filterKey, _ []filter) bool { return k.role.role == role })
		}
	}
	fw.Framework = f
	fw.suppressed = setOf(f.Suppressed)
	for _, role := range f.Roles {
		a.roles.join(role, fw)
	}
}

// RemoveFramework forgets a framework; what it held was recovered before.
func (a *Allocator) RemoveFramework(id string) {
	if fw := a.frameworks[id]; fw != nil {
		for role := range fw.held {
			a.roles.leave(role, fw)
		}
		for _, role := range fw.Roles {
			a.roles.leave(role, fw)
		}
		delete(a.frameworks, id)
	}
}

// Activate lets a framework have offers.
func (a *Allocator) Activate(id string) {
	if fw := a.frameworks[id]; fw != nil {
		fw.active = true
	}
}

// Deactivate stops its offers and forgets its filters.
func (a *Allocator) Deactivate(id string) {
	if fw := a.frameworks[id]; fw != nil {
		fw.active = false
		clear(fw.filters)
	}
}

// Suppress stops the offers of these roles.
func (a *Allocator) Suppress(id string, roles []string) {
	if fw := a.frameworks[id]; fw != nil {
		for _, r := range roles {
			fw.suppressed[r] = true
		}
	}
}

// Revive resumes the offers of these roles and forgets their filters.
func (a *Allocator) Revive(id string, roles []string) {
	fw := a.frameworks[id]
	if fw == nil {
		return
	}
	for _, r := range roles {
		delete(fw.suppressed, r)
	}
	maps.DeleteFunc(fw.filters, func(k filterKey, _ []filter) bool { return slices.Contains(roles, k.role.role) })
}

// Suppressed roles of a framework, sorted.
func (a *Allocator) Suppressed(id string) []string {
	if fw := a.frameworks[id]; fw != nil {
		return slices.Sorted(maps.Keys(fw.suppressed))
	}
	return nil
}

// AddAgent makes an active agent known with all it has.
func (a *Allocator) AddAgent(id string, total resources.Resources) {
	ag := &agent{id: id, active: true}
	a.agents[id] = ag
	a.order = append(a.order, ag)
	a.setTotal(ag, total)
}

// UpdateAgent changes what an agent has in all.
func (a *Allocator) UpdateAgent(id string, total resources.Resources) {
	if ag := a.agents[id]; ag != nil {
		a.setTotal(ag, total)
	}
}

func (a *Allocator) setTotal(ag *agent, total resources.Resources) {
	a.roles.total.Sub(scalars(ag.total))
	ag.total = total
	a.roles.total.Add(scalars(total))
	a.roles.touch()
	n, _ := total.Scalar("gpus")
	ag.gpus = n > 0
	ag.update()
}

// RemoveAgent forgets an agent and whatever is held of it.
func (a *Allocator) RemoveAgent(id string) {
	ag := a.agents[id]
	if ag == nil {
		return
	}
	a.setTotal(ag, nil)
	delete(a.agents, id)
	a.order = slices.DeleteFunc(a.order, func(x *agent) bool { return x == ag })
	for _, fw := range a.frameworks {
		maps.DeleteFunc(fw.filters, func(k filterKey, _ []filter) bool { return k.agent == ag })
	}
}

// SetAgentActive says whether an agent is offered: not while it is
// disconnected, deactivated or draining.
func (a *Allocator) SetAgentActive(id string, active bool) {
	if ag := a.agents[id]; ag != nil {
		ag.active = active
	}
}

func setOf(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}
