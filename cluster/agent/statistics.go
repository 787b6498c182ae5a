package agent

import (
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// containerView is a running container as the pages and the operator API show it.
type containerView struct {
	framework, executor, name, source string // all empty if it is no executor's
	id                                *v1.ContainerID
	pid                               int
	cpus, memMB                       float64
	usage                             supervisor.Usage
}

// shown says which containers are wanted beside those of executors.
type shown struct{ nested, standalone bool }

// containers are the running containers with what they use now.
func (a *Agent) containers(and shown) []containerView {
	a.mu.Lock()
	views := a.executorViewsLocked()
	if and.nested {
		for _, f := range a.frameworks {
			for _, ex := range f.executors {
				views = append(views, ex.nestedViews()...)
			}
		}
	}
	for _, id := range sortedKeys(a.standalone) {
		c := a.standalone[id]
		if v, runs := c.view(); runs && and.standalone {
			views = append(views, v)
		}
		if and.nested {
			views = append(views, c.holder.nestedViews()...)
		}
	}
	a.mu.Unlock()
	pids := make([]int, len(views))
	for i, v := range views {
		pids[i] = v.pid
	}
	for i, u := range supervisor.UsageOf(pids) {
		views[i].usage = u
	}
	return views
}

// view shows a container that is no executor's; false unless it runs.
func (c *container) view() (containerView, bool) {
	if !isClosed(c.ready) || c.p == nil || isClosed(c.ended) {
		return containerView{}, false
	}
	return containerView{id: c.id, pid: c.p.ID()}, true
}

func (ex *executor) nestedViews() (views []containerView) {
	for _, id := range sortedKeys(ex.containers) {
		if v, runs := ex.containers[id].view(); runs {
			views = append(views, v)
		}
	}
	return views
}

func (a *Agent) executorViewsLocked() []containerView {
	var views []containerView
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			if ex.state == terminated || ex.state == registering {
				continue
			}
			v := containerView{framework: f.id(), executor: ex.id(), name: ex.info.GetName(), source: ex.info.GetSource(),
				id: &v1.ContainerID{Value: proto.String(ex.container)}, pid: ex.pid}
			sum := ex.allocated()
			cpus, _ := sum.Scalar("cpus")
			mem, _ := sum.Scalar("mem")
			v.cpus, v.memMB = float64(cpus)/1000, float64(mem)/1000
			views = append(views, v)
		}
	}
	return views
}

// statistics of a container without CPU or memory enforcement: the isolators
// posix/cpu and posix/mem.
func (v containerView) statistics() *v1.ResourceStatistics {
	s := &v1.ResourceStatistics{
		Timestamp:          proto.Float64(seconds(time.Now())),
		CpusUserTimeSecs:   proto.Float64(v.usage.User.Seconds()),
		CpusSystemTimeSecs: proto.Float64(v.usage.System.Seconds()),
		MemRssBytes:        proto.Uint64(v.usage.RSS),
	}
	if v.executor != "" { // others share what their parent has
		limit := uint64(v.memMB * (1 << 20))
		s.CpusSoftLimit, s.MemLimitBytes, s.MemSoftLimitBytes = proto.Float64(v.cpus), proto.Uint64(limit), proto.Uint64(limit)
	}
	return s
}

func (v containerView) status() *v1.ContainerStatus {
	cs := &v1.ContainerStatus{ContainerId: v.id}
	if v.pid != 0 {
		cs.ExecutorPid = proto.Uint32(uint32(v.pid))
	}
	return cs
}

// writeStatistics writes them with sorted keys, as the pages do.
func (v containerView) writeStatistics(e *mesos.Encoder) {
	s := v.statistics()
	e.Key("statistics").BeginObject()
	e.Key("cpus_soft_limit").Double(s.GetCpusSoftLimit())
	e.Key("cpus_system_time_secs").Double(s.GetCpusSystemTimeSecs())
	e.Key("cpus_user_time_secs").Double(s.GetCpusUserTimeSecs())
	e.Key("mem_limit_bytes").Uint(s.GetMemLimitBytes())
	e.Key("mem_rss_bytes").Uint(s.GetMemRssBytes())
	e.Key("mem_soft_limit_bytes").Uint(s.GetMemSoftLimitBytes())
	e.Key("timestamp").Double(s.GetTimestamp())
	e.EndObject()
}

func (v containerView) writeNames(e *mesos.Encoder) {
	e.Key("executor_id").String(v.executor)
	e.Key("executor_name").String(v.name)
	e.Key("framework_id").String(v.framework)
	e.Key("source").String(v.source)
}

func (a *Agent) serveStatistics(w http.ResponseWriter, r *http.Request) {
	var e mesos.Encoder
	e.BeginArray()
	for _, v := range a.containers(shown{}) {
		e.BeginObject()
		v.writeNames(&e)
		v.writeStatistics(&e)
		e.EndObject()
	}
	e.EndArray()
	answerJSON(w, r, e.Bytes())
}

func (a *Agent) serveContainers(w http.ResponseWriter, r *http.Request) {
	q := query(r)
	_, byContainer := q.Get("container_id")
	_, byFramework := q.Get("framework_id")
	_, byExecutor := q.Get("executor_id")
	if byContainer && (byExecutor || byFramework) || byExecutor && !byFramework {
		badRequest(w, "Supported query parameters are container_id only, framework_id only, or executor_id and framework_id only")
		return
	}
	wanted := func(key, value string) bool {
		only, some := q.Get(key)
		return !some || only == value
	}
	var e mesos.Encoder
	e.BeginArray()
	for _, v := range a.containers(shown{}) {
		if !wanted("container_id", v.id.GetValue()) || !wanted("framework_id", v.framework) || !wanted("executor_id", v.executor) {
			continue
		}
		e.BeginObject().Key("container_id").String(v.id.GetValue())
		v.writeNames(&e)
		v.writeStatistics(&e)
		e.Key("status")
		message(&e, v.status())
		e.EndObject()
	}
	e.EndArray()
	answerJSON(w, r, e.Bytes())
}

// serveDebug shows what the containerizer waits for; this one waits for nothing.
func (a *Agent) serveDebug(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, r, []byte(`{"pending":[]}`))
}
