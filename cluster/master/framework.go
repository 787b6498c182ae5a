package master

import (
	"slices"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/master/allocator"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// framework is a framework that this master knows, subscribed or not. It is
// guarded by Master.mu.
type framework struct {
	id    string
	info  *v1.FrameworkInfo // with id; replaced, never changed
	caps  capabilities
	roles []string // one for frameworks without MULTI_ROLE

	constraints *schedulerv1.OfferConstraints
	stream      *stream // of the last subscription
	connected   bool
	active      bool
	recovered   bool // told by an agent, scheduler not yet here

	registered, reregistered, unregistered time.Time
	failover                               *time.Timer

	tasks       map[string]*task
	unreachable *bounded[*task]
	completed   *bounded[*task]
	offers      map[string]*offer
	inverse     map[string]*inverseOffer
	operations  []*operation
	metrics     frameworkMetrics
}

// capabilities are those of FrameworkInfo that make a difference here.
type capabilities struct {
	partitionAware, taskKilling, multiRole, refinement bool
	shared, gpu, revocable                             bool
	names                                              []string
}

func capabilitiesOf(info *v1.FrameworkInfo) capabilities {
	var c capabilities
	for _, cap := range info.GetCapabilities() {
		c.names = append(c.names, cap.GetType().String())
		switch cap.GetType() {
		case v1.FrameworkInfo_Capability_PARTITION_AWARE:
			c.partitionAware = true
		case v1.FrameworkInfo_Capability_TASK_KILLING_STATE:
			c.taskKilling = true
		case v1.FrameworkInfo_Capability_MULTI_ROLE:
			c.multiRole = true
		case v1.FrameworkInfo_Capability_RESERVATION_REFINEMENT:
			c.refinement = true
		case v1.FrameworkInfo_Capability_SHARED_RESOURCES:
			c.shared = true
		case v1.FrameworkInfo_Capability_GPU_RESOURCES:
			c.gpu = true
		case v1.FrameworkInfo_Capability_REVOCABLE_RESOURCES:
			c.revocable = true
		}
	}
	return c
}

// format in which the framework reads and is told resources.
func (c capabilities) format() resources.Format {
	if c.refinement {
		return resources.Refined
	}
	return resources.Plain
}

func rolesOf(info *v1.FrameworkInfo, c capabilities) []string {
	if c.multiRole {
		return info.GetRoles()
	}
	return []string{info.GetRole()}
}

// in says whether the framework is in a role.
func (fw *framework) in(role string) bool { return slices.Contains(fw.roles, role) }

func (m *Master) newFramework(info *v1.FrameworkInfo) *framework {
	fw := &framework{
		id: info.GetId().GetValue(), registered: time.Now(),
		tasks:       map[string]*task{},
		unreachable: newBounded[*task](m.opts.MaxUnreachableTasks),
		completed:   newBounded[*task](m.opts.MaxCompletedTasksPerFramework),
		offers:      map[string]*offer{}, inverse: map[string]*inverseOffer{},
	}
	fw.metrics.init()
	fw.setInfo(info)
	return fw
}

func (fw *framework) setInfo(info *v1.FrameworkInfo) {
	fw.info = info
	fw.caps = capabilitiesOf(info)
	fw.roles = rolesOf(info, fw.caps)
}

// allocatorView is what the allocator has to know of fw.
func (m *Master) allocatorView(fw *framework, suppressed []string) allocator.Framework {
	if len(suppressed) == 0 && !fw.caps.multiRole {
		suppressed = nil
	}
	return allocator.Framework{
		ID: fw.id, Roles: fw.roles, Suppressed: suppressed,
		Capabilities:   allocator.Capabilities{Revocable: fw.caps.revocable, GPU: fw.caps.gpu, Shared: fw.caps.shared, Refinement: fw.caps.refinement},
		MinAllocatable: minAllocatable(fw.info),
		Accepts:        m.acceptsAgents(fw.constraints),
	}
}

func minAllocatable(info *v1.FrameworkInfo) map[string][]resources.Quantities {
	if len(info.GetOfferFilters()) == 0 {
		return nil
	}
	out := map[string][]resources.Quantities{}
	for role, f := range info.GetOfferFilters() {
		if f.MinAllocatableResources == nil {
			continue
		}
		out[role] = []resources.Quantities{}
		for _, q := range f.GetMinAllocatableResources().GetQuantities() {
			want := resources.Quantities{}
			for name, s := range q.GetQuantities() {
				want[name] = resources.Milli(s.GetValue())
			}
			out[role] = append(out[role], want)
		}
	}
	return out
}

// disconnected is called when the answer of a subscription has ended: by the
// scheduler leaving, or by the master.
func (m *Master) disconnected(s *stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, fw := range m.frameworks {
		if fw.stream == s && fw.connected {
			m.disconnectFrameworkLocked(fw)
			return
		}
	}
}

// disconnectFrameworkLocked gives the framework failover_timeout to come back.
func (m *Master) disconnectFrameworkLocked(fw *framework) {
	timeout := time.Duration(max(0, fw.info.GetFailoverTimeout()) * float64(time.Second))
	m.logf("Framework %s (%s) disconnected; giving it %s to failover", fw.id, fw.info.GetName(), timeout)
	fw.connected, fw.active, fw.stream = false, false, nil
	m.alloc.Deactivate(fw.id)
	m.forgetInverseFiltersLocked(fw)
	m.dropOffersLocked(fw, false)
	if m.stopped {
		return
	}
	stopTimer(fw.failover)
	fw.failover = m.after(timeout, func() {
		if m.frameworks[fw.id] == fw && !fw.connected {
			m.logf("Framework failover timeout, removing framework %s (%s)", fw.id, fw.info.GetName())
			m.removeFrameworkLocked(fw)
		}
	})
}

// dropOffersLocked takes all offers of fw back, told or not.
func (m *Master) dropOffersLocked(fw *framework, tell bool) {
	for _, o := range sortedOffers(fw.offers) {
		if tell {
			m.rescindLocked(o)
		} else {
			m.discardLocked(o, 0)
		}
	}
	for _, o := range fw.inverse {
		m.removeInverseLocked(o, tell)
	}
}

// removeFrameworkLocked ends a framework: TEARDOWN, the operator's, or its
// failover timeout. The scheduler is told nothing; its stream ends.
func (m *Master) removeFrameworkLocked(fw *framework) {
	m.logf("Removing framework %s (%s)", fw.id, fw.info.GetName())
	stopTimer(fw.failover)
	m.dropOffersLocked(fw, false)
	if fw.stream != nil {
		fw.stream.finish()
	}
	fw.connected, fw.active, fw.recovered, fw.stream = false, false, false, nil
	for _, ag := range m.agents {
		if ag.connected {
			ag.send(&link.ShutdownFramework{FrameworkID: fw.id})
		}
	}
	for _, t := range fw.sortedTasks() {
		m.updateTaskLocked(fw, t, m.masterStatus(t, v1.TaskState_TASK_KILLED, v1.TaskStatus_REASON_FRAMEWORK_REMOVED, "Framework "+fw.id+" removed"), nil)
		m.completeTaskLocked(fw, t)
	}
	for _, t := range fw.unreachable.all() {
		m.updateTaskLocked(fw, t, m.masterStatus(t, v1.TaskState_TASK_KILLED, v1.TaskStatus_REASON_FRAMEWORK_REMOVED, "Framework "+fw.id+" removed"), nil)
		fw.completed.add(t)
	}
	fw.unreachable.remove(func(*task) bool { return true })
	for _, ag := range m.agents {
		m.removeExecutorsLocked(ag, fw.id)
	}
	fw.operations = nil // the agents report them still, and the master acknowledges
	fw.unregistered = time.Now()
	m.alloc.RemoveFramework(fw.id)
	delete(m.frameworks, fw.id)
	m.completed.add(fw)
	m.tellOperatorsLocked(frameworkRemovedEvent(fw))
}

// removedLocked says whether a framework with this id ended at this master.
func (m *Master) removedLocked(id string) bool {
	return slices.ContainsFunc(m.completed.all(), func(fw *framework) bool { return fw.id == id })
}

// sortedTasks, in the order of their launch.
func (fw *framework) sortedTasks() []*task {
	out := make([]*task, 0, len(fw.tasks))
	for _, t := range fw.tasks {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *task) int { return a.seq - b.seq })
	return out
}

