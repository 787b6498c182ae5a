package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// three are masters that notice the loss of an agent soon, and an agent.
func three() Options {
	o := quick()
	o.Masters = 3
	return o
}

// noFollow asks for a path of a master and follows nothing.
func noFollow(t *testing.T, method, url, body string) (status int, location, text string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(data)
}

func awaitLeader(t *testing.T, c *Cluster) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	url, err := c.AwaitLeader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AwaitAgents(ctx); err != nil {
		t.Fatal(err)
	}
	return url
}

// Those that do not lead point at the one that does.
func TestFollowersRedirect(t *testing.T) {
	c := start(t, three())
	leader := awaitLeader(t, c)
	if urls := c.MasterURLs(); len(urls) != 3 || urls[0] != leader || c.MasterURL() != leader {
		t.Fatalf("masters %v, leader %s", urls, leader)
	}
	host := strings.TrimPrefix(leader, "http:")
	for _, follower := range c.MasterURLs()[1:] {
		for path, location := range map[string]string{
			"/api/v1/scheduler": host + "/master/api/v1/scheduler", "/api/v1": host + "/master/api/v1",
			"/state": host + "/master/state", "/redirect": host,
		} {
			method := http.MethodGet
			if strings.HasPrefix(path, "/api") {
				method = http.MethodPost
			}
			if status, to, text := noFollow(t, method, follower+path, `{"type":"GET_HEALTH"}`); status != 307 || to != location || text != "" {
				t.Errorf("%s%s: %d %q %q, want %q", follower, path, status, to, text, location)
			}
		}
		for path, want := range map[string]string{"/version": `"version":"1.12.0"`, "/metrics/snapshot": `"master/elected":0.0`, "/flags": `"registry":"replicated_log"`} {
			if status, _, text := noFollow(t, "GET", follower+path, ""); status != 200 || !strings.Contains(text, want) {
				t.Errorf("%s%s: %d %.200s, want %s", follower, path, status, text, want)
			}
		}
	}
}

// The leader dies, and so does the next one: tasks run on, the framework subscribes
// with its id at the new leader, and is told nothing that is not so.
func TestLeaderDies(t *testing.T) {
	c := start(t, three())
	s := subscribe(t, c, checkpointing)
	s.launch(map[string]string{"x": "exec sleep 1000"})
	s.state("x", "TASK_RUNNING")
	for i := range 2 {
		if err := c.KillMaster(); err != nil {
			t.Fatal(err)
		}
		leader := awaitLeader(t, c)
		if leader != c.MasterURLs()[i+1] {
			t.Errorf("after %d deaths %s leads, want %s", i+1, leader, c.MasterURLs()[i+1])
		}
		s.events = make(chan map[string]any, 10000)
		s.url = leader + "/api/v1/scheduler"
		was := s.id
		s.connect(checkpointing)
		if s.id != was {
			t.Errorf("framework %s is now %s", was, s.id)
		}
		s.call(`"type":"RECONCILE","reconcile":{"tasks":[{"task_id":{"value":"x"}}]}`)
		if got := s.state("x", "TASK_RUNNING"); got != "Reconciliation: Latest task state" {
			t.Errorf("x: %q", got)
		}
	}
	if err := c.KillMaster(); err != nil {
		t.Fatal(err)
	}
	if err := c.KillMaster(); err == nil || err.Error() != "kill master: none runs" {
		t.Errorf("no master left: %v", err)
	}
	if err := c.RestartMaster(); err != nil { // all of them
		t.Fatal(err)
	}
	leader := awaitLeader(t, c)
	for i, m := range c.Masters() {
		if !m.Running || m.Leading != (m.URL == leader) {
			t.Errorf("master %d after the restart: %+v, leader %s", i, m, leader)
		}
	}
	s.events = make(chan map[string]any, 10000)
	s.url = leader + "/api/v1/scheduler"
	s.connect(checkpointing)
	s.call(`"type":"KILL","kill":{"task_id":{"value":"x"}}`)
	s.state("x", "TASK_KILLED")
}

// An agent that is cut off while the leader dies finds the next one when it is back.
func TestCutOffDuringTheElection(t *testing.T) {
	c := start(t, three())
	if err := c.CutLink(0); err != nil {
		t.Fatal(err)
	}
	if err := c.KillMaster(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("enough"))
	defer cancel()
	if err := c.AwaitAgents(ctx); err == nil || !strings.HasSuffix(err.Error(), "enough") {
		t.Errorf("cut off and registered: %v", err)
	}
	if got := page(t, c.MasterURL()+"/slaves"); !strings.HasPrefix(got, `{"slaves":[],"recovered_slaves":[{`) {
		t.Errorf("while it is cut off: %s", got)
	}
	if err := c.RestoreLink(0); err != nil {
		t.Fatal(err)
	}
	awaitLeader(t, c)
	if got := page(t, c.MasterURL()+"/slaves"); !strings.HasSuffix(got, `"recovered_slaves":[]}`) {
		t.Errorf("when it is back: %s", got)
	}
}

