package agent

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"mesosbook/cluster/link"
	"mesosbook/cluster/pages"
	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// recovering answers 503 while the agent is not started yet.
func (a *Agent) recovering(w http.ResponseWriter) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.recovered {
		return false
	}
	text(w, http.StatusServiceUnavailable, "Agent has not finished recovery")
	return true
}

func (a *Agent) serveState(w http.ResponseWriter, r *http.Request) {
	if a.recovering(w) {
		return
	}
	a.mu.Lock()
	body := a.stateLocked()
	a.mu.Unlock()
	answerJSON(w, r, body)
}

// stateLocked is the page /state: keys in the order in which Mesos writes them
// (slave/http.cpp).
func (a *Agent) stateLocked() []byte {
	e := &mesos.Encoder{}
	e.BeginObject()
	e.Key("version").String(Version)
	e.Key("git_sha").String(link.GitSHA)
	e.Key("build_date").String(link.BuildDate)
	e.Key("build_time").Double(link.BuildTime)
	e.Key("build_user").String(link.BuildUser)
	e.Key("start_time").Double(seconds(a.started))
	e.Key("id").String(a.id)
	e.Key("pid").String(a.opts.pid())
	e.Key("hostname").String(a.opts.Info.GetHostname())
	e.Key("capabilities").BeginArray()
	for _, c := range capabilities {
		e.String(c.String())
	}
	e.EndArray()
	pages.WriteDomain(e, a.opts.Info.Domain)
	if a.drain != nil {
		pages.WriteMessage(e, "drain_config", a.drain)
		e.Key("estimated_drain_start_time_seconds").Int(a.drainStart.Unix())
	}
	a.writeResourcesLocked(e)
	e.Key("resource_providers").BeginArray().EndArray()
	pages.Attributes(e.Key("attributes"), a.opts.Info.Attributes)
	e.Key("master_hostname").String(a.opts.MasterHostname)
	if a.opts.LogPath != "" {
		e.Key("external_log_file").String(a.opts.LogPath)
	}
	writeMap(e.Key("flags"), a.flags())
	e.Key("frameworks").BeginArray()
	for _, f := range a.frameworks {
		writeFramework(e, f)
	}
	e.EndArray().Key("completed_frameworks").BeginArray()
	for _, f := range a.completed {
		writeFramework(e, f)
	}
	e.EndArray().EndObject()
	return e.Bytes()
}

func (a *Agent) writeResourcesLocked(e *mesos.Encoder) {
	var used resources.Resources
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			used = used.Add(ex.allocated())
		}
	}
	used = used.Unallocate()
	pages.Sums(e.Key("resources"), a.total)
	pages.ByRole(e.Key("reserved_resources"), a.total, pages.SumsOf)
	pages.Sums(e.Key("unreserved_resources"), pages.Unreserved(a.total))
	pages.ByRole(e.Key("reserved_resources_full"), a.total, pages.Full)
	pages.Full(e.Key("unreserved_resources_full"), pages.Unreserved(a.total))
	pages.ByRole(e.Key("reserved_resources_allocated"), used, pages.SumsOf)
	pages.Sums(e.Key("unreserved_resources_allocated"), pages.Unreserved(used))
}

func (a *Agent) serveFlags(w http.ResponseWriter, r *http.Request) {
	var e mesos.Encoder
	e.BeginObject()
	writeMap(e.Key("flags"), a.flags())
	e.EndObject()
	answerJSON(w, r, e.Bytes())
}

