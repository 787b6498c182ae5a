package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"
)

// manyMasters are options of a cluster that gets over things fast.
func manyMasters(n int) cluster.Options {
	return cluster.Options{Masters: n, AllocationInterval: 50 * time.Millisecond, UpdateRetryMin: 100 * time.Millisecond}
}

// patient makes a session try again soon.
func patient(o *session.Options) {
	o.BackoffMin, o.BackoffMax = 50*time.Millisecond, 500*time.Millisecond
}

// follow waits until the session is subscribed at the cluster's leader, and its
// agents are there, and gives the leader's URL.
func (p *pair) follow(former string) string {
	p.Helper()
	leader, err := p.cluster.AwaitLeader(p.ctx)
	if err == nil {
		err = p.cluster.AwaitAgents(p.ctx)
	}
	if err != nil {
		p.Fatal(err)
	}
	for {
		changed := p.s.Changed()
		st := p.s.Status()
		if st.State == session.Subscribed && st.Leader == leader && st.StreamID != session.StreamID(former) {
			return leader
		}
		select {
		case <-changed:
		case <-p.ctx.Done():
			p.Fatalf("still %s at %s, leader %s: %v", st.State, st.Leader, leader, st.LastError)
		}
	}
}

// stays checks that a task runs as if nothing had been, and that no update has said
// anything else.
func (p *pair) stays(t *session.Task) {
	p.Helper()
	if got := t.State(); got != session.TaskRunning {
		p.Errorf("task %s is %s", t.ID, got)
	}
	for _, u := range t.Updates() {
		if state := u.TaskState(); state != session.TaskRunning && state != "TASK_STARTING" {
			p.Errorf("task %s was said to be %s: %s", t.ID, state, u)
		}
	}
}

// works launches a task at the leader of now, and kills it and another one.
func (p *pair) works(name string, old *session.Task) {
	p.Helper()
	fresh := p.launch(name, "sleep 1000")
	p.wait(fresh, session.TaskRunning)
	for _, t := range []*session.Task{fresh, old} {
		if a, err := t.Kill(p.ctx, 0); err != nil || a.Err() != nil {
			p.Fatal(a, err)
		}
		p.wait(t, session.TaskKilled)
	}
}

// The leader of two masters dies: the session goes on with the other one.
func TestLeaderDies(t *testing.T) {
	p := newPair(t, manyMasters(2), patient)
	p.subscribe()
	task := p.launch("before", "sleep 1000")
	p.wait(task, session.TaskRunning)
	was := p.s.Status()
	if err := p.cluster.KillMaster(); err != nil {
		t.Fatal(err)
	}
	if a, err := p.s.Reconcile(p.ctx); err != nil || a.Err() != nil { // waits for the new leader
		t.Error(a, err)
	}
	leader := p.follow(string(was.StreamID))
	if want := p.cluster.MasterURLs()[1]; leader != want || p.s.MasterURL() != want {
		t.Errorf("subscribed at %s, leader %s, want %s", p.s.MasterURL(), leader, want)
	}
	if got := p.s.Status().FrameworkID; got != was.FrameworkID {
		t.Errorf("framework %s is now %s", was.FrameworkID, got)
	}
	p.stays(task)
	p.works("after", task)
}

// All masters die and come back: what runs is not lost, and not said to be.
func TestAllMastersDie(t *testing.T) {
	p := newPair(t, manyMasters(3), patient)
	p.subscribe()
	task := p.launch("before", "sleep 1000")
	p.wait(task, session.TaskRunning)
	was := p.s.Status()
	for range 3 {
		if err := p.cluster.KillMaster(); err != nil {
			t.Fatal(err)
		}
	}
	for p.s.Status().State != session.Lost {
		select {
		case <-p.s.Changed():
		case <-p.ctx.Done():
			t.Fatal("the loss is not noticed")
		}
	}
	if err := p.cluster.RestartMaster(); err != nil {
		t.Fatal(err)
	}
	p.follow(string(was.StreamID))
	if got := p.s.Status().FrameworkID; got != was.FrameworkID {
		t.Errorf("framework %s is now %s", was.FrameworkID, got)
	}
	p.stays(task)
	p.works("after", task)
}

