package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"
)

// heapCluster is set in the process that is only a cluster.
const heapCluster = "MESOSBOOK_E2E_CLUSTER"

// serveCluster runs simulated agents until stdin ends. It prints the master's URL
// and, for each line it reads, what it uses.
func serveCluster() error {
	c, err := cluster.Start(context.Background(), simulated)
	if err != nil {
		return err
	}
	defer c.Stop()
	fmt.Println(c.MasterURL())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		u := usageNow()
		fmt.Println(u.heap, int64(u.cpu))
	}
	return nil
}

// simulated is a cluster on which tasks end as soon as they start.
var simulated = cluster.Options{Agents: 10, Simulate: true, AllocationInterval: 10 * time.Millisecond,
	Resources: "cpus:1000;mem:1000000;disk:100000;ports:[31000-32000]"}

func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one found finalizers for
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// usage is what a process holds and has spent.
type usage struct {
	heap uint64        // bytes, after a collection
	cpu  time.Duration // of the processor, user and system
}

func usageNow() usage {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // cannot fail
	return usage{cpu: time.Duration(r.Utime.Nano() + r.Stime.Nano()), heap: heapBytes()}
}

// remoteCluster is serveCluster in a process of its own.
type remoteCluster struct {
	url  string
	ask  io.Writer
	said *bufio.Reader
}

func startRemoteCluster(t *testing.T) *remoteCluster {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), heapCluster+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("cluster: %v", err)
		}
	})
	r := &remoteCluster{ask: in, said: bufio.NewReader(out)}
	r.url = r.line(t)
	return r
}

func (r *remoteCluster) line(t *testing.T) string {
	t.Helper()
	line, err := r.said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func (r *remoteCluster) usage(t *testing.T) (u usage) {
	t.Helper()
	fmt.Fprintln(r.ask)
	if _, err := fmt.Sscan(r.line(t), &u.heap, (*int64)(&u.cpu)); err != nil {
		t.Fatal(err)
	}
	return u
}

// Neither the session nor the cluster grows with the updates that were acknowledged:
// what each holds after a quarter of the run it holds at its end. MESOSBOOK_UPDATES is the length of the run; 200000 gives the
// figures in docs/reliability.md.
func TestHeapIsFlat(t *testing.T) {
	total, err := strconv.Atoi(os.Getenv("MESOSBOOK_UPDATES"))
	if err != nil {
		t.Skip("MESOSBOOK_UPDATES is not set to a number of updates; 200000 takes two minutes")
	}
	remote := startRemoteCluster(t)
	s, err := session.New(session.Options{Master: remote.url, Dir: t.TempDir(), User: "root", Name: "updates"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Subscribe(t.Context(), []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{}}}`)); err != nil {
		t.Fatal(err)
	}
	const parts = 8
	var mine, theirs [parts + 1]usage
	mine[0], theirs[0] = usageNow(), remote.usage(t)
	for i := 1; i <= parts; i++ {
		start, before := time.Now(), s.Status().Acknowledged
		acknowledgeUntil(t, s, uint64(total*i/parts), i)
		st := s.Status()
		n, took := st.Acknowledged-before, time.Since(start)
		<-time.After(2 * time.Second) // executors stay for 1 s after their task, as in Mesos
		mine[i], theirs[i] = usageNow(), remote.usage(t)
		perUpdate := func(u [parts + 1]usage) time.Duration { return (u[i].cpu - u[i-1].cpu) / time.Duration(n) }
		t.Logf("%7d updates, %6.0f a minute: session %4.1f MB, %v of the processor for each; cluster %4.1f MB, %v", st.Acknowledged,
			float64(n)/took.Minutes(), float64(mine[i].heap)/1e6, perUpdate(mine).Round(time.Microsecond), float64(theirs[i].heap)/1e6, perUpdate(theirs).Round(time.Microsecond))
	}
	wantFlat(t, "session", mine[parts/4].heap, mine[parts].heap)
	wantFlat(t, "cluster", theirs[parts/4].heap, theirs[parts].heap)
}

// wantFlat fails when a heap has grown by more than a twentieth.
func wantFlat(t *testing.T, who string, first, now uint64) {
	t.Helper()
	if now > first+first/20 {
		t.Errorf("the %s's heap grew from %d to %d bytes", who, first, now)
	}
}

// acknowledgeUntil launches tasks until n updates are acknowledged, and waits for
// the last ones. Part is in the names of the tasks.
func acknowledgeUntil(t *testing.T, s *session.Session, n uint64, part int) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	launched := make(chan error, 1)
	go func() { launched <- keepLaunching(ctx, s, part) }()
	await(s, func(st session.Status) bool { return st.Acknowledged >= n })
	cancel()
	if err := <-launched; err != nil {
		t.Error(err)
	}
	await(s, func(st session.Status) bool { return st.Tasks == 0 && st.PendingAcks == 0 })
}

// await waits until the status is as wanted.
func await(s *session.Session, wanted func(session.Status) bool) {
	for changed := s.Changed(); !wanted(s.Status()); changed = s.Changed() {
		<-changed
	}
}

// keepLaunching launches 50 tasks at a time, as long as no more than 500 run, on all
// that one agent offers: else small offers would pile up.
func keepLaunching(ctx context.Context, s *session.Session, part int) error {
	for n := 0; ; n += 50 {
		for changed := s.Changed(); s.Status().Tasks > 500; changed = s.Changed() {
			select {
			case <-changed:
			case <-ctx.Done():
				return nil
			}
		}
		offers, err := s.WaitForOffers(ctx, 1)
		if err == nil {
			_, err = s.Launch(ctx, launchMany(offers, part, n, 50))
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
