package agent

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// bodyless are the calls that need no field of their own; the others need the one
// that is named as their type is.
var bodyless = []agent.Call_Type{
	agent.Call_UNKNOWN, agent.Call_GET_HEALTH, agent.Call_GET_FLAGS, agent.Call_GET_VERSION, agent.Call_GET_LOGGING_LEVEL,
	agent.Call_GET_STATE, agent.Call_GET_CONTAINERS, agent.Call_GET_FRAMEWORKS, agent.Call_GET_EXECUTORS,
	agent.Call_GET_OPERATIONS, agent.Call_GET_TASKS, agent.Call_GET_AGENT, agent.Call_GET_RESOURCE_PROVIDERS, agent.Call_PRUNE_IMAGES,
}

// validateCall says what is wrong with a call, in the order and the words of
// slave/validation.cpp; "" for nothing.
func validateCall(call *agent.Call) string {
	if call.Type == nil {
		return "Expecting 'type' to be present"
	}
	if slices.Contains(bodyless, call.GetType()) {
		return ""
	}
	m := call.ProtoReflect()
	name := strings.ToLower(call.GetType().String())
	field := m.Descriptor().Fields().ByName(protoreflect.Name(name))
	if field == nil || !m.Has(field) {
		return expecting(name)
	}
	if why := validateTarget(call, name); why != "" {
		return why
	}
	return validateDetails(call, name)
}

func expecting(field string) string { return "Expecting '" + field + "' to be present" }

// validateTarget checks the id of the container that a call is about.
func validateTarget(call *agent.Call, name string) string {
	id, nested := targetOf(call)
	if id == nil {
		return ""
	}
	if why := validateContainerID(id); why != "" {
		return "'" + name + ".container_id' is invalid: " + why
	}
	if nested && id.Parent == nil {
		return expecting(name + ".container_id.parent")
	}
	return ""
}

// targetOf is the container of a call, nil if it has none, and whether that must
// be a nested one.
func targetOf(call *agent.Call) (id *v1.ContainerID, nested bool) {
	switch call.GetType() {
	case agent.Call_LAUNCH_NESTED_CONTAINER:
		return call.GetLaunchNestedContainer().GetContainerId(), true
	case agent.Call_WAIT_NESTED_CONTAINER:
		return call.GetWaitNestedContainer().GetContainerId(), true
	case agent.Call_KILL_NESTED_CONTAINER:
		return call.GetKillNestedContainer().GetContainerId(), true
	case agent.Call_REMOVE_NESTED_CONTAINER:
		return call.GetRemoveNestedContainer().GetContainerId(), true
	case agent.Call_LAUNCH_NESTED_CONTAINER_SESSION:
		return call.GetLaunchNestedContainerSession().GetContainerId(), true
	case agent.Call_ATTACH_CONTAINER_OUTPUT:
		return call.GetAttachContainerOutput().GetContainerId(), false
	case agent.Call_LAUNCH_CONTAINER:
		return call.GetLaunchContainer().GetContainerId(), false
	case agent.Call_WAIT_CONTAINER:
		return call.GetWaitContainer().GetContainerId(), false
	case agent.Call_KILL_CONTAINER:
		return call.GetKillContainer().GetContainerId(), false
	case agent.Call_REMOVE_CONTAINER:
		return call.GetRemoveContainer().GetContainerId(), false
	}
	return nil, false
}

// maxContainerID is the longest id of a container, in bytes (slave/constants.hpp).
const maxContainerID = 242

// validateContainerID follows the rules of all ids, and those of containers: dots
// would make ".child" of a printed id ambiguous.
func validateContainerID(id *v1.ContainerID) string {
	value := id.GetValue()
	control := func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' }
	switch {
	case value == "":
		return "ID must not be empty"
	case len(value) > 255:
		return "ID must not be greater than 255 characters"
	case value == "." || value == "..":
		return "'" + value + "' is disallowed"
	case strings.ContainsFunc(value, control):
		return "'" + value + "' contains invalid characters"
	case len(value) > maxContainerID:
		return fmt.Sprintf("'ContainerID.value' '%s' exceeds the maximum length (%d)", value, maxContainerID)
	case strings.ContainsAny(value, ". "):
		return "'ContainerID.value' '" + value + "' contains invalid characters"
	}
	if id.Parent != nil {
		if why := validateContainerID(id.Parent); why != "" {
			return "'ContainerID.parent' is invalid: " + why
		}
	}
	return ""
}

