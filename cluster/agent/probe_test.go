package agent

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
)

func commandCheck(c *v1.CommandInfo) func(*v1.TaskInfo) {
	return func(t *v1.TaskInfo) {
		t.Check = &v1.CheckInfo{Type: v1.CheckInfo_COMMAND.Enum(), DelaySeconds: proto.Float64(0), IntervalSeconds: proto.Float64(0.01),
			Command: &v1.CheckInfo_Command{Command: c}}
	}
}

func shellCommand(text string) *v1.CommandInfo { return &v1.CommandInfo{Value: proto.String(text)} }

func (m *fakeMaster) pod(tasks ...*v1.TaskInfo) {
	m.send(&link.Run{Framework: frameworkInfo(), Group: true, Executor: executorInfo("pod", v1.ExecutorInfo_DEFAULT, nil), Tasks: tasks})
}

// A check whose command a signal ends takes its executor along: Mesos' executors
// abort over it.
func TestSignalledCheckEndsTheExecutor(t *testing.T) {
	_, m := startAgent(t)
	for id, check := range map[string]func(*v1.TaskInfo){"c": commandCheck(shellCommand("kill -9 $$")), "h": healthCheck("kill -15 $$", 3)} {
		m.run(taskInfo(id, "exec sleep 1000", check))
		s := last(m.until(t, id, v1.TaskState_TASK_FAILED))
		if s.GetSource() != v1.TaskStatus_SOURCE_AGENT || s.GetReason() != v1.TaskStatus_REASON_EXECUTOR_TERMINATED || s.GetMessage() != "Executor terminated" || s.Healthy != nil {
			t.Errorf("%s: got %v", id, s)
		}
	}
	m.pod(taskInfo("p", "exec sleep 1000", commandCheck(shellCommand("kill -15 $$"))), taskInfo("q", "exec sleep 1000"))
	endOfPod(t, m, syscall.SIGABRT)
}

// endOfPod wants the two tasks of a pod to have ended with their executor.
func endOfPod(t *testing.T, m *fakeMaster, signal syscall.Signal) {
	t.Helper()
	exited := false
	for ends := 0; ends < 2 || !exited; {
		switch msg := next[link.Message](t, m).(type) {
		case *link.ExecutorExited:
			if exited = true; msg.Status != int(signal) {
				t.Errorf("executor ended with %d, want %d", msg.Status, signal)
			}
		case *link.StatusUpdate:
			s := msg.Status
			if !isTerminal(s.GetState()) {
				continue
			}
			if ends++; s.GetState() != v1.TaskState_TASK_FAILED || s.GetReason() != v1.TaskStatus_REASON_EXECUTOR_TERMINATED || s.GetMessage() != "Executor terminated" {
				t.Errorf("got %v", s)
			}
		}
	}
}

// In a group SIGKILL is how a check ends with its task: no result.
func TestKilledCheckOfAGroupSaysNothing(t *testing.T) {
	_, m := startAgent(t)
	m.pod(taskInfo("p", "exec sleep 1000", commandCheck(shellCommand("test -e up && exit 4; touch up; kill -9 $$"))))
	for {
		s := next[*link.StatusUpdate](t, m).Status
		if isTerminal(s.GetState()) {
			t.Fatalf("the task ended: %v", s)
		}
		if c := s.GetCheckStatus().GetCommand(); c.ExitCode != nil {
			if c.GetExitCode() != 4 {
				t.Errorf("exit code %d, want 4", c.GetExitCode())
			}
			return
		}
	}
}

func TestChecksFollowRedirects(t *testing.T) {
	_, m := startAgent(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			w.WriteHeader(http.StatusTeapot)
		case "/ever":
			http.Redirect(w, r, "/ever", http.StatusFound)
		default:
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	}))
	defer server.Close()
	port := uint32(server.Listener.Addr().(*net.TCPAddr).Port)
	check := func(path string) func(*v1.TaskInfo) {
		return func(t *v1.TaskInfo) {
			t.Check = &v1.CheckInfo{Type: v1.CheckInfo_HTTP.Enum(), DelaySeconds: proto.Float64(0), Http: &v1.CheckInfo_Http{Port: &port, Path: &path}}
		}
	}
	m.run(taskInfo("t", "exec sleep 1000", check("/")))
	m.until(t, "t", v1.TaskState_TASK_RUNNING)
	if s := last(m.until(t, "t", v1.TaskState_TASK_RUNNING)); s.GetCheckStatus().GetHttp().GetStatusCode() != http.StatusTeapot {
		t.Errorf("got %v", s)
	}
	if _, err := get(t.Context(), server.URL+"/ever"); err == nil || !strings.HasPrefix(err.Error(), "47: ") {
		t.Errorf("endless redirects: %v", err)
	}
}

