package allocator

import (
	"fmt"
	"testing"

	"mesosbook/cluster/resources"
)

// The names of upstream tests are those of src/tests/hierarchical_allocator_tests.cpp.

// quota makes a Quota of "cpus:1;mem:100" for the guarantees and the limits.
func quota(t testing.TB, guarantees, limits string) Quota {
	q := Quota{}
	if guarantees != "" {
		q.Guarantees = res(t, guarantees).Quantities()
	}
	if limits != "" {
		q.Limits = res(t, limits).Quantities()
	}
	return q
}

// QuotaProvidesGuarantee, and goes to the others when it is taken back.
func TestGuarantee(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:2;mem:1024", ""))
	enter(a, in("F1", "sure"))
	enter(a, in("F2", "*"))
	expectPairs(t, add(t, a, "S1", "cpus:1;mem:512"), "F1 sure S1")
	expectPairs(t, add(t, a, "S2", "cpus:1;mem:512"), "F1 sure S2") // although F2 has nothing
	expectPairs(t, add(t, a, "S3", "cpus:1;mem:512"), "F2 * S3")
}

// QuotaAbsentFrameworkWholeAgent: what is guaranteed is kept, also for nobody.
func TestHeadroomIsKept(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:2;mem:1024", ""))
	a.AddAgent("S1", res(t, "cpus:2;mem:1024"))
	a.AddAgent("S2", res(t, "cpus:1;mem:512"))
	expect(t, enter(a, in("F1", "*")), "F1 * S1 cpus:1; mem:512")
	a.SetQuota("sure", Quota{})
	expect(t, a.Run(), "F1 * S1 cpus:1; mem:512", "F1 * S2 cpus:1; mem:512")
}

// MultiQuotaAbsentFrameworks: all guarantees together are kept.
func TestHeadroomOfSeveral(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S1", res(t, "cpus:2;mem:2048"))
	a.SetQuota("r1", quota(t, "cpus:1;mem:1024", ""))
	a.SetQuota("r2", quota(t, "cpus:1;mem:1024", ""))
	expect(t, enter(a, in("F1", "*")))
	expect(t, enter(a, in("F2", "r1")), "F2 r1 S1 cpus:1; mem:1024")
	expect(t, enter(a, in("F3", "r2")), "F3 r2 S1 cpus:1; mem:1024")
}

// QuotaProvidesLimit, and QuotaAllocationGranularity: an agent is cut.
func TestLimit(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("few", quota(t, "", "cpus:2.5;mem:1000"))
	a.AddAgent("S1", res(t, "cpus:2;mem:600;ports:[1-9]"))
	a.AddAgent("S2", res(t, "cpus:2;mem:600;ports:[1-9]"))
	expect(t, enter(a, in("F1", "few")), "F1 few S1 ports:[1-9]; cpus:2; mem:600", "F1 few S2 ports:[1-9]; cpus:0.5; mem:400")
	expect(t, enter(a, in("F2", "*")), "F2 * S2 cpus:1.5; mem:200")
}

// A limit of nothing leaves a role its reservations.
func TestLimitOfNothing(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("none", Quota{Limits: resources.Quantities{"cpus": 0, "mem": 0, "disk": 0}})
	a.AddAgent("S1", res(t, "cpus:2;mem:600;disk:10;cpus(none):1"))
	expect(t, enter(a, in("F1", "none")), "F1 none S1 cpus(reservations: [(STATIC,none)]):1")
}

// QuotaRoleAllocateNonQuotaResource: what has no guarantee comes along, but not
// alone.
func TestOtherResourcesComeAlong(t *testing.T) {
	a := inTurn(Options{MinAllocatable: []resources.Quantities{}})
	a.SetQuota("sure", quota(t, "cpus:2;mem:1024", ""))
	enter(a, in("F1", "sure"))
	expect(t, add(t, a, "S1", "cpus:1;mem:512;ports:[1-9];disk:100"), "F1 sure S1 cpus:1; mem:512; ports:[1-9]; disk:100")
	enter(a, in("F2", "*"))
	expect(t, add(t, a, "S2", "ports:[1-9];disk:100"), "F2 * S2 ports:[1-9]; disk:100")
}

