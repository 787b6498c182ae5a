package clients

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli/apierrors"
	"github.com/mesos/mesos-go/api/v1/lib/resources"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
)

// ownExecutor is this test binary as an executor, fetched into the sandbox.
func ownExecutor(t *testing.T) *mesos.ExecutorInfo {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	yes, no, start, on := true, false, "./"+filepath.Base(self), "1"
	return &mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM, ExecutorID: mesos.ExecutorID{Value: "own"}, Resources: little(),
		Command: &mesos.CommandInfo{
			Value: &start, URIs: []mesos.CommandInfo_URI{{Value: self, Executable: &yes, Extract: &no}},
			Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{{Name: executorVariable, Value: &on}}},
		},
	}
}

func executorTask(o mesos.Offer, ex *mesos.ExecutorInfo, id string) mesos.TaskInfo {
	return mesos.TaskInfo{TaskID: mesos.TaskID{Value: id}, Name: id, AgentID: o.AgentID, Resources: little(), Executor: ex, Data: []byte(id)}
}

func TestExecutorProgram(t *testing.T) {
	f := subscribe(t, startCluster(t))
	ex := ownExecutor(t)
	o := f.offer(little()...)
	f.accept(o, calls.OpLaunch(executorTask(o, ex, "stay"), executorTask(o, ex, "finish")))

	done := f.state("finish", mesos.TASK_FINISHED)
	if done.GetMessage() != "done" || string(done.Data) != "data of TASK_FINISHED" || done.GetSource() != mesos.SOURCE_EXECUTOR || len(done.UUID) != 16 {
		t.Errorf("status %+v", done)
	}
	if o := f.offer(); !slices.Contains(o.ExecutorIDs, ex.ExecutorID) {
		t.Errorf("the next offer names the executors %v", o.ExecutorIDs)
	}
	pong(f, o.AgentID)
	f.call(calls.Kill("stay", o.AgentID.Value))
	if s := f.state("stay", mesos.TASK_KILLED); s.GetMessage() != "killed by request" {
		t.Errorf("status %+v", s)
	}
	f.call(calls.Shutdown("own", o.AgentID.Value))
	gone := f.await("FAILURE", func(e *scheduler.Event) bool { return e.GetType() == scheduler.Event_FAILURE })
	if gone.Failure.ExecutorID == nil || gone.Failure.ExecutorID.Value != "own" || gone.Failure.GetStatus() != 0 {
		t.Errorf("failure %+v", gone.Failure)
	}
}

// pong sends a message to the executor and waits for what it sends back.
func pong(f *framework, agent mesos.AgentID) {
	f.t.Helper()
	f.call(calls.Message(agent.Value, "own", []byte("ping")))
	m := f.await("MESSAGE", func(e *scheduler.Event) bool { return e.GetType() == scheduler.Event_MESSAGE }).Message
	if string(m.Data) != "pong ping" || m.AgentID != agent || m.ExecutorID.Value != "own" {
		f.t.Errorf("message %+v", m)
	}
}

func TestPod(t *testing.T) {
	f := subscribe(t, startCluster(t))
	o := f.offer(little()...)
	pod := mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_DEFAULT, ExecutorID: mesos.ExecutorID{Value: "pod"}, FrameworkID: &mesos.FrameworkID{Value: f.frameworkID()},
		Resources: append(little(), resources.NewDisk(32).Resource),
	}
	f.accept(o, calls.OpLaunchGroup(pod, command(o, "server", "sleep 1000"), command(o, "fails", "sleep 0.2; exit 3")))
	f.state("server", mesos.TASK_RUNNING)
	if s := f.state("fails", mesos.TASK_FAILED); s.GetMessage() != "Command exited with status 3" {
		t.Errorf("status %+v", s)
	}
	f.state("server", mesos.TASK_KILLED)
}

// TestSchedulerFailover has a second scheduler take over when the first is gone, and
// a third while the second is still there.
func TestSchedulerFailover(t *testing.T) {
	c := startCluster(t)
	first := subscribe(t, c)
	o := first.offer(little()...)
	first.accept(o, calls.OpLaunch(command(o, "long", "sleep 1000")))
	first.state("long", mesos.TASK_RUNNING)
	first.leave()

	second := subscribe(t, c, as(first.frameworkID()))
	second.call(calls.Reconcile())
	if s := second.state("long", mesos.TASK_RUNNING); s.GetReason() != mesos.REASON_RECONCILIATION || s.UUID != nil {
		t.Errorf("status %+v", s)
	}
	second.call(calls.Reconcile(calls.ReconcileTasks(map[string]string{"never": o.AgentID.Value})))
	if s := second.state("never", mesos.TASK_LOST); s.GetReason() != mesos.REASON_RECONCILIATION {
		t.Errorf("status %+v", s)
	}

	third := subscribe(t, c, as(first.frameworkID()))
	told := second.await("ERROR", func(e *scheduler.Event) bool { return e.GetType() == scheduler.Event_ERROR })
	second.leave()
	if told.Error.Message != "Framework failed over" {
		t.Errorf("the one before hears %q", told.Error.Message)
	}
	third.call(calls.Kill("long", o.AgentID.Value))
	third.state("long", mesos.TASK_KILLED)
}

