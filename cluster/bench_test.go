package cluster

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// BenchmarkProcesses is the time of 40 real tasks of "exit 0", from the launch to
// the last acknowledgement. The recordings' Mesos, an unoptimized build, took
// about 7 s on a machine of two cores.
func BenchmarkProcesses(b *testing.B) {
	c := start(b, Options{Resources: "cpus:64;mem:65536", AllocationInterval: 50 * time.Millisecond})
	s := subscribe(b, c, plain)
	run := 0
	for b.Loop() {
		run++
		finish(b, s, 40, fmt.Sprintf("p%d-", run), "exit 0")
	}
}

// BenchmarkSimulatedTasks is the time of 1,000 tasks without processes.
func BenchmarkSimulatedTasks(b *testing.B) {
	c := start(b, Options{Resources: "cpus:1000;mem:1000000", Simulate: true, AllocationInterval: 50 * time.Millisecond})
	s := subscribe(b, c, plain)
	run := 0
	for b.Loop() {
		run++
		finish(b, s, 1000, fmt.Sprintf("s%d-", run), "exit 0")
	}
}

// finish launches n tasks and waits until all have finished.
func finish(b *testing.B, s *scheduler, n int, prefix, command string) {
	tasks := map[string]string{}
	for i := range n {
		tasks[fmt.Sprintf("%s%d", prefix, i)] = command
	}
	s.launch(tasks)
	for done := 0; done < n; {
		if get(s.wait("UPDATE"), "update", "status", "state") == "TASK_FINISHED" {
			done++
		}
	}
}

// BenchmarkTenThousandTasks is the time of 10,000 simulated tasks, launched, run,
// finished and acknowledged, on so many agents (goal: under 10 s).
func BenchmarkTenThousandTasks(b *testing.B) {
	for _, agents := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("%d agents", agents), func(b *testing.B) {
			l := startLoad(b, start(b, loadOptions(agents)))
			cpu := cpuTime(b)
			for b.Loop() {
				l.run(10000)
			}
			perTask(b, 10000, cpu)
		})
	}
}

// BenchmarkTasksAfter is the time of 1,000 simulated tasks on ten agents after so
// many have finished: it should not grow.
func BenchmarkTasksAfter(b *testing.B) {
	for _, before := range []int{0, 1000, 10000, 50000} {
		b.Run(fmt.Sprint(before), func(b *testing.B) {
			l := startLoad(b, start(b, loadOptions(10)))
			for range before / 1000 {
				l.run(1000)
			}
			cpu := cpuTime(b)
			for b.Loop() {
				l.run(1000)
			}
			perTask(b, 1000, cpu)
		})
	}
}

// perTask reports the time of one of n tasks of each run: that of the clock, and
// that of the processors since start, which other programs disturb less. Both have
// the framework in them, as it is in the same process.
func perTask(b *testing.B, n int, start time.Duration) {
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N) / float64(n) }
	b.ReportMetric(per(b.Elapsed()), "µs/task")
	b.ReportMetric(per(cpuTime(b)-start), "cpu-µs/task")
}

// cpuTime is what this process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// loadOptions are agents that together run all of a load's tasks at once.
func loadOptions(agents int) Options {
	return Options{Agents: agents, Resources: fmt.Sprintf("cpus:%d;mem:1000000", max(2, 1100/agents)), Simulate: true, AllocationInterval: 10 * time.Millisecond}
}

// BenchmarkThousandAgents is the start of a cluster of 1,000 simulated agents and
// 100 frameworks, up to the moment when each of these had an offer and ran a task
// on it; it reports the heap and the stacks of all of them, frameworks included,
// as they are in the same process (goal: under 300 MB).
func BenchmarkThousandAgents(b *testing.B) {
	for b.Loop() {
		c, err := Start(context.Background(), Options{MasterPort: freePort(b), AgentPort: 32000, Agents: 1000, Simulate: true,
			AllocationInterval: 200 * time.Millisecond, OfferTimeout: 500 * time.Millisecond})
		if err != nil {
			b.Fatal(err)
		}
		loads := make([]*load, 100)
		for i := range loads {
			loads[i] = startLoad(b, c)
			loads[i].want(1)
		}
		for _, l := range loads {
			l.await(1)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse+m.StackInuse)/(1<<20), "MB")
		b.ReportMetric(float64(m.Sys)/(1<<20), "MB-peak-reserved")
		if err := c.Stop(); err != nil {
			b.Fatal(err)
		}
	}
}
