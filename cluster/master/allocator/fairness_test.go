package allocator

import (
	"fmt"
	"slices"
	"testing"

	"mesosbook/cluster/resources"
)

// The names of upstream tests are those of src/tests/hierarchical_allocator_tests.cpp.

// pair is what who got, "F1 a" for a framework in a role, by agent.
func pairs(list []Allocation) []string {
	var out []string
	for _, al := range list {
		out = append(out, al.FrameworkID+" "+al.Role+" "+al.AgentID)
	}
	return out
}

func expectPairs(t *testing.T, got []Allocation, want ...string) {
	t.Helper()
	if !slices.Equal(pairs(got), want) {
		t.Fatalf("got  %q\nwant %q", pairs(got), want)
	}
}

func in(id string, roles ...string) Framework { return Framework{ID: id, Roles: roles} }

// add makes an agent known and allocates it, as the master does.
func add(t testing.TB, a *Allocator, id, text string) []Allocation {
	t.Helper()
	a.AddAgent(id, res(t, text))
	return a.Run(id)
}

// enter makes a framework known and allocates everything.
func enter(a *Allocator, f Framework) []Allocation {
	a.AddFramework(f, true)
	return a.Run()
}

// UnreservedDRF: each agent goes to the role with the smaller share, and there to
// the framework with the smaller one.
func TestUnreservedDRF(t *testing.T) {
	a := inTurn(Options{})
	enter(a, in("F1", "r1"))
	expectPairs(t, add(t, a, "S1", "cpus:2;mem:1024"), "F1 r1 S1")
	// r1 has all; r2 is new.
	expectPairs(t, enter(a, in("F2", "r2")))
	expectPairs(t, add(t, a, "S2", "cpus:1;mem:512"), "F2 r2 S2")  // r1 2/3, r2 0
	expectPairs(t, add(t, a, "S3", "cpus:3;mem:2048"), "F2 r2 S3") // r1 2/3, r2 1/3
	expectPairs(t, enter(a, in("F3", "r1")))
	expectPairs(t, add(t, a, "S4", "cpus:4;mem:4096"), "F3 r1 S4") // r1 has less mem and cpus; F3 has nothing
	expectPairs(t, enter(a, in("F4", "r1")))
	// r1: 6/11 by cpus, r2: 5/11 by cpus, 2560/8192 ...: r2 is behind.
	expectPairs(t, add(t, a, "S5", "cpus:1;mem:512"), "F2 r2 S5")
}

// SameShareFairness: with equal shares the one that was chosen less often is next.
func TestSameShareFairness(t *testing.T) {
	a := inTurn(Options{})
	a.AddFramework(in("F1", "*"), true)
	a.AddFramework(in("F2", "*"), true)
	a.AddAgent("S1", res(t, "cpus:2;mem:1024"))
	counts := map[string]int{}
	for range 10 {
		got := a.Tick()
		if len(got) != 1 {
			t.Fatal(texts(got))
		}
		counts[got[0].FrameworkID]++
		a.Recover(got[0].FrameworkID, "S1", got[0].Resources, 0)
	}
	if counts["F1"] != 5 || counts["F2"] != 5 {
		t.Errorf("got %v", counts)
	}
}

// The same among roles, at each level of the tree.
func TestRolesTakeTurns(t *testing.T) {
	a := inTurn(Options{})
	for id, role := range map[string]string{"F1": "a/x", "F2": "a/y", "F3": "b"} {
		a.AddFramework(in(id, role), true)
	}
	a.AddAgent("S1", res(t, "cpus:2;mem:1024"))
	var order []string
	for range 8 {
		got := a.Tick()
		order = append(order, got[0].Role)
		a.Recover(got[0].FrameworkID, "S1", got[0].Resources, 0)
	}
	want := []string{"a/x", "b", "a/y", "b", "a/x", "b", "a/y", "b"}
	if !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
}

