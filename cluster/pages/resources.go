package pages

import (
	"maps"
	"slices"

	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// Sums writes resources as sums by name: disk, mem, gpus and cpus always, other
// scalars where there are any, ranges and sets as text; what is revocable has a
// name of its own.
func Sums(e *mesos.Encoder, lists ...resources.Resources) {
	scalars := map[string]int64{"disk": 0, "mem": 0, "gpus": 0, "cpus": 0}
	others := map[string]resources.Resources{}
	for _, list := range lists {
		for _, it := range list {
			name := it.Name()
			if it.Revocable() {
				name += "_revocable"
			}
			if it.Type() == v1.Value_SCALAR {
				scalars[name] += it.Milli()
			} else {
				others[name] = others[name].Add(resources.Resources{it}.Unallocate().Unreserved())
			}
		}
	}
	e.BeginObject()
	for _, name := range scalarNames(scalars) {
		e.Key(name).Double(float64(scalars[name]) / 1000)
	}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		for _, it := range others[name] {
			if it.Type() == v1.Value_RANGES {
				e.Key(name).String(resources.FormatRanges(it.Ranges()))
			} else {
				e.Key(name).String(resources.FormatSet(it.Set()))
			}
		}
	}
	e.EndObject()
}

// scalarNames has the four that everybody knows first.
func scalarNames(scalars map[string]int64) []string {
	out := []string{"disk", "mem", "gpus", "cpus"}
	for _, name := range slices.Sorted(maps.Keys(scalars)) {
		if !slices.Contains(out[:4], name) {
			out = append(out, name)
		}
	}
	return out
}

// Full writes an array of resources with both of the forms that reservations have.
func Full(e *mesos.Encoder, r resources.Resources) {
	_ = mesos.EncodeList(e, r.Proto(resources.Endpoint)) // the encoder keeps the error
}

// ByRole writes an object of what is reserved for each role.
func ByRole(e *mesos.Encoder, r resources.Resources, write func(*mesos.Encoder, resources.Resources)) {
	reserved := map[string]resources.Resources{}
	for _, it := range r {
		if role := it.Role(); role != "*" {
			reserved[role] = append(reserved[role], it)
		}
	}
	e.BeginObject()
	for _, role := range slices.Sorted(maps.Keys(reserved)) {
		write(e.Key(role), reserved[role])
	}
	e.EndObject()
}

// SumsOf is Sums for ByRole.
func SumsOf(e *mesos.Encoder, r resources.Resources) { Sums(e, r) }

// Unreserved is what of r is reserved for nobody.
func Unreserved(r resources.Resources) resources.Resources {
	return r.Filter(func(it resources.Item) bool { return it.Role() == "*" })
}

// Quantities writes amounts by name, without those of zero.
func Quantities(e *mesos.Encoder, q resources.Quantities) {
	e.BeginObject()
	for _, name := range q.Names() {
		if q[name] != 0 {
			e.Key(name).Double(q.Value(name))
		}
	}
	e.EndObject()
}

// Limits writes amounts by name; one of zero allows nothing.
func Limits(e *mesos.Encoder, q resources.Quantities) {
	e.BeginObject()
	for _, name := range q.Names() {
		e.Key(name).Double(q.Value(name))
	}
	e.EndObject()
}

// Attributes writes numbers as numbers and everything else as text.
func Attributes(e *mesos.Encoder, list []*v1.Attribute) {
	e.BeginObject()
	for _, a := range list {
		e.Key(a.GetName())
		switch a.GetType() {
		case v1.Value_SCALAR:
			e.Double(a.GetScalar().GetValue())
		case v1.Value_RANGES:
			e.String(rangesText(a.GetRanges()))
		case v1.Value_SET:
			e.String(resources.FormatSet(a.GetSet().GetItem()))
		default:
			e.String(a.GetText().GetValue())
		}
	}
	e.EndObject()
}

func rangesText(r *v1.Value_Ranges) string {
	var list []resources.Range
	for _, x := range r.GetRange() {
		list = append(list, resources.Range{Begin: x.GetBegin(), End: x.GetEnd()})
	}
	return resources.FormatRanges(list)
}
