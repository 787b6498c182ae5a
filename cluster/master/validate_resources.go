package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// What Mesos asks of resources beyond their format (master/validation.cpp:880-1140).
// All lists here have been upgraded: their reservations are lists.

// validateResources checks the format, that GPUs are whole, and that disks and
// reservations are usable.
func validateResources(list []*v1.Resource) error {
	if err := resources.Validate(list); err != nil {
		return fmt.Errorf("Invalid resources: %w", err)
	}
	var gpus int64
	for _, r := range list {
		if r.GetName() == "gpus" {
			gpus += resources.Milli(r.GetScalar().GetValue())
		}
	}
	if gpus%1000 != 0 {
		return errors.New("Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer")
	}
	for _, r := range list {
		if err := validateDisk(r); err != nil {
			return fmt.Errorf("Invalid DiskInfo: %w", err)
		}
	}
	for _, r := range list {
		if dynamic(r) && r.Revocable != nil {
			return fmt.Errorf("Invalid ReservationInfo: Dynamically reserved resource %s cannot be created from revocable resources", resources.Text(r))
		}
	}
	return nil
}

func validateDisk(r *v1.Resource) error {
	d := r.Disk
	switch {
	case d == nil:
		return nil
	case d.Persistence == nil && d.Volume != nil:
		return errors.New("Non-persistent volume not supported")
	case d.Persistence == nil && d.Source == nil:
		return errors.New("DiskInfo is set but empty")
	case d.Persistence == nil:
		return nil
	case r.Revocable != nil:
		return errors.New("Persistent volumes cannot be created from revocable resources")
	case len(r.Reservations) == 0:
		return errors.New("Persistent volumes cannot be created from unreserved resources")
	case d.Volume == nil:
		return errors.New("Expecting 'volume' to be set for persistent volume")
	case d.Volume.HostPath != nil:
		return errors.New("Expecting 'host_path' to be unset for persistent volume")
	}
	if err := validateID(d.Persistence.GetId()); err != nil {
		return fmt.Errorf("Invalid persistence ID for persistent volume: %w", err)
	}
	return nil
}

// validatePersistent asks that every resource is a volume that can be written.
func validatePersistent(list []*v1.Resource) error {
	for _, r := range list {
		switch d := r.Disk; {
		case d == nil:
			return fmt.Errorf("Resource %s does not have DiskInfo", resources.Text(r))
		case d.Persistence == nil:
			return errors.New("'persistence' is not set in DiskInfo")
		case d.Volume == nil:
			return errors.New("Expecting 'volume' to be set for persistent volume")
		case d.Volume.GetMode() == v1.Volume_RO:
			return errors.New("Read-only persistent volume not supported")
		}
	}
	return nil
}

// uniqueVolumes asks that no role has two volumes of one id; copies of a shared
// volume are one.
func uniqueVolumes(sum resources.Resources) error {
	seen := map[[2]string]bool{}
	for _, it := range sum {
		if !it.PersistentVolume() {
			continue
		}
		key := [2]string{it.Role(), it.Disk().GetPersistence().GetId()}
		if seen[key] {
			return fmt.Errorf("Persistence ID '%s' is not unique", key[1])
		}
		seen[key] = true
	}
	return nil
}

// oneRole asks that all are allocated to the same role.
func oneRole(sum resources.Resources) error {
	for _, it := range sum {
		if first, role := sum[0].AllocatedTo(), it.AllocatedTo(); role != first {
			return fmt.Errorf("The resources have multiple allocation roles ('%s' and '%s') but only one allocation role is allowed", role, first)
		}
	}
	return nil
}

// notMixed asks that what may be revoked is not mixed, for each name.
func notMixed(sum resources.Resources) error {
	kinds := map[string][2]bool{}
	for _, it := range sum {
		k := kinds[it.Name()]
		if it.Revocable() {
			k[0] = true
		} else {
			k[1] = true
		}
		kinds[it.Name()] = k
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[name] == [2]bool{true, true} {
			return fmt.Errorf("Cannot use both revocable and non-revocable '%s' at the same time", name)
		}
	}
	return nil
}

// overlap says whether lists name the same port or item of a set: then their
// sum is less than all of them.
func overlap(lists ...[]*v1.Resource) bool {
	apart, together := resources.Quantities{}, resources.Resources{}
	for _, list := range lists {
		r := resources.New(list)
		apart.Add(r.Quantities())
		together = together.Add(r)
	}
	return !maps.Equal(apart, together.Quantities())
}

// oneProvider asks that all come from one resource provider, or from the agent.
func oneProvider(list []*v1.Resource) error {
	ids := map[string]bool{}
	for _, r := range list {
		ids[r.GetProviderId().GetValue()] = true
	}
	switch {
	case len(ids) == 1:
		return nil
	case ids[""]:
		return errors.New("Some resources have a resource provider and some do not")
	}
	return fmt.Errorf("The resources have multiple resource providers: %s", strings.Join(slices.Sorted(maps.Keys(ids)), ", "))
}

func dynamic(r *v1.Resource) bool {
	n := len(r.Reservations)
	return n > 0 && r.Reservations[n-1].GetType() == v1.Resource_ReservationInfo_DYNAMIC
}

// reservedFor is the role of the innermost reservation; there has to be one.
func reservedFor(r *v1.Resource) string { return r.Reservations[len(r.Reservations)-1].GetRole() }

// listText writes resources as JSON with sorted names, as Mesos does where they
// may be wrong.
func listText(list []*v1.Resource) string {
	parts := make([]string, len(list))
	for i, r := range list {
		parts[i] = sortedJSON(r)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func sortedJSON(r *v1.Resource) string {
	data, err := mesos.Marshal(r)
	if err != nil {
		return resources.Text(r) // lacks a required field
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber() // 32.0 stays as it is
	var object map[string]any
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if in.Decode(&object) != nil || enc.Encode(object) != nil {
		return string(data)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
