package master

import (
	"maps"
	"slices"
	"strconv"

	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// summary is the sum of resources as the pages show it: cpus, gpus, mem and
// disk always, other scalars by name, ranges and sets as text
// (common/http.cpp:1014).
type summary struct {
	scalars map[string]int64
	ranges  map[string]resources.Resources
}

func summarize(list ...resources.Resources) summary {
	s := summary{scalars: map[string]int64{"cpus": 0, "gpus": 0, "mem": 0, "disk": 0}, ranges: map[string]resources.Resources{}}
	for _, r := range list {
		s.add(r)
	}
	return s
}

func (s summary) add(r resources.Resources) {
	for _, it := range r {
		name := it.Name()
		if it.Revocable() {
			name += "_revocable"
		}
		if it.Type() == v1.Value_SCALAR {
			s.scalars[name] += it.Milli()
		} else {
			s.ranges[name] = s.ranges[name].Add(resources.Resources{it}.Unallocate().Unreserved())
		}
	}
}

func (s summary) write(e *mesos.Encoder) {
	e.BeginObject()
	for _, name := range s.names() {
		e.Key(name).Double(float64(s.scalars[name]) / 1000)
	}
	for _, name := range slices.Sorted(maps.Keys(s.ranges)) {
		for _, it := range s.ranges[name] {
			if it.Type() == v1.Value_RANGES {
				e.Key(name).String(resources.FormatRanges(it.Ranges()))
			} else {
				e.Key(name).String(resources.FormatSet(it.Set()))
			}
		}
	}
	e.EndObject()
}

// names of scalars: the four that everybody knows first.
func (s summary) names() []string {
	out := []string{"disk", "mem", "gpus", "cpus"}
	for _, name := range slices.Sorted(maps.Keys(s.scalars)) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func writeQuantities(e *mesos.Encoder, q resources.Quantities) {
	e.BeginObject()
	for _, name := range q.Names() {
		if q[name] != 0 {
			e.Key(name).Double(q.Value(name))
		}
	}
	e.EndObject()
}

// writeLimits writes zeros too: they allow nothing.
func writeLimits(e *mesos.Encoder, q resources.Quantities) {
	e.BeginObject()
	for _, name := range q.Names() {
		e.Key(name).Double(q.Value(name))
	}
	e.EndObject()
}

func writeStrings(e *mesos.Encoder, list []string) {
	e.BeginArray()
	for _, s := range list {
		e.String(s)
	}
	e.EndArray()
}

func writeLabels(e *mesos.Encoder, labels *v1.Labels) {
	e.Key("labels").BeginArray()
	for _, l := range labels.GetLabels() {
		e.BeginObject()
		e.Key("key").String(l.GetKey())
		if l.Value != nil {
			e.Key("value").String(l.GetValue())
		}
		e.EndObject()
	}
	e.EndArray()
}

// writeAttributes writes numbers as numbers and everything else as text.
func writeAttributes(e *mesos.Encoder, list []*v1.Attribute) {
	e.BeginObject()
	for _, a := range list {
		e.Key(a.GetName())
		switch a.GetType() {
		case v1.Value_SCALAR:
			e.Double(a.GetScalar().GetValue())
		case v1.Value_RANGES:
			var text string
			for i, r := range a.GetRanges().GetRange() {
				if i > 0 {
					text += ", "
				}
				text += strconv.FormatUint(r.GetBegin(), 10) + "-" + strconv.FormatUint(r.GetEnd(), 10)
			}
			e.String("[" + text + "]")
		case v1.Value_SET:
			e.String(resources.FormatSet(a.GetSet().GetItem()))
		default:
			e.String(a.GetText().GetValue())
		}
	}
	e.EndObject()
}
