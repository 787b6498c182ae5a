package allocator

import (
	"slices"
	"time"

	"mesosbook/cluster/resources"
)

// filter keeps from a framework in a role what it refused of an agent. It lasts
// over one periodic run at least (MESOS-4302), whatever its time.
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
	return runs > f.run && now.After(f.until)
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

func (a *Allocator) addFilter(m *member, ag *agent, refused resources.Resources, refuse time.Duration) {
	now := time.Now()
	f := filter{refused: refused.Unallocate(), until: now.Add(max(refuse, a.opts.Interval)), run: a.runs}
	if missing := ag.slot + 1 - len(m.filters); missing > 0 {
		m.filters = append(m.filters, make([][]filter, missing)...)
	}
	m.filters[ag.slot] = append(a.valid(m.filters[ag.slot], now), f)
}

// valid drops the filters of list that have expired, in place.
func (a *Allocator) valid(list []filter, now time.Time) []filter {
	return slices.DeleteFunc(list, func(f filter) bool { return f.expired(now, a.runs) })
}

// refused says whether a filter covers all of r.
func (a *Allocator) refused(m *member, ag *agent, r resources.Resources, now time.Time) bool {
	if ag.slot >= len(m.filters) {
		return false
	}
	list := m.filters[ag.slot]
	for i := range list {
		if f := &list[i]; !f.expired(now, a.runs) && f.covered(r) {
			return true
		}
	}
	m.filters[ag.slot] = a.valid(list, now)
	return false
}

// RemoveFilters forgets what was refused of an agent: its attributes changed.
func (a *Allocator) RemoveFilters(agentID string) {
	if ag := a.agents[agentID]; ag != nil {
		for _, fw := range a.frameworks {
			for _, m := range fw.members {
				if ag.slot < len(m.filters) {
					m.filters[ag.slot] = nil
				}
			}
		}
	}
}

// Filters counts the active filters of each role.
func (a *Allocator) Filters() map[string]int {
	out := map[string]int{}
	now := time.Now()
	for _, fw := range a.frameworks {
		for _, m := range fw.members {
			for slot, list := range m.filters {
				m.filters[slot] = a.valid(list, now)
				out[m.role.name] += len(m.filters[slot])
			}
		}
	}
	return out
}
