package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// reply is what an operator's call comes to: a response, or a status with or
// without a text.
type reply struct {
	response *masterv1.Response
	status   int
	text     string
}

func done() reply                           { return reply{status: http.StatusOK} }
func answer(r *masterv1.Response) reply     { return reply{response: r, status: http.StatusOK} }
func refused(status int, text string) reply { return reply{status: status, text: text} }

// serveOperator answers POST /api/v1 (master/http.cpp:197-446).
func (m *Master) serveOperator(req *request) {
	call := &masterv1.Call{}
	if !m.readCall(req, call) {
		return
	}
	if err := validateOperatorCall(call); err != nil {
		req.fail(http.StatusBadRequest, "Failed to validate master::Call: "+err.Error())
		return
	}
	protobuf, ok := answerType(req)
	if !ok {
		return
	}
	if call.GetType() == masterv1.Call_SUBSCRIBE {
		m.serveOperatorStream(req, protobuf)
		return
	}
	m.answerOperator(req, protobuf, m.stored(req.r.Context(), func() reply { return m.doOperator(call, req.principal, protobuf) }))
}

func (m *Master) answerOperator(req *request, protobuf bool, r reply) {
	switch {
	case r.response == nil && r.text == "" && (r.status < 400 || r.status == http.StatusNotFound):
		if r.status == http.StatusNotFound {
			req.text(r.status, "")
			return
		}
		req.empty(r.status)
	case r.response == nil:
		req.fail(r.status, r.text)
	case protobuf:
		data, err := proto.MarshalOptions{AllowPartial: true}.Marshal(r.response)
		m.answerBytes(req, mediaProtobuf, data, err)
	default:
		data, err := responseJSON(r.response)
		m.answerBytes(req, mediaJSON, data, err)
	}
}

func (m *Master) answerBytes(req *request, media string, data []byte, err error) {
	if err != nil {
		m.warnf("Failed to write an answer: %s", err)
		req.fail(http.StatusInternalServerError, "")
		return
	}
	req.body(http.StatusOK, media, data)
}

// validateOperatorCall says what a call lacks (master/validation.cpp:91-318).
func validateOperatorCall(c *masterv1.Call) error {
	if c.Type == nil {
		return errors.New("Expecting 'type' to be present")
	}
	name := strings.ToLower(c.GetType().String())
	if c.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(name)) == nil {
		return nil // a call without a body
	}
	if err := hasField(c.ProtoReflect(), name); err != nil {
		return err
	}
	switch c.GetType() {
	case masterv1.Call_RESERVE_RESOURCES:
		return resources.Validate(c.GetReserveResources().GetResources())
	case masterv1.Call_UNRESERVE_RESOURCES:
		return resources.Validate(c.GetUnreserveResources().GetResources())
	case masterv1.Call_GROW_VOLUME:
		return needsAgent(c.GetGrowVolume().AgentId)
	case masterv1.Call_SHRINK_VOLUME:
		return needsAgent(c.GetShrinkVolume().AgentId)
	}
	return nil
}

func needsAgent(id *v1.AgentID) error {
	if id == nil {
		return errors.New("Expecting 'agent_id' to be present; only agent default resources are supported right now")
	}
	return nil
}

func (m *Master) serveOperatorStream(req *request, protobuf bool) {
	s := newStream("", protobuf, m.opts.MaxQueue)
	m.serveStream(req, s, operatorBeat(), func() { m.subscribeOperator(s) }, func() { m.operatorLeft(s) })
}

