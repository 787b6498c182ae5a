package resources

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	v1 "mesosbook/mesos/v1"
)

// Quantities are amounts by name, in thousandths: of a scalar its sum, of
// ranges and sets how many values. Reservations and volumes do not count apart.
type Quantities map[string]int64

// Quantities of r; shared volumes count once.
func (r Resources) Quantities() Quantities {
	q := Quantities{}
	for _, it := range r {
		q[it.Name()] += it.quantity()
	}
	return q
}

func (it Item) quantity() int64 {
	switch it.Type() {
	case v1.Value_RANGES:
		var n int64
		for _, r := range it.ranges {
			n += int64(min(r.Len(), 1<<40)) * 1000
		}
		return n
	case v1.Value_SET:
		return int64(len(it.set)) * 1000
	}
	return it.milli
}

// Add adds o to q in place.
func (q Quantities) Add(o Quantities) {
	for name, n := range o {
		q[name] += n
	}
}

// Sub takes o away from q in place; what is used up leaves q.
func (q Quantities) Sub(o Quantities) {
	for name, n := range o {
		if q[name] -= n; q[name] <= 0 {
			delete(q, name)
		}
	}
}

// Contains says whether q has at least o.
func (q Quantities) Contains(o Quantities) bool {
	for name, n := range o {
		if q[name] < n {
			return false
		}
	}
	return true
}

// Names in the order of the alphabet.
func (q Quantities) Names() []string {
	return slices.SortedFunc(maps.Keys(q), cmp.Compare[string])
}

// Value of a name as Mesos writes it: cpus 0.1, ports 1001.
func (q Quantities) Value(name string) float64 { return float64(q[name]) / 1000 }

// String writes q as Mesos' messages do: "cpus:1; mem:32", nothing as "{}".
func (q Quantities) String() string {
	var parts []string
	for _, name := range q.Names() {
		if q[name] != 0 {
			parts = append(parts, name+":"+formatMilli(q[name]))
		}
	}
	if len(parts) == 0 {
		return "{}"
	}
	return strings.Join(parts, "; ")
}
