package master

import (
	"net/http"

	"mesosbook/cluster/libprocess"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"github.com/google/uuid"
)

// serveScheduler answers POST /api/v1/scheduler; the order of checks is that
// of master/http.cpp:477-728.
func (m *Master) serveScheduler(req *request) {
	call := &schedulerv1.Call{}
	if !m.readCall(req, call) {
		return
	}
	if err := validateCall(call, req.principal); err != nil {
		req.fail(http.StatusBadRequest, "Failed to validate scheduler::Call: "+err.Error())
		return
	}
	switch call.GetType() {
	case schedulerv1.Call_SUBSCRIBE:
		m.serveSubscribe(req, call.GetSubscribe())
		return
	case schedulerv1.Call_RECONCILE_OPERATIONS:
		if _, ok := answerType(req); !ok {
			return
		}
	}
	m.serveCall(req, call)
}

func (m *Master) serveSubscribe(req *request, call *schedulerv1.Call_Subscribe) {
	protobuf, ok := answerType(req)
	if !ok {
		return
	}
	if len(req.r.Header.Values("Mesos-Stream-Id")) > 0 {
		req.fail(http.StatusBadRequest, "Subscribe calls should not include the 'Mesos-Stream-Id' header")
		return
	}
	s := newStream(uuid.NewString(), protobuf, m.opts.MaxQueue)
	req.w.Header().Set("Mesos-Stream-Id", s.id)
	m.serveStream(req, s, schedulerBeat(), func() { m.subscribe(call, s, req.principal) }, func() { m.disconnected(s) })
}

// serveCall answers every call that needs a subscription.
func (m *Master) serveCall(req *request, call *schedulerv1.Call) {
	status, text := m.doCall(req, call)
	if text == "" && status < http.StatusBadRequest {
		req.empty(status)
		return
	}
	req.fail(status, text)
}

func (m *Master) doCall(req *request, call *schedulerv1.Call) (status int, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fw := m.frameworks[call.GetFrameworkId().GetValue()]
	if m.stopped || fw == nil {
		return http.StatusBadRequest, "Framework cannot be found"
	}
	fw.metrics.calls[call.GetType()]++
	if p := fw.info.GetPrincipal(); req.principal != "" && p != req.principal {
		return http.StatusBadRequest, principalText(req.principal, p)
	}
	if !fw.connected {
		return http.StatusForbidden, "Framework is not subscribed"
	}
	id, there := libprocess.LastOf(req.r.Header, "Mesos-Stream-Id")
	if !there {
		return http.StatusBadRequest, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"
	}
	if id != fw.stream.id {
		return http.StatusBadRequest, "The stream ID '" + id + "' included in this request didn't match the stream ID currently associated with framework ID " + fw.id
	}
	return m.dispatchLocked(fw, call)
}

func principalText(caller, owner string) string {
	return "Authenticated principal '" + caller + "' does not match principal '" + owner + "' set in `FrameworkInfo`"
}

// dispatchLocked does what a call asks for. 202 says only that it was
// understood: what comes of it is told by events.
func (m *Master) dispatchLocked(fw *framework, call *schedulerv1.Call) (status int, text string) {
	switch call.GetType() {
	case schedulerv1.Call_TEARDOWN:
		m.removeFrameworkLocked(fw)
	case schedulerv1.Call_ACCEPT:
		m.acceptLocked(fw, call.GetAccept())
	case schedulerv1.Call_DECLINE:
		m.metrics.messages["decline_offers"]++
		m.declineLocked(fw, call.GetDecline())
	case schedulerv1.Call_ACCEPT_INVERSE_OFFERS:
		c := call.GetAcceptInverseOffers()
		m.answerInverseLocked(c.GetInverseOfferIds(), true, refusal(c.GetFilters()))
	case schedulerv1.Call_DECLINE_INVERSE_OFFERS:
		c := call.GetDeclineInverseOffers()
		m.answerInverseLocked(c.GetInverseOfferIds(), false, refusal(c.GetFilters()))
	case schedulerv1.Call_REVIVE:
		m.metrics.messages["revive_offers"]++
		m.reviveLocked(fw, call.GetRevive().GetRoles())
	case schedulerv1.Call_SUPPRESS:
		m.metrics.messages["suppress_offers"]++
		m.suppressLocked(fw, call.GetSuppress().GetRoles())
	case schedulerv1.Call_KILL:
		m.metrics.messages["kill_task"]++
		m.killLocked(fw, call.GetKill())
	case schedulerv1.Call_SHUTDOWN:
		m.shutdownLocked(fw, call.GetShutdown())
	case schedulerv1.Call_ACKNOWLEDGE:
		m.acknowledgeLocked(fw, call.GetAcknowledge())
	case schedulerv1.Call_ACKNOWLEDGE_OPERATION_STATUS:
		m.acknowledgeOperationLocked(fw, call.GetAcknowledgeOperationStatus())
	case schedulerv1.Call_RECONCILE:
		m.metrics.messages["reconcile_tasks"]++
		m.reconcileLocked(fw, call.GetReconcile())
	case schedulerv1.Call_RECONCILE_OPERATIONS:
		m.reconcileOperationsLocked(fw, call.GetReconcileOperations())
	case schedulerv1.Call_MESSAGE:
		m.messageLocked(fw, call.GetMessage())
	case schedulerv1.Call_REQUEST:
		m.metrics.messages["resource_request"]++ // the allocator of Mesos does nothing with it either
	case schedulerv1.Call_UPDATE_FRAMEWORK:
		return m.serveUpdateLocked(fw, call.GetUpdateFramework())
	default:
		return http.StatusNotImplemented, ""
	}
	return http.StatusAccepted, ""
}

// reviveLocked resumes offers in the roles given, all when none are. One role
// that is not the framework's makes it do nothing.
func (m *Master) reviveLocked(fw *framework, roles []string) {
	roles, ok := fw.chosen(roles)
	if !ok {
		return
	}
	m.alloc.Revive(fw.id, roles)
	m.forgetInverseFiltersLocked(fw)
	m.allocateLocked()
}

func (m *Master) suppressLocked(fw *framework, roles []string) {
	if roles, ok := fw.chosen(roles); ok {
		m.alloc.Suppress(fw.id, roles)
	}
}

// serveUpdateLocked is UPDATE_FRAMEWORK, the one call that is answered with
// its outcome (master.cpp:3271-3345).
func (m *Master) serveUpdateLocked(fw *framework, call *schedulerv1.Call_UpdateFramework) (status int, text string) {
	info := call.GetFrameworkInfo()
	if err := m.validateFrameworkInfoLocked(info); err != nil {
		return http.StatusBadRequest, "Supplied FrameworkInfo is not valid: " + err.Error()
	}
	if err := validateUpdate(fw.info, info); err != nil {
		return http.StatusBadRequest, "FrameworkInfo update is not valid: " + err.Error()
	}
	if err := validateSubscription(info, call.GetSuppressedRoles(), call.GetOfferConstraints()); err != nil {
		return http.StatusBadRequest, "'UpdateFramework' call is not valid: " + err.Error()
	}
	changed := m.updateFrameworkLocked(fw, info, call.GetOfferConstraints(), call.GetSuppressedRoles())
	if changed {
		m.tellOperatorsLocked(frameworkUpdatedEvent(fw))
		m.tellAgentsLocked(fw)
	}
	return http.StatusOK, ""
}
