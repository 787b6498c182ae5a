package master

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"mesosbook/cluster/link"
	"mesosbook/mesos"
)

// writePage answers a GET with the object whose members write writes, with m.mu held.
func (m *Master) writePage(req *request, write func(e *mesos.Encoder)) {
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	m.locked(func() { write(e) })
	e.EndObject()
	req.json(e.Bytes())
}

func writeVersion(e *mesos.Encoder) {
	e.Key("build_date").String(link.BuildDate)
	e.Key("build_time").Double(link.BuildTime)
	e.Key("build_user").String(link.BuildUser)
}

func (m *Master) versionPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		writeVersion(e)
		e.Key("git_sha").String(link.GitSHA)
		e.Key("version").String(link.Version)
	})
}

func (m *Master) statePage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		m.writeMasterLocked(e)
		e.Key("slaves").BeginArray()
		for _, ag := range m.sortedAgentsLocked() {
			ag.openPage(e)
			e.EndObject()
		}
		e.EndArray()
		e.Key("recovered_slaves").BeginArray().EndArray()
		m.writeFrameworksLocked(e, "")
		e.Key("orphan_tasks").BeginArray().EndArray()
		e.Key("unregistered_frameworks").BeginArray().EndArray()
	})
}

func (m *Master) writeMasterLocked(e *mesos.Encoder) {
	e.Key("version").String(link.Version)
	e.Key("git_sha").String(link.GitSHA)
	writeVersion(e)
	e.Key("start_time").Double(seconds(m.started))
	e.Key("elected_time").Double(seconds(m.elected))
	e.Key("id").String(m.info.GetId())
	e.Key("pid").String(m.opts.pid())
	e.Key("hostname").String(m.opts.Hostname)
	e.Key("capabilities").BeginArray()
	for _, c := range m.info.GetCapabilities() {
		e.String(c.GetType().String())
	}
	e.EndArray()
	m.writeAgentCountsLocked(e)
	e.Key("leader").String(m.opts.pid())
	e.Key("leader_info").BeginObject()
	e.Key("id").String(m.info.GetId())
	e.Key("pid").String(m.opts.pid())
	e.Key("port").Int(int64(m.opts.Port))
	e.Key("hostname").String(m.opts.Hostname)
	e.EndObject()
	if m.opts.Cluster != "" {
		e.Key("cluster").String(m.opts.Cluster)
	}
	if m.opts.LogPath != "" {
		e.Key("external_log_file").String(m.opts.LogPath)
	}
	e.Key("flags")
	m.writeFlags(e)
}

func (m *Master) writeAgentCountsLocked(e *mesos.Encoder) {
	on := 0
	for _, ag := range m.agents {
		if ag.active() {
			on++
		}
	}
	e.Key("activated_slaves").Double(float64(on))
	e.Key("deactivated_slaves").Double(float64(len(m.agents) - on))
	e.Key("unreachable_slaves").Double(float64(len(m.unreachable)))
}

// writeFrameworksLocked writes the live and the ended ones, or one of them.
func (m *Master) writeFrameworksLocked(e *mesos.Encoder, only string) {
	for _, list := range []struct {
		name string
		all  []*framework
	}{{"frameworks", m.sortedFrameworksLocked()}, {"completed_frameworks", m.completed.all()}} {
		e.Key(list.name).BeginArray()
		for _, fw := range list.all {
			if only == "" || fw.id == only {
				m.writeFrameworkLocked(e, fw)
			}
		}
		e.EndArray()
	}
}

func (m *Master) frameworksPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		m.writeFrameworksLocked(e, req.r.URL.Query().Get("framework_id"))
		e.Key("unregistered_frameworks").BeginArray().EndArray()
	})
}

