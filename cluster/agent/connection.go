package agent

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// capabilities of an agent of Mesos 1.12, in the order in which it tells them.
var capabilities = [...]v1.AgentInfo_Capability_Type{
	v1.AgentInfo_Capability_MULTI_ROLE, v1.AgentInfo_Capability_HIERARCHICAL_ROLE,
	v1.AgentInfo_Capability_RESERVATION_REFINEMENT, v1.AgentInfo_Capability_RESOURCE_PROVIDER,
	v1.AgentInfo_Capability_RESIZE_VOLUME, v1.AgentInfo_Capability_AGENT_OPERATION_FEEDBACK,
	v1.AgentInfo_Capability_AGENT_DRAINING, v1.AgentInfo_Capability_TASK_RESOURCE_LIMITS,
}

// connectionLoop keeps a connection to the master.
type connectionLoop struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// stop ends the loop and waits for it. nil is fine.
func (l *connectionLoop) stop() {
	if l == nil {
		return
	}
	l.cancel()
	l.done.Wait()
}

// connectLocked starts the loop: a goroutine that ends with stop, and that blocks
// on dialing, on the connection and on the back-off, all of which end with it.
func (a *Agent) connectLocked() {
	ctx, cancel := context.WithCancel(a.ctx)
	loop := &connectionLoop{cancel: cancel}
	loop.done.Go(func() { a.keepConnected(ctx) })
	a.loop = loop
}

func (a *Agent) keepConnected(ctx context.Context) {
	wait := a.opts.RedialMin
	for ctx.Err() == nil {
		conn, err := a.opts.Dial(ctx)
		if err == nil {
			if a.serve(ctx, conn) {
				wait = a.opts.RedialMin
			}
			conn.Close()
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, a.opts.RedialMax)
		case <-ctx.Done():
		}
	}
}

// serve registers on conn and takes in messages until it ends. It says whether
// the master had taken the agent.
func (a *Agent) serve(ctx context.Context, conn *link.Conn) (registered bool) {
	a.mu.Lock()
	hello := a.registrationLocked()
	a.mu.Unlock()
	if err := conn.Send(hello); err != nil {
		return false
	}
	// A master that does not ping has given the agent up, or cannot be reached.
	silence := time.AfterFunc(a.opts.PingTimeout, conn.Close)
	defer silence.Stop()
	defer func() {
		a.mu.Lock()
		if a.conn == conn {
			a.conn = nil
		}
		a.mu.Unlock()
	}()
	for {
		m, err := conn.Receive(ctx)
		if err != nil {
			return registered
		}
		switch m := m.(type) {
		case *link.Registered:
			a.onRegistered(conn, m)
			registered = true
		case *link.Ping:
			silence.Reset(a.opts.PingTimeout)
			_ = conn.Send(&link.Pong{Seq: m.Seq}) // a broken connection shows at Receive
		case *link.Shutdown:
			a.onShutdown(m)
		default:
			a.receive(m)
		}
	}
}

// registrationLocked tells who the agent is and what it runs.
func (a *Agent) registrationLocked() *link.RegisterAgent {
	info := proto.CloneOf(a.opts.Info)
	if a.id != "" {
		info.Id = &v1.AgentID{Value: proto.String(a.id)}
	}
	m := &link.RegisterAgent{
		Info: info, PID: a.opts.pid(), Version: Version, Capabilities: capabilities[:],
		Resources: a.total.Proto(resources.Refined),
	}
	if a.id == "" {
		return m
	}
	for _, f := range a.frameworks {
		m.Frameworks = append(m.Frameworks, f.info())
		for _, ex := range f.executors {
			if !ex.command {
				m.Executors = append(m.Executors, link.Executor{FrameworkID: f.id(), Info: ex.info})
			}
			m.Tasks = append(m.Tasks, ex.reported()...)
		}
	}
	return m
}

// reported are the executor's tasks as the agent tells the master.
func (ex *executor) reported() []link.Task {
	var out []link.Task
	id := ""
	if !ex.command {
		id = ex.id()
	}
	for _, t := range ex.tasks {
		out = append(out, link.Task{FrameworkID: ex.framework.id(), Info: t.info, ExecutorID: id,
			State: t.proto.GetState(), Statuses: t.proto.Statuses})
	}
	for _, q := range ex.queued {
		out = append(out, link.Task{FrameworkID: ex.framework.id(), Info: q, ExecutorID: id, State: v1.TaskState_TASK_STAGING})
	}
	return out
}

