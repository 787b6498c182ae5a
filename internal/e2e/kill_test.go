package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"
)

// victimMaster is set in the process that is to be killed: the master's URL.
const (
	victimMaster = "MESOSBOOK_E2E_MASTER"
	victimDir    = "MESOSBOOK_E2E_DIR"
)

func TestMain(m *testing.M) {
	if master := os.Getenv(victimMaster); master != "" {
		if err := victim(master, os.Getenv(victimDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(heapCluster) != "" {
		if err := serveCluster(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// victim resumes the session in dir, or begins one, and launches short tasks until
// it is killed. It prints a line once it is subscribed.
func victim(master, dir string) error {
	s, err := openVictim(master, dir)
	if err != nil {
		return err
	}
	fmt.Println("subscribed")
	for i := 0; ; i++ {
		offers, err := s.WaitForOffers(context.Background(), 1)
		if err != nil {
			return err
		}
		if offers[0].CPUs < 0.1 || offers[0].MemMB < 32 {
			s.Decline(context.Background(), []session.OfferID{offers[0].ID}, 0)
			continue
		}
		id := fmt.Sprintf("v%d-%d", os.Getpid(), i)
		s.Launch(context.Background(), acceptOne(offers[0], id, "sleep 0.05"))
	}
}

func openVictim(master, dir string) (*session.Session, error) {
	_, resumable := session.Resumable(dir)
	s, err := session.New(session.Options{Master: master, Dir: dir, User: "root", Name: "victim", FailoverTimeout: time.Hour})
	if err != nil {
		return nil, err
	}
	var a session.Answer
	if resumable == nil {
		a, err = s.Resubscribe(context.Background())
	} else {
		a, err = s.Subscribe(context.Background(), []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"checkpoint":true}}}`))
	}
	return s, errors.Join(err, a.Err())
}

// The program is killed at random moments and resumed each time: it stays the same
// framework, no update is acknowledged that is not in its log, none is shown as new
// twice, and it learns how every task ended.
func TestKilledAndResumed(t *testing.T) {
	n := rounds(t)
	c, err := cluster.Start(t.Context(), cluster.Options{AllocationInterval: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	dir := filepath.Join(t.TempDir(), "log")
	for range n {
		killOnce(t, c.MasterURL(), dir)
	}

	s, err := openVictim(c.MasterURL(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	states := map[session.TaskState]int{}
	for _, task := range s.Tasks() {
		if err := task.Wait(ctx); err != nil {
			t.Error(err)
		}
		states[task.State()]++
	}
	if states[session.TaskFinished] == 0 {
		t.Errorf("no task finished: %v", states)
	}
	updates, acked := checkLog(t, dir)
	t.Logf("%d kills, tasks %v, %d new updates, %d acknowledgements", n, states, updates, acked)
	if a, err := s.Teardown(ctx); err != nil || a.Status != 202 {
		t.Errorf("teardown: %v %v", a, err)
	}
}

// killOnce runs the victim and kills it at a random moment after it subscribed.
func killOnce(t *testing.T, master, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimMaster+"="+master, victimDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "subscribed\n" {
		t.Errorf("the program said %q, %v", line, err)
	}
	timer := time.NewTimer(rand.N(300 * time.Millisecond))
	<-timer.C
	cmd.Process.Kill()
	cmd.Wait()
}

// checkLog reads the log: each acknowledgement follows its update, the framework is
// one, and positions have no gap.
func checkLog(t *testing.T, dir string) (updates, acked int) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	read, frameworks := map[string]bool{}, map[string]bool{}
	var position int64
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		line := gjson.ParseBytes(lines.Bytes())
		if !json.Valid(lines.Bytes()) {
			t.Fatalf("a broken line is in the log: %s", lines.Text())
		}
		if uuid := line.Get("body.acknowledge.uuid").String(); uuid != "" {
			acked++
			if !read[uuid] {
				t.Errorf("acknowledged before it was logged: %s", lines.Text())
			}
		}
		if line.Get("k").String() != "event" {
			continue
		}
		if n := line.Get("n").Int(); n != position+1 {
			t.Errorf("event %d follows %d", n, position)
		}
		position = line.Get("n").Int()
		if uuid := line.Get("raw.update.status.uuid").String(); uuid != "" && !read[uuid] {
			read[uuid] = true
			updates++
		}
		if id := line.Get("raw.subscribed.framework_id.value").String(); id != "" {
			frameworks[id] = true
		}
	}
	if len(frameworks) != 1 {
		t.Errorf("%d frameworks, want one: %v", len(frameworks), frameworks)
	}
	return updates, acked
}

// acceptOne is an ACCEPT that launches one small command.
func acceptOne(o session.Offer, id, command string) []byte {
	return []byte(fmt.Sprintf(`{"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"operations":[{"type":"LAUNCH","launch":{"task_infos":[{"name":%q,"task_id":{"value":%q},"agent_id":{"value":%q},"command":{"value":%q},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}}]}]}}],"filters":{"refuse_seconds":0}}}`,
		o.ID, id, id, o.AgentID, command))
}
