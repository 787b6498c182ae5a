package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// operationCheck looks at an operation that changes resources, on behalf of a
// framework, or of an operator when framework is nil
// (master/validation.cpp:2429-3070).
type operationCheck struct {
	agent     *agent
	framework *framework
	principal *string // nil: nobody had to say who he is
}

func (c operationCheck) validate(op *v1.Offer_Operation) error {
	switch op.GetType() {
	case v1.Offer_Operation_RESERVE:
		return c.reserve(op.GetReserve())
	case v1.Offer_Operation_UNRESERVE:
		return c.unreserve(op.GetUnreserve().GetResources())
	case v1.Offer_Operation_CREATE:
		return c.create(op.GetCreate().GetVolumes())
	case v1.Offer_Operation_DESTROY:
		return c.destroy(op.GetDestroy().GetVolumes())
	case v1.Offer_Operation_GROW_VOLUME:
		return c.grow(op.GetGrowVolume())
	case v1.Offer_Operation_SHRINK_VOLUME:
		return c.shrink(op.GetShrinkVolume())
	case v1.Offer_Operation_CREATE_DISK:
		return createDisk(op.GetCreateDisk())
	case v1.Offer_Operation_DESTROY_DISK:
		return destroyDisk(op.GetDestroyDisk())
	}
	return nil
}

func (c operationCheck) reserve(op *v1.Offer_Operation_Reserve) error {
	list, source := op.GetResources(), op.GetSource()
	err := firstError(
		func() error { return prefixed("Invalid resources: ", validateResources(list)) },
		func() error { return prefixed("Invalid source: ", validateResources(source)) },
		func() error { return sameButReserved(source, list) },
		func() error { return prefixed("Invalid resources: ", oneProvider(list)) },
	)
	for _, r := range list {
		if err == nil {
			err = firstError(
				func() error { return c.reservable(r) },
				func() error { return c.reservationPrincipal(r) },
				func() error { return c.reservationRole(r) },
			)
		}
	}
	if err == nil && c.framework != nil {
		err = prefixed("Invalid reservation resources: ", oneRole(resources.New(list)))
	}
	return err
}

// sameButReserved compares what a reservation update takes and gives; without a
// source there is nothing to compare.
func sameButReserved(source, target []*v1.Resource) error {
	if len(source) == 0 {
		return nil
	}
	if err := sameReservations(source); err != nil {
		return fmt.Errorf("Invalid source: %w", err)
	}
	if err := sameReservations(target); err != nil {
		return fmt.Errorf("Invalid resources: %w", err)
	}
	if from, to := resources.New(source).WithoutReservations(), resources.New(target).WithoutReservations(); !from.Equal(to) {
		return fmt.Errorf("Source and target resources should refer to identical resource quantities: %s vs. %s", from, to)
	}
	return nil
}

func sameReservations(list []*v1.Resource) error {
	if len(list) == 0 {
		return errors.New("Resource cannot be empty")
	}
	for _, r := range list {
		if !resources.SameReservations(r, list[0]) {
			return fmt.Errorf("Mixed reservations are not supported%s", listText(list))
		}
	}
	return nil
}

func (c operationCheck) reservable(r *v1.Resource) error {
	if !dynamic(r) {
		return fmt.Errorf("Resource %s is not dynamically reserved", resources.Text(r))
	}
	return c.agentKnows(r, "Resource", "reserved")
}

// agentKnows asks for the capabilities that the reservations of r need.
func (c operationCheck) agentKnows(r *v1.Resource, what, done string) error {
	if len(r.Reservations) == 0 {
		return nil
	}
	if role := reservedFor(r); strings.Contains(role, "/") && !c.agent.has(v1.AgentInfo_Capability_HIERARCHICAL_ROLE) {
		return fmt.Errorf("%s %s with reservation for hierarchical role '%s' cannot be %s on an agent without HIERARCHICAL_ROLE capability", what, resources.Text(r), role, done)
	}
	if len(r.Reservations) > 1 && !c.agent.has(v1.AgentInfo_Capability_RESERVATION_REFINEMENT) {
		return fmt.Errorf("%s %s with reservation refinement cannot be %s on an agent without RESERVATION_REFINEMENT capability", what, resources.Text(r), done)
	}
	return nil
}

