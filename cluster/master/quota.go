package master

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"mesosbook/cluster/master/allocator"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	quotav1 "mesosbook/mesos/v1/quota"

	"google.golang.org/protobuf/proto"
)

// quotaConfig is a role's quota. One that was taken back by an empty UPDATE_QUOTA
// stays known, as in Mesos.
type quotaConfig struct {
	guarantees, limits resources.Quantities
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

// storeQuotaLocked takes effect with the next periodic allocation.
func (m *Master) storeQuotaLocked(role string, q quotaConfig) {
	maps.DeleteFunc(q.guarantees, func(_ string, n int64) bool { return n == 0 }) // no guarantee; a limit of zero is one
	m.quotas[role] = q
	m.saveLocked()
	m.alloc.SetQuota(role, allocator.Quota{Guarantees: q.guarantees, Limits: q.limits})
}

// updateQuotaLocked is UPDATE_QUOTA: all of the configs or none
// (master/quota_handler.cpp:432-690).
func (m *Master) updateQuotaLocked(list []*quotav1.QuotaConfig, force bool) reply {
	for _, c := range list {
		if err := m.validateQuotaLocked(c); err != nil {
			return refused(http.StatusBadRequest, err.Error())
		}
	}
	if text := m.checkQuotasLocked(list); text != "" && !force {
		return refused(http.StatusBadRequest, "Invalid QuotaConfig: "+text+" (use 'force' flag to bypass this check)")
	}
	for _, c := range list {
		m.storeQuotaLocked(c.GetRole(), quotaConfig{guarantees: quantitiesOf(c.GetGuarantees()), limits: quantitiesOf(c.GetLimits())})
	}
	for _, c := range list {
		m.rescindForQuotaLocked(c.GetRole(), quantitiesOf(c.GetGuarantees()), quantitiesOf(c.GetLimits()))
	}
	return done()
}

// checkQuotasLocked says which of the quotas does not fit what is used, or that
// all guarantees do not fit the cluster.
func (m *Master) checkQuotasLocked(list []*quotav1.QuotaConfig) string {
	guarantees := map[string]resources.Quantities{}
	for role, q := range m.quotas {
		guarantees[role] = q.guarantees
	}
	for _, c := range list {
		limits, consumed := quantitiesOf(c.GetLimits()), m.consumedLocked(c.GetRole())
		if !within(limits, consumed) {
			return "Role '" + c.GetRole() + "' is already consuming '" + consumed.String() + "'; this is more than the requested limits '" + limits.String() + "'"
		}
		guarantees[c.GetRole()] = quantitiesOf(c.GetGuarantees())
	}
	if total, capacity := sumOf(guarantees), m.capacityLocked(); !capacity.Contains(total) {
		return "total quota guarantees '" + total.String() + "' exceed cluster capacity '" + capacity.String() + "'"
	}
	return ""
}

func sumOf(set map[string]resources.Quantities) resources.Quantities {
	out := resources.Quantities{}
	for _, q := range set {
		out.Add(q)
	}
	return out
}

// consumedLocked is what counts against the quota of a role and those below it:
// what tasks and executors have, and reservations that nobody uses.
func (m *Master) consumedLocked(role string) resources.Quantities {
	out := resources.Quantities{}
	for _, ag := range m.agents {
		out.Add(ag.total.Filter(func(it resources.Item) bool { return belongs(it.Role(), role) }).Quantities())
	}
	for _, fw := range m.frameworks {
		used := m.usedByLocked(fw)
		out.Sub(used.Filter(func(it resources.Item) bool { return belongs(it.Role(), role) }).Quantities())
		out.Add(used.Filter(func(it resources.Item) bool { return belongs(it.AllocatedTo(), role) }).Quantities())
	}
	return out
}

// belongs says whether name is role or below it.
func belongs(name, role string) bool { return name == role || resources.IsSubrole(role, name) }

// capacityLocked is what all agents have together, connected or not.
func (m *Master) capacityLocked() resources.Quantities {
	out := resources.Quantities{}
	for _, ag := range m.agents {
		out.Add(ag.total.Filter(func(it resources.Item) bool {
			return !it.Revocable() && it.Type() == v1.Value_SCALAR
		}).Quantities())
	}
	return out
}

// rescindForQuotaLocked takes offers back: of the role, until it is within its
// limits; of others, until its guarantees could be met.
func (m *Master) rescindForQuotaLocked(role string, guarantees, limits resources.Quantities) {
	held := m.consumedLocked(role)
	offers := sortedOffers(m.offers)
	for _, o := range offers {
		if belongs(o.role, role) {
			held.Add(o.resources.Quantities())
		}
	}
	for _, o := range offers {
		if belongs(o.role, role) && !within(limits, held) {
			held.Sub(o.resources.Quantities())
			m.rescindLocked(o)
		}
	}
	for _, o := range offers {
		if !belongs(o.role, role) && !held.Contains(guarantees) {
			held.Add(o.resources.Quantities())
			m.rescindLocked(o)
		}
	}
}

// setQuotaLocked is SET_QUOTA and POST /quota: guarantees that are limits too.
func (m *Master) setQuotaLocked(req *quotav1.QuotaRequest) reply {
	const failed = "Failed to validate set quota request: "
	role, guarantee := req.GetRole(), req.GetGuarantee()
	if err := resources.Validate(guarantee); err != nil {
		return refused(http.StatusBadRequest, "Failed to validate set quota request: QuotaInfo with invalid resource: "+err.Error())
	}
	resources.UpgradeAll(guarantee)
	if err := validateQuotaInfo(role, guarantee); err != nil {
		return refused(http.StatusBadRequest, failed+err.Error())
	}
	if len(m.notAllowed([]string{role})) > 0 {
		return refused(http.StatusBadRequest, failed+"Unknown role '"+role+"'")
	}
	if _, some := m.quotas[role]; some {
		return refused(http.StatusBadRequest, failed+"Cannot set quota for role '"+role+"' which already has quota")
	}
	if strings.Contains(role, "/") {
		return refused(http.StatusBadRequest, "Setting quota on nested role '"+role+"' is not supported yet")
	}
	q := resources.New(guarantee).Quantities()
	if total, capacity := m.guaranteedLocked(q), m.capacityLocked(); !req.GetForce() && !capacity.Contains(total) {
		return refused(http.StatusConflict, "Quota guarantees overcommit the cluster (use 'force' to bypass this check): "+
			"Total quota guarantees '"+total.String()+"' exceed cluster capacity '"+capacity.String()+"'")
	}
	m.storeQuotaLocked(role, quotaConfig{guarantees: q, limits: maps.Clone(q)})
	m.makeRoomForQuotaLocked(role, q)
	return done()
}

// guaranteedLocked is the sum of all guarantees and one more.
func (m *Master) guaranteedLocked(more resources.Quantities) resources.Quantities {
	out := maps.Clone(more)
	for _, q := range m.quotas {
		out.Add(q.guarantees)
	}
	return out
}

// makeRoomForQuotaLocked takes the offers of one agent after another back until
// they held as much as is wanted, and there is an agent for each framework of
// the role.
func (m *Master) makeRoomForQuotaLocked(role string, want resources.Quantities) {
	frameworks := 0
	for _, fw := range m.frameworks {
		if fw.connected && slices.Contains(fw.roles, role) {
			frameworks++
		}
	}
	rescinded, agents := resources.Quantities{}, 0
	for _, ag := range m.sortedAgentsLocked() {
		if rescinded.Contains(want) && agents >= frameworks {
			return
		}
		if len(ag.offers) == 0 || !ag.connected {
			continue
		}
		for _, o := range sortedOffers(ag.offers) {
			rescinded.Add(o.resources.Quantities())
		}
		agents++
		m.rescindAllLocked(ag)
	}
}

func (m *Master) removeQuotaLocked(role string) reply {
	if _, some := m.quotas[role]; !some {
		return refused(http.StatusBadRequest, "Failed to remove quota: Role '"+role+"' has no quota set")
	}
	m.storeQuotaLocked(role, quotaConfig{})
	delete(m.quotas, role)
	return done()
}

// deleteQuotaLocked is DELETE /master/quota/ROLE, whose path names the role; it
// is not decoded.
func (m *Master) deleteQuotaLocked(path string) reply {
	tokens := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	if len(tokens) < 3 {
		return refused(http.StatusBadRequest, fmt.Sprintf("Failed to parse remove quota request for path '%s': expected 3 tokens, found %d tokens", path, len(tokens)))
	}
	_, role, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	_, role, _ = strings.Cut(strings.TrimLeft(role, "/"), "/")
	role = strings.TrimLeft(role, "/")
	switch _, some := m.quotas[role]; {
	case len(m.notAllowed([]string{role})) > 0:
		return refused(http.StatusBadRequest, "Failed to validate remove quota request for path '"+path+"': Unknown role '"+role+"'")
	case !some:
		return refused(http.StatusBadRequest, "Failed to remove quota for path '"+path+"': Role '"+role+"' has no quota set")
	}
	return m.removeQuotaLocked(role)
}

func (m *Master) quotaMessageLocked() *quotav1.QuotaStatus {
	out := &quotav1.QuotaStatus{}
	for _, role := range slices.Sorted(maps.Keys(m.quotas)) {
		q := m.quotas[role]
		out.Infos = append(out.Infos, &quotav1.QuotaInfo{Role: proto.String(role), Guarantee: scalarResources(q.guarantees)})
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