// updateFrameworkLocked replaces what is known of fw, and says whether that changed
// its info.
func (m *Master) updateFrameworkLocked(fw *framework, info *v1.FrameworkInfo, c *schedulerv1.OfferConstraints, suppressed []string) (changed bool) {
	changed = !proto.Equal(fw.info, info)
	fw.setInfo(info)
	fw.constraints = c
	for _, o := range sortedOffers(fw.offers) {
		if !slices.Contains(fw.roles, o.role) {
			m.rescindLocked(o)
		}
	}
	m.alloc.UpdateFramework(m.allocatorView(fw, suppressed))
	m.forgetInverseFiltersLocked(fw)
	return changed
}

// tellAgentsLocked gives the agents that run a framework its info. They send again
// what it has not acknowledged.
func (m *Master) tellAgentsLocked(fw *framework) {
	for _, ag := range m.agents {
		if ag.connected && ag.runs(fw.id) {
			ag.send(&link.UpdateFramework{Framework: fw.info})
		}
	}
}

// chosen are the roles that a call means: those given, or all. ok is false
// when one of them is not the framework's.
func (fw *framework) chosen(roles []string) (list []string, ok bool) {
	if len(roles) == 0 {
		return fw.roles, true
	}
	for _, r := range roles {
		if !slices.Contains(fw.roles, r) {
			return nil, false
		}
	}
	return roles, true
}
