package agent

import (
	"fmt"
	"strings"
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
