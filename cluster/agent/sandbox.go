package agent

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	"mesosbook/cluster/resources"
	"mesosbook/internal/atomicfile"
	v1 "mesosbook/mesos/v1"
)

// sandboxDir is where an executor's container lives below the work directory
// (slave/paths.hpp). IDs go in verbatim: the master's rules keep '/' out.
func (a *Agent) sandboxDir(agentID, frameworkID, executorID, container string) string {
	return filepath.Join(a.opts.WorkDir, "slaves", agentID, "frameworks", frameworkID, "executors", executorID, "runs", container)
}

// makeSandbox creates the directory, its stdout and stderr, and the link "latest".
func makeSandbox(dir string, u *supervisor.User) error {
	runs := filepath.Dir(dir)
	if err := os.MkdirAll(runs, 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); err != nil {
		return err
	}
	latest := filepath.Join(runs, "latest")
	_ = os.Remove(latest) // of a former run
	if err := os.Symlink(dir, latest); err != nil {
		return err
	}
	for _, name := range []string{"stdout", "stderr"} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		f.Close()
		if err := chown(f.Name(), u); err != nil {
			return err
		}
	}
	return chown(dir, u)
}

// giveSandbox makes the sandbox of an executor. That of a simulated command, which
// would write nothing there, has to wait until somebody looks at it (see lookAt):
// five files for each of many thousand tasks cost more than the tasks.
func (a *Agent) giveSandbox(ex *executor, first *v1.TaskInfo, u *supervisor.User) error {
	if !a.opts.Simulate || !ex.command || len(first.GetCommand().GetUris()) > 0 ||
		len(resources.New(first.Resources).Filter(resources.Item.PersistentVolume)) > 0 {
		return makeSandbox(ex.dir, u)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	ex.makeLate = sync.OnceFunc(func() {
		if err := makeSandbox(ex.dir, u); err != nil {
			a.warnf("Failed to create executor directory '%s': %v", ex.dir, err)
		}
	})
	return nil
}

// lookAt makes the sandbox that a directory belongs to, if that was put off.
func (a *Agent) lookAt(dir string) {
	a.mu.Lock()
	makeLate := a.putOffLocked(dir)
	a.mu.Unlock()
	if makeLate != nil {
		makeLate()
	}
}

// putOffLocked finds what makes the sandbox of a directory late; nil for none.
func (a *Agent) putOffLocked(dir string) func() {
	for _, list := range [][]*framework{a.frameworks, a.completed} {
		for _, f := range list {
			for _, executors := range [][]*executor{f.executors, f.completed} {
				for _, ex := range executors {
					if ex.makeLate != nil && (dir == ex.dir || strings.HasPrefix(dir, ex.dir+"/")) {
						return ex.makeLate
					}
				}
			}
		}
	}
	return nil
}

func chown(path string, u *supervisor.User) error {
	if u == nil {
		return nil
	}
	return os.Lchown(path, int(u.UID), int(u.GID))
}

// lookupUser finds the user to switch to, nil to stay.
func (a *Agent) lookupUser(name string) (*supervisor.User, error) {
	if a.opts.KeepUser || name == "" {
		return nil, nil
	}
	u, err := user.Lookup(name)
	var unknown user.UnknownUserError
	switch {
	case errors.As(err, &unknown):
		return nil, mesosErrorf("Failed to chown directory to '%s': No such user '%s'", name, name)
	case err != nil:
		return nil, mesosErrorf("Failed to chown directory to '%s': %w", name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %q: id %q is not a number", name, u.Uid)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %q: group %q is not a number", name, u.Gid)
	}
	if uint64(os.Geteuid()) == uid {
		return nil, nil
	}
	su := &supervisor.User{UID: uint32(uid), GID: uint32(gid)}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("user %q: groups: %w", name, err)
	}
	for _, g := range groups {
		if n, err := strconv.ParseUint(g, 10, 32); err == nil {
			su.Groups = append(su.Groups, uint32(n))
		}
	}
	return su, nil
}

// latestAgent is the link to the directory of the id that the agent has; meta
// holds one link that survives the agent's shutdown by the master.
const latestAgent = "latest"

// rememberID makes the agent's directories and the links to them, and notes who
// has the id.
func (a *Agent) rememberID(id string) error {
	for _, parent := range []string{filepath.Join(a.opts.WorkDir, "slaves"), filepath.Join(a.opts.WorkDir, "meta", "slaves")} {
		dir := filepath.Join(parent, id)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		link := filepath.Join(parent, latestAgent)
		_ = os.Remove(link) // of a former id
		if err := os.Symlink(dir, link); err != nil {
			return err
		}
	}
	info := proto.CloneOf(a.opts.Info)
	info.Id = &v1.AgentID{Value: proto.String(id)}
	return atomicfile.Replace(a.infoPath(id), rawMessage(info))
}

// recoverID is the id that an agent had in this work directory, empty for none.
func (a *Agent) recoverID() string {
	dir, err := os.Readlink(filepath.Join(a.opts.WorkDir, "meta", "slaves", latestAgent))
	if err != nil {
		return ""
	}
	return filepath.Base(dir)
}
