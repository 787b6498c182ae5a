package resources

import (
	"slices"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Format is how reservations are written.
type Format int

const (
	// Refined writes "reservations" alone: frameworks with
	// RESERVATION_REFINEMENT, and what is kept inside.
	Refined Format = iota
	// Plain writes "role" and "reservation": all other frameworks.
	Plain
	// Endpoint writes both: the operators' pages.
	Endpoint
)

// Upgrade gives p with its reservations as a list, whatever form it came in.
// It is p itself when there is nothing to change.
func Upgrade(p *v1.Resource) *v1.Resource {
	if p.Role == nil && p.Reservation == nil {
		return p
	}
	up := proto.CloneOf(p)
	up.Role, up.Reservation = nil, nil
	if len(p.Reservations) > 0 || p.GetRole() == "*" {
		return up
	}
	info := &v1.Resource_ReservationInfo{Type: v1.Resource_ReservationInfo_STATIC.Enum(), Role: proto.String(p.GetRole())}
	if d := p.Reservation; d != nil {
		info = proto.CloneOf(d)
		info.Type, info.Role = v1.Resource_ReservationInfo_DYNAMIC.Enum(), proto.String(p.GetRole())
	}
	up.Reservations = []*v1.Resource_ReservationInfo{info}
	return up
}

// UpgradeAll upgrades each resource of list in place.
func UpgradeAll(list []*v1.Resource) {
	for i, p := range list {
		list[i] = Upgrade(p)
	}
}

// Unallocated is list as nobody held it, upgraded.
func Unallocated(list []*v1.Resource) []*v1.Resource {
	out := make([]*v1.Resource, len(list))
	for i, p := range list {
		out[i] = proto.CloneOf(Upgrade(p))
		out[i].AllocationInfo = nil
	}
	return out
}

// SameReservations says whether a and b, both upgraded, are reserved alike.
func SameReservations(a, b *v1.Resource) bool {
	return slices.EqualFunc(a.Reservations, b.Reservations, func(x, y *v1.Resource_ReservationInfo) bool { return proto.Equal(x, y) })
}

// Downgrade gives p, which has reservations as a list, in format f.
func Downgrade(p *v1.Resource, f Format) *v1.Resource {
	if f == Refined || len(p.Reservations) > 1 {
		return p
	}
	out := proto.CloneOf(p)
	if len(p.Reservations) == 0 {
		out.Role = proto.String("*")
		return out
	}
	info := p.Reservations[0]
	out.Role = proto.String(info.GetRole())
	if info.GetType() == v1.Resource_ReservationInfo_DYNAMIC {
		out.Reservation = &v1.Resource_ReservationInfo{Principal: info.Principal, Labels: info.Labels}
	}
	if f == Plain {
		out.Reservations = nil
	}
	return out
}

// Proto writes r as messages of format f. They are new at every call.
func (r Resources) Proto(f Format) []*v1.Resource {
	var out []*v1.Resource
	for _, it := range r {
		for range max(1, it.shares) {
			out = append(out, it.proto(f))
		}
	}
	return out
}

func (it Item) proto(f Format) *v1.Resource {
	p := proto.CloneOf(it.kind.proto)
	if it.role != "" {
		p.AllocationInfo = &v1.Resource_AllocationInfo{Role: proto.String(it.role)}
	}
	switch it.Type() {
	case v1.Value_SCALAR:
		p.Scalar = &v1.Value_Scalar{Value: proto.Float64(float64(it.milli) / 1000)}
	case v1.Value_RANGES:
		p.Ranges = toProtoRanges(it.ranges)
	case v1.Value_SET:
		p.Set = &v1.Value_Set{Item: append([]string(nil), it.set...)}
	}
	return Downgrade(p, f)
}
