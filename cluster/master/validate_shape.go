package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// validateShape checks what can be told of an operation without the offer, as
// the framework sent it: that its body fits its type, and the format of its
// resources (common/resources_utils.cpp:608-870).
func validateShape(op *v1.Offer_Operation) error {
	if err := hasBody(op); err != nil {
		return err
	}
	for _, list := range shapeLists(op) {
		if err := resources.Validate(list); err != nil {
			return err
		}
	}
	for _, r := range shapeSingles(op) {
		if err := resources.ValidateOne(r); err != nil {
			return err
		}
	}
	if len(op.GetReserve().GetSource()) > 0 && op.GetType() == v1.Offer_Operation_RESERVE {
		return errors.New("Reservation updates are not yet implemented for the scheduler API.")
	}
	return nil
}

// shapeLists are the lists of resources to look at, in Mesos' order.
func shapeLists(op *v1.Offer_Operation) [][]*v1.Resource {
	switch op.GetType() {
	case v1.Offer_Operation_RESERVE:
		return [][]*v1.Resource{op.Reserve.GetResources(), op.Reserve.GetSource()}
	case v1.Offer_Operation_UNRESERVE:
		return [][]*v1.Resource{op.Unreserve.GetResources()}
	case v1.Offer_Operation_CREATE:
		return [][]*v1.Resource{op.Create.GetVolumes()}
	case v1.Offer_Operation_DESTROY:
		return [][]*v1.Resource{op.Destroy.GetVolumes()}
	case v1.Offer_Operation_LAUNCH:
		return taskLists(nil, op.Launch.GetTaskInfos())
	case v1.Offer_Operation_LAUNCH_GROUP:
		return taskLists([][]*v1.Resource{op.LaunchGroup.GetExecutor().GetResources()}, op.LaunchGroup.GetTaskGroup().GetTasks())
	}
	return nil
}

func taskLists(out [][]*v1.Resource, tasks []*v1.TaskInfo) [][]*v1.Resource {
	for _, t := range tasks {
		out = append(out, t.Resources, t.GetExecutor().GetResources())
	}
	return out
}

// shapeSingles are the resources that stand alone: of these Mesos does not say
// which one is wrong.
func shapeSingles(op *v1.Offer_Operation) []*v1.Resource {
	switch op.GetType() {
	case v1.Offer_Operation_GROW_VOLUME:
		return []*v1.Resource{op.GrowVolume.GetVolume(), op.GrowVolume.GetAddition()}
	case v1.Offer_Operation_SHRINK_VOLUME:
		return []*v1.Resource{op.ShrinkVolume.GetVolume()}
	case v1.Offer_Operation_CREATE_DISK:
		return []*v1.Resource{op.CreateDisk.GetSource()}
	case v1.Offer_Operation_DESTROY_DISK:
		return []*v1.Resource{op.DestroyDisk.GetSource()}
	}
	return nil
}

func hasBody(op *v1.Offer_Operation) error {
	var there bool
	article, what, stop := "A", "offer operation", "."
	switch op.GetType() {
	case v1.Offer_Operation_LAUNCH:
		there = op.Launch != nil
	case v1.Offer_Operation_LAUNCH_GROUP:
		there = op.LaunchGroup != nil
	case v1.Offer_Operation_RESERVE:
		there = op.Reserve != nil
	case v1.Offer_Operation_UNRESERVE:
		there, article = op.Unreserve != nil, "An"
	case v1.Offer_Operation_CREATE:
		there = op.Create != nil
	case v1.Offer_Operation_DESTROY:
		there = op.Destroy != nil
	case v1.Offer_Operation_GROW_VOLUME:
		there, what, stop = op.GrowVolume != nil, "operation", ""
	case v1.Offer_Operation_SHRINK_VOLUME:
		there, stop = op.ShrinkVolume != nil, ""
	case v1.Offer_Operation_CREATE_DISK:
		there = op.CreateDisk != nil
	case v1.Offer_Operation_DESTROY_DISK:
		there = op.DestroyDisk != nil
	default:
		return errors.New("Unknown offer operation")
	}
	if there {
		return nil
	}
	name := op.GetType().String()
	return fmt.Errorf("%s %s %s must have the Offer.Operation.%s field set%s", article, name, what, strings.ToLower(name), stop)
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
	if !a.agent.has(v1.AgentInfo_Capability_RESOURCE_PROVIDER) {
		return fmt.Errorf("Operation requested feedback, but agent %s does not have the required RESOURCE_PROVIDER capability", a.agent.id)
	}
	if providerOf(op) == "" && !a.agent.has(v1.AgentInfo_Capability_AGENT_OPERATION_FEEDBACK) {
		return fmt.Errorf("Operation on agent default resources requested feedback, but agent %s does not have the required AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities", a.agent.id)
	}
	return nil
}

// providerOf is the resource provider of an operation's first resource, empty
// for the agent.
func providerOf(op *v1.Offer_Operation) string {
	for _, list := range append(shapeLists(op), shapeSingles(op)) {
		for _, r := range list {
			return r.GetProviderId().GetValue()
		}
	}
	return ""
}
