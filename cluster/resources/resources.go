// Package resources is the arithmetic of Mesos resources that the master and
// the agents of the embedded cluster share: what a machine has, what of it is
// allocated, reserved or made into a volume, and what is left.
//
// It follows common/resources.cpp of Apache Mesos 1.12: scalars are fixed-point
// numbers with three decimals, ranges and sets are merged, and two resources
// may be added only when everything but their amounts is the same. Inside, a
// reservation is always a list ("reservations", since 1.4); Format says how it
// is written to the outside.
package resources

import (
	"slices"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Resources is a sum of resources: one Item for each identity, in the order in
// which they were first added. Methods never change their receiver nor what
// they are given; the zero value is nothing at all.
type Resources []Item

// Item is an amount of one kind of resource.
type Item struct {
	kind   *kind
	role   string   // that it is allocated to, empty for none
	milli  int64    // of a scalar, in thousandths
	ranges []Range  // sorted, disjoint, not adjacent
	set    []string // in the order given, without repeats
	shares int      // of a shared volume: how many copies are held
}

// kind is everything of a resource but its amount and who holds it. It is never
// changed.
type kind struct {
	proto *v1.Resource // without scalar, ranges, set, allocation_info, role and reservation
	key   string       // equal for equal kinds
}

// New sums list up. The resources are taken as they are; see Validate. Empty
// amounts count as nothing.
func New(list []*v1.Resource) Resources {
	r := make(Resources, 0, len(list))
	for _, p := range list {
		r.put(newItem(p))
	}
	return slices.Clip(r)
}

func newItem(p *v1.Resource) Item {
	up := Upgrade(p)
	it := Item{kind: newKind(up), role: up.GetAllocationInfo().GetRole()}
	switch p.GetType() {
	case v1.Value_SCALAR:
		it.milli = Milli(p.GetScalar().GetValue())
	case v1.Value_RANGES:
		it.ranges = mergeRanges(fromProtoRanges(p.GetRanges()))
	case v1.Value_SET:
		it.set = addSets(nil, p.GetSet().GetItem())
	}
	if p.GetShared() != nil {
		it.shares = 1
	}
	return it
}

func newKind(up *v1.Resource) *kind {
	t := proto.CloneOf(up)
	t.Scalar, t.Ranges, t.Set, t.AllocationInfo = nil, nil, nil, nil
	return &kind{proto: t, key: identity(t)}
}

// Name of the resource: "cpus", "mem", ...
func (it Item) Name() string { return it.kind.proto.GetName() }

// Type of its value.
func (it Item) Type() v1.Value_Type { return it.kind.proto.GetType() }

// Milli is the amount of a scalar in thousandths.
func (it Item) Milli() int64 { return it.milli }

// Ranges of a RANGES resource, sorted. The caller does not change them.
func (it Item) Ranges() []Range { return it.ranges }

// Set of a SET resource. The caller does not change it.
func (it Item) Set() []string { return it.set }

// AllocatedTo is the role that holds it, empty when nobody does.
func (it Item) AllocatedTo() string { return it.role }

// Reservations from the outermost role to the innermost. Not to be changed.
func (it Item) Reservations() []*v1.Resource_ReservationInfo {
	return it.kind.proto.GetReservations()
}

// Role that it is reserved for, "*" for none.
func (it Item) Role() string {
	rs := it.Reservations()
	if len(rs) == 0 {
		return "*"
	}
	return rs[len(rs)-1].GetRole()
}

// Dynamic says whether its last reservation was made by an operation.
func (it Item) Dynamic() bool {
	rs := it.Reservations()
	return len(rs) > 0 && rs[len(rs)-1].GetType() == v1.Resource_ReservationInfo_DYNAMIC
}

// Disk of a volume or of a disk with a source, else nil. Not to be changed.
func (it Item) Disk() *v1.Resource_DiskInfo { return it.kind.proto.GetDisk() }

// PersistentVolume says whether it is a volume that outlives its tasks.
func (it Item) PersistentVolume() bool { return it.Disk().GetPersistence() != nil }

// Revocable says whether it may be taken away at any time.
func (it Item) Revocable() bool { return it.kind.proto.Revocable != nil }

// Shared says whether several tasks may use it at once.
func (it Item) Shared() bool { return it.kind.proto.Shared != nil }

// Copies is how many copies of a shared volume are held, else 0.
func (it Item) Copies() int { return it.shares }

// Key is equal for resources that differ in their amounts and holders alone.
func (it Item) Key() string { return it.kind.key }

// Provider is the id of the resource provider, empty for the agent itself.
func (it Item) Provider() string { return it.kind.proto.GetProviderId().GetValue() }

func (it Item) empty() bool {
	switch it.Type() {
	case v1.Value_SCALAR:
		return it.milli == 0
	case v1.Value_RANGES:
		return len(it.ranges) == 0
	case v1.Value_SET:
		return len(it.set) == 0
	}
	return true
}

// Empty says whether there is nothing.
func (r Resources) Empty() bool { return len(r) == 0 }

// Filter keeps what ok accepts.
func (r Resources) Filter(ok func(Item) bool) Resources {
	var out Resources
	for _, it := range r {
		if ok(it) {
			out = append(out, it)
		}
	}
	return out
}

// Named keeps the resources of that name.
func (r Resources) Named(name string) Resources {
	return r.Filter(func(it Item) bool { return it.Name() == name })
}

// Scalar is the sum of the scalars of that name in thousandths, whatever their
// reservation; ok is false when there is none.
func (r Resources) Scalar(name string) (milli int64, ok bool) {
	for _, it := range r {
		if it.Type() == v1.Value_SCALAR && it.Name() == name {
			milli, ok = milli+it.milli, true
		}
	}
	return milli, ok
}

// Allocate gives r to a role.
func (r Resources) Allocate(role string) Resources {
	if !slices.ContainsFunc(r, func(it Item) bool { return it.role != "" }) { // then nothing merges
		out := slices.Clone(r)
		for i := range out {
			out[i].role = role
		}
		return out
	}
	out := make(Resources, 0, len(r))
	for _, it := range r {
		it.role = role
		out.put(it)
	}
	return out
}

// Unallocate takes the role away that holds r.
func (r Resources) Unallocate() Resources { return r.Allocate("") }

// Unreserved is r without its reservations and without its volumes.
func (r Resources) Unreserved() Resources {
	return r.reshape(func(p *v1.Resource) { p.Reservations, p.Disk, p.Shared = nil, nil, nil })
}

// WithoutReservations is r as nobody had reserved it; volumes stay.
func (r Resources) WithoutReservations() Resources {
	return r.reshape(func(p *v1.Resource) { p.Reservations = nil })
}

// reshape gives each item a changed copy of its kind.
func (r Resources) reshape(change func(*v1.Resource)) Resources {
	var out Resources
	for _, it := range r {
		p := proto.CloneOf(it.kind.proto)
		change(p)
		it.kind = &kind{proto: p, key: identity(p)}
		if p.Shared == nil {
			it.shares = 0
		}
		out.put(it)
	}
	return out
}

// Milli is v in thousandths, rounded half away from zero and bounded.
func Milli(v float64) int64 {
	const limit = 1 << 60
	switch m := v * 1000; {
	case m != m:
		return 0
	case m > limit:
		return limit
	case m < -limit:
		return -limit
	case m < 0:
		return -int64(-m + 0.5)
	default:
		return int64(m + 0.5)
	}
}

// AtMost is the item with no more than milli of its scalar; ok is false for one
// that has more and can only be had as it is.
func (it Item) AtMost(milli int64) (less Item, ok bool) {
	if it.milli <= milli {
		return it, true
	}
	if it.whole() || it.Shared() {
		return it, false
	}
	it.milli = milli
	return it, true
}
