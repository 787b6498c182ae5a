package allocator

import (
	"slices"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// agent is what the allocator knows of one. Resources that are offered or used
// are allocated to roles, the others are not.
type agent struct {
	id     string
	seq    int // the order of AddAgent
	slot   int // a small number of its own, where frameworks keep their filters
	names  names
	active bool
	gpus   bool
	shared resources.Resources // volumes: free however many have them
	total  resources.Resources
	used   resources.Resources // offered or used
	held   map[*member]resources.Resources

	// What update makes of these. For an agent without reservations, volumes
	// and revocable resources, whole is free as it is offered.
	free  resources.Resources
	whole resources.Resources
	plain bool
	sum   amounts // of the scalars of whole
	least *worth  // whether whole is worth an offer by the usual minimum
}

// worth is the answer to a question asked before.
type worth bool

// AddAgent makes an active agent known with all it has.
func (a *Allocator) AddAgent(id string, total resources.Resources) {
	a.added++
	ag := &agent{id: id, seq: a.added, names: a.names, active: true, held: map[*member]resources.Resources{}}
	if ag.slot = len(a.agents); len(a.slots) > 0 {
		last := len(a.slots) - 1
		ag.slot, a.slots = a.slots[last], a.slots[:last]
	}
	a.agents[id] = ag
	a.inOrder = append(a.inOrder, ag)
	a.setTotal(ag, total)
	ag.update()
}

// UpdateAgent changes what an agent has in all.
func (a *Allocator) UpdateAgent(id string, total resources.Resources) {
	if ag := a.agents[id]; ag != nil {
		a.setTotal(ag, total)
		ag.update()
	}
}

// setTotal leaves the agent's free resources to update.
func (a *Allocator) setTotal(ag *agent, total resources.Resources) {
	if ag.total.Equal(total) {
		return
	}
	a.total.sub(a.sum(ag.total, nil))
	a.total.add(a.sum(total, nil))
	a.changes++
	a.reserve(ag.total, func(sum *amounts, q amounts) { sum.sub(q) })
	a.reserve(total, (*amounts).add)
	ag.total, ag.shared = total, total.Filter(resources.Item.Shared)
	n, _ := total.Scalar("gpus")
	ag.gpus = n > 0
}

// RemoveAgent forgets an agent and whatever is held of it.
func (a *Allocator) RemoveAgent(id string) {
	ag := a.agents[id]
	if ag == nil {
		return
	}
	for m, r := range ag.held {
		a.release(m, ag, r)
		a.part(m)
	}
	a.setTotal(ag, nil)
	a.RemoveFilters(id)
	delete(a.agents, id)
	a.slots = append(a.slots, ag.slot)
	a.inOrder = slices.DeleteFunc(a.inOrder, func(x *agent) bool { return x == ag })
}

// SetAgentActive says whether an agent is offered: not while it is
// disconnected, deactivated or draining.
func (a *Allocator) SetAgentActive(id string, active bool) {
	if ag := a.agents[id]; ag != nil {
		ag.active = active
	}
}

// update computes what is free. Shared volumes always are.
func (ag *agent) update() {
	if used := ag.used.Unallocate(); len(ag.shared) == 0 {
		ag.free = ag.total.Sub(used)
	} else {
		own := func(it resources.Item) bool { return !it.Shared() }
		ag.free = ag.total.Filter(own).Sub(used.Filter(own)).Add(ag.shared)
	}
	ag.least, ag.whole, ag.sum = nil, nil, nil
	if ag.plain = plain(ag.free); ag.plain {
		ag.whole = inOfferOrder(ag.free)
		ag.sum = ag.names.sum(ag.whole, nil)
	}
}

// inOfferOrder has ranges and sets before scalars, as Mesos offers them.
func inOfferOrder(r resources.Resources) resources.Resources {
	if slices.IsSortedFunc(r, func(x, y resources.Item) int { return kindOrder(x) - kindOrder(y) }) {
		return r
	}
	out := slices.Clone(r)
	slices.SortStableFunc(out, func(x, y resources.Item) int { return kindOrder(x) - kindOrder(y) })
	return out
}

func kindOrder(it resources.Item) int {
	if it.Type() == v1.Value_SCALAR {
		return 1
	}
	return 0
}
