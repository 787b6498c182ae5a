package clients

import (
	"context"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/encoding"
	"github.com/mesos/mesos-go/api/v1/lib/encoding/codecs"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/callrules"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/controller"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/eventrules"
	"github.com/mesos/mesos-go/api/v1/lib/extras/store"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli/httpsched"
	"github.com/mesos/mesos-go/api/v1/lib/resources"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/events"
)

var protobuf, asJSON = codecs.ByMediaType[codecs.MediaTypeProtobuf], codecs.ByMediaType[codecs.MediaTypeJSON]

// framework is a scheduler on mesos-go's controller, which subscribes again by
// itself and acknowledges updates.
type framework struct {
	t      *testing.T
	info   *mesos.FrameworkInfo
	caller calls.Caller
	id     store.Singleton
	events chan scheduler.Event // all but heartbeats
	leave  context.CancelFunc   // drops the connection, as a scheduler that died
}

type frameworkOption func(*framework)

// as continues the framework of another scheduler.
func as(id string) frameworkOption {
	return func(f *framework) { _ = f.id.Set(id) }
}

func role(name string) frameworkOption {
	return func(f *framework) { f.info.Role = &name }
}

// subscribe starts a scheduler and waits for SUBSCRIBED. The framework is torn
// down with the test, unless it left.
func subscribe(t *testing.T, c *cluster, opts ...frameworkOption) *framework {
	t.Helper()
	f := newFramework(t, c, opts...)
	ctx, cancel := context.WithCancel(context.Background())
	f.leave = cancel
	done := make(chan struct{})
	go func() { // ends with leave
		defer close(done)
		f.run(ctx)
	}()
	t.Cleanup(func() {
		defer func() { cancel(); <-done }()
		if ctx.Err() == nil {
			f.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN})
		}
	})
	f.await("SUBSCRIBED", func(e *scheduler.Event) bool { return e.GetType() == scheduler.Event_SUBSCRIBED })
	return f
}

func newFramework(t *testing.T, c *cluster, opts ...frameworkOption) *framework {
	hour := time.Hour.Seconds()
	yes := true
	f := &framework{
		t: t, id: store.NewInMemorySingleton(), events: make(chan scheduler.Event, 1000),
		info: &mesos.FrameworkInfo{User: "root", Name: t.Name(), FailoverTimeout: &hour, Checkpoint: &yes, Capabilities: []mesos.FrameworkInfo_Capability{
			{Type: mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT},
		}},
	}
	for _, o := range opts {
		o(f)
	}
	f.caller = callrules.New(callrules.WithFrameworkID(store.GetIgnoreErrors(f.id))).Caller(caller(c))
	return f
}

// caller makes scheduler calls. No other candidates for the endpoint: mesos-go would
// make a call that fails nine times otherwise, for a minute.
func caller(c *cluster, opts ...httpcli.Opt) calls.Caller {
	client := client(c.master+"/api/v1/scheduler", protobuf)
	client.With(opts...)
	return httpsched.NewCaller(client, httpsched.AllowReconnection(true), httpsched.EndpointCandidates(func() string { return "" }))
}

// run subscribes, again after each loss, until ctx ends.
func (f *framework) run(ctx context.Context) {
	pace := make(chan struct{})
	go func() { // a token each 50 ms; ends with ctx
		defer close(pace)
		for ctx.Err() == nil {
			select {
			case pace <- struct{}{}:
			case <-ctx.Done():
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	handler := eventrules.New(controller.TrackSubscription(f.id, time.Hour), controller.AckStatusUpdates(f.caller)).
		Handle(events.HandlerFunc(func(_ context.Context, e *scheduler.Event) error {
			if e.GetType() != scheduler.Event_HEARTBEAT {
				f.events <- *e
			}
			return nil
		}))
	_ = controller.Run(ctx, f.info, f.caller, controller.WithEventHandler(handler), controller.WithRegistrationTokens(pace),
		controller.WithFrameworkID(store.GetIgnoreErrors(f.id)), controller.WithSubscriptionTerminated(func(err error) {
			if ctx.Err() == nil {
				f.t.Logf("a subscription ended: %v", err)
			}
		}))
}

func (f *framework) frameworkID() string { return store.GetIgnoreErrors(f.id)() }

// await gives the next event that want accepts; those before it are dropped.
func (f *framework) await(what string, want func(*scheduler.Event) bool) *scheduler.Event {
	f.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-f.events:
			if want(&e) {
				return &e
			}
		case <-late:
			f.t.Fatalf("no %s within %v", what, patience)
		}
	}
}

// offer waits for an offer that holds at least the resources wanted.
func (f *framework) offer(want ...mesos.Resource) mesos.Offer {
	f.t.Helper()
	var found mesos.Offer
	f.await("offer", func(e *scheduler.Event) bool {
		for _, o := range e.GetOffers().GetOffers() {
			if resources.ContainsAll(mesos.Resources(o.Resources).ToUnreserved(), mesos.Resources(want).ToUnreserved()) {
				found = o
				return true
			}
		}
		return false
	})
	return found
}

// state waits until a task has a state, and gives the status that said so.
func (f *framework) state(task string, state mesos.TaskState) mesos.TaskStatus {
	f.t.Helper()
	e := f.await(task+" "+state.String(), func(e *scheduler.Event) bool {
		s := e.GetUpdate().GetStatus()
		return e.GetType() == scheduler.Event_UPDATE && s.TaskID.Value == task && s.GetState() == state
	})
	return e.Update.Status
}

// call makes a call that has no answer but 202.
func (f *framework) call(c *scheduler.Call) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := calls.CallNoData(ctx, f.caller, c); err != nil {
		f.t.Fatalf("%s: %v", c.GetType(), err)
	}
}

// accept runs operations on an offer; what they leave is not refused.
func (f *framework) accept(o mesos.Offer, operations ...mesos.Offer_Operation) {
	f.t.Helper()
	f.call(calls.Accept(calls.OfferOperations(operations).WithOffers(o.ID)).With(calls.RefuseSeconds(0)))
}

func little() []mesos.Resource {
	return []mesos.Resource{resources.NewCPUs(0.1).Resource, resources.NewMemory(32).Resource}
}

// command is a task of a shell command.
func command(o mesos.Offer, id, script string) mesos.TaskInfo {
	return mesos.TaskInfo{
		TaskID: mesos.TaskID{Value: id}, Name: id, AgentID: o.AgentID, Resources: little(),
		Command: &mesos.CommandInfo{Value: &script},
	}
}

// client is mesos-go's HTTP client for a path of a server.
func client(url string, codec encoding.Codec) *httpcli.Client {
	return httpcli.New(httpcli.Endpoint(url), httpcli.Codec(codec))
}
