package agent

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Sandboxes that are over are removed after some time, and sooner where the disk
// fills up (slave/gc.cpp; flags gc_delay, gc_disk_headroom, disk_watch_interval).
// Unlike Mesos, which then takes away what has just ended, an hour is left to look
// at them: the disk of somebody's own machine may always be full.
const (
	gcDelay    = 7 * 24 * time.Hour
	gcHeadroom = 0.1 // of the disk, that is to be free
	gcInterval = time.Minute
	gcLeast    = time.Hour
)

// gcAge is how old a sandbox may get when a part of the disk is in use.
func gcAge(usage float64) time.Duration {
	return max(gcLeast, time.Duration(float64(gcDelay)*max(0, 1-gcHeadroom-usage)))
}

// keepClean removes old sandboxes until the agent ends. Temporary work directories
// are removed as a whole.
func (a *Agent) keepClean() {
	tick := time.NewTicker(gcInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.collectGarbage(time.Now().Add(-gcAge(diskUsage(a.opts.WorkDir))))
		case <-a.ctx.Done():
			return
		}
	}
}

// diskUsage is how much of a directory's file system is in use, from 0 to 1; 0
// where that is not known.
func diskUsage(dir string) float64 {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil || st.Blocks == 0 {
		return 0
	}
	return 1 - float64(st.Bfree)/float64(st.Blocks)
}

// collectGarbage removes the sandboxes, of this and of former agents in the work
// directory, that nobody has written to since a time.
func (a *Agent) collectGarbage(since time.Time) {
	live := a.liveSandboxes()
	for _, dir := range a.allSandboxes() {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || info.ModTime().After(since) || live[dir] {
			continue
		}
		a.infof("Deleting %s", dir)
		a.forgetSandbox(dir)
		if err := os.RemoveAll(dir); err != nil {
			a.warnf("Failed to delete '%s': %v", dir, err)
			continue
		}
		removeEmpty(filepath.Dir(dir))
	}
}

// allSandboxes are the run directories of every agent that the work directory had.
func (a *Agent) allSandboxes() (runs []string) {
	slaves := filepath.Join(a.opts.WorkDir, "slaves")
	agents, err := os.ReadDir(slaves)
	if err != nil {
		return nil // no agent was registered
	}
	for _, id := range agents {
		if !id.IsDir() { // the link to the latest
			continue
		}
		below := filepath.Join(globQuote(slaves), globQuote(id.Name()), "frameworks", "*", "executors", "*", "runs", "*")
		found, _ := filepath.Glob(below) // fails for a malformed pattern alone
		runs = append(runs, found...)
	}
	return runs
}

// globQuote keeps a directory's name from being a pattern.
func globQuote(dir string) string {
	var b []byte
	for i := range len(dir) {
		if c := dir[i]; c == '*' || c == '?' || c == '[' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, dir[i])
	}
	return string(b)
}

// touchSandbox makes a sandbox's age begin now: its executor has ended.
func (a *Agent) touchSandbox(dir string) {
	if !a.opts.Temporary {
		now := time.Now()
		_ = os.Chtimes(dir, now, now) // that of a simulated task need not be there
	}
}

// liveSandboxes are those of executors that are not over.
func (a *Agent) liveSandboxes() map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	live := map[string]bool{}
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			live[ex.dir] = true
		}
	}
	return live
}

// forgetSandbox takes the executor that had a sandbox out of the history.
func (a *Agent) forgetSandbox(dir string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, list := range [][]*framework{a.completed, a.frameworks} {
		for _, f := range list {
			f.completed = slices.DeleteFunc(slices.Clone(f.completed), func(ex *executor) bool { return ex.dir == dir })
		}
	}
}

// removeEmpty removes the directory "runs", with its link "latest" if that leads
// nowhere, and those above it, of the executor and of the framework, once they are
// empty.
func removeEmpty(runs string) {
	latest := filepath.Join(runs, "latest")
	if _, err := os.Stat(latest); err != nil {
		_ = os.Remove(latest) // if there is one
	}
	dir := runs
	for range 4 { // runs, the executor, executors, the framework
		if os.Remove(dir) != nil {
			return // not empty
		}
		dir = filepath.Dir(dir)
	}
}
