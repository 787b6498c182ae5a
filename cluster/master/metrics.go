package master

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/pages"
	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// metrics are the counters that state does not tell. All but httpRequests are
// guarded by Master.mu.
type metrics struct {
	messages map[string]int // by the name of Mesos' messages
	ended    map[v1.TaskState]int
	reasons  map[string]int // "task_lost/source_master/reason_..."

	validUpdates, invalidUpdates, validAcks, invalidAcks int
	registrations, reregistrations, removals             int
	removedRegistered, removedUnregistered               int
	unreachableAgents, recoveryRemovals                  int

	allocationRuns                     int
	allocationTimes, allocationLatency libprocess.Timing
	validOperations, invalidOperations int // updates
	validOperationAcks, invalidOpAcks  int
	operations                         map[operationKey]int // that are over
	httpRequests                       atomic.Int64
}

// frameworkMetrics are the counters of one framework.
type frameworkMetrics struct {
	calls      map[schedulerv1.Call_Type]int
	events     map[schedulerv1.Event_Type]int
	operations map[v1.Offer_Operation_Type]int
	terminal   map[v1.TaskState]int

	offersSent, offersAccepted, offersDeclined, offersRescinded int
}

func (x *metrics) init() {
	x.messages, x.ended, x.reasons = map[string]int{}, map[v1.TaskState]int{}, map[string]int{}
	x.operations = map[operationKey]int{}
}

func (x *frameworkMetrics) init() {
	x.calls, x.events = map[schedulerv1.Call_Type]int{}, map[schedulerv1.Event_Type]int{}
	x.operations, x.terminal = map[v1.Offer_Operation_Type]int{}, map[v1.TaskState]int{}
}

// allocated counts a run that was due at some time, and began and ended later.
func (x *metrics) allocated(due, began time.Time) {
	x.allocationRuns++
	x.allocationLatency.Note(began.Sub(due))
	x.allocationTimes.Note(time.Since(began))
}

// terminal counts a task that ended, or never began, with status s.
func (x *metrics) terminal(s *v1.TaskStatus) {
	x.ended[s.GetState()]++
	if s.Reason != nil {
		x.reasons[strings.ToLower(s.GetState().String()+"/"+s.GetSource().String()+"/"+s.GetReason().String())]++
	}
}

// values are all metrics by name (facts 6.5).
func (m *Master) values() map[string]float64 {
	out := pages.System()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counterValuesLocked(out)
	m.stateValuesLocked(out)
	m.resourceValuesLocked(out)
	m.operationValuesLocked(out)
	m.roleValuesLocked(out)
	for _, fw := range m.frameworks {
		fw.values(out)
		m.suppressedValuesLocked(fw, out)
	}
	return out
}

func (m *Master) counterValuesLocked(out map[string]float64) {
	x := &m.metrics
	for _, name := range []string{
		"register_framework", "reregister_framework", "unregister_framework", "deactivate_framework", "kill_task",
		"status_update_acknowledgement", "resource_request", "launch_tasks", "decline_offers", "revive_offers", "suppress_offers",
		"reconcile_tasks", "reconcile_operations", "framework_to_executor", "executor_to_framework", "status_update", "register_slave",
		"reregister_slave", "unregister_slave", "update_slave", "exited_executor", "authenticate",
		"operation_status_update", "operation_status_update_acknowledgement",
	} {
		out["master/messages_"+name] = float64(x.messages[name])
	}
	for name, n := range map[string]int{
		"valid_status_updates": x.validUpdates, "invalid_status_updates": x.invalidUpdates,
		"valid_status_update_acknowledgements": x.validAcks, "invalid_status_update_acknowledgements": x.invalidAcks,
		"slave_registrations": x.registrations, "slave_reregistrations": x.reregistrations, "slave_removals": x.removals,
		"slave_removals/reason_registered": x.removedRegistered, "slave_removals/reason_unregistered": x.removedUnregistered,
		"slave_removals/reason_unhealthy":      x.unreachableAgents,
		"slave_unreachable_scheduled":          x.unreachableAgents,
		"slave_unreachable_completed":          x.unreachableAgents,
		"operator_event_stream_subscribers":    len(m.operators),
		"recovery_slave_removals":              x.recoveryRemovals,
		"event_queue_http_requests":            0, // there are no queues of events
		"event_queue_dispatches":               0,
		"event_queue_messages":                 0,
		"http_cache_hits":                      0,
		"dropped_messages":                     0,
		"slave_shutdowns_scheduled":            0,
		"slave_shutdowns_completed":            0,
		"slave_shutdowns_canceled":             0,
		"slave_unreachable_canceled":           0,
		"valid_framework_to_executor_messages": x.messages["framework_to_executor"], "invalid_framework_to_executor_messages": 0,
		"valid_executor_to_framework_messages": x.messages["executor_to_framework"], "invalid_executor_to_framework_messages": 0,
		"valid_operation_status_updates": x.validOperations, "invalid_operation_status_updates": x.invalidOperations,
		"valid_operation_status_update_acknowledgements": x.validOperationAcks, "invalid_operation_status_update_acknowledgements": x.invalidOpAcks,
	} {
		out["master/"+name] = float64(n)
	}
	for name, n := range x.reasons {
		out["master/"+name] = float64(n)
	}
	out["master/uptime_secs"] = time.Since(m.started).Seconds()
	out["master/elected"] = 0
	if !m.elected.IsZero() {
		out["master/elected"] = 1
	}
	m.registrar.values(out)
	out["allocator/mesos/allocation_runs"] = float64(x.allocationRuns)
	x.allocationTimes.Values("allocator/mesos/allocation_run_ms", out)
	x.allocationLatency.Values("allocator/mesos/allocation_run_latency_ms", out)
}

