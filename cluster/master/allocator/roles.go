package allocator

import (
	"strings"

	"mesosbook/cluster/resources"
)

// Quota of a role: what is kept for it and what it may have at most.
type Quota struct {
	Guarantees, Limits resources.Quantities
}

// role is a role that has frameworks, reservations, a quota or a weight, or is
// above one. Its sums include the roles below it.
type role struct {
	name       string
	parent     *role // the root has none
	children   map[string]*role
	frameworks *sorter[*member] // of this role alone
	members    int
	place      *vertex[*role] // in the order of roles, nil without members

	guarantees, limits amounts
	limited            map[int]bool // scalars that have a limit
	weighted           bool

	reserved        amounts // of all agents, held or not
	offered         holding // unreserved and not revocable, offered or used
	offeredReserved holding
}

func (r *role) quota() bool { return !r.guarantees.empty() || len(r.limited) > 0 }

// consumed counts against the quota: reservations, used or not, and the rest of
// what is offered or used.
func (r *role) consumed() amounts {
	out := append(amounts(nil), r.reserved...)
	out.add(r.offered.amounts)
	return out
}

// role gives the role of that name, new if need be.
func (a *Allocator) role(name string) *role {
	if r := a.roles[name]; r != nil {
		return r
	}
	parent := a.root
	if above := resources.ParentRole(name); above != "" {
		parent = a.role(above)
	}
	r := &role{name: name, parent: parent, children: map[string]*role{}, frameworks: newSorter[*member](&a.cluster)}
	a.roles[name], parent.children[name] = r, r
	return r
}

// prune forgets a role that nothing is known of any more, and those above it.
func (a *Allocator) prune(r *role) {
	for r.parent != nil && len(r.children) == 0 && r.members == 0 && !r.quota() && !r.weighted && r.reserved.empty() {
		delete(a.roles, r.name)
		delete(r.parent.children, r.name)
		r = r.parent
	}
}

// enter gives a role that gets its first framework a place in the order.
func (a *Allocator) enter(r *role) {
	if r.members++; r.members == 1 {
		r.place = a.order.add(r, append(strings.Split(r.name, "/"), ".")...)
		a.order.activate(r.place, true)
	}
}

func (a *Allocator) leave(r *role) {
	if r.members--; r.members == 0 {
		a.order.remove(r.place)
		r.place = nil
		a.prune(r)
	}
}

// reserve counts the reservations of an agent's total, up or down.
func (a *Allocator) reserve(total resources.Resources, change func(*amounts, amounts)) {
	for i := range total {
		it := &total[i]
		if !reserved(it) {
			continue
		}
		r := a.role(it.Role())
		q := a.sum(total[i:i+1], nil)
		for up := r; up != nil; up = up.parent {
			change(&up.reserved, q)
		}
		a.prune(r)
	}
}

// SetQuota of a role; the zero Quota removes it.
func (a *Allocator) SetQuota(name string, q Quota) {
	r := a.role(name)
	r.guarantees, r.limits = a.from(q.Guarantees), a.from(q.Limits)
	r.limited = map[int]bool{}
	for name := range q.Limits {
		r.limited[a.index(name)] = true
	}
	a.prune(r)
}

// SetWeight of a role: a role of weight 2 gets twice the share of one of
// weight 1, which is the default.
func (a *Allocator) SetWeight(name string, w float64) {
	r := a.role(name)
	r.weighted = w != 1
	a.order.setWeight(name, w)
	a.prune(r)
}

// Share is a role's dominant share, between 0 and 1, the roles below it included.
func (a *Allocator) Share(name string) float64 {
	if r := a.roles[name]; r != nil && r.place != nil {
		return a.share(r.place.parent.held.amounts)
	}
	return 0
}

func reserved(it *resources.Item) bool { return len(it.Reservations()) > 0 }
