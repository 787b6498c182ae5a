package allocator

import (
	"cmp"
	"slices"
	"strings"

	"mesosbook/cluster/resources"
)

// sorter orders its clients, roles or the frameworks of a role, by their dominant
// share, least first (master/allocator/mesos/sorter/drf/sorter.cpp). Its clients
// are the leafs of a tree: those below a/b get together what a/b has, which
// counts as the share of a/b among its siblings.
type sorter[C any] struct {
	cluster *cluster
	root    *vertex[C]
	weights map[string]float64 // by path; 1 where there is none

	dirty  bool   // shares and order have to be computed anew
	seen   uint64 // cluster.changes when they were
	listed []C    // the active clients in order, nil when it may have changed
	buffer []C    // behind listed
}

// cluster is what shares are shares of.
type cluster struct {
	names
	total    amounts
	excluded map[int]bool // scalars that do not count
	changes  uint64       // of total
}

// vertex of the tree. Those that can be chosen come first among the children of
// one: if nothing is dirty, in their order.
type vertex[C any] struct {
	path     string
	parent   *vertex[C]
	children []*vertex[C]
	client   C // of a leaf
	leaf     bool
	idle     bool // a leaf that is not to be chosen

	weight float64
	share  float64
	count  uint64 // allocations, which decide between equal shares
	held   holding
}

func newSorter[C any](c *cluster) *sorter[C] {
	return &sorter[C]{cluster: c, root: &vertex[C]{}, weights: map[string]float64{}}
}

// add makes the leaf of a client, idle at first. Names lead to it from the root.
func (s *sorter[C]) add(client C, names ...string) *vertex[C] {
	v := s.root
	for i, name := range names {
		v = s.child(v, name, i == len(names)-1)
	}
	v.client = client
	s.change()
	return v
}

func (s *sorter[C]) child(parent *vertex[C], name string, leaf bool) *vertex[C] {
	path := name
	if parent != s.root {
		path = parent.path + "/" + name
	}
	for _, c := range parent.children {
		if c.path == path {
			return c
		}
	}
	v := &vertex[C]{path: path, parent: parent, leaf: leaf, idle: leaf, weight: 1}
	if w, set := s.weights[path]; set {
		v.weight = w
	}
	parent.insert(v)
	return v
}

// remove takes out a leaf that holds nothing, and what it leaves empty above it.
func (s *sorter[C]) remove(v *vertex[C]) {
	for v.parent != nil && len(v.children) == 0 {
		v.parent.drop(v)
		v = v.parent
	}
	s.change()
}

// activate says whether a leaf is to be chosen.
func (s *sorter[C]) activate(v *vertex[C], active bool) {
	if v.idle != active {
		return
	}
	v.idle = !active
	v.parent.drop(v)
	v.parent.insert(v)
	s.listed = nil
	s.dirty = s.dirty || active
}

func (s *sorter[C]) setWeight(path string, w float64) {
	s.weights[path] = w
	s.root.walk(func(v *vertex[C]) {
		if v.path == path {
			v.weight = w
		}
	})
	s.change()
}

func (s *sorter[C]) change() { s.dirty, s.listed = true, nil }

// chosen counts that a client was chosen; allocated, with what it was given,
// comes after.
func (s *sorter[C]) chosen(v *vertex[C]) {
	for ; v != nil; v = v.parent {
		v.count++
	}
}

// allocated counts what a client was given, and keeps the order.
func (s *sorter[C]) allocated(v *vertex[C], ag *agent, q amounts, shared resources.Resources) {
	for ; v != nil; v = v.parent {
		v.held.add(s.cluster.names, ag, q, shared)
		if v.parent == nil || s.dirty || s.seen != s.cluster.changes || v.idle {
			continue
		}
		v.share = s.shareOf(v)
		if v.shift() {
			s.listed = nil
		}
	}
}

// unallocated counts what a client gave back.
func (s *sorter[C]) unallocated(v *vertex[C], ag *agent, q amounts, shared resources.Resources) {
	for ; v != nil; v = v.parent {
		v.held.sub(s.cluster.names, ag, q, shared)
	}
	s.change()
}

// sort gives the clients to be chosen. The list is valid until the next sort.
func (s *sorter[C]) sort() []C {
	if s.dirty || s.seen != s.cluster.changes {
		s.dirty, s.seen, s.listed = false, s.cluster.changes, nil
		s.order(s.root)
	}
	if s.listed == nil {
		s.buffer = s.root.list(s.buffer[:0])
		s.listed = s.buffer
	}
	return s.listed
}

func (s *sorter[C]) order(v *vertex[C]) {
	active := v.active()
	for _, c := range active {
		c.share = s.shareOf(c)
	}
	slices.SortFunc(active, (*vertex[C]).compare)
	for _, c := range active {
		s.order(c)
	}
}

func (s *sorter[C]) shareOf(v *vertex[C]) float64 { return s.cluster.share(v.held.amounts) / v.weight }

// share is the largest part of the cluster that a is.
func (c *cluster) share(a amounts) float64 {
	var most float64
	for i, n := range a {
		if all := c.total.at(i); n > 0 && all > 0 && !c.excluded[i] {
			most = max(most, float64(n)/float64(all))
		}
	}
	return most
}

func (v *vertex[C]) compare(o *vertex[C]) int {
	return cmp.Or(cmp.Compare(v.share, o.share), cmp.Compare(v.count, o.count), strings.Compare(v.path, o.path))
}

// active children come before the idle ones.
func (v *vertex[C]) active() []*vertex[C] {
	n := len(v.children)
	for n > 0 && v.children[n-1].idle {
		n--
	}
	return v.children[:n]
}

func (v *vertex[C]) insert(c *vertex[C]) {
	if c.idle {
		v.children = append(v.children, c)
	} else {
		v.children = slices.Insert(v.children, 0, c)
	}
}

func (v *vertex[C]) drop(c *vertex[C]) {
	i := slices.Index(v.children, c)
	v.children = slices.Delete(v.children, i, i+1)
}

// shift moves v to its place among its siblings, and says whether it moved.
func (v *vertex[C]) shift() bool {
	list := v.parent.active()
	start := slices.Index(list, v)
	i := start
	for ; i > 0 && v.compare(list[i-1]) < 0; i-- {
		list[i] = list[i-1]
	}
	for ; i+1 < len(list) && list[i+1].compare(v) < 0; i++ {
		list[i] = list[i+1]
	}
	list[i] = v
	return i != start
}

func (v *vertex[C]) list(out []C) []C {
	for _, c := range v.active() {
		if c.leaf {
			out = append(out, c.client)
		} else {
			out = c.list(out)
		}
	}
	return out
}

func (v *vertex[C]) walk(visit func(*vertex[C])) {
	visit(v)
	for _, c := range v.children {
		c.walk(visit)
	}
}