// onRegistered keeps the id and sends again what no framework has acknowledged.
func (a *Agent) onRegistered(conn *link.Conn, m *link.Registered) {
	a.mu.Lock()
	fresh := a.id != m.AgentID
	a.mu.Unlock()
	if fresh {
		err := a.rememberID(m.AgentID)
		if err == nil {
			err = a.openJournal(m.AgentID)
		}
		if err != nil {
			a.warnf("Failed to checkpoint agent id: %v", err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.id, a.conn = m.AgentID, conn
	select {
	case <-a.registered:
	default:
		close(a.registered)
	}
	a.infof("Registered with master; given agent ID %s", m.AgentID)
	for _, k := range a.streams.keys() {
		a.streams.restart(k)
		a.forwardLocked(k, a.streams.front(k))
	}
	a.operations.resendLocked(a)
}

// onShutdown ends what runs here: the master does not want this agent any more.
// It comes back as a new one.
func (a *Agent) onShutdown(m *link.Shutdown) {
	a.warnf("Shutdown by the master: %s", m.Reason)
	a.shutdownFrameworks(func(*framework) bool { return true })
	a.mu.Lock()
	a.id, a.conn = "", nil
	a.streams.stop()
	a.streams.init(a.opts.RetryMin, a.opts.RetryMax, a.resend)
	a.streams.stopped = false
	a.drain = nil
	a.closeJournalLocked()
	a.mu.Unlock()
}

// sendLocked gives the master a message, if there is a registration. Updates
// that are lost here are sent again.
func (a *Agent) sendLocked(m link.Message) {
	if a.conn != nil {
		_ = a.conn.Send(m)
	}
}

// receive takes in a message of the master.
func (a *Agent) receive(m link.Message) {
	switch m := m.(type) {
	case *link.Run:
		a.run(m)
	case *link.Kill:
		a.kill(m)
	case *link.Acknowledge:
		a.acknowledge(m)
	case *link.AcknowledgeOperation:
		a.acknowledgeOperation(m)
	case *link.ApplyOperation:
		a.applyOperation(m)
	case *link.ShutdownFramework:
		a.shutdownFramework(m.FrameworkID)
	case *link.ShutdownExecutor:
		a.shutdownExecutor(m.FrameworkID, m.ExecutorID)
	case *link.SchedulerMessage:
		a.deliverMessage(m)
	case *link.UpdateFramework:
		a.updateFramework(m)
	case *link.ReconcileTasks:
		a.reconcile(m)
	case *link.Drain:
		a.startDrain(m)
	}
}

// Leave tells the master that the agent ends in good order, and ends what runs:
// the master has lost those tasks, and an agent on the same work directory does not
// speak of them again (slave/slave.cpp: shutdown). Close comes next.
func (a *Agent) Leave() {
	a.mu.Lock()
	a.sendLocked(&link.UnregisterAgent{AgentID: a.id})
	a.mu.Unlock()
	a.shutdownFrameworks(func(*framework) bool { return true })
}

// shutdownFrameworks ends those that are chosen; chosen is called with the lock.
func (a *Agent) shutdownFrameworks(chosen func(*framework) bool) {
	a.mu.Lock()
	var ids []string
	for _, f := range a.frameworks {
		if chosen(f) {
			ids = append(ids, f.id())
		}
	}
	a.mu.Unlock()
	for _, id := range ids {
		a.shutdownFramework(id)
	}
}

// Suspend is what a SIGKILL to the agent's process would be: the connection to
// the master ends, executors of frameworks without checkpointing end, the others
// run on.
func (a *Agent) Suspend() {
	a.mu.Lock()
	if a.closed || a.suspended {
		a.mu.Unlock()
		return
	}
	a.suspended = true
	loop := a.loop
	a.mu.Unlock()
	loop.stop()
	a.shutdownFrameworks(func(f *framework) bool { return !f.checkpoints() })
}

// Resume starts the agent again after Suspend, with its id and what still runs.
func (a *Agent) Resume() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || !a.suspended {
		return
	}
	a.suspended = false
	a.connectLocked()
}
