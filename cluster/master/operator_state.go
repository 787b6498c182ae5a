package master

import (
	"bytes"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// The answers of GET_STATE and its parts. Mesos writes their JSON by hand:
// lists are there even when they are empty.

// tasksMessageLocked has the tasks of frameworks that are over for JSON alone:
// in protobuf Mesos leaves them out, by a condition that is the wrong way round
// (readonly_handler.cpp: serializeGetTasks).
func (m *Master) tasksMessageLocked(protobuf bool) *masterv1.Response_GetTasks {
	ended := m.completed.all()
	if protobuf {
		ended = nil
	}
	out := &masterv1.Response_GetTasks{}
	for _, fw := range m.sortedFrameworksLocked() {
		for _, t := range fw.sortedTasks() {
			out.Tasks = append(out.Tasks, t.message())
		}
	}
	for _, fw := range append(m.sortedFrameworksLocked(), ended...) {
		for _, t := range fw.unreachable.all() {
			out.UnreachableTasks = append(out.UnreachableTasks, t.message())
		}
		for _, t := range fw.completed.all() {
			out.CompletedTasks = append(out.CompletedTasks, t.message())
		}
	}
	return out
}

func (m *Master) executorsMessageLocked() *masterv1.Response_GetExecutors {
	out := &masterv1.Response_GetExecutors{}
	for _, ag := range m.sortedAgentsLocked() {
		for _, key := range ag.sortedExecutors() {
			out.Executors = append(out.Executors, &masterv1.Response_GetExecutors_Executor{ExecutorInfo: ag.executors[key].info, AgentId: agentID(ag.id)})
		}
	}
	return out
}

func (m *Master) frameworksMessageLocked() *masterv1.Response_GetFrameworks {
	out := &masterv1.Response_GetFrameworks{}
	for _, fw := range m.sortedFrameworksLocked() {
		out.Frameworks = append(out.Frameworks, m.frameworkMessageLocked(fw))
	}
	for _, fw := range m.completed.all() {
		out.CompletedFrameworks = append(out.CompletedFrameworks, m.frameworkMessageLocked(fw))
	}
	return out
}

func (m *Master) agentsMessageLocked() *masterv1.Response_GetAgents {
	out := &masterv1.Response_GetAgents{}
	for _, ag := range m.sortedAgentsLocked() {
		out.Agents = append(out.Agents, ag.message())
	}
	out.RecoveredAgents = m.recoveredInfosLocked()
	return out
}

func (m *Master) stateMessageLocked(protobuf bool) *masterv1.Response_GetState {
	return &masterv1.Response_GetState{
		GetTasks: m.tasksMessageLocked(protobuf), GetExecutors: m.executorsMessageLocked(),
		GetFrameworks: m.frameworksMessageLocked(), GetAgents: m.agentsMessageLocked(),
	}
}

// responseJSON is the JSON of an operator's answer.
func responseJSON(r *masterv1.Response) ([]byte, error) {
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	e.Key("type").String(r.GetType().String())
	var err error
	switch {
	case r.GetTasks != nil:
		err = writeTasks(e.Key("get_tasks"), r.GetTasks)
	case r.GetExecutors != nil:
		err = writeExecutors(e.Key("get_executors"), r.GetExecutors)
	case r.GetFrameworks != nil:
		err = writeFrameworks(e.Key("get_frameworks"), r.GetFrameworks)
	case r.GetAgents != nil:
		err = writeAgents(e.Key("get_agents"), r.GetAgents)
	case r.GetState != nil:
		err = writeState(e.Key("get_state"), r.GetState)
	default:
		return mesos.Marshal(r)
	}
	e.EndObject()
	return e.Bytes(), err
}

// subscribedJSON is the first event of an operator's stream.
func subscribedJSON(s *masterv1.Response_GetState) ([]byte, error) {
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	e.Key("type").String("SUBSCRIBED")
	e.Key("subscribed").BeginObject()
	err := writeState(e.Key("get_state"), s)
	e.Key("heartbeat_interval_seconds").Double(heartbeatInterval.Seconds())
	e.EndObject()
	e.EndObject()
	return e.Bytes(), err
}

func writeState(e *mesos.Encoder, s *masterv1.Response_GetState) error {
	e.BeginObject()
	defer e.EndObject()
	return firstError(
		func() error { return writeTasks(e.Key("get_tasks"), s.GetTasks) },
		func() error { return writeExecutors(e.Key("get_executors"), s.GetExecutors) },
		func() error { return writeFrameworks(e.Key("get_frameworks"), s.GetFrameworks) },
		func() error { return writeAgents(e.Key("get_agents"), s.GetAgents) },
	)
}

func writeTasks(e *mesos.Encoder, t *masterv1.Response_GetTasks) error {
	e.BeginObject()
	defer e.EndObject()
	return firstError(
		func() error { return writeList(e.Key("tasks"), t.Tasks) },
		func() error { return writeList(e.Key("unreachable_tasks"), t.UnreachableTasks) },
		func() error { return writeList(e.Key("completed_tasks"), t.CompletedTasks) },
	)
}

func writeExecutors(e *mesos.Encoder, x *masterv1.Response_GetExecutors) error {
	e.BeginObject()
	defer e.EndObject()
	return writeList(e.Key("executors"), x.Executors)
}

func writeFrameworks(e *mesos.Encoder, f *masterv1.Response_GetFrameworks) error {
	e.BeginObject()
	defer e.EndObject()
	return firstError(
		func() error { return writeList(e.Key("frameworks"), f.Frameworks) },
		func() error { return writeList(e.Key("completed_frameworks"), f.CompletedFrameworks) },
	)
}

func writeAgents(e *mesos.Encoder, a *masterv1.Response_GetAgents) error {
	e.BeginObject()
	defer e.EndObject()
	e.Key("agents").BeginArray()
	for _, ag := range a.Agents {
		data, err := agentJSON(ag)
		if err != nil {
			return err
		}
		e.Raw(data)
	}
	e.EndArray()
	e.Key("recovered_agents").BeginArray()
	for _, info := range a.RecoveredAgents {
		writeAgentInfo(e, info)
	}
	e.EndArray()
	return e.Err()
}

// writeAgentInfo writes the "checkpoint" too that v1 dropped.
func writeAgentInfo(e *mesos.Encoder, info *v1.AgentInfo) {
	e.BeginObject()
	_ = e.Members(info) // the encoder keeps the error
	e.Key("checkpoint").Bool(true)
	e.EndObject()
}

// agentJSON has a "checkpoint" in agent_info that v1 dropped: Mesos writes it
// from its internal message.
func agentJSON(ag *masterv1.Response_GetAgents_Agent) ([]byte, error) {
	whole, err := mesos.Marshal(ag)
	if err != nil {
		return nil, err
	}
	info, err := mesos.Marshal(ag.AgentInfo)
	if err != nil || len(info) < 3 {
		return whole, err
	}
	with := append(info[:len(info)-1:len(info)-1], `,"checkpoint":true}`...)
	return bytes.Replace(whole, info, with, 1), nil
}

func writeList[M proto.Message](e *mesos.Encoder, list []M) error {
	e.BeginArray()
	for _, msg := range list {
		data, err := mesos.Marshal(msg)
		if err != nil {
			return err
		}
		e.Raw(data)
	}
	e.EndArray()
	return nil
}
