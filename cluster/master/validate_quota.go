package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	quotav1 "mesosbook/mesos/v1/quota"
)

// validateQuotaLocked checks a QuotaConfig without a look at the cluster.
func (m *Master) validateQuotaLocked(c *quotav1.QuotaConfig) error {
	role := c.GetRole()
	if len(m.notAllowed([]string{role})) > 0 {
		return fmt.Errorf("Invalid QuotaConfig: '%s' is not on the roles whitelist", role)
	}
	if strings.Contains(role, "/") {
		return fmt.Errorf("Updating quota on nested role '%s' is not supported yet", role)
	}
	if err := validateQuotaConfig(c); err != nil {
		return fmt.Errorf("Invalid QuotaConfig: %w", err)
	}
	return nil
}

// validateQuotaConfig follows master/quota.cpp:248-335.
func validateQuotaConfig(c *quotav1.QuotaConfig) error {
	if err := resources.ValidateRole(c.GetRole()); err != nil {
		return fmt.Errorf("Invalid 'QuotaConfig.role': %w", err)
	}
	if err := checkNotTooLarge(c.GetGuarantees()); err != nil {
		return fmt.Errorf("Invalid 'QuotaConfig.guarantees': %w", err)
	}
	if err := checkNotTooLarge(c.GetLimits()); err != nil {
		return fmt.Errorf("Invalid 'QuotaConfig.limits': %w", err)
	}
	if err := checkScalars("guarantee", c.GetGuarantees()); err != nil {
		return err
	}
	if err := checkScalars("limit", c.GetLimits()); err != nil {
		return err
	}
	if !within(quantitiesOf(c.GetLimits()), quantitiesOf(c.GetGuarantees())) {
		return fmt.Errorf("'QuotaConfig.guarantees' %s is not contained within the 'QuotaConfig.limits' %s", scalarsText(c.GetGuarantees()), scalarsText(c.GetLimits()))
	}
	return nil
}

// Most that a quota may be: an exabyte in MB for mem and disk, a trillion of
// anything else. Beyond that scalars overflow.
const (
	mostMB    = 1 << 40
	mostOther = 1e12
)

func checkNotTooLarge(set map[string]*v1.Value_Scalar) error {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		most, words := float64(mostOther), "1 trillion (1000000000000)"
		if name == "mem" || name == "disk" {
			most, words = mostMB, "1 exabyte (1099511627776)"
		}
		if v := set[name].GetValue(); v > most {
			return fmt.Errorf("{'%s': %s} is invalid: values greater than %s are not supported", name, resources.FormatScalar(v), words)
		}
	}
	return nil
}

func checkScalars(what string, set map[string]*v1.Value_Scalar) error {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if why := badQuantity(set[name].GetValue()); why != "" {
			return fmt.Errorf("Invalid %s configuration {'%s': %s}: %s", what, name, resources.FormatScalar(set[name].GetValue()), why)
		}
	}
	return nil
}

// within says whether q is not above limits; what they do not name has none.
func within(limits, q resources.Quantities) bool {
	for name, limit := range limits {
		if q[name] > limit {
			return false
		}
	}
	return true
}

func scalarsText(set map[string]*v1.Value_Scalar) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, name+": "+resources.FormatScalar(set[name].GetValue()))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// validateQuotaInfo follows master/quota.cpp:180-240.
func validateQuotaInfo(role string, guarantee []*v1.Resource) error {
	if err := resources.ValidateRole(role); err != nil {
		return fmt.Errorf("QuotaInfo with invalid role: %w", err)
	}
	if len(guarantee) == 0 {
		return errors.New("QuotaInfo with empty 'guarantee'")
	}
	seen := map[string]bool{}
	for _, r := range guarantee {
		switch {
		case len(r.GetReservations()) > 0:
			return errors.New("QuotaInfo must not contain any ReservationInfo")
		case r.Disk != nil:
			return errors.New("QuotaInfo must not contain DiskInfo")
		case r.Revocable != nil:
			return errors.New("QuotaInfo must not contain RevocableInfo")
		case r.GetType() != v1.Value_SCALAR:
			return errors.New("QuotaInfo must not include non-scalar resources")
		case seen[r.GetName()]:
			return fmt.Errorf("QuotaInfo contains duplicate resource name '%s'", r.GetName())
		}
		seen[r.GetName()] = true
	}
	return nil
}
