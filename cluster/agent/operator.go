package agent

import (
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// serveOperatorAPI answers POST /api/v1 (slave/http.cpp: api, _api).
func (a *Agent) serveOperatorAPI(w http.ResponseWriter, r *http.Request) {
	if a.recovering(w) {
		return
	}
	if r.Method != http.MethodPost {
		methodNotAllowed(w, r, http.MethodPost)
		return
	}
	q := operatorRequest{w: w, r: r}
	var no *refusal
	if q.media, no = negotiate(r); no == nil {
		q.in, q.call, no = readFirst(w, r, q.media)
	}
	if no == nil {
		no = q.media.fits(q.call.GetType())
	}
	if no != nil {
		text(w, no.status, no.text)
		return
	}
	a.operate(q)
}

// operatorRequest is one call with the way to its caller.
type operatorRequest struct {
	w     http.ResponseWriter
	r     *http.Request
	call  *agent.Call
	media mediaTypes
	in    *callReader // further calls of a stream
}

// respond answers with a message. write, if it is there, writes what follows
// "type" in JSON: Mesos writes some answers by hand, with their empty lists.
func (q operatorRequest) respond(res *agent.Response, write func(*mesos.Encoder)) {
	if q.media.accept == mediaProtobuf {
		data, err := proto.Marshal(res)
		if err != nil {
			text(q.w, http.StatusInternalServerError, err.Error())
			return
		}
		answer(q.w, q.r, mediaProtobuf, data)
		return
	}
	var e mesos.Encoder
	if write == nil {
		message(&e, res)
	} else {
		e.BeginObject().Key("type").String(res.GetType().String())
		write(&e)
		e.EndObject()
	}
	answer(q.w, q.r, mediaJSON, e.Bytes())
}

// operate carries out a valid call.
func (a *Agent) operate(q operatorRequest) {
	switch q.call.GetType() {
	case agent.Call_GET_HEALTH:
		q.respond(&agent.Response{Type: agent.Response_GET_HEALTH.Enum(), GetHealth: &agent.Response_GetHealth{Healthy: proto.Bool(true)}}, nil)
	case agent.Call_GET_FLAGS:
		q.respond(&agent.Response{Type: agent.Response_GET_FLAGS.Enum(), GetFlags: &agent.Response_GetFlags{Flags: a.flagList()}}, nil)
	case agent.Call_GET_VERSION:
		q.respond(&agent.Response{Type: agent.Response_GET_VERSION.Enum(), GetVersion: &agent.Response_GetVersion{VersionInfo: versionInfo()}}, nil)
	case agent.Call_GET_METRICS:
		q.respond(&agent.Response{Type: agent.Response_GET_METRICS.Enum(), GetMetrics: &agent.Response_GetMetrics{Metrics: a.metricList()}}, nil)
	case agent.Call_GET_LOGGING_LEVEL:
		q.respond(&agent.Response{Type: agent.Response_GET_LOGGING_LEVEL.Enum(), GetLoggingLevel: &agent.Response_GetLoggingLevel{Level: proto.Uint32(a.level.Get())}}, nil)
	case agent.Call_SET_LOGGING_LEVEL:
		c := q.call.GetSetLoggingLevel()
		a.level.Set(c.GetLevel(), time.Duration(c.GetDuration().GetNanoseconds()))
		empty(q.w, http.StatusOK)
	case agent.Call_PRUNE_IMAGES:
		empty(q.w, http.StatusOK) // there is no image
	case agent.Call_LIST_FILES:
		a.listFiles(q)
	case agent.Call_READ_FILE:
		a.readFile(q)
	case agent.Call_GET_AGENT:
		q.respond(&agent.Response{Type: agent.Response_GET_AGENT.Enum(), GetAgent: a.agentView()}, nil)
	case agent.Call_GET_STATE, agent.Call_GET_TASKS, agent.Call_GET_EXECUTORS, agent.Call_GET_FRAMEWORKS:
		a.getState(q)
	case agent.Call_GET_CONTAINERS:
		a.getContainers(q)
	case agent.Call_GET_OPERATIONS:
		q.respond(&agent.Response{Type: agent.Response_GET_OPERATIONS.Enum(), GetOperations: &agent.Response_GetOperations{Operations: a.operationList()}}, nil)
	case agent.Call_GET_RESOURCE_PROVIDERS:
		q.respond(&agent.Response{Type: agent.Response_GET_RESOURCE_PROVIDERS.Enum(), GetResourceProviders: &agent.Response_GetResourceProviders{}}, nil)
	case agent.Call_ADD_RESOURCE_PROVIDER_CONFIG, agent.Call_UPDATE_RESOURCE_PROVIDER_CONFIG,
		agent.Call_REMOVE_RESOURCE_PROVIDER_CONFIG, agent.Call_MARK_RESOURCE_PROVIDER_GONE:
		a.operateProvider(q)
	default:
		a.operateContainer(q)
	}
}

func (a *Agent) flagList() []*v1.Flag {
	flags := a.flags()
	var list []*v1.Flag
	for _, name := range sortedKeys(flags) {
		list = append(list, &v1.Flag{Name: proto.String(name), Value: proto.String(flags[name])})
	}
	return list
}

func (a *Agent) metricList() []*v1.Metric {
	metrics := a.metrics()
	var list []*v1.Metric
	for _, name := range sortedKeys(metrics) {
		list = append(list, &v1.Metric{Name: proto.String(name), Value: proto.Float64(metrics[name])})
	}
	return list
}

func versionInfo() *v1.VersionInfo {
	return &v1.VersionInfo{Version: proto.String(Version), BuildDate: proto.String(link.BuildDate), BuildTime: proto.Float64(link.BuildTime),
		BuildUser: proto.String(link.BuildUser), GitSha: proto.String(link.GitSHA)}
}

func (a *Agent) agentView() *agent.Response_GetAgent {
	info := proto.CloneOf(a.opts.Info)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id != "" {
		info.Id = &v1.AgentID{Value: proto.String(a.id)}
	}
	view := &agent.Response_GetAgent{AgentInfo: info, DrainConfig: a.drain}
	if a.drain != nil {
		view.EstimatedDrainStartTime = &v1.TimeInfo{Nanoseconds: proto.Int64(a.drainStart.Truncate(time.Second).UnixNano())}
	}
	return view
}

func (a *Agent) operationList() []*v1.Operation {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []*v1.Operation
	for _, op := range a.operations.pending {
		list = append(list, &v1.Operation{FrameworkId: &v1.FrameworkID{Value: proto.String(op.framework)},
			AgentId: &v1.AgentID{Value: proto.String(a.id)}, Info: op.info, LatestStatus: op.status,
			Statuses: []*v1.OperationStatus{op.status}, Uuid: &v1.UUID{Value: op.uuid}})
	}
	return list
}

func (a *Agent) getContainers(q operatorRequest) {
	c := q.call.GetGetContainers()
	res := &agent.Response_GetContainers{}
	for _, v := range a.containers(shown{nested: c.GetShowNested(), standalone: c.GetShowStandalone()}) {
		// The status has the parents of an id; Mesos leaves them out here.
		one := &agent.Response_GetContainers_Container{ContainerId: &v1.ContainerID{Value: v.id.Value},
			ContainerStatus: v.status(), ResourceStatistics: v.statistics()}
		if v.framework != "" {
			one.FrameworkId = &v1.FrameworkID{Value: proto.String(v.framework)}
			one.ExecutorId = &v1.ExecutorID{Value: proto.String(v.executor)}
			one.ExecutorName = proto.String(v.name)
		}
		res.Containers = append(res.Containers, one)
	}
	q.respond(&agent.Response{Type: agent.Response_GET_CONTAINERS.Enum(), GetContainers: res}, nil)
}

// listFiles and readFile are /files/browse and /files/read as calls.
func (a *Agent) listFiles(q operatorRequest) {
	list, err := a.browse(q.call.GetListFiles().GetPath())
	if err != nil {
		refusePath(q.w, err)
		return
	}
	res := &agent.Response_ListFiles{}
	for _, f := range list {
		info := &v1.FileInfo{Path: proto.String(f.path), Nlink: proto.Int32(int32(f.nlink)), Size: proto.Uint64(f.size),
			Mtime: &v1.TimeInfo{Nanoseconds: proto.Int64(f.info.ModTime().Truncate(time.Second).UnixNano())},
			Mode:  proto.Uint32(rawMode(f.info)), Uid: proto.String(f.uid), Gid: proto.String(f.gid)}
		res.FileInfos = append(res.FileInfos, info)
	}
	q.respond(&agent.Response{Type: agent.Response_LIST_FILES.Enum(), ListFiles: res}, nil)
}

func (a *Agent) readFile(q operatorRequest) {
	c := q.call.GetReadFile()
	length := int64(-1)
	if c.Length != nil {
		length = int64(min(c.GetLength(), 1<<62))
	}
	data, size, err := a.readAt(c.GetPath(), int64(min(c.GetOffset(), 1<<62)), length)
	if err != nil {
		refusePath(q.w, err)
		return
	}
	if data == nil {
		data = []byte{}
	}
	q.respond(&agent.Response{Type: agent.Response_READ_FILE.Enum(), ReadFile: &agent.Response_ReadFile{Size: proto.Uint64(uint64(size)), Data: data}}, nil)
}
