package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// validateOperationShape checks what can be told of an operation without the
// offer: its resources, and that its body fits its type (master.cpp:4085-4260).
func validateOperationShape(op *v1.Offer_Operation) error {
	lists := operationResources(op)
	for _, t := range append(op.GetLaunch().GetTaskInfos(), op.GetLaunchGroup().GetTaskGroup().GetTasks()...) {
		lists = append(lists, t.Resources, t.GetExecutor().GetResources())
	}
	lists = append(lists, op.GetLaunchGroup().GetExecutor().GetResources())
	for _, list := range lists {
		if err := resources.Validate(withoutAllocation(list)); err != nil {
			return err
		}
	}
	if !hasBody(op) {
		name := op.GetType().String()
		return fmt.Errorf("A %s offer operation must have the Offer.Operation.%s field set.", name, strings.ToLower(name))
	}
	if op.GetType() == v1.Offer_Operation_RESERVE && len(op.GetReserve().GetSource()) > 0 {
		return errors.New("Reservation updates are not yet implemented for the scheduler API.")
	}
	return nil
}

// withoutAllocation shows resources as the framework sent them: the role that
// holds them is not yet part of the text.
func withoutAllocation(list []*v1.Resource) []*v1.Resource {
	out := make([]*v1.Resource, len(list))
	for i, r := range list {
		out[i] = proto.CloneOf(r)
		out[i].AllocationInfo = nil
	}
	return out
}

func hasBody(op *v1.Offer_Operation) bool {
	switch op.GetType() {
	case v1.Offer_Operation_LAUNCH:
		return op.Launch != nil
	case v1.Offer_Operation_LAUNCH_GROUP:
		return op.LaunchGroup != nil
	case v1.Offer_Operation_RESERVE:
		return op.Reserve != nil
	case v1.Offer_Operation_UNRESERVE:
		return op.Unreserve != nil
	case v1.Offer_Operation_CREATE:
		return op.Create != nil
	case v1.Offer_Operation_DESTROY:
		return op.Destroy != nil
	case v1.Offer_Operation_GROW_VOLUME:
		return op.GrowVolume != nil
	case v1.Offer_Operation_SHRINK_VOLUME:
		return op.ShrinkVolume != nil
	case v1.Offer_Operation_CREATE_DISK:
		return op.CreateDisk != nil
	case v1.Offer_Operation_DESTROY_DISK:
		return op.DestroyDisk != nil
	}
	return true
}

// operationText is what the refused operation's status says.
func operationText(_ *v1.Offer_Operation, err error) string {
	if strings.HasPrefix(err.Error(), "Resource '") {
		return "Operation attempted with invalid resources: " + err.Error()
	}
	return err.Error()
}

// checkFeedback says whether the agent can report on an operation with an id.
func (a *acceptance) checkFeedback(op *v1.Offer_Operation) error {
	if op.Id == nil {
		return nil
	}
	switch op.GetType() {
	case v1.Offer_Operation_LAUNCH, v1.Offer_Operation_LAUNCH_GROUP:
		return fmt.Errorf("The `id` field cannot be set on %s operations", op.GetType())
	}
	if !a.agent.has(v1.AgentInfo_Capability_AGENT_OPERATION_FEEDBACK) || !a.agent.has(v1.AgentInfo_Capability_RESOURCE_PROVIDER) {
		return fmt.Errorf("Operation on agent default resources requested feedback, but agent %s does not have the required AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities", a.agent.id)
	}
	return nil
}

// validateOperation checks an operation that changes resources
// (master/validation.cpp:2490-3081).
func (a *acceptance) validateOperation(op *v1.Offer_Operation) error {
	principal := a.framework.info.GetPrincipal()
	err := error(nil)
	switch op.GetType() {
	case v1.Offer_Operation_RESERVE:
		err = a.validateReserve(op.GetReserve().GetResources(), principal)
	case v1.Offer_Operation_UNRESERVE:
		err = validateUnreserve(op.GetUnreserve().GetResources())
	case v1.Offer_Operation_CREATE:
		err = a.validateCreate(op.GetCreate().GetVolumes())
	case v1.Offer_Operation_DESTROY:
		err = a.m.validateDestroyLocked(a.agent, a.left, op.GetDestroy().GetVolumes())
	case v1.Offer_Operation_GROW_VOLUME, v1.Offer_Operation_SHRINK_VOLUME:
		err = validateResize(op)
	case v1.Offer_Operation_CREATE_DISK, v1.Offer_Operation_DESTROY_DISK:
		err = errors.New("Operation is only supported on resources of a resource provider")
	}
	if err != nil {
		return fmt.Errorf("%w; on agent %s at %s (%s)", err, a.agent.id, a.agent.pid, a.agent.info.GetHostname())
	}
	return nil
}

