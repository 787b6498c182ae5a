package allocator

import (
	"slices"
	"time"

	"mesosbook/cluster/resources"
)

// Tick is the periodic run over all agents.
func (a *Allocator) Tick() []Allocation {
	defer func() { a.runs++ }()
	return a.Run()
}

// Run allocates whatever is free, at once: after a framework came or offers
// were revived, of all agents; after an agent came or changed, of that one.
func (a *Allocator) Run(agents ...string) []Allocation {
	r := &run{Allocator: a, now: time.Now()}
	r.countQuotas()
	list := a.chosen(agents)
	if len(r.guaranteed) > 0 {
		r.shuffle(list)
		for _, ag := range list {
			r.guarantee(ag)
		}
	}
	r.shuffle(list)
	for _, ag := range list {
		r.shareOut(ag)
	}
	slices.SortStableFunc(r.out, func(x, y Allocation) int { return a.agents[x.AgentID].seq - a.agents[y.AgentID].seq })
	return r.out
}

func (r *run) shuffle(list []*agent) {
	r.opts.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func (a *Allocator) chosen(ids []string) []*agent {
	list := a.inOrder
	if len(ids) > 0 {
		list = nil
		for _, id := range ids {
			if ag := a.agents[id]; ag != nil {
				list = append(list, ag)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(ag *agent) bool { return !ag.active || len(ag.free) == 0 })
}

// run is one allocation.
type run struct {
	*Allocator
	now time.Time
	out []Allocation

	// Of roles with a quota, which are top-level roles.
	consumed   map[*role]amounts
	guaranteed map[*role]bool
	required   amounts // that has to stay free for guarantees that are not met
	headroom   amounts // that is free, unreserved and not revocable

	sharedOut map[*agent]resources.Resources // a shared volume goes to one in a run
}

// available is what of an agent a framework may have before quotas.
func (r *run) available(ag *agent, m *member) resources.Resources {
	if m.fw.Accepts != nil && !m.fw.Accepts(m.role.name, ag.id) {
		return nil
	}
	if ag.gpus && !m.fw.Capabilities.GPU && !r.opts.OfferGPUs {
		return nil
	}
	if ag.plain {
		return ag.whole
	}
	free := ag.free.Sub(r.sharedOut[ag]).Filter(func(it resources.Item) bool { return allocatableTo(&it, m.role.name) })
	if !r.worth(ag, m, free) {
		return nil
	}
	return free.Filter(func(it resources.Item) bool { return m.fw.Capabilities.allow(&it) })
}

func allocatableTo(it *resources.Item, role string) bool {
	owner := it.Role()
	return owner == "*" || owner == role || resources.IsSubrole(owner, role)
}

// allow says whether a framework understands what it is offered.
func (c Capabilities) allow(it *resources.Item) bool {
	return (c.Revocable || !it.Revocable()) && (c.Shared || !it.Shared()) && (c.Refinement || len(it.Reservations()) < 2)
}

// shareOut gives what an agent has free to those who have least.
func (r *run) shareOut(ag *agent) {
	for _, role := range r.order.sort() {
		if len(ag.free) == 0 {
			return
		}
		for _, m := range role.frameworks.sort() {
			free := r.available(ag, m)
			if len(free) == 0 {
				continue
			}
			given, counted := r.within(ag, role, free)
			if r.worth(ag, m, given) && !r.refused(m, ag, given, r.now) {
				r.give(ag, m, given)
				r.count(role, counted)
				if len(ag.free) == 0 {
					return
				}
			}
		}
	}
}

// give allocates r of an agent to a framework.
func (r *run) give(ag *agent, m *member, given resources.Resources) {
	given = given.Allocate(m.role.name)
	r.choose(m)
	r.hold(m, ag, given)
	ag.update()
	if len(ag.shared) > 0 {
		if r.sharedOut == nil {
			r.sharedOut = map[*agent]resources.Resources{}
		}
		r.sharedOut[ag] = r.sharedOut[ag].Add(given.Filter(resources.Item.Shared).Unallocate())
	}
	r.out = append(r.out, Allocation{FrameworkID: m.fw.ID, Role: m.role.name, AgentID: ag.id, Resources: given})
}

// worth says whether r of an agent is enough for an offer.
func (r *run) worth(ag *agent, m *member, free resources.Resources) bool {
	if len(free) == 0 {
		return false
	}
	if least, own := m.fw.MinAllocatable[m.role.name]; own {
		return enough(free, least)
	}
	if !ag.plain || len(ag.whole) == 0 || &free[0] != &ag.whole[0] {
		return enough(free, r.opts.MinAllocatable)
	}
	if ag.least == nil {
		ok := worth(enough(free, r.opts.MinAllocatable))
		ag.least = &ok
	}
	return bool(*ag.least)
}

// enough says whether r has one of the minima, if there are any.
func enough(r resources.Resources, minima []resources.Quantities) bool {
	return len(minima) == 0 || slices.ContainsFunc(minima, func(least resources.Quantities) bool {
		return len(least) == 0 || r.Quantities().Contains(least)
	})
}
