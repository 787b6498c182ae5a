package master

import (
	"fmt"
	"time"

	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// subscribe connects a scheduler whose answer is s. A refusal is one ERROR
// event on a stream that then ends (master.cpp:2553-2745).
func (m *Master) subscribe(call *schedulerv1.Call_Subscribe, s *stream, principal string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		s.finish()
		return
	}
	info := proto.CloneOf(call.GetFrameworkInfo())
	if info.Principal == nil && principal != "" {
		info.Principal = proto.String(principal)
	}
	if err := m.checkSubscribeLocked(info, call); err != nil {
		m.warnf("Refusing subscription of framework '%s': %s", info.GetName(), err)
		s.send(errorEvent(err.Error()))
		s.finish()
		return
	}
	m.logf("Received subscription request for HTTP framework '%s'", info.GetName())
	fw := m.frameworks[info.GetId().GetValue()]
	if fw == nil {
		m.addFrameworkLocked(info, call, s)
		return
	}
	m.resubscribeLocked(fw, info, call, s)
}

func (m *Master) checkSubscribeLocked(info *v1.FrameworkInfo, call *schedulerv1.Call_Subscribe) error {
	if err := m.validateFrameworkInfoLocked(info); err != nil {
		return err
	}
	if err := validateSubscription(info, call.GetSuppressedRoles(), call.GetOfferConstraints()); err != nil {
		return err
	}
	if fw := m.frameworks[info.GetId().GetValue()]; fw != nil && fw.info.GetPrincipal() != info.GetPrincipal() {
		return fmt.Errorf("Changing framework's principal is not allowed.") //lint:ignore ST1005 Mesos' text
	}
	return nil
}

// addFrameworkLocked takes a framework that this master does not know: a new
// one, or one that has its id of another master.
func (m *Master) addFrameworkLocked(info *v1.FrameworkInfo, call *schedulerv1.Call_Subscribe, s *stream) {
	old := info.GetId().GetValue() != ""
	if !old {
		info.Id = frameworkID(m.newFrameworkIDLocked())
	}
	fw := m.newFramework(info)
	if old {
		fw.reregistered = fw.registered
	}
	fw.constraints = call.GetOfferConstraints()
	fw.stream, fw.connected, fw.active = s, true, true
	m.frameworks[fw.id] = fw
	m.alloc.AddFramework(m.allocatorView(fw, call.GetSuppressedRoles()), true)
	m.logf("Subscribed framework %s (%s) with roles %v", fw.id, info.GetName(), fw.roles)
	m.greet(fw)
	m.tellOperatorsLocked(frameworkAddedEvent(fw))
	m.allocateLocked()
}

// resubscribeLocked gives a known framework its new stream. A live one takes
// over from the old; offers are taken back without a word.
func (m *Master) resubscribeLocked(fw *framework, info *v1.FrameworkInfo, call *schedulerv1.Call_Subscribe, s *stream) {
	m.logf("Framework %s (%s) failed over", fw.id, info.GetName())
	keep := proto.CloneOf(info)
	keep.User, keep.Checkpoint = fw.info.User, fw.info.Checkpoint // immutable: the old values stay
	m.updateFrameworkLocked(fw, keep, call.GetOfferConstraints(), call.GetSuppressedRoles())

	was := fw.connected
	if was {
		fw.send(errorEvent("Framework failed over"))
		fw.stream.finish()
		m.dropOffersLocked(fw, false)
	}
	stopTimer(fw.failover)
	fw.failover = nil
	fw.stream, fw.connected, fw.active, fw.recovered = s, true, true, false
	fw.reregistered = time.Now()
	m.greet(fw)
	m.tellOperatorsLocked(frameworkUpdatedEvent(fw))
	if !was {
		m.alloc.Activate(fw.id)
		m.allocateLocked()
	}
}

// greet sends what each subscription begins with.
func (m *Master) greet(fw *framework) {
	fw.metrics.calls[schedulerv1.Call_SUBSCRIBE]++
	fw.send(m.subscribedEvent(fw.id))
	fw.send(&schedulerv1.Event{Type: schedulerv1.Event_HEARTBEAT.Enum()})
}
