package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// validateFrameworkInfoLocked finds what is wrong with a FrameworkInfo, in the
// order of Mesos (master.cpp:2553-2620, master/validation.cpp:473-720).
func (m *Master) validateFrameworkInfoLocked(info *v1.FrameworkInfo) error {
	c := capabilitiesOf(info)
	if err := validateRoles(info, c); err != nil {
		return err
	}
	if id := info.GetId().GetValue(); id != "" {
		if err := validateID(id); err != nil {
			return err
		}
	}
	if err := validateOfferFilters(info); err != nil {
		return err
	}
	if t := info.GetFailoverTimeout(); t != t || !fitsDuration(t) {
		return fmt.Errorf("The framework failover_timeout (%s) is invalid", streamFloat(t))
	}
	if bad := m.notAllowed(rolesOf(info, c)); len(bad) > 0 {
		return fmt.Errorf("Roles %s are not present in the master's --roles", setText(bad))
	}
	if m.removedLocked(info.GetId().GetValue()) {
		return errors.New("Framework has been removed")
	}
	return nil
}

// validateSubscription checks what goes with a FrameworkInfo.
func validateSubscription(info *v1.FrameworkInfo, suppressed []string, constraints *schedulerv1.OfferConstraints) error {
	roles := rolesOf(info, capabilitiesOf(info))
	var unknown []string
	for _, r := range suppressed {
		if !slices.Contains(roles, r) {
			unknown = append(unknown, r)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("Suppressed roles %s are not contained in the set of roles", setText(slices.Compact(unknown)))
	}
	for _, role := range slices.Sorted(maps.Keys(constraints.GetRoleConstraints())) {
		if !slices.Contains(roles, role) {
			return fmt.Errorf("Offer constraints specify `role_constraints` for a role '%s'not contained in the set of roles", role)
		}
	}
	if err := validateConstraints(constraints); err != nil {
		return fmt.Errorf("Offer constraints are not valid: %w", err)
	}
	return nil
}

func validateRoles(info *v1.FrameworkInfo, c capabilities) error {
	if c.multiRole {
		if info.Role != nil {
			return errors.New("'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable")
		}
		if twice := duplicates(info.GetRoles()); len(twice) > 0 {
			return fmt.Errorf("'FrameworkInfo.roles' contains duplicate items: %s", setText(twice))
		}
		for _, role := range info.GetRoles() {
			if err := resources.ValidateRole(role); err != nil {
				return fmt.Errorf("'FrameworkInfo.roles' contains invalid role: %w", err)
			}
		}
		return nil
	}
	if len(info.GetRoles()) > 0 {
		return errors.New("'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable")
	}
	if err := resources.ValidateRole(info.GetRole()); err != nil {
		return fmt.Errorf("'FrameworkInfo.role' is not a valid role: %w", err)
	}
	return nil
}

func duplicates(list []string) []string {
	var out []string
	for i, s := range list {
		if slices.Contains(list[:i], s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func validateOfferFilters(info *v1.FrameworkInfo) error {
	for _, role := range slices.Sorted(maps.Keys(info.GetOfferFilters())) {
		for _, q := range info.GetOfferFilters()[role].GetMinAllocatableResources().GetQuantities() {
			if len(q.GetQuantities()) == 0 {
				return errors.New("Resource quantities must contain at least one quantity")
			}
			for _, name := range slices.Sorted(maps.Keys(q.GetQuantities())) {
				if why := badQuantity(q.GetQuantities()[name].GetValue()); why != "" {
					return fmt.Errorf("Invalid resource quantity for '%s': %s", name, why)
				}
			}
		}
	}
	return nil
}

func badQuantity(v float64) string {
	const smallestNormal = 2.2250738585072014e-308
	switch {
	case math.IsInf(v, 0):
		return "Infinite values not supported"
	case math.IsNaN(v):
		return "NaN not supported"
	case v != 0 && math.Abs(v) < smallestNormal:
		return "Subnormal values not supported"
	case v < 0:
		return "Negative values not supported"
	}
	return ""
}

func (m *Master) notAllowed(roles []string) []string {
	if len(m.opts.Roles) == 0 {
		return nil
	}
	var out []string
	for _, r := range roles {
		if r != "*" && !slices.Contains(m.opts.Roles, r) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}

// validateID is the rule for ids that become names of files
// (common/validation.cpp:41-77).
func validateID(id string) error {
	switch {
	case id == "":
		return errors.New("ID must not be empty")
	case len(id) > 255:
		return errors.New("ID must not be greater than 255 characters")
	case id == "." || id == "..":
		return fmt.Errorf("'%s' is disallowed", id)
	case strings.ContainsFunc(id, func(c rune) bool { return c < 0x20 || c == 0x7f || c == '/' || c == '\\' }):
		return fmt.Errorf("'%s' contains invalid characters", id)
	}
	return nil
}

// validateUpdate is what a framework may not change.
func validateUpdate(old, info *v1.FrameworkInfo) error {
	switch {
	case !samePrincipals(old, info):
		return errors.New("Changing framework's principal is not allowed.")
	case old.GetUser() != info.GetUser():
		return fmt.Errorf("Updating 'FrameworkInfo.user' is unsupported; attempted to update from '%s' to '%s'", old.GetUser(), info.GetUser())
	case old.GetCheckpoint() != info.GetCheckpoint():
		return fmt.Errorf("Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from '%t' to '%t'", old.GetCheckpoint(), info.GetCheckpoint())
	}
	return nil
}

// samePrincipals takes no principal and an empty one for different.
func samePrincipals(a, b *v1.FrameworkInfo) bool {
	return (a.Principal == nil) == (b.Principal == nil) && a.GetPrincipal() == b.GetPrincipal()
}

// setText writes a set as Mesos does: "{ a, b }".
func setText(list []string) string { return "{ " + strings.Join(list, ", ") + " }" }
