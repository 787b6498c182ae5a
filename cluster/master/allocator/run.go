package allocator

import (
	"slices"
	"time"

	"mesosbook/cluster/resources"
)

// Tick is the periodic run over all agents.
func (a *Allocator) Tick() []Allocation {
	a.runs++
	return a.Run()
}

// Run allocates whatever is free, at once: after a framework came or offers
// were revived, of all agents; after an agent came or changed, of that one.
func (a *Allocator) Run(agents ...string) []Allocation {
	now := time.Now()
	var out []Allocation
	a.quotas = a.roles.quotas()
	guaranteed := a.guaranteed()
	for _, ag := range a.chosen(agents) {
		if !ag.active || len(ag.free) == 0 {
			continue
		}
		for _, n := range guaranteed {
			if len(n.unmet()) > 0 {
				out = a.offerRole(out, ag, n, now)
			}
		}
		for _, n := range slices.Clone(a.roles.sorted()) {
			if len(ag.free) == 0 {
				break
			}
			out = a.offerRole(out, ag, n, now)
		}
	}
	return out
}

func (a *Allocator) chosen(ids []string) []*agent {
	if len(ids) == 0 {
		return a.order
	}
	var out []*agent
	for _, id := range ids {
		if ag := a.agents[id]; ag != nil {
			out = append(out, ag)
		}
	}
	return out
}

// guaranteed roles come first, in the order of their shares.
func (a *Allocator) guaranteed() []*node {
	var out []*node
	for _, n := range a.roles.sorted() {
		if len(n.quota.Guarantees) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// offerRole gives the frameworks of a role what they may have of an agent.
func (a *Allocator) offerRole(out []Allocation, ag *agent, n *node, now time.Time) []Allocation {
	for _, m := range a.roles.sortMembers(n) {
		if !m.fw.active || len(m.fw.suppressed) > 0 && m.fw.suppressed[n.role] || !slices.Contains(m.fw.Roles, n.role) {
			continue
		}
		r := a.eligible(ag, m.fw, n)
		if !a.worth(m.fw, n.role, r) || a.refused(m.fw, filterKey{n, ag}, r, now) {
			continue
		}
		if m.fw.Accepts != nil && !m.fw.Accepts(n.role, ag.id) {
			continue
		}
		given := r.Allocate(n.role)
		m.count++
		a.Hold(m.fw.ID, ag.id, given)
		out = append(out, Allocation{FrameworkID: m.fw.ID, Role: n.role, AgentID: ag.id, Resources: given})
		if len(ag.free) == 0 {
			break
		}
	}
	return out
}

// eligible is what of an agent's free resources a framework may have in a role.
func (a *Allocator) eligible(ag *agent, fw *framework, n *node) resources.Resources {
	if ag.gpus && !fw.Capabilities.GPU && !a.opts.OfferGPUs {
		return nil
	}
	r := ag.free
	if !plain(r) {
		r = r.Filter(func(it resources.Item) bool { return allowed(it, fw.Capabilities, n.role) })
	}
	if a.quotas {
		r = a.keepHeadroom(a.roles.limited(n, r), n)
	}
	return r
}

// plain says whether r has nothing that only some may have.
func plain(r resources.Resources) bool {
	for _, it := range r {
		if len(it.Reservations()) > 0 || it.Revocable() || it.Shared() {
			return false
		}
	}
	return true
}

func allowed(it resources.Item, c Capabilities, role string) bool {
	owner := it.Role()
	switch {
	case it.Revocable() && !c.Revocable, it.Shared() && !c.Shared:
		return false
	case len(it.Reservations()) > 1 && !c.Refinement:
		return false
	}
	return owner == "*" || owner == role || resources.IsSubrole(owner, role)
}

func (t *tree) quotas() bool {
	for _, n := range t.nodes {
		if len(n.quota.Guarantees) > 0 || len(n.quota.Limits) > 0 {
			return true
		}
	}
	return false
}

// keepHeadroom leaves in the cluster what other roles are guaranteed.
func (a *Allocator) keepHeadroom(r resources.Resources, n *node) resources.Resources {
	need := a.roles.headroom(n)
	if len(need) == 0 {
		return r
	}
	free := resources.Quantities{}
	for _, ag := range a.order {
		if ag.active {
			free.Add(scalars(ag.free.Filter(func(it resources.Item) bool { return len(it.Reservations()) == 0 })))
		}
	}
	for name, milli := range need {
		r = shrink(r, name, free[name]-milli)
	}
	return r
}

// worth says whether r is enough for an offer.
func (a *Allocator) worth(fw *framework, role string, r resources.Resources) bool {
	if len(r) == 0 {
		return false
	}
	least, own := fw.MinAllocatable[role]
	if !own {
		least = a.opts.MinAllocatable
	}
	if len(least) == 0 {
		return true
	}
	return slices.ContainsFunc(least, func(want resources.Quantities) bool {
		for name, n := range want {
			if have, _ := r.Scalar(name); have < n {
				return false
			}
		}
		return true
	})
}
