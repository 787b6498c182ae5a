package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"

	v1 "mesosbook/mesos/v1"
)

// checkOffersLocked looks the offers of an ACCEPT up: of this framework, of
// one role and one agent, each once (master/validation.cpp:2272-2424).
func (m *Master) checkOffersLocked(fw *framework, ids []*v1.OfferID) ([]*offer, error) {
	if len(ids) == 0 {
		return nil, errors.New("No offers specified")
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id.GetValue()] {
			return nil, fmt.Errorf("Duplicate offer %s in offer list", id.GetValue())
		}
		seen[id.GetValue()] = true
	}
	var offers []*offer
	for _, id := range ids {
		o := m.offers[id.GetValue()]
		if o == nil {
			return nil, fmt.Errorf("Offer %s is no longer valid", id.GetValue())
		}
		offers = append(offers, o)
	}
	for _, o := range offers {
		if o.framework != fw {
			return nil, fmt.Errorf("Offer %s has invalid framework %s while framework %s is expected", o.id, o.framework.id, fw.id)
		}
	}
	return offers, sameRoleAndAgent(offers)
}

func sameRoleAndAgent(offers []*offer) error {
	first := offers[0]
	for _, o := range offers {
		if o.role != first.role {
			return fmt.Errorf("Aggregated offers must be allocated to the same role. Offer %s uses role '%s but another is using role '%s", o.id, o.role, first.role)
		}
	}
	for _, o := range offers {
		if o.agent != first.agent {
			return fmt.Errorf("Aggregated offers must belong to one single agent. Offer %s uses agent %s and agent %s", o.id, o.agent.id, first.agent.id)
		}
	}
	return nil
}