// ReservationWithinQuota: reservations count for a guarantee, held or not.
func TestReservationsCountForGuarantee(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:2;mem:256", ""))
	enter(a, in("F1", "sure"))
	enter(a, in("F2", "*"))
	expectPairs(t, add(t, a, "S1", "cpus:1;mem:256"), "F1 sure S1")
	expectPairs(t, add(t, a, "S2", "cpus(sure):8"), "F1 sure S2")
	expectPairs(t, add(t, a, "S3", "cpus:1;mem:256"), "F2 * S3")
}

// QuotaHeadroomWhenReservationsExceedQuota: nothing is kept for such a role.
func TestReservationsBeyondGuarantee(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:1;mem:100", ""))
	a.AddAgent("S1", res(t, "cpus(sure):2;mem(sure):200"))
	a.AddAgent("S2", res(t, "cpus:1;mem:100"))
	expect(t, enter(a, in("F1", "*")), "F1 * S2 cpus:1; mem:100")
}

// QuotaSetAsideReservedResources: what is reserved for others is no headroom.
func TestReservationsAreNoHeadroom(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:4;mem:400", ""))
	a.AddAgent("S1", res(t, "cpus(other):4;mem(other):400"))
	a.AddAgent("S2", res(t, "cpus:4;mem:400"))
	expectPairs(t, enter(a, in("F1", "other")), "F1 other S1")
	expectPairs(t, enter(a, in("F2", "*")))
	expectPairs(t, enter(a, in("F3", "sure")), "F3 sure S2")
}

// OversubscribedNotAllocated and headroom: what may be revoked is no headroom.
func TestRevocableIsNoHeadroom(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:1;mem:100", ""))
	a.AddAgent("S1", res(t, "cpus:1;mem:100").Add(revocable(t, "cpus:5")))
	expectPairs(t, enter(a, in("F1", "*")))
	f := in("F2", "*")
	f.Capabilities.Revocable = true
	expect(t, enter(a, f), "F2 * S1 cpus{REV}:5")
	expect(t, enter(a, in("F3", "sure")), "F3 sure S1 cpus:1; mem:100")
}

// QuotaWithNestedRoleReservation: reservations below a role count for it.
func TestNestedReservationCounts(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("a", quota(t, "cpus:2;mem:200", "cpus:2;mem:200"))
	a.AddAgent("S1", res(t, "cpus(a/b):1;mem(a/b):100"))
	a.AddAgent("S2", res(t, "cpus:10;mem:1000"))
	expect(t, enter(a, in("F1", "a")), "F1 a S2 cpus:1; mem:100")
}

// QuotaWithNestedRoleAllocation: what the roles below a role have counts for its
// quota, but they are not bound by it.
func TestNestedAllocationCounts(t *testing.T) {
	a := inTurn(Options{})
	enter(a, in("F1", "a/b"))
	expectPairs(t, add(t, a, "S1", "cpus:1;mem:1024"), "F1 a/b S1")
	a.SetQuota("a", quota(t, "cpus:1;mem:1024", "cpus:1;mem:1024"))
	enter(a, in("F2", "a"))
	expectPairs(t, add(t, a, "S2", "cpus:1;mem:1024"), "F1 a/b S2")
}

// QuotaHeadroomWithNestedRoleAllocation.
func TestHeadroomWithNestedAllocation(t *testing.T) {
	a := inTurn(Options{})
	enter(a, in("F1", "a/b"))
	expectPairs(t, add(t, a, "S1", "cpus:1;mem:100"), "F1 a/b S1")
	enter(a, in("F2", "a"))
	expectPairs(t, add(t, a, "S2", "cpus:1;mem:100"), "F2 a S2")
	a.SetQuota("sure", quota(t, "cpus:1;mem:100", "cpus:1;mem:100"))
	expectPairs(t, add(t, a, "S3", "cpus:1;mem:100"))
	if got := add(t, a, "S4", "cpus:1;mem:100"); len(got) != 1 {
		t.Errorf("got %q, want one", texts(got))
	}
}

// MultipleFrameworksInRoleWithQuota: they share fairly.
func TestFrameworksOfAGuaranteedRole(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:10;mem:2048", ""))
	a.AddFramework(in("F1", "sure"), true)
	a.AddFramework(in("F2", "sure"), true)
	expectPairs(t, add(t, a, "S1", "cpus:1;mem:1024"), "F1 sure S1")
	expectPairs(t, add(t, a, "S2", "cpus:2;mem:256"), "F2 sure S2")
	expectPairs(t, add(t, a, "S3", "cpus:2;mem:256"), "F2 sure S3")
}

