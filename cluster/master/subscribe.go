package master

import (
	"errors"
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
	name := "register_framework"
	if info.GetId().GetValue() != "" {
		name = "reregister_framework"
	}
	m.metrics.messages[name]++
	m.logf("Received subscription request for HTTP framework '%s'", info.GetName())
	if err := m.checkSubscribeLocked(info, call); err != nil {
		m.logf("Refusing subscription of framework '%s': %s", info.GetName(), err)
		s.send(errorEvent(err.Error()))
		s.finish()
		return
	}
	if info.GetId().GetValue() == "" {
		info.Id = frameworkID(m.newFrameworkIDLocked())
		m.addFrameworkLocked(info, call, s)
		return
	}
	fw := m.frameworks[info.GetId().GetValue()]
	if fw == nil {
		fw = m.recoverFrameworkLocked(info)
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
	if fw := m.frameworks[info.GetId().GetValue()]; fw != nil && !samePrincipals(fw.info, info) {
		return errors.New("Changing framework's principal is not allowed.") //lint:ignore ST1005 Mesos' text
	}
	return nil
}

// addFrameworkLocked takes a new framework in.
func (m *Master) addFrameworkLocked(info *v1.FrameworkInfo, call *schedulerv1.Call_Subscribe, s *stream) {
	fw := m.newFramework(info)
	fw.constraints = call.GetOfferConstraints()
	fw.stream, fw.connected, fw.active = s, true, true
	m.frameworks[fw.id] = fw
	m.alloc.AddFramework(m.allocatorView(fw, call.GetSuppressedRoles()), true)
	m.logf("Subscribed framework %s (%s) with roles %v", fw.id, info.GetName(), fw.roles)
	m.greet(fw)
	m.tellOperatorsLocked(frameworkAddedEvent(fw))
	m.allocateLocked()
}

// recoverFrameworkLocked takes a framework in that another master gave its id:
// it is known, and not yet subscribed.
func (m *Master) recoverFrameworkLocked(info *v1.FrameworkInfo) *framework {
	fw := m.newFramework(info)
	fw.recovered, fw.registered = true, time.Time{}
	m.frameworks[fw.id] = fw
	m.tellOperatorsLocked(frameworkAddedEvent(fw))
	m.alloc.AddFramework(m.allocatorView(fw, nil), false)
	return fw
}

// resubscribeLocked gives a known framework its new stream. A live one takes
// over from the old; offers are taken back without a word, but for those of
// roles that the framework left.
func (m *Master) resubscribeLocked(fw *framework, info *v1.FrameworkInfo, call *schedulerv1.Call_Subscribe, s *stream) {
	m.logf("Framework %s (%s) failed over", fw.id, info.GetName())
	keep := proto.CloneOf(info)
	keep.User = fw.info.User // immutable: the old values stay
	if keep.GetCheckpoint() != fw.info.GetCheckpoint() {
		keep.Checkpoint = proto.Bool(fw.info.GetCheckpoint())
	}
	m.updateFrameworkLocked(fw, keep, call.GetOfferConstraints(), call.GetSuppressedRoles())

	if fw.connected {
		fw.send(errorEvent("Framework failed over"))
		fw.stream.finish()
	}
	m.dropOffersLocked(fw, false)
	stopTimer(fw.failover)
	fw.failover = nil
	was := fw.active
	fw.reregistered = time.Now()
	if fw.recovered {
		fw.registered = fw.reregistered
	}
	fw.stream, fw.connected, fw.active, fw.recovered = s, true, true, false
	m.greet(fw)
	m.tellOperatorsLocked(frameworkUpdatedEvent(fw))
	m.tellAgentsLocked(fw)
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
