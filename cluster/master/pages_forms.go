package master

import (
	"net/http"
	"strings"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	maintenancev1 "mesosbook/mesos/v1/maintenance"
	quotav1 "mesosbook/mesos/v1/quota"

	"google.golang.org/protobuf/proto"
)

// The endpoints by which operators changed things before the operator API.

func (m *Master) teardownPage(req *request) {
	values, ok := m.form(req)
	if !ok {
		return
	}
	if !values.Has("frameworkId") {
		req.fail(http.StatusBadRequest, "Missing 'frameworkId' query parameter in the request body")
		return
	}
	m.do(req, func() reply { return m.tearDownLocked(values.Get("frameworkId")) })
}

// readJSON reads a body into msg, and answers itself when that fails.
func (m *Master) readJSON(req *request, msg proto.Message) bool {
	data, ok := m.readBody(req)
	if !ok {
		return false
	}
	if err := mesos.Unmarshal(data, msg); err != nil {
		req.fail(http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func readList[M proto.Message](m *Master, req *request) ([]M, bool) {
	data, ok := m.readBody(req)
	if !ok {
		return nil, false
	}
	list, err := mesos.UnmarshalList[M](data)
	if err != nil {
		req.fail(http.StatusBadRequest, err.Error())
		return nil, false
	}
	return list, true
}

// do runs a change with the lock held and answers with its outcome, once that is
// stored.
func (m *Master) do(req *request, change func() reply) {
	m.answerOperator(req, false, m.stored(req.r.Context(), func() reply {
		m.mu.Lock()
		defer m.mu.Unlock()
		return change()
	}))
}

func (m *Master) show(req *request, msg proto.Message) {
	data, err := mesos.Marshal(msg)
	if err != nil {
		req.fail(http.StatusInternalServerError, "")
		return
	}
	req.json(data)
}

func (m *Master) schedulePage(req *request) {
	switch {
	case req.r.Method == http.MethodGet:
		var s *maintenancev1.Schedule
		m.locked(func() { s = m.machines.schedule() })
		m.show(req, s)
	case req.allow(http.MethodGet, http.MethodPost):
		s := &maintenancev1.Schedule{}
		if m.readJSON(req, s) {
			m.do(req, func() reply { return m.updateScheduleLocked(s) })
		}
	}
}

func (m *Master) maintenancePage(req *request) {
	if !req.allow(http.MethodGet) {
		return
	}
	var s *maintenancev1.ClusterStatus
	m.locked(func() { s = m.maintenanceStatusLocked() })
	m.show(req, s)
}

func (m *Master) machineDownPage(req *request) {
	if ids, ok := readList[*v1.MachineID](m, req); ok {
		m.do(req, func() reply { return m.machinesDownLocked(ids) })
	}
}

func (m *Master) machineUpPage(req *request) {
	if ids, ok := readList[*v1.MachineID](m, req); ok {
		m.do(req, func() reply { return m.machinesUpLocked(ids) })
	}
}

func (m *Master) quotaPage(req *request) {
	switch {
	case req.r.Method == http.MethodGet:
		var s *quotav1.QuotaStatus
		m.locked(func() { s = m.quotaMessageLocked() })
		m.show(req, s)
	case req.r.Method == http.MethodDelete:
		m.do(req, func() reply { return m.deleteQuotaLocked(strings.Trim(req.path, "/")) })
	case req.allow(http.MethodGet, http.MethodPost, http.MethodDelete):
		q := &quotav1.QuotaRequest{}
		if m.readJSON(req, q) {
			m.do(req, func() reply { return m.setQuotaLocked(q) })
		}
	}
}

func (m *Master) weightsPage(req *request) {
	switch {
	case req.r.Method == http.MethodGet:
		var infos []*v1.WeightInfo
		m.locked(func() { infos = m.weightInfosLocked() })
		e := mesos.NewEncoder(nil)
		if err := writeList(e, infos); err != nil {
			req.fail(http.StatusInternalServerError, "")
			return
		}
		req.json(e.Bytes())
	case req.allow(http.MethodGet, http.MethodPut):
		if list, ok := readList[*v1.WeightInfo](m, req); ok {
			m.do(req, func() reply { return m.updateWeightsLocked(list) })
		}
	}
}