// Beside a command task a check writes to the task's stderr; in a group it has a
// sandbox of its own, and the executor's log has its output.
func TestOutputOfChecks(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("c", "exec sleep 1000", commandCheck(shellCommand("echo said; exit 6"))))
	m.until(t, "c", v1.TaskState_TASK_RUNNING)
	m.until(t, "c", v1.TaskState_TASK_RUNNING)
	if out, log := read(t, sandboxOf(a, "c"), "stdout"), read(t, sandboxOf(a, "c"), "stderr"); out != "" || !strings.Contains(log, "\nsaid\n") ||
		!strings.Contains(log, "COMMAND check for task 'c' returned: 6\n") {
		t.Errorf("stdout %q, stderr %q", out, log)
	}
	m.pod(taskInfo("p", "exec sleep 1000", commandCheck(shellCommand("echo said; exit 6"))))
	m.until(t, "p", v1.TaskState_TASK_RUNNING)
	m.until(t, "p", v1.TaskState_TASK_RUNNING)
	pod := sandboxOf(a, "pod")
	if out, log := read(t, pod, "tasks", "p", "stdout"), read(t, pod, "stderr"); out != "" || !strings.Contains(log, "Output of the COMMAND check for task 'p' (stdout):\nsaid\n") {
		t.Errorf("stdout %q, log %q", out, log)
	}
	if dirs, _ := filepath.Glob(filepath.Join(pod, "tasks", "p", "containers", "check-*")); len(dirs) == 0 {
		t.Error("no sandbox of the check")
	}
}

func TestCheckThatCannotBeExecuted(t *testing.T) {
	_, m := startAgent(t)
	m.run(taskInfo("t", "exec sleep 1000", commandCheck(&v1.CommandInfo{Shell: proto.Bool(false), Value: proto.String("/no/such/check"), Arguments: []string{"x"}})))
	m.until(t, "t", v1.TaskState_TASK_RUNNING)
	if s := last(m.until(t, "t", v1.TaskState_TASK_RUNNING)); s.GetCheckStatus().GetCommand().GetExitCode() != int32(syscall.ENOENT) {
		t.Errorf("got %v", s)
	}
}

// The agent signals the first process of a task in a group alone: a shell that
// waits for another program takes SIGTERM when that has ended.
func TestGroupSignalsTheFirstProcessAlone(t *testing.T) {
	a, m := startAgent(t)
	m.pod(taskInfo("p", "trap 'exit 3' TERM; sh -c 'touch up; exec sleep 1000'; exit 4", withPolicy(100*time.Millisecond)))
	m.until(t, "p", v1.TaskState_TASK_RUNNING)
	eventually(t, "trap", func() bool {
		_, err := os.Stat(filepath.Join(sandboxOf(a, "pod"), "tasks", "p", "up"))
		return err == nil
	})
	m.send(&link.Kill{FrameworkID: frameworkID, TaskID: "p"})
	if s := last(m.until(t, "p", v1.TaskState_TASK_KILLED)); s.GetMessage() != "Command terminated with signal Killed" {
		t.Errorf("got %v", s)
	}
}

// The default executor does nothing about a kill while it launches a group.
func TestKillWhileAGroupIsLaunched(t *testing.T) {
	a, m := startAgent(t)
	asked, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	defer server.Close()
	m.pod(taskInfo("quick", "exec sleep 1000"), taskInfo("slow", "exec sleep 1000", uris(uri(server.URL+"/x"))))
	<-asked
	m.send(&link.Kill{FrameworkID: frameworkID, TaskID: "quick"})
	m.send(&link.Kill{FrameworkID: frameworkID, TaskID: "no-such-task"}) // answered after the kill before it
	m.until(t, "no-such-task", v1.TaskState_TASK_LOST)
	a.mu.Lock()
	pod := a.frameworkLocked(frameworkID).executor("pod").body.(*defaultBody)
	a.mu.Unlock()
	pod.mu.Lock()
	ordered := len(pod.members["quick"].orders.kills)
	pod.mu.Unlock()
	close(release)
	m.until(t, "slow", v1.TaskState_TASK_RUNNING)
	if ordered > 0 {
		t.Error("the kill was not ignored")
	}
}

// A group that is being launched when its executor is told to shut down waits for
// the agent to end it.
func TestShutdownWhileAGroupIsLaunched(t *testing.T) {
	_, m := startAgent(t, func(o *Options) { o.ShutdownGrace = 300 * time.Millisecond })
	url, release := hangingServer(t)
	defer release()
	m.pod(taskInfo("quick", "exec sleep 1000"), taskInfo("slow", "exec sleep 1000", uris(uri(url+"/x"))))
	m.until(t, "quick", v1.TaskState_TASK_STARTING)
	m.send(&link.ShutdownExecutor{FrameworkID: frameworkID, ExecutorID: "pod"})
	endOfPod(t, m, syscall.SIGKILL)
}