func (a *acceptance) validateReserve(list []*v1.Resource, principal string) error {
	for _, it := range resources.New(list) {
		if !it.Dynamic() {
			return fmt.Errorf("Resource %s is not dynamically reserved", resources.Resources{it})
		}
		info := it.Reservations()[len(it.Reservations())-1]
		switch {
		case principal != "" && info.Principal == nil:
			return fmt.Errorf("A reserve operation was attempted by principal '%s', but there is a reserved resource in the request with no principal set", principal)
		case principal != "" && info.GetPrincipal() != principal:
			return fmt.Errorf("A reserve operation was attempted by authenticated principal '%s', which does not match a reserved resource in the request with principal '%s'", principal, info.GetPrincipal())
		case it.AllocatedTo() != it.Role() && !resources.IsSubrole(it.Role(), it.AllocatedTo()):
			return fmt.Errorf("A reserve operation was attempted for a resource with role '%s', but the resource was allocated to role '%s'", it.Role(), it.AllocatedTo())
		case !slices.Contains(a.framework.roles, it.Role()):
			return fmt.Errorf("A reserve operation was attempted for a resource with role '%s', but the framework can only reserve resources with roles '%s'", it.Role(), setText(a.framework.roles))
		case it.PersistentVolume():
			return fmt.Errorf("A persistent volume %s must already be reserved", resources.Resources{it})
		}
	}
	return nil
}

func validateUnreserve(list []*v1.Resource) error {
	for _, it := range resources.New(list) {
		switch {
		case !it.Dynamic():
			return fmt.Errorf("Resource %s is not dynamically reserved", resources.Resources{it})
		case it.PersistentVolume():
			return fmt.Errorf("A dynamically reserved persistent volume %s cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource", resources.Resources{it})
		}
	}
	return nil
}

// validateVolume checks one persistent volume.
func validateVolume(r *v1.Resource) error {
	d := r.GetDisk()
	switch {
	case d.GetPersistence() == nil:
		return errors.New("'persistence' is not set in DiskInfo")
	case len(r.GetReservations()) == 0:
		return errors.New("Persistent volumes cannot be created from unreserved resources")
	case d.Volume == nil:
		return errors.New("Expecting 'volume' to be set for persistent volume")
	case d.Volume.GetMode() == v1.Volume_RO:
		return errors.New("Read-only persistent volume not supported")
	case d.Volume.HostPath != nil:
		return errors.New("Expecting 'host_path' to be unset for persistent volume")
	}
	return validateID(d.GetPersistence().GetId())
}

func (a *acceptance) validateCreate(list []*v1.Resource) error {
	for _, r := range list {
		if r.GetDisk() == nil {
			return fmt.Errorf("Not a persistent volume: Resource %s does not have DiskInfo", resources.New([]*v1.Resource{r}))
		}
		if err := validateVolume(r); err != nil {
			if strings.HasPrefix(err.Error(), "Persistent volumes") {
				return err
			}
			return fmt.Errorf("Not a persistent volume: %w", err)
		}
		if r.Shared != nil && a.framework != nil && !a.framework.caps.shared {
			return fmt.Errorf("Create volume operation for '%s' has been attempted by framework '%s' with no SHARED_RESOURCES capability", resources.New([]*v1.Resource{r}), a.framework.id)
		}
	}
	if id := twiceUsedVolume(append(slices.Clone(list), a.agent.total.Proto(resources.Refined)...)); id != "" {
		return fmt.Errorf("Persistence ID '%s' is not unique", id)
	}
	return nil
}

// validateDestroyLocked checks that volumes are there and not in use.
func (m *Master) validateDestroyLocked(ag *agent, have resources.Resources, list []*v1.Resource) error {
	volumes := resources.New(list)
	for _, it := range volumes {
		if !it.PersistentVolume() {
			return fmt.Errorf("Not a persistent volume: Resource %s does not have DiskInfo", resources.Resources{it})
		}
	}
	if !have.Contains(volumes) {
		return errors.New("Persistent volumes not found")
	}
	for _, t := range ag.tasks {
		if !terminal(t.state()) && slices.ContainsFunc(volumes, func(it resources.Item) bool { return t.resources.Contains(resources.Resources{it}) }) {
			return errors.New("Persistent volumes in use")
		}
	}
	return nil
}

func validateResize(op *v1.Offer_Operation) error {
	volume := op.GetGrowVolume().GetVolume()
	by := op.GetGrowVolume().GetAddition().GetScalar()
	if op.GetType() == v1.Offer_Operation_SHRINK_VOLUME {
		volume, by = op.GetShrinkVolume().GetVolume(), op.GetShrinkVolume().GetSubtract()
	}
	switch {
	case volume.GetDisk().GetPersistence() == nil:
		return fmt.Errorf("Not a persistent volume: Resource %s does not have DiskInfo", resources.New([]*v1.Resource{volume}))
	case volume.GetShared() != nil:
		return errors.New("Resizing a shared persistent volume is not supported")
	case resources.Milli(by.GetValue()) <= 0:
		return errors.New("The size to resize by must be greater than zero")
	case op.GetType() == v1.Offer_Operation_SHRINK_VOLUME && by.GetValue() >= volume.GetScalar().GetValue():
		return errors.New("The size of the volume must be greater than what is subtracted")
	}
	return nil
}

// checkOperatorReserve is RESERVE by an operator, who has no role.
func checkOperatorReserve(list []*v1.Resource, principal string) error {
	for _, it := range resources.New(list) {
		if !it.Dynamic() {
			return fmt.Errorf("Resource %s is not dynamically reserved", resources.Resources{it})
		}
		info := it.Reservations()[len(it.Reservations())-1]
		if principal == "" {
			continue
		}
		if info.Principal == nil {
			return fmt.Errorf("A reserve operation was attempted by principal '%s', but there is a reserved resource in the request with no principal set", principal)
		}
		if info.GetPrincipal() != principal {
			return fmt.Errorf("A reserve operation was attempted by authenticated principal '%s', which does not match a reserved resource in the request with principal '%s'", principal, info.GetPrincipal())
		}
	}
	return nil
}
