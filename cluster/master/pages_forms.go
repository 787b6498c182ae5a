package master

import (
	"bytes"
	"errors"
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
	id, some := values.Get("frameworkId")
	if !some {
		req.fail(http.StatusBadRequest, "Missing 'frameworkId' query parameter in the request body")
		return
	}
	m.do(req, func() reply { return m.tearDownLocked(id) })
}

// bodyFault is what is wrong with a JSON body: as JSON, or as what it should be.
type bodyFault struct{ parse, convert string }

func (f bodyFault) String() string { return f.parse + f.convert }

// fault tells the two kinds apart; open is how the JSON wanted begins
// (stout/json.hpp: parse<T>).
func fault(data []byte, open byte, err error) *bodyFault {
	var syntax *mesos.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return &bodyFault{parse: syntax.Text}
	case bytes.TrimLeft(data, " \t\r\n")[0] != open: // it is JSON, so not empty
		return &bodyFault{parse: "Unexpected JSON type parsed"}
	}
	return &bodyFault{convert: err.Error()}
}

func readObject(data []byte, msg proto.Message) *bodyFault {
	return fault(data, '{', mesos.Unmarshal(data, msg))
}

func readList[M proto.Message](data []byte) ([]M, *bodyFault) {
	list, err := mesos.UnmarshalList[M](data)
	return list, fault(data, '[', err)
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
	if !req.allow(http.MethodGet, http.MethodPost) {
		return
	}
	s := &maintenancev1.Schedule{}
	if req.r.Method == http.MethodGet {
		m.locked(func() { s = m.machines.schedule() })
		m.show(req, s)
		return
	}
	data, ok := m.readBody(req)
	if !ok {
		return
	}
	if f := readObject(data, s); f != nil {
		req.fail(http.StatusBadRequest, f.String())
		return
	}
	m.do(req, func() reply { return m.updateScheduleLocked(s) })
}

func (m *Master) maintenancePage(req *request) {
	if !req.allow(http.MethodGet) {
		return
	}
	var s *maintenancev1.ClusterStatus
	m.locked(func() { s = m.maintenanceStatusLocked() })
	m.show(req, s)
}

func (m *Master) machineDownPage(req *request) { m.machinesPage(req, m.machinesDownLocked) }

func (m *Master) machineUpPage(req *request) { m.machinesPage(req, m.machinesUpLocked) }

func (m *Master) machinesPage(req *request, change func([]*v1.MachineID) reply) {
	data, ok := m.readBody(req)
	if !ok {
		return
	}
	ids, f := readList[*v1.MachineID](data)
	if f != nil {
		req.fail(http.StatusBadRequest, f.String())
		return
	}
	m.do(req, func() reply { return change(ids) })
}

func (m *Master) quotaPage(req *request) {
	switch req.r.Method {
	case http.MethodGet:
		var s *quotav1.QuotaStatus
		m.locked(func() { s = m.quotaMessageLocked() })
		m.show(req, s)
	case http.MethodDelete:
		path := req.r.URL.EscapedPath()
		if !strings.HasPrefix(path, "/"+masterProcess+"/") {
			path = "/" + masterProcess + path
		}
		m.do(req, func() reply { return m.deleteQuotaLocked(path) })
	case http.MethodPost:
		m.setQuota(req)
	default:
		req.allow(http.MethodGet, http.MethodPost, http.MethodDelete)
	}
}

func (m *Master) setQuota(req *request) {
	data, ok := m.readBody(req)
	if !ok {
		return
	}
	q := &quotav1.QuotaRequest{}
	switch f := readObject(data, q); {
	case f == nil:
		m.do(req, func() reply { return m.setQuotaLocked(q) })
	case f.parse != "":
		req.fail(http.StatusBadRequest, "Failed to parse set quota request JSON '"+string(data)+"': "+f.parse)
	default:
		req.fail(http.StatusBadRequest, "Failed to validate set quota request JSON '"+string(data)+"': "+f.convert)
	}
}

func (m *Master) weightsPage(req *request) {
	switch req.r.Method {
	case http.MethodGet:
		var infos []*v1.WeightInfo
		m.locked(func() { infos = m.weightInfosLocked() })
		e := mesos.NewEncoder(nil)
		if err := writeList(e, infos); err != nil {
			req.fail(http.StatusInternalServerError, "")
			return
		}
		req.json(e.Bytes())
	case http.MethodPut:
		m.setWeights(req)
	default:
		req.allow(http.MethodGet, http.MethodPut)
	}
}

func (m *Master) setWeights(req *request) {
	data, ok := m.readBody(req)
	if !ok {
		return
	}
	switch list, f := readList[*v1.WeightInfo](data); {
	case f == nil:
		m.do(req, func() reply { return m.updateWeightsLocked(list) })
	case f.parse != "":
		req.fail(http.StatusBadRequest, "Failed to parse update weights request JSON '"+string(data)+"': "+f.parse)
	default:
		req.fail(http.StatusBadRequest, "Failed to convert weights JSON array to protobuf '"+string(data)+"': "+f.convert)
	}
}
