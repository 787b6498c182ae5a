package resources

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"fmt"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Apply is what r becomes through a RESERVE, UNRESERVE, CREATE, DESTROY,
// GROW_VOLUME or SHRINK_VOLUME. It fails when r has not what op takes; any
// other operation leaves r as it is. Both sides are allocated alike, or neither.
func (r Resources) Apply(op *v1.Offer_Operation) (Resources, error) {
	for _, c := range Conversions(op) {
		if !r.Contains(c.From) {
			return r, fmt.Errorf("%s does not contain %s", r, c.From)
		}
		r = r.Sub(c.From).Add(c.To)
		if c.last && r.Contains(c.From) {
			return r, fmt.Errorf("Persistent volume %s cannot be removed due to additional shared copies", c.From)
		}
	}
	return r, nil
}

// Conversion is one step of an operation: what it takes and gives for that.
type Conversion struct {
	From, To Resources
	last     bool // there may not be another of From
}

// Conversions are the steps of an operation, in order: one for each volume or
// reservation (common/resources_utils.cpp:92-240).
func Conversions(op *v1.Offer_Operation) []Conversion {
	var out []Conversion
	switch op.GetType() {
	case v1.Offer_Operation_RESERVE:
		to := New(op.GetReserve().GetResources())
		from := to.popReservation()
		if src := op.GetReserve().GetSource(); len(src) > 0 {
			from = New(src)
		}
		return []Conversion{{From: from, To: to}}
	case v1.Offer_Operation_UNRESERVE:
		for _, p := range op.GetUnreserve().GetResources() {
			from := New([]*v1.Resource{p})
			out = append(out, Conversion{From: from, To: from.popReservation()})
		}
	case v1.Offer_Operation_CREATE:
		for _, p := range op.GetCreate().GetVolumes() {
			to := New([]*v1.Resource{p})
			out = append(out, Conversion{From: to.WithoutVolume(), To: to})
		}
	case v1.Offer_Operation_DESTROY:
		for _, p := range op.GetDestroy().GetVolumes() {
			from := New([]*v1.Resource{p})
			out = append(out, Conversion{From: from, To: from.WithoutVolume(), last: true})
		}
	case v1.Offer_Operation_GROW_VOLUME:
		return []Conversion{resize(op.GetGrowVolume().GetVolume(), op.GetGrowVolume().GetAddition(), true)}
	case v1.Offer_Operation_SHRINK_VOLUME:
		v := op.GetShrinkVolume().GetVolume()
		part := proto.CloneOf(v)
		part.Scalar = op.GetShrinkVolume().GetSubtract()
		return []Conversion{resize(v, part, false)}
	}
	return out
}

// resize gives a volume the addition, or takes part of it away.
func resize(volume, part *v1.Resource, grow bool) Conversion {
	old, free := New([]*v1.Resource{volume}), New([]*v1.Resource{part}).WithoutVolume()
	if len(old) != 1 || len(free) != 1 {
		return Conversion{From: old, To: old}
	}
	changed := old[0]
	if grow {
		changed.milli += free[0].milli
		return Conversion{From: old.Add(free), To: Resources{changed}}
	}
	changed.milli = max(0, changed.milli-free[0].milli)
	return Conversion{From: old, To: Resources{changed}.Add(free)}
}

// popReservation undoes the innermost reservation of each.
func (r Resources) popReservation() Resources {
	return r.reshape(func(p *v1.Resource) {
		if n := len(p.Reservations); n > 0 {
			p.Reservations = p.Reservations[:n-1]
		}
	})
}

// WithoutVolume is the plain disk below each volume; a disk with a source
// keeps it.
func (r Resources) WithoutVolume() Resources {
	return r.reshape(func(p *v1.Resource) {
		p.Shared = nil
		if p.Disk == nil {
			return
		}
		p.Disk.Persistence, p.Disk.Volume = nil, nil
		if p.Disk.Source == nil {
			p.Disk = nil
		}
	})
}
