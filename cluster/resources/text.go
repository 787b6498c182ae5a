package resources

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	v1 "mesosbook/mesos/v1"
)

// String writes r as Mesos' messages do:
// "cpus(allocated: *):2; ports(allocated: *):[9000-10000]", nothing as "{}".
func (r Resources) String() string {
	if len(r) == 0 {
		return "{}"
	}
	parts := make([]string, 0, len(r))
	for _, it := range r {
		s := describe(it.kind.proto) + ":" + it.amount()
		if it.Shared() {
			s += "<" + strconv.Itoa(it.shares) + ">"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

func (it Item) amount() string {
	switch it.Type() {
	case v1.Value_SCALAR:
		return formatMilli(it.milli)
	case v1.Value_RANGES:
		return FormatRanges(it.ranges)
	case v1.Value_SET:
		return FormatSet(it.set)
	}
	return ""
}

// Text writes one resource that may be wrong, for the message that says so.
func Text(p *v1.Resource) string {
	s := describe(Upgrade(p)) + ":"
	switch p.GetType() {
	case v1.Value_SCALAR:
		return s + formatMilli(Milli(p.GetScalar().GetValue()))
	case v1.Value_RANGES:
		var parts []string
		for _, r := range p.GetRanges().GetRange() {
			parts = append(parts, fmt.Sprintf("%d-%d", r.GetBegin(), r.GetEnd()))
		}
		return s + "[" + strings.Join(parts, ", ") + "]"
	case v1.Value_SET:
		return s + FormatSet(p.GetSet().GetItem())
	}
	return s
}

// describe is everything before the amount.
func describe(p *v1.Resource) string {
	var b strings.Builder
	b.WriteString(p.GetName())
	if p.AllocationInfo != nil {
		fmt.Fprintf(&b, "(allocated: %s)", p.AllocationInfo.GetRole())
	}
	if len(p.Reservations) > 0 {
		infos := make([]string, len(p.Reservations))
		for i, info := range p.Reservations {
			infos[i] = describeReservation(info)
		}
		fmt.Fprintf(&b, "(reservations: [%s])", strings.Join(infos, ","))
	}
	if p.Disk != nil {
		b.WriteString("[" + describeDisk(p.Disk) + "]")
	}
	if p.Revocable != nil {
		b.WriteString("{REV}")
	}
	if p.Shared != nil {
		b.WriteString("<SHARED>")
	}
	return b.String()
}

func describeReservation(info *v1.Resource_ReservationInfo) string {
	s := "(" + info.GetType().String() + "," + info.GetRole()
	if info.Principal != nil {
		s += "," + info.GetPrincipal()
	}
	if info.Labels != nil {
		var labels []string
		for _, l := range info.Labels.GetLabels() {
			text := l.GetKey()
			if l.Value != nil {
				text += ": " + l.GetValue()
			}
			labels = append(labels, text)
		}
		s += ",{" + strings.Join(labels, ", ") + "}"
	}
	return s + ")"
}

func describeDisk(d *v1.Resource_DiskInfo) string {
	var parts []string
	if src := d.Source; src != nil {
		text := src.GetType().String()
		if root := src.GetPath().GetRoot() + src.GetMount().GetRoot(); root != "" {
			text += ":" + root
		}
		parts = append(parts, text)
	}
	s := strings.Join(append(parts, persistenceID(d)...), ",")
	if v := d.Volume; v != nil {
		s += ":" + describeVolume(v)
	}
	return s
}

func persistenceID(d *v1.Resource_DiskInfo) []string {
	if d.Persistence == nil {
		return nil
	}
	return []string{d.Persistence.GetId()}
}

func describeVolume(v *v1.Volume) string {
	if v.HostPath == nil {
		return v.GetContainerPath()
	}
	return v.GetHostPath() + ":" + v.GetContainerPath() + ":" + strings.ToLower(v.GetMode().String())
}

// FormatRanges writes "[9000-9010, 9012-9012]".
func FormatRanges(rs []Range) string {
	parts := make([]string, len(rs))
	for i, r := range rs {
		parts[i] = fmt.Sprintf("%d-%d", r.Begin, r.End)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// FormatSet writes "{a, b}".
func FormatSet(items []string) string { return "{" + strings.Join(items, ", ") + "}" }

func formatMilli(m int64) string {
	return strconv.FormatFloat(float64(m)/1000, 'f', -1, 64)
}

// FormatScalar writes v with at most three decimals.
func FormatScalar(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return formatMilli(Milli(v))
}