// validateDetails checks what single calls ask for.
func validateDetails(call *agent.Call, name string) string {
	switch call.GetType() {
	case agent.Call_LAUNCH_NESTED_CONTAINER:
		l := call.GetLaunchNestedContainer()
		if why := validateLaunch(name, l.Command, l.Container); why != "" {
			return why
		}
		if info := l.GetContainer().GetLinuxInfo(); l.ContainerId.Parent.Parent != nil && info != nil && info.ShareCgroups != nil && !info.GetShareCgroups() {
			return "'launch_nested_container' is invalid: containers nested at the second level or greater cannot set 'share_cgroups' to 'false'"
		}
	case agent.Call_LAUNCH_NESTED_CONTAINER_SESSION:
		l := call.GetLaunchNestedContainerSession()
		if why := validateLaunch(name, l.Command, l.Container); why != "" {
			return why
		}
		if info := l.GetContainer().GetLinuxInfo(); info != nil && !info.GetShareCgroups() {
			return "'launch_nested_container_session.container.linux_info' is invalid: 'share_cgroups' cannot be set to 'false' for nested container sessions"
		}
	case agent.Call_LAUNCH_CONTAINER:
		return validateLaunchContainer(call.GetLaunchContainer())
	case agent.Call_ATTACH_CONTAINER_INPUT:
		return validateInput(call.GetAttachContainerInput())
	case agent.Call_ADD_RESOURCE_PROVIDER_CONFIG:
		return validateProvider(name, call.GetAddResourceProviderConfig().GetInfo())
	case agent.Call_UPDATE_RESOURCE_PROVIDER_CONFIG:
		return validateProvider(name, call.GetUpdateResourceProviderConfig().GetInfo())
	}
	return ""
}

func validateProvider(name string, info *v1.ResourceProviderInfo) string {
	if info.GetId() != nil {
		return "Expecting '" + name + ".info.id' to be unset"
	}
	return ""
}

func validateLaunch(name string, command *v1.CommandInfo, container *v1.ContainerInfo) string {
	if err := resources.ValidateCommand(command); err != nil {
		return "'" + name + ".command' is invalid: " + err.Error()
	}
	if err := resources.ValidateContainer(container); err != nil {
		return "'" + name + ".container' is invalid: " + err.Error()
	}
	return ""
}

func validateLaunchContainer(l *agent.Call_LaunchContainer) string {
	if err := resources.Validate(l.Resources); err != nil {
		return "Invalid resources: " + err.Error()
	}
	if gpus, _ := resources.New(l.Resources).Scalar("gpus"); gpus%1000 != 0 {
		return "Invalid GPU resources: The 'gpus' resource must be an unsigned integer"
	}
	if l.ContainerId.Parent == nil {
		if why := validateStandalone(l.Resources); why != "" {
			return why
		}
	}
	if why := validateLaunch("launch_container", l.Command, l.Container); why != "" {
		return why
	}
	share := l.GetContainer().GetLinuxInfo()
	set := share != nil && share.ShareCgroups != nil
	twice := l.ContainerId.Parent.GetParent() != nil
	const deep = "'launch_container' is invalid: containers nested at the second level or greater cannot "
	switch {
	case twice && len(l.Resources) > 0:
		return deep + "specify resources"
	case twice && len(l.Limits) > 0:
		return deep + "specify resource limits"
	case twice && set && !share.GetShareCgroups():
		return deep + "set 'share_cgroups' to 'false'"
	case l.ContainerId.Parent == nil && set && share.GetShareCgroups():
		return "'launch_container' is invalid: containers without a parent cannot set 'share_cgroups' to 'true'"
	}
	return ""
}

// validateStandalone checks resources that no offer accounts for.
func validateStandalone(list []*v1.Resource) string {
	for _, r := range list {
		switch {
		case len(r.Reservations) > 0 || r.Reservation != nil || r.Role != nil && r.GetRole() != "*":
			return "'launch_container.resources' must be unreserved"
		case r.GetDisk().GetPersistence() != nil:
			return "'launch_container.resources' may not use persistent volumes"
		case r.Revocable != nil:
			return "'launch_container.resources' must be non-revocable"
		}
	}
	return ""
}

func validateInput(in *agent.Call_AttachContainerInput) string {
	switch {
	case in.Type == nil:
		return expecting("attach_container_input.type")
	case in.GetType() == agent.Call_AttachContainerInput_UNKNOWN:
		return "'attach_container_input.type' is unknown"
	case in.GetType() == agent.Call_AttachContainerInput_CONTAINER_ID:
		if why := validateContainerID(in.GetContainerId()); why != "" {
			return "'attach_container_input.container_id' is invalid: " + why
		}
	}
	return ""
}
