package supervisor

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// helper makes the test binary a program that runs tasks and waits to be killed.
const helper = "SUPERVISOR_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helper); dir != "" {
		program(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func program(dir string) {
	s, err := Start()
	if err != nil {
		panic(err)
	}
	for _, script := range escapes(dir) {
		if _, err := s.Spawn(shell(dir, script), ""); err != nil {
			panic(err)
		}
	}
	if err := s.RemoveAtEnd(filepath.Join(dir, "temporary")); err != nil {
		panic(err)
	}
	fmt.Println(s.PID())
	select {}
}

// escapes are ways in which a task tries to live on. Each writes the id of its
// last process to a file of dir.
func escapes(dir string) map[string]string {
	return map[string]string{
		"plain":  "echo $$ > plain; exec sleep 1000",
		"child":  "sleep 1000 & echo $! > child; wait",
		"nohup":  "nohup sleep 1000 >/dev/null 2>&1 & echo $! > nohup; exit 0",
		"setsid": "setsid sh -c 'echo $$ > setsid; exec sleep 1000' & wait",
		"double": "(setsid sh -c 'cd /; (sh -c \"echo \\$\\$ > " + dir + "/double; exec sleep 1000\" <&- >&- 2>&- &)' &) ; exit 0",
		"noenv":  "(cd /; setsid env -i sh -c 'echo $$ > " + dir + "/noenv; exec sleep 1000' </dev/null >/dev/null 2>&1 &) ; exit 0",
		"term":   "trap '' TERM HUP INT; echo $$ > term; while :; do sleep 1000; done",
	}
}

func shell(dir, script string) Command {
	return Command{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=" + os.Getenv("PATH")},
		Dir: dir, Stdout: filepath.Join(dir, "stdout"), Stderr: filepath.Join(dir, "stderr")}
}

// pids waits until each escape has written its id.
func pids(t *testing.T, dir string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for name := range escapes(dir) {
		eventually(t, "process of "+name, func() bool {
			b, _ := os.ReadFile(filepath.Join(dir, name))
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			found[name] = pid
			return err == nil && alive(pid)
		})
	}
	return found
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// patience is a time that only a broken supervisor takes.
const patience = 2 * time.Minute

// eventually polls what only the kernel can tell.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestNothingOutlivesTheProgram(t *testing.T) {
	dir := t.TempDir()
	temporary := filepath.Join(dir, "temporary")
	if err := os.MkdirAll(filepath.Join(temporary, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helper+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	supervisor, _ := strconv.Atoi(strings.TrimSpace(line))
	tasks := pids(t, dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for name, pid := range tasks {
		eventually(t, "end of "+name, func() bool { return !alive(pid) })
	}
	eventually(t, "end of the supervisor", func() bool { return !alive(supervisor) })
	if _, err := os.Stat(temporary); !os.IsNotExist(err) {
		t.Errorf("the temporary directory is still there: %v", err)
	}
}

func start(t *testing.T) *Supervisor {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func spawn(t *testing.T, s *Supervisor, c Command) *Process {
	t.Helper()
	p, err := s.Spawn(c, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNothingOutlivesClose(t *testing.T) {
	s, dir := start(t), t.TempDir()
	for _, script := range escapes(dir) {
		spawn(t, s, shell(dir, script))
	}
	tasks := pids(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, pid := range tasks {
		if alive(pid) {
			t.Errorf("%s (%d) is still there after Close", name, pid)
		}
	}
	if _, err := s.Spawn(shell(dir, "true"), ""); !errors.Is(err, ErrEnded) {
		t.Errorf("Spawn after Close: got %v, want ErrEnded", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestExitStatus(t *testing.T) {
	s, dir := start(t), t.TempDir()
	for script, want := range map[string]string{"exit 3": "exit 3", "exit 0": "exit 0", "kill -9 $$": "signal 9", "kill -TERM $$": "signal 15"} {
		p := spawn(t, s, shell(dir, script))
		<-p.Done()
		status, known := p.Status()
		got := fmt.Sprintf("exit %d", status.ExitStatus())
		if status.Signaled() {
			got = fmt.Sprintf("signal %d", status.Signal())
		}
		if got != want || !known {
			t.Errorf("%s: got %s known %v, want %s", script, got, known, want)
		}
	}
}

func TestSpawnSaysWhatFailed(t *testing.T) {
	s, dir := start(t), t.TempDir()
	c := shell(dir, "")
	c.Path = "/no/such/program"
	if _, err := s.Spawn(c, ""); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("got %v, want ENOENT", err)
	}
	c = shell(dir, "true")
	c.Dir = filepath.Join(dir, "missing")
	if _, err := s.Spawn(c, ""); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("missing directory: got %v, want ENOENT", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	c = shell(dir, "true")
	c.Stdout = link
	if _, err := s.Spawn(c, ""); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("stdout is a link: got %v, want ELOOP", err)
	}
}

func TestOutputAndNote(t *testing.T) {
	s, dir := start(t), t.TempDir()
	c := shell(dir, "cat <&3; ulimit -n; echo err >&2")
	c.Note, c.Gate = "forked %d\n", true
	c.Limits = []Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: 64, Hard: 64}}
	p := spawn(t, s, c)
	<-p.Done()
	stdout, _ := os.ReadFile(c.Stdout)
	stderr, _ := os.ReadFile(c.Stderr)
	if string(stdout) != "64\n" || string(stderr) != fmt.Sprintf("forked %d\nerr\n", p.PID) {
		t.Errorf("got stdout %q stderr %q", stdout, stderr)
	}
}

func TestSignalReachesTheTreeAlone(t *testing.T) {
	s, dir := start(t), t.TempDir()
	mark := "TASK=" + dir
	c := shell(dir, escapes(dir)["double"])
	c.Env = append(c.Env, mark)
	left, err := s.Spawn(c, mark)
	if err != nil {
		t.Fatal(err)
	}
	tree := spawn(t, s, shell(dir, escapes(dir)["child"]))
	other := spawn(t, s, shell(dir, escapes(dir)["plain"]))
	id := func(name string) (pid int) {
		eventually(t, name, func() bool {
			b, _ := os.ReadFile(filepath.Join(dir, name))
			pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
			return pid > 0
		})
		return pid
	}
	daemon, child := id("double"), id("child")
	<-left.Done()
	for _, p := range []*Process{left, tree} {
		if err := p.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "end of the daemon", func() bool { return !alive(daemon) })
	eventually(t, "end of the child", func() bool { return !alive(child) })
	if !alive(other.PID) {
		t.Error("another task was signalled too")
	}
}

func TestKilledSupervisorTakesItsTasksAlong(t *testing.T) {
	s, dir := start(t), t.TempDir()
	p := spawn(t, s, shell(dir, "exec sleep 1000"))
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	<-p.Done()
	if _, known := p.Status(); known {
		t.Error("the status is known although nobody could report it")
	}
	eventually(t, "end of the task", func() bool { return !alive(p.PID) })
}
