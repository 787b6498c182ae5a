package allocator

import (
	"mesosbook/cluster/resources"
)

// Quota of a role: what is kept for it and what it may have at most.
type Quota struct {
	Guarantees, Limits resources.Quantities
}

// SetQuota of a role; the zero Quota removes it.
func (a *Allocator) SetQuota(role string, q Quota) { a.roles.node(role).quota = q }

// SetWeight of a role: a role of weight 2 gets twice the share of one of
// weight 1, which is the default.
func (a *Allocator) SetWeight(role string, w float64) {
	a.roles.node(role).weight = w
	a.roles.touch()
}

// Share is a role's dominant share, between 0 and 1.
func (a *Allocator) Share(role string) float64 {
	if n := a.roles.nodes[role]; n != nil {
		return a.roles.share(n.subtree)
	}
	return 0
}

// Consumed is what a role and the roles below it hold.
func (a *Allocator) Consumed(role string) resources.Quantities {
	if n := a.roles.nodes[role]; n != nil {
		return n.subtree
	}
	return nil
}

// unmet is what role n lacks of its guarantee.
func (n *node) unmet() resources.Quantities {
	out := resources.Quantities{}
	for name, want := range n.quota.Guarantees {
		if lack := want - n.subtree[name]; lack > 0 {
			out[name] = lack
		}
	}
	return out
}

// headroom is what has to stay free for the guarantees of other roles.
func (t *tree) headroom(except *node) resources.Quantities {
	out := resources.Quantities{}
	for _, n := range t.nodes {
		if n != except && len(n.quota.Guarantees) > 0 {
			out.Add(n.unmet())
		}
	}
	return out
}

// limited cuts the unreserved scalars of r down to what the limits of n and of
// the roles above it leave.
func (t *tree) limited(n *node, r resources.Resources) resources.Resources {
	for _, up := range n.path {
		for name, limit := range t.nodes[up].quota.Limits {
			r = shrink(r, name, limit-t.nodes[up].subtree[name])
		}
	}
	return r
}

// shrink leaves at most milli of the unreserved scalars of that name.
func shrink(r resources.Resources, name string, milli int64) resources.Resources {
	var out resources.Resources
	for _, it := range r {
		if it.Name() == name && len(it.Reservations()) == 0 {
			it = it.AtMost(max(0, milli))
			milli -= it.Milli()
			if it.Milli() == 0 {
				continue
			}
		}
		out = append(out, it)
	}
	return out
}
