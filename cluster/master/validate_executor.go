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

// validateExecutorItself are the checks that executors of tasks and of groups
// share (master/validation.cpp:1143-1420).
func (a *acceptance) validateExecutorItself(e *v1.ExecutorInfo) error {
	return firstError(
		func() error { return validateExecutorType(e) },
		func() error { return validateID(e.GetExecutorId().GetValue()) },
		func() error {
			if e.GetShutdownGracePeriod().GetNanoseconds() < 0 {
				return errors.New("ExecutorInfo's 'shutdown_grace_period' must be non-negative")
			}
			return nil
		},
		func() error {
			return prefixed("Executor's `CommandInfo` is invalid: ", resources.ValidateCommand(e.Command))
		},
		func() error {
			return prefixed("Executor's `ContainerInfo` is invalid: ", resources.ValidateContainer(e.Container))
		},
		func() error { return a.validateExecutorFramework(e) },
		func() error { return validateExecutorResources(e) },
		func() error { return a.sameExecutor(e) },
	)
}

// validateExecutorType lets pass what it does not know.
func validateExecutorType(e *v1.ExecutorInfo) error {
	switch e.GetType() {
	case v1.ExecutorInfo_CUSTOM:
		if e.Command == nil {
			return errors.New("'ExecutorInfo.command' must be set for 'CUSTOM' executor")
		}
	case v1.ExecutorInfo_DEFAULT:
		switch c := e.Container; {
		case e.Command != nil:
			return errors.New("'ExecutorInfo.command' must not be set for 'DEFAULT' executor")
		case c == nil:
		case c.GetType() != v1.ContainerInfo_MESOS:
			return errors.New("'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor")
		case c.GetMesos().GetImage() != nil:
			return errors.New("'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor")
		}
	}
	return nil
}

func (a *acceptance) validateExecutorFramework(e *v1.ExecutorInfo) error {
	switch {
	case e.FrameworkId == nil:
		return errors.New("'ExecutorInfo.framework_id' must be set")
	case e.GetFrameworkId().GetValue() != a.framework.id:
		return fmt.Errorf("ExecutorInfo has an invalid FrameworkID (Actual: %s vs Expected: %s)", e.GetFrameworkId().GetValue(), a.framework.id)
	}
	return nil
}

func validateExecutorResources(e *v1.ExecutorInfo) error {
	sum := resources.New(e.Resources)
	return firstError(
		func() error { return prefixed("Executor uses invalid resources: ", validateResources(e.Resources)) },
		func() error { return prefixed("Executor uses duplicate persistence ID: ", uniqueVolumes(sum)) },
		func() error { return prefixed("Invalid executor resources: ", oneRole(sum)) },
		func() error { return prefixed("Executor mixes revocable and non-revocable resources: ", notMixed(sum)) },
	)
}

// sameExecutor refuses another description of an executor that is there.
func (a *acceptance) sameExecutor(e *v1.ExecutorInfo) error {
	have := a.agent.executors[executorKey{a.framework.id, e.GetExecutorId().GetValue()}]
	if have == nil || equalExecutors(have.info, e) {
		return nil
	}
	line := strings.Repeat("-", 60)
	return fmt.Errorf("ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n%s\nExisting ExecutorInfo:\n%s\n%s\nExecutorInfo:\n%s\n%s\n",
		line, debugText(have.info), line, debugText(e), line)
}

// equalExecutors compares what Mesos does: neither labels nor the grace period,
// resources as a sum, URIs in any order (common/type_utils.cpp:43-408).
func equalExecutors(a, b *v1.ExecutorInfo) bool {
	if !resources.New(a.Resources).Equal(resources.New(b.Resources)) {
		return false
	}
	return proto.Equal(comparedFields(a), comparedFields(b))
}

func comparedFields(e *v1.ExecutorInfo) *v1.ExecutorInfo {
	out := proto.CloneOf(e)
	out.Resources, out.Labels, out.ShutdownGracePeriod = nil, nil, nil
	out.Name, out.Source = proto.String(e.GetName()), proto.String(e.GetSource())
	if c := out.Command; c != nil {
		for _, u := range c.Uris {
			u.Cache = nil
		}
		slices.SortFunc(c.Uris, func(a, b *v1.CommandInfo_URI) int { return strings.Compare(a.GetValue(), b.GetValue()) })
	}
	return out
}
