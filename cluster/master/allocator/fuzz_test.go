package allocator

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mesosbook/cluster/resources"
)

// FuzzAllocator does what the bytes say, two for each step, and checks after each
// that nothing was lost and nothing is given twice.
func FuzzAllocator(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 2, 0, 2, 1, 9, 0, 10, 3, 9, 0, 3, 0, 9, 0})
	f.Add([]byte{0, 3, 7, 1, 2, 5, 2, 2, 9, 0, 11, 1, 4, 3, 5, 3, 6, 0, 1, 0, 8, 2, 9, 1, 3, 5})
	f.Fuzz(func(t *testing.T, steps []byte) {
		m := &model{Allocator: inTurn(Options{}), t: t}
		for ; len(steps) > 1; steps = steps[2:] {
			m.step(steps[0], int(steps[1]))
			m.check()
		}
	})
}

// model is an allocator, and the offers that are out.
type model struct {
	*Allocator
	t      *testing.T
	offers []Allocation
}

func (m *model) step(what byte, n int) {
	roles := [][]string{{"a"}, {"a/b"}, {"c", "a"}, {"*"}, {"a/b/c", "c"}}
	machines := []string{"cpus:4;mem:400;ports:[1-9]", "cpus(a):2;mem(a):200;cpus:1;mem:100", "cpus:1;mem:64;gpus:1", "cpus(a/b):1;mem:50"}
	fw, ag := fmt.Sprintf("F%d", n%5), fmt.Sprintf("S%d", n%4)
	f := Framework{ID: fw, Roles: roles[n/5%5], Capabilities: Capabilities{GPU: n%2 == 0, Refinement: true, Shared: n%3 > 0}}
	switch what % 12 {
	case 0:
		if m.frameworks[fw] == nil {
			m.AddFramework(f, n%7 > 0)
		}
	case 1:
		m.RemoveFramework(fw)
		m.forget(func(o Allocation) bool { return o.FrameworkID == fw })
	case 2:
		if m.agents[ag] == nil {
			total := res(m.t, machines[n/4%4])
			if n > 200 {
				total = total.Add(volume("a", 50))
			}
			m.AddAgent(ag, total)
		}
	case 3:
		m.RemoveAgent(ag)
		m.forget(func(o Allocation) bool { return o.AgentID == ag })
	case 4:
		m.UpdateFramework(f)
	case 5:
		m.Suppress(fw, roles[n/5%5])
	case 6:
		m.Revive(fw, roles[n/5%5])
	case 7:
		m.SetQuota("a", quota(m.t, fmt.Sprintf("cpus:%d", n%3), fmt.Sprintf("cpus:%d;mem:%d", n%5+2, n)))
	case 8:
		m.Deactivate(fw)
		m.SetWeight("c", float64(n%4)+1)
		m.Activate(fw)
	case 9:
		m.offers = append(m.offers, m.Tick()...)
	case 10:
		m.decline(n)
	case 11:
		m.reserve(n)
	}
}

// forget drops offers that are over, as the master does.
func (m *model) forget(over func(Allocation) bool) { m.offers = slices.DeleteFunc(m.offers, over) }

func (m *model) decline(n int) {
	if len(m.offers) > 0 {
		i := n % len(m.offers)
		o := m.offers[i]
		m.Recover(o.FrameworkID, o.AgentID, o.Resources, time.Duration(n%3)*time.Second)
		m.offers = append(m.offers[:i], m.offers[i+1:]...)
	}
}

// reserve makes an operation on an offer that is still good.
func (m *model) reserve(n int) {
	if len(m.offers) == 0 {
		return
	}
	o := &m.offers[n%len(m.offers)]
	mine := o.Resources.Filter(func(it resources.Item) bool { return it.Name() == "mem" && it.Role() == "*" })
	ag := m.agents[o.AgentID]
	if fw := m.frameworks[o.FrameworkID]; len(mine) == 0 || o.Role == "*" || fw == nil || fw.members[o.Role] == nil || ag == nil || !ag.held[fw.members[o.Role]].Contains(mine) {
		return
	}
	made := reserveFor(m.t, mine, o.Role)
	m.Convert(o.FrameworkID, o.AgentID, mine, made)
	o.Resources = o.Resources.Sub(mine).Add(made)
}

func (m *model) check() {
	sum := amounts(nil)
	for _, ag := range m.inOrder {
		own := func(it resources.Item) bool { return !it.Shared() }
		back := ag.free.Filter(own).Add(ag.used.Unallocate().Filter(own))
		if !back.Equal(ag.total.Filter(own)) {
			m.t.Fatalf("%s: free %s and used %s are not the total %s", ag.id, ag.free, ag.used, ag.total)
		}
		var held resources.Resources
		for _, r := range ag.held {
			held = held.Add(r)
		}
		if !held.Equal(ag.used) {
			m.t.Fatalf("%s: held %s, used %s", ag.id, held, ag.used)
		}
		once := map[string]bool{}
		for _, it := range held {
			if !it.Shared() || !once[it.Key()] {
				sum.add(m.sum(resources.Resources{it}, nil))
			}
			once[it.Key()] = it.Shared()
		}
	}
	for name, i := range m.names {
		if got, want := m.order.root.held.at(i), sum.at(i); got != want {
			m.t.Fatalf("%s: the order of roles counts %d, agents %d", name, got, want)
		}
	}
}
