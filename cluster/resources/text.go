package resources

import (
	"fmt"
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
		s := describe(it.kind.proto, it.role) + ":" + it.amount()
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

// Text writes one resource that may be wrong, for the message that says so. Of
// role and reservation, the older format, Mesos writes nothing.
func Text(p *v1.Resource) string {
	s := describe(p, p.GetAllocationInfo().GetRole()) + ":"
	switch p.GetType() {
	case v1.Value_SCALAR:
		return s + FormatScalar(p.GetScalar().GetValue())
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
func describe(p *v1.Resource, holder string) string {
	var b strings.Builder
	b.WriteString(p.GetName())
	if holder != "" {
		fmt.Fprintf(&b, "(allocated: %s)", holder)
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
		s += "," + describeLabels(info.Labels)
	}
	return s + ")"
}

func describeLabels(labels *v1.Labels) string {
	var parts []string
	for _, l := range labels.GetLabels() {
		text := l.GetKey()
		if l.Value != nil {
			text += ": " + l.GetValue()
		}
		parts = append(parts, text)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func describeDisk(d *v1.Resource_DiskInfo) string {
	var parts []string
	if d.Source != nil {
		parts = append(parts, describeSource(d.Source))
	}
	s := strings.Join(append(parts, persistenceID(d)...), ",")
	if v := d.Volume; v != nil {
		s += ":" + describeVolume(v)
	}
	return s
}

// describeSource writes where a disk comes from: its root, or the volume of a
// storage plugin.
func describeSource(src *v1.Resource_DiskInfo_Source) string {
	text := src.GetType().String()
	if src.GetType() == v1.Resource_DiskInfo_Source_UNKNOWN {
		return text
	}
	if src.Id != nil || src.Profile != nil {
		return text + "(" + src.GetVendor() + "," + src.GetId() + "," + src.GetProfile() + ")"
	}
	switch {
	case src.GetType() == v1.Resource_DiskInfo_Source_MOUNT && src.GetMount().Root != nil:
		text += ":" + src.GetMount().GetRoot()
	case src.GetType() == v1.Resource_DiskInfo_Source_PATH && src.GetPath().Root != nil:
		text += ":" + src.GetPath().GetRoot()
	}
	return text
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
	text := v.GetHostPath() + ":" + v.GetContainerPath()
	if v.Mode != nil {
		text += ":" + strings.ToLower(v.GetMode().String())
	}
	return text
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

// formatMilli writes thousandths with 15 digits, as a C++ stream does.
func formatMilli(m int64) string {
	return strconv.FormatFloat(float64(m/1000)+float64(m%1000)/1000, 'g', 15, 64)
}

// FormatScalar writes v with at most three decimals.
func FormatScalar(v float64) string { return formatMilli(fixed(v)) }
