package resources

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"math"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Validate says what is wrong with the first bad resource of list, in Mesos'
// words: "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0".
func Validate(list []*v1.Resource) error {
	for _, p := range list {
		if err := ValidateOne(p); err != nil {
			return fmt.Errorf("Resource '%s' is invalid: %w", Text(p), err)
		}
	}
	return nil
}

// ValidateOne says what is wrong with a resource, without naming it
// (common/resources.cpp:838-1093). It may be in any format.
func ValidateOne(p *v1.Resource) error {
	if p.GetName() == "" {
		return errors.New("Empty resource name")
	}
	if p.Type == nil || v1.Value_Type_name[int32(p.GetType())] == "" {
		return errors.New("Invalid resource type")
	}
	for _, check := range []func(*v1.Resource) error{validateAmount, validateDisk, validateReservations, validateShared} {
		if err := check(p); err != nil {
			return err
		}
	}
	return nil
}

func validateAmount(p *v1.Resource) error {
	switch p.GetType() {
	case v1.Value_SCALAR:
		if p.Scalar == nil || p.Ranges != nil || p.Set != nil {
			return errors.New("Invalid scalar resource")
		}
		if v := p.Scalar.GetValue(); v != 0 && fixed(v) <= 0 {
			return errors.New("Invalid scalar resource: value <= 0")
		}
	case v1.Value_RANGES:
		if p.Ranges == nil || p.Scalar != nil || p.Set != nil {
			return errors.New("Invalid ranges resource")
		}
		return validateRanges(p.Ranges.GetRange())
	case v1.Value_SET:
		if p.Set == nil || p.Scalar != nil || p.Ranges != nil {
			return errors.New("Invalid set resource")
		}
		seen := map[string]bool{}
		for _, item := range p.Set.GetItem() {
			if seen[item] {
				return errors.New("Invalid set resource: duplicated elements")
			}
			seen[item] = true
		}
	default:
		return errors.New("Unsupported resource type")
	}
	return nil
}

// fixed is v in thousandths as llround gives it on x86-64: what no int64 holds
// becomes the least one.
func fixed(v float64) int64 {
	if m := v * 1000; m >= math.MinInt64 && m < -math.MinInt64 {
		return int64(math.Round(m))
	}
	return math.MinInt64
}

// validateRanges looks from each range only at those behind it that begin
// within it: Mesos sees other overlaps as none.
func validateRanges(rs []*v1.Value_Range) error {
	for i, r := range rs {
		if r.GetBegin() > r.GetEnd() {
			return errors.New("Invalid ranges resource: begin > end")
		}
		for _, o := range rs[i+1:] {
			if r.GetBegin() <= o.GetBegin() && o.GetBegin() <= r.GetEnd() {
				return errors.New("Invalid ranges resource: overlapping ranges")
			}
		}
	}
	return nil
}

func validateDisk(p *v1.Resource) error {
	if p.Disk == nil {
		return nil
	}
	if p.GetName() != "disk" {
		return fmt.Errorf("DiskInfo should not be set for %s resource", p.GetName())
	}
	src := p.Disk.Source
	if src == nil {
		return nil
	}
	switch src.GetType() {
	case v1.Resource_DiskInfo_Source_UNKNOWN:
		return fmt.Errorf("Unsupported 'DiskInfo.Source.Type' in '%s'", describeSource(src))
	case v1.Resource_DiskInfo_Source_BLOCK, v1.Resource_DiskInfo_Source_RAW:
		if src.Mount != nil {
			return fmt.Errorf("Mount should not be set for %s disk source", src.GetType())
		}
		if src.Path != nil {
			return fmt.Errorf("Path should not be set for %s disk source", src.GetType())
		}
	}
	return nil
}

func validateReservations(p *v1.Resource) error {
	if len(p.Reservations) > 0 {
		if err := validateRefinements(p.Reservations); err != nil {
			return err
		}
		return validateBothFormats(p)
	}
	if err := ValidateRole(p.GetRole()); err != nil {
		return err
	}
	switch {
	case p.Reservation == nil:
		return nil
	case p.Reservation.Type != nil:
		return errors.New("'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field")
	case p.Reservation.Role != nil:
		return errors.New("'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field")
	case p.GetRole() == "*":
		return errors.New(`Invalid reservation: role "*" cannot be dynamically reserved`)
	}
	return nil
}