func (m *Master) subscribeOperator(s *stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		s.finish()
		return
	}
	state := m.stateMessageLocked(s.protobuf)
	text, err := subscribedJSON(state)
	if err != nil {
		m.warnf("Failed to write the state for a subscriber: %s", err)
	}
	s.send(&jsonEvent{json: text, Message: &masterv1.Event{Type: masterv1.Event_SUBSCRIBED.Enum(), Subscribed: &masterv1.Event_Subscribed{
		GetState: state, HeartbeatIntervalSeconds: proto.Float64(heartbeatInterval.Seconds()),
	}}})
	s.send(operatorBeat())
	if len(m.operators) >= m.opts.MaxOperatorSubscribers {
		m.operators[0].finish()
		m.operators = m.operators[1:]
	}
	m.operators = append(m.operators, s)
}

func (m *Master) operatorLeft(s *stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.operators = slices.DeleteFunc(m.operators, func(x *stream) bool { return x == s })
}

// doOperator does what an operator's call asks for.
func (m *Master) doOperator(c *masterv1.Call, principal string, protobuf bool) reply {
	if r, ok := m.readFiles(c); ok {
		return r
	}
	if c.GetType() == masterv1.Call_GET_METRICS {
		return m.metricsReply()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.getLocked(c.GetType(), protobuf); ok {
		return r
	}
	if r, ok := m.changeAgentLocked(c); ok {
		return r
	}
	if r, ok := m.changeResourcesLocked(c, principal); ok {
		return r
	}
	return m.changeClusterLocked(c)
}

// getLocked answers the calls that only look.
func (m *Master) getLocked(t masterv1.Call_Type, protobuf bool) (reply, bool) {
	r := &masterv1.Response{}
	switch t {
	case masterv1.Call_GET_HEALTH:
		r.GetHealth = &masterv1.Response_GetHealth{Healthy: proto.Bool(true)}
	case masterv1.Call_GET_FLAGS:
		r.GetFlags = m.flagsMessage()
	case masterv1.Call_GET_VERSION:
		r.GetVersion = &masterv1.Response_GetVersion{VersionInfo: versionInfo()}
	case masterv1.Call_GET_LOGGING_LEVEL:
		r.GetLoggingLevel = &masterv1.Response_GetLoggingLevel{Level: proto.Uint32(m.level.Get())}
	case masterv1.Call_GET_MASTER:
		r.GetMaster = &masterv1.Response_GetMaster{MasterInfo: m.info, StartTime: proto.Float64(seconds(m.started)), ElectedTime: proto.Float64(seconds(m.elected))}
	case masterv1.Call_GET_STATE:
		r.GetState = m.stateMessageLocked(protobuf)
	case masterv1.Call_GET_TASKS:
		r.GetTasks = m.tasksMessageLocked(protobuf)
	case masterv1.Call_GET_AGENTS:
		r.GetAgents = m.agentsMessageLocked()
	case masterv1.Call_GET_FRAMEWORKS:
		r.GetFrameworks = m.frameworksMessageLocked()
	case masterv1.Call_GET_EXECUTORS:
		r.GetExecutors = m.executorsMessageLocked()
	case masterv1.Call_GET_OPERATIONS:
		r.GetOperations = m.operationsMessageLocked()
	case masterv1.Call_GET_ROLES:
		r.GetRoles = m.rolesMessageLocked()
	case masterv1.Call_GET_WEIGHTS:
		r.GetWeights = m.weightsMessageLocked()
	case masterv1.Call_GET_QUOTA:
		r.GetQuota = &masterv1.Response_GetQuota{Status: m.quotaMessageLocked()}
	case masterv1.Call_GET_MAINTENANCE_STATUS:
		r.GetMaintenanceStatus = &masterv1.Response_GetMaintenanceStatus{Status: m.maintenanceStatusLocked()}
	case masterv1.Call_GET_MAINTENANCE_SCHEDULE:
		r.GetMaintenanceSchedule = &masterv1.Response_GetMaintenanceSchedule{Schedule: m.machines.schedule()}
	default:
		return reply{}, false
	}
	n := masterv1.Response_Type(masterv1.Response_Type_value[t.String()])
	r.Type = n.Enum()
	return answer(r), true
}

func (m *Master) operationsMessageLocked() *masterv1.Response_GetOperations {
	out := &masterv1.Response_GetOperations{}
	for _, ag := range m.sortedAgentsLocked() {
		for _, op := range ag.operations {
			out.Operations = append(out.Operations, proto.CloneOf(op.proto))
		}
	}
	return out
}

// changeAgentLocked does what concerns one agent.
func (m *Master) changeAgentLocked(c *masterv1.Call) (reply, bool) {
	switch c.GetType() {
	case masterv1.Call_MARK_AGENT_GONE:
		return m.goneLocked(c.GetMarkAgentGone().GetAgentId().GetValue()), true
	case masterv1.Call_DRAIN_AGENT:
		return m.drainLocked(c.GetDrainAgent()), true
	case masterv1.Call_DEACTIVATE_AGENT:
		return m.deactivateLocked(c.GetDeactivateAgent().GetAgentId().GetValue()), true
	case masterv1.Call_REACTIVATE_AGENT:
		return m.reactivateLocked(c.GetReactivateAgent().GetAgentId().GetValue()), true
	}
	return reply{}, false
}

func (m *Master) goneLocked(id string) reply {
	ag := m.agents[id]
	_, lost := m.unreachable[id]
	_, recovered := m.recovered[id]
	switch {
	case m.gone[id] != nil:
	case ag != nil:
		m.markGoneLocked(ag)
	case lost || recovered:
		m.gone[id] = timeInfo(time.Now())
		delete(m.unreachable, id)
		delete(m.recovered, id)
		m.saveLocked()
	default:
		return refused(http.StatusNotFound, "Agent '"+id+"' not found")
	}
	return done()
}

// changeClusterLocked does what concerns frameworks, roles and machines.
func (m *Master) changeClusterLocked(c *masterv1.Call) reply {
	switch c.GetType() {
	case masterv1.Call_TEARDOWN:
		return m.tearDownLocked(c.GetTeardown().GetFrameworkId().GetValue())
	case masterv1.Call_SET_LOGGING_LEVEL:
		b := c.GetSetLoggingLevel()
		m.level.Set(b.GetLevel(), time.Duration(b.GetDuration().GetNanoseconds()))
		return done()
	case masterv1.Call_UPDATE_WEIGHTS:
		return m.updateWeightsLocked(c.GetUpdateWeights().GetWeightInfos())
	case masterv1.Call_UPDATE_QUOTA:
		return m.updateQuotaLocked(c.GetUpdateQuota().GetQuotaConfigs(), c.GetUpdateQuota().GetForce())
	case masterv1.Call_SET_QUOTA:
		return m.setQuotaLocked(c.GetSetQuota().GetQuotaRequest())
	case masterv1.Call_REMOVE_QUOTA:
		return m.removeQuotaLocked(c.GetRemoveQuota().GetRole())
	case masterv1.Call_UPDATE_MAINTENANCE_SCHEDULE:
		return m.updateScheduleLocked(c.GetUpdateMaintenanceSchedule().GetSchedule())
	case masterv1.Call_START_MAINTENANCE:
		return m.machinesDownLocked(c.GetStartMaintenance().GetMachines())
	case masterv1.Call_STOP_MAINTENANCE:
		return m.machinesUpLocked(c.GetStopMaintenance().GetMachines())
	}
	return refused(http.StatusNotImplemented, "")
}

func (m *Master) tearDownLocked(id string) reply {
	fw := m.frameworks[id]
	if fw == nil {
		return refused(http.StatusBadRequest, "No framework found with specified ID")
	}
	m.removeFrameworkLocked(fw)
	return done()
}

func versionInfo() *v1.VersionInfo {
	return &v1.VersionInfo{
		Version: proto.String(link.Version), BuildDate: proto.String(link.BuildDate),
		BuildTime: proto.Float64(link.BuildTime), BuildUser: proto.String(link.BuildUser), GitSha: proto.String(link.GitSHA),
	}
}
