package master

import (
	"maps"
	"slices"

	"mesosbook/cluster/pages"
	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// roleSum is what a role and the roles below it have.
type roleSum struct {
	allocated, offered, reserved resources.Quantities
	reservedUsed                 resources.Quantities // what of the reserved is allocated
	frameworks                   []string
}

// consumed counts against a limit: what is allocated, and what is reserved
// without being so (master.cpp: RoleResourceBreakdown::consumedQuota).
func (r *roleSum) consumed() resources.Quantities {
	out := maps.Clone(r.reserved)
	out.Sub(r.reservedUsed)
	out.Add(r.allocated)
	return out
}

// rolesLocked are the roles that somebody uses, reserved for, or set a quota
// or weight for, and those above them; where roles are restricted to a list,
// those of the list.
func (m *Master) rolesLocked() map[string]*roleSum {
	all := m.roleSumsLocked()
	if len(m.opts.Roles) == 0 {
		return all
	}
	out := map[string]*roleSum{}
	for _, role := range m.opts.Roles {
		for ; role != ""; role = resources.ParentRole(role) {
			out[role] = roleOf(all, role)
		}
	}
	return out
}

func (m *Master) roleSumsLocked() map[string]*roleSum {
	all := map[string]*roleSum{}
	for _, fw := range m.sortedFrameworksLocked() {
		for _, role := range fw.roles {
			r := roleOf(all, role)
			r.frameworks = append(r.frameworks, fw.id)
		}
		m.addHeldLocked(all, fw)
	}
	for _, ag := range m.agents {
		addReserved(all, ag.total, func(r *roleSum) resources.Quantities { return r.reserved })
		addReserved(all, ag.used(), func(r *roleSum) resources.Quantities { return r.reservedUsed })
	}
	for role := range m.quotas {
		roleOf(all, role)
	}
	for role := range m.weights {
		roleOf(all, role)
	}
	return all
}

func addReserved(all map[string]*roleSum, list resources.Resources, to func(*roleSum) resources.Quantities) {
	for _, it := range list {
		if it.Role() != "*" {
			q := resources.Resources{it}.Quantities()
			upwards(all, it.Role(), func(r *roleSum) { to(r).Add(q) })
		}
	}
}

func (m *Master) addHeldLocked(all map[string]*roleSum, fw *framework) {
	for _, it := range m.usedByLocked(fw) {
		role, q := it.AllocatedTo(), resources.Resources{it}.Quantities()
		upwards(all, role, func(r *roleSum) { r.allocated.Add(q) })
		if r := roleOf(all, role); !slices.Contains(r.frameworks, fw.id) { // it left the role, but not what it holds
			r.frameworks = append(r.frameworks, fw.id)
		}
	}
	for _, o := range fw.offers {
		q := o.resources.Quantities()
		upwards(all, o.role, func(r *roleSum) { r.offered.Add(q) })
	}
}

func roleOf(all map[string]*roleSum, role string) *roleSum {
	if all[role] == nil {
		all[role] = &roleSum{allocated: resources.Quantities{}, offered: resources.Quantities{}, reserved: resources.Quantities{}, reservedUsed: resources.Quantities{}}
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
	pages.Quantities(e.Key("guarantee"), q.guarantees)
	pages.Limits(e.Key("limit"), q.limits)
	pages.Quantities(e.Key("consumed"), r.consumed())
	e.EndObject()
	sum := maps.Clone(r.allocated)
	sum.Add(r.offered)
	pages.Quantities(e.Key("resources"), sum)
	pages.Quantities(e.Key("allocated"), r.allocated)
	pages.Quantities(e.Key("offered"), r.offered)
	pages.Quantities(e.Key("reserved"), r.reserved)
	pages.Strings(e.Key("frameworks"), r.frameworks)
	e.EndObject()
}

func (m *Master) rolesMessageLocked() *masterv1.Response_GetRoles {
	out := &masterv1.Response_GetRoles{}
	all := m.rolesLocked()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		role := &v1.Role{Name: proto.String(name), Weight: proto.Float64(m.weightLocked(name)), Resources: r.held()}
		for _, id := range r.frameworks {
			role.Frameworks = append(role.Frameworks, frameworkID(id))
		}
		out.Roles = append(out.Roles, role)
	}
	return out
}

// held is what is allocated or offered, of the four kinds that every agent has.
func (r *roleSum) held() []*v1.Resource {
	sum := maps.Clone(r.allocated)
	sum.Add(r.offered)
	for name, n := range sum {
		if !slices.Contains([]string{"cpus", "disk", "gpus", "mem"}, name) || n == 0 {
			delete(sum, name)
		}
	}
	return scalarResources(sum)
}