func (c operationCheck) reservationPrincipal(r *v1.Resource) error {
	if c.principal == nil {
		return nil
	}
	info := r.Reservations[len(r.Reservations)-1]
	if info.Principal == nil {
		return fmt.Errorf("A reserve operation was attempted by principal '%s', but there is a reserved resource in the request with no principal set", *c.principal)
	}
	if info.GetPrincipal() != *c.principal {
		return fmt.Errorf("A reserve operation was attempted by authenticated principal '%s', which does not match a reserved resource in the request with principal '%s'", *c.principal, info.GetPrincipal())
	}
	return nil
}

// reservationRole holds a framework to the role that it was offered r for; an
// operator reserves what nobody holds.
func (c operationCheck) reservationRole(r *v1.Resource) error {
	held, role := r.GetAllocationInfo().GetRole(), reservedFor(r)
	switch {
	case c.framework == nil && r.AllocationInfo != nil:
		return errors.New("A reserve operation was attempted with an allocated resource, but the operator API only allows reservations to be made to unallocated resources")
	case c.framework == nil:
		return nil
	case r.GetAllocationInfo().GetRole() == "":
		return fmt.Errorf("A reserve operation was attempted on unallocated resource %s, but frameworks can only perform reservations on allocated resources", resources.Text(r))
	case held != role:
		return fmt.Errorf("A reserve operation was attempted for a resource with role '%s', but the resource was allocated to role '%s'", role, held)
	case !c.framework.in(held):
		return fmt.Errorf("A reserve operation was attempted for a resource allocated to role '%s', but the framework only has roles '%s'", held, setText(c.framework.roles))
	}
	return nil
}

func (c operationCheck) unreserve(list []*v1.Resource) error {
	if err := firstError(
		func() error { return prefixed("Invalid resources: ", validateResources(list)) },
		func() error { return prefixed("Invalid resources: ", oneProvider(list)) },
	); err != nil {
		return err
	}
	for _, r := range list {
		switch {
		case !dynamic(r):
			return fmt.Errorf("Resource %s is not dynamically reserved", resources.Text(r))
		case r.GetDisk().GetPersistence() != nil:
			return fmt.Errorf("A dynamically reserved persistent volume %s cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource", resources.Text(r))
		}
	}
	return nil
}

func (c operationCheck) create(list []*v1.Resource) error {
	err := firstError(
		func() error { return validateVolumes(list) },
		func() error { return uniqueVolumes(c.agent.total.Filter(checkpointed).Add(resources.New(list))) },
	)
	for _, r := range list {
		if err == nil {
			err = c.creatable(r)
		}
	}
	if err == nil && c.framework != nil {
		err = prefixed("Invalid volume resources: ", oneRole(resources.New(list)))
	}
	return err
}

func validateVolumes(list []*v1.Resource) error {
	return firstError(
		func() error { return prefixed("Invalid resources: ", validateResources(list)) },
		func() error { return prefixed("Invalid resources: ", oneProvider(list)) },
		func() error { return prefixed("Not a persistent volume: ", validatePersistent(list)) },
	)
}

// checkpointed are the resources that an agent keeps over a restart.
func checkpointed(it resources.Item) bool { return it.Dynamic() || it.PersistentVolume() }

func (c operationCheck) creatable(r *v1.Resource) error {
	if r.Shared != nil && c.framework != nil && !c.framework.caps.shared {
		return fmt.Errorf("Create volume operation for '%s' has been attempted by framework '%s' with no SHARED_RESOURCES capability", resources.Text(r), c.framework.id)
	}
	if err := c.agentKnows(r, "Volume", "created"); err != nil || c.principal == nil {
		return err
	}
	switch p := r.GetDisk().GetPersistence(); {
	case p.Principal == nil:
		return fmt.Errorf("Create volume operation attempted by principal '%s', but there is a volume in the operation with no principal set in 'disk.persistence'", *c.principal)
	case p.GetPrincipal() != *c.principal:
		return fmt.Errorf("Create volume operation attempted by authenticated principal '%s', which does not match a volume in the operation with principal '%s' set in 'disk.persistence'", *c.principal, p.GetPrincipal())
	}
	return nil
}

// destroy looks for the volumes among what the agent has, whoever holds them.
func (c operationCheck) destroy(list []*v1.Resource) error {
	list = resources.Unallocated(list)
	if err := validateVolumes(list); err != nil {
		return err
	}
	for _, r := range list {
		if r.ProviderId == nil && !c.agent.total.Contains(resources.New([]*v1.Resource{r})) {
			return errors.New("Persistent volumes not found")
		}
	}
	used := c.agent.used().Unallocate()
	for _, r := range list {
		if used.Contains(resources.New([]*v1.Resource{r})) {
			return errors.New("Persistent volumes in use")
		}
	}
	return nil
}
