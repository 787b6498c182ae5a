package agent

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/resources"
	"mesosbook/internal/atomicfile"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// recover takes up what an agent in this work directory has left: its id, its
// reservations and volumes, operations, and the executors of frameworks that
// checkpoint (slave/slave.cpp: recover). The processes of those have ended with
// the program, which Mesos' agent would find out and tell; so do we.
func (a *Agent) recover() error {
	if err := a.recoverResources(); err != nil {
		return err
	}
	id := a.recoverID()
	if id != "" {
		again, err := a.compatible(id)
		if err != nil {
			return err
		}
		if !again {
			id = ""
			if err := os.Remove(a.latestLink()); err != nil {
				return err
			}
		}
	}
	a.mu.Lock()
	a.id = id
	a.mu.Unlock()
	if id != "" && !a.opts.Temporary {
		if err := a.recoverExecutors(id); err != nil {
			return err
		}
	}
	return a.noteBoot()
}

// compatible compares the agent with the one that had the id: with Mesos' policy
// "equal", resources, attributes and host name must not change. After a reboot of
// the machine the answer is a new agent, else an error. The port may differ: where
// it is taken, the cluster finds another one.
func (a *Agent) compatible(id string) (bool, error) {
	data, err := os.ReadFile(a.infoPath(id))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	var old v1.AgentInfo
	if err := mesos.Unmarshal(data, &old); err != nil {
		return false, fmt.Errorf("read %s: %w", a.infoPath(id), err)
	}
	var changed []string
	compare := func(what, before, now string) {
		if before != now {
			changed = append(changed, fmt.Sprintf("%s were '%s' and are '%s'", what, before, now))
		}
	}
	info := a.opts.Info
	compare("resources", resources.New(old.Resources).String(), resources.New(info.Resources).String())
	compare("attributes", attributesText(old.Attributes), attributesText(info.Attributes))
	compare("host names", old.GetHostname(), info.GetHostname())
	if len(changed) == 0 {
		return true, nil
	}
	what := strings.Join(changed, "; ")
	if a.rebooted() {
		a.warnf("Falling back to recover as a new agent due to error: Incompatible agent info detected. %s", what)
		return false, nil
	}
	return false, fmt.Errorf("incompatible agent info: %s (reconfiguration_policy is equal); "+
		"start the agent as it was, or remove %s to begin as a new agent, which forgets its tasks", what, a.latestLink())
}

func (a *Agent) latestLink() string {
	return filepath.Join(a.opts.WorkDir, "meta", "slaves", latestAgent)
}

func (a *Agent) infoPath(id string) string {
	return filepath.Join(a.opts.WorkDir, "meta", "slaves", id, "slave.info")
}

// bootID names the time since the machine was started; empty where the system does
// not tell.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

func (a *Agent) bootPath() string { return filepath.Join(a.opts.WorkDir, "meta", "boot_id") }

func (a *Agent) rebooted() bool {
	last, err := os.ReadFile(a.bootPath())
	return err == nil && strings.TrimSpace(string(last)) != bootID()
}

func (a *Agent) noteBoot() error {
	if err := os.MkdirAll(filepath.Dir(a.bootPath()), 0o755); err != nil {
		return err
	}
	return atomicfile.Replace(a.bootPath(), []byte(bootID()))
}

// recoverExecutors plays the journal, and ends every executor that was not over:
// its processes are gone.
func (a *Agent) recoverExecutors(id string) error {
	path := a.journalPath(id)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := readJournal(path, a.replayLocked); err != nil {
		return fmt.Errorf("read journal %s: %w; move it away to start without the tasks of before", path, err)
	}
	if err := a.rewriteJournalLocked(id); err != nil {
		return err
	}
	for _, f := range slices.Clone(a.frameworks) {
		for _, ex := range slices.Clone(f.executors) {
			if ex.state != terminated {
				a.infof("Executor '%s' of framework %s has terminated with unknown status", ex.id(), f.id())
				a.endLocked(ex, executorTerminated())
			}
		}
		if len(f.executors) == 0 {
			a.retireFrameworkLocked(f)
		}
	}
	a.drainedLocked()
	return nil
}

// replayLocked takes in one entry of the journal.
func (a *Agent) replayLocked(e journalEntry) error {
	switch {
	case e.Framework != nil:
		var info v1.FrameworkInfo
		if err := mesos.Unmarshal(e.Framework, &info); err != nil {
			return err
		}
		a.adoptLocked(&info).latest.Store(&info)
	case e.Executor != nil:
		return a.replayExecutorLocked(e.Executor)
	case e.Task != nil:
		return a.replayTaskLocked(e.Task)
	case e.Update != nil:
		return a.replayUpdateLocked(e.Update)
	case e.Acknowledged != nil:
		a.acknowledgedLocked(taskKey{e.Acknowledged.Framework, e.Acknowledged.Task}, e.Acknowledged.UUID)
	case e.Ended != nil:
		if ex := a.knownLocked(e.Ended.Framework, e.Ended.Executor); ex != nil {
			ex.state, ex.nested = terminated, e.Ended.Nested
			a.retireLocked(ex)
		}
	case e.Removed != "":
		if f := a.frameworkLocked(e.Removed); f != nil {
			a.streams.forget(e.Removed)
			f.terminating = true
			for _, ex := range slices.Clone(f.executors) {
				ex.state = terminated
				a.retireLocked(ex)
			}
		}
	case e.Drain != nil:
		return a.replayDrainLocked(e.Drain)
	}
	return nil
}

