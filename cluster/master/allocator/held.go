package allocator

import (
	"time"

	"mesosbook/cluster/resources"
)

// Hold notes that a framework has r, which is allocated to roles, of an agent.
func (a *Allocator) Hold(frameworkID, agentID string, r resources.Resources) {
	fw, ag := a.frameworks[frameworkID], a.agents[agentID]
	if fw == nil || ag == nil {
		return
	}
	for _, part := range byRole(r) {
		m := a.join(fw, part[0].AllocatedTo())
		a.choose(m)
		a.hold(m, ag, part)
	}
	ag.update()
}

// Recover takes back what a framework had, used or offered. With refuse above
// zero the same is not offered to it again for that long.
func (a *Allocator) Recover(frameworkID, agentID string, r resources.Resources, refuse time.Duration) {
	fw, ag := a.frameworks[frameworkID], a.agents[agentID]
	if fw == nil || ag == nil { // whichever is gone took this along
		return
	}
	for _, part := range byRole(r) {
		m := fw.members[part[0].AllocatedTo()]
		if m == nil {
			continue
		}
		if refuse > 0 {
			a.addFilter(m, ag, part, refuse)
		}
		a.release(m, ag, part)
		a.part(m)
	}
	ag.update()
}

// Convert replaces what a framework holds of an agent: an operation changed it
// there, and the agent's total with it.
func (a *Allocator) Convert(frameworkID, agentID string, before, after resources.Resources) {
	fw, ag := a.frameworks[frameworkID], a.agents[agentID]
	if fw == nil || ag == nil {
		return
	}
	a.setTotal(ag, ag.total.Sub(before.Unallocate()).Add(after.Unallocate()))
	for _, part := range byRole(before) {
		if m := fw.members[part[0].AllocatedTo()]; m != nil {
			a.release(m, ag, part)
		}
	}
	for _, part := range byRole(after) {
		a.hold(a.join(fw, part[0].AllocatedTo()), ag, part)
	}
	ag.update()
}

// Free is what of an agent nobody has.
func (a *Allocator) Free(agentID string) resources.Resources {
	if ag := a.agents[agentID]; ag != nil {
		return ag.free
	}
	return nil
}

// choose counts that a framework in a role was chosen.
func (a *Allocator) choose(m *member) {
	m.role.frameworks.chosen(m.place)
	a.order.chosen(m.role.place)
}

// hold counts r, which is allocated to the role of m, in all sums but the
// agent's free resources.
func (a *Allocator) hold(m *member, ag *agent, r resources.Resources) {
	ag.used = ag.used.Add(r)
	if len(ag.held[m]) == 0 {
		m.agents++
	}
	ag.held[m] = ag.held[m].Add(r)
	s := a.split(r)
	m.role.frameworks.allocated(m.place, ag, s.all, s.shared)
	a.order.allocated(m.role.place, ag, s.all, s.shared)
	for up := m.role; up != nil; up = up.parent {
		up.offered.add(a.names, ag, s.free, nil)
		up.offeredReserved.add(a.names, ag, s.reserved, s.shared)
	}
}

// release undoes hold.
func (a *Allocator) release(m *member, ag *agent, r resources.Resources) {
	ag.used = ag.used.Sub(r)
	if rest := ag.held[m].Sub(r); len(rest) > 0 {
		ag.held[m] = rest
	} else if _, held := ag.held[m]; held {
		delete(ag.held, m)
		m.agents--
	}
	s := a.split(r)
	m.role.frameworks.unallocated(m.place, ag, s.all, s.shared)
	a.order.unallocated(m.role.place, ag, s.all, s.shared)
	for up := m.role; up != nil; up = up.parent {
		up.offered.sub(a.names, ag, s.free, nil)
		up.offeredReserved.sub(a.names, ag, s.reserved, s.shared)
	}
}

// parts are the scalars of a sum, by how they count.
type parts struct {
	all      amounts // without shared volumes
	free     amounts // neither reserved nor revocable
	reserved amounts // without shared volumes
	shared   resources.Resources
}

func (a *Allocator) split(r resources.Resources) parts {
	if plain(r) {
		all := a.sum(r, nil)
		return parts{all: all, free: all}
	}
	return parts{
		all:      a.sum(r, func(it *resources.Item) bool { return !it.Shared() }),
		free:     a.sum(r, func(it *resources.Item) bool { return !reserved(it) && !it.Revocable() }),
		reserved: a.sum(r, func(it *resources.Item) bool { return reserved(it) && !it.Shared() }),
		shared:   r.Filter(resources.Item.Shared),
	}
}

// byRole splits r by the role that it is allocated to, mostly one.
func byRole(r resources.Resources) []resources.Resources {
	var out []resources.Resources
	for len(r) > 0 {
		role, n := r[0].AllocatedTo(), 1
		for n < len(r) && r[n].AllocatedTo() == role {
			n++
		}
		out, r = append(out, r[:n:n]), r[n:]
	}
	return out
}

// plain says whether r has nothing that only some may have.
func plain(r resources.Resources) bool {
	for i := range r {
		if it := &r[i]; reserved(it) || it.Revocable() || it.Shared() {
			return false
		}
	}
	return true
}
