package agent

import (
	"net/http"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
	execapi "mesosbook/mesos/v1/executor"
)

// serveExecutorAPI answers POST /api/v1/executor (slave/http.cpp: executor).
func (a *Agent) serveExecutorAPI(w http.ResponseWriter, r *http.Request) {
	if a.recovering(w) {
		return
	}
	var call execapi.Call
	if !readCall(w, r, &call) {
		return
	}
	if why := validateExecutorCall(&call); why != "" {
		badRequest(w, "Failed to validate Executor::Call: %s", why)
		return
	}
	protobuf := false
	if call.GetType() == execapi.Call_SUBSCRIBE {
		var ok bool
		if protobuf, ok = accepted(w, r); !ok {
			return
		}
	}
	if call.GetType() == execapi.Call_HEARTBEAT { // its ids may be made up: Mesos' own library does that
		empty(w, http.StatusAccepted)
		return
	}
	ex, b, why := a.remoteOf(&call)
	switch {
	case why != "":
		badRequest(w, "%s", why)
	case call.GetType() == execapi.Call_SUBSCRIBE:
		a.subscribeExecutor(w, r, &call, ex, b, protobuf)
	case !isClosed(b.subscribed):
		text(w, http.StatusForbidden, "Executor is not subscribed")
	default:
		a.executorCall(w, &call, ex, b)
	}
}

// remoteOf finds the executor that a call is from.
func (a *Agent) remoteOf(call *execapi.Call) (*executor, *remoteBody, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.frameworkLocked(call.GetFrameworkId().GetValue())
	if f == nil {
		return nil, nil, "Framework cannot be found"
	}
	ex := f.executor(call.GetExecutorId().GetValue())
	if ex == nil || ex.remote == nil {
		return nil, nil, "Executor cannot be found"
	}
	return ex, ex.remote, ""
}

func (a *Agent) executorCall(w http.ResponseWriter, call *execapi.Call, ex *executor, b *remoteBody) {
	switch call.GetType() {
	case execapi.Call_UPDATE:
		a.executorUpdate(ex, b, call.GetUpdate().GetStatus())
	case execapi.Call_MESSAGE:
		a.mu.Lock()
		a.sendLocked(&link.ExecutorMessage{FrameworkID: ex.framework.id(), ExecutorID: ex.id(), Data: call.GetMessage().GetData()})
		a.mu.Unlock()
	default:
		text(w, http.StatusNotImplemented, "501 Not Implemented.")
		return
	}
	empty(w, http.StatusAccepted)
}

// executorUpdate takes in an update (slave/slave.cpp: statusUpdate). One that the
// agent has already, or that comes after the task's last one, is acknowledged and no
// more. That of a task which the agent does not have, or no longer, goes to the
// framework, and is not acknowledged.
func (a *Agent) executorUpdate(ex *executor, b *remoteBody, s *v1.TaskStatus) {
	a.mu.Lock()
	t, known := ex.taskOf(s)
	switch {
	case known || t != nil && isTerminal(t.proto.GetState()):
		a.counters.validUpdates++
	case t != nil:
		a.updateLocked(ex, t, s)
		known = true
	default:
		stranger := &executor{framework: ex.framework, info: ex.info, remote: b}
		a.updateLocked(stranger, newTask(ex.framework, stranger, &v1.TaskInfo{TaskId: s.TaskId}), s)
	}
	a.mu.Unlock()
	if known || t != nil {
		b.acknowledge(s)
	}
}

// taskOf finds the task of an update, nil for none that is not completed, and says
// whether the update was recorded before.
func (ex *executor) taskOf(s *v1.TaskStatus) (t *task, known bool) {
	for _, x := range ex.completed {
		known = known || x.id() == s.GetTaskId().GetValue() && x.has(s.Uuid)
	}
	for _, x := range ex.tasks {
		if x.id() == s.GetTaskId().GetValue() {
			return x, known || x.has(s.Uuid)
		}
	}
	return nil, known
}

// has says whether an update with this uuid was recorded.
func (t *task) has(uuid []byte) bool {
	for _, s := range t.proto.Statuses {
		if string(s.Uuid) == string(uuid) {
			return true
		}
	}
	return false
}

// subscribeExecutor streams events to an executor until either side ends.
func (a *Agent) subscribeExecutor(w http.ResponseWriter, r *http.Request, call *execapi.Call, ex *executor, b *remoteBody, protobuf bool) {
	out := recordWriter{w: w, flush: http.NewResponseController(w), protobuf: protobuf}
	kind := mediaJSON
	if protobuf {
		kind = mediaProtobuf
	}
	w.Header().Set("Content-Type", kind)
	if a.ending(ex) {
		_ = out.write(&execapi.Event{Type: execapi.Event_SHUTDOWN.Enum()}) // the stream ends here
		return
	}
	s := b.subscribe()
	defer b.leave(s)
	if out.write(a.subscribedEvent(ex)) != nil {
		return
	}
	for _, u := range call.GetSubscribe().GetUnacknowledgedUpdates() {
		if validateUpdate(call, u.GetStatus()) == "" {
			a.executorUpdate(ex, b, u.GetStatus())
		}
	}
	a.dropUnknownTasks(ex, call.GetSubscribe().GetUnacknowledgedTasks())
	b.opened()
	beat := time.NewTicker(a.opts.HeartbeatInterval)
	defer beat.Stop()
	for {
		var e *execapi.Event
		select {
		case e = <-s.events:
		case <-beat.C:
			e = &execapi.Event{Type: execapi.Event_HEARTBEAT.Enum()}
		case <-s.closed:
			return
		case <-r.Context().Done():
			return
		case <-a.ctx.Done():
			return
		}
		if out.write(e) != nil {
			return
		}
	}
}

// ending says whether an executor was told to shut down.
func (a *Agent) ending(ex *executor) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return ex.state >= terminating || ex.framework.terminating
}

// dropUnknownTasks ends the tasks that were sent to an executor which says nothing
// of them when it comes back (slave/slave.cpp: subscribe).
func (a *Agent) dropUnknownTasks(ex *executor, has []*v1.TaskInfo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range ex.tasks {
		isThis := func(x *v1.TaskInfo) bool { return x.GetTaskId().GetValue() == t.id() }
		if t.proto.GetState() == v1.TaskState_TASK_STAGING && !slices.ContainsFunc(has, isThis) {
			a.updateLocked(ex, t, fromAgent(ex.framework.lostOrDropped(), v1.TaskStatus_REASON_AGENT_RESTARTED, "Task launched during agent restart"))
		}
	}
}

func (a *Agent) subscribedEvent(ex *executor) *execapi.Event {
	info := proto.CloneOf(a.opts.Info)
	info.Id = &v1.AgentID{Value: proto.String(a.ID())}
	a.mu.Lock()
	defer a.mu.Unlock()
	return &execapi.Event{Type: execapi.Event_SUBSCRIBED.Enum(), Subscribed: &execapi.Event_Subscribed{
		ExecutorInfo: ex.info, FrameworkInfo: ex.framework.info(), AgentInfo: info,
		ContainerId: &v1.ContainerID{Value: proto.String(ex.container)},
	}}
}
