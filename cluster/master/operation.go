package master

import (
	"bytes"
	"fmt"
	"slices"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
)

// operation is an operation that an agent was told of and whose result was not
// acknowledged. It is guarded by Master.mu.
type operation struct {
	proto     *v1.Operation // changed in place; clone what leaves the lock
	agent     *agent
	framework *framework // nil: an operator's
}

func (op *operation) id() string { return op.proto.GetInfo().GetId().GetValue() }

// named says whether the framework asked to hear of op.
func (op *operation) named() bool { return op.framework != nil && op.proto.GetInfo().Id != nil }

// latest is the newest status, as a reconciliation tells it: it needs no
// acknowledgement, so it has no uuid.
func (op *operation) latest() *v1.OperationStatus {
	s := op.proto.LatestStatus
	if n := len(op.proto.Statuses); n > 0 {
		s = op.proto.Statuses[n-1]
	}
	out := proto.CloneOf(s)
	out.Uuid = nil
	return out
}

// convert runs an operation that changes resources: at once in what is left of
// the offer and in what the agent is known to have, then on the agent.
func (a *acceptance) convert(op *v1.Offer_Operation) {
	if err := a.tryConvert(op); err != nil {
		a.m.dropOperationLocked(a.framework, op, err.Error())
		return
	}
	a.framework.metrics.operations[op.GetType()]++
	a.m.applyLocked(a.framework, a.agent, op)
}

func (a *acceptance) tryConvert(op *v1.Offer_Operation) error {
	where := fmt.Sprintf("agent %s at %s (%s)", a.agent.id, a.agent.pid, a.agent.info.GetHostname())
	disk := op.GetType() == v1.Offer_Operation_CREATE_DISK || op.GetType() == v1.Offer_Operation_DESTROY_DISK
	if disk && !a.agent.has(v1.AgentInfo_Capability_RESOURCE_PROVIDER) {
		return fmt.Errorf("Not supported on %s because it does not have RESOURCE_PROVIDER capability", where) //lint:ignore ST1005 Mesos' text
	}
	check := operationCheck{agent: a.agent, framework: a.framework, principal: a.framework.info.Principal}
	if err := check.validate(op); err != nil {
		return fmt.Errorf("%w; on %s", err, where)
	}
	switch op.GetType() {
	case v1.Offer_Operation_CREATE_DISK:
		return a.lacksDisk(op, op.GetCreateDisk().GetSource())
	case v1.Offer_Operation_DESTROY_DISK:
		return a.lacksDisk(op, op.GetDestroyDisk().GetSource())
	case v1.Offer_Operation_GROW_VOLUME, v1.Offer_Operation_SHRINK_VOLUME:
		return a.resize(op)
	case v1.Offer_Operation_DESTROY:
		a.rescindVolumes(op.GetDestroy().GetVolumes())
	}
	after, err := a.left.Apply(op)
	if err != nil {
		return err
	}
	a.change(a.left.Sub(after), after.Sub(a.left))
	a.left = after
	if op.GetType() == v1.Offer_Operation_CREATE || op.GetType() == v1.Offer_Operation_DESTROY {
		a.shared = a.left.Filter(resources.Item.Shared)
	}
	return nil
}

// lacksDisk refuses an operation on a disk of a resource provider, of which no
// agent here has one.
func (a *acceptance) lacksDisk(op *v1.Offer_Operation, source *v1.Resource) error {
	return fmt.Errorf("Invalid %s Operation: %s does not contain %s", op.GetType(), a.left, resources.Text(source)) //lint:ignore ST1005 Mesos' text
}

// resize changes a volume. What becomes of it cannot be used in the same ACCEPT.
func (a *acceptance) resize(op *v1.Offer_Operation) error {
	for _, c := range resources.Conversions(op) {
		if !a.left.Contains(c.From) {
			return fmt.Errorf("Invalid %s operation: %s does not contain %s", op.GetType(), a.left, c.From) //lint:ignore ST1005 Mesos' text
		}
		a.change(c.From, c.To)
		a.left, a.resized = a.left.Sub(c.From), a.resized.Add(c.To)
	}
	return nil
}

// change tells the allocator, and notes what the agent has from now on.
func (a *acceptance) change(gone, made resources.Resources) {
	a.m.alloc.Convert(a.framework.id, a.agent.id, gone, made)
	a.agent.total = a.agent.total.Sub(gone.Unallocate()).Add(made.Unallocate())
}

