package agent

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/pages"
	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

func (a *Agent) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if t, some := query(r).Get("timeout"); some {
		if _, err := libprocess.ParseDuration(t); err != nil {
			badRequest(w, "Invalid timeout '%s': %s.\n", t, err)
			return
		}
	}
	var e mesos.Encoder
	e.BeginObject()
	m := a.metrics()
	for _, name := range slices.Sorted(maps.Keys(m)) {
		e.Key(name).Double(m[name])
	}
	e.EndObject()
	answerJSON(w, r, e.Bytes())
}

// metrics are the names and numbers of /metrics/snapshot.
func (a *Agent) metrics() map[string]float64 {
	m := pages.System()
	a.mu.Lock()
	defer a.mu.Unlock()
	var used resources.Resources
	var states [terminated + 1]int
	tasks := map[v1.TaskState]int{}
	done := 0
	for _, f := range a.frameworks {
		done += len(f.completed)
		for _, ex := range f.executors {
			states[ex.state]++
			used = used.Add(ex.allocated())
			tasks[v1.TaskState_TASK_STAGING] += len(ex.queued)
			for _, t := range ex.tasks {
				tasks[t.proto.GetState()]++
			}
		}
	}
	for _, f := range a.completed {
		done += len(f.completed)
	}
	a.resourceMetricsLocked(m, used)
	c := a.counters
	for name, n := range map[string]int{
		"frameworks_active": len(a.frameworks), "executors_registering": states[registering], "executors_running": states[running],
		"executors_terminating": states[terminating], "executors_terminated": done + states[terminated], "executors_preempted": 0,
		"container_launch_errors": c.launchErrors, "valid_status_updates": c.validUpdates, "invalid_status_updates": c.invalidUpdates,
		"valid_framework_messages": c.validMessages, "invalid_framework_messages": c.invalidMessages, "recovery_errors": 0,
		"tasks_staging": tasks[v1.TaskState_TASK_STAGING], "tasks_starting": tasks[v1.TaskState_TASK_STARTING],
		"tasks_running": tasks[v1.TaskState_TASK_RUNNING], "tasks_killing": tasks[v1.TaskState_TASK_KILLING],
		"tasks_finished": c.finished, "tasks_failed": c.failed, "tasks_killed": c.killed, "tasks_lost": c.lost, "tasks_gone": c.gone,
	} {
		m["slave/"+name] = float64(n)
	}
	m["slave/registered"] = 0
	if a.conn != nil {
		m["slave/registered"] = 1
	}
	m["slave/uptime_secs"] = time.Since(a.started).Seconds()
	m["slave/recovery_time_secs"] = 0
	m["slave/executor_directory_max_allowed_age_secs"] = (7 * 24 * time.Hour).Seconds()
	m["containerizer/fetcher/cache_size_total_bytes"] = float64(a.opts.CacheSize)
	m["containerizer/fetcher/cache_size_used_bytes"] = float64(a.cache.bytes())
	m["containerizer/fetcher/task_fetches_failed"] = float64(c.fetchesFailed)
	m["containerizer/fetcher/task_fetches_succeeded"] = float64(c.fetched)
	for _, name := range []string{"containerizer/mesos/container_destroy_errors", "containerizer/mesos/provisioner/remove_container_errors",
		"gc/path_removals_failed", "gc/path_removals_pending", "gc/path_removals_succeeded", "resource_provider_manager/events/disconnect",
		"resource_provider_manager/events/subscribe", "resource_provider_manager/subscribed"} {
		m[name] = 0
	}
	return m
}

func (a *Agent) resourceMetricsLocked(m map[string]float64, used resources.Resources) {
	for _, name := range []string{"cpus", "gpus", "mem", "disk"} {
		total, _ := a.total.Scalar(name)
		taken, _ := used.Scalar(name)
		m["slave/"+name+"_total"] = float64(total) / 1000
		m["slave/"+name+"_used"] = float64(taken) / 1000
		m["slave/"+name+"_percent"] = 0
		if total > 0 {
			m["slave/"+name+"_percent"] = float64(taken) / float64(total)
		}
		for _, kind := range []string{"total", "used", "percent"} {
			m["slave/"+name+"_revocable_"+kind] = 0
		}
	}
}
