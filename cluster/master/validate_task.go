package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"slices"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
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
	sum := resources.New(t.Resources)
	return firstError(
		func() error { return prefixed("Task uses duplicate persistence ID: ", uniqueVolumes(sum)) },
		func() error { return prefixed("Invalid task resources: ", oneRole(sum)) },
		func() error { return prefixed("Task mixes revocable and non-revocable resources: ", notMixed(sum)) },
	)
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
		if l.name == "mem" { // whole megabytes
			request -= request % 1000
		}
		if limit.GetValue()*1000 < float64(request) {
			return fmt.Errorf("The %s limit must be greater than or equal to the %s request", l.lower, l.lower)
		}
	}
	return nil
}

// validateExecutor checks the executor of a task of LAUNCH; nil is fine.
func (a *acceptance) validateExecutor(e *v1.ExecutorInfo) error {
	if e == nil {
		return nil
	}
	if err := a.validateExecutorItself(e); err != nil {
		return err
	}
	switch l := e.GetContainer().GetLinuxInfo(); {
	case e.Type != nil && e.GetType() != v1.ExecutorInfo_CUSTOM:
		return errors.New("'ExecutorInfo.type' must be 'CUSTOM'")
	case e.Command == nil:
		return errors.New("'ExecutorInfo.command' must be set")
	case slices.ContainsFunc(e.Resources, func(r *v1.Resource) bool { return r.Shared != nil }):
		return fmt.Errorf("Executor resources %s should not contain any shared resources", resources.New(e.Resources))
	case l != nil && l.ShareCgroups != nil && l.GetShareCgroups():
		return errors.New("The 'share_cgroups' field cannot be set to 'true' on executor containers")
	}
	return nil
}

// validateTogether looks at a task and its executor at once; a task alone was
// looked at.
func validateTogether(t *v1.TaskInfo) error {
	if t.Executor == nil {
		return nil
	}
	both := resources.New(t.Resources).Add(resources.New(t.GetExecutor().GetResources()))
	return firstError(
		func() error {
			return prefixed("Task and its executor use invalid resources: ", validateResources(both.Proto(resources.Refined)))
		},
		func() error {
			if overlap(t.Resources, t.Executor.Resources) {
				return fmt.Errorf("There are overlapping resources in the task resources %s and executor resources %s", listText(t.Resources), listText(t.Executor.Resources))
			}
			return nil
		},
		func() error {
			return prefixed("Task and its executor use duplicate persistence ID: ", uniqueVolumes(both))
		},
		func() error {
			return prefixed("Task and its executor mix revocable and non-revocable resources: ", notMixed(both))
		},
	)
}

// validateRoom asks whether what is left of the offer is enough.
func (a *acceptance) validateRoom(t *v1.TaskInfo) error {
	need := resources.New(t.Resources)
	if e := t.Executor; e != nil && !a.runs(e) {
		need = need.Add(resources.New(e.Resources))
	}
	if have := a.available(); !have.Contains(need) {
		return fmt.Errorf("Total resources %s required by task and its executor is more than available %s", need, have)
	}
	return nil
}

// runs says whether the agent has that executor already.
func (a *acceptance) runs(e *v1.ExecutorInfo) bool {
	return a.agent.executors[executorKey{a.framework.id, e.GetExecutorId().GetValue()}] != nil
}
