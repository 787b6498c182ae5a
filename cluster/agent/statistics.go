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
	framework, executor, name, source string
	id                                string
	pid                               int
	cpus, memMB                       float64
	usage                             supervisor.Usage
}

// containers are the running containers with what they use now.
func (a *Agent) containers() []containerView {
	a.mu.Lock()
	var views []containerView
	var pids []int
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			if ex.state == terminated || ex.state == registering {
				continue
			}
			v := containerView{framework: f.id(), executor: ex.id(), name: ex.info.GetName(), source: ex.info.GetSource(),
				id: ex.container, pid: ex.pid}
			sum := ex.allocated()
			cpus, _ := sum.Scalar("cpus")
			mem, _ := sum.Scalar("mem")
			v.cpus, v.memMB = float64(cpus)/1000, float64(mem)/1000
			views = append(views, v)
			pids = append(pids, ex.pid)
		}
	}
	a.mu.Unlock()
	for i, u := range supervisor.UsageOf(pids) {
		views[i].usage = u
	}
	return views
}

// statistics of a container without CPU or memory enforcement: the isolators
// posix/cpu and posix/mem.
func (v containerView) statistics() *v1.ResourceStatistics {
	limit := uint64(v.memMB * (1 << 20))
	return &v1.ResourceStatistics{
		Timestamp:          proto.Float64(seconds(time.Now())),
		CpusUserTimeSecs:   proto.Float64(v.usage.User.Seconds()),
		CpusSystemTimeSecs: proto.Float64(v.usage.System.Seconds()),
		CpusSoftLimit:      proto.Float64(v.cpus),
		MemLimitBytes:      proto.Uint64(limit),
		MemSoftLimitBytes:  proto.Uint64(limit),
		MemRssBytes:        proto.Uint64(v.usage.RSS),
	}
}

func (v containerView) status() *v1.ContainerStatus {
	cs := &v1.ContainerStatus{ContainerId: &v1.ContainerID{Value: proto.String(v.id)}}
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
	for _, v := range a.containers() {
		e.BeginObject()
		v.writeNames(&e)
		v.writeStatistics(&e)
		e.EndObject()
	}
	e.EndArray()
	answerJSON(w, r, e.Bytes())
}

func (a *Agent) serveContainers(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("executor_id") != "" && q.Get("framework_id") == "" {
		badRequest(w, "Expecting 'framework_id' in query when 'executor_id' is given")
		return
	}
	wanted := func(key, value string) bool { return q.Get(key) == "" || q.Get(key) == value }
	var e mesos.Encoder
	e.BeginArray()
	for _, v := range a.containers() {
		if !wanted("container_id", v.id) || !wanted("framework_id", v.framework) || !wanted("executor_id", v.executor) {
			continue
		}
		e.BeginObject().Key("container_id").String(v.id)
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