func validateRefinements(list []*v1.Resource_ReservationInfo) error {
	for _, info := range list {
		switch {
		case info.Type == nil:
			return errors.New("Invalid reservation: 'Resource.ReservationInfo.type' field must be set.")
		case info.Role == nil:
			return errors.New("Invalid reservation: 'Resource.ReservationInfo.role' field must be set.")
		}
		if err := ValidateRole(info.GetRole()); err != nil {
			return err
		}
		if info.GetRole() == "*" {
			return errors.New(`Invalid reservation: role "*" cannot be reserved`)
		}
	}
	for i, info := range list[1:] {
		if info.GetType() == v1.Resource_ReservationInfo_STATIC {
			return errors.New("Invalid refined reservation: A refined reservation cannot be STATIC")
		}
		if !IsSubrole(list[i].GetRole(), info.GetRole()) {
			return fmt.Errorf("Invalid refined reservation: role '%s' is not a refinement of '%s'", info.GetRole(), list[i].GetRole())
		}
	}
	return nil
}

// validateBothFormats allows role and reservation beside a single entry of
// reservations, if they say the same.
func validateBothFormats(p *v1.Resource) error {
	if len(p.Reservations) > 1 {
		for _, f := range []struct {
			set  bool
			name string
		}{{p.Role != nil, "role"}, {p.Reservation != nil, "reservation"}} {
			if f.set {
				return fmt.Errorf("Invalid resource format: 'Resource.%s' must not be set if there is more than one reservation in 'Resource.reservations'", f.name)
			}
		}
		return nil
	}
	info := p.Reservations[0]
	if p.Role != nil && p.GetRole() != info.GetRole() {
		return fmt.Errorf("Invalid resource format: 'Resource.role' field with '%s' does not match the role '%s' in 'Resource.reservations'", p.GetRole(), info.GetRole())
	}
	switch info.GetType() {
	case v1.Resource_ReservationInfo_STATIC:
		if p.Reservation != nil {
			return errors.New("Invalid resource format: 'Resource.reservation' must not be set if the single reservation in 'Resource.reservations' is STATIC")
		}
	case v1.Resource_ReservationInfo_DYNAMIC:
		return validateSameDynamic(p, info)
	default:
		return errors.New("Unsupported 'Resource.ReservationInfo.Type'")
	}
	return nil
}

func validateSameDynamic(p *v1.Resource, info *v1.Resource_ReservationInfo) error {
	have := p.Reservation
	switch {
	case (p.Role != nil) != (have != nil):
		return errors.New("Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be both set or both not set if the single reservation in 'Resource.reservations' is DYNAMIC")
	case have == nil:
		return nil
	case have.GetPrincipal() != info.GetPrincipal():
		return fmt.Errorf("Invalid resource format: 'Resource.reservation.principal' field with '%s' does not match the principal '%s' in 'Resource.reservations'", have.GetPrincipal(), info.GetPrincipal())
	case !proto.Equal(labelsOf(have), labelsOf(info)):
		return fmt.Errorf("Invalid resource format: 'Resource.reservation.labels' field with '%s' does not match the labels '%s' in 'Resource.reservations'", describeLabels(have.GetLabels()), describeLabels(info.GetLabels()))
	}
	return nil
}

// labelsOf takes no labels and an empty list of them for the same.
func labelsOf(info *v1.Resource_ReservationInfo) *v1.Labels {
	if info.Labels == nil {
		return &v1.Labels{}
	}
	return info.Labels
}

func validateShared(p *v1.Resource) error {
	switch {
	case p.Shared == nil:
		return nil
	case p.GetName() != "disk":
		return fmt.Errorf("Resource %s cannot be shared", p.GetName())
	case p.GetDisk().GetPersistence() == nil:
		return errors.New("Only persistent volumes can be shared")
	}
	return nil
}
