package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// validateGroup finds what is wrong with a LAUNCH_GROUP; one text goes to all
// its tasks (master/validation.cpp:1853-2215).
func (a *acceptance) validateGroup(g *v1.Offer_Operation_LaunchGroup) error {
	tasks, e := g.GetTaskGroup().GetTasks(), g.GetExecutor()
	return firstError(
		func() error { return a.validateGroupTasks(tasks) },
		func() error { return a.validateExecutorItself(e) },
		func() error { return validateGroupExecutor(tasks, e) },
		func() error { return enoughForExecutor(e) },
		func() error { return groupTogether(tasks, e) },
		func() error { return a.validateGroupRoom(tasks, e) },
		func() error { return a.validateShareCgroups(tasks, e) },
	)
}

func (a *acceptance) validateGroupTasks(tasks []*v1.TaskInfo) error {
	seen := map[string]bool{}
	for _, t := range tasks {
		id := t.GetTaskId().GetValue()
		if err := a.validateGroupTask(t); err != nil {
			return fmt.Errorf("Task '%s' is invalid: %w", id, err)
		}
		if seen[id] { // Mesos does not look, and dies of it
			return fmt.Errorf("Task '%s' is invalid: Task has duplicate ID: %s", id, id)
		}
		seen[id] = true
	}
	return nil
}

func (a *acceptance) validateGroupTask(t *v1.TaskInfo) error {
	if err := a.validateTaskItself(t); err != nil {
		return err
	}
	kind, share := t.GetHealthCheck().GetType(), t.GetContainer().GetLinuxInfo()
	switch {
	case len(t.GetContainer().GetNetworkInfos()) > 0 && (kind == v1.HealthCheck_HTTP || kind == v1.HealthCheck_TCP):
		return errors.New("HTTP and TCP health checks are not supported for nested containers not joining parent's network")
	case t.Container != nil && t.Container.GetType() == v1.ContainerInfo_DOCKER:
		return errors.New("Docker ContainerInfo is not supported on the task")
	case len(t.Limits) > 0 && (share == nil || share.GetShareCgroups()):
		return errors.New("Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'.")
	}
	return nil
}

func validateGroupExecutor(tasks []*v1.TaskInfo, e *v1.ExecutorInfo) error {
	switch {
	case e.Type == nil:
		return errors.New("'ExecutorInfo.type' must be set")
	case e.GetType() == v1.ExecutorInfo_UNKNOWN:
		return errors.New("Unknown executor type")
	case e.Container != nil && e.Container.GetType() == v1.ContainerInfo_DOCKER:
		return errors.New("Docker ContainerInfo is not supported on the executor")
	}
	for _, t := range tasks {
		if t.Executor != nil && !equalExecutors(t.Executor, e) {
			return fmt.Errorf("The `ExecutorInfo` of task '%s' is different from executor '%s'", t.GetTaskId().GetValue(), e.GetExecutorId().GetValue())
		}
	}
	return nil
}

// enoughForExecutor holds the executor of a group to Mesos' least amounts.
func enoughForExecutor(e *v1.ExecutorInfo) error {
	id, have := e.GetExecutorId().GetValue(), resources.New(e.GetResources())
	if n, ok := have.Scalar("cpus"); n < 10 {
		return fmt.Errorf("Executor '%s' uses less CPUs (%s) than the minimum required (0.01)", id, amountText(ok, streamFloat(float64(n)/1000)))
	}
	if n, ok := have.Scalar("mem"); n < 32000 {
		return fmt.Errorf("Executor '%s' uses less memory (%s) than the minimum required (32MB)", id, amountText(ok, megabytesText(n/1000)))
	}
	if _, ok := have.Scalar("disk"); !ok {
		return fmt.Errorf("Executor '%s' uses no disk", id)
	}
	return nil
}

func amountText(ok bool, text string) string {
	if !ok {
		return "None"
	}
	return text
}

// megabytesText writes whole megabytes below 1024.
func megabytesText(n int64) string {
	if n == 0 {
		return "0B"
	}
	return fmtInt(n) + "MB"
}

func groupTogether(tasks []*v1.TaskInfo, e *v1.ExecutorInfo) error {
	sum := resources.New(e.GetResources())
	lists, texts := [][]*v1.Resource{}, []string{}
	for _, t := range tasks {
		r := resources.New(t.Resources)
		sum = sum.Add(r)
		lists, texts = append(lists, t.Resources), append(texts, r.String())
	}
	return firstError(
		func() error {
			return prefixed("Task group and executor use duplicate persistence ID: ", uniqueVolumes(sum))
		},
		func() error {
			return prefixed("Task group and executor mix revocable and non-revocable resources: ", notMixed(sum))
		},
		func() error {
			if overlap(append(lists, e.GetResources())...) {
				return fmt.Errorf("There are overlapping resources in the task group's task resources [ %s ] and/or executor resources %s", strings.Join(texts, ", "), listText(e.GetResources()))
			}
			return nil
		},
	)
}

func (a *acceptance) validateGroupRoom(tasks []*v1.TaskInfo, e *v1.ExecutorInfo) error {
	var need resources.Resources
	for _, t := range tasks {
		need = need.Add(resources.New(t.Resources))
	}
	if !a.runs(e) {
		need = need.Add(resources.New(e.GetResources()))
	}
	if !a.left.Contains(need) {
		return fmt.Errorf("Total resources %s required by task group and its executor are more than available %s", need, a.left)
	}
	return nil
}

// validateShareCgroups asks that all tasks below one executor share its
// cgroups, or none does.
func (a *acceptance) validateShareCgroups(tasks []*v1.TaskInfo, e *v1.ExecutorInfo) error {
	if l := e.GetContainer().GetLinuxInfo(); l != nil && l.ShareCgroups != nil && l.GetShareCgroups() {
		return errors.New("The 'share_cgroups' field cannot be set to 'true' on executor containers")
	}
	if len(tasks) == 0 {
		return nil
	}
	share := sharesCgroups(tasks[0].Container)
	others := []*v1.ContainerInfo{}
	for _, t := range tasks {
		others = append(others, t.Container)
	}
	if a.runs(e) {
		for _, t := range append(a.framework.sortedTasks(), a.framework.unreachable.all()...) {
			if t.agent() == a.agent.id && t.proto.ExecutorId != nil && t.proto.GetExecutorId().GetValue() == e.GetExecutorId().GetValue() {
				others = append(others, t.proto.Container)
			}
		}
	}
	for _, c := range others {
		if sharesCgroups(c) != share {
			return errors.New("If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor")
		}
	}
	return nil
}

// sharesCgroups of a task's container; it does unless told otherwise.
func sharesCgroups(c *v1.ContainerInfo) bool {
	l := c.GetLinuxInfo()
	return l == nil || l.GetShareCgroups()
}