// flags are those that an agent of Mesos 1.12 would show.
func (a *Agent) flags() map[string]string {
	f := usualFlags()
	maps.Copy(f, map[string]string{
		"attributes": attributesText(a.opts.Info.Attributes), "authenticate_http_readonly": "false", "authenticate_http_readwrite": "false",
		"authenticatee": "crammd5", "authorizer": "local", "containerizers": "mesos", "default_role": "*",
		"executor_registration_timeout":  durationText(a.opts.RegistrationTimeout),
		"executor_shutdown_grace_period": durationText(a.opts.ShutdownGrace),
		"fetcher_cache_dir":              a.cache.dir, "fetcher_cache_size": sizeText(a.opts.CacheSize),
		"fetcher_stall_timeout": durationText(a.opts.FetchStall), "frameworks_home": "", "gc_delay": "1weeks", "help": "false",
		"hostname": a.opts.Info.GetHostname(), "hostname_lookup": "false", "http_command_executor": "false",
		"ip": a.opts.IP, "isolation": "posix/cpu,posix/mem", "launcher": "posix", "launcher_dir": "/usr/libexec/mesos",
		"logging_level": "INFO", "max_completed_executors_per_framework": strconv.Itoa(maxCompletedExecutors),
		"port": strconv.Itoa(int(a.opts.Info.GetPort())), "quiet": "false", "recover": "reconnect", "recovery_timeout": "15mins",
		"registration_backoff_factor": durationText(a.opts.RedialMax), "resources": resources.New(a.opts.Info.Resources).String(),
		"sandbox_directory": "/mnt/mesos/sandbox", "strict": "true", "switch_user": strconv.FormatBool(!a.opts.KeepUser),
		"version": "false", "work_dir": a.opts.WorkDir,
	})
	maps.Copy(f, a.opts.Flags)
	return f
}

// usualFlags are those that make no difference here, at Mesos' defaults
// (slave/flags.cpp of 1.12).
func usualFlags() map[string]string {
	return map[string]string{
		"appc_simple_discovery_uri_prefix": "http://", "authentication_backoff_factor": "1secs", "authentication_timeout_max": "1mins",
		"authentication_timeout_min": "5secs", "container_disk_watch_interval": "15secs", "disk_watch_interval": "1mins", "docker": "docker",
		"docker_ignore_runtime": "false", "docker_kill_orphans": "true", "docker_registry": "https://registry-1.docker.io", "docker_remove_delay": "6hrs",
		"docker_socket": "/var/run/docker.sock", "docker_stop_timeout": "0ns", "docker_volume_checkpoint_dir": "/var/run/mesos/isolators/docker/volume",
		"docker_volume_chown": "false", "enforce_container_disk_quota": "false", "executor_reregistration_timeout": "2secs", "gc_disk_headroom": "0.1",
		"gc_non_executor_container_sandboxes": "false", "http_executor_domain_sockets": "false", "http_heartbeat_interval": "30secs",
		"initialize_driver_logging": "true", "logbufsecs": "0", "memory_profiling": "false", "network_cni_metrics": "true",
		"network_cni_root_dir_persist": "false", "oversubscribed_resources_interval": "15secs", "qos_correction_interval_min": "0ns",
		"reconfiguration_policy": "equal", "zk_session_timeout": "10secs",
	}
}

func attributesText(list []*v1.Attribute) string {
	var parts []string
	for _, at := range list {
		value := at.GetText().GetValue()
		switch at.GetType() {
		case v1.Value_SCALAR:
			value = resources.FormatScalar(at.GetScalar().GetValue())
		case v1.Value_RANGES:
			value = rangesText(at.GetRanges())
		case v1.Value_SET:
			value = resources.FormatSet(at.GetSet().GetItem())
		}
		parts = append(parts, at.GetName()+":"+value)
	}
	return strings.Join(parts, ";")
}

// sizeText writes bytes as stout does: "2GB".
func sizeText(n int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	i := 0
	for i < len(units)-1 && n >= 1024 && n%1024 == 0 {
		n, i = n/1024, i+1
	}
	return strconv.FormatInt(n, 10) + units[i]
}

func rangesText(r *v1.Value_Ranges) string {
	var list []resources.Range
	for _, x := range r.GetRange() {
		list = append(list, resources.Range{Begin: x.GetBegin(), End: x.GetEnd()})
	}
	return resources.FormatRanges(list)
}
