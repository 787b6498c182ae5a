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
// operation, and how much of that is not as it was offered.
type acceptance struct {
	m         *Master
	framework *framework
	agent     *agent
	role      string
	left      resources.Resources // allocated to role
	converted resources.Resources // the part of left that operations made
}

// acceptLocked runs the operations of an ACCEPT one after another and gives
// back what they leave (master.cpp:3914-5368).
func (m *Master) acceptLocked(fw *framework, call *schedulerv1.Call_Accept) {
	offers, err := m.checkOffersLocked(fw, call.GetOfferIds())
	if err != nil {
		m.warnf("ACCEPT call used invalid offers of framework %s: %s", fw.id, err)
		for _, id := range call.GetOfferIds() {
			if o := m.offers[id.GetValue()]; o != nil {
				m.discardLocked(o, 0)
			}
		}
		m.dropAllLocked(fw, call.GetOperations(), v1.TaskStatus_REASON_INVALID_OFFERS, "Task launched with invalid offers: "+err.Error(), "Operation attempted with invalid offers: "+err.Error())
		return
	}
	fw.metrics.offersAccepted += len(offers)
	ag := offers[0].agent
	a := &acceptance{m: m, framework: fw, agent: ag, role: offers[0].role}
	for _, o := range offers {
		a.left = a.left.Add(o.resources)
		m.removeOfferLocked(o)
	}
	for _, op := range call.GetOperations() {
		op = proto.CloneOf(op)
		a.prepare(op)
		if !a.refuse(op) {
			a.run(op)
		}
	}
	a.giveBack(refusal(call.GetFilters()))
}

// giveBack returns what is left. What the framework simply did not use it does
// not see again for as long as refuse.
func (a *acceptance) giveBack(refuse time.Duration) {
	made := a.converted
	if !a.left.Contains(made) {
		made = made.Filter(func(it resources.Item) bool { return a.left.Contains(resources.Resources{it}) })
	}
	a.m.alloc.Recover(a.framework.id, a.agent.id, a.left.Sub(made), refuse)
	a.m.alloc.Recover(a.framework.id, a.agent.id, made, 0)
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
			if e.Type == nil || e.GetType() == v1.ExecutorInfo_UNKNOWN {
				e.Type = v1.ExecutorInfo_CUSTOM.Enum()
			}
		}
		inferHealthCheck(t.HealthCheck)
	}
	if g := op.LaunchGroup; g != nil {
		allocate(g.GetExecutor().GetResources(), roles)
		for _, t := range g.GetTaskGroup().GetTasks() {
			allocate(t.Resources, roles)
			inferHealthCheck(t.HealthCheck)
			if t.Executor == nil {
				t.Executor = g.Executor
			}
		}
	}
}

// inferHealthCheck sets the type of a check by what it has (before 1.2 there
// was no type).
func inferHealthCheck(h *v1.HealthCheck) {
	switch {
	case h == nil || h.Type != nil:
	case h.Command != nil:
		h.Type = v1.HealthCheck_COMMAND.Enum()
	case h.Http != nil:
		h.Type = v1.HealthCheck_HTTP.Enum()
	}
}

// refuse drops an operation that is wrong as a whole, before it runs.
func (a *acceptance) refuse(op *v1.Offer_Operation) bool {
	reason := v1.TaskStatus_REASON_TASK_INVALID
	if op.GetType() == v1.Offer_Operation_LAUNCH_GROUP {
		reason = v1.TaskStatus_REASON_TASK_GROUP_INVALID
	}
	err := validateOperationShape(op)
	if err == nil && a.gone() {
		text, why := "Agent disconnected", v1.TaskStatus_REASON_AGENT_DISCONNECTED
		a.m.dropLocked(a.framework, op, a.framework.lostState(), why, text, text)
		return true
	}
	if err == nil {
		err = a.checkFeedback(op)
	}
	if err != nil {
		a.m.dropLocked(a.framework, op, v1.TaskState_TASK_ERROR, reason, err.Error(), operationText(op, err))
		return true
	}
	return false
}

