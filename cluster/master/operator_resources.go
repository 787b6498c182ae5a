package master

import (
	"net/http"
	"net/url"

	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"
)

// changeResourcesLocked does the calls that reserve resources and make volumes.
func (m *Master) changeResourcesLocked(c *masterv1.Call, principal string) (reply, bool) {
	op, agent := &v1.Offer_Operation{}, ""
	switch c.GetType() {
	case masterv1.Call_RESERVE_RESOURCES:
		b := c.GetReserveResources()
		agent, op.Type, op.Reserve = b.GetAgentId().GetValue(), v1.Offer_Operation_RESERVE.Enum(), &v1.Offer_Operation_Reserve{Resources: b.GetResources(), Source: b.GetSource()}
	case masterv1.Call_UNRESERVE_RESOURCES:
		b := c.GetUnreserveResources()
		agent, op.Type, op.Unreserve = b.GetAgentId().GetValue(), v1.Offer_Operation_UNRESERVE.Enum(), &v1.Offer_Operation_Unreserve{Resources: b.GetResources()}
	case masterv1.Call_CREATE_VOLUMES:
		b := c.GetCreateVolumes()
		agent, op.Type, op.Create = b.GetAgentId().GetValue(), v1.Offer_Operation_CREATE.Enum(), &v1.Offer_Operation_Create{Volumes: b.GetVolumes()}
	case masterv1.Call_DESTROY_VOLUMES:
		b := c.GetDestroyVolumes()
		agent, op.Type, op.Destroy = b.GetAgentId().GetValue(), v1.Offer_Operation_DESTROY.Enum(), &v1.Offer_Operation_Destroy{Volumes: b.GetVolumes()}
	case masterv1.Call_GROW_VOLUME:
		b := c.GetGrowVolume()
		agent, op.Type, op.GrowVolume = b.GetAgentId().GetValue(), v1.Offer_Operation_GROW_VOLUME.Enum(), &v1.Offer_Operation_GrowVolume{Volume: b.GetVolume(), Addition: b.GetAddition()}
	case masterv1.Call_SHRINK_VOLUME:
		b := c.GetShrinkVolume()
		agent, op.Type, op.ShrinkVolume = b.GetAgentId().GetValue(), v1.Offer_Operation_SHRINK_VOLUME.Enum(), &v1.Offer_Operation_ShrinkVolume{Volume: b.GetVolume(), Subtract: b.GetSubtract()}
	default:
		return reply{}, false
	}
	return m.operateLocked(agent, op, principal), true
}

// operateLocked changes what an agent has free, taking back offers that hold
// what is needed.
func (m *Master) operateLocked(id string, op *v1.Offer_Operation, principal string) reply {
	ag := m.agents[id]
	if ag == nil {
		return refused(http.StatusBadRequest, "No agent found with specified ID")
	}
	for _, list := range operationResources(op) {
		resources.UpgradeAll(list)
		if err := resources.Validate(list); err != nil {
			return refused(http.StatusBadRequest, "Invalid "+op.GetType().String()+" operation: "+err.Error())
		}
	}
	if err := m.checkOperatorLocked(ag, op, principal); err != nil {
		return refused(http.StatusBadRequest, "Invalid "+op.GetType().String()+" operation on agent "+id+": "+err.Error())
	}
	m.makeRoomLocked(ag, op)
	after, err := m.alloc.Free(id).Apply(op)
	if err != nil {
		return refused(http.StatusConflict, err.Error())
	}
	free := m.alloc.Free(id)
	ag.total = ag.total.Sub(free.Sub(after)).Add(after.Sub(free))
	m.alloc.UpdateAgent(id, ag.total)
	m.applyLocked(nil, ag, op)
	return reply{status: http.StatusAccepted}
}

func (m *Master) checkOperatorLocked(ag *agent, op *v1.Offer_Operation, principal string) error {
	check := operationCheck{agent: ag}
	if principal != "" {
		check.principal = &principal
	}
	return check.validate(op)
}

// makeRoomLocked rescinds offers of the agent until the operation fits into
// what is free, or no offer is left.
func (m *Master) makeRoomLocked(ag *agent, op *v1.Offer_Operation) {
	for _, o := range sortedOffers(ag.offers) {
		if _, err := m.alloc.Free(ag.id).Apply(op); err == nil {
			return
		}
		m.rescindLocked(o)
	}
}

// form reads a POST body such as slaveId=S&resources=[...], and answers itself
// when that fails.
func (m *Master) form(req *request) (url.Values, bool) {
	data, ok := m.readBody(req)
	if !ok {
		return nil, false
	}
	values, err := url.ParseQuery(string(data))
	if err != nil {
		req.fail(http.StatusBadRequest, "Unable to decode query string: "+err.Error())
		return nil, false
	}
	return values, true
}

// resourceForm answers the four old endpoints that take an agent and a list.
func (m *Master) resourceForm(req *request, field string, make func([]*v1.Resource) *v1.Offer_Operation) {
	values, ok := m.form(req)
	if !ok {
		return
	}
	for _, name := range []string{"slaveId", field} {
		if !values.Has(name) {
			req.fail(http.StatusBadRequest, "Missing '"+name+"' query parameter in the request body")
			return
		}
	}
	list, err := mesos.UnmarshalList[*v1.Resource]([]byte(values.Get(field)))
	if err != nil {
		req.fail(http.StatusBadRequest, "Error in parsing '"+field+"' query parameter in the request body: "+err.Error())
		return
	}
	m.do(req, func() reply { return m.operateLocked(values.Get("slaveId"), make(list), req.principal) })
}

func (m *Master) reservePage(req *request) {
	m.resourceForm(req, "resources", func(list []*v1.Resource) *v1.Offer_Operation {
		return &v1.Offer_Operation{Type: v1.Offer_Operation_RESERVE.Enum(), Reserve: &v1.Offer_Operation_Reserve{Resources: list}}
	})
}

func (m *Master) unreservePage(req *request) {
	m.resourceForm(req, "resources", func(list []*v1.Resource) *v1.Offer_Operation {
		return &v1.Offer_Operation{Type: v1.Offer_Operation_UNRESERVE.Enum(), Unreserve: &v1.Offer_Operation_Unreserve{Resources: list}}
	})
}

func (m *Master) createVolumesPage(req *request) {
	m.resourceForm(req, "volumes", func(list []*v1.Resource) *v1.Offer_Operation {
		return &v1.Offer_Operation{Type: v1.Offer_Operation_CREATE.Enum(), Create: &v1.Offer_Operation_Create{Volumes: list}}
	})
}

func (m *Master) destroyVolumesPage(req *request) {
	m.resourceForm(req, "volumes", func(list []*v1.Resource) *v1.Offer_Operation {
		return &v1.Offer_Operation{Type: v1.Offer_Operation_DESTROY.Enum(), Destroy: &v1.Offer_Operation_Destroy{Volumes: list}}
	})
}