func (m *Master) stateValuesLocked(out map[string]float64) {
	add := func(name string, yes bool) {
		if _, there := out["master/"+name]; !there {
			out["master/"+name] = 0
		}
		if yes {
			out["master/"+name]++
		}
	}
	for _, name := range []string{"slaves_connected", "slaves_disconnected", "slaves_active", "slaves_inactive", "frameworks_connected", "frameworks_disconnected", "frameworks_active", "frameworks_inactive"} {
		add(name, false)
	}
	for _, ag := range m.agents {
		add("slaves_connected", ag.connected)
		add("slaves_disconnected", !ag.connected)
		add("slaves_active", ag.active())
		add("slaves_inactive", !ag.active())
	}
	live := map[v1.TaskState]int{}
	for _, fw := range m.frameworks {
		add("frameworks_connected", fw.connected)
		add("frameworks_disconnected", !fw.connected)
		add("frameworks_active", fw.active)
		add("frameworks_inactive", !fw.active)
		for _, t := range fw.tasks {
			live[t.state()]++
		}
		live[v1.TaskState_TASK_UNREACHABLE] += fw.unreachable.len()
	}
	for name, n := range v1.TaskState_value {
		s := v1.TaskState(n)
		if terminal(s) {
			out["master/"+strings.ToLower(strings.Replace(name, "TASK_", "TASKS_", 1))] = float64(m.metrics.ended[s])
		} else if s != v1.TaskState_TASK_UNKNOWN {
			out["master/"+strings.ToLower(strings.Replace(name, "TASK_", "TASKS_", 1))] = float64(live[s])
		}
	}
	out["master/slaves_unreachable"] = float64(len(m.unreachable))
	out["master/outstanding_offers"] = float64(len(m.offers))
}

func (m *Master) resourceValuesLocked(out map[string]float64) {
	total, used, offered := resources.Quantities{}, resources.Quantities{}, resources.Quantities{}
	for _, ag := range m.agents {
		total.Add(ag.total.Quantities())
		used.Add(ag.used().Quantities())
		offered.Add(ag.offered().Quantities())
	}
	for _, name := range []string{"cpus", "gpus", "mem", "disk"} {
		out["master/"+name+"_total"], out["master/"+name+"_used"] = total.Value(name), used.Value(name)
		out["master/"+name+"_percent"] = 0
		if total[name] > 0 {
			out["master/"+name+"_percent"] = used.Value(name) / total.Value(name)
			out["allocator/mesos/resources/"+name+"/total"] = total.Value(name)
			out["allocator/mesos/resources/"+name+"/offered_or_allocated"] = used.Value(name) + offered.Value(name)
		}
		for _, kind := range []string{"total", "used", "percent"} {
			out["master/"+name+"_revocable_"+kind] = 0
		}
	}
}

// values of one framework, below its name and id.
func (fw *framework) values(out map[string]float64) {
	at := fw.metricPrefix()
	x := &fw.metrics
	count := func(group, name string, n int) {
		out[at+group+"/"+name] = float64(n)
		out[at+group] += float64(n)
	}
	for n, name := range schedulerv1.Call_Type_name {
		if n != 0 {
			count("calls", strings.ToLower(name), x.calls[schedulerv1.Call_Type(n)])
		}
	}
	for n, name := range schedulerv1.Event_Type_name {
		if n != 0 {
			count("events", strings.ToLower(name), x.events[schedulerv1.Event_Type(n)])
		}
	}
	for n, name := range v1.Offer_Operation_Type_name {
		if n != 0 {
			count("operations", strings.ToLower(name), x.operations[v1.Offer_Operation_Type(n)])
		}
	}
	live := map[v1.TaskState]int{}
	for _, t := range fw.tasks {
		live[t.state()]++
	}
	for name, n := range v1.TaskState_value {
		if s := v1.TaskState(n); terminal(s) {
			out[at+"tasks/terminal/"+strings.ToLower(name)] = float64(x.terminal[s])
		} else {
			out[at+"tasks/active/"+strings.ToLower(name)] = float64(live[s])
		}
	}
	for name, n := range map[string]int{"sent": x.offersSent, "accepted": x.offersAccepted, "declined": x.offersDeclined, "rescinded": x.offersRescinded} {
		out[at+"offers/"+name] = float64(n)
	}
	out[at+"subscribed"] = 0
	if fw.connected {
		out[at+"subscribed"] = 1
	}
}

func (m *Master) metricsPage(req *request) {
	if text, some := req.query.Get("timeout"); some {
		if _, err := libprocess.ParseDuration(text); err != nil {
			req.fail(http.StatusBadRequest, "Invalid timeout '"+text+"': "+err.Error()+".\n")
			return
		}
	}
	values := m.values()
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		e.Key(name).Double(values[name])
	}
	e.EndObject()
	req.json(e.Bytes())
}

func (m *Master) metricsReply() reply {
	values, out := m.values(), &masterv1.Response_GetMetrics{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out.Metrics = append(out.Metrics, &v1.Metric{Name: proto.String(name), Value: proto.Float64(values[name])})
	}
	return answer(&masterv1.Response{Type: masterv1.Response_GET_METRICS.Enum(), GetMetrics: out})
}
