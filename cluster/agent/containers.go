package agent

import (
	"context"
	"maps"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	v1 "mesosbook/mesos/v1"
)

// container is one that is not an executor's own: that of a task in a group, and
// those launched by the operator API, nested in another one or standalone
// (slave/http.cpp: launchContainer). Executor.containers has the nested ones.
type container struct {
	id      *v1.ContainerID
	holder  *executor // at the root; a made-up one for a standalone container
	session bool      // of class DEBUG: it lives in its parent's sandbox
	dir     string    // the sandbox
	workDir string
	env     map[string]string
	user    string
	ready   chan struct{} // closed after the launch, good or not
	ended   chan struct{} // closed when nothing of the container is left

	// Set before ready is closed.
	p     process      // nil when the launch has failed
	board *switchboard // nil for none
}

// containerText is an id as Mesos prints it: the parents first, with dots.
func containerText(id *v1.ContainerID) string {
	if id.Parent == nil {
		return id.GetValue()
	}
	return containerText(id.Parent) + "." + id.GetValue()
}

func rootOf(id *v1.ContainerID) string {
	for id.Parent != nil {
		id = id.Parent
	}
	return id.GetValue()
}

// holderLocked finds the executor whose container is at the root of an id.
func (a *Agent) holderLocked(id *v1.ContainerID) *executor {
	root := rootOf(id)
	if c := a.standalone[root]; c != nil {
		return c.holder
	}
	return a.executorOfLocked(root)
}

// executorOfLocked finds the executor that runs in a container.
func (a *Agent) executorOfLocked(id string) *executor {
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			if ex.container == id && ex.state != terminated {
				return ex
			}
		}
	}
	return nil
}

// containerLocked finds a container by its id, also one that has ended; nil for
// none.
func (a *Agent) containerLocked(id *v1.ContainerID) *container {
	if id.Parent == nil {
		if c := a.standalone[id.GetValue()]; c != nil {
			return c
		}
	}
	ex := a.holderLocked(id)
	switch {
	case ex == nil:
		return nil
	case id.Parent == nil:
		return ex.asContainer(id)
	}
	return ex.containers[containerText(id)]
}

// asContainer shows an executor as the container that it is.
func (ex *executor) asContainer(id *v1.ContainerID) *container {
	ready := make(chan struct{})
	close(ready)
	return &container{id: id, holder: ex, dir: ex.dir, workDir: ex.dir, env: ex.env, user: ex.user, ready: ready, ended: nil, p: ex.main, board: ex.board}
}

// newContainerLocked reserves a place below the parent. The error is the text of
// the 400.
func (a *Agent) newContainerLocked(id *v1.ContainerID, session bool) (*container, error) {
	c := &container{id: id, session: session, ready: make(chan struct{}), ended: make(chan struct{})}
	if id.Parent == nil {
		c.dir = filepath.Join(a.opts.WorkDir, "containers", id.GetValue())
		c.workDir = c.dir
		f := newFramework(&v1.FrameworkInfo{Id: &v1.FrameworkID{}})
		c.holder = &executor{framework: f, info: &v1.ExecutorInfo{ExecutorId: &v1.ExecutorID{}}, container: id.GetValue(), dir: c.dir, state: running}
		if a.standalone == nil {
			a.standalone = map[string]*container{}
		}
		a.standalone[id.GetValue()] = c
		return c, nil
	}
	parent := a.containerLocked(id.Parent)
	switch {
	case parent == nil || isClosed(parent.ended):
		return nil, mesosErrorf("Parent container %s does not exist", containerText(id.Parent))
	case parent.holder.state >= terminating:
		return nil, mesosErrorf("Parent container %s is in 'DESTROYING' state", containerText(id.Parent))
	}
	c.holder, c.user = parent.holder, parent.user
	c.dir = filepath.Join(parent.dir, "containers", id.GetValue())
	if c.workDir = c.dir; session {
		c.workDir, c.env = parent.workDir, maps.Clone(parent.env)
	}
	a.registerLocked(c)
	return c, nil
}

// registerLocked adds a nested container to its executor's.
func (a *Agent) registerLocked(c *container) {
	all := maps.Clone(c.holder.containers) // pages may still read the former
	if all == nil {
		all = map[string]*container{}
	}
	all[containerText(c.id)] = c
	c.holder.containers = all
}

func (a *Agent) forgetContainer(c *container) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.id.Parent == nil {
		delete(a.standalone, c.id.GetValue())
		return
	}
	all := maps.Clone(c.holder.containers)
	delete(all, containerText(c.id))
	c.holder.containers = all
}

// containerLaunch is what the launch calls have in common.
type containerLaunch struct {
	id        *v1.ContainerID
	command   *v1.CommandInfo
	container *v1.ContainerInfo
	session   bool
}

// refused says what is wrong with the container.
func (l containerLaunch) refused() error {
	if l.session {
		if err := refuseImage(l.container); err != nil {
			return err
		}
		return refuseSecrets(l.command)
	}
	return refuseNested(l.container, l.command)
}

