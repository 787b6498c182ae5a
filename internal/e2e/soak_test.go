package e2e_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"
)

var soakFor = flag.Duration("soak", 2*time.Second, "how long TestSoak makes faults")

const (
	soakAgents     = 3
	soakMasters    = 3
	soakFrameworks = 3
	soakSettle     = 2 * time.Minute // for everything to be as it should after the last fault
)

// TestSoak makes faults at random, of masters, agents, links and sessions, while
// frameworks launch tasks. Afterwards master, agents and sessions have to agree
// about every task: that it has ended, and how.
func TestSoak(t *testing.T) {
	k := newSoak(t)
	ctx, cancel := context.WithTimeout(t.Context(), *soakFor)
	defer cancel()
	var work sync.WaitGroup
	for _, f := range k.frameworks {
		work.Go(func() { f.run(ctx) })
	}
	k.breakThings(ctx)
	work.Wait()
	k.mend()
	k.settle()
	k.report()
}

// soak is a cluster with frameworks on it.
type soak struct {
	*testing.T
	cluster    *cluster.Cluster
	log        string // file of the cluster's log
	frameworks []*soakFramework
	random     *rand.Rand
	faults     map[string]int // by kind
}

func newSoak(t *testing.T) *soak {
	k := &soak{T: t, faults: map[string]int{}}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k.random = rand.New(rand.NewPCG(seed, 1))
	k.log = filepath.Join(t.TempDir(), "log")
	log, err := os.Create(k.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	master, agent := ports()
	c, err := cluster.Start(t.Context(), cluster.Options{Log: log, MasterPort: master, AgentPort: agent,
		Agents: soakAgents, Masters: soakMasters, AllocationInterval: 50 * time.Millisecond,
		AgentPingTimeout: 500 * time.Millisecond, MaxAgentPingTimeouts: 3, UpdateRetryMin: 50 * time.Millisecond, UpdateRetryMax: time.Second,
		OfferTimeout: 2 * time.Second, WorkDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	k.cluster = c
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	for i := range soakFrameworks {
		f := &soakFramework{T: t, number: i, random: rand.New(rand.NewPCG(seed, uint64(i)+2)), options: session.Options{
			Master: strings.Join(c.MasterURLs(), ","), User: "root", Name: fmt.Sprintf("soak %d", i), FailoverTimeout: time.Hour,
			Dir: t.TempDir(), BackoffMin: 50 * time.Millisecond, BackoffMax: time.Second, CallTimeout: 5 * time.Second,
		}}
		f.open()
		k.frameworks = append(k.frameworks, f)
		t.Cleanup(func() { f.close() })
	}
	return k
}

// breakThings makes a fault every now and then until ctx ends. What is refused, such
// as killing an agent twice, is no matter.
func (k *soak) breakThings(ctx context.Context) {
	c := k.cluster
	for {
		i := k.random.IntN(soakAgents)
		kinds := map[string]func() error{
			"kill an agent":       func() error { return c.KillAgent(i) },
			"restart an agent":    func() error { return c.RestartAgent(i) },
			"stop an agent":       func() error { return c.StopAgent(i) },
			"cut a link":          func() error { return c.CutLink(i) },
			"restore a link":      func() error { return c.RestoreLink(i) },
			"delay a link":        func() error { return c.DelayLink(i, time.Duration(k.random.IntN(50))*time.Millisecond) },
			"drop updates":        func() error { return c.DropUpdates(i, 3) },
			"kill the master":     c.KillMaster,
			"restart the master":  c.RestartMaster,
			"cut all connections": c.CutConnections,
		}
		names := slices.Sorted(maps.Keys(kinds))
		name := names[k.random.IntN(len(names))]
		if name == "stop an agent" && k.random.IntN(5) > 0 {
			name = "restart an agent" // a stop loses all that the agent had
		}
		if err := kinds[name](); err == nil {
			k.faults[name]++
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(k.random.IntN(300)) * time.Millisecond):
		}
	}
}

// mend makes everything run that was broken.
func (k *soak) mend() {
	for range soakMasters {
		_ = k.cluster.RestartMaster() // one that runs is restarted too
	}
	for i := range soakMasters {
		_ = k.cluster.RestartMasterAt(i) // a seat whose master runs refuses
	}
	for i := range soakAgents {
		if err := k.cluster.RestoreLink(i); err != nil {
			k.Fatal(err)
		}
		if err := k.cluster.RestartAgent(i); err != nil { // one that runs is killed first
			k.Errorf("mend: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(k.Context(), soakSettle)
	defer cancel()
	if err := k.cluster.AwaitAgents(ctx); err != nil {
		k.Fatal(err)
	}
}

// settle waits until nobody has a task that has not ended and all tell the same.
func (k *soak) settle() {
	k.Helper()
	why := ""
	for deadline := time.Now().Add(soakSettle); time.Now().Before(deadline); {
		if why = k.disagreement(); why == "" {
			return
		}
		for _, f := range k.frameworks {
			f.reconcile()
		}
		select { // nobody tells when an agent has given an update up to the last
		case <-time.After(500 * time.Millisecond):
		case <-k.Context().Done():
			k.Fatal(why)
		}
	}
	k.history(why)
	k.Fatalf("not at rest after %s: %s", soakSettle, why)
}

// history tells what cluster and session know of the task that a text names.
func (k *soak) history(text string) {
	id := regexp.MustCompile(`f\d+-t\d+|$`).FindString(text)
	if log, err := os.ReadFile(k.log); err == nil {
		for line := range strings.Lines(string(log)) {
			if id != "" && (strings.Contains(line, id+" ") || strings.Contains(line, id+"'")) || strings.Contains(line, "eader") || strings.Contains(line, "egistered") || strings.Contains(line, "Shut") || strings.Contains(line, "Removing agent") {
				k.Log(strings.TrimSpace(line))
			}
		}
	}
	for _, f := range k.frameworks {
		if task, some := f.session.Task(session.TaskID(id)); some {
			for _, e := range task.Updates() {
				k.Logf("%s %s", e.Time.Format("15:04:05.000000"), e.JSON())
			}
		}
	}
}

// soakState is what pages of master and agent tell of tasks.
type soakState struct {
	Slaves     []any
	Frameworks []struct {
		ID                                        string
		Tasks, Completed_tasks, Unreachable_tasks []struct{ ID, State string }
		Executors                                 []struct {
			ID                  string
			Tasks, Queued_tasks []struct{ ID, State string }
		}
	}
}

func (k *soak) page(url string) (s soakState, err error) {
	res, err := http.Get(url + "/state")
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	return s, json.NewDecoder(res.Body).Decode(&s)
}

// disagreement tells one, or that something is not at rest yet; "" is neither.
func (k *soak) disagreement() string {
	master, err := k.page(k.cluster.MasterURL())
	if err != nil {
		return err.Error()
	}
	if len(master.Slaves) != soakAgents {
		return fmt.Sprintf("the master has %d agents", len(master.Slaves))
	}
	ended := map[string]map[string]string{} // by framework and task
	for _, f := range master.Frameworks {
		for _, task := range f.Tasks {
			return fmt.Sprintf("the master has task %s in state %s", task.ID, task.State)
		}
		ended[f.ID] = map[string]string{}
		for _, task := range f.Completed_tasks {
			ended[f.ID][task.ID] = task.State
		}
	}
	for _, url := range k.cluster.AgentURLs() {
		agent, err := k.page(url)
		if err != nil {
			return err.Error()
		}
		for _, f := range agent.Frameworks {
			for _, e := range f.Executors {
				if len(e.Tasks)+len(e.Queued_tasks) > 0 {
					return fmt.Sprintf("agent %s still runs %s", url, e.ID)
				}
			}
		}
	}
	for _, f := range k.frameworks {
		if why := f.disagrees(ended[string(f.session.FrameworkID())]); why != "" {
			return why
		}
	}
	return ""
}

func (k *soak) report() {
	for _, f := range k.frameworks {
		states := map[session.TaskState]int{}
		for _, task := range f.session.Tasks() {
			states[task.State()]++
		}
		k.Logf("framework %d: %d tasks launched, %d failovers; at the end %v", f.number, f.launched.Load(), f.failovers, states)
		if f.launched.Load() == 0 {
			k.Errorf("framework %d has launched nothing", f.number)
		}
	}
	k.Logf("faults: %v", k.faults)
}

// soakFramework launches tasks as long as it is let. Only run uses its session while
// run goes on.
type soakFramework struct {
	*testing.T
	number    int
	options   session.Options
	random    *rand.Rand
	session   *session.Session
	launched  atomic.Int64
	failovers int
}

// open subscribes, as the framework of the session before if there was one.
func (f *soakFramework) open() {
	s, err := session.New(f.options)
	if err != nil {
		f.Error(err)
		return
	}
	f.session = s
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	if s.FrameworkID() != "" {
		_, err = s.Resubscribe(ctx)
	} else {
		_, err = s.Subscribe(ctx, []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"checkpoint":true,"capabilities":[{"type":"PARTITION_AWARE"}]}}}`))
	}
	for err != nil && ctx.Err() == nil && s.State() != session.Closed { // no master leads at the moment
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
			_, err = s.Resubscribe(ctx)
		}
	}
	if err != nil {
		f.Errorf("framework %d: %v", f.number, err)
	}
}

func (f *soakFramework) close() {
	if err := f.session.Close(); err != nil {
		f.Errorf("framework %d: close: %v", f.number, err)
	}
}

// run launches tasks, kills some and fails over every now and then.
func (f *soakFramework) run(ctx context.Context) {
	for ctx.Err() == nil {
		switch f.random.IntN(40) {
		case 0:
			f.close()
			f.open()
			f.failovers++
		case 1:
			f.killOne(ctx)
		case 2:
			_, _ = f.session.Revive(ctx) // may fall into a fault
		default:
			f.launchOne(ctx)
		}
	}
}

func (f *soakFramework) killOne(ctx context.Context) {
	for _, task := range f.session.Tasks() {
		if !task.State().Terminal() {
			_, _ = task.Kill(ctx, 0) // may fall into a fault
			return
		}
	}
}

// launchOne runs a task on the next offer.
func (f *soakFramework) launchOne(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	offers, err := f.session.WaitForOffers(ctx, 1)
	if err != nil {
		return
	}
	o := offers[0]
	id := fmt.Sprintf("f%d-t%d", f.number, f.launched.Add(1))
	body := fmt.Sprintf(`{"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"filters":{"refuse_seconds":0},"operations":[{"type":"LAUNCH","launch":{"task_infos":[
		{"name":%q,"task_id":{"value":%q},"agent_id":{"value":%q},"command":{"value":"sleep 0.%d; exit %d"},"resources":[
		{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}}]}]}}]}}`,
		o.ID, id, id, o.AgentID, f.random.IntN(10), f.random.IntN(2))
	_, _ = f.session.Launch(ctx, []byte(body)) // what is lost in a fault, reconciliation tells
}

// reconcile asks for the tasks that have not ended.
func (f *soakFramework) reconcile() {
	var open []session.TaskID
	for _, task := range f.session.Tasks() {
		if !task.State().Terminal() {
			open = append(open, task.ID)
		}
	}
	if len(open) > 0 {
		ctx, cancel := context.WithTimeout(f.Context(), 5*time.Second)
		defer cancel()
		_, _ = f.session.Reconcile(ctx, open...) // again the next time
	}
}

// disagrees compares the session's tasks with those that have ended for the master.
func (f *soakFramework) disagrees(ended map[string]string) string {
	for _, task := range f.session.Tasks() {
		state := task.State()
		if !settled(state) {
			return fmt.Sprintf("framework %d has task %s in state %s", f.number, task.ID, state)
		}
		if at, known := ended[string(task.ID)]; known && at != string(state) {
			return fmt.Sprintf("task %s is %s for framework %d and %s for the master", task.ID, state, f.number, at)
		}
	}
	return ""
}

// settled says whether a task will not change any more. A launch that never came to
// an agent ends as one that the master does not know, or as gone.
func settled(s session.TaskState) bool {
	return s.Terminal() || s == "TASK_UNKNOWN"
}
