package agent

import (
	"net/http"
	"os"
	"syscall"

	"google.golang.org/protobuf/proto"

	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// operateContainer carries out the calls on containers.
func (a *Agent) operateContainer(q operatorRequest) {
	c := q.call
	switch c.GetType() {
	case agent.Call_LAUNCH_NESTED_CONTAINER:
		l := c.GetLaunchNestedContainer()
		a.answerLaunch(q, containerLaunch{id: l.ContainerId, command: l.Command, container: l.Container})
	case agent.Call_LAUNCH_CONTAINER:
		l := c.GetLaunchContainer()
		a.answerLaunch(q, containerLaunch{id: l.ContainerId, command: l.Command, container: l.Container})
	case agent.Call_LAUNCH_NESTED_CONTAINER_SESSION:
		l := c.GetLaunchNestedContainerSession()
		a.launchSession(q, containerLaunch{id: l.ContainerId, command: l.Command, container: l.Container, session: true})
	case agent.Call_ATTACH_CONTAINER_OUTPUT:
		a.attachOutput(q, c.GetAttachContainerOutput().GetContainerId())
	case agent.Call_ATTACH_CONTAINER_INPUT:
		a.attachInput(q, c.GetAttachContainerInput())
	case agent.Call_WAIT_NESTED_CONTAINER:
		a.waitContainer(q, c.GetWaitNestedContainer().GetContainerId())
	case agent.Call_WAIT_CONTAINER:
		a.waitContainer(q, c.GetWaitContainer().GetContainerId())
	case agent.Call_KILL_NESTED_CONTAINER:
		a.killContainer(q, c.GetKillNestedContainer().GetContainerId(), c.GetKillNestedContainer().Signal)
	case agent.Call_KILL_CONTAINER:
		a.killContainer(q, c.GetKillContainer().GetContainerId(), c.GetKillContainer().Signal)
	case agent.Call_REMOVE_NESTED_CONTAINER:
		a.removeContainer(q, c.GetRemoveNestedContainer().GetContainerId())
	case agent.Call_REMOVE_CONTAINER:
		a.removeContainer(q, c.GetRemoveContainer().GetContainerId())
	default:
		text(q.w, http.StatusNotImplemented, "501 Not Implemented.")
	}
}

func (a *Agent) answerLaunch(q operatorRequest, l containerLaunch) {
	_, existed, no := a.launchContainer(q.r.Context(), l)
	switch {
	case no != nil:
		text(q.w, no.status, no.text)
	case existed:
		empty(q.w, http.StatusAccepted)
	default:
		empty(q.w, http.StatusOK)
	}
}

// findContainer gives a container once its launch is over; nil for none, or when
// the caller has gone.
func (a *Agent) findContainer(q operatorRequest, id *v1.ContainerID) *container {
	a.mu.Lock()
	c := a.containerLocked(id)
	a.mu.Unlock()
	if c == nil {
		return nil
	}
	select {
	case <-c.ready:
	case <-q.r.Context().Done():
		return nil
	}
	if c.p == nil && c.ended != nil {
		return nil
	}
	return c
}

func unknownContainer(id *v1.ContainerID) string {
	return "Container " + containerText(id) + " cannot be found"
}

// waitContainer answers when the container has ended.
func (a *Agent) waitContainer(q operatorRequest, id *v1.ContainerID) {
	c := a.findContainer(q, id)
	if c == nil {
		text(q.w, http.StatusNotFound, unknownContainer(id))
		return
	}
	var ended <-chan struct{} = c.ended
	if c.ended == nil { // an executor's
		ended = c.holder.done
	}
	select {
	case <-ended:
	case <-q.r.Context().Done():
		return
	case <-a.ctx.Done():
		return
	}
	status := a.exitStatus(c)
	if q.call.GetType() == agent.Call_WAIT_CONTAINER {
		q.respond(&agent.Response{Type: agent.Response_WAIT_CONTAINER.Enum(), WaitContainer: &agent.Response_WaitContainer{ExitStatus: status}}, nil)
		return
	}
	q.respond(&agent.Response{Type: agent.Response_WAIT_NESTED_CONTAINER.Enum(), WaitNestedContainer: &agent.Response_WaitNestedContainer{ExitStatus: status}}, nil)
}

// exitStatus is the raw wait status of a container that has ended, nil where
// nobody knows it.
func (a *Agent) exitStatus(c *container) *int32 {
	if c.ended != nil {
		if ws, known := c.p.Status(); known {
			return proto.Int32(int32(ws))
		}
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.holder.wait < 0 {
		return nil
	}
	return proto.Int32(int32(c.holder.wait))
}

// killContainer sends a signal, SIGKILL if none is named. A built-in executor has
// no process: what would end one ends its container.
func (a *Agent) killContainer(q operatorRequest, id *v1.ContainerID, signal *int32) {
	c := a.findContainer(q, id)
	if c == nil || isClosed(c.ended) {
		text(q.w, http.StatusNotFound, "Container '"+containerText(id)+"' cannot be found (or is already killed)")
		return
	}
	sig := syscall.SIGKILL
	if signal != nil {
		sig = syscall.Signal(*signal)
	}
	switch {
	case sig < 0 || sig > 64:
		text(q.w, http.StatusInternalServerError, "Unable to send signal to container: Invalid argument")
		return
	case c.p != nil && sig == syscall.SIGKILL:
		_ = c.p.Signal(sig) // a process that is gone takes no harm
	case c.p != nil:
		_ = c.p.SignalAlone(sig)
	case sig != 0:
		c.holder.cancel()
	}
	empty(q.w, http.StatusOK)
}

// removeContainer removes a container's sandbox and forgets how it ended. One that
// was never there is as good as removed.
func (a *Agent) removeContainer(q operatorRequest, id *v1.ContainerID) {
	a.mu.Lock()
	c, root := a.containerLocked(id), a.holderLocked(id)
	a.mu.Unlock()
	switch {
	case c != nil && !isClosed(c.ended):
		text(q.w, http.StatusInternalServerError, "Nested container has not terminated yet")
		return
	case root == nil:
		text(q.w, http.StatusInternalServerError, "Unknown root container")
		return
	case c != nil:
		a.forgetContainer(c)
		if err := os.RemoveAll(c.dir); err != nil {
			text(q.w, http.StatusInternalServerError, "Failed to remove the sandbox directory: "+strerror(errnoOf(err)))
			return
		}
	}
	empty(q.w, http.StatusOK)
}
