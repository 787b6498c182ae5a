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
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"
)

// heapCluster is set in the process that is only a cluster.
const heapCluster = "MESOSBOOK_E2E_CLUSTER"

// serveCluster runs simulated agents until stdin ends. It prints the master's URL
// and, for each line it reads, the bytes of its heap after a collection.
func serveCluster() error {
	c, err := cluster.Start(context.Background(), simulated)
	if err != nil {
		return err
	}
	defer c.Stop()
	fmt.Println(c.MasterURL())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(heapBytes())
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

func (r *remoteCluster) heap(t *testing.T) uint64 {
	t.Helper()
	fmt.Fprintln(r.ask)
	n, err := strconv.ParseUint(r.line(t), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Neither the session nor the cluster grows with the updates that were acknowledged:
// what each holds after a quarter, a half and three quarters of the run and at its
// end is the same. MESOSBOOK_UPDATES is the length of the run; 200000 gives the
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
	const parts = 4
	var mine, theirs [parts]uint64
	for i := range parts {
		start, before := time.Now(), s.Status().Acknowledged
		acknowledgeUntil(t, s, uint64(total*(i+1)/parts), i)
		st := s.Status()
		rate := float64(st.Acknowledged-before) / time.Since(start).Minutes()
		<-time.After(2 * time.Second) // executors stay for 1 s after their task, as in Mesos
		mine[i], theirs[i] = heapBytes(), remote.heap(t)
		t.Logf("%7d updates: session %4.1f MB, cluster %4.1f MB; %.0f a minute", st.Acknowledged, float64(mine[i])/1e6, float64(theirs[i])/1e6, rate)
		wantFlat(t, "session", mine[0], mine[i])
		wantFlat(t, "cluster", theirs[0], theirs[i])
	}
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

// keepLaunching uses offers for 50 tasks each, as long as no more than 500 run.
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
			_, err = s.Launch(ctx, launchMany(offers[0], part, n, 50))
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
