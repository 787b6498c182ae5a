package master

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"mesosbook/cluster/master/allocator"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// offer is an outstanding offer. It is guarded by Master.mu.
type offer struct {
	id        string
	seq       int
	framework *framework
	agent     *agent
	role      string
	resources resources.Resources // allocated to role
	timeout   *time.Timer         // nil when offers do not expire
}

// offerLocked turns what the allocator gave away into one OFFERS event for
// each framework.
func (m *Master) offerLocked(list []allocator.Allocation) {
	events := map[*framework]*schedulerv1.Event_Offers{}
	var order []*framework
	for _, al := range list {
		fw, ag := m.frameworks[al.FrameworkID], m.agents[al.AgentID]
		if fw == nil || ag == nil || !fw.connected || !ag.connected {
			m.alloc.Recover(al.FrameworkID, al.AgentID, al.Resources, 0)
			continue
		}
		o := m.newOfferLocked(fw, ag, al)
		if events[fw] == nil {
			events[fw] = &schedulerv1.Event_Offers{}
			order = append(order, fw)
		}
		events[fw].Offers = append(events[fw].Offers, o.message())
	}
	for _, fw := range order {
		fw.metrics.offersSent += len(events[fw].Offers)
		m.logf("Sending offers %d to framework %s (%s)", len(events[fw].Offers), fw.id, fw.info.GetName())
		fw.send(&schedulerv1.Event{Type: schedulerv1.Event_OFFERS.Enum(), Offers: events[fw]})
	}
}

func (m *Master) newOfferLocked(fw *framework, ag *agent, al allocator.Allocation) *offer {
	o := &offer{id: m.newOfferIDLocked(), seq: m.next.offer, framework: fw, agent: ag, role: al.Role, resources: al.Resources}
	m.offers[o.id], fw.offers[o.id], ag.offers[o.id] = o, o, o
	if m.opts.OfferTimeout > 0 {
		o.timeout = m.after(m.opts.OfferTimeout, func() {
			if m.offers[o.id] == o {
				m.rescindLocked(o)
			}
		})
	}
	return o
}

// message is the offer as the framework is told: the role that holds it only
// with MULTI_ROLE, reservations in the form that the framework knows.
func (o *offer) message() *v1.Offer {
	msg := o.full(o.framework.caps.format())
	if !o.framework.caps.multiRole {
		msg.AllocationInfo = nil
		for _, r := range msg.Resources {
			r.AllocationInfo = nil
		}
	}
	return msg
}

// full is the offer with everything, as the operator API tells it.
func (o *offer) full(f resources.Format) *v1.Offer {
	return &v1.Offer{
		Id: offerID(o.id), FrameworkId: frameworkID(o.framework.id), AgentId: agentID(o.agent.id),
		Hostname: o.agent.info.Hostname, Url: o.agent.url(), Domain: o.agent.info.Domain,
		Resources:      o.resources.Proto(f),
		Attributes:     o.agent.info.Attributes,
		ExecutorIds:    o.agent.executorIDs(o.framework.id),
		Unavailability: o.agent.unavailability,
		AllocationInfo: &v1.Resource_AllocationInfo{Role: proto.String(o.role)},
	}
}

func (ag *agent) url() *v1.URL {
	host, port := ag.address()
	return &v1.URL{
		Scheme:  proto.String("http"),
		Address: &v1.Address{Hostname: ag.info.Hostname, Ip: proto.String(host), Port: proto.Int32(int32(port))},
		Path:    proto.String("/slave(1)"),
	}
}

// address of the agent, out of "slave(1)@127.0.0.1:5051".
func (ag *agent) address() (ip string, port int) {
	_, addr, ok := strings.Cut(ag.pid, "@")
	host, p, err := net.SplitHostPort(addr)
	if n, bad := strconv.Atoi(p); ok && err == nil && bad == nil {
		return host, n
	}
	return ag.info.GetHostname(), int(ag.info.GetPort())
}

// removeOfferLocked forgets an offer; its resources are not given back.
func (m *Master) removeOfferLocked(o *offer) {
	stopTimer(o.timeout)
	delete(m.offers, o.id)
	delete(o.framework.offers, o.id)
	delete(o.agent.offers, o.id)
}

// discardLocked takes an offer back without telling; the framework does not
// see the same again for as long as refuse.
func (m *Master) discardLocked(o *offer, refuse time.Duration) {
	m.removeOfferLocked(o)
	m.alloc.Recover(o.framework.id, o.agent.id, o.resources, refuse)
}

// rescindLocked takes an offer back and tells the framework.
func (m *Master) rescindLocked(o *offer) { m.rescindForLocked(o, 0) }

// rescindForLocked keeps the resources from the framework for a while.
func (m *Master) rescindForLocked(o *offer, refuse time.Duration) {
	m.discardLocked(o, refuse)
	o.framework.metrics.offersRescinded++
	o.framework.send(rescindEvent(o.id))
}

func (m *Master) rescindAllLocked(ag *agent) {
	for _, o := range sortedOffers(ag.offers) {
		m.rescindLocked(o)
	}
}

func sortedOffers(set map[string]*offer) []*offer {
	out := make([]*offer, 0, len(set))
	for _, o := range set {
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b *offer) int { return a.seq - b.seq })
	return out
}

// refusal is how long filters keep an offer away.
func refusal(f *v1.Filters) time.Duration {
	return allocator.RefuseFor(f.GetRefuseSeconds(), f != nil && f.RefuseSeconds != nil)
}

// declineLocked gives offers back; whose they are is not checked (master.cpp:5441).
func (m *Master) declineLocked(fw *framework, call *schedulerv1.Call_Decline) {
	for _, id := range call.GetOfferIds() {
		if o := m.offers[id.GetValue()]; o != nil {
			fw.metrics.offersDeclined++
			m.discardLocked(o, refusal(call.GetFilters()))
		}
	}
}