func (m *Master) slavesPage(req *request) {
	only := req.r.URL.Query().Get("slave_id")
	m.writePage(req, func(e *mesos.Encoder) {
		e.Key("slaves").BeginArray()
		for _, ag := range m.sortedAgentsLocked() {
			if only == "" || ag.id == only {
				ag.openPage(e)
				ag.writeFull(e)
				e.EndObject()
			}
		}
		e.EndArray()
		e.Key("recovered_slaves").BeginArray().EndArray()
	})
}

func (m *Master) summaryPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		t := m.tallyLocked()
		e.Key("hostname").String(m.opts.Hostname)
		if m.opts.Cluster != "" {
			e.Key("cluster").String(m.opts.Cluster)
		}
		e.Key("slaves").BeginArray()
		for _, ag := range m.sortedAgentsLocked() {
			ag.openPage(e)
			t.byAgent[ag.id].write(e)
			writeStrings(e.Key("framework_ids"), slices.Sorted(maps.Keys(t.frameworks[ag.id])))
			e.EndObject()
		}
		e.EndArray()
		e.Key("frameworks").BeginArray()
		for _, fw := range m.sortedFrameworksLocked() {
			e.BeginObject()
			m.writeFrameworkSummaryLocked(e, fw)
			t.byFramework[fw.id].write(e)
			writeStrings(e.Key("slave_ids"), slices.Sorted(maps.Keys(t.agents[fw.id])))
			e.EndObject()
		}
		e.EndArray()
	})
}

// tasksPage is /tasks: newest first unless order=asc, 100 unless limit says
// otherwise.
func (m *Master) tasksPage(req *request) {
	q := req.r.URL.Query()
	limit, offset := number(q.Get("limit"), 100), number(q.Get("offset"), 0)
	m.writePage(req, func(e *mesos.Encoder) {
		list := m.tasksLocked(q.Get("framework_id"), q.Get("task_id"))
		slices.SortStableFunc(list, func(a, b *task) int { return cmp.Compare(a.began(), b.began()) })
		if q.Get("order") != "asc" {
			slices.Reverse(list)
		}
		e.Key("tasks").BeginArray()
		for i := min(offset, len(list)); i < min(offset+limit, len(list)); i++ {
			list[i].write(e)
		}
		e.EndArray()
	})
}

// began is the time of the first status, 0 without one.
func (t *task) began() float64 {
	if len(t.proto.Statuses) == 0 {
		return 0
	}
	return t.proto.Statuses[0].GetTimestamp()
}

func (m *Master) tasksLocked(framework, id string) []*task {
	var out []*task
	for _, fw := range append(m.sortedFrameworksLocked(), m.completed.all()...) {
		if framework != "" && fw.id != framework {
			continue
		}
		for _, list := range [][]*task{fw.sortedTasks(), fw.unreachable.all(), fw.completed.all()} {
			for _, t := range list {
				if id == "" || t.proto.GetTaskId().GetValue() == id {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

// number reads a query parameter; what is no number is as if not given.
func number(text string, def int) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 1<<40 {
		return n
	}
	return def
}

func (m *Master) redirectPage(req *request) {
	if req.path != "" { // a guard against loops
		req.fail(http.StatusNotFound, "")
		return
	}
	addr, _, known := m.leader()
	if !known {
		req.fail(http.StatusServiceUnavailable, "No leader elected")
		return
	}
	req.redirect("//" + addr)
}

// loggingPage tells the level of logging; there is one.
func (m *Master) loggingPage(req *request) {
	q := req.r.URL.Query()
	switch level := q.Get("level"); {
	case level == "" && !q.Has("duration"):
		req.text(http.StatusOK, "0\n")
	case level == "":
		req.text(http.StatusBadRequest, "Expecting 'level=value' in query.\n")
	case !q.Has("duration"):
		req.text(http.StatusBadRequest, "Expecting 'duration=value' in query.\n")
	case strings.Trim(level, "0123456789") != "":
		req.text(http.StatusBadRequest, "Invalid level '"+level+"'.\n")
	default:
		req.empty(http.StatusOK)
	}
}
