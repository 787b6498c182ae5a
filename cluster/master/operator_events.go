package master

import (
	"time"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// What goes to subscribers of the operator API. Each event is made of copies.

func (m *Master) tellOperatorsLocked(e *masterv1.Event) {
	for _, s := range m.operators {
		s.send(e)
	}
}

func taskAddedEvent(t *task) *masterv1.Event {
	return &masterv1.Event{Type: masterv1.Event_TASK_ADDED.Enum(), TaskAdded: &masterv1.Event_TaskAdded{Task: t.message()}}
}

func taskUpdatedEvent(framework string, s *v1.TaskStatus, state v1.TaskState) *masterv1.Event {
	return &masterv1.Event{Type: masterv1.Event_TASK_UPDATED.Enum(), TaskUpdated: &masterv1.Event_TaskUpdated{
		FrameworkId: frameworkID(framework), Status: s, State: state.Enum(),
	}}
}

func agentAddedEvent(ag *agent) *masterv1.Event {
	return &masterv1.Event{Type: masterv1.Event_AGENT_ADDED.Enum(), AgentAdded: &masterv1.Event_AgentAdded{Agent: ag.message()}}
}

func agentRemovedEvent(id string) *masterv1.Event {
	return &masterv1.Event{Type: masterv1.Event_AGENT_REMOVED.Enum(), AgentRemoved: &masterv1.Event_AgentRemoved{AgentId: agentID(id)}}
}

func frameworkAddedEvent(fw *framework) *masterv1.Event {
	return &masterv1.Event{Type: masterv1.Event_FRAMEWORK_ADDED.Enum(), FrameworkAdded: &masterv1.Event_FrameworkAdded{Framework: fw.eventMessage()}}
}

func frameworkUpdatedEvent(fw *framework) *masterv1.Event {
	return &masterv1.Event{Type: masterv1.Event_FRAMEWORK_UPDATED.Enum(), FrameworkUpdated: &masterv1.Event_FrameworkUpdated{Framework: fw.eventMessage()}}
}

func frameworkRemovedEvent(fw *framework) *masterv1.Event {
	return &masterv1.Event{Type: masterv1.Event_FRAMEWORK_REMOVED.Enum(), FrameworkRemoved: &masterv1.Event_FrameworkRemoved{FrameworkInfo: fw.info}}
}

// operatorBeat is the HEARTBEAT of an operator's stream.
func operatorBeat() proto.Message { return &masterv1.Event{Type: masterv1.Event_HEARTBEAT.Enum()} }

// message is a copy of the task that can leave the lock; statuses are never
// changed, only replaced.
func (t *task) message() *v1.Task {
	c := &v1.Task{
		Name: t.proto.Name, TaskId: t.proto.TaskId, FrameworkId: t.proto.FrameworkId, ExecutorId: t.proto.ExecutorId,
		AgentId: t.proto.AgentId, State: t.proto.State, Resources: t.proto.Resources,
		Statuses:          append([]*v1.TaskStatus(nil), t.proto.Statuses...),
		StatusUpdateState: t.proto.StatusUpdateState, StatusUpdateUuid: t.proto.StatusUpdateUuid,
		Labels: t.proto.Labels, Discovery: t.proto.Discovery, Container: t.proto.Container,
		HealthCheck: t.proto.HealthCheck, KillPolicy: t.proto.KillPolicy, User: t.proto.User, Limits: t.proto.Limits,
	}
	return c
}

// message is the agent as the operator API tells it.
func (ag *agent) message() *masterv1.Response_GetAgents_Agent {
	used, offered := ag.used(), ag.offered()
	out := &masterv1.Response_GetAgents_Agent{
		AgentInfo: ag.info, Active: proto.Bool(ag.active()), Deactivated: proto.Bool(ag.deactivated),
		Version: proto.String(ag.version), Pid: proto.String(ag.pid), RegisteredTime: timeInfo(ag.registered),
		TotalResources:     ag.total.Proto(resources.Endpoint),
		AllocatedResources: used.Proto(resources.Endpoint),
		OfferedResources:   offered.Proto(resources.Endpoint),
		DrainInfo:          ag.drain,
	}
	if !ag.reregistered.IsZero() {
		out.ReregisteredTime = timeInfo(ag.reregistered)
	}
	if !ag.drainStart.IsZero() {
		out.EstimatedDrainStartTime = timeInfo(ag.drainStart)
	}
	for _, c := range ag.capabilities {
		out.Capabilities = append(out.Capabilities, &v1.AgentInfo_Capability{Type: c.Enum()})
	}
	return out
}

// used is what tasks and executors of the agent hold.
func (ag *agent) used() resources.Resources {
	var sum resources.Resources
	for _, t := range ag.sortedTasks() {
		if !t.freed {
			sum = sum.Add(t.resources)
		}
	}
	for _, key := range ag.sortedExecutors() {
		sum = sum.Add(ag.executors[key].resources)
	}
	return sum
}

func (ag *agent) offered() resources.Resources {
	var sum resources.Resources
	for _, o := range sortedOffers(ag.offers) {
		sum = sum.Add(o.resources)
	}
	return sum
}

// usedByLocked is what tasks and executors of the framework hold.
func (m *Master) usedByLocked(fw *framework) resources.Resources {
	var sum resources.Resources
	for _, t := range fw.sortedTasks() {
		if !t.freed {
			sum = sum.Add(t.resources)
		}
	}
	for _, ag := range m.sortedAgentsLocked() {
		for _, key := range ag.sortedExecutors() {
			if key.framework == fw.id {
				sum = sum.Add(ag.executors[key].resources)
			}
		}
	}
	return sum
}

func (fw *framework) offered() resources.Resources {
	var sum resources.Resources
	for _, o := range sortedOffers(fw.offers) {
		sum = sum.Add(o.resources)
	}
	return sum
}

// eventMessage is the framework as FRAMEWORK_ADDED tells it: with all three times.
func (fw *framework) eventMessage() *masterv1.Response_GetFrameworks_Framework {
	out := fw.bare()
	out.RegisteredTime, out.UnregisteredTime = timeInfo(fw.registered), timeInfo(fw.unregistered)
	out.ReregisteredTime = timeInfo(fw.lastRegistered())
	return out
}

// lastRegistered is when it came last; one that only agents know never did.
func (fw *framework) lastRegistered() time.Time {
	if fw.reregistered.IsZero() {
		return fw.registered
	}
	return fw.reregistered
}

func (fw *framework) bare() *masterv1.Response_GetFrameworks_Framework {
	return &masterv1.Response_GetFrameworks_Framework{
		FrameworkInfo: fw.info, Active: proto.Bool(fw.active), Connected: proto.Bool(fw.connected), Recovered: proto.Bool(fw.recovered),
	}
}

// frameworkMessageLocked is the framework as GET_FRAMEWORKS tells it.
func (m *Master) frameworkMessageLocked(fw *framework) *masterv1.Response_GetFrameworks_Framework {
	out := fw.bare()
	if !fw.registered.IsZero() {
		out.RegisteredTime = timeInfo(fw.registered)
	}
	if !fw.unregistered.IsZero() {
		out.UnregisteredTime = timeInfo(fw.unregistered)
	}
	if last := fw.lastRegistered(); !last.IsZero() {
		out.ReregisteredTime = timeInfo(last)
	}
	for _, o := range sortedOffers(fw.offers) {
		out.Offers = append(out.Offers, o.full(resources.Refined)) // as the master keeps them, not as it sent them
	}
	for _, o := range sortedInverse(fw.inverse) {
		out.InverseOffers = append(out.InverseOffers, o.message())
	}
	out.AllocatedResources = m.usedByLocked(fw).Proto(resources.Endpoint)
	out.OfferedResources = fw.offered().Proto(resources.Endpoint)
	if out.OfferConstraints = fw.constraints; out.OfferConstraints == nil {
		out.OfferConstraints = &schedulerv1.OfferConstraints{}
	}
	return out
}
