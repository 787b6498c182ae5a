package resources

import (
	"slices"
	"strings"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Add is r and o together.
func (r Resources) Add(o Resources) Resources {
	out := r
	for _, it := range o {
		out = out.addItem(it)
	}
	return out
}

// Sub is r without o. What r has not enough of is left out.
func (r Resources) Sub(o Resources) Resources {
	out := r
	for _, it := range o {
		out = out.subItem(it)
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
	rest := r
	for _, it := range o {
		if !rest.containsItem(&it) {
			return false
		}
		rest = rest.subItem(it)
	}
	return true
}

// Equal says whether r and o are the same sum.
func (r Resources) Equal(o Resources) bool {
	return len(r) == len(o) && r.Contains(o) && o.Contains(r)
}

func (r Resources) addItem(it Item) Resources {
	if it.empty() {
		return r
	}
	if !it.whole() {
		for i, have := range r {
			if have.kind.key == it.kind.key {
				out := slices.Clone(r)
				out[i] = have.plus(it)
				return out
			}
		}
	}
	return append(slices.Clip(r), it)
}

func (r Resources) subItem(it Item) Resources {
	if it.empty() {
		return r
	}
	for i, have := range r {
		if have.kind.key != it.kind.key || it.whole() && !have.sameAmount(it) {
			continue
		}
		rest := have.minus(it)
		if rest.empty() {
			return slices.Delete(slices.Clone(r), i, i+1)
		}
		out := slices.Clone(r)
		out[i] = rest
		return out
	}
	return r
}

func (r Resources) containsItem(it *Item) bool {
	for i := range r {
		have := &r[i]
		if (have.kind == it.kind || have.kind.key == it.kind.key) && have.holds(it) {
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

// identity is the key of a resource without its amount. The common kinds are
// put together by hand: allocation runs compare many of them.
func identity(p *v1.Resource) string {
	var b strings.Builder
	b.WriteString(p.GetName())
	b.WriteByte(0)
	b.WriteByte(byte('0' + p.GetType()))
	b.WriteString(p.GetAllocationInfo().GetRole())
	if len(p.Reservations) > 0 || p.Disk != nil || p.Revocable != nil || p.Shared != nil || p.ProviderId != nil {
		rest := &v1.Resource{ProviderId: p.ProviderId, Reservations: p.Reservations, Disk: p.Disk, Revocable: p.Revocable, Shared: p.Shared}
		raw, _ := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(rest)
		b.WriteByte(0)
		b.Write(raw)
	}
	return b.String()
}
