package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// validateGroup finds what is wrong with a LAUNCH_GROUP; one text goes to all
// its tasks (facts 3.5).
func (a *acceptance) validateGroup(g *v1.Offer_Operation_LaunchGroup) error {
	tasks, e := g.GetTaskGroup().GetTasks(), g.GetExecutor()
	return firstError(
		func() error { return a.validateGroupTasks(tasks, e) },
		func() error { return sameShareCgroups(tasks) },
		func() error { return a.validateGroupExecutor(e) },
		func() error { return a.sameExecutor(e) },
		func() error { return a.enoughForExecutor(e) },
		func() error { return groupTogether(tasks, e) },
		func() error { return a.validateGroupRoom(tasks, e) },
	)
}

func (a *acceptance) validateGroupTasks(tasks []*v1.TaskInfo, e *v1.ExecutorInfo) error {
	seen := map[string]bool{}
	for _, t := range tasks {
		id := t.GetTaskId().GetValue()
		if err := a.validateGroupTask(t, e, seen[id]); err != nil {
			return fmt.Errorf("Task '%s' is invalid: %w", id, err)
		}
		seen[id] = true
	}
	for _, t := range tasks {
		if t.Executor != nil && !proto.Equal(t.Executor, e) {
			return fmt.Errorf("The `ExecutorInfo` of task '%s' is different from executor '%s'", t.GetTaskId().GetValue(), e.GetExecutorId().GetValue())
		}
	}
	return nil
}

func (a *acceptance) validateGroupTask(t *v1.TaskInfo, e *v1.ExecutorInfo, twice bool) error {
	if err := a.validateTaskItself(t); err != nil {
		return err
	}
	own := len(t.GetContainer().GetNetworkInfos()) > 0
	share := t.GetContainer().GetLinuxInfo()
	switch {
	case twice:
		return fmt.Errorf("Task has duplicate ID: %s", t.GetTaskId().GetValue())
	case t.GetContainer().GetDocker() != nil:
		return errors.New("Docker ContainerInfo is not supported on the task")
	case own && (t.GetHealthCheck().GetHttp() != nil || t.GetHealthCheck().GetTcp() != nil):
		return errors.New("HTTP and TCP health checks are not supported for nested containers not joining parent's network")
	case len(t.Limits) > 0 && (share == nil || share.GetShareCgroups()):
		return errors.New("Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'.")
	}
	return nil
}

func sameShareCgroups(tasks []*v1.TaskInfo) error {
	for _, t := range tasks {
		if t.GetContainer().GetLinuxInfo().GetShareCgroups() != tasks[0].GetContainer().GetLinuxInfo().GetShareCgroups() {
			return errors.New("If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor")
		}
	}
	return nil
}

func (a *acceptance) validateGroupExecutor(e *v1.ExecutorInfo) error {
	return firstError(
		func() error { return validateExecutorType(e) },
		func() error { return a.validateExecutorItself(e) },
		func() error {
			if e.GetContainer().GetDocker() != nil {
				return errors.New("Docker ContainerInfo is not supported on the executor")
			}
			return nil
		},
	)
}

func validateExecutorType(e *v1.ExecutorInfo) error {
	switch {
	case e.Type == nil:
		return errors.New("'ExecutorInfo.type' must be set")
	case e.GetType() == v1.ExecutorInfo_UNKNOWN:
		return errors.New("Unknown executor type")
	case e.FrameworkId == nil:
		return errors.New("'ExecutorInfo.framework_id' must be set")
	case e.GetType() != v1.ExecutorInfo_DEFAULT:
		return nil
	case e.Command != nil:
		return errors.New("'ExecutorInfo.command' must not be set for 'DEFAULT' executor")
	case e.Container != nil && e.Container.GetType() != v1.ContainerInfo_MESOS:
		return errors.New("'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor")
	case e.GetContainer().GetMesos().GetImage() != nil:
		return errors.New("'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor")
	}
	return nil
}

// enoughForExecutor holds the executor of a group to Mesos' least amounts,
// unless it runs already.
func (a *acceptance) enoughForExecutor(e *v1.ExecutorInfo) error {
	id := e.GetExecutorId().GetValue()
	if a.agent.executors[executorKey{a.framework.id, id}] != nil {
		return nil
	}
	have := resources.New(e.GetResources())
	if n, ok := have.Scalar("cpus"); n < 10 {
		return fmt.Errorf("Executor '%s' uses less CPUs (%s) than the minimum required (0.01)", id, amountText(n, ok, ""))
	}
	if n, ok := have.Scalar("mem"); n < 32000 {
		return fmt.Errorf("Executor '%s' uses less memory (%s) than the minimum required (32MB)", id, amountText(n, ok, "MB"))
	}
	if _, ok := have.Scalar("disk"); !ok {
		return fmt.Errorf("Executor '%s' uses no disk", id)
	}
	return nil
}

func amountText(milli int64, ok bool, unit string) string {
	if !ok {
		return "None"
	}
	return fmtFloat(float64(milli)/1000) + unit
}

func groupTogether(tasks []*v1.TaskInfo, e *v1.ExecutorInfo) error {
	all := append([]*v1.Resource{}, e.GetResources()...)
	for _, t := range tasks {
		all = append(all, t.Resources...)
	}
	if id := twiceUsedVolume(all); id != "" {
		return fmt.Errorf("Task group and executor use duplicate persistence ID: Persistence ID '%s' is not unique", id)
	}
	return prefixed("Task group and executor mix revocable and non-revocable resources: ", notMixed(all))
}

func (a *acceptance) validateGroupRoom(tasks []*v1.TaskInfo, e *v1.ExecutorInfo) error {
	var need resources.Resources
	for _, t := range tasks {
		need = need.Add(resources.New(t.Resources))
	}
	if a.agent.executors[executorKey{a.framework.id, e.GetExecutorId().GetValue()}] == nil {
		need = need.Add(resources.New(e.GetResources()))
	}
	if !a.left.Contains(need) {
		return fmt.Errorf("Total resources %s required by task group and its executor are more than available %s", need, a.left)
	}
	return nil
}
