package allocator

import (
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// countQuotas finds what quotas mean for this run.
func (r *run) countQuotas() {
	for _, top := range r.root.children {
		if !top.quota() {
			continue
		}
		if r.consumed == nil {
			r.consumed, r.guaranteed = map[*role]amounts{}, map[*role]bool{}
		}
		r.consumed[top] = top.consumed()
		r.required.add(top.guarantees.without(r.consumed[top]))
		r.guaranteed[top] = !top.guarantees.empty()
	}
	if r.consumed == nil {
		return
	}
	r.headroom = r.total.without(r.order.root.held.amounts)
	r.headroom.sub(r.root.reserved.without(r.root.offeredReserved.amounts))
	for _, ag := range r.inOrder {
		if !ag.plain {
			r.headroom.sub(r.sum(ag.free, func(it *resources.Item) bool { return it.Revocable() }))
		}
	}
}

// within cuts what quotas apply to down to the limits of a role, and to what the
// guarantees of others leave.
func (r *run) within(ag *agent, role *role, free resources.Resources) (given resources.Resources, counted amounts) {
	if ag.plain && r.fits(ag, role) {
		return free, ag.sum
	}
	more := free.Filter(func(it resources.Item) bool { return quotaApplies(&it) })
	if len(role.limited) > 0 {
		more = r.limit(more, role, r.consumed[role])
	}
	if !r.required.empty() {
		more = r.shrink(more, r.headroom.without(r.required))
	}
	rest := free.Filter(func(it resources.Item) bool { return !quotaApplies(&it) })
	return rest.Add(more), r.sum(more, nil)
}

// fits says whether quotas leave all that an agent has to a role.
func (r *run) fits(ag *agent, role *role) bool {
	if len(role.limited) == 0 && r.required.empty() {
		return true
	}
	consumed := r.consumed[role]
	for i, n := range ag.sum {
		if role.limited[i] && n > role.limits.at(i)-consumed.at(i) {
			return false
		}
		if !r.required.empty() && n > max(0, r.headroom.at(i)-r.required.at(i)) {
			return false
		}
	}
	return true
}

// quotaApplies to scalars that any role could have.
func quotaApplies(it *resources.Item) bool {
	return it.Type() == v1.Value_SCALAR && !reserved(it) && !it.Revocable()
}

// guarantee gives to roles that lack something of their guarantees, and with that
// what else they may have of the agent: an offer of cpus alone is of no use.
func (r *run) guarantee(ag *agent) {
	for _, role := range r.order.sort() {
		if len(ag.free) == 0 {
			return
		}
		if !r.guaranteed[role] {
			continue
		}
		unmet := role.guarantees.without(r.consumed[role])
		for _, m := range role.frameworks.sort() {
			if unmet.empty() {
				break
			}
			r.towards(unmet, ag, m)
		}
	}
}

// towards gives a framework what brings its role closer to its guarantees.
func (r *run) towards(unmet amounts, ag *agent, m *member) {
	free := r.available(ag, m)
	anybodys := free.Filter(func(it resources.Item) bool { return quotaApplies(&it) })
	sure := r.shrink(anybodys, unmet)
	if len(sure) == 0 {
		return
	}
	counted := r.sum(sure, nil)
	more := anybodys.Sub(sure)
	if len(m.role.limited) > 0 {
		consumed := append(amounts(nil), r.consumed[m.role]...)
		consumed.add(counted)
		more = r.limit(more, m.role, consumed)
	}
	if !r.required.empty() {
		more = r.shrink(more, r.headroom.without(r.required))
	}
	given := sure.Add(free.Filter(func(it resources.Item) bool {
		return !quotaApplies(&it) && (!reserved(&it) || it.Role() == m.role.name)
	})).Add(more)
	if !r.worth(ag, m, given) || r.refused(m, ag, given, r.now) {
		return
	}
	r.give(ag, m, given)
	r.required.sub(counted)
	counted.add(r.sum(more, nil))
	unmet.sub(counted)
	r.count(m.role, counted)
}

// count notes what of a quota a role was given.
func (r *run) count(role *role, counted amounts) {
	if r.consumed == nil {
		return
	}
	r.headroom.sub(counted)
	if consumed, some := r.consumed[role]; some {
		consumed.add(counted)
		r.consumed[role] = consumed
	}
}

// limit leaves of the limited scalars at most what a role that has consumed so
// much may still have.
func (r *run) limit(list resources.Resources, role *role, consumed amounts) resources.Resources {
	left := role.limits.without(consumed)
	var out resources.Resources
	for _, it := range list {
		i, ok := r.index(it.Name()), true
		if role.limited[i] {
			if it, ok = it.AtMost(left.at(i)); ok && it.Milli() > 0 {
				left[i] -= it.Milli()
			}
		}
		if ok && it.Milli() > 0 {
			out = append(out, it)
		}
	}
	return out
}

// shrink leaves at most so much of each scalar, and nothing of those that are
// not named.
func (r *run) shrink(list resources.Resources, most amounts) resources.Resources {
	left := append(amounts(nil), most...)
	var out resources.Resources
	for _, it := range list {
		i := r.index(it.Name())
		if left.at(i) == 0 {
			continue
		}
		if it, ok := it.AtMost(left[i]); ok {
			left[i] -= it.Milli()
			out = append(out, it)
		}
	}
	return out
}
