package allocator

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"mesosbook/cluster/resources"
	"mesosbook/internal/simtime"
)

func res(t testing.TB, text string) resources.Resources {
	t.Helper()
	list, err := resources.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return resources.New(list)
}

const machine = "ports:[9000-10000];cpus:2;mem:496;disk:4930"

// inTurn makes an allocator that goes through the agents as they came.
func inTurn(o Options) *Allocator {
	o.Shuffle = func(int, func(i, j int)) {}
	return New(o)
}

func star(id string) Framework { return Framework{ID: id, Roles: []string{"*"}} }

// texts of a run, in order.
func texts(list []Allocation) []string {
	var out []string
	for _, al := range list {
		out = append(out, fmt.Sprintf("%s %s %s %s", al.FrameworkID, al.Role, al.AgentID, al.Resources.Unallocate()))
	}
	return out
}

func expect(t *testing.T, got []Allocation, want ...string) {
	t.Helper()
	if !slices.Equal(texts(got), want) {
		t.Fatalf("got  %q\nwant %q", texts(got), want)
	}
}

func TestAllOfAnAgentToOne(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S0", res(t, machine))
	a.AddFramework(star("F1"), true)
	a.AddFramework(star("F2"), true)
	got := a.Run()
	expect(t, got, "F1 * S0 ports:[9000-10000]; cpus:2; mem:496; disk:4930")
	a.Recover("F1", "S0", got[0].Resources, 0)
	expect(t, a.Run(), "F2 * S0 ports:[9000-10000]; cpus:2; mem:496; disk:4930")
}

func TestTwoAgentsTwoFrameworks(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S0", res(t, "cpus:2;mem:100"))
	a.AddAgent("S1", res(t, "cpus:2;mem:100"))
	a.AddFramework(star("F1"), true)
	a.AddFramework(star("F2"), true)
	expect(t, a.Run(), "F1 * S0 cpus:2; mem:100", "F2 * S1 cpus:2; mem:100")
}

// TestShuffledAgents goes through the agents backwards; what it gives is told in
// the order in which they came all the same.
func TestShuffledAgents(t *testing.T) {
	a := New(Options{Shuffle: func(n int, swap func(i, j int)) {
		for i := range n / 2 {
			swap(i, n-1-i)
		}
	}})
	for _, id := range []string{"S0", "S1", "S2"} {
		a.AddAgent(id, res(t, "cpus:2;mem:100"))
	}
	a.AddFramework(star("F1"), true)
	a.AddFramework(star("F2"), true)
	expect(t, a.Run(), "F1 * S0 cpus:2; mem:100", "F2 * S1 cpus:2; mem:100", "F1 * S2 cpus:2; mem:100")
}

// TestEveryoneSeesEveryAgent lets two frameworks give back all that they get: in
// a fixed order each would be given the same agent for ever.
func TestEveryoneSeesEveryAgent(t *testing.T) {
	a := New(Options{})
	a.AddAgent("S0", res(t, "cpus:2;mem:100"))
	a.AddAgent("S1", res(t, "cpus:2;mem:100"))
	a.AddFramework(star("F1"), true)
	a.AddFramework(star("F2"), true)
	seen := map[string]bool{}
	for range 200 { // each of the four is missed with a chance of 2^-200
		got := a.Run()
		for _, al := range got {
			seen[al.FrameworkID+al.AgentID] = true
			a.Recover(al.FrameworkID, al.AgentID, al.Resources, 0)
		}
	}
	if len(seen) != 4 {
		t.Errorf("seen: %v", seen)
	}
}

func TestFilters(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		a := inTurn(Options{})
		a.AddAgent("S0", res(t, "cpus:2;mem:100"))
		a.AddFramework(star("F1"), true)
		all := "F1 * S0 cpus:2; mem:100"
		got := a.Tick()
		expect(t, got, all)

		time.Sleep(time.Millisecond)
		a.Recover("F1", "S0", got[0].Resources, 100*time.Millisecond)
		time.Sleep(time.Second - time.Millisecond)
		expect(t, a.Tick()) // lasts for one periodic run
		time.Sleep(time.Second)
		got = a.Tick()
		expect(t, got, all)

		a.Recover("F1", "S0", got[0].Resources, time.Hour)
		a.Revive("F1", []string{"*"})
		expect(t, a.Run(), all)
		a.Recover("F1", "S0", got[0].Resources, time.Hour)
		a.Deactivate("F1")
		expect(t, a.Run())
		a.Activate("F1")
		expect(t, a.Run(), all)
		a.Recover("F1", "S0", got[0].Resources, 0)
		a.Suppress("F1", []string{"*"})
		expect(t, a.Run())
		a.Revive("F1", []string{"*"})
		expect(t, a.Run(), all)
	})
}

func TestMoreThanRefusedIsOffered(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S0", res(t, "cpus:2;mem:100"))
	a.AddFramework(star("F1"), true)
	a.Run()
	task := res(t, "cpus:0.1;mem:10").Allocate("*")
	a.Recover("F1", "S0", res(t, "cpus:1.9;mem:90").Allocate("*"), time.Hour)
	expect(t, a.Run())
	a.Recover("F1", "S0", task, 0)
	expect(t, a.Run(), "F1 * S0 cpus:2; mem:100")
}

func TestTooLittleIsNoOffer(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S0", res(t, "cpus:0.009;mem:31;ports:[1-9]"))
	a.AddAgent("S1", res(t, "mem:32"))
	a.AddFramework(star("F1"), true)
	expect(t, a.Run(), "F1 * S1 mem:32")
}