// rescindVolumes takes other offers back that have a volume of list.
func (a *acceptance) rescindVolumes(list []*v1.Resource) {
	for _, o := range sortedOffers(a.agent.offers) {
		if slices.ContainsFunc(list, func(r *v1.Resource) bool { return o.resources.Contains(resources.New([]*v1.Resource{r})) }) {
			a.m.rescindLocked(o)
		}
	}
}

// applyLocked tells the agent of an operation and follows it; fw is nil for an
// operator's.
func (m *Master) applyLocked(fw *framework, ag *agent, info *v1.Offer_Operation) {
	id := uuid.New()
	op := &operation{agent: ag, framework: fw, proto: &v1.Operation{
		AgentId: agentID(ag.id), Info: info, Uuid: &v1.UUID{Value: id[:]},
		LatestStatus: &v1.OperationStatus{OperationId: info.Id, State: v1.OperationState_OPERATION_PENDING.Enum(), AgentId: agentID(ag.id)},
	}}
	framework := ""
	if fw != nil {
		framework, op.proto.FrameworkId = fw.id, frameworkID(fw.id)
		fw.operations = append(fw.operations, op)
	}
	ag.operations = append(ag.operations, op)
	m.logf("Sending operation '%s' (uuid: %s) to agent %s at %s (%s)", op.id(), id, ag.id, ag.pid, ag.info.GetHostname())
	plain := proto.CloneOf(info)
	for _, list := range operationResources(plain) {
		for _, r := range list {
			r.AllocationInfo = nil // who holds it is the master's affair
		}
	}
	ag.send(&link.ApplyOperation{FrameworkID: framework, Operation: plain, UUID: id[:]})
}

// dropOperationLocked refuses an operation; only one with an id is heard of.
func (m *Master) dropOperationLocked(fw *framework, op *v1.Offer_Operation, text string) {
	m.metrics.operations[operationKey{op.GetType(), v1.OperationState_OPERATION_ERROR}]++
	m.warnf("Dropping %s operation from framework %s (%s): %s", op.GetType(), fw.id, fw.info.GetName(), text)
	if op.Id == nil {
		return
	}
	fw.send(operationEvent(&v1.OperationStatus{OperationId: op.Id, State: v1.OperationState_OPERATION_ERROR.Enum(), Message: proto.String(text)}))
}

// operationUpdateLocked takes over what an agent says of an operation, and
// acknowledges it where no framework will (master.cpp:8266-8478).
func (m *Master) operationUpdateLocked(ag *agent, u *link.OperationUpdate) {
	m.metrics.messages["operation_status_update"]++
	op := ag.operation(u.OperationUUID)
	if op == nil {
		if op = m.adoptOperationLocked(ag, u); op == nil {
			m.metrics.invalidOperations++
			return
		}
	}
	m.metrics.validOperations++
	over := finished(op.proto.GetLatestStatus().GetState())
	op.note(u)
	if s := op.proto.GetLatestStatus().GetState(); !over && finished(s) {
		m.metrics.operations[operationKey{op.proto.GetInfo().GetType(), s}]++
	}
	if op.named() && m.frameworks[op.framework.id] == op.framework {
		op.framework.send(operationEvent(u.Status))
		if finished(u.Status.GetState()) && u.Status.Uuid == nil {
			op.forget()
		}
		return
	}
	ag.acknowledge(u)
	if finished(u.Status.GetState()) {
		op.forget()
	}
}

// adoptOperationLocked makes an operation of an earlier master known again, if
// its framework is. What nobody waits for is acknowledged.
func (m *Master) adoptOperationLocked(ag *agent, u *link.OperationUpdate) *operation {
	fw := m.frameworks[u.FrameworkID]
	if u.Status.OperationId == nil || m.removedLocked(u.FrameworkID) {
		ag.acknowledge(u)
		return nil
	}
	if fw == nil {
		return nil // it may come back; the agent sends again
	}
	op := &operation{agent: ag, framework: fw, proto: &v1.Operation{
		AgentId: agentID(ag.id), FrameworkId: frameworkID(fw.id), Uuid: &v1.UUID{Value: u.OperationUUID},
		Info: &v1.Offer_Operation{Id: u.Status.OperationId}, LatestStatus: u.Status,
	}}
	fw.operations, ag.operations = append(fw.operations, op), append(ag.operations, op)
	return op
}

