package allocator

import (
	"slices"
	"time"

	"mesosbook/cluster/resources"
)

// Hold notes that a framework has r, which is allocated to roles, of an agent.
func (a *Allocator) Hold(frameworkID, agentID string, r resources.Resources) {
	if ag := a.agents[agentID]; ag != nil {
		ag.used = ag.used.Add(r.Unallocate())
		ag.update()
	}
	a.account(frameworkID, r, resources.Quantities.Add)
}

// Recover takes back what a framework had, used or offered. With refuse above
// zero the same is not offered to it again for that long.
func (a *Allocator) Recover(frameworkID, agentID string, r resources.Resources, refuse time.Duration) {
	if r.Empty() {
		return
	}
	if ag := a.agents[agentID]; ag != nil {
		ag.used = ag.used.Sub(r.Unallocate())
		ag.update()
	}
	a.account(frameworkID, r, resources.Quantities.Sub)
	if refuse > 0 {
		a.addFilter(frameworkID, agentID, r, refuse)
	}
}

// Convert replaces what a framework holds of an agent: an operation changed it
// there, and the agent's total with it.
func (a *Allocator) Convert(frameworkID, agentID string, before, after resources.Resources) {
	ag := a.agents[agentID]
	if ag == nil {
		return
	}
	a.setTotal(ag, ag.total.Sub(before.Unallocate()).Add(after.Unallocate()))
	ag.used = ag.used.Sub(before.Unallocate()).Add(after.Unallocate())
	ag.update()
	a.account(frameworkID, before, resources.Quantities.Sub)
	a.account(frameworkID, after, resources.Quantities.Add)
}

// Free is what of an agent nobody has.
func (a *Allocator) Free(agentID string) resources.Resources {
	if ag := a.agents[agentID]; ag != nil {
		return ag.free
	}
	return nil
}

// account changes what a framework holds in its roles.
func (a *Allocator) account(frameworkID string, r resources.Resources, change func(resources.Quantities, resources.Quantities)) {
	fw := a.frameworks[frameworkID]
	if fw == nil {
		return
	}
	for role, part := range byRole(r) {
		if fw.held[role] == nil {
			fw.held[role] = resources.Quantities{}
		}
		q := scalars(part)
		change(fw.held[role], q)
		a.roles.account(role, fw, q, change)
		if len(fw.held[role]) == 0 && !slices.Contains(fw.Roles, role) {
			delete(fw.held, role)
			a.roles.leave(role, fw)
		}
	}
}

func (ag *agent) update() { ag.free = ag.total.Sub(ag.used) }

func byRole(r resources.Resources) map[string]resources.Resources {
	out := map[string]resources.Resources{}
	for _, it := range r {
		out[it.AllocatedTo()] = append(out[it.AllocatedTo()], it)
	}
	return out
}

// scalars are the amounts that count for fairness and quota.
func scalars(r resources.Resources) resources.Quantities {
	q := resources.Quantities{}
	for _, it := range r {
		if it.Milli() > 0 && !it.Shared() {
			q[it.Name()] += it.Milli()
		}
	}
	return q
}
