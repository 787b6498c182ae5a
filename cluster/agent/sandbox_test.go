package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "mesosbook/mesos/v1"
)

// TestSimulatedSandbox: a simulated command has no directory until somebody looks
// at its sandbox, and then an empty one.
func TestSimulatedSandbox(t *testing.T) {
	a, m := startAgent(t, func(o *Options) { o.Simulate = true })
	m.run(taskInfo("light", "exit 0"))
	m.until(t, "light", v1.TaskState_TASK_FINISHED)
	runs := filepath.Join(a.opts.WorkDir, "slaves", a.ID(), "frameworks", frameworkID, "executors", "light")
	if _, err := os.Stat(runs); !os.IsNotExist(err) {
		t.Errorf("%s: %v, want that it does not exist", runs, err)
	}
	short := "/frameworks/" + frameworkID + "/executors/light/runs/latest"
	for range 2 {
		w := ask(a, "GET", "/files/browse?path="+short, "")
		for _, name := range []string{"stdout", "stderr"} {
			if want := `"path":"` + short + "/" + name + `","size":0`; w.Code != 200 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("browse: %d %s, want %s", w.Code, w.Body, want)
			}
		}
	}
	if w := ask(a, "GET", "/files/read?path="+short+"/stdout&offset=0", ""); w.Code != 200 || w.Body.String() != `{"data":"","offset":0}` {
		t.Errorf("read: %d %s", w.Code, w.Body)
	}
	if w := ask(a, "GET", "/files/read?path="+short+"/none", ""); w.Code != 404 {
		t.Errorf("read of what is not there: %d", w.Code)
	}
}

// TestSimulatedSandboxWithURIs: what is fetched needs its sandbox at once.
func TestSimulatedSandboxWithURIs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	a, m := startAgent(t, func(o *Options) { o.Simulate, o.KeepUser = true, true })
	m.run(taskInfo("heavy", "exit 0", func(info *v1.TaskInfo) {
		info.Command.Uris = []*v1.CommandInfo_URI{{Value: &file}}
	}))
	m.until(t, "heavy", v1.TaskState_TASK_FINISHED)
	if got := read(t, sandboxOf(a, "heavy"), "data"); got != "x" {
		t.Errorf("fetched %q", got)
	}
	dir, err := filepath.EvalSymlinks(sandboxOf(a, "heavy"))
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	short := "/frameworks/" + frameworkID + "/executors/heavy/runs/latest"
	if w := ask(a, "GET", "/files/browse?path="+short, ""); w.Code != 404 {
		t.Errorf("browse of a sandbox that was removed: %d %s", w.Code, w.Body)
	}
}
