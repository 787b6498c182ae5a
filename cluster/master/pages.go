package master

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/link"
	"mesosbook/cluster/pages"
	"mesosbook/mesos"
)

// writePage answers a GET with the object whose members write writes, with m.mu held.
func (m *Master) writePage(req *request, write func(e *mesos.Encoder)) {
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	m.locked(func() { write(e) })
	e.EndObject()
	if err := e.Err(); err != nil {
		m.warnf("Failed to write %s: %s", req.r.URL.Path, err)
		req.fail(http.StatusInternalServerError, "")
		return
	}
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
		m.writeRecoveredLocked(e)
		m.writeFrameworksLocked(e, func(string) bool { return true })
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
func (m *Master) writeFrameworksLocked(e *mesos.Encoder, accept func(string) bool) {
	for _, list := range []struct {
		name string
		all  []*framework
	}{{"frameworks", m.sortedFrameworksLocked()}, {"completed_frameworks", m.completed.all()}} {
		e.Key(list.name).BeginArray()
		for _, fw := range list.all {
			if accept(fw.id) {
				m.writeFrameworkLocked(e, fw)
			}
		}
		e.EndArray()
	}
}

func (m *Master) frameworksPage(req *request) {
	m.writePage(req, func(e *mesos.Encoder) {
		m.writeFrameworksLocked(e, req.chosen("framework_id"))
		e.Key("unregistered_frameworks").BeginArray().EndArray()
	})
}

func (m *Master) slavesPage(req *request) {
	accept := req.chosen("slave_id")
	m.writePage(req, func(e *mesos.Encoder) {
		e.Key("slaves").BeginArray()
		for _, ag := range m.sortedAgentsLocked() {
			if accept(ag.id) {
				ag.openPage(e)
				ag.writeFull(e)
				e.EndObject()
			}
		}
		e.EndArray()
		m.writeRecoveredLocked(e)
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
			pages.Strings(e.Key("framework_ids"), slices.Sorted(maps.Keys(t.frameworks[ag.id])))
			e.EndObject()
		}
		e.EndArray()
		e.Key("frameworks").BeginArray()
		for _, fw := range m.sortedFrameworksLocked() {
			e.BeginObject()
			m.writeFrameworkSummaryLocked(e, fw)
			t.byFramework[fw.id].write(e)
			pages.Strings(e.Key("slave_ids"), slices.Sorted(maps.Keys(t.agents[fw.id])))
			e.EndObject()
		}
		e.EndArray()
	})
}

// tasksPage is /tasks: newest first unless order=asc, 100 unless limit says
// otherwise; a negative limit is none, a negative offset is past the end.
func (m *Master) tasksPage(req *request) {
	limit, offset := req.number("limit", 100), req.number("offset", 0)
	order, _ := req.query.Get("order")
	m.writePage(req, func(e *mesos.Encoder) {
		list := m.tasksLocked(req.chosen("framework_id"), req.chosen("task_id"))
		slices.SortStableFunc(list, func(a, b *task) int {
			if order == "asc" {
				return cmp.Compare(a.began(), b.began())
			}
			return cmp.Compare(b.began(), a.began())
		})
		e.Key("tasks").BeginArray()
		for _, t := range page(list, limit, offset) {
			pages.Task(e, t.proto, t.resources)
		}
		e.EndArray()
	})
}

// page is a part of a list.
func page[T any](list []T, limit, offset int) []T {
	if offset < 0 || offset >= len(list) {
		return nil
	}
	list = list[offset:]
	if limit >= 0 && limit < len(list) {
		list = list[:limit]
	}
	return list
}

// began is the time of the first status, 0 without one.
func (t *task) began() float64 {
	if len(t.proto.Statuses) == 0 {
		return 0
	}
	return t.proto.Statuses[0].GetTimestamp()
}

func (m *Master) tasksLocked(framework, id func(string) bool) []*task {
	var out []*task
	for _, fw := range append(m.sortedFrameworksLocked(), m.completed.all()...) {
		if !framework(fw.id) {
			continue
		}
		for _, list := range [][]*task{fw.sortedTasks(), fw.unreachable.all(), fw.completed.all()} {
			for _, t := range list {
				if id(t.proto.GetTaskId().GetValue()) {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

// chosen is the id that a query parameter chooses, all without the parameter.
func (req *request) chosen(name string) func(id string) bool {
	only, some := req.query.Get(name)
	return func(id string) bool { return !some || id == only }
}

// number reads a query parameter; what is no number is as if not given.
func (req *request) number(name string, def int) int {
	text, _ := req.query.Get(name)
	if n, err := libprocess.ParseInt(text, 32); err == nil {
		return int(n)
	}
	return def
}

func (m *Master) redirectPage(req *request) {
	if !strings.HasSuffix(req.r.URL.Path, "/redirect") { // a guard against loops
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
