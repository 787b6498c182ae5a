package master

import (
	"maps"
	"net/http"
	"slices"

	"mesosbook/cluster/master/allocator"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"
	quotav1 "mesosbook/mesos/v1/quota"

	"google.golang.org/protobuf/proto"
)

// quotaConfig is a role's quota. legacy is set when SET_QUOTA made it.
type quotaConfig struct {
	guarantees, limits resources.Quantities
	legacy             *quotav1.QuotaInfo
}

func quantitiesOf(set map[string]*v1.Value_Scalar) resources.Quantities {
	out := resources.Quantities{}
	for name, s := range set {
		out[name] = resources.Milli(s.GetValue())
	}
	return out
}

func scalarsOf(q resources.Quantities) map[string]*v1.Value_Scalar {
	if len(q) == 0 {
		return nil
	}
	out := map[string]*v1.Value_Scalar{}
	for name := range q {
		out[name] = &v1.Value_Scalar{Value: proto.Float64(q.Value(name))}
	}
	return out
}

func (m *Master) storeQuotaLocked(role string, q quotaConfig) {
	if len(q.guarantees) == 0 && len(q.limits) == 0 {
		delete(m.quotas, role)
	} else {
		m.quotas[role] = q
	}
	m.saveLocked()
	m.alloc.SetQuota(role, allocator.Quota{Guarantees: q.guarantees, Limits: q.limits})
	m.allocateLocked()
}

// updateQuotaLocked is UPDATE_QUOTA: all of the configs or none.
func (m *Master) updateQuotaLocked(list []*quotav1.QuotaConfig, force bool) reply {
	for _, c := range list {
		if text := m.checkQuotaLocked(c, force); text != "" {
			return refused(http.StatusBadRequest, "Invalid QuotaConfig: "+text)
		}
	}
	for _, c := range list {
		m.storeQuotaLocked(c.GetRole(), quotaConfig{guarantees: quantitiesOf(c.GetGuarantees()), limits: quantitiesOf(c.GetLimits())})
	}
	return done()
}

func (m *Master) checkQuotaLocked(c *quotav1.QuotaConfig, force bool) string {
	if c.GetRole() == "*" {
		return "Invalid 'QuotaConfig.role': the default role '*' is not supported"
	}
	if err := resources.ValidateRole(c.GetRole()); err != nil {
		return "Invalid 'QuotaConfig.role': " + err.Error()
	}
	for _, set := range []map[string]*v1.Value_Scalar{c.GetGuarantees(), c.GetLimits()} {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if why := badQuantity(set[name].GetValue()); why != "" {
				return "Invalid quota for resource '" + name + "': " + why
			}
		}
	}
	limits := quantitiesOf(c.GetLimits())
	for name, n := range quantitiesOf(c.GetGuarantees()) {
		if limit, some := limits[name]; some && n > limit {
			return "Guarantees of '" + name + "' are greater than its limit"
		}
	}
	if consumed := m.alloc.Consumed(c.GetRole()); !force {
		for name, limit := range limits {
			if consumed[name] > limit {
				return "Role '" + c.GetRole() + "' is already consuming more than the limit of '" + name + "'; use 'force' to set it all the same"
			}
		}
	}
	return ""
}

// setQuotaLocked is SET_QUOTA and POST /quota: guarantees that are limits too.
func (m *Master) setQuotaLocked(req *quotav1.QuotaRequest, principal string) reply {
	role := req.GetRole()
	if _, some := m.quotas[role]; some {
		return refused(http.StatusBadRequest, "Failed to validate set quota request: Quota already set for role '"+role+"'")
	}
	if err := resources.ValidateRole(role); err != nil || role == "*" {
		return refused(http.StatusBadRequest, "Failed to validate set quota request: Invalid role '"+role+"'")
	}
	if err := resources.Validate(req.GetGuarantee()); err != nil {
		return refused(http.StatusBadRequest, "Failed to validate set quota request: "+err.Error())
	}
	q := resources.New(req.GetGuarantee()).Quantities()
	if !req.GetForce() && !m.capacityLocked().Contains(q) {
		return refused(http.StatusConflict, "Heuristic capacity check for set quota request failed: Not enough available cluster capacity to reasonably satisfy quota request; the force flag can be used to override this check")
	}
	info := &quotav1.QuotaInfo{Role: proto.String(role), Guarantee: req.GetGuarantee()}
	if principal != "" {
		info.Principal = proto.String(principal)
	}
	m.storeQuotaLocked(role, quotaConfig{guarantees: q, limits: maps.Clone(q), legacy: info})
	return done()
}

// capacityLocked is what the cluster has unreserved, without other guarantees.
func (m *Master) capacityLocked() resources.Quantities {
	out := resources.Quantities{}
	for _, ag := range m.agents {
		if ag.active() {
			out.Add(unreserved(ag.total).Quantities())
		}
	}
	for _, q := range m.quotas {
		out.Sub(q.guarantees)
	}
	return out
}

func (m *Master) removeQuotaLocked(role string) reply {
	if _, some := m.quotas[role]; !some {
		return refused(http.StatusBadRequest, "Failed to remove quota for role '"+role+"': Role has no quota set")
	}
	m.storeQuotaLocked(role, quotaConfig{})
	return done()
}

func (m *Master) quotaMessageLocked() *quotav1.QuotaStatus {
	out := &quotav1.QuotaStatus{}
	for _, role := range slices.Sorted(maps.Keys(m.quotas)) {
		q := m.quotas[role]
		info := q.legacy
		if info == nil {
			info = &quotav1.QuotaInfo{Role: proto.String(role), Guarantee: scalarResources(q.guarantees)}
		}
		out.Infos = append(out.Infos, info)
		out.Configs = append(out.Configs, &quotav1.QuotaConfig{Role: proto.String(role), Guarantees: scalarsOf(q.guarantees), Limits: scalarsOf(q.limits)})
	}
	return out
}

func scalarResources(q resources.Quantities) []*v1.Resource {
	var out []*v1.Resource
	for _, name := range q.Names() {
		out = append(out, &v1.Resource{Name: proto.String(name), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(q.Value(name))}})
	}
	return out
}

// updateWeightsLocked is UPDATE_WEIGHTS: all or none.
func (m *Master) updateWeightsLocked(list []*v1.WeightInfo) reply {
	for _, w := range list {
		if err := resources.ValidateRole(w.GetRole()); err != nil {
			return refused(http.StatusBadRequest, "Failed to validate update weights JSON: Invalid role '"+w.GetRole()+"': "+err.Error())
		}
		if w.GetWeight() <= 0 {
			return refused(http.StatusBadRequest, "Failed to validate update weights JSON: Invalid weight '"+fmtFloat(w.GetWeight())+"': Weights must be positive")
		}
	}
	m.saveLocked()
	for _, w := range list {
		m.weights[w.GetRole()] = w.GetWeight()
		m.alloc.SetWeight(w.GetRole(), w.GetWeight())
	}
	return done()
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
