package master

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// updateWeightsLocked is UPDATE_WEIGHTS: all or none. All offers are taken back
// when one of the roles is in use, so that the next run is by the new
// weights (master/weights_handler.cpp).
func (m *Master) updateWeightsLocked(list []*v1.WeightInfo) reply {
	const failed = "Failed to validate update weights request JSON"
	for _, w := range list {
		role := strings.TrimSpace(w.GetRole())
		if err := resources.ValidateRole(role); err != nil {
			return refused(http.StatusBadRequest, failed+": Invalid role '"+role+"': "+err.Error())
		}
		if len(m.notAllowed([]string{role})) > 0 {
			return refused(http.StatusBadRequest, failed+": Unknown role '"+role+"'")
		}
		if w.GetWeight() <= 0 {
			return refused(http.StatusBadRequest, failed+" for role '"+role+"': Invalid weight '"+streamFloat(w.GetWeight())+"': Weights must be positive")
		}
	}
	m.saveLocked()
	used := false
	for _, w := range list {
		role := strings.TrimSpace(w.GetRole())
		m.weights[role] = w.GetWeight()
		m.alloc.SetWeight(role, w.GetWeight())
		used = used || m.roleInUseLocked(role)
	}
	if used {
		for _, o := range sortedOffers(m.offers) {
			m.rescindLocked(o)
		}
	}
	return done()
}

// roleInUseLocked says whether a framework is in a role, or has tasks or executors
// there since it was.
func (m *Master) roleInUseLocked(role string) bool {
	for _, fw := range m.frameworks {
		if slices.Contains(fw.roles, role) || slices.ContainsFunc(m.usedByLocked(fw), func(it resources.Item) bool { return it.AllocatedTo() == role }) {
			return true
		}
	}
	return false
}

// weightsMessageLocked is nil when no weight is set: Mesos leaves it out then.
func (m *Master) weightsMessageLocked() *masterv1.Response_GetWeights {
	if len(m.weights) == 0 {
		return nil
	}
	return &masterv1.Response_GetWeights{WeightInfos: m.weightInfosLocked()}
}

func (m *Master) weightInfosLocked() []*v1.WeightInfo {
	var out []*v1.WeightInfo
	for _, role := range slices.Sorted(maps.Keys(m.weights)) {
		out = append(out, &v1.WeightInfo{Weight: proto.Float64(m.weights[role]), Role: proto.String(role)})
	}
	return out
}
