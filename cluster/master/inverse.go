package master

import (
	"slices"
	"time"

	v1 "mesosbook/mesos/v1"
	allocatorv1 "mesosbook/mesos/v1/allocator"
	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// inverseOffer asks a framework to leave an agent before its maintenance. It
// is guarded by Master.mu.
type inverseOffer struct {
	id        string
	seq       int
	framework *framework
	agent     *agent
	timeout   *time.Timer // nil when offers do not expire
}

func (o *inverseOffer) message() *v1.InverseOffer {
	return &v1.InverseOffer{
		Id: offerID(o.id), Url: o.agent.url(), FrameworkId: frameworkID(o.framework.id), AgentId: agentID(o.agent.id),
		Unavailability: o.agent.unavailability,
	}
}

// inverseAnswer is what a framework last said, and until when it is not asked
// again.
type inverseAnswer struct {
	status *allocatorv1.InverseOfferStatus
	until  time.Time
}

type inverseKey struct{ framework, agent string }

// inverseOffersLocked asks every framework that has tasks or offers on one of
// these agents whose machine has scheduled maintenance, unless it was asked and
// has not answered, or its answer still holds. It is a part of each allocation.
func (m *Master) inverseOffersLocked(agents []*agent) {
	agents = slices.DeleteFunc(agents, func(ag *agent) bool { return ag.unavailability == nil || !ag.active() })
	if len(agents) == 0 {
		return
	}
	for _, fw := range m.sortedFrameworksLocked() {
		if !fw.connected {
			continue
		}
		event := &schedulerv1.Event_InverseOffers{}
		for _, ag := range agents {
			if m.asksLocked(fw, ag) {
				event.InverseOffers = append(event.InverseOffers, m.newInverseLocked(fw, ag).message())
			}
		}
		if len(event.InverseOffers) > 0 {
			fw.send(&schedulerv1.Event{Type: schedulerv1.Event_INVERSE_OFFERS.Enum(), InverseOffers: event})
		}
	}
}

func (m *Master) newInverseLocked(fw *framework, ag *agent) *inverseOffer {
	o := &inverseOffer{id: m.newOfferIDLocked(), seq: m.next.offer, framework: fw, agent: ag}
	m.inverse[o.id], fw.inverse[o.id] = o, o
	if m.opts.OfferTimeout > 0 {
		o.timeout = m.after(m.opts.OfferTimeout, func() {
			if m.inverse[o.id] == o {
				m.removeInverseLocked(o, true)
			}
		})
	}
	return o
}

func (m *Master) asksLocked(fw *framework, ag *agent) bool {
	if !fw.occupies(ag) {
		return false
	}
	for _, o := range fw.inverse {
		if o.agent == ag {
			return false
		}
	}
	answer := m.machines.answers[inverseKey{fw.id, ag.id}]
	return answer == nil || !time.Now().Before(answer.until)
}

// occupies says whether the framework has something on the agent or is
// offered it.
func (fw *framework) occupies(ag *agent) bool {
	for _, o := range ag.offers {
		if o.framework == fw {
			return true
		}
	}
	for key, t := range ag.tasks {
		if key.framework == fw.id && !t.freed {
			return true
		}
	}
	return len(ag.executorIDs(fw.id)) > 0
}

// answerInverseLocked notes what is said to inverse offers; whose they are is not
// checked, as with a decline.
func (m *Master) answerInverseLocked(ids []*v1.OfferID, accept bool, refuse time.Duration) {
	status := allocatorv1.InverseOfferStatus_DECLINE
	if accept {
		status = allocatorv1.InverseOfferStatus_ACCEPT
	}
	for _, id := range ids {
		o := m.inverse[id.GetValue()]
		if o == nil {
			continue
		}
		m.machines.answers[inverseKey{o.framework.id, o.agent.id}] = &inverseAnswer{
			status: &allocatorv1.InverseOfferStatus{Status: status.Enum(), FrameworkId: frameworkID(o.framework.id), Timestamp: timeInfo(time.Now())},
			until:  time.Now().Add(refuse),
		}
		m.removeInverseLocked(o, false)
	}
}

// forgetInverseFiltersLocked lets a framework be asked again at once.
func (m *Master) forgetInverseFiltersLocked(fw *framework) {
	for key, a := range m.machines.answers {
		if key.framework == fw.id {
			a.until = time.Time{}
		}
	}
}

func (m *Master) removeInverseLocked(o *inverseOffer, tell bool) {
	stopTimer(o.timeout)
	delete(m.inverse, o.id)
	delete(o.framework.inverse, o.id)
	if tell {
		o.framework.send(rescindInverseEvent(o.id))
	}
}

// removeInverseOfLocked takes back what was asked about an agent.
func (m *Master) removeInverseOfLocked(ag *agent) {
	for _, o := range sortedInverse(m.inverse) {
		if o.agent == ag {
			m.removeInverseLocked(o, true)
		}
	}
}

func sortedInverse(set map[string]*inverseOffer) []*inverseOffer {
	out := make([]*inverseOffer, 0, len(set))
	for _, o := range set {
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b *inverseOffer) int { return a.seq - b.seq })
	return out
}
