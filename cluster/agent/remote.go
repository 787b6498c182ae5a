package agent

import (
	"context"
	"sync"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	v1 "mesosbook/mesos/v1"
	execapi "mesosbook/mesos/v1/executor"
)

// maxEvents bounds what an executor may leave unread; one that falls behind
// further loses its connection, and may subscribe again.
const maxEvents = 4096

// remoteBody is a framework's own executor: a program that the agent starts and
// that subscribes by HTTP.
type remoteBody struct {
	agent *Agent
	ex    *executor
	user  *supervisor.User

	mu         sync.Mutex // guards what follows
	stream     *eventStream
	subscribed chan struct{} // closed at the first subscription
}

// eventStream is one subscription: closed tells its handler to end.
type eventStream struct {
	events chan *execapi.Event
	closed chan struct{}
	once   sync.Once
}

func (s *eventStream) end() { s.once.Do(func() { close(s.closed) }) }

func newRemoteBody(a *Agent, ex *executor, u *supervisor.User) *remoteBody {
	return &remoteBody{agent: a, ex: ex, user: u, subscribed: make(chan struct{})}
}

// work runs the executor's program until it ends, or until it has not subscribed
// in time.
func (b *remoteBody) work(ctx context.Context) {
	env := b.agent.executorEnvironment(b.ex, b.agent.ID())
	if b.ex.token != "" {
		env["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"] = b.ex.token
	}
	overlay(env, b.ex.info.GetCommand())
	b.agent.offerBody(b.ex, b)
	board, err := b.agent.ttyBoard(b.ex.info.GetContainer(), b.user)
	var p process
	if err == nil {
		p, err = b.agent.spawn(b.ex, start{command: b.ex.info.GetCommand(), env: env, user: b.user,
			limits: limitsOf(b.ex.info.GetContainer()), dir: b.ex.dir, board: board})
	}
	if err != nil {
		b.agent.launchFailed(ctx, b.ex, err)
		return
	}
	b.agent.setMain(b.ex, p, env, board)
	status := b.await(ctx, p)
	b.hangUp()
	b.agent.destroy(b.ex)
	if board != nil {
		b.agent.drainBoard(board)
	}
	wait := -1
	if ws, known := p.Status(); known {
		wait = int(ws)
	}
	b.agent.ended(b.ex, wait, status)
}

// await gives the status of tasks that have not ended when the program has.
func (b *remoteBody) await(ctx context.Context, p process) *v1.TaskStatus {
	late := time.NewTimer(b.agent.opts.RegistrationTimeout)
	defer late.Stop()
	select {
	case <-p.Done():
		return executorTerminated()
	case <-b.subscribed:
	case <-late.C:
		_ = p.Signal(syscall.SIGKILL)
		<-p.Done()
		return fromAgent(v1.TaskState_TASK_FAILED, v1.TaskStatus_REASON_EXECUTOR_REGISTRATION_TIMEOUT,
			"Executor did not register within "+durationText(b.agent.opts.RegistrationTimeout))
	case <-ctx.Done():
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		_ = p.Signal(syscall.SIGKILL)
		<-p.Done()
	}
	return executorTerminated()
}

// setMain keeps the process of an executor, or of a command task, and what
// sessions in its container inherit.
func (a *Agent) setMain(ex *executor, p process, env map[string]string, board *switchboard) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ex.pid, ex.env, ex.board = p.ID(), env, board
	if !ex.command {
		ex.main = p
	}
}

// offerBody makes the body known before it takes tasks: the executor may subscribe
// as soon as its process runs.
func (a *Agent) offerBody(ex *executor, b *remoteBody) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ex.remote = b
}

// subscribe takes a new subscription; a former one ends.
func (b *remoteBody) subscribe() *eventStream {
	s := &eventStream{events: make(chan *execapi.Event, maxEvents), closed: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stream != nil {
		b.stream.end()
	}
	b.stream = s
	return s
}

// opened says that the subscription's SUBSCRIBED is on its way: tasks may follow.
func (b *remoteBody) opened() {
	b.mu.Lock()
	first := !isClosed(b.subscribed)
	if first {
		close(b.subscribed)
	}
	b.mu.Unlock()
	b.agent.ready(b.ex, b)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// leave ends a subscription that its handler has left.
func (b *remoteBody) leave(s *eventStream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.end()
	if b.stream == s {
		b.stream = nil
	}
}

func (b *remoteBody) hangUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stream != nil {
		b.stream.end()
		b.stream = nil
	}
}

// send queues an event; without a subscription it is lost, as in Mesos.
func (b *remoteBody) send(e *execapi.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stream == nil {
		return
	}
	select {
	case b.stream.events <- e:
	default:
		b.stream.end() // too slow
		b.stream = nil
	}
}

func (b *remoteBody) launch(t *v1.TaskInfo) {
	b.agent.linkTasks(b.ex, t)
	b.send(&execapi.Event{Type: execapi.Event_LAUNCH.Enum(), Launch: &execapi.Event_Launch{Task: t}})
}

func (b *remoteBody) launchGroup(tasks []*v1.TaskInfo) {
	b.agent.linkTasks(b.ex, tasks...)
	b.send(&execapi.Event{Type: execapi.Event_LAUNCH_GROUP.Enum(),
		LaunchGroup: &execapi.Event_LaunchGroup{TaskGroup: &v1.TaskGroupInfo{Tasks: tasks}}})
}

func (b *remoteBody) kill(taskID string, policy *v1.KillPolicy) {
	b.send(&execapi.Event{Type: execapi.Event_KILL.Enum(),
		Kill: &execapi.Event_Kill{TaskId: &v1.TaskID{Value: proto.String(taskID)}, KillPolicy: policy}})
}

func (b *remoteBody) message(data []byte) {
	b.send(&execapi.Event{Type: execapi.Event_MESSAGE.Enum(), Message: &execapi.Event_Message{Data: data}})
}

func (b *remoteBody) shutdown() { b.send(&execapi.Event{Type: execapi.Event_SHUTDOWN.Enum()}) }

// acknowledge tells the executor that the agent has an update of its.
func (b *remoteBody) acknowledge(s *v1.TaskStatus) {
	b.send(&execapi.Event{Type: execapi.Event_ACKNOWLEDGED.Enum(),
		Acknowledged: &execapi.Event_Acknowledged{TaskId: s.TaskId, Uuid: s.Uuid}})
}
