package resources

import (
	"slices"
	"strings"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Add is r and o together.
func (r Resources) Add(o Resources) Resources {
	switch {
	case len(o) == 0:
		return r
	case len(r) == 0 && !slices.ContainsFunc(o, Item.empty):
		return o
	}
	out := make(Resources, len(r), len(r)+len(o))
	copy(out, r)
	for _, it := range o {
		out.put(it)
	}
	return out
}

// Sub is r without o. What r has not enough of is left out; the last item takes
// the place of one that is used up, as in Mesos.
func (r Resources) Sub(o Resources) Resources {
	if len(r) == 0 || len(o) == 0 {
		return r
	}
	out := slices.Clone(r)
	for i := range o {
		out.take(&o[i])
	}
	return out
}

// Contains says whether o could be taken out of r.
func (r Resources) Contains(o Resources) bool {
	if !slices.ContainsFunc(o, Item.whole) { // then no kind is there twice
		for i := range o {
			if !r.containsItem(&o[i]) {
				return false
			}
		}
		return true
	}
	rest := slices.Clone(r)
	for i := range o {
		if !rest.containsItem(&o[i]) {
			return false
		}
		rest.take(&o[i])
	}
	return true
}

// Equal says whether r and o are the same sum.
func (r Resources) Equal(o Resources) bool {
	return len(r) == len(o) && r.Contains(o) && o.Contains(r)
}

// put adds an item to a sum that nobody else has.
func (r *Resources) put(it Item) {
	if it.empty() {
		return
	}
	if !it.whole() {
		for i := range *r {
			if have := &(*r)[i]; have.alike(&it) {
				*have = have.plus(it)
				return
			}
		}
	}
	*r = append(*r, it)
}

// take subtracts an item from a sum that nobody else has.
func (r *Resources) take(it *Item) {
	if it.empty() {
		return
	}
	for i := range *r {
		have := &(*r)[i]
		if !have.alike(it) || it.whole() && !have.sameAmount(*it) {
			continue
		}
		if *have = have.minus(*it); have.empty() {
			last := len(*r) - 1
			(*r)[i] = (*r)[last]
			*r = (*r)[:last]
		}
		return
	}
}

// alike says whether two items differ in their amounts at most.
func (it *Item) alike(o *Item) bool {
	return it.role == o.role && (it.kind == o.kind || it.kind.key == o.kind.key)
}

func (r Resources) containsItem(it *Item) bool {
	for i := range r {
		have := &r[i]
		if have.alike(it) && have.holds(it) {
			return true
		}
	}
	return it.empty()
}

// whole says whether an item can only be had as it is: volumes, and disks that
// are a mount or a block device of their own.
func (it Item) whole() bool {
	d := it.Disk()
	if d == nil || it.Shared() { // equal shared copies are counted
		return false
	}
	t := d.GetSource().GetType()
	return d.GetPersistence() != nil || t == v1.Resource_DiskInfo_Source_MOUNT || t == v1.Resource_DiskInfo_Source_BLOCK
}

func (it Item) sameAmount(o Item) bool {
	return it.milli == o.milli && slices.Equal(it.ranges, o.ranges) && slices.Equal(it.set, o.set)
}

func (it *Item) holds(o *Item) bool {
	if it.Shared() {
		return it.shares >= o.shares && it.sameAmount(*o)
	}
	if it.whole() {
		return it.sameAmount(*o)
	}
	return it.milli >= o.milli && containsRanges(it.ranges, o.ranges) && containsSet(it.set, o.set)
}

func (it Item) plus(o Item) Item {
	if it.Shared() {
		it.shares += o.shares
		return it
	}
	it.milli += o.milli
	it.ranges = mergeRanges(append(slices.Clip(it.ranges), o.ranges...))
	it.set = addSets(it.set, o.set)
	return it
}

func (it Item) minus(o Item) Item {
	if it.Shared() {
		if it.shares -= o.shares; it.shares <= 0 {
			it.milli = 0
		}
		return it
	}
	it.milli = max(0, it.milli-o.milli)
	it.ranges = subtractRanges(it.ranges, o.ranges)
	it.set = slices.DeleteFunc(slices.Clone(it.set), func(s string) bool { return slices.Contains(o.set, s) })
	return it
}

func addSets(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func containsSet(a, b []string) bool {
	return !slices.ContainsFunc(b, func(s string) bool { return !slices.Contains(a, s) })
}

// identity is the key of a kind. The common ones are put together by hand:
// allocation runs compare many of them.
func identity(p *v1.Resource) string {
	var b strings.Builder
	b.WriteString(p.GetName())
	b.WriteByte(0)
	b.WriteByte(byte('0' + p.GetType()))
	if len(p.Reservations) > 0 || p.Disk != nil || p.Revocable != nil || p.Shared != nil || p.ProviderId != nil {
		rest := &v1.Resource{ProviderId: p.ProviderId, Reservations: p.Reservations, Disk: p.Disk, Revocable: p.Revocable, Shared: p.Shared}
		raw, _ := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(rest)
		b.WriteByte(0)
		b.Write(raw)
	}
	return b.String()
}
