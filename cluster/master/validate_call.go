package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"

	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// bodyOf names the field that a call of a type must have.
func bodyOf(t schedulerv1.Call_Type) string {
	switch t {
	case schedulerv1.Call_ACCEPT:
		return "accept"
	case schedulerv1.Call_DECLINE:
		return "decline"
	case schedulerv1.Call_ACCEPT_INVERSE_OFFERS:
		return "accept_inverse_offers"
	case schedulerv1.Call_DECLINE_INVERSE_OFFERS:
		return "decline_inverse_offers"
	case schedulerv1.Call_KILL:
		return "kill"
	case schedulerv1.Call_SHUTDOWN:
		return "shutdown"
	case schedulerv1.Call_ACKNOWLEDGE:
		return "acknowledge"
	case schedulerv1.Call_ACKNOWLEDGE_OPERATION_STATUS:
		return "acknowledge_operation_status"
	case schedulerv1.Call_RECONCILE:
		return "reconcile"
	case schedulerv1.Call_RECONCILE_OPERATIONS:
		return "reconcile_operations"
	case schedulerv1.Call_MESSAGE:
		return "message"
	case schedulerv1.Call_REQUEST:
		return "request"
	case schedulerv1.Call_UPDATE_FRAMEWORK:
		return "update_framework"
	}
	return "" // TEARDOWN, REVIVE and SUPPRESS need none
}

// validateCall checks that a call is whole (master/validation.cpp:725-899).
func validateCall(c *schedulerv1.Call, principal string) error {
	if c.Type == nil {
		return errors.New("Expecting 'type' to be present")
	}
	if c.GetType() == schedulerv1.Call_SUBSCRIBE {
		return validateSubscribe(c, principal)
	}
	if c.FrameworkId == nil {
		return errors.New("Expecting 'framework_id' to be present")
	}
	if err := hasField(c.ProtoReflect(), bodyOf(c.GetType())); err != nil {
		return err
	}
	switch c.GetType() {
	case schedulerv1.Call_ACKNOWLEDGE:
		return validUUID(c.GetAcknowledge().GetUuid())
	case schedulerv1.Call_ACKNOWLEDGE_OPERATION_STATUS:
		a := c.GetAcknowledgeOperationStatus()
		if err := validUUID(a.GetUuid()); err != nil {
			return err
		}
		if a.AgentId == nil {
			return errors.New("Expecting 'agent_id' to be present")
		}
	case schedulerv1.Call_UPDATE_FRAMEWORK:
		info := c.GetUpdateFramework().GetFrameworkInfo()
		if info.GetId().GetValue() != c.GetFrameworkId().GetValue() {
			return errors.New("'framework_id' differs from 'update_framework.framework_info.id'")
		}
	}
	return nil
}

func validateSubscribe(c *schedulerv1.Call, principal string) error {
	if c.Subscribe == nil {
		return errors.New("Expecting 'subscribe' to be present")
	}
	info := c.Subscribe.GetFrameworkInfo()
	if c.FrameworkId.GetValue() != info.Id.GetValue() {
		return errors.New("'framework_id' differs from 'subscribe.framework_info.id'")
	}
	return samePrincipal(principal, info.Principal)
}

func samePrincipal(caller string, claimed *string) error {
	if caller != "" && claimed != nil && *claimed != caller {
		return errors.New(principalText(caller, *claimed))
	}
	return nil
}

// validUUID takes 16 bytes of a version from 1 to 5.
func validUUID(b []byte) error {
	if len(b) != 16 || b[6]>>4 < 1 || b[6]>>4 > 5 {
		return errors.New("Not a valid UUID")
	}
	return nil
}

// hasField says whether msg has the field of that name set; "" always is.
func hasField(msg protoreflect.Message, name string) error {
	if name == "" {
		return nil
	}
	if fd := msg.Descriptor().Fields().ByName(protoreflect.Name(name)); fd != nil && msg.Has(fd) {
		return nil
	}
	return fmt.Errorf("Expecting '%s' to be present", name)
}