// NestedRoleDRF: the share of a role counts what the roles below it have; the
// frameworks in a and those in a/b share what a has.
func TestNestedRoleDRF(t *testing.T) {
	a := inTurn(Options{})
	enter(a, in("F1", "a/b/c"))
	expectPairs(t, add(t, a, "S1", "cpus:10;mem:2048"), "F1 a/b/c S1")
	enter(a, in("F2", "a/b"))
	expectPairs(t, add(t, a, "S2", "cpus:5;mem:2048"), "F2 a/b S2")
	enter(a, in("F3", "x"))
	expectPairs(t, add(t, a, "S3", "cpus:5;mem:2048"), "F3 x S3") // a has 15 of 20
	enter(a, in("F4", "a"))
	expectPairs(t, add(t, a, "S4", "cpus:20;mem:2048"), "F3 x S4") // x 5/40 of cpus
	expectPairs(t, add(t, a, "S5", "cpus:5;mem:2048"), "F4 a S5")  // x 25/45, a 15/45; in a itself nobody has any
}

// DRFWithFairnessExclusion: a scalar that does not count makes no difference.
func TestExcludedFromFairness(t *testing.T) {
	a := inTurn(Options{Unfair: []string{"gpus"}, OfferGPUs: true})
	enter(a, in("F1", "r1"))
	expectPairs(t, add(t, a, "S1", "cpus:2;mem:512;gpus:2"), "F1 r1 S1")
	enter(a, in("F2", "r2"))
	expectPairs(t, add(t, a, "S2", "cpus:2;mem:512"), "F2 r2 S2")
	expectPairs(t, add(t, a, "S3", "cpus:3;mem:512"), "F1 r1 S3") // with gpus r1's share were 1; equal shares and counts: the name
}

// UpdateWeight: 3 to 1, and later 1 to 1.
func TestUpdateWeight(t *testing.T) {
	a := inTurn(Options{})
	for i := range 8 {
		a.AddAgent(fmt.Sprintf("S%d", i), res(t, "cpus:2;mem:1024"))
	}
	a.AddFramework(in("F1", "r1"), true)
	a.AddFramework(in("F2", "r2"), true)
	a.SetWeight("r2", 3)
	share := func(want1, want2 int) {
		t.Helper()
		count := map[string]int{}
		got := a.Tick()
		for _, al := range got {
			count[al.Role]++
		}
		if count["r1"] != want1 || count["r2"] != want2 {
			t.Errorf("got %v, want %d and %d", count, want1, want2)
		}
		for _, al := range got {
			a.Recover(al.FrameworkID, al.AgentID, al.Resources, 0)
		}
	}
	share(2, 6)
	a.SetWeight("r2", 1)
	share(4, 4)
	a.SetWeight("r1", 7)
	share(7, 1)
}

// ReservedDRF: what a framework holds of reservations counts for its share, what
// nobody holds does not.
func TestReservedDRF(t *testing.T) {
	a := inTurn(Options{})
	a.AddFramework(in("F1", "r1"), true)
	a.AddFramework(in("F2", "r2"), true)
	expectPairs(t, add(t, a, "S1", "cpus:2;mem:1024"), "F1 r1 S1")
	expectPairs(t, add(t, a, "S2", "cpus(r2):3;mem(r2):1024"), "F2 r2 S2")
	// r1 has 2 of 7 cpus, r2 3.
	expectPairs(t, add(t, a, "S3", "cpus:2;mem:512"), "F1 r1 S3")
}

// OfferAncestorReservationsToDescendantChild, and none to others.
func TestReservations(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S1", res(t, "cpus(a):1;mem(a):100;cpus(a/b):1;mem(a/b):100;cpus:1;mem:100;ports:[1-5]"))
	a.AddFramework(in("F1", "c"), true)
	expect(t, a.Run(), "F1 c S1 ports:[1-5]; cpus:1; mem:100")
	a.AddFramework(in("F2", "a"), true)
	expect(t, a.Run(), "F2 a S1 cpus(reservations: [(STATIC,a)]):1; mem(reservations: [(STATIC,a)]):100")
	a.AddFramework(in("F3", "a/b/c"), true)
	// The last takes the place of what is used up: so does Mesos.
	expect(t, a.Run(), "F3 a/b/c S1 mem(reservations: [(STATIC,a/b)]):100; cpus(reservations: [(STATIC,a/b)]):1")
}

