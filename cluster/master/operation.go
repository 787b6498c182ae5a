package master

import (
	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
)

// operation is an offer operation that asked for feedback, or any other until
// the agent has confirmed it. It is guarded by Master.mu.
type operation struct {
	proto *v1.Operation
	agent *agent
}

// latest status, to be sent as it is.
func (op *operation) latest() *v1.OperationStatus { return op.proto.LatestStatus }

// convert runs an operation that changes resources: at once in what is left of
// the offer and in what the agent is known to have, then on the agent.
func (a *acceptance) convert(op *v1.Offer_Operation) {
	if err := a.validateOperation(op); err != nil {
		a.m.dropOperationLocked(a.framework, op, err.Error())
		return
	}
	after, err := a.left.Apply(op)
	if err != nil {
		a.m.dropOperationLocked(a.framework, op, err.Error())
		return
	}
	gone, made := a.left.Sub(after), after.Sub(a.left)
	a.m.alloc.Convert(a.framework.id, a.agent.id, gone, made)
	a.agent.total = a.agent.total.Sub(gone.Unallocate()).Add(made.Unallocate())
	a.left = after
	a.converted = a.converted.Sub(gone).Add(made)
	a.m.applyLocked(a.framework, a.agent, op)
}

// applyLocked tells the agent of an operation and follows it.
func (m *Master) applyLocked(fw *framework, ag *agent, op *v1.Offer_Operation) {
	id := uuid.New()
	p := &v1.Operation{
		AgentId: agentID(ag.id), Info: op, Uuid: &v1.UUID{Value: id[:]},
		LatestStatus: &v1.OperationStatus{OperationId: op.Id, State: v1.OperationState_OPERATION_PENDING.Enum(), AgentId: agentID(ag.id)},
	}
	framework := ""
	if fw != nil {
		framework, p.FrameworkId = fw.id, frameworkID(fw.id)
		fw.operations = append(fw.operations, &operation{proto: p, agent: ag})
	}
	m.logf("Applying operation %s of framework %s on agent %s", op.GetType(), framework, ag.id)
	plain := proto.CloneOf(op)
	for _, list := range operationResources(plain) {
		for _, r := range list {
			r.AllocationInfo = nil // who holds it is the master's affair
		}
	}
	ag.send(&link.ApplyOperation{FrameworkID: framework, Operation: plain, UUID: id[:]})
}

// dropOperationLocked refuses an operation; only one with an id is heard of.
func (m *Master) dropOperationLocked(fw *framework, op *v1.Offer_Operation, text string) {
	m.warnf("Dropping %s operation of framework %s: %s", op.GetType(), fw.id, text)
	if op.Id == nil {
		return
	}
	fw.send(operationEvent(&v1.OperationStatus{OperationId: op.Id, State: v1.OperationState_OPERATION_ERROR.Enum(), Message: proto.String(text)}))
}

// operationUpdateLocked takes over what an agent says of an operation.
func (m *Master) operationUpdateLocked(_ *agent, u *link.OperationUpdate) {
	fw := m.frameworks[u.FrameworkID]
	if fw == nil {
		return
	}
	latest := u.Latest
	if latest == nil {
		latest = u.Status
	}
	for i, op := range fw.operations {
		if !op.is(u.Status) {
			continue
		}
		op.proto.Statuses = append(op.proto.Statuses, u.Status)
		op.proto.LatestStatus = latest
		if u.Status.OperationId == nil && finished(latest.GetState()) {
			fw.operations = append(fw.operations[:i:i], fw.operations[i+1:]...)
		}
		break
	}
	if u.Status.OperationId != nil {
		fw.send(operationEvent(u.Status))
	}
}

// is says whether a status belongs to op: by the framework's id for it, else
// the oldest that has none.
func (op *operation) is(s *v1.OperationStatus) bool {
	return op.proto.GetInfo().GetId().GetValue() == s.GetOperationId().GetValue()
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
// operation when it was over.
func (m *Master) acknowledgeOperationLocked(fw *framework, agent, id string, uuid []byte) {
	ag := m.agents[agent]
	if ag == nil {
		return
	}
	for i, op := range fw.operations {
		if op.proto.GetInfo().GetId().GetValue() == id && finished(op.latest().GetState()) {
			fw.operations = append(fw.operations[:i:i], fw.operations[i+1:]...)
			break
		}
	}
	ag.send(&link.AcknowledgeOperation{FrameworkID: fw.id, OperationID: id, UUID: uuid})
}

// dropOperationsLocked forgets the operations of a framework that ends.
func (m *Master) dropOperationsLocked(fw *framework) { fw.operations = nil }

// loseOperationsLocked is for an agent that went away: its operations are
// unreachable, or gone.
func (m *Master) loseOperationsLocked(ag *agent) {
	state := v1.OperationState_OPERATION_UNREACHABLE
	if m.gone[ag.id] != nil {
		state = v1.OperationState_OPERATION_GONE_BY_OPERATOR
	}
	for _, fw := range m.sortedFrameworksLocked() {
		var kept []*operation
		for _, op := range fw.operations {
			if op.agent != ag {
				kept = append(kept, op)
				continue
			}
			if op.proto.GetInfo().GetId() != nil && !finished(op.latest().GetState()) {
				fw.send(operationEvent(&v1.OperationStatus{OperationId: op.proto.Info.Id, State: state.Enum(), AgentId: agentID(ag.id)}))
			}
		}
		fw.operations = kept
	}
}

// operationResources are all lists of resources that an operation has.
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
