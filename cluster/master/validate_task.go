package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// validateTask finds what is wrong with a task of LAUNCH; the first fault in
// the order of master/validation.cpp:1676-1850 counts.
func (a *acceptance) validateTask(t *v1.TaskInfo) error {
	return firstError(
		func() error { return a.validateTaskItself(t) },
		func() error {
			if (t.Executor == nil) == (t.Command == nil) {
				return errors.New("Task should have at least one (but not both) of CommandInfo or ExecutorInfo present")
			}
			return nil
		},
		func() error { return a.validateExecutor(t.Executor) },
		func() error { return validateTogether(t) },
		func() error { return a.validateRoom(t) },
		func() error {
			if l := t.GetContainer().GetLinuxInfo(); l != nil && !l.GetShareCgroups() {
				return errors.New("Only tasks in a task group may have 'share_cgroups' set to 'false'")
			}
			return nil
		},
	)
}

// validateTaskItself are the checks that tasks of LAUNCH and of groups share.
func (a *acceptance) validateTaskItself(t *v1.TaskInfo) error {
	return firstError(
		func() error { return validateID(t.GetTaskId().GetValue()) },
		func() error { return a.validateUnique(t.GetTaskId().GetValue()) },
		func() error {
			if t.GetAgentId().GetValue() != a.agent.id {
				return fmt.Errorf("Task uses invalid agent %s while agent %s is expected", t.GetAgentId().GetValue(), a.agent.id)
			}
			return nil
		},
		func() error {
			if t.GetKillPolicy().GetGracePeriod().GetNanoseconds() < 0 {
				return errors.New("Task's 'kill_policy.grace_period' must be non-negative")
			}
			if t.GetMaxCompletionTime().GetNanoseconds() < 0 {
				return errors.New("Task's `max_completion_time` must be non-negative")
			}
			return nil
		},
		func() error { return prefixed("Task uses invalid check: ", validateCheck(t.Check)) },
		func() error { return prefixed("Task uses invalid health check: ", validateHealthCheck(t.HealthCheck)) },
		func() error { return validateTaskResources(t) },
		func() error {
			return prefixed("Task's `CommandInfo` is invalid: ", resources.ValidateCommand(t.Command))
		},
		func() error {
			return prefixed("Task's `ContainerInfo` is invalid: ", resources.ValidateContainer(t.Container))
		},
		func() error { return a.validateLimits(t) },
	)
}

func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func prefixed(prefix string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s%w", prefix, err)
}

// validateUnique refuses the id of a task that is active or unreachable.
func (a *acceptance) validateUnique(id string) error {
	if a.framework.tasks[id] != nil {
		return fmt.Errorf("Task has duplicate ID: %s", id)
	}
	for _, t := range a.framework.unreachable.all() {
		if t.proto.GetTaskId().GetValue() == id {
			return fmt.Errorf("Task reuses the ID of an unreachable task: %s", id)
		}
	}
	return nil
}

func validateTaskResources(t *v1.TaskInfo) error {
	if len(t.Resources) == 0 {
		return errors.New("Task uses no resources")
	}
	if err := validateResources(t.Resources); err != nil {
		return prefixed("Task uses invalid resources: ", err)
	}
	if id := twiceUsedVolume(t.Resources); id != "" {
		return fmt.Errorf("Task uses duplicate persistence ID: Persistence ID '%s' is not unique", id)
	}
	if err := oneRole(t.Resources); err != nil {
		return prefixed("Invalid task resources: ", err)
	}
	return prefixed("Task mixes revocable and non-revocable resources: ", notMixed(t.Resources))
}

// validateResources checks more than syntax: whole GPUs and usable volumes.
func validateResources(list []*v1.Resource) error {
	if err := resources.Validate(list); err != nil {
		return fmt.Errorf("Invalid resources: %w", err)
	}
	for _, r := range list {
		if v := r.GetScalar().GetValue(); r.GetName() == "gpus" && v != math.Trunc(v) {
			return errors.New("Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer")
		}
		if r.GetDisk().GetPersistence() != nil {
			if err := validateVolume(r); err != nil {
				return fmt.Errorf("Invalid DiskInfo: %w", err)
			}
		}
	}
	return nil
}

func twiceUsedVolume(list []*v1.Resource) string {
	seen := map[string]bool{}
	for _, r := range list {
		p := r.GetDisk().GetPersistence()
		if p == nil {
			continue
		}
		role := ""
		if rs := r.GetReservations(); len(rs) > 0 {
			role = rs[len(rs)-1].GetRole()
		}
		if key := role + "\x00" + p.GetId(); seen[key] {
			return p.GetId()
		} else {
			seen[key] = true
		}
	}
	return ""
}

func oneRole(list []*v1.Resource) error {
	for _, r := range list {
		if x, y := list[0].GetAllocationInfo().GetRole(), r.GetAllocationInfo().GetRole(); x != y {
			return fmt.Errorf("The resources have multiple allocation roles ('%s' and '%s') but only one allocation role is allowed", x, y)
		}
	}
	return nil
}

func notMixed(list []*v1.Resource) error {
	revocable := map[string]bool{}
	for _, r := range list {
		if was, seen := revocable[r.GetName()]; seen && was != (r.Revocable != nil) {
			return fmt.Errorf("Cannot use both revocable and non-revocable '%s' at the same time", r.GetName())
		}
		revocable[r.GetName()] = r.Revocable != nil
	}
	return nil
}