// launchContainer starts a container. no is nil and existed false when it runs.
func (a *Agent) launchContainer(ctx context.Context, l containerLaunch) (c *container, existed bool, no *refusal) {
	if l.container != nil && l.container.GetType() != v1.ContainerInfo_MESOS {
		return nil, false, &refusal{http.StatusBadRequest, "The provided ContainerInfo is not supported"}
	}
	a.mu.Lock()
	c = a.containerLocked(l.id)
	if c != nil && !isClosed(c.ended) {
		a.mu.Unlock()
		return c, true, nil
	}
	c, err := a.newContainerLocked(l.id, l.session)
	a.mu.Unlock()
	if err != nil {
		return nil, false, &refusal{http.StatusBadRequest, err.Error()}
	}
	if err := a.startContainer(ctx, c, l); err != nil {
		close(c.ended)
		close(c.ready)
		a.forgetContainer(c)
		return nil, false, &refusal{http.StatusBadRequest, err.Error()}
	}
	close(c.ready)
	a.tasks.Go(func() { a.watchContainer(c) })
	return c, false, nil
}

func (a *Agent) startContainer(ctx context.Context, c *container, l containerLaunch) error {
	if err := l.refused(); err != nil {
		return err
	}
	if name := l.command.GetUser(); name != "" {
		c.user = name
	}
	u, err := a.lookupUser(c.user)
	if err != nil {
		return err
	}
	a.lookAt(c.dir)
	if err := makeNested(c.dir, u); err != nil {
		return mesosErrorf("Failed to create nested sandbox '%s': %w", c.dir, err)
	}
	if c.env == nil {
		c.env = map[string]string{"PATH": defaultPath}
	}
	if !c.session {
		c.env["MESOS_SANDBOX"] = c.dir
	}
	overlay(c.env, l.command)
	if uris := l.command.GetUris(); len(uris) > 0 {
		into := &executor{framework: c.holder.framework, info: c.holder.info, container: c.id.GetValue(), dir: c.dir, user: c.user}
		if err := a.fetch(ctx, into, uris, u); err != nil {
			return err
		}
	}
	if tty := l.container.GetTtyInfo(); (tty != nil || c.session) && !a.opts.Simulate {
		if c.board, err = newSwitchboard(tty, u); err != nil {
			return err
		}
	}
	c.p, err = a.spawn(c.holder, start{command: l.command, env: c.env, user: u, limits: limitsOf(l.container), dir: c.workDir, out: c.dir,
		board: c.board, waitForReader: c.session, guest: c.session})
	return err
}

// watchContainer ends what is left of a container when its process has ended; it
// returns then, or with the executor, which kills the process.
func (a *Agent) watchContainer(c *container) {
	<-c.p.Done()
	a.endContainer(c)
}

// endContainer kills what is below a container whose process has ended. Its
// status stays known until its executor ends; of a standalone one nothing stays.
func (a *Agent) endContainer(c *container) {
	for _, child := range a.childrenOf(c.id) {
		_ = child.p.Signal(syscall.SIGKILL) // gone is gone
	}
	_ = c.p.Signal(syscall.SIGKILL) // the rest of its tree
	a.release(c.holder, c.p)
	if c.board != nil {
		a.drainBoard(c.board)
	}
	close(c.ended)
	if c.id.Parent == nil {
		a.forgetContainer(c)
	}
}

// childrenOf are the running containers below another one.
func (a *Agent) childrenOf(id *v1.ContainerID) []*container {
	a.mu.Lock()
	defer a.mu.Unlock()
	ex := a.holderLocked(id)
	if ex == nil {
		return nil
	}
	var found []*container
	for _, c := range ex.containers {
		if isClosed(c.ready) && c.p != nil && !isClosed(c.ended) && isBelow(c.id, id) {
			found = append(found, c)
		}
	}
	return found
}

func isBelow(id, above *v1.ContainerID) bool {
	for id = id.Parent; id != nil; id = id.Parent {
		if proto.Equal(id, above) {
			return true
		}
	}
	return false
}

// nestTask makes the container of a task in a group known: others can be nested
// in it, and clients be attached to it.
func (a *Agent) nestTask(r *taskRun) *container {
	ready := make(chan struct{})
	close(ready)
	c := &container{id: r.nested, holder: r.ex, dir: r.dir, workDir: r.dir, env: r.env, user: r.ex.user,
		ready: ready, ended: make(chan struct{}), p: r.p, board: r.board}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.registerLocked(c)
	return c
}

// ttyBoard makes the switchboard of a task or an executor that wants a terminal;
// nil for others.
func (a *Agent) ttyBoard(c *v1.ContainerInfo, u *supervisor.User) (*switchboard, error) {
	if c.GetTtyInfo() == nil || a.opts.Simulate {
		return nil, nil
	}
	return newSwitchboard(c.TtyInfo, u)
}

// drainTimeout is how long output is waited for once the process has ended: what
// is left then comes from a descendant that nobody can find
// (containerizer/mesos/io/switchboard.cpp: cleanup).
const drainTimeout = 5 * time.Second

// drainBoard waits until all output has been read, and closes the board.
func (a *Agent) drainBoard(b *switchboard) {
	late := time.NewTimer(drainTimeout)
	defer late.Stop()
	select {
	case <-b.finished:
	case <-late.C:
	case <-a.ctx.Done():
	}
	b.close()
}
