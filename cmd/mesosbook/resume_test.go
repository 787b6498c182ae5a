package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mesosbook/cluster"
)

// A script on a cluster that outlives it is resumed like a session at a terminal.
func TestScriptIsResumed(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	play := func(cells string, args ...string) string {
		t.Helper()
		var o, e bytes.Buffer
		if status := run(args, strings.NewReader(cells), &o, &e); status != 0 {
			t.Errorf("mesosbook %s: exit status %d: %s", strings.Join(args, " "), status, e.String())
		}
		return o.String()
	}
	first := play("subscribe()\nlaunch(\"sleep 1000\").Wait(\"TASK_RUNNING\")\nfmt.Println(\"it is\", framework_id())\n", "--master", c.MasterURL())
	_, id, _ := strings.Cut(first, "it is ")
	id, _, _ = strings.Cut(id, "\n")
	var o, e bytes.Buffer
	run([]string{"--resume", "--master", "127.0.0.1:1"}, strings.NewReader(""), &o, &e)
	if !strings.Contains(e.String(), "is a master running there?; resubscribe() tries again") {
		t.Errorf("resumed without a master:\n%s%s", o.String(), e.String())
	}
	out := play("wait_for(\"SUBSCRIBED\")\nfor _, t := range tasks() { fmt.Println(t.State()) }\nterminate_framework()\n", "--resume")
	if id == "" || !strings.Contains(out, "SUBSCRIBED framework "+id) || !strings.Contains(out, "TASK_RUNNING") {
		t.Errorf("framework %q was resumed with:\n%s", id, out)
	}
	e.Reset()
	if status := run([]string{"--resume"}, strings.NewReader(""), &o, &e); status == 0 || !strings.Contains(e.String(), "none there has subscribed and was not torn down") {
		t.Errorf("resumed what was torn down: %d, %s", status, e.String())
	}
	kept, err := filepath.Glob(filepath.Join(os.Getenv("XDG_STATE_HOME"), "mesosbook", "sessions", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept sessions %v, %v", kept, err)
	}
	e.Reset()
	name := filepath.Base(kept[0])
	if status := run([]string{"--resume=" + name}, strings.NewReader(""), &o, &e); status == 0 || !strings.Contains(e.String(), "was torn down; mesosbook export "+name+" prints its cells") {
		t.Errorf("resumed by name what was torn down: %d, %s", status, e.String())
	}
}

// Two programs do not write into one session, also before it has subscribed.
func TestSessionBelongsToOneProgram(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	first, err := createStore("demo", "")
	if err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	if status := run([]string{"--no-cluster", "--session", "demo"}, strings.NewReader("1"), &o, &e); status != 1 || !strings.Contains(e.String(), "session demo is in use by another mesosbook") {
		t.Errorf("exit status %d: %s%s", status, o.String(), e.String())
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	e.Reset()
	if status := run([]string{"--no-cluster", "--session", "demo"}, strings.NewReader("1"), &o, &e); status != 0 {
		t.Errorf("free again: exit status %d: %s", status, e.String())
	}
}

// A file of the sandbox, of any size, is saved to a file here.
func TestSandboxFileIsSaved(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100 MB")
	}
	t.Chdir(t.TempDir())
	var o, e bytes.Buffer
	const cells = `subscribe()
task := launch("head -c 100000000 /dev/zero > big").Wait("TASK_FINISHED")
task.SaveFile("big", "copy")
task.ReadFile("big")
task.SaveFile("nowhere", "copy2")
`
	run(nil, strings.NewReader(cells), &o, &e)
	if info, err := os.Stat("copy"); err != nil || info.Size() != 100_000_000 || !strings.Contains(o.String(), "100000000") {
		t.Errorf("%v, %v:\n%s", info, err, o.String())
	}
	for _, want := range []string{"larger than 67108864 bytes; save it to a file instead", "Task.SaveFile: file \"nowhere\" of task "} {
		if !strings.Contains(e.String(), want) {
			t.Errorf("errors without %q:\n%s", want, e.String())
		}
	}
	if _, err := os.Stat("copy2"); err == nil {
		t.Error("a file that is not there left one here")
	}
}

// Where nothing can be kept, a script says so and runs.
func TestScriptWithoutAPlaceToKeepIt(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	var o, e bytes.Buffer
	if status := run([]string{"--master", "127.0.0.1:1"}, strings.NewReader("1 + 1\n"), &o, &e); status != 0 || !strings.Contains(o.String(), "2") ||
		!strings.Contains(e.String(), "this session cannot be resumed: no state directory: set XDG_STATE_HOME or HOME") {
		t.Errorf("exit status %d:\n%s%s", status, o.String(), e.String())
	}
}