func (a *acceptance) validateLimits(t *v1.TaskInfo) error {
	if len(t.Limits) == 0 {
		return nil
	}
	if !a.agent.has(v1.AgentInfo_Capability_TASK_RESOURCE_LIMITS) {
		return errors.New("Agent is not capable of handling task resource limits")
	}
	for name := range t.Limits {
		if name != "cpus" && name != "mem" {
			return errors.New("Only cpus and mem may be included in a task's resource limits")
		}
	}
	have := resources.New(t.Resources)
	for _, l := range []struct{ name, upper, lower string }{{"cpus", "CPU", "cpu"}, {"mem", "memory", "memory"}} {
		limit, some := t.Limits[l.name]
		if !some {
			continue
		}
		request, ok := have.Scalar(l.name)
		if !ok {
			return fmt.Errorf("When a %s limit is specified, a %s request must also be specified", l.upper, l.upper)
		}
		if resources.Milli(limit.GetValue()) < request {
			return fmt.Errorf("The %s limit must be greater than or equal to the %s request", l.lower, l.lower)
		}
	}
	return nil
}

// validateExecutor checks the custom executor of a task; nil is fine.
func (a *acceptance) validateExecutor(e *v1.ExecutorInfo) error {
	if e == nil {
		return nil
	}
	return firstError(
		func() error { return a.validateExecutorItself(e) },
		func() error { return a.sameExecutor(e) },
		func() error {
			switch {
			case e.GetType() != v1.ExecutorInfo_CUSTOM:
				return errors.New("'ExecutorInfo.type' must be 'CUSTOM'")
			case e.Command == nil:
				return errors.New("'ExecutorInfo.command' must be set")
			}
			return nil
		},
		func() error { return validateExecutorResources(e) },
	)
}

// validateExecutorItself are the checks that all executors share.
func (a *acceptance) validateExecutorItself(e *v1.ExecutorInfo) error {
	return firstError(
		func() error { return validateID(e.GetExecutorId().GetValue()) },
		func() error {
			switch {
			case e.FrameworkId == nil:
				return errors.New("'ExecutorInfo.framework_id' must be set")
			case e.GetFrameworkId().GetValue() != a.framework.id:
				return fmt.Errorf("ExecutorInfo has an invalid FrameworkID (Actual: %s vs Expected: %s)", e.GetFrameworkId().GetValue(), a.framework.id)
			case e.GetShutdownGracePeriod().GetNanoseconds() < 0:
				return errors.New("ExecutorInfo's 'shutdown_grace_period' must be non-negative")
			}
			return nil
		},
		func() error { return prefixed("Executor uses invalid resources: ", validateResources(e.Resources)) },
		func() error { return prefixed("Invalid executor resources: ", oneRole(e.Resources)) },
		func() error {
			return prefixed("Executor's `CommandInfo` is invalid: ", resources.ValidateCommand(e.Command))
		},
		func() error {
			return prefixed("Executor's `ContainerInfo` is invalid: ", resources.ValidateContainer(e.Container))
		},
		func() error {
			if e.GetType() == v1.ExecutorInfo_CUSTOM && e.Command == nil {
				return errors.New("'ExecutorInfo.command' must be set for 'CUSTOM' executor")
			}
			return nil
		},
	)
}

// sameExecutor refuses another description of an executor that is there.
func (a *acceptance) sameExecutor(e *v1.ExecutorInfo) error {
	have := a.agent.executors[executorKey{a.framework.id, e.GetExecutorId().GetValue()}]
	if have == nil || proto.Equal(have.info, e) {
		return nil
	}
	line := strings.Repeat("-", 60)
	return fmt.Errorf("ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n%s\nExisting ExecutorInfo:\n%s\n%s\nExecutorInfo:\n%s\n%s\n",
		line, prototext.Format(have.info), line, prototext.Format(e), line)
}

func validateExecutorResources(e *v1.ExecutorInfo) error {
	for _, r := range e.GetResources() {
		if r.Shared != nil {
			return fmt.Errorf("Executor resources %s should not contain any shared resources", resources.New(e.Resources))
		}
	}
	if l := e.GetContainer().GetLinuxInfo(); l != nil && l.ShareCgroups != nil && l.GetShareCgroups() {
		return errors.New("The 'share_cgroups' field cannot be set to 'true' on executor containers")
	}
	return nil
}

// validateTogether looks at a task and its executor at once.
func validateTogether(t *v1.TaskInfo) error {
	if t.Executor == nil {
		return nil
	}
	both := append(append([]*v1.Resource{}, t.Resources...), t.Executor.Resources...)
	if id := twiceUsedVolume(both); id != "" {
		return fmt.Errorf("Task and its executor use duplicate persistence ID: Persistence ID '%s' is not unique", id)
	}
	return prefixed("Task and its executor mix revocable and non-revocable resources: ", notMixed(both))
}

// validateRoom asks whether what is left of the offer is enough.
func (a *acceptance) validateRoom(t *v1.TaskInfo) error {
	need := resources.New(t.Resources)
	if e := t.Executor; e != nil && a.agent.executors[executorKey{a.framework.id, e.GetExecutorId().GetValue()}] == nil {
		need = need.Add(resources.New(e.Resources))
	}
	if !a.left.Contains(need) {
		return fmt.Errorf("Total resources %s required by task and its executor is more than available %s", need, a.left)
	}
	return nil
}
