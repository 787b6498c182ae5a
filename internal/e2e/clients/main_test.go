package clients

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// patience bounds each wait for something that takes milliseconds when all is well.
const patience = 30 * time.Second

// mesosbook is the binary under test, built once by TestMain.
var mesosbook string

func TestMain(m *testing.M) {
	if os.Getenv(executorVariable) != "" {
		os.Exit(runExecutor())
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	mesosbook = filepath.Join(dir, "mesosbook")
	build := exec.Command("go", "build", "-o", mesosbook, "./cmd/mesosbook")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build mesosbook: %v\n%s", err, out)
		return 1
	}
	mesos.CapabilityReservationRefinement = "1" // how mesos-go is told to do arithmetic with reservations
	return m.Run()
}

// cluster is a running "mesosbook cluster".
type cluster struct {
	master, agent string // URLs of the first of each
	masters       []string
	faults        io.Writer
}

// startCluster runs a cluster, ended with the test.
func startCluster(t *testing.T, flags ...string) *cluster {
	t.Helper()
	cmd := exec.Command(mesosbook, append([]string{"cluster", "--resources", "cpus:4;mem:2048;disk:4096;ports:[31000-31100]"}, flags...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log := &strings.Builder{}
	cmd.Stderr = log // read after Wait
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		err := cmd.Wait()
		if t.Failed() {
			t.Logf("the cluster's log (%v):\n%s", err, log)
		} else if err != nil {
			t.Errorf("the cluster ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the cluster did not start: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until the cluster ends
	words := strings.Fields(line)                   // ready: master URL... agent URL...
	agents := slices.Index(words, "agent")
	if agents < 3 || len(words) == agents+1 {
		t.Fatalf("the cluster says %q", line)
	}
	return &cluster{master: words[2], masters: words[2:agents], agent: words[agents+1], faults: in}
}

// fault asks the cluster for a fault, as a line on its standard input.
func (c *cluster) fault(t *testing.T, what string) {
	t.Helper()
	if _, err := fmt.Fprintln(c.faults, what); err != nil {
		t.Fatal(err)
	}
}