func TestKillByNumber(t *testing.T) {
	c := start(t, three())
	if err := c.KillMasterAt(1); err != nil {
		t.Fatal(err)
	}
	if got := awaitLeader(t, c); got != c.MasterURLs()[0] {
		t.Errorf("%s leads", got)
	}
	if err := c.KillMasterAt(0); err != nil {
		t.Fatal(err)
	}
	if got := awaitLeader(t, c); got != c.MasterURLs()[2] || c.MasterURL() != got {
		t.Errorf("%s leads", got)
	}
	for _, err := range []error{c.KillMasterAt(0), c.KillMasterAt(3), c.RestartMasterAt(-1)} {
		if err == nil {
			t.Error("no error")
		}
	}
	if err := c.RestartMasterAt(0); err != nil {
		t.Fatal(err)
	}
	if got := awaitLeader(t, c); got != c.MasterURLs()[2] {
		t.Errorf("a new candidate took the lead: %s", got)
	}
	if err := c.RestartMasterAt(2); err != nil { // it leads: the next one takes over
		t.Fatal(err)
	}
	if got := awaitLeader(t, c); got != c.MasterURLs()[0] {
		t.Errorf("%s leads", got)
	}
}

// Without a leader masters say so, and a wait for one ends with its context.
func TestNoLeader(t *testing.T) {
	c := start(t, quick())
	if err := c.KillMaster(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, errors.New("enough"))
	defer cancel()
	if _, err := c.AwaitLeader(ctx); err == nil || err.Error() != "await leader: enough" {
		t.Errorf("got %v", err)
	}
}

// A work directory gives a cluster its state again: the agent is the same one, and
// what operators have decided holds.
func TestClusterRestartsWithItsState(t *testing.T) {
	o := quick()
	o.WorkDir = t.TempDir()
	o.MasterPort, o.AgentPort = freePort(t), freePort(t)
	var agent string
	for run := range 2 {
		c, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			agent = c.nodes[0].agent.ID()
			if err := c.operate(t.Context(), `{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":2,"role":"web"}]}}`); err != nil {
				t.Error(err)
			}
		}
		if got := c.nodes[0].agent.ID(); got != agent {
			t.Errorf("run %d: agent %s, want %s", run, got, agent)
		}
		if got := page(t, c.MasterURL()+"/weights"); got != `[{"weight":2.0,"role":"web"}]` {
			t.Errorf("run %d: weights %s", run, got)
		}
		if got := page(t, c.MasterURL()+"/slaves"); !strings.Contains(got, `"recovered_slaves":[]`) || strings.Contains(got, `"slaves":[]`) {
			t.Errorf("run %d: %s", run, got)
		}
		if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another cluster uses it") {
			t.Errorf("a second cluster on the same directory: %v", err)
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// A cluster whose machine is in maintenance starts without its agent, which comes
// when the maintenance is over.
func TestRestartDuringMaintenance(t *testing.T) {
	o := quick()
	o.WorkDir = t.TempDir()
	o.MasterPort, o.AgentPort = freePort(t), freePort(t)
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	const here = `[{"hostname":"127.0.0.1","ip":"127.0.0.1"}]`
	for _, body := range []string{
		`{"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":{"schedule":{"windows":[{"machine_ids":` + here + `,"unavailability":{"start":{"nanoseconds":1}}}]}}}`,
		`{"type":"START_MAINTENANCE","start_maintenance":{"machines":` + here + `}}`,
	} {
		if err := c.operate(t.Context(), body); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	c = start(t, o)
	if got := page(t, c.MasterURL()+"/maintenance/status"); !strings.Contains(got, `"down_machines":`+here) {
		t.Errorf("status %s", got)
	}
	if err := c.operate(t.Context(), `{"type":"STOP_MAINTENANCE","stop_maintenance":{"machines":`+here+`}}`); err != nil {
		t.Fatal(err)
	}
	awaitLeader(t, c)
}

func TestBrokenRegistryIsTold(t *testing.T) {
	o := quick()
	o.WorkDir, o.Masters = t.TempDir(), 2
	o.MasterPort, o.AgentPort = freePort(t), freePort(t)
	file := filepath.Join(o.WorkDir, "registry.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("got %v", err)
	}
}

func TestMastersOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"10 masters":         {Masters: 10},
		"2 ports for 3":      {Masters: 3, MasterPorts: []int{1, 2}},
		"master port 65600":  {Masters: 3, MasterPort: 65400},
		"master port -1 is":  {MasterPorts: []int{-1}},
		"-1 masters; use 1 ": {Masters: -1},
	} {
		if _, err := o.withDefaults(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	o, err := Options{Masters: 3}.withDefaults()
	if err != nil || len(o.MasterPorts) != 3 || o.MasterPorts[2] != 5250 {
		t.Errorf("ports %v, %v", o.MasterPorts, err)
	}
}
