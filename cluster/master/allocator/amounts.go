package allocator

import (
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// amounts are quantities of scalars in thousandths, by the index of their name:
// a run adds and compares them for each agent and framework. What is beyond the
// end is 0; no amount is negative.
type amounts []int64

// names gives each scalar its index.
type names map[string]int

func (n names) index(name string) int {
	i, known := n[name]
	if !known {
		i = len(n)
		n[name] = i
	}
	return i
}

func (n names) from(q resources.Quantities) amounts {
	var out amounts
	for name, milli := range q {
		out.plus(n.index(name), milli)
	}
	return out
}

// sum of the scalars of r that ok accepts; nil accepts all.
func (n names) sum(r resources.Resources, ok func(*resources.Item) bool) amounts {
	var out amounts
	for i := range r {
		if it := &r[i]; it.Type() == v1.Value_SCALAR && (ok == nil || ok(it)) {
			out.plus(n.index(it.Name()), it.Milli())
		}
	}
	return out
}

func (a amounts) at(i int) int64 {
	if i < len(a) {
		return a[i]
	}
	return 0
}

func (a *amounts) plus(i int, milli int64) {
	if i >= len(*a) {
		grown := make(amounts, max(4, i+1)) // cpus, mem, disk and one more are usual
		copy(grown, *a)
		*a = grown
	}
	(*a)[i] += milli
}

func (a *amounts) add(o amounts) {
	for i, n := range o {
		if n != 0 {
			a.plus(i, n)
		}
	}
}

// sub takes o away in place, down to 0.
func (a amounts) sub(o amounts) {
	for i := range min(len(a), len(o)) {
		a[i] = max(0, a[i]-o[i])
	}
}

// without is a less o, in a copy.
func (a amounts) without(o amounts) amounts {
	out := append(amounts(nil), a...)
	out.sub(o)
	return out
}

func (a amounts) empty() bool {
	for _, n := range a {
		if n > 0 {
			return false
		}
	}
	return true
}

// holding is a sum of amounts in which a shared volume counts once, however many
// copies of it are held.
type holding struct {
	amounts
	copies map[sharedKey]int
}

// sharedKey is a shared volume of an agent.
type sharedKey struct {
	agent  *agent
	volume string
}

// add adds q, and of shared volumes those that are not there yet.
func (h *holding) add(n names, ag *agent, q amounts, shared resources.Resources) {
	h.amounts.add(q)
	for _, it := range shared {
		key := sharedKey{ag, it.Key()}
		if h.copies == nil {
			h.copies = map[sharedKey]int{}
		}
		if h.copies[key] == 0 {
			h.plus(n.index(it.Name()), it.Milli())
		}
		h.copies[key] += it.Copies()
	}
}

// sub takes q away, and of shared volumes those whose last copy goes.
func (h *holding) sub(n names, ag *agent, q amounts, shared resources.Resources) {
	h.amounts.sub(q)
	for _, it := range shared {
		key := sharedKey{ag, it.Key()}
		if h.copies[key] -= it.Copies(); h.copies[key] <= 0 {
			delete(h.copies, key)
			h.plus(n.index(it.Name()), -it.Milli())
		}
	}
}
