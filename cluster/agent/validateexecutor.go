package agent

import (
	"strings"

	v1 "mesosbook/mesos/v1"
	execapi "mesosbook/mesos/v1/executor"
)

// validateExecutorCall says what a call lacks (slave/validation.cpp).
func validateExecutorCall(c *execapi.Call) string {
	if c.Type == nil {
		return "Expecting 'type' to be present"
	}
	expect := func(there bool, name string) string {
		if there {
			return ""
		}
		return "Expecting '" + name + "' to be present"
	}
	switch c.GetType() {
	case execapi.Call_SUBSCRIBE:
		return expect(c.Subscribe != nil, "subscribe")
	case execapi.Call_MESSAGE:
		return expect(c.Message != nil, "message")
	case execapi.Call_UPDATE:
		if c.Update == nil {
			return expect(false, "update")
		}
		return validateUpdate(c, c.Update.GetStatus())
	}
	return ""
}

func validateUpdate(c *execapi.Call, s *v1.TaskStatus) string {
	id := c.GetExecutorId().GetValue()
	who := id + " of framework " + c.GetFrameworkId().GetValue()
	switch {
	case s.Uuid == nil:
		return "Expecting 'uuid' to be present"
	case len(s.Uuid) != 16 || s.Uuid[6]>>4 < 1 || s.Uuid[6]>>4 > 5: // a version that boost does not know (stout uuid.hpp)
		return "Not a valid UUID"
	case s.ExecutorId != nil && s.GetExecutorId().GetValue() != id:
		return "ExecutorID in Call: " + id + " does not match ExecutorID in TaskStatus: " + s.GetExecutorId().GetValue()
	case s.Source == nil || s.GetSource() != v1.TaskStatus_SOURCE_EXECUTOR:
		return "Received Call from executor " + who + " with invalid source, expecting 'SOURCE_EXECUTOR'"
	case s.GetState() == v1.TaskState_TASK_STAGING:
		return "Received TASK_STAGING from executor " + who + " which is not allowed"
	}
	return validateCheckStatus(s.CheckStatus)
}

// validateCheckStatus checks a check's result (common/validation.cpp).
func validateCheckStatus(s *v1.CheckStatusInfo) string {
	wanted := func(there bool, field string) string {
		if there {
			return ""
		}
		return "Expecting '" + field + "' to be set for " + strings.ToUpper(field) + " check's status"
	}
	switch {
	case s == nil:
		return ""
	case s.Type == nil:
		return "CheckStatusInfo must specify 'type'"
	}
	switch s.GetType() {
	case v1.CheckInfo_COMMAND:
		return wanted(s.Command != nil, "command")
	case v1.CheckInfo_HTTP:
		return wanted(s.Http != nil, "http")
	case v1.CheckInfo_TCP:
		return wanted(s.Tcp != nil, "tcp")
	}
	return "'UNKNOWN' is not a valid check's status type"
}
