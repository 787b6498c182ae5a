package master

import (
	"net/http"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/master/allocator"
	"mesosbook/cluster/resources"
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
		if err := resources.Validate(list); err != nil {
			return refused(http.StatusBadRequest, err.Error())
		}
		resources.UpgradeAll(list)
	}
	if err := m.checkOperatorLocked(ag, op, principal); err != nil {
		return refused(http.StatusBadRequest, "Invalid "+op.GetType().String()+" operation"+onAgent(ag, op)+": "+err.Error())
	}
	m.makeRoomLocked(ag, op)
	if _, err := m.alloc.Free(id).Apply(op); err != nil {
		return refused(http.StatusConflict, err.Error())
	}
	total, err := ag.total.Apply(op)
	if err != nil {
		return refused(http.StatusConflict, err.Error())
	}
	ag.total = total
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

// onAgent names the agent, which Mesos does for some operations only.
func onAgent(ag *agent, op *v1.Offer_Operation) string {
	switch op.GetType() {
	case v1.Offer_Operation_UNRESERVE, v1.Offer_Operation_DESTROY:
		return ""
	}
	return " on agent " + ag.id + " at " + ag.pid + " (" + ag.info.GetHostname() + ")"
}

// makeRoomLocked rescinds offers of the agent that hold what the operation takes,
// until they would be enough; what is free may be gone by then. For five seconds
// the resources are not offered to the same frameworks (http.cpp: _operation).
func (m *Master) makeRoomLocked(ag *agent, op *v1.Offer_Operation) {
	var wanted, got resources.Resources
	for _, c := range resources.Conversions(op) {
		wanted = wanted.Add(c.From)
	}
	for _, o := range sortedOffers(ag.offers) {
		held := o.resources.Unallocate()
		rest := wanted.Sub(held)
		if rest.Equal(wanted) {
			continue
		}
		wanted, got = rest, got.Add(held)
		m.rescindForLocked(o, allocator.RefuseFor(0, false))
		if _, err := got.Apply(op); err == nil {
			return
		}
	}
}

// form reads a POST body such as slaveId=S&resources=[...], and answers itself
// when that fails.
func (m *Master) form(req *request) (libprocess.Query, bool) {
	data, ok := m.readBody(req)
	if !ok {
		return nil, false
	}
	values, err := libprocess.ParseQuery(string(data))
	if err != nil {
		req.fail(http.StatusBadRequest, "Unable to decode query string: "+err.Error())
		return nil, false
	}
	return values, true
}

// resourceForm answers the four old endpoints that take an agent and a list;
// how it says that the list is wrong differs.
func (m *Master) resourceForm(req *request, field, wrong string, make func(list []*v1.Resource, values libprocess.Query) (*v1.Offer_Operation, string)) {
	values, ok := m.form(req)
	if !ok {
		return
	}
	id, some := values.Get("slaveId")
	if !some {
		req.fail(http.StatusBadRequest, "Missing 'slaveId' query parameter in the request body")
		return
	}
	list, text := resourceList(values, field, wrong)
	var op *v1.Offer_Operation
	if text == "" {
		op, text = make(list, values)
	}
	if text != "" {
		req.fail(http.StatusBadRequest, text)
		return
	}
	m.do(req, func() reply { return m.operateLocked(id, op, req.principal) })
}

func resourceList(values libprocess.Query, field, wrong string) (list []*v1.Resource, text string) {
	value, some := values.Get(field)
	if !some {
		return nil, "Missing '" + field + "' query parameter in the request body"
	}
	list, f := readList[*v1.Resource]([]byte(value))
	if f != nil {
		return nil, wrong + " '" + field + "' query parameter in the request body: " + f.String()
	}
	return list, ""
}

// The words of /reserve, and of the three others, for a list that is no list.
const (
	reserveWrong = "Error parsing"
	listWrong    = "Error in parsing"
)

func (m *Master) reservePage(req *request) {
	m.resourceForm(req, "resources", reserveWrong, func(list []*v1.Resource, values libprocess.Query) (*v1.Offer_Operation, string) {
		reserve := &v1.Offer_Operation_Reserve{Resources: list}
		if _, some := values.Get("source"); some {
			var text string
			if reserve.Source, text = resourceList(values, "source", reserveWrong); text != "" {
				return nil, text
			}
		}
		return &v1.Offer_Operation{Type: v1.Offer_Operation_RESERVE.Enum(), Reserve: reserve}, ""
	})
}

func (m *Master) unreservePage(req *request) {
	m.resourceForm(req, "resources", listWrong, func(list []*v1.Resource, _ libprocess.Query) (*v1.Offer_Operation, string) {
		return &v1.Offer_Operation{Type: v1.Offer_Operation_UNRESERVE.Enum(), Unreserve: &v1.Offer_Operation_Unreserve{Resources: list}}, ""
	})
}

func (m *Master) createVolumesPage(req *request) {
	m.resourceForm(req, "volumes", listWrong, func(list []*v1.Resource, _ libprocess.Query) (*v1.Offer_Operation, string) {
		return &v1.Offer_Operation{Type: v1.Offer_Operation_CREATE.Enum(), Create: &v1.Offer_Operation_Create{Volumes: list}}, ""
	})
}

func (m *Master) destroyVolumesPage(req *request) {
	m.resourceForm(req, "volumes", listWrong, func(list []*v1.Resource, _ libprocess.Query) (*v1.Offer_Operation, string) {
		return &v1.Offer_Operation{Type: v1.Offer_Operation_DESTROY.Enum(), Destroy: &v1.Offer_Operation_Destroy{Volumes: list}}, ""
	})
}
