package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// grow checks GROW_VOLUME (master/validation.cpp:2850-2930).
func (c operationCheck) grow(op *v1.Offer_Operation_GrowVolume) error {
	volume, addition := op.GetVolume(), op.GetAddition()
	if err := resources.ValidateOne(volume); err != nil {
		return fmt.Errorf("Invalid resource in the 'GrowVolume.volume' field: %w", err)
	}
	if err := resources.ValidateOne(addition); err != nil {
		return fmt.Errorf("Invalid resource in the 'GrowVolume.addition' field: %w", err)
	}
	switch {
	case resources.Milli(addition.GetScalar().GetValue()) <= 0:
		return errors.New("The size of 'GrowVolume.addition' field must be greater than zero")
	case volume.ProviderId != nil:
		return errors.New("Growing a volume from a resource provider is not supported")
	}
	if err := validatePersistent([]*v1.Resource{volume}); err != nil {
		return fmt.Errorf("Invalid persistent volume in the 'GrowVolume.volume' field: %w", err)
	}
	if volume.Shared != nil {
		return errors.New("Growing a shared persistent volume is not supported")
	}
	if sum := resources.New([]*v1.Resource{volume}).WithoutVolume().Add(resources.New([]*v1.Resource{addition})); len(sum) != 1 {
		return errors.New("Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields")
	}
	return c.resizable(volume, "grown")
}

// shrink checks SHRINK_VOLUME (master/validation.cpp:2933-2990).
func (c operationCheck) shrink(op *v1.Offer_Operation_ShrinkVolume) error {
	volume, by := op.GetVolume(), resources.Milli(op.GetSubtract().GetValue())
	if err := resources.ValidateOne(volume); err != nil {
		return fmt.Errorf("Invalid resource in the 'ShrinkVolume.volume' field: %w", err)
	}
	switch {
	case by <= 0:
		return errors.New("Value of 'ShrinkVolume.subtract' must be greater than zero")
	case resources.Milli(volume.GetScalar().GetValue()) <= by:
		return errors.New("Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'")
	case volume.ProviderId != nil:
		return errors.New("Shrinking a volume from a resource provider is not supported")
	case volume.GetDisk().GetSource().GetType() == v1.Resource_DiskInfo_Source_MOUNT:
		return errors.New("Shrinking a volume on a MOUNT disk is not supported")
	}
	if err := validatePersistent([]*v1.Resource{volume}); err != nil {
		return fmt.Errorf("Invalid persistent volume in the 'ShrinkVolume.volume' field: %w", err)
	}
	if volume.Shared != nil {
		return errors.New("Shrinking a shared persistent volume is not supported")
	}
	return c.resizable(volume, "shrunk")
}

func (c operationCheck) resizable(volume *v1.Resource, done string) error {
	if c.agent.has(v1.AgentInfo_Capability_RESIZE_VOLUME) {
		return nil
	}
	return fmt.Errorf("Volume %s cannot be %s on an agent without RESIZE_VOLUME capability", resources.Text(volume), done)
}

// createDisk checks CREATE_DISK (master/validation.cpp:2993-3020).
func createDisk(op *v1.Offer_Operation_CreateDisk) error {
	source := op.GetSource()
	if err := validateResources([]*v1.Resource{source}); err != nil {
		return fmt.Errorf("Invalid resource: %w", err)
	}
	target := op.GetTargetType()
	switch {
	case source.ProviderId == nil:
		return errors.New("'source' is not managed by a resource provider")
	case source.GetDisk().GetSource().GetType() != v1.Resource_DiskInfo_Source_RAW:
		return errors.New("'source' is not a RAW disk resource")
	case target != v1.Resource_DiskInfo_Source_MOUNT && target != v1.Resource_DiskInfo_Source_BLOCK:
		return errors.New("'target_type' is neither MOUNT or BLOCK")
	case source.Disk.Source.Profile != nil && op.TargetProfile != nil:
		return errors.New("'target_profile' must not be set when 'source' has a profile")
	case source.Disk.Source.Profile == nil && op.TargetProfile == nil:
		return errors.New("'target_profile' must be set when 'source' has no profile")
	}
	return nil
}

// destroyDisk checks DESTROY_DISK (master/validation.cpp:3023-3060).
func destroyDisk(op *v1.Offer_Operation_DestroyDisk) error {
	source := op.GetSource()
	if err := validateResources([]*v1.Resource{source}); err != nil {
		return fmt.Errorf("Invalid resource: %w", err)
	}
	if source.ProviderId == nil {
		return errors.New("'source' is not managed by a resource provider")
	}
	switch source.GetDisk().GetSource().GetType() {
	case v1.Resource_DiskInfo_Source_MOUNT, v1.Resource_DiskInfo_Source_BLOCK, v1.Resource_DiskInfo_Source_RAW:
	default:
		return errors.New("'source' is neither a MOUNT, BLOCK or RAW disk resource")
	}
	switch {
	case source.Disk.Source.Id == nil:
		return errors.New("'source' is not backed by a CSI volume")
	case source.Disk.Persistence != nil:
		return fmt.Errorf("A disk resource containing a persistent volume %s cannot be destroyed directly. Please destroy the persistent volume first then destroy the disk resource", resources.Text(source))
	}
	return nil
}
