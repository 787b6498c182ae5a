package agent

import (
	"maps"
	"slices"
	"strconv"
	"time"

	v1 "mesosbook/mesos/v1"
)

// defaultPath is PATH where nobody sets it (slave/slave.cpp).
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// sandboxMark is the environment entry by which a container's processes are
// found, wherever they went.
func sandboxMark(dir string) string { return "MESOS_SANDBOX=" + dir }

// executorEnvironment is what Mesos' agent sets for an executor, and a command
// task has from it (slave/slave.cpp: executorEnvironment). The environment of
// this process is not handed on.
func (a *Agent) executorEnvironment(ex *executor, agentID string) map[string]string {
	env := map[string]string{
		"PATH":                                 defaultPath,
		"LIBPROCESS_IP":                        a.opts.IP,
		"LIBPROCESS_PORT":                      "0",
		"MESOS_AGENT_ENDPOINT":                 a.opts.endpoint(),
		"MESOS_CHECKPOINT":                     "0",
		"MESOS_DIRECTORY":                      ex.dir,
		"MESOS_EXECUTOR_ID":                    ex.id(),
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": durationText(a.shutdownGrace(ex)),
		"MESOS_FRAMEWORK_ID":                   ex.framework.id(),
		"MESOS_HTTP_COMMAND_EXECUTOR":          "0",
		"MESOS_SANDBOX":                        ex.dir,
		"MESOS_SLAVE_ID":                       agentID,
		"MESOS_SLAVE_PID":                      a.opts.pid(),
	}
	if ex.framework.info().GetCheckpoint() {
		env["MESOS_CHECKPOINT"] = "1"
		env["MESOS_RECOVERY_TIMEOUT"] = "15mins"
		env["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = "2secs"
	}
	return env
}

// shutdownGrace is how long the executor has to end its tasks.
func (a *Agent) shutdownGrace(ex *executor) time.Duration {
	if d := ex.info.GetShutdownGracePeriod(); d != nil {
		return time.Duration(d.GetNanoseconds())
	}
	return a.opts.ShutdownGrace
}

// taskEnvironment lays the role and the command's own variables over env.
func taskEnvironment(env map[string]string, task []*v1.Resource, command *v1.CommandInfo) map[string]string {
	env = maps.Clone(env)
	for _, r := range task {
		if role := r.GetAllocationInfo().GetRole(); role != "" {
			env["MESOS_ALLOCATION_ROLE"] = role
			break
		}
	}
	overlay(env, command)
	return env
}

// overlay sets the variables of a command.
func overlay(env map[string]string, command *v1.CommandInfo) {
	for _, v := range command.GetEnvironment().GetVariables() {
		if v.GetType() == v1.Environment_Variable_SECRET {
			env[v.GetName()] = string(v.GetSecret().GetValue().GetData())
		} else {
			env[v.GetName()] = v.GetValue()
		}
	}
}

// environ is env as a process takes it.
func environ(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for _, k := range slices.Sorted(maps.Keys(env)) {
		out = append(out, k+"="+env[k])
	}
	return out
}

// durationText writes d as stout's Duration does: "5secs", "1.5mins", "250ms".
func durationText(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"weeks", 168 * time.Hour}, {"days", 24 * time.Hour}, {"hrs", time.Hour}, {"mins", time.Minute},
		{"secs", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}}
	for _, u := range units {
		if d >= u.size || -d >= u.size {
			return strconv.FormatFloat(float64(d)/float64(u.size), 'g', -1, 64) + u.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}
