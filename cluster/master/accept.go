package master

import (
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// acceptance is one ACCEPT on its way: what of the offers is left after each
// operation.
type acceptance struct {
	m         *Master
	framework *framework
	agent     *agent
	role      string
	offered   resources.Resources // allocated to role, as all here
	left      resources.Resources
	shared    resources.Resources // copies of shared volumes, those in use too
	resized   resources.Resources // volumes that were grown or shrunk
}

// acceptLocked runs the operations of an ACCEPT one after another and gives
// back what they leave (master.cpp:3914-5368).
func (m *Master) acceptLocked(fw *framework, call *schedulerv1.Call_Accept) {
	for _, op := range call.GetOperations() {
		switch {
		case op.GetType() != v1.Offer_Operation_LAUNCH:
		case len(op.GetLaunch().GetTaskInfos()) > 0:
			m.metrics.messages["launch_tasks"]++
		default:
			m.metrics.messages["decline_offers"]++
		}
	}
	offers, err := m.checkOffersLocked(fw, call.GetOfferIds())
	if err != nil {
		m.warnf("ACCEPT call used invalid offers of framework %s: %s", fw.id, err)
		for _, id := range call.GetOfferIds() {
			if o := m.offers[id.GetValue()]; o != nil {
				m.discardLocked(o, 0)
			}
		}
		for _, op := range call.GetOperations() {
			m.dropLocked(fw, op, refusalOf{fw.lostState(), v1.TaskStatus_REASON_INVALID_OFFERS, "Task launched with invalid offers: " + err.Error(), "Operation attempted with invalid offers: " + err.Error()})
		}
		return
	}
	a := &acceptance{m: m, framework: fw, agent: offers[0].agent, role: offers[0].role}
	ops := a.prepareAll(call.GetOperations())
	fw.metrics.offersAccepted += len(offers)
	for _, o := range offers {
		a.offered = a.offered.Add(o.resources)
		m.removeOfferLocked(o)
	}
	a.left, a.shared = a.offered, a.offered.Filter(resources.Item.Shared)
	for _, op := range ops {
		a.run(op)
	}
	a.giveBack(refusal(call.GetFilters()))
}

// prepareAll refuses the operations that are wrong as a whole, before any runs,
// and fills in what frameworks may leave out of the others.
func (a *acceptance) prepareAll(ops []*v1.Offer_Operation) []*v1.Offer_Operation {
	var out []*v1.Offer_Operation
	for _, op := range ops {
		op = proto.CloneOf(op)
		reason := v1.TaskStatus_REASON_TASK_INVALID
		if op.GetType() == v1.Offer_Operation_LAUNCH_GROUP {
			reason = v1.TaskStatus_REASON_TASK_GROUP_INVALID
		}
		if op.GetType() == v1.Offer_Operation_UNKNOWN {
			a.m.warnf("Ignoring unknown operation")
		} else if err := validateShape(op); err != nil {
			a.m.dropLocked(a.framework, op, refusalOf{v1.TaskState_TASK_ERROR, reason, err.Error(), "Operation attempted with invalid resources: " + err.Error()})
		} else if err := a.checkFeedback(op); err != nil {
			a.m.dropLocked(a.framework, op, refusalOf{v1.TaskState_TASK_ERROR, reason, err.Error(), err.Error()})
		} else {
			a.prepare(op)
			out = append(out, op)
		}
	}
	return out
}

// giveBack returns what is left. What the framework simply did not use it does
// not see again for as long as refuse.
func (a *acceptance) giveBack(refuse time.Duration) {
	made := a.left.Add(a.resized).Sub(a.offered)
	a.m.alloc.Recover(a.framework.id, a.agent.id, made, 0)
	a.m.alloc.Recover(a.framework.id, a.agent.id, a.left.Sub(made), refuse)
}

// available is what a task may use: of shared volumes also the copies that
// other tasks of the same ACCEPT use.
func (a *acceptance) available() resources.Resources {
	if len(a.shared) == 0 {
		return a.left
	}
	return a.left.Filter(func(it resources.Item) bool { return !it.Shared() }).Add(a.shared)
}

// prepare fills in what frameworks may leave out.
func (a *acceptance) prepare(op *v1.Offer_Operation) {
	roles := []string{a.role}
	for _, list := range operationResources(op) {
		allocate(list, roles)
	}
	for _, t := range op.GetLaunch().GetTaskInfos() {
		allocate(t.Resources, roles)
		if e := t.Executor; e != nil {
			allocate(e.Resources, roles)
			if e.FrameworkId == nil {
				e.FrameworkId = frameworkID(a.framework.id)
			}
		}
		inferHealthCheck(t.HealthCheck)
	}
	if g := op.LaunchGroup; g != nil {
		allocate(g.GetExecutor().GetResources(), roles)
		for _, t := range g.GetTaskGroup().GetTasks() {
			allocate(t.Resources, roles)
			allocate(t.GetExecutor().GetResources(), roles)
			if t.Executor == nil {
				t.Executor = proto.CloneOf(g.Executor)
			}
		}
	}
}

// inferHealthCheck sets the type of a check by what it has (before 1.2 there
// was no type).
func inferHealthCheck(h *v1.HealthCheck) {
	switch {
	case h == nil || h.Type != nil:
	case h.Command != nil && h.Http == nil:
		h.Type = v1.HealthCheck_COMMAND.Enum()
	case h.Http != nil && h.Command == nil:
		h.Type = v1.HealthCheck_HTTP.Enum()
	}
}

// lostState is what becomes of a task that never got to an agent.
func (fw *framework) lostState() v1.TaskState {
	if fw.caps.partitionAware {
		return v1.TaskState_TASK_DROPPED
	}
	return v1.TaskState_TASK_LOST
}

func (a *acceptance) run(op *v1.Offer_Operation) {
	switch op.GetType() {
	case v1.Offer_Operation_LAUNCH:
		for _, t := range op.GetLaunch().GetTaskInfos() {
			a.launch(t)
		}
	case v1.Offer_Operation_LAUNCH_GROUP:
		a.launchGroup(op.GetLaunchGroup())
	default:
		a.convert(op)
	}
}

// launch runs one task of a LAUNCH; a bad one does not stop the others.
func (a *acceptance) launch(info *v1.TaskInfo) {
	if err := a.validateTask(info); err != nil {
		a.m.refuseTaskLocked(a.framework, info, refusalOf{v1.TaskState_TASK_ERROR, v1.TaskStatus_REASON_TASK_INVALID, err.Error(), ""})
		return
	}
	a.framework.metrics.operations[v1.Offer_Operation_LAUNCH]++
	a.takeShared(info)
	a.take(info)
	if info.Executor != nil {
		a.takeExecutor(info.Executor)
	}
	a.agent.send(&link.Run{Framework: a.framework.info, Tasks: []*v1.TaskInfo{info}, Executor: info.Executor})
}

// takeShared allocates a further copy of each shared volume that the task uses
// and no copy of is left.
func (a *acceptance) takeShared(info *v1.TaskInfo) {
	use := resources.New(info.Resources).Filter(resources.Item.Shared)
	if more := use.Sub(a.left.Filter(resources.Item.Shared)); len(more) > 0 {
		a.m.alloc.Hold(a.framework.id, a.agent.id, more)
		a.left = a.left.Add(more)
	}
}

// launchGroup runs all tasks of a group or none.
func (a *acceptance) launchGroup(g *v1.Offer_Operation_LaunchGroup) {
	tasks := g.GetTaskGroup().GetTasks()
	if err := a.validateGroup(g); err != nil {
		for _, t := range tasks {
			a.m.refuseTaskLocked(a.framework, t, refusalOf{v1.TaskState_TASK_ERROR, v1.TaskStatus_REASON_TASK_GROUP_INVALID, err.Error(), ""})
		}
		return
	}
	a.framework.metrics.operations[v1.Offer_Operation_LAUNCH_GROUP]++
	a.takeExecutor(g.GetExecutor())
	for _, t := range tasks {
		a.take(t)
	}
	if len(tasks) > 0 {
		a.agent.send(&link.Run{Framework: a.framework.info, Tasks: tasks, Executor: g.Executor, Group: true})
	}
}

func (a *acceptance) take(info *v1.TaskInfo) {
	t := a.m.addTaskLocked(a.framework, a.agent, info)
	a.left = a.left.Sub(t.resources)
	a.m.logf("Launching task %s of framework %s with resources %s on agent %s", info.GetTaskId().GetValue(), a.framework.id, t.resources, a.agent.id)
}

func (a *acceptance) takeExecutor(info *v1.ExecutorInfo) {
	key := executorKey{a.framework.id, info.GetExecutorId().GetValue()}
	if a.agent.executors[key] != nil {
		return
	}
	a.m.addExecutorLocked(a.agent, a.framework.id, info)
	a.left = a.left.Sub(a.agent.executors[key].resources)
}

// refusalOf is what becomes of the tasks of a refused launch, or what is said of
// another refused operation.
type refusalOf struct {
	state  v1.TaskState
	reason v1.TaskStatus_Reason
	text   string // for tasks
	opText string // for operations
}

// refuseTaskLocked tells a framework that a task will not be launched.
func (m *Master) refuseTaskLocked(fw *framework, info *v1.TaskInfo, r refusalOf) {
	s := newStatus(info.GetTaskId().GetValue(), r.state, r.reason, r.text)
	s.AgentId = info.AgentId
	m.logf("Sending status update %s for task %s of framework %s '%s'", r.state, info.GetTaskId().GetValue(), fw.id, r.text)
	m.metrics.terminal(s)
	fw.send(updateEvent(s))
}

// dropLocked refuses one operation: an update for each task of a launch, an
// operation status where one was asked for, otherwise nothing.
func (m *Master) dropLocked(fw *framework, op *v1.Offer_Operation, r refusalOf) {
	switch op.GetType() {
	case v1.Offer_Operation_LAUNCH:
		for _, t := range op.GetLaunch().GetTaskInfos() {
			m.refuseTaskLocked(fw, t, r)
		}
	case v1.Offer_Operation_LAUNCH_GROUP:
		for _, t := range op.GetLaunchGroup().GetTaskGroup().GetTasks() {
			m.refuseTaskLocked(fw, t, r)
		}
	default:
		m.dropOperationLocked(fw, op, r.opText)
	}
}
