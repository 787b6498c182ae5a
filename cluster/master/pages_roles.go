package master

import (
	"maps"
	"slices"

	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// roleSum is what a role and the roles below it have.
type roleSum struct {
	allocated, offered, reserved, consumed resources.Quantities
	held                                   resources.Resources // allocated or offered, by this role alone
	frameworks                             []string
}

// rolesLocked are the roles that somebody uses, reserved for, or set a quota
// or weight for, and those above them.
func (m *Master) rolesLocked() map[string]*roleSum {
	all := map[string]*roleSum{}
	for _, fw := range m.sortedFrameworksLocked() {
		for _, role := range fw.roles {
			r := roleOf(all, role)
			r.frameworks = append(r.frameworks, fw.id)
		}
		m.addHeldLocked(all, fw)
	}
	for _, ag := range m.agents {
		for _, it := range ag.total {
			if it.Role() != "*" {
				one := resources.Resources{it}
				upwards(all, it.Role(), func(r *roleSum) { r.reserved.Add(one.Quantities()) })
			}
		}
	}
	for role := range m.quotas {
		roleOf(all, role)
	}
	for role := range m.weights {
		roleOf(all, role)
	}
	for _, r := range all {
		r.consumed = maps.Clone(r.allocated)
	}
	return all
}

func (m *Master) addHeldLocked(all map[string]*roleSum, fw *framework) {
	for _, it := range m.usedByLocked(fw) {
		one := resources.Resources{it}
		upwards(all, it.AllocatedTo(), func(r *roleSum) { r.allocated.Add(one.Quantities()) })
		roleOf(all, it.AllocatedTo()).held = roleOf(all, it.AllocatedTo()).held.Add(one)
	}
	for _, o := range fw.offers {
		upwards(all, o.role, func(r *roleSum) { r.offered.Add(o.resources.Quantities()) })
		roleOf(all, o.role).held = roleOf(all, o.role).held.Add(o.resources)
	}
}

func roleOf(all map[string]*roleSum, role string) *roleSum {
	if all[role] == nil {
		all[role] = &roleSum{allocated: resources.Quantities{}, offered: resources.Quantities{}, reserved: resources.Quantities{}}
		if up := resources.ParentRole(role); up != "" {
			roleOf(all, up)
		}
	}
	return all[role]
}

func upwards(all map[string]*roleSum, role string, do func(*roleSum)) {
	for ; role != ""; role = resources.ParentRole(role) {
		do(roleOf(all, role))
	}
}

func (m *Master) weightLocked(role string) float64 {
	if w, some := m.weights[role]; some {
		return w
	}
	return 1
}

func (m *Master) rolesPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		all := m.rolesLocked()
		e.Key("roles").BeginArray()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			m.writeRoleLocked(e, name, all[name])
		}
		e.EndArray()
	})
}

func (m *Master) writeRoleLocked(e *mesos.Encoder, name string, r *roleSum) {
	q := m.quotas[name]
	e.BeginObject()
	e.Key("name").String(name)
	e.Key("weight").Double(m.weightLocked(name))
	e.Key("quota").BeginObject()
	e.Key("role").String(name)
	writeQuantities(e.Key("guarantee"), q.guarantees)
	writeQuantities(e.Key("limit"), q.limits)
	writeQuantities(e.Key("consumed"), r.consumed)
	e.EndObject()
	sum := maps.Clone(r.allocated)
	sum.Add(r.offered)
	writeQuantities(e.Key("resources"), sum)
	writeQuantities(e.Key("allocated"), r.allocated)
	writeQuantities(e.Key("offered"), r.offered)
	writeQuantities(e.Key("reserved"), r.reserved)
	writeStrings(e.Key("frameworks"), r.frameworks)
	e.EndObject()
}

func (m *Master) rolesMessageLocked() *masterv1.Response_GetRoles {
	out := &masterv1.Response_GetRoles{}
	all := m.rolesLocked()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		role := &v1.Role{Name: proto.String(name), Weight: proto.Float64(m.weightLocked(name)), Resources: r.held.Unallocate().Proto(resources.Refined)}
		for _, id := range r.frameworks {
			role.Frameworks = append(role.Frameworks, frameworkID(id))
		}
		out.Roles = append(out.Roles, role)
	}
	return out
}