func TestReservedGoesToItsRoleAndBelow(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S0", res(t, "cpus(eng):1;cpus(ops):1;mem(eng):100;mem(ops):100"))
	a.AddFramework(Framework{ID: "F1", Roles: []string{"eng/web"}}, true)
	a.AddFramework(Framework{ID: "F2", Roles: []string{"*"}}, true)
	expect(t, a.Run(), "F1 eng/web S0 cpus(reservations: [(STATIC,eng)]):1; mem(reservations: [(STATIC,eng)]):100")
}

func TestGPUsAreKeptForThoseWhoAsk(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S0", res(t, "cpus:1;mem:100;gpus:1"))
	a.AddFramework(star("F1"), true)
	expect(t, a.Run())
	f := star("F2")
	f.Capabilities.GPU = true
	a.AddFramework(f, true)
	expect(t, a.Run(), "F2 * S0 cpus:1; mem:100; gpus:1")
}

func TestWeightsAndHierarchy(t *testing.T) {
	a := inTurn(Options{})
	for i := range 12 {
		a.AddAgent(fmt.Sprintf("S%d", i), res(t, "cpus:1;mem:100"))
	}
	a.SetWeight("b", 2)
	a.AddFramework(Framework{ID: "F1", Roles: []string{"a/x"}}, true)
	a.AddFramework(Framework{ID: "F2", Roles: []string{"a/y"}}, true)
	a.AddFramework(Framework{ID: "F3", Roles: []string{"b"}}, true)
	count := map[string]int{}
	for _, al := range a.Run() {
		count[al.FrameworkID]++
	}
	if count["F1"] != 2 || count["F2"] != 2 || count["F3"] != 8 {
		t.Errorf("got %v, want a third for a, shared by its two, and two thirds for b", count)
	}
}

func TestQuota(t *testing.T) {
	a := inTurn(Options{})
	for i := range 4 {
		a.AddAgent(fmt.Sprintf("S%d", i), res(t, "cpus:1;mem:100"))
	}
	a.SetQuota("limited", Quota{Limits: resources.Quantities{"cpus": 1500}})
	a.SetQuota("sure", Quota{Guarantees: resources.Quantities{"cpus": 2000}})
	a.AddFramework(Framework{ID: "F1", Roles: []string{"limited"}}, true)
	expect(t, a.Run(), "F1 limited S0 cpus:1; mem:100", "F1 limited S1 cpus:0.5; mem:100",
		"F1 limited S2 mem:100", "F1 limited S3 mem:100")
	a.AddFramework(Framework{ID: "F2", Roles: []string{"sure"}}, true)
	if got := a.Run(); len(got) != 3 || got[0].Role != "sure" {
		t.Errorf("the guaranteed role got %q", texts(got))
	}
}

func TestConvert(t *testing.T) {
	a := inTurn(Options{})
	a.AddAgent("S0", res(t, "cpus:2;mem:100"))
	a.AddFramework(Framework{ID: "F1", Roles: []string{"web"}}, true)
	got := a.Run()
	before, after := res(t, "cpus:1").Allocate("web"), res(t, "cpus(web):1").Allocate("web")
	a.Convert("F1", "S0", before, after)
	a.Recover("F1", "S0", got[0].Resources.Sub(before).Add(after), 0)
	expect(t, a.Run(), "F1 web S0 cpus(reservations: [(STATIC,web)]):1; cpus:1; mem:100")
}

func TestRefuseFor(t *testing.T) {
	tests := []struct {
		seconds float64
		given   bool
		want    time.Duration
	}{
		{0, false, 5 * time.Second}, {0, true, 0}, {-1, true, 5 * time.Second}, {2.5, true, 2500 * time.Millisecond},
		{1e12, true, 365 * 24 * time.Hour},
	}
	for _, tt := range tests {
		if got := RefuseFor(tt.seconds, tt.given); got != tt.want {
			t.Errorf("RefuseFor(%v, %v) = %v, want %v", tt.seconds, tt.given, got, tt.want)
		}
	}
}

// large is a cluster of 1,000 agents and 100 frameworks.
func large(b *testing.B, role func(i int) string) *Allocator {
	a := inTurn(Options{})
	for i := range 1000 {
		a.AddAgent(fmt.Sprintf("S%d", i), res(b, machine))
	}
	for i := range 100 {
		a.AddFramework(Framework{ID: fmt.Sprintf("F%03d", i), Roles: []string{role(i)}}, true)
	}
	return a
}

// cpuTime is what this process has used of the processors, which other programs
// disturb less than the time of the clock.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkRun(b *testing.B) {
	roles := map[string]func(int) string{
		"one role": func(int) string { return "*" }, "100 roles": func(i int) string { return fmt.Sprintf("team/%d", i) },
	}
	for name, role := range roles {
		b.Run("1000 agents for 100 frameworks/"+name, func(b *testing.B) {
			a := large(b, role)
			var cpu time.Duration
			for b.Loop() {
				start := cpuTime(b)
				got := a.Tick()
				cpu += cpuTime(b) - start
				if len(got) != 1000 {
					b.Fatal(len(got))
				}
				b.StopTimer()
				for _, al := range got {
					a.Recover(al.FrameworkID, al.AgentID, al.Resources, 0)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
		b.Run("everything refused/"+name, func(b *testing.B) {
			a := large(b, role)
			for {
				got := a.Tick()
				if len(got) == 0 {
					break
				}
				for _, al := range got {
					a.Recover(al.FrameworkID, al.AgentID, al.Resources, time.Hour)
				}
			}
			start := cpuTime(b)
			for b.Loop() {
				if got := a.Tick(); len(got) > 0 {
					b.Fatal(len(got))
				}
			}
			b.ReportMetric(float64((cpuTime(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}
