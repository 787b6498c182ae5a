package master

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// flags are what /flags tells: the options that this master has under the
// names that Mesos gives them, the rest at Mesos' defaults.
func (m *Master) flags() map[string]string {
	o := m.opts
	auth := strconv.FormatBool(len(o.Credentials) > 0)
	out := usualFlags()
	maps.Copy(out, map[string]string{
		"agent_ping_timeout": durationText(o.AgentPingTimeout), "agent_reregister_timeout": durationText(o.AgentReregisterTimeout),
		"allocation_interval": durationText(o.AllocationInterval), "allocator": "hierarchical",
		"authenticate_agents": "false", "authenticate_frameworks": "false", "authenticate_http_frameworks": auth,
		"authenticate_http_readonly": auth, "authenticate_http_readwrite": auth, "http_authenticators": "basic",
		"filter_gpu_resources": "true", "framework_sorter": "drf", "help": "false", "hostname": o.Hostname, "ip": o.IP,
		"logging_level": "INFO", "max_agent_ping_timeouts": strconv.Itoa(o.MaxAgentPingTimeouts),
		"max_completed_frameworks":              strconv.Itoa(o.MaxCompletedFrameworks),
		"max_completed_tasks_per_framework":     strconv.Itoa(o.MaxCompletedTasksPerFramework),
		"max_operator_event_stream_subscribers": strconv.Itoa(o.MaxOperatorSubscribers),
		"max_unreachable_tasks_per_framework":   strconv.Itoa(o.MaxUnreachableTasks),
		"min_allocatable_resources":             "cpus:0.01|mem:32", "port": strconv.Itoa(o.Port),
		"publish_per_framework_metrics": "true", "quiet": "false", "registry": "in_memory", "role_sorter": "drf",
		"root_submissions": "true", "version": "false", "work_dir": o.WorkDir,
	})
	if o.LogPath != "" {
		out["external_log_file"] = o.LogPath
	}
	if o.OfferTimeout > 0 {
		out["offer_timeout"] = durationText(o.OfferTimeout)
	}
	if len(o.Roles) > 0 {
		out["roles"] = strings.Join(o.Roles, ",")
	}
	maps.Copy(out, o.Flags)
	return out
}

// usualFlags are those that make no difference here, at Mesos' defaults
// (master/flags.cpp of 1.12).
func usualFlags() map[string]string {
	return map[string]string{
		"allocator_agent_recovery_factor": "0.8", "allocator_recovery_timeout": "10mins", "authentication_v0_timeout": "15secs",
		"authenticators": "crammd5", "authorizers": "local", "hostname_lookup": "true", "initialize_driver_logging": "true", "log_auto_initialize": "true",
		"logbufsecs": "0", "memory_profiling": "false", "offer_constraints_re2_max_mem": "4KB", "offer_constraints_re2_max_program_size": "100",
		"recovery_agent_removal_limit": "100%", "registry_fetch_timeout": "1mins", "registry_gc_interval": "15mins", "registry_max_agent_age": "2weeks",
		"registry_max_agent_count": "102400", "registry_store_timeout": "20secs", "registry_strict": "false", "require_agent_domain": "false",
		"zk_session_timeout": "10secs",
	}
}

func (m *Master) writeFlags(e *mesos.Encoder) {
	flags := m.flags()
	e.BeginObject()
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		e.Key(name).String(flags[name])
	}
	e.EndObject()
}

func (m *Master) flagsPage(req *request) {
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	e.Key("flags")
	m.writeFlags(e)
	e.EndObject()
	req.json(e.Bytes())
}

func (m *Master) flagsMessage() *masterv1.Response_GetFlags {
	flags, out := m.flags(), &masterv1.Response_GetFlags{}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		out.Flags = append(out.Flags, &v1.Flag{Name: proto.String(name), Value: proto.String(flags[name])})
	}
	return out
}
