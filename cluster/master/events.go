package master

import (
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// What goes to a scheduler. Each event is made once and not changed after.

func errorEvent(text string) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_ERROR.Enum(), Error: &schedulerv1.Event_Error{Message: proto.String(text)}}
}

func (m *Master) subscribedEvent(id string) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_SUBSCRIBED.Enum(), Subscribed: &schedulerv1.Event_Subscribed{
		FrameworkId:              frameworkID(id),
		HeartbeatIntervalSeconds: proto.Float64(heartbeatInterval.Seconds()),
		MasterInfo:               m.info,
	}}
}

func rescindEvent(id string) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_RESCIND.Enum(), Rescind: &schedulerv1.Event_Rescind{OfferId: offerID(id)}}
}

func rescindInverseEvent(id string) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_RESCIND_INVERSE_OFFER.Enum(), RescindInverseOffer: &schedulerv1.Event_RescindInverseOffer{InverseOfferId: offerID(id)}}
}

func updateEvent(s *v1.TaskStatus) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_UPDATE.Enum(), Update: &schedulerv1.Event_Update{Status: s}}
}

func operationEvent(s *v1.OperationStatus) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_UPDATE_OPERATION_STATUS.Enum(), UpdateOperationStatus: &schedulerv1.Event_UpdateOperationStatus{Status: s}}
}

func agentFailureEvent(id string) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_FAILURE.Enum(), Failure: &schedulerv1.Event_Failure{AgentId: agentID(id)}}
}

func executorFailureEvent(agent, executor string, status int) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_FAILURE.Enum(), Failure: &schedulerv1.Event_Failure{
		AgentId: agentID(agent), ExecutorId: executorID(executor), Status: proto.Int32(int32(status)),
	}}
}

func messageEvent(agent, executor string, data []byte) *schedulerv1.Event {
	return &schedulerv1.Event{Type: schedulerv1.Event_MESSAGE.Enum(), Message: &schedulerv1.Event_Message{
		AgentId: agentID(agent), ExecutorId: executorID(executor), Data: data,
	}}
}

// send gives an event to the framework's scheduler, if one is subscribed.
func (fw *framework) send(e *schedulerv1.Event) {
	if fw.stream != nil && fw.connected {
		fw.metrics.events[e.GetType()]++
		fw.stream.send(e)
	}
}
