// Package allocator decides which framework is offered what: dominant resource
// fairness over the roles and then over the frameworks of a role, with weights,
// quota, offer filters and capabilities.
//
// It follows master/allocator/mesos/hierarchical.cpp of Apache Mesos 1.12. It
// knows nothing of HTTP, tasks or offers: it is told what frameworks and agents
// there are and what came back, and says at each run who gets what.
package allocator

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"mesosbook/cluster/resources"
)

// Options of an allocator.
type Options struct {
	// Interval between two periodic runs and the shortest offer filter; 0 is
	// 1 s (master/constants.hpp).
	Interval time.Duration
	// MinAllocatable are the smallest amounts worth an offer, one of which has
	// to be there; nil is 0.01 cpus or 32 MB of mem (--min_allocatable_resources).
	MinAllocatable []resources.Quantities
	// OfferGPUs offers machines with GPUs to frameworks without
	// GPU_RESOURCES too (--filter_gpu_resources=false).
	OfferGPUs bool
	// Unfair are the names of scalars that do not count for a share
	// (--fair_sharing_excluded_resource_names).
	Unfair []string
	// Shuffle puts the agents of a run in the order in which they are shared out;
	// nil is at random: in a fixed order two frameworks that refuse what they get
	// would be given the same agents for ever.
	Shuffle func(n int, swap func(i, j int))
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.MinAllocatable == nil {
		o.MinAllocatable = []resources.Quantities{{"cpus": 10}, {"mem": 32000}}
	}
	if o.Shuffle == nil {
		o.Shuffle = rand.Shuffle
	}
	return o
}

// Capabilities of a framework that decide what it is offered.
type Capabilities struct {
	Revocable, GPU, Shared, Refinement bool
}

// Framework is what the allocator has to know of one.
type Framework struct {
	ID           string
	Roles        []string
	Suppressed   []string // roles without offers
	Capabilities Capabilities
	// MinAllocatable per role, in place of Options.MinAllocatable.
	MinAllocatable map[string][]resources.Quantities
	// Accepts says whether an agent may be offered to a role at all; nil is yes.
	Accepts func(role, agentID string) bool
}

// Allocation is what one run gave to a framework, one for each role and agent.
type Allocation struct {
	FrameworkID, Role, AgentID string
	Resources                  resources.Resources // allocated to Role
}

// Allocator holds who has what. It is not safe for concurrent use.
type Allocator struct {
	cluster
	opts       Options
	frameworks map[string]*framework
	agents     map[string]*agent
	inOrder    []*agent // of AddAgent
	added      int      // agents so far
	slots      []int    // that removed agents have left
	root       *role    // of all roles
	roles      map[string]*role
	order      *sorter[*role] // roles with frameworks
	runs       int            // periodic runs that are over
}

type framework struct {
	Framework
	active     bool
	suppressed map[string]bool
	members    map[string]*member // by role: its own, and those in which it holds something
}

// member is a framework in a role.
type member struct {
	fw      *framework
	role    *role
	place   *vertex[*member] // in role.frameworks
	agents  int              // of which it holds something
	filters [][]filter       // by the slot of the agent
}

// New makes an allocator without frameworks or agents.
func New(o Options) *Allocator {
	a := &Allocator{
		cluster:    cluster{names: names{}, excluded: map[int]bool{}},
		opts:       o.withDefaults(),
		frameworks: map[string]*framework{},
		agents:     map[string]*agent{},
		root:       &role{children: map[string]*role{}},
		roles:      map[string]*role{},
	}
	for _, name := range o.Unfair {
		a.excluded[a.index(name)] = true
	}
	a.order = newSorter[*role](&a.cluster)
	return a
}

// AddFramework makes f known, active or not. What it holds already (tasks of
// a returning agent) is told by Hold.
func (a *Allocator) AddFramework(f Framework, active bool) {
	fw := &framework{Framework: f, active: active, suppressed: setOf(f.Suppressed), members: map[string]*member{}}
	a.frameworks[f.ID] = fw
	for _, role := range f.Roles {
		a.join(fw, role)
	}
	fw.choose()
}

// UpdateFramework replaces what is known of f. Filters stay but for the roles
// that it left and those that are no longer suppressed.
func (a *Allocator) UpdateFramework(f Framework) {
	fw := a.frameworks[f.ID]
	if fw == nil {
		return
	}
	before := fw.suppressed
	fw.Framework, fw.suppressed = f, setOf(f.Suppressed)
	for _, m := range slices.Collect(maps.Values(fw.members)) {
		if left := !slices.Contains(f.Roles, m.role.name); left || before[m.role.name] && !fw.suppressed[m.role.name] {
			m.filters = nil
		}
		a.part(m)
	}
	for _, role := range f.Roles {
		a.join(fw, role)
	}
	fw.choose()
}

// RemoveFramework forgets a framework and gives back what it held.
func (a *Allocator) RemoveFramework(id string) {
	fw := a.frameworks[id]
	if fw == nil {
		return
	}
	fw.Roles = nil
	for _, m := range slices.Collect(maps.Values(fw.members)) {
		for _, ag := range a.inOrder {
			if r, held := ag.held[m]; held {
				a.release(m, ag, r)
				ag.update()
			}
		}
		a.part(m)
	}
	delete(a.frameworks, id)
}

// Activate lets a framework have offers.
func (a *Allocator) Activate(id string) {
	if fw := a.frameworks[id]; fw != nil {
		fw.active = true
		fw.choose()
	}
}

// Deactivate stops its offers and forgets its filters.
func (a *Allocator) Deactivate(id string) {
	if fw := a.frameworks[id]; fw != nil {
		fw.active = false
		for _, m := range fw.members {
			m.filters = nil
		}
		fw.choose()
	}
}

// Suppress stops the offers of these roles.
func (a *Allocator) Suppress(id string, roles []string) {
	if fw := a.frameworks[id]; fw != nil {
		for _, r := range roles {
			fw.suppressed[r] = true
		}
		fw.choose()
	}
}

// Revive resumes the offers of these roles and forgets their filters.
func (a *Allocator) Revive(id string, roles []string) {
	fw := a.frameworks[id]
	if fw == nil {
		return
	}
	for _, r := range roles {
		delete(fw.suppressed, r)
		if m := fw.members[r]; m != nil {
			m.filters = nil
		}
	}
	fw.choose()
}

// Suppressed roles of a framework, sorted.
func (a *Allocator) Suppressed(id string) []string {
	if fw := a.frameworks[id]; fw != nil {
		return slices.Sorted(maps.Keys(fw.suppressed))
	}
	return nil
}

// join puts a framework into a role; again is fine.
func (a *Allocator) join(fw *framework, name string) *member {
	if m := fw.members[name]; m != nil {
		return m
	}
	r := a.role(name)
	m := &member{fw: fw, role: r}
	m.place = r.frameworks.add(m, fw.ID)
	fw.members[name] = m
	a.enter(r)
	return m
}

// part takes a framework out of a role that is not its own and of which it holds
// nothing more.
func (a *Allocator) part(m *member) {
	if m.agents == 0 && !slices.Contains(m.fw.Roles, m.role.name) {
		m.role.frameworks.remove(m.place)
		delete(m.fw.members, m.role.name)
		a.leave(m.role)
	}
}

// choose tells the roles of a framework whether it may be chosen there.
func (fw *framework) choose() {
	for name, m := range fw.members {
		m.role.frameworks.activate(m.place, fw.active && !fw.suppressed[name] && slices.Contains(fw.Roles, name))
	}
}

func setOf(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}