// note keeps a status; a state that is the last one stays.
func (op *operation) note(u *link.OperationUpdate) {
	latest := u.Latest
	if latest == nil {
		latest = u.Status
	}
	if !finished(op.proto.GetLatestStatus().GetState()) {
		op.proto.LatestStatus = latest
	}
	if n := len(op.proto.Statuses); n == 0 || !proto.Equal(op.proto.Statuses[n-1], latest) {
		op.proto.Statuses = append(op.proto.Statuses, latest)
	}
}

func (ag *agent) acknowledge(u *link.OperationUpdate) {
	if u.Status.Uuid != nil {
		ag.send(&link.AcknowledgeOperation{FrameworkID: u.FrameworkID, OperationUUID: u.OperationUUID, UUID: u.Status.GetUuid().GetValue()})
	}
}

func (ag *agent) operation(uuid []byte) *operation {
	for _, op := range ag.operations {
		if bytes.Equal(op.proto.GetUuid().GetValue(), uuid) {
			return op
		}
	}
	return nil
}

// forget removes an operation that is over, or lost.
func (op *operation) forget() {
	is := func(o *operation) bool { return o == op }
	op.agent.operations = slices.DeleteFunc(op.agent.operations, is)
	if op.framework != nil {
		op.framework.operations = slices.DeleteFunc(op.framework.operations, is)
	}
}

// operation that the framework gave that id, the newest of several.
func (fw *framework) operation(id string) *operation {
	for _, op := range slices.Backward(fw.operations) {
		if op.proto.GetInfo().Id != nil && op.id() == id {
			return op
		}
	}
	return nil
}

func finished(s v1.OperationState) bool {
	switch s {
	case v1.OperationState_OPERATION_FINISHED, v1.OperationState_OPERATION_FAILED, v1.OperationState_OPERATION_ERROR,
		v1.OperationState_OPERATION_DROPPED, v1.OperationState_OPERATION_GONE_BY_OPERATOR:
		return true
	}
	return false
}

// acknowledgeOperationLocked passes an acknowledgement on and forgets the
// operation when it was over (master.cpp:5924-6054). What fits no status is
// dropped.
func (m *Master) acknowledgeOperationLocked(fw *framework, call *schedulerv1.Call_AcknowledgeOperationStatus) {
	m.metrics.messages["operation_status_update_acknowledgement"]++
	ag, op := m.agents[call.GetAgentId().GetValue()], fw.operation(call.GetOperationId().GetValue())
	if ag == nil || !ag.connected || op == nil || op.agent != ag {
		m.metrics.invalidOpAcks++
		return
	}
	i := slices.IndexFunc(op.proto.Statuses, func(s *v1.OperationStatus) bool {
		return s.Uuid != nil && bytes.Equal(s.GetUuid().GetValue(), call.GetUuid())
	})
	if i < 0 {
		m.metrics.invalidOpAcks++
		return
	}
	m.metrics.validOperationAcks++
	if finished(op.proto.Statuses[i].GetState()) {
		op.forget()
	}
	ag.send(&link.AcknowledgeOperation{FrameworkID: fw.id, OperationID: op.id(), OperationUUID: op.proto.GetUuid().GetValue(), UUID: call.GetUuid()})
	m.drainedLocked(ag)
}

// loseOperationsLocked tells frameworks that an agent went away with their
// operations: to be unreachable, or to be gone (master.cpp:8864-8924).
func (m *Master) loseOperationsLocked(ag *agent, state v1.OperationState, text string) {
	for _, op := range ag.operations {
		if op.named() {
			op.framework.send(operationEvent(&v1.OperationStatus{
				OperationId: op.proto.Info.Id, State: state.Enum(), Message: proto.String(text), AgentId: agentID(ag.id),
			}))
		}
	}
}

// operationResources are all lists of resources that an operation has, each
// upgraded where it stands.
func operationResources(op *v1.Offer_Operation) [][]*v1.Resource {
	out := [][]*v1.Resource{
		op.GetReserve().GetResources(), op.GetReserve().GetSource(), op.GetUnreserve().GetResources(),
		op.GetCreate().GetVolumes(), op.GetDestroy().GetVolumes(),
	}
	one := func(p **v1.Resource) {
		*p = resources.Upgrade(*p)
		out = append(out, []*v1.Resource{*p})
	}
	if g := op.GrowVolume; g != nil {
		one(&g.Volume)
		one(&g.Addition)
	}
	if s := op.ShrinkVolume; s != nil {
		one(&s.Volume)
	}
	if c := op.CreateDisk; c != nil {
		one(&c.Source)
	}
	if d := op.DestroyDisk; d != nil {
		one(&d.Source)
	}
	return out
}