// A session that is not subscribed finds the leader as well.
func TestFindLeaderWithoutSubscription(t *testing.T) {
	p := newPair(t, manyMasters(3))
	for i := range 2 {
		want := p.cluster.MasterURLs()[i]
		if got, err := p.s.FindLeader(p.ctx); err != nil || got != want || p.s.MasterURL() != want {
			t.Errorf("found %s, %v, then %s; want %s", got, err, p.s.MasterURL(), want)
		}
		if a, err := p.s.Get(p.ctx, "/state"); err != nil || a.Err() != nil || a.Get("leader_info.port").Raw != want[strings.LastIndexByte(want, ':')+1:] {
			t.Errorf("state of %s: %v %v", want, a.Get("leader_info"), err)
		}
		if err := p.cluster.KillMaster(); err != nil {
			t.Fatal(err)
		}
	}
}

// inZooKeeper is a cluster whose masters elect their leader there, and a session
// that looks for the leader there.
func inZooKeeper(t *testing.T, z *zookeeper, masters int) *pair {
	o := manyMasters(masters)
	o.ZooKeeper, o.ZooKeeperTimeout = "zk://"+z.addr()+"/mesos", 2*time.Second
	return newPair(t, o, patient, func(s *session.Options) { s.Master = o.ZooKeeper })
}

// The masters take part in an election as Mesos' do; the dead leader's place is free
// when its session with ZooKeeper ends.
func TestLeaderDiesInZooKeeper(t *testing.T) {
	z := startZooKeeper(t)
	p := inZooKeeper(t, z, 3)
	masters, err := session.Masters(p.ctx, session.Options{Master: "zk://" + z.addr() + "/mesos"})
	if err != nil || len(masters) != 3 || !masters[0].Leading || masters[0].URL != p.cluster.MasterURL() {
		t.Fatalf("in ZooKeeper: %+v, %v; the leader is %s", masters, err, p.cluster.MasterURL())
	}
	p.subscribe()
	task := p.launch("before", "sleep 1000")
	p.wait(task, session.TaskRunning)
	was := p.s.Status()
	if err := p.cluster.KillMaster(); err != nil {
		t.Fatal(err)
	}
	if leader := p.follow(string(was.StreamID)); leader != masters[1].URL {
		t.Errorf("%s leads, want %s", leader, masters[1].URL)
	}
	if got := p.s.Status().FrameworkID; got != was.FrameworkID {
		t.Errorf("framework %s is now %s", was.FrameworkID, got)
	}
	p.stays(task)
	p.works("after", task)
}

// ZooKeeper itself goes away for longer than a session lasts: no master leads until
// it is back.
func TestZooKeeperOutage(t *testing.T) {
	z := startZooKeeper(t)
	p := inZooKeeper(t, z, 2)
	p.subscribe()
	task := p.launch("before", "sleep 1000")
	p.wait(task, session.TaskRunning)
	was := p.s.Status()

	z.kill()
	noLeader, cancel := context.WithTimeoutCause(p.ctx, time.Minute, errors.New("the leader did not step down"))
	defer cancel()
	for leads(p.cluster) {
		select {
		case <-p.s.Changed():
		case <-noLeader.Done():
			t.Fatal(context.Cause(noLeader))
		}
	}
	if a, err := p.s.Get(p.ctx, p.cluster.MasterURLs()[0]+"/state"); err == nil && a.Status != 503 {
		t.Errorf("without a leader: %d %s", a.Status, a.Body)
	}
	z.start()
	p.follow(string(was.StreamID))
	if got := p.s.Status().FrameworkID; got != was.FrameworkID {
		t.Errorf("framework %s is now %s", was.FrameworkID, got)
	}
	p.stays(task)
	p.works("after", task)
}

func leads(c *cluster.Cluster) bool {
	for _, m := range c.Masters() {
		if m.Leading {
			return true
		}
	}
	return false
}

// Where ZooKeeper cannot be reached the start says so.
func TestNoZooKeeper(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errors.New("enough"))
	defer cancel()
	_, err := cluster.Start(ctx, cluster.Options{ZooKeeper: "zk://me:hush@127.0.0.1:1/mesos", ZooKeeperTimeout: time.Second})
	if err == nil || !strings.Contains(err.Error(), "enough (zk://127.0.0.1:1/mesos: ") || strings.Contains(fmt.Sprint(err), "hush") {
		t.Errorf("got %v", err)
	}
}