// QuotaAgainstStarvation: a role with a guarantee gets its part although the
// others have less.
func TestGuaranteeBeforeFairness(t *testing.T) {
	a := inTurn(Options{})
	a.AddFramework(in("F1", "sure"), true)
	a.AddFramework(in("F2", "*"), true)
	expectPairs(t, add(t, a, "S1", "cpus:1;mem:512"), "F2 * S1") // "*" before "sure"
	got := add(t, a, "S2", "cpus:1;mem:512")
	expectPairs(t, got, "F1 sure S2")
	a.Recover("F1", "S2", got[0].Resources, 0)
	a.SetQuota("sure", quota(t, "cpus:2;mem:1024", ""))
	expectPairs(t, a.Tick(), "F1 sure S2")
}

// A refusal holds for guarantees too; the others get nothing of what is kept.
func TestGuaranteeIsRefused(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("sure", quota(t, "cpus:1;mem:100", ""))
	a.AddFramework(in("F1", "sure"), true)
	a.AddFramework(in("F2", "*"), true)
	got := add(t, a, "S1", "cpus:1;mem:100")
	a.Recover("F1", "S1", got[0].Resources, RefuseFor(3600, true))
	expectPairs(t, a.Tick())
	a.Suppress("F1", []string{"sure"})
	expectPairs(t, a.Tick())
	a.Revive("F1", []string{"sure"})
	expectPairs(t, a.Run(), "F1 sure S1")
}

// QuotaAllocationGranularityUnchoppableResource: a whole disk is not cut.
func TestWholeDiskIsNotCut(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("few", quota(t, "", "disk:100"))
	a.AddAgent("S1", res(t, "cpus:1;mem:100").Add(mount(t, 200)))
	a.AddAgent("S2", res(t, "cpus:1;mem:100").Add(mount(t, 80)))
	got := enter(a, in("F1", "few"))
	expect(t, got, "F1 few S1 cpus:1; mem:100", "F1 few S2 cpus:1; mem:100; disk[MOUNT:/mnt]:80")
}

// QuotaAccountingReserveAllocatedResources and its reverse: reserving what is held
// changes nothing for the quota.
func TestReservingWhatIsHeld(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("r", quota(t, "cpus:1;mem:100", "cpus:1;mem:100"))
	a.AddFramework(in("F1", "r"), true)
	add(t, a, "S1", "cpus:1;mem:100")
	plain, reserved := res(t, "cpus:1;mem:100").Allocate("r"), res(t, "cpus(r):1;mem(r):100").Allocate("r")
	for range 3 {
		a.Convert("F1", "S1", plain, reserved)
		expectPairs(t, a.Run())
		a.Convert("F1", "S1", reserved, plain)
		expectPairs(t, a.Run())
	}
	if s := a.Share("r"); s != 1 {
		t.Errorf("share %v", s)
	}
	expectPairs(t, add(t, a, "S2", "cpus:1;mem:100")) // the limit is reached
}

// Many agents and frameworks come and go with quotas and reservations: at the end
// nothing is held.
func TestNothingIsLost(t *testing.T) {
	a := inTurn(Options{})
	a.SetQuota("a", quota(t, "cpus:3", "cpus:5"))
	held := map[string]Allocation{}
	for i := range 300 {
		switch i % 6 {
		case 0:
			a.AddFramework(in(fmt.Sprintf("F%d", i), []string{"a", "a/b", "c"}[i/6%3]), true)
		case 1:
			a.AddAgent(fmt.Sprintf("S%d", i), res(t, "cpus:2;mem:200;ports:[1-9];cpus(a/b):1"))
		case 5:
			for id, al := range held {
				a.Recover(al.FrameworkID, al.AgentID, al.Resources, 0)
				delete(held, id)
			}
			a.RemoveFramework(fmt.Sprintf("F%d", i-5-12))
		}
		for j, al := range a.Tick() {
			held[fmt.Sprint(i, j)] = al
		}
	}
	for _, al := range held {
		a.Recover(al.FrameworkID, al.AgentID, al.Resources, 0)
	}
	if !a.order.root.held.empty() || !a.root.offered.empty() || !a.root.offeredReserved.empty() {
		t.Errorf("held %v, offered %v, reserved %v", a.order.root.held, a.root.offered, a.root.offeredReserved)
	}
	for _, ag := range a.inOrder {
		if !ag.free.Equal(ag.total) || len(ag.held) > 0 {
			t.Errorf("%s has %s free of %s", ag.id, ag.free, ag.total)
		}
	}
}
