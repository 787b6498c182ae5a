package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

// pair is a cluster and a session on it.
type pair struct {
	*testing.T
	ctx     context.Context
	cluster *cluster.Cluster
	s       *session.Session
}

// ports are those of this package's clusters: no other test's cluster looks for one
// there, nor, most likely, this one's when it runs twice at once; so what is dead
// for a while finds its port free when it comes back.
func ports() (master, agent int) {
	master = 14000 + os.Getpid()%30*500
	return master, master + 50
}

func newPair(t *testing.T, co cluster.Options, change ...func(*session.Options)) *pair {
	t.Helper()
	if co.MasterPort == 0 {
		co.MasterPort, co.AgentPort = ports()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c, err := cluster.Start(ctx, co)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	o := session.Options{Master: strings.Join(c.MasterURLs(), ","), User: "root", Name: "e2e", FailoverTimeout: time.Hour,
		Log: func(n session.Notice) { t.Log(n) }}
	for _, f := range change {
		f(&o)
	}
	s, err := session.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &pair{t, ctx, c, s}
}

func (p *pair) subscribe() {
	p.Helper()
	a, err := p.s.Subscribe(p.ctx, []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"checkpoint":true}}}`))
	if err == nil {
		err = a.Err()
	}
	if err != nil {
		p.Fatal(err)
	}
}

// launch runs a shell command on the first offer.
func (p *pair) launch(id, command string) *session.Task {
	p.Helper()
	offers, err := p.s.WaitForOffers(p.ctx, 1)
	if err != nil {
		p.Fatal(err)
	}
	tasks, err := p.s.Launch(p.ctx, acceptOne(offers[0], id, command))
	if err != nil {
		p.Fatal(err)
	}
	return tasks[0]
}

func (p *pair) wait(t *session.Task, states ...session.TaskState) {
	p.Helper()
	if err := t.Wait(p.ctx, states...); err != nil {
		p.Fatal(err)
	}
}

// The tutorial's walk: subscribe, offers, launch, updates, sandbox, kill, teardown.
func TestWalk(t *testing.T) {
	p := newPair(t, cluster.Options{})
	p.subscribe()
	offers, err := p.s.WaitForOffers(p.ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := "cpus 2  mem 496 MB  disk 4930 MB  ports 9000-10000  rack:r2d2  pod:demo,dev"
	if got := offers[0].String(); !strings.HasSuffix(got, want) {
		t.Errorf("offer %q, want ...%q", got, want)
	}

	hello := p.launch("hello", "echo hello; echo oops >&2; exit 3")
	p.wait(hello)
	if hello.State() != session.TaskFailed || hello.Message() != "Command exited with status 3" {
		t.Errorf("task: %v", hello)
	}
	if out, err := hello.Stdout(p.ctx); err != nil || !strings.Contains(out, "hello\n") {
		t.Errorf("stdout %q, %v", out, err)
	}
	if out, err := hello.Stderr(p.ctx); err != nil || !strings.Contains(out, "oops\n") {
		t.Errorf("stderr %q, %v", out, err)
	}
	files, err := hello.Sandbox(p.ctx)
	if err != nil || len(files) < 2 {
		t.Errorf("sandbox %v, %v", files, err)
	}
	if _, err := hello.ReadFile(p.ctx, "nothing"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a file that is not there: %v", err)
	}

	long := p.launch("long", "sleep 1000")
	p.wait(long, session.TaskRunning)
	state, err := p.s.Get(p.ctx, "/state")
	if err != nil || !strings.Contains(state.Text(), `"long"`) {
		t.Errorf("the master's state does not show the task: %v", err)
	}
	if a, err := long.Kill(p.ctx, 0); err != nil || a.Status != 202 {
		t.Errorf("kill: %v %v", a, err)
	}
	p.wait(long, session.TaskKilled)

	a, err := p.s.PostRaw(p.ctx, "", map[string][]string{"Content-Type": {"application/json"}, "Mesos-Stream-Id": {"wrong"}},
		[]byte(fmt.Sprintf(`{"framework_id":{"value":%q},"type":"REVIVE"}`, p.s.FrameworkID())))
	if err != nil || a.Status != 400 || !strings.Contains(a.Text(), "didn't match the stream ID") {
		t.Errorf("wrong stream id: %v %v", a, err)
	}
	if p.s.State() != session.Subscribed {
		t.Errorf("state %s", p.s.State())
	}
	p.acknowledged() // a teardown does not wait for acknowledgements under way
	if a, err := p.s.Teardown(p.ctx); err != nil || a.Status != 202 {
		t.Errorf("teardown: %v %v", a, err)
	}
	if p.s.State() != session.Disconnected || !errors.Is(p.s.LastError(), nil) {
		t.Errorf("after the teardown: %s, %v", p.s.State(), p.s.LastError())
	}
}

// acknowledged waits until the master has taken every acknowledgement.
func (p *pair) acknowledged() {
	p.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		st := p.s.Status()
		if st.Acknowledged == st.Updates {
			return
		}
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			p.Fatalf("%d updates, %d acknowledged", st.Updates, st.Acknowledged)
		}
	}
}

// The master dies and comes back with a new id: the session subscribes with its
// old framework id and the task goes on.
func TestMasterRestart(t *testing.T) {
	p := newPair(t, cluster.Options{})
	p.subscribe()
	task := p.launch("t", "sleep 1000")
	p.wait(task, session.TaskRunning)
	id := p.s.FrameworkID()
	if err := p.cluster.RestartMaster(); err != nil {
		t.Fatal(err)
	}
	after := p.s.Position()
	if _, err := p.s.AwaitAfter(p.ctx, after-1, func(e session.Event) bool { return e.Type == session.EventSubscribed }); err != nil {
		t.Fatal(err)
	}
	if p.s.FrameworkID() != id {
		t.Errorf("framework id %s, want %s", p.s.FrameworkID(), id)
	}
	if err := p.cluster.AwaitAgents(p.ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := task.Kill(p.ctx, 0); err != nil {
		t.Fatal(err)
	}
	p.wait(task)
	t.Log(task)
}

// A second session with the same framework id takes over; the first stands back.
func TestTakeover(t *testing.T) {
	p := newPair(t, cluster.Options{})
	p.subscribe()
	other, err := session.New(session.Options{Master: p.cluster.MasterURL()})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	body := []byte(fmt.Sprintf(`{"type":"SUBSCRIBE","framework_id":{"value":%q},"subscribe":{"framework_info":{"user":"root","name":"e2e","checkpoint":true,"failover_timeout":3600}}}`, p.s.FrameworkID()))
	if a, err := other.Subscribe(p.ctx, body); err != nil || a.Err() != nil {
		t.Fatal(a, err)
	}
	if _, err := p.s.AwaitAfter(p.ctx, 0, func(e session.Event) bool { return e.Type == session.EventError }); err != nil {
		t.Fatal(err)
	}
	if _, err := p.s.WaitForOffers(p.ctx, 99); !errors.Is(err, session.ErrFailedOver) {
		t.Errorf("the first session: %v", err)
	}
	if _, err := other.WaitForOffers(p.ctx, 1); err != nil {
		t.Errorf("the second session: %v", err)
	}
}

// Every method for a call is understood by the master.
func TestEveryCall(t *testing.T) {
	p := newPair(t, cluster.Options{})
	p.subscribe()
	offers, err := p.s.WaitForOffers(p.ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	agent := offers[0].AgentID
	for name, call := range map[string]func() (session.Answer, error){
		"decline": func() (session.Answer, error) {
			return p.s.Decline(p.ctx, []session.OfferID{offers[0].ID}, time.Second)
		},
		"accept":     func() (session.Answer, error) { return p.s.Accept(p.ctx, []session.OfferID{"none"}, nil, -1) },
		"revive":     func() (session.Answer, error) { return p.s.Revive(p.ctx) },
		"suppress":   func() (session.Answer, error) { return p.s.Suppress(p.ctx) },
		"inverse":    func() (session.Answer, error) { return p.s.AcceptInverseOffers(p.ctx, []session.OfferID{"x"}, 0) },
		"inverse2":   func() (session.Answer, error) { return p.s.DeclineInverseOffers(p.ctx, []session.OfferID{"x"}, 0) },
		"kill":       func() (session.Answer, error) { return p.s.Kill(p.ctx, "none", agent, time.Second) },
		"shutdown":   func() (session.Answer, error) { return p.s.Shutdown(p.ctx, "none", agent) },
		"reconcile":  func() (session.Answer, error) { return p.s.Reconcile(p.ctx) },
		"operations": func() (session.Answer, error) { return p.s.ReconcileOperations(p.ctx) },
		"message":    func() (session.Answer, error) { return p.s.Message(p.ctx, "none", agent, []byte("x")) },
		"request":    func() (session.Answer, error) { return p.s.Request(p.ctx) },
	} {
		if a, err := call(); err != nil || a.Status != 202 {
			t.Errorf("%s: %v %v", name, a, err)
		}
	}
	info := fmt.Sprintf(`{"framework_info":{"user":"root","name":"renamed","checkpoint":true,"failover_timeout":7200,"id":{"value":%q}}}`, p.s.FrameworkID())
	if a, err := p.s.UpdateFramework(p.ctx, []byte(info)); err != nil || a.Status != 200 {
		t.Errorf("update framework: %v %v", a, err)
	}
	if got := p.s.Status().FailoverTimeout; got != 2*time.Hour {
		t.Errorf("failover timeout %v", got)
	}
	for _, target := range []string{"", string(agent), p.cluster.AgentURLs()[0]} {
		if a, err := p.s.Operator(p.ctx, target, "GET_VERSION", nil); err != nil || gjson.GetBytes(a.Body, "get_version.version_info.version").String() == "" {
			t.Errorf("operator %q: %v %v", target, a, err)
		}
	}
	seen := map[session.EventType]bool{}
	err = p.s.Watch(p.ctx, func(e session.Event) bool { seen[e.Type] = true; return e.Type != session.EventHeartbeat })
	if err != nil || !seen[session.EventSubscribed] {
		t.Errorf("watch: %v, %v", seen, err)
	}
}

// A framework that has suppressed offers stays so when it subscribes again.
func TestSuppressOutlivesTheSubscription(t *testing.T) {
	p := newPair(t, cluster.Options{})
	p.subscribe()
	suppressed := func() float64 {
		t.Helper()
		a, err := p.s.Get(p.ctx, "/metrics/snapshot")
		if err != nil {
			t.Fatal(err)
		}
		value := -1.0
		gjson.ParseBytes(a.Body).ForEach(func(name, v gjson.Result) bool {
			if strings.HasSuffix(name.String(), "/roles/*/suppressed") {
				value = v.Float()
			}
			return value < 0
		})
		return value
	}
	for want, call := range []func() (session.Answer, error){func() (session.Answer, error) { return p.s.Revive(p.ctx) }, func() (session.Answer, error) { return p.s.Suppress(p.ctx) }} {
		if a, err := call(); err != nil || a.Err() != nil {
			t.Fatal(a, err)
		}
		if err := p.s.CloseChannel(); err != nil {
			t.Fatal(err)
		}
		if a, err := p.s.Resubscribe(p.ctx); err != nil || a.Err() != nil {
			t.Fatal(a, err)
		}
		if got := suppressed(); got != float64(want) {
			t.Errorf("suppressed: %v, want %d", got, want)
		}
	}
}

// The status of an operation is acknowledged, by the session or by hand.
func TestOperationIsAcknowledged(t *testing.T) {
	for _, mode := range []session.AckMode{session.AckAuto, session.AckManual} {
		t.Run(string(mode), func(t *testing.T) {
			p := newPair(t, cluster.Options{}, func(o *session.Options) { o.Ack = mode })
			a, err := p.s.Subscribe(p.ctx, []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"roles":["dev"],"capabilities":[{"type":"MULTI_ROLE"},{"type":"RESERVATION_REFINEMENT"}]}}}`))
			if err != nil || a.Err() != nil {
				t.Fatal(a, err)
			}
			offers, err := p.s.WaitForOffers(p.ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			reserve := []byte(`{"type":"RESERVE","id":{"value":"op"},"reserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"reservations":[{"type":"DYNAMIC","role":"dev"}]}]}}`)
			if a, err := p.s.Accept(p.ctx, []session.OfferID{offers[0].ID}, [][]byte{reserve}, 0); err != nil || a.Err() != nil {
				t.Fatal(a, err)
			}
			e, err := p.s.Await(p.ctx, func(e session.Event) bool { return e.Type == session.EventUpdateOperationStatus })
			if err != nil || e.Get("update_operation_status.status.state").Str != "OPERATION_FINISHED" {
				t.Fatal(e, err)
			}
			if mode == session.AckManual {
				if a, err := p.s.AcknowledgeOperationStatus(p.ctx, e); err != nil || a.Status != 202 {
					t.Fatal(a, err)
				}
			}
			for {
				changed := p.s.Changed()
				if err := p.s.LastError(); err != nil {
					t.Fatal(err)
				}
				if p.s.Status().Acknowledged == 1 {
					break
				}
				select {
				case <-p.ctx.Done():
					t.Fatalf("not acknowledged:\n%v", p.s.Status())
				case <-changed:
				}
			}
		})
	}
}

// The channel is closed and opened again with the same framework.
func TestCloseAndResubscribe(t *testing.T) {
	p := newPair(t, cluster.Options{}, func(o *session.Options) { o.Dir = t.TempDir() })
	p.subscribe()
	task := p.launch("t", "sleep 1000")
	p.wait(task, session.TaskRunning)
	id := p.s.FrameworkID()
	if err := p.s.CloseChannel(); err != nil {
		t.Fatal(err)
	}
	if a, err := p.s.Resubscribe(p.ctx); err != nil || a.Err() != nil {
		t.Fatal(a, err)
	}
	if p.s.FrameworkID() != id {
		t.Errorf("framework id %s, want %s", p.s.FrameworkID(), id)
	}
	if same, ok := p.s.Task("t"); !ok || same != task {
		t.Error("the task was forgotten")
	}
	if _, err := task.Kill(p.ctx, 0); err != nil {
		t.Fatal(err)
	}
	p.wait(task, session.TaskKilled)
}
