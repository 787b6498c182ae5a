package agent

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"google.golang.org/protobuf/proto"

	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// Containers launched by the operator API: nested ones below an executor's
// container, and standalone ones (slave/http.cpp: launchContainer).

// ownContainer is one of them.
type ownContainer struct {
	id     *v1.ContainerID
	holder *executor // whose processes it is counted among
	dir    string
	p      process       // nil when the launch has failed; set before ready
	ready  chan struct{} // closed after the launch
}

// containerText is an id as Mesos prints it: the parents first, with dots.
func containerText(id *v1.ContainerID) string {
	if id.Parent == nil {
		return id.GetValue()
	}
	return containerText(id.Parent) + "." + id.GetValue()
}

// containerLaunch is what the launch calls have in common.
type containerLaunch struct {
	id        *v1.ContainerID
	command   *v1.CommandInfo
	container *v1.ContainerInfo
}

// operateContainer carries out the calls on containers. Those that attach to the
// input and output of one need Mesos' I/O switchboard, which is not here.
func (a *Agent) operateContainer(q operatorRequest) {
	c := q.call
	switch c.GetType() {
	case agent.Call_LAUNCH_NESTED_CONTAINER:
		l := c.GetLaunchNestedContainer()
		a.launchContainer(q, containerLaunch{id: l.ContainerId, command: l.Command, container: l.Container}, "launch_nested_container")
	case agent.Call_LAUNCH_CONTAINER:
		l := c.GetLaunchContainer()
		a.launchContainer(q, containerLaunch{id: l.ContainerId, command: l.Command, container: l.Container}, "launch_container")
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

func (a *Agent) launchContainer(q operatorRequest, l containerLaunch, field string) {
	if why := validateContainerID(l.id, field); why != "" {
		badRequest(q.w, "Failed to validate agent::Call: %s", why)
		return
	}
	if l.container.GetType() == v1.ContainerInfo_DOCKER && l.container != nil {
		badRequest(q.w, "The provided ContainerInfo is not supported")
		return
	}
	c, existed, ok := a.addContainer(l.id)
	switch {
	case !ok:
		text(q.w, http.StatusBadRequest, "Unable to locate root container '"+containerText(l.id.Parent)+"'")
	case existed:
		empty(q.w, http.StatusAccepted)
	default:
		a.bringUp(q, c, l)
	}
}

// validateContainerID follows the id rule of the master and wants a parent for a
// nested container.
func validateContainerID(id *v1.ContainerID, field string) string {
	value := id.GetValue()
	switch {
	case value == "":
		return "'" + field + ".container_id' is invalid: ID must not be empty"
	case len(value) > 255:
		return "'" + field + ".container_id' is invalid: ID must not be greater than 255 characters"
	case value != filepath.Base(value) || value == "." || value == "..":
		return "'" + field + ".container_id' is invalid: '" + value + "' contains invalid characters"
	case field == "launch_nested_container" && id.Parent == nil:
		return "Expecting '" + field + ".container_id.parent' to be present"
	case id.Parent != nil:
		return validateContainerID(id.Parent, field+".parent")
	}
	return ""
}

// addContainer reserves a place for a container below its parent.
func (a *Agent) addContainer(id *v1.ContainerID) (c *ownContainer, existed, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := containerText(id)
	if c, ok := a.ownContainers[key]; ok {
		return c, true, true
	}
	c = &ownContainer{id: id, ready: make(chan struct{})}
	if id.Parent == nil {
		c.dir = filepath.Join(a.opts.WorkDir, "containers", id.GetValue())
		f := &framework{info: &v1.FrameworkInfo{Id: &v1.FrameworkID{}}}
		c.holder = &executor{framework: f, info: &v1.ExecutorInfo{ExecutorId: &v1.ExecutorID{}}, container: id.GetValue(), dir: c.dir}
	} else if parent, ok := a.ownContainers[containerText(id.Parent)]; ok {
		c.holder, c.dir = parent.holder, filepath.Join(parent.dir, "containers", id.GetValue())
	} else if ex := a.executorOfLocked(id.Parent.GetValue()); ex != nil && id.Parent.Parent == nil {
		c.holder, c.dir = ex, filepath.Join(ex.dir, "containers", id.GetValue())
	} else {
		return nil, false, false
	}
	if a.ownContainers == nil {
		a.ownContainers = map[string]*ownContainer{}
	}
	a.ownContainers[key] = c
	return c, false, true
}

// executorOfLocked finds the executor that runs in a container.
func (a *Agent) executorOfLocked(container string) *executor {
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			if ex.container == container && ex.state != terminated {
				return ex
			}
		}
	}
	return nil
}

