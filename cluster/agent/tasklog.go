package agent

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	v1 "mesosbook/mesos/v1"
)

// taskLog is what the built-in executors write of a task: the command executor to
// the stderr of the task's sandbox, which is its own, the default executor to the
// stderr of its own sandbox (launcher/executor.cpp, launcher/default_executor.cpp).
type taskLog struct {
	dir       string // of the executor's sandbox; empty where nothing is written
	task      string
	container string // of a task in a group, as it is printed
}

func (l taskLog) inGroup() bool { return l.container != "" }

// say writes a line: the first place and text are the command executor's, the
// others the default executor's; an empty text writes nothing.
func (l taskLog) say(place, text, groupPlace, groupText string) {
	if l.inGroup() {
		place, text = groupPlace, groupText
	}
	if text != "" {
		logTo(l.dir, place, "%s", text)
	}
}

func (l taskLog) orderedToKill(grace time.Duration) {
	l.say("executor.cpp:835", fmt.Sprintf("Received kill for task %s with grace period of %s", l.task, durationText(grace)),
		"default_executor.cpp:1285", fmt.Sprintf("Received kill for task '%s'", l.task))
}

func (l taskLog) killing(pid int, grace time.Duration) {
	l.say("executor.cpp:956", fmt.Sprintf("Sending SIGTERM to process tree at pid %d", pid),
		"default_executor.cpp:1160", fmt.Sprintf("Killing task %s running in child container %s with SIGTERM signal", l.task, l.container))
	scheduled := "Scheduling escalation to SIGKILL in " + durationText(grace) + " from now"
	l.say("executor.cpp:973", scheduled, "default_executor.cpp:1171", scheduled)
}

func (l taskLog) escalating(pid int, grace time.Duration) {
	after := durationText(grace)
	l.say("executor.cpp:1082", fmt.Sprintf("Process %d did not terminate after %s, sending SIGKILL to process tree at %d", pid, after, pid),
		"default_executor.cpp:1249", fmt.Sprintf("Task '%s' running in child container %s did not terminate after %s, sending SIGKILL to the container", l.task, l.container, after))
}

func (l taskLog) completionTime(d time.Duration) {
	l.say("executor.cpp:711", fmt.Sprintf("Task %s has a max completion time of %s", l.task, durationText(d)), "", "")
}

func (l taskLog) tookTooLong(d time.Duration) {
	text := fmt.Sprintf("Killing task %s which exceeded its maximum completion time of %s", l.task, durationText(d))
	l.say("executor.cpp:1113", text, "default_executor.cpp:1327", text)
}

func (l taskLog) health(healthy bool) {
	state := "not healthy"
	if healthy {
		state = "healthy"
	}
	l.say("executor.cpp:365", fmt.Sprintf("Received task health update, healthy: %t", healthy),
		"default_executor.cpp:1411", fmt.Sprintf("Received task health update for task '%s', task is %s", l.task, state))
}

func (l taskLog) check(c *v1.CheckStatusInfo) {
	text := fmt.Sprintf("Received check update '%s'", checkText(c))
	l.say("executor.cpp:330", text, "default_executor.cpp:1361", text+" for task '"+l.task+"'")
}

// refused tells that the agent did not launch a nested container.
func (l taskLog) refused(err error) {
	logTo(l.dir, "default_executor.cpp:595", "Received '400 Bad Request' (%v) while launching child container %s of task '%s'", err, l.container, l.task)
}

func (l taskLog) ended(text string, pid int, state v1.TaskState) {
	l.say("executor.cpp:1041", fmt.Sprintf("%s (pid: %d)", text, pid),
		"default_executor.cpp:982", fmt.Sprintf("Child container %s of task '%s' completed in state %s: %s", l.container, l.task, state, text))
}

// checkLog is what is written of one check or health check; its name is as in
// "COMMAND health check" (checks/checker_process.cpp, checks/health_checker.cpp).
type checkLog struct {
	taskLog
	name string
}

func (l checkLog) returned(result string) {
	logTo(l.dir, "checker_process.cpp:985", "%s for task '%s' returned: %s", l.name, l.task, result)
}

func (l checkLog) unavailable() {
	logTo(l.dir, "checker_process.cpp:456", "%s for task '%s' is not available", l.name, l.task)
}

func (l checkLog) failed(problem string) {
	logTo(l.dir, "health_checker.cpp:273", "%s for task '%s' failed: %s", l.name, l.task, problem)
}

func (l checkLog) inGrace() {
	logTo(l.dir, "health_checker.cpp:299", "Ignoring failure of %s for task '%s': still in grace period", l.name, l.task)
}

func (l checkLog) counted(failures uint32) {
	logTo(l.dir, "health_checker.cpp:305", "%s for task '%s' failed %d times consecutively", l.name, l.task, failures)
}

// output repeats what a check in a container of its own has written.
func (l checkLog) output(dir string) {
	for i, name := range []string{"stdout", "stderr"} {
		text := head(filepath.Join(dir, name))
		logTo(l.dir, "checker_process.cpp:"+strconv.Itoa(825+3*i), "Output of the %s for task '%s' (%s):\n%s", l.name, l.task, name, text)
	}
}

// maxCheckOutput bounds what is repeated, in bytes: a check runs often.
const maxCheckOutput = 16 << 10

// head is the beginning of a file that belongs to a task: no link is followed, and
// nothing waits.
func head(path string) []byte {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil // the task has removed it
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxCheckOutput)) // what there is
	return text
}

// checkText is a check's result as Mesos prints it (common/type_utils.cpp).
func checkText(c *v1.CheckStatusInfo) string {
	switch {
	case c.Command != nil && c.Command.ExitCode != nil:
		return fmt.Sprintf("COMMAND exit code %d", c.Command.GetExitCode())
	case c.Http != nil && c.Http.StatusCode != nil:
		return fmt.Sprintf("HTTP status code %d", c.Http.GetStatusCode())
	case c.Tcp != nil && c.Tcp.Succeeded != nil:
		return fmt.Sprintf("TCP connection %s", map[bool]string{true: "success", false: "failure"}[c.Tcp.GetSucceeded()])
	}
	return c.GetType().String()
}

// list is how Mesos prints several ids.
func list(ids []string) string { return "[ " + strings.Join(ids, ", ") + " ]" }
