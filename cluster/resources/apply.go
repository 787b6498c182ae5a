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
	from, to := conversion(op)
	if !r.Contains(from) {
		return r, fmt.Errorf("%s does not contain %s", r, from)
	}
	return r.Sub(from).Add(to), nil
}

// conversion is what an operation takes and what it gives for that.
func conversion(op *v1.Offer_Operation) (from, to Resources) {
	switch op.GetType() {
	case v1.Offer_Operation_RESERVE:
		to = New(op.GetReserve().GetResources())
		if src := op.GetReserve().GetSource(); len(src) > 0 {
			return New(src), to
		}
		return to.popReservation(), to
	case v1.Offer_Operation_UNRESERVE:
		from = New(op.GetUnreserve().GetResources())
		return from, from.popReservation()
	case v1.Offer_Operation_CREATE:
		to = New(op.GetCreate().GetVolumes())
		return to.withoutVolume(), to
	case v1.Offer_Operation_DESTROY:
		from = New(op.GetDestroy().GetVolumes())
		return from, from.withoutVolume()
	case v1.Offer_Operation_GROW_VOLUME:
		return resize(op.GetGrowVolume().GetVolume(), op.GetGrowVolume().GetAddition(), true)
	case v1.Offer_Operation_SHRINK_VOLUME:
		v := op.GetShrinkVolume().GetVolume()
		part := proto.CloneOf(v)
		part.Scalar = op.GetShrinkVolume().GetSubtract()
		return resize(v, part, false)
	}
	return nil, nil
}

// resize gives a volume the addition, or takes part of it away.
func resize(volume, part *v1.Resource, grow bool) (from, to Resources) {
	old, free := New([]*v1.Resource{volume}), New([]*v1.Resource{part}).withoutVolume()
	if len(old) != 1 || len(free) != 1 {
		return old, old
	}
	changed := old[0]
	if grow {
		changed.milli += free[0].milli
		return old.Add(free), Resources{changed}
	}
	changed.milli = max(0, changed.milli-free[0].milli)
	return old, Resources{changed}.Add(free)
}

// popReservation undoes the innermost reservation of each.
func (r Resources) popReservation() Resources {
	return r.reshape(func(p *v1.Resource) {
		if n := len(p.Reservations); n > 0 {
			p.Reservations = p.Reservations[:n-1]
		}
	})
}

// withoutVolume is the plain disk below each volume; a disk with a source
// keeps it.
func (r Resources) withoutVolume() Resources {
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