func (a *Agent) bringUp(q operatorRequest, c *ownContainer, l containerLaunch) {
	p, err := a.startContainer(q, c, l)
	a.mu.Lock()
	if err != nil {
		delete(a.ownContainers, containerText(c.id))
	}
	c.p = p
	close(c.ready)
	a.mu.Unlock()
	if err != nil {
		text(q.w, http.StatusInternalServerError, "Failed to launch container: "+err.Error())
		return
	}
	empty(q.w, http.StatusOK)
}

func (a *Agent) startContainer(q operatorRequest, c *ownContainer, l containerLaunch) (process, error) {
	if err := refuseContainer(l.container); err != nil {
		return nil, err
	}
	name := l.command.GetUser()
	if name == "" {
		name = c.holder.user
	}
	u, err := a.lookupUser(name)
	if err != nil {
		return nil, err
	}
	a.lookAt(c.dir)
	if err := makeNested(c.dir, u); err != nil {
		return nil, err
	}
	env := a.executorEnvironment(c.holder, a.ID())
	env["MESOS_SANDBOX"] = c.dir
	overlay(env, l.command)
	if uris := l.command.GetUris(); len(uris) > 0 {
		holder := &executor{framework: c.holder.framework, info: c.holder.info, container: c.id.GetValue(), dir: c.dir, user: name}
		if err := a.fetch(q.r.Context(), holder, uris, u); err != nil {
			return nil, err
		}
	}
	return a.spawn(c.holder, start{command: l.command, env: env, user: u, limits: limitsOf(l.container), dir: c.dir})
}

// containerOf finds a container that was launched; nil, and answered, if there is
// none.
func (a *Agent) containerOf(q operatorRequest, id *v1.ContainerID, hint string) *ownContainer {
	a.mu.Lock()
	c := a.ownContainers[containerText(id)]
	a.mu.Unlock()
	if c != nil {
		select {
		case <-c.ready:
		case <-q.r.Context().Done():
			return nil
		}
	}
	if c == nil || c.p == nil {
		text(q.w, http.StatusNotFound, "Container "+containerText(id)+" cannot be found"+hint)
		return nil
	}
	return c
}

// waitContainer answers when the container has ended.
func (a *Agent) waitContainer(q operatorRequest, id *v1.ContainerID) {
	c := a.containerOf(q, id, "")
	if c == nil {
		return
	}
	select {
	case <-c.p.Done():
	case <-q.r.Context().Done():
		return
	}
	status := (*int32)(nil)
	if ws, known := c.p.Status(); known {
		status = proto.Int32(int32(ws))
	}
	if q.call.GetType() == agent.Call_WAIT_CONTAINER {
		q.respond(&agent.Response{Type: agent.Response_WAIT_CONTAINER.Enum(), WaitContainer: &agent.Response_WaitContainer{ExitStatus: status}}, nil)
		return
	}
	q.respond(&agent.Response{Type: agent.Response_WAIT_NESTED_CONTAINER.Enum(), WaitNestedContainer: &agent.Response_WaitNestedContainer{ExitStatus: status}}, nil)
}

// killContainer sends a signal, SIGKILL if none is named.
func (a *Agent) killContainer(q operatorRequest, id *v1.ContainerID, signal *int32) {
	c := a.containerOf(q, id, " (or is already killed)")
	if c == nil {
		return
	}
	sig := syscall.SIGKILL
	if signal != nil {
		sig = syscall.Signal(*signal)
	}
	_ = c.p.Signal(sig) // a container that has ended takes no harm
	empty(q.w, http.StatusOK)
}

func (a *Agent) removeContainer(q operatorRequest, id *v1.ContainerID) {
	c := a.containerOf(q, id, "")
	if c == nil {
		return
	}
	select {
	case <-c.p.Done():
	default:
		text(q.w, http.StatusInternalServerError, "Container "+containerText(id)+" has not terminated yet")
		return
	}
	a.mu.Lock()
	delete(a.ownContainers, containerText(id))
	a.mu.Unlock()
	_ = os.RemoveAll(c.dir) // what cannot be removed stays with the agent's work directory
	empty(q.w, http.StatusOK)
}