func (a *acceptance) gone() bool { return !a.agent.connected }

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
		a.framework.metrics.operations[op.GetType()]++
		for _, t := range op.GetLaunch().GetTaskInfos() {
			a.launch(t)
		}
	case v1.Offer_Operation_LAUNCH_GROUP:
		a.framework.metrics.operations[op.GetType()]++
		a.launchGroup(op.GetLaunchGroup())
	case v1.Offer_Operation_RESERVE, v1.Offer_Operation_UNRESERVE, v1.Offer_Operation_CREATE, v1.Offer_Operation_DESTROY,
		v1.Offer_Operation_GROW_VOLUME, v1.Offer_Operation_SHRINK_VOLUME, v1.Offer_Operation_CREATE_DISK, v1.Offer_Operation_DESTROY_DISK:
		a.framework.metrics.operations[op.GetType()]++
		a.convert(op)
	}
}

// launch runs one task of a LAUNCH; a bad one does not stop the others.
func (a *acceptance) launch(info *v1.TaskInfo) {
	if err := a.validateTask(info); err != nil {
		a.m.refuseTaskLocked(a.framework, info, v1.TaskState_TASK_ERROR, v1.TaskStatus_REASON_TASK_INVALID, err.Error())
		return
	}
	a.m.metrics.messages["launch_tasks"]++
	a.take(info)
	if info.Executor != nil {
		a.takeExecutor(info.Executor)
	}
	a.agent.send(&link.Run{Framework: a.framework.info, Tasks: []*v1.TaskInfo{info}, Executor: info.Executor})
}

// launchGroup runs all tasks of a group or none.
func (a *acceptance) launchGroup(g *v1.Offer_Operation_LaunchGroup) {
	tasks := g.GetTaskGroup().GetTasks()
	if err := a.validateGroup(g); err != nil {
		for _, t := range tasks {
			a.m.refuseTaskLocked(a.framework, t, v1.TaskState_TASK_ERROR, v1.TaskStatus_REASON_TASK_GROUP_INVALID, err.Error())
		}
		return
	}
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

// refuseTaskLocked tells a framework that a task will not be launched.
func (m *Master) refuseTaskLocked(fw *framework, info *v1.TaskInfo, state v1.TaskState, reason v1.TaskStatus_Reason, text string) {
	s := newStatus(info.GetTaskId().GetValue(), state, reason, text)
	s.AgentId = info.AgentId
	m.logf("Sending status update %s for task %s of framework %s '%s'", state, info.GetTaskId().GetValue(), fw.id, text)
	m.metrics.terminal(s)
	fw.send(updateEvent(s))
}

// dropAllLocked refuses every operation of an ACCEPT whose offers are no good.
func (m *Master) dropAllLocked(fw *framework, ops []*v1.Offer_Operation, reason v1.TaskStatus_Reason, taskText, opText string) {
	for _, op := range ops {
		m.dropLocked(fw, op, fw.lostState(), reason, taskText, opText)
	}
}

// dropLocked refuses one operation: an update for each task of a launch, an
// operation status where one was asked for, otherwise nothing.
func (m *Master) dropLocked(fw *framework, op *v1.Offer_Operation, state v1.TaskState, reason v1.TaskStatus_Reason, taskText, opText string) {
	switch op.GetType() {
	case v1.Offer_Operation_LAUNCH:
		for _, t := range op.GetLaunch().GetTaskInfos() {
			m.refuseTaskLocked(fw, t, state, reason, taskText)
		}
	case v1.Offer_Operation_LAUNCH_GROUP:
		for _, t := range op.GetLaunchGroup().GetTaskGroup().GetTasks() {
			m.refuseTaskLocked(fw, t, state, reason, taskText)
		}
	default:
		m.dropOperationLocked(fw, op, opText)
	}
}