func (a *Agent) replayDrainLocked(d *drainEntry) error {
	a.drain = nil
	if d.Config == nil {
		return nil
	}
	a.drain, a.drainStart = &v1.DrainConfig{}, time.Unix(d.Start, 0)
	return mesos.Unmarshal(d.Config, a.drain)
}

// knownLocked finds an executor that the journal has told of.
func (a *Agent) knownLocked(frameworkID, executorID string) *executor {
	if f := a.frameworkLocked(frameworkID); f != nil {
		return f.executor(executorID)
	}
	return nil
}

func (a *Agent) replayExecutorLocked(e *executorEntry) error {
	info := &v1.ExecutorInfo{}
	if err := mesos.Unmarshal(e.Info, info); err != nil {
		return err
	}
	f := a.adoptLocked(&v1.FrameworkInfo{Id: &v1.FrameworkID{Value: proto.String(e.Framework)}})
	over := make(chan struct{})
	close(over)
	ex := &executor{framework: f, info: info, command: e.Command, container: e.Container, user: e.User,
		state: running, cancel: func() {}, done: over, wait: -1}
	ex.dir = a.sandboxDir(a.id, f.id(), ex.id(), ex.container)
	if old := f.executor(ex.id()); old != nil { // superseded
		old.state = terminated
		f.remove(old)
		f.completed = bounded(f.completed, old, maxCompletedExecutors)
	}
	f.add(ex)
	return nil
}

func (a *Agent) replayTaskLocked(e *taskEntry) error {
	info := &v1.TaskInfo{}
	if err := mesos.Unmarshal(e.Info, info); err != nil {
		return err
	}
	if ex := a.knownLocked(e.Framework, e.Executor); ex != nil {
		ex.tasks = append(ex.tasks, newTask(ex.framework, ex, info))
	}
	return nil
}

func (a *Agent) replayUpdateLocked(e *updateEntry) error {
	s := &v1.TaskStatus{}
	if err := mesos.Unmarshal(e.Status, s); err != nil {
		return err
	}
	ex := a.knownLocked(e.Framework, e.Executor)
	if ex == nil {
		return nil
	}
	if t, _ := ex.find(s.GetTaskId().GetValue()); t != nil {
		t.record(s)
		a.streams.add(taskKey{e.Framework, t.id()}, s)
	}
	return nil
}

// rewriteJournalLocked writes a journal of what is still of interest, in the place
// of the one that was read, and opens it.
func (a *Agent) rewriteJournalLocked(id string) error {
	path := a.journalPath(id)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	a.closeJournalLocked()
	a.journal.file = f
	for _, list := range [][]*framework{a.completed, a.frameworks} {
		for _, f := range list {
			a.noteAllLocked(f)
		}
	}
	if a.drain != nil {
		a.noteLocked(journalEntry{Drain: &drainEntry{Config: rawMessage(a.drain), Start: a.drainStart.Unix()}})
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// noteAllLocked notes all that is known of a framework.
func (a *Agent) noteAllLocked(f *framework) {
	a.noteFrameworkLocked(f)
	for _, list := range [][]*executor{f.completed, f.executors} {
		for _, ex := range list {
			a.noteExecutorLocked(ex)
			for _, t := range slices.Concat(ex.completed, ex.tasks) {
				a.noteTaskLocked(ex, t)
			}
			if ex.state == terminated {
				a.noteEndedLocked(ex)
			}
		}
	}
	if f.terminating && f.checkpoints() {
		a.noteLocked(journalEntry{Removed: f.id()})
	}
}

// noteTaskLocked notes a task with its updates; those before the first that is
// pending were acknowledged.
func (a *Agent) noteTaskLocked(ex *executor, t *task) {
	a.noteTasksLocked(ex, []*v1.TaskInfo{t.info})
	key := taskKey{ex.framework.id(), t.id()}
	pending := a.streams.pending(key)
	if slices.Contains(ex.completed, t) {
		pending = nil // of another task with the id
	}
	for _, s := range t.proto.Statuses {
		if !slices.ContainsFunc(pending, func(p *v1.TaskStatus) bool { return bytes.Equal(p.GetUuid(), s.GetUuid()) }) {
			a.noteStatusLocked(ex, s)
			a.noteLocked(journalEntry{Acknowledged: &acknowledgedEntry{key.framework, key.task, s.GetUuid()}})
		}
	}
	for _, s := range pending {
		a.noteStatusLocked(ex, s)
	}
}
