package master

import (
	"slices"
	"strings"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// operationKey is a kind of operation and a state that it ended in.
type operationKey struct {
	kind  v1.Offer_Operation_Type
	state v1.OperationState
}

// operationStates are all that a metric counts; the first three are those of
// operations that are not over.
func operationStates() []v1.OperationState {
	return []v1.OperationState{
		v1.OperationState_OPERATION_PENDING, v1.OperationState_OPERATION_RECOVERING, v1.OperationState_OPERATION_UNREACHABLE,
		v1.OperationState_OPERATION_FINISHED, v1.OperationState_OPERATION_FAILED, v1.OperationState_OPERATION_ERROR,
		v1.OperationState_OPERATION_DROPPED, v1.OperationState_OPERATION_GONE_BY_OPERATOR,
	}
}

// operationValuesLocked counts operations by state, and by kind and state
// (master/metrics.cpp: OperationStates).
func (m *Master) operationValuesLocked(out map[string]float64) {
	now := map[operationKey]int{}
	for key, n := range m.metrics.operations {
		now[key] = n
	}
	for _, ag := range m.agents {
		for _, op := range ag.operations {
			if s := op.proto.GetLatestStatus().GetState(); !finished(s) {
				now[operationKey{op.proto.GetInfo().GetType(), s}]++
			}
		}
	}
	const at = "master/operations/"
	for n, name := range v1.Offer_Operation_Type_name {
		kind := v1.Offer_Operation_Type(n)
		if kind == v1.Offer_Operation_UNKNOWN || kind == v1.Offer_Operation_LAUNCH || kind == v1.Offer_Operation_LAUNCH_GROUP {
			continue
		}
		for _, s := range operationStates() {
			state, count := strings.ToLower(strings.TrimPrefix(s.String(), "OPERATION_")), float64(now[operationKey{kind, s}])
			out[at+strings.ToLower(name)+"/"+state] = count
			out[at+strings.ToLower(name)+"/total"] += count
			out[at+state] += count
			out[at+"total"] += count
		}
	}
}

// roleValuesLocked are the allocator's metrics of roles.
func (m *Master) roleValuesLocked(out map[string]float64) {
	out["allocator/event_queue_dispatches"], out["allocator/mesos/event_queue_dispatches"] = 0, 0
	for role, n := range m.alloc.Filters() {
		out["allocator/mesos/offer_filters/roles/"+role+"/active"] = float64(n)
	}
	whole := resources.Quantities{} // the role "" is the top of the tree
	for role, sum := range m.rolesLocked() {
		out["allocator/mesos/roles/"+role+"/shares/dominant"] = m.alloc.Share(role)
		consumed := scalarsOnly(sum.consumed())
		if resources.ParentRole(role) == "" {
			whole.Add(consumed)
		}
		quotaValues(out, role, consumed, "consumed")
		q := m.quotas[role]
		quotaValues(out, role, q.guarantees, "guarantee")
		quotaValues(out, role, q.limits, "limit")
		if len(q.guarantees)+len(q.limits) > 0 {
			held := scalarsOnly(sum.offered)
			held.Add(scalarsOnly(sum.allocated))
			for _, name := range append(q.guarantees.Names(), q.limits.Names()...) {
				out["allocator/mesos/quota/roles/"+role+"/resources/"+name+"/offered_or_allocated"] = held.Value(name)
			}
		}
	}
	quotaValues(out, "", whole, "consumed")
}

func quotaValues(out map[string]float64, role string, q resources.Quantities, what string) {
	for name := range q {
		out["allocator/mesos/quota/roles/"+role+"/resources/"+name+"/"+what] = q.Value(name)
	}
}

// scalarsOnly leaves the counts of ports out.
func scalarsOnly(q resources.Quantities) resources.Quantities {
	out := resources.Quantities{}
	for name, n := range q {
		if name != "ports" && n != 0 {
			out[name] = n
		}
	}
	return out
}

// metricPrefix is where the metrics of a framework are.
func (fw *framework) metricPrefix() string {
	return "master/frameworks/" + libprocess.Escape(fw.info.GetName()) + "/" + fw.id + "/"
}

// suppressedValuesLocked says for each role whether the framework is offered
// nothing there; and counts the messages of its principal, of which HTTP has none.
func (m *Master) suppressedValuesLocked(fw *framework, out map[string]float64) {
	suppressed := m.alloc.Suppressed(fw.id)
	for _, role := range fw.roles {
		value := 0.0
		if slices.Contains(suppressed, role) {
			value = 1
		}
		out[fw.metricPrefix()+"roles/"+role+"/suppressed"] = value
	}
	if fw.info.Principal != nil {
		out["frameworks/"+fw.info.GetPrincipal()+"/messages_received"] = 0
		out["frameworks/"+fw.info.GetPrincipal()+"/messages_processed"] = 0
	}
}
