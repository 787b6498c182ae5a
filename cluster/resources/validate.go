package resources

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"

	v1 "mesosbook/mesos/v1"
)

// Validate says what is wrong with the first bad resource of list, in Mesos'
// words: "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0".
func Validate(list []*v1.Resource) error {
	for _, p := range list {
		if err := validate(p); err != nil {
			return fmt.Errorf("Resource '%s' is invalid: %w", Text(p), err)
		}
	}
	return nil
}

func validate(p *v1.Resource) error {
	if p.GetName() == "" {
		return errors.New("Empty resource name")
	}
	if p.Type == nil || v1.Value_Type_name[int32(p.GetType())] == "" {
		return errors.New("Invalid resource type")
	}
	if err := validateAmount(p); err != nil {
		return err
	}
	if p.Disk != nil && p.GetName() != "disk" {
		return fmt.Errorf("DiskInfo should not be set for %s resource", p.GetName())
	}
	return validateReservations(p)
}

func validateAmount(p *v1.Resource) error {
	switch p.GetType() {
	case v1.Value_SCALAR:
		if p.Scalar == nil || p.Ranges != nil || p.Set != nil {
			return errors.New("Invalid scalar resource")
		}
		if v := p.Scalar.GetValue(); v < 0 || v > 0 && Milli(v) == 0 || v != v {
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

func validateRanges(rs []*v1.Value_Range) error {
	for i, r := range rs {
		if r.GetBegin() > r.GetEnd() {
			return errors.New("Invalid ranges resource: begin > end")
		}
		for _, o := range rs[:i] {
			if r.GetBegin() <= o.GetEnd() && o.GetBegin() <= r.GetEnd() {
				return errors.New("Invalid ranges resource: overlapping ranges")
			}
		}
	}
	return nil
}

func validateReservations(p *v1.Resource) error {
	if len(p.Reservations) == 0 {
		if p.Reservation.GetType() != v1.Resource_ReservationInfo_UNKNOWN {
			return errors.New("'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field")
		}
		if p.Reservation != nil && p.GetRole() == "*" {
			return errors.New(`Invalid reservation: role "*" cannot be dynamically reserved`)
		}
		return ValidateRole(p.GetRole())
	}
	if p.Role != nil || p.Reservation != nil {
		return errors.New("Invalid resource format: 'Resource.role' and 'Resource.reservation' must not be set with 'Resource.reservations'")
	}
	return validateRefinements(p.Reservations)
}

func validateRefinements(list []*v1.Resource_ReservationInfo) error {
	for i, info := range list {
		switch {
		case info.GetType() == v1.Resource_ReservationInfo_UNKNOWN:
			return errors.New("Invalid reservation: 'Resource.ReservationInfo.type' field must be set.")
		case info.Role == nil:
			return errors.New("Invalid reservation: 'Resource.ReservationInfo.role' field must be set.")
		case info.GetRole() == "*":
			return errors.New(`Invalid reservation: role "*" cannot be reserved`)
		}
		if err := ValidateRole(info.GetRole()); err != nil {
			return err
		}
		if i == 0 {
			continue
		}
		if info.GetType() == v1.Resource_ReservationInfo_STATIC {
			return errors.New("Invalid refined reservation: A refined reservation cannot be STATIC")
		}
		if !IsSubrole(list[i-1].GetRole(), info.GetRole()) {
			return fmt.Errorf("Invalid refined reservation: role '%s' is not a refinement of '%s'", info.GetRole(), list[i-1].GetRole())
		}
	}
	return nil
}