// TestMasterRestart leaves all of the work to mesos-go: it subscribes again as the
// same framework, and its executor is still there.
func TestMasterRestart(t *testing.T) {
	c := startCluster(t)
	f := subscribe(t, c)
	o := f.offer(little()...)
	f.accept(o, calls.OpLaunch(executorTask(o, ownExecutor(t), "stay")))
	f.state("stay", mesos.TASK_RUNNING)
	id := f.frameworkID()

	c.fault(t, "restart master")
	again := f.await("SUBSCRIBED", func(e *scheduler.Event) bool { return e.GetType() == scheduler.Event_SUBSCRIBED })
	if got := again.Subscribed.FrameworkID.Value; got != id {
		t.Errorf("subscribed as %s, want %s", got, id)
	}
	f.offer() // the agent is back
	f.call(calls.Reconcile(calls.ReconcileTasks(map[string]string{"stay": o.AgentID.Value})))
	f.state("stay", mesos.TASK_RUNNING)
	pong(f, o.AgentID)
	f.call(calls.Kill("stay", o.AgentID.Value))
	f.state("stay", mesos.TASK_KILLED)
}

// TestRedirect subscribes with each of three masters, of which one leads. Further
// calls would fail: mesos-go follows the redirect for SUBSCRIBE alone.
func TestRedirect(t *testing.T) {
	c := startCluster(t, "--masters", "3")
	for _, url := range c.masters {
		f := subscribe(t, &cluster{master: url})
		f.offer(little()...)
		f.leave()
	}
}

// TestVolume reserves, creates, launches in one ACCEPT, and gives all of it back.
func TestVolume(t *testing.T) {
	f := subscribe(t, startCluster(t), role("eng"))
	o := f.offer(append(little(), resources.NewDisk(64).Resource)...)
	reserved := mesos.Resource_ReservationInfo{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: f.info.Role}
	disk := mesos.Resources{resources.NewDisk(64).Resource}.PushReservation(reserved)
	room := resources.NewDisk(64).Disk("volume-1", "data").Resource
	room.Disk.Volume.Mode = mesos.RW.Enum()
	volume := mesos.Resources{room}.PushReservation(reserved)

	task := command(o, "writer", "echo kept > data/file")
	task.Resources = append(task.Resources, volume...)
	f.accept(o, calls.OpReserve(disk...), calls.OpCreate(volume...), calls.OpLaunch(task))
	f.state("writer", mesos.TASK_FINISHED)

	o = f.offer(volume...)
	if !resources.ContainsAll(o.Resources, volume) {
		t.Fatalf("offered %v, want the volume %v in it", mesos.Resources(o.Resources), volume)
	}
	task = command(o, "reader", "grep kept data/file")
	task.Resources = append(task.Resources, volume...)
	f.accept(o, calls.OpLaunch(task))
	f.state("reader", mesos.TASK_FINISHED)

	o = f.offer(volume...)
	f.accept(o, calls.OpDestroy(volume...), calls.OpUnreserve(disk...))
	free := f.offer()
	for _, r := range free.Resources {
		if len(r.Reservations) > 0 {
			t.Errorf("still reserved: %v", r.String())
		}
	}
}

func TestCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("alice wonderland\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := startCluster(t, "--credentials", file)
	f := newFramework(t, c)
	for secret, refused := range map[string]bool{"wonderland": false, "looking-glass": true} {
		alice := caller(c, httpcli.Do(httpcli.With(httpcli.BasicAuth("alice", secret))))
		resp, err := alice.Call(context.Background(), calls.Subscribe(f.info))
		if err == nil {
			var e scheduler.Event
			if err := resp.Decode(&e); err != nil || e.GetType() != scheduler.Event_SUBSCRIBED {
				t.Errorf("%v, first event %v", err, e.GetType())
			}
			resp.Close()
		}
		if got := apierrors.CodeNotAuthenticated.Matches(err); got != refused || (err != nil) != refused {
			t.Errorf("secret %s: %v", secret, err)
		}
	}
}

// TestRefusedCalls has mesos-go read the errors that a master answers.
func TestRefusedCalls(t *testing.T) {
	c := startCluster(t)
	f := subscribe(t, c)
	o := f.offer()
	other := caller(c)
	for name, call := range map[string]*scheduler.Call{
		"framework": calls.Revive().With(calls.Framework("nobody")),
		"stream":    calls.Decline(o.ID).With(calls.Framework(f.frameworkID())),
		"body":      {Type: scheduler.Call_KILL, FrameworkID: &mesos.FrameworkID{Value: f.frameworkID()}},
	} {
		err := calls.CallNoData(context.Background(), other, call)
		if err == nil || err == io.EOF || strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.call(calls.Decline(o.ID).With(calls.RefuseSeconds(0)))
	o = f.offer()
	f.call(calls.Suppress())
	f.call(calls.Decline(o.ID).With(calls.RefuseSeconds(0)))
	f.call(calls.Revive())
	f.offer()
}
