package allocator

import (
	"slices"
	"time"

	"mesosbook/cluster/resources"
)

// filterKey says what a filter is for. Pointers, because a run looks up one for
// each framework and agent.
type filterKey struct {
	role  *node
	agent *agent
}

// filter keeps from a framework what it refused. It lasts for at least one
// periodic run (MESOS-4302), whatever its time.
type filter struct {
	refused resources.Resources // not marked with a role
	until   time.Time
	run     int // periodic runs when it was made

	// covers is the first item of what it was last found to cover: an agent's
	// free resources are mostly the same at the next run. Sums never change
	// in place, so the same first item is the same sum.
	covers *resources.Item
}

func (f *filter) covered(r resources.Resources) bool {
	if f.covers == &r[0] {
		return true
	}
	if !f.refused.Contains(r) {
		return false
	}
	f.covers = &r[0]
	return true
}

func (f *filter) expired(now time.Time, runs int) bool {
	return now.After(f.until) && runs > f.run+1
}

// RefuseFor is how long a framework that gave seconds in its filters is not
// offered the same again; ok is false when it gave none, which is 5 s.
// 0 is no filter at all, below 0 is 5 s, a year is the most
// (hierarchical.cpp:1689-1755).
func RefuseFor(seconds float64, ok bool) time.Duration {
	const usual, most = 5 * time.Second, 365 * 24 * time.Hour
	switch {
	case !ok || seconds < 0 || seconds != seconds:
		return usual
	case seconds > most.Seconds():
		return most
	}
	return time.Duration(seconds * float64(time.Second))
}

func (a *Allocator) addFilter(frameworkID, agentID string, r resources.Resources, refuse time.Duration) {
	fw, ag := a.frameworks[frameworkID], a.agents[agentID]
	if fw == nil || ag == nil {
		return
	}
	f := filter{until: time.Now().Add(max(refuse, a.opts.Interval)), run: a.runs}
	for role, part := range byRole(r) {
		f.refused = part.Unallocate()
		key := filterKey{a.roles.node(role), ag}
		fw.filters[key] = append(fw.filters[key], f)
	}
}

// refused says whether a filter covers all of r, and drops expired filters.
func (a *Allocator) refused(fw *framework, key filterKey, r resources.Resources, now time.Time) bool {
	list, some := fw.filters[key]
	if !some {
		return false
	}
	for i := range list {
		f := &list[i]
		if !f.expired(now, a.runs) && f.covered(r) {
			return true
		}
	}
	list = slices.DeleteFunc(list, func(f filter) bool { return f.expired(now, a.runs) })
	if fw.filters[key] = list; len(list) == 0 {
		delete(fw.filters, key)
	}
	return false
}

// Filters counts the active filters of each role.
func (a *Allocator) Filters() map[string]int {
	out := map[string]int{}
	for _, fw := range a.frameworks {
		for key, list := range fw.filters {
			out[key.role.role] += len(list)
		}
	}
	return out
}
