package allocator

import (
	"cmp"
	"slices"
	"strings"

	"mesosbook/cluster/resources"
)

// tree holds the roles and the shares by which they and their frameworks are
// sorted (master/allocator/mesos/sorter/drf/sorter.cpp): a role a/b has its
// place below a, whose share is that of everything below it.
type tree struct {
	total resources.Quantities // scalars of all agents
	nodes map[string]*node
	leafs []*node // roles with frameworks
	dirty bool    // leafs may be out of order
}

// node is a role. subtree is what it and the roles below hold, own what its
// own frameworks hold.
type node struct {
	role         string
	path         []string // "a", "a/b", ...
	weight       float64
	quota        Quota
	own, subtree resources.Quantities
	members      []*member
	dirty        bool    // members may be out of order
	stale        bool    // and their shares are of other totals
	share        float64 // of subtree, by weight
	ownShare     float64
}

// member is a framework in a role.
type member struct {
	fw    *framework
	held  resources.Quantities
	share float64
	count int // allocations, the tie-breaker before the id
}

func newTree() *tree {
	return &tree{total: resources.Quantities{}, nodes: map[string]*node{}}
}

func (t *tree) node(role string) *node {
	if n := t.nodes[role]; n != nil {
		return n
	}
	n := &node{role: role, weight: 1, own: resources.Quantities{}, subtree: resources.Quantities{}}
	for i, c := range role {
		if c == '/' {
			n.path = append(n.path, role[:i])
		}
	}
	n.path = append(n.path, role)
	t.nodes[role] = n
	for _, up := range n.path[:len(n.path)-1] {
		t.node(up)
	}
	return n
}

func (n *node) member(fw *framework) *member {
	for _, m := range n.members {
		if m.fw == fw {
			return m
		}
	}
	return nil
}

// join puts a framework into a role; again is fine.
func (t *tree) join(role string, fw *framework) *member {
	n := t.node(role)
	if m := n.member(fw); m != nil {
		return m
	}
	m := &member{fw: fw, held: resources.Quantities{}}
	if len(n.members) == 0 {
		t.leafs = append(t.leafs, n)
	}
	n.members = append(n.members, m)
	t.dirty, n.dirty = true, true
	return m
}

// leave takes a framework out of a role unless it still holds something there.
func (t *tree) leave(role string, fw *framework) {
	n := t.nodes[role]
	if n == nil {
		return
	}
	if m := n.member(fw); m == nil || len(m.held) > 0 {
		return
	}
	n.members = slices.DeleteFunc(n.members, func(m *member) bool { return m.fw == fw })
	if len(n.members) == 0 {
		t.leafs = slices.DeleteFunc(t.leafs, func(x *node) bool { return x == n })
	}
}

func (t *tree) account(role string, fw *framework, q resources.Quantities, change func(resources.Quantities, resources.Quantities)) {
	m := t.join(role, fw)
	change(m.held, q)
	m.share = t.share(m.held)
	n := t.node(role)
	t.dirty, n.dirty = true, true
	change(n.own, q)
	n.ownShare = t.share(n.own)
	for _, name := range n.path {
		up := t.nodes[name]
		change(up.subtree, q)
		up.share = t.share(up.subtree) / up.weight
	}
}

// share is the largest part of the cluster that q is.
func (t *tree) share(q resources.Quantities) float64 {
	var most float64
	for name, n := range q {
		if all := t.total[name]; all > 0 {
			most = max(most, float64(n)/float64(all))
		}
	}
	return most
}

// sorted are the roles with frameworks, those that have least first.
func (t *tree) sorted() []*node {
	if t.dirty {
		t.dirty = false
		slices.SortFunc(t.leafs, t.compare)
	}
	return t.leafs
}

// touch says that totals or weights changed.
func (t *tree) touch() {
	t.dirty = true
	for _, n := range t.nodes {
		n.dirty, n.stale = true, true
		n.share, n.ownShare = t.share(n.subtree)/n.weight, t.share(n.own)
	}
}

// compare looks at the two branches where the ways to a and b part.
func (t *tree) compare(a, b *node) int {
	for i := 0; ; i++ {
		x, y := t.branch(a, i), t.branch(b, i)
		if x.name != y.name {
			return cmp.Or(cmp.Compare(x.share, y.share), strings.Compare(x.name, y.name))
		}
		if i >= len(a.path) && i >= len(b.path) {
			return 0
		}
	}
}

type branch struct {
	name  string
	share float64
}

// branch is the i-th step on the way to n; after the last name comes the
// place of n's own frameworks beside the roles below n.
func (t *tree) branch(n *node, i int) branch {
	if i < len(n.path) {
		return branch{n.path[i], t.nodes[n.path[i]].share}
	}
	return branch{n.role + "/.", n.ownShare}
}

// sortMembers of a role, the ones that hold least first.
func (t *tree) sortMembers(n *node) []*member {
	if n.dirty {
		if n.dirty = false; n.stale {
			n.stale = false
			for _, m := range n.members {
				m.share = t.share(m.held)
			}
		}
		slices.SortFunc(n.members, compareMembers)
	}
	return n.members
}

func compareMembers(a, b *member) int {
	return cmp.Or(cmp.Compare(a.share, b.share), cmp.Compare(a.count, b.count), strings.Compare(a.fw.ID, b.fw.ID))
}