// A refined reservation is nothing for a framework that cannot tell it.
func TestRefinedReservation(t *testing.T) {
	a := inTurn(Options{})
	free, refined := res(t, "cpus(a):1;mem(a):100"), resources.Resources(nil)
	refined = reserveFor(t, free, "a/b")
	a.AddAgent("S1", refined)
	a.AddFramework(in("F1", "a/b"), true)
	expectPairs(t, a.Run())
	f := in("F2", "a/b")
	f.Capabilities.Refinement = true
	expectPairs(t, enter(a, f), "F2 a/b S1")
}

// DeactivateAndReactivateFramework; what it holds stays its own.
func TestDeactivate(t *testing.T) {
	a := inTurn(Options{})
	a.AddFramework(in("F1", "*"), true)
	expectPairs(t, add(t, a, "S1", "cpus:2;mem:1024"), "F1 * S1")
	a.Deactivate("F1")
	expectPairs(t, add(t, a, "S2", "cpus:2;mem:1024"))
	a.AddFramework(in("F2", "*"), true)
	expectPairs(t, a.Run(), "F2 * S2")
	a.Activate("F1")
	// Both hold as much; F1 was chosen as often as F2, and comes first by name.
	expectPairs(t, add(t, a, "S3", "cpus:2;mem:1024"), "F1 * S3")
}

// RemoveSlaveRecoverResources: nothing is left of an agent that was removed.
func TestRemoveAgent(t *testing.T) {
	a := inTurn(Options{})
	a.AddFramework(in("F1", "r1"), true)
	got := add(t, a, "S1", "cpus(r1):2;mem:1024")
	a.RemoveAgent("S1")
	if s := a.Share("r1"); s != 0 || len(a.total) > 0 && !a.total.empty() {
		t.Errorf("share %v, total %v", s, a.total)
	}
	a.Recover("F1", "S1", got[0].Resources, 0) // an offer that comes back late
	expectPairs(t, add(t, a, "S1", "cpus:2;mem:1024"), "F1 r1 S1")
}

// A role is forgotten when nothing is left of it, unless it has a quota.
func TestRolesAreForgotten(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S1", res(t, "cpus:1;mem:100"))
	for i := range 100 {
		id := fmt.Sprintf("F%d", i)
		for _, al := range enter(a, in(id, fmt.Sprintf("team/%d/x", i))) {
			a.Recover(al.FrameworkID, al.AgentID, al.Resources, 0)
		}
		a.RemoveFramework(id)
	}
	a.SetQuota("kept", Quota{Limits: resources.Quantities{"cpus": 0}})
	if len(a.roles) != 1 || len(a.root.children) != 1 || len(a.order.root.children) != 0 {
		t.Errorf("%d roles, %d in the order", len(a.roles), len(a.order.root.children))
	}
	a.SetQuota("kept", Quota{})
	if len(a.roles) != 0 {
		t.Errorf("%d roles", len(a.roles))
	}
}

// A framework that left a role while it holds something there goes on counting.
func TestLeftRoleCounts(t *testing.T) {
	a := inTurn(Options{})
	a.AddFramework(in("F1", "r1"), true)
	got := add(t, a, "S1", "cpus:2;mem:1024")
	a.UpdateFramework(in("F1", "r2"))
	if a.Share("r1") != 1 {
		t.Errorf("share of r1 %v", a.Share("r1"))
	}
	expectPairs(t, add(t, a, "S2", "cpus:2;mem:1024"), "F1 r2 S2")
	a.Recover("F1", "S1", got[0].Resources, 0)
	if a.roles["r1"] != nil {
		t.Error("r1 is still known")
	}
	expectPairs(t, a.Run(), "F1 r2 S1")
}
