package agent

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/internal/simtime"
	"mesosbook/mesos/recordio"
	v1 "mesosbook/mesos/v1"
)

func healthCheck(command string, failures uint32) func(*v1.TaskInfo) {
	return func(t *v1.TaskInfo) {
		t.HealthCheck = &v1.HealthCheck{Type: v1.HealthCheck_COMMAND.Enum(), Command: &v1.CommandInfo{Value: proto.String(command)},
			DelaySeconds: proto.Float64(0), IntervalSeconds: proto.Float64(0.01), GracePeriodSeconds: proto.Float64(0), ConsecutiveFailures: proto.Uint32(failures)}
	}
}

func TestHealthCheck(t *testing.T) {
	_, m := startAgent(t)
	m.run(taskInfo("well", "exec sleep 1000", healthCheck("exit 0", 3)))
	m.until(t, "well", v1.TaskState_TASK_RUNNING)
	s := m.until(t, "well", v1.TaskState_TASK_RUNNING)[0].Status
	if s.GetReason() != v1.TaskStatus_REASON_TASK_HEALTH_CHECK_STATUS_UPDATED || !s.GetHealthy() {
		t.Errorf("got %v", s)
	}
	m.run(taskInfo("ill", "exec sleep 1000", healthCheck("test $(($(cat n || echo 0))) -lt 1 && echo 1 > n", 2)))
	all := m.until(t, "ill", v1.TaskState_TASK_KILLED)
	var told []string
	for _, u := range all {
		told = append(told, fmt.Sprintf("%s %t", strings.TrimPrefix(u.Status.GetState().String(), "TASK_"), u.Status.GetHealthy()))
	}
	if got, want := strings.Join(told, ", "), "STARTING false, RUNNING false, RUNNING true, RUNNING false, RUNNING false, KILLED false"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if last := all[len(all)-1].Status; last.Healthy == nil || last.Reason != nil {
		t.Errorf("last %v, want healthy false and no reason", last)
	}
}

func TestChecks(t *testing.T) {
	_, m := startAgent(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer server.Close()
	port := uint32(server.Listener.Addr().(*net.TCPAddr).Port)
	check := func(c *v1.CheckInfo) func(*v1.TaskInfo) {
		c.DelaySeconds, c.IntervalSeconds = proto.Float64(0), proto.Float64(0.01)
		return func(t *v1.TaskInfo) { t.Check = c }
	}
	for id, c := range map[string]struct {
		check func(*v1.TaskInfo)
		want  *v1.CheckStatusInfo
	}{
		"command": {check(&v1.CheckInfo{Type: v1.CheckInfo_COMMAND.Enum(), Command: &v1.CheckInfo_Command{Command: &v1.CommandInfo{Value: proto.String("exit 7")}}}),
			&v1.CheckStatusInfo{Type: v1.CheckInfo_COMMAND.Enum(), Command: &v1.CheckStatusInfo_Command{ExitCode: proto.Int32(7)}}},
		"http": {check(&v1.CheckInfo{Type: v1.CheckInfo_HTTP.Enum(), Http: &v1.CheckInfo_Http{Port: proto.Uint32(port), Path: proto.String("/x")}}),
			&v1.CheckStatusInfo{Type: v1.CheckInfo_HTTP.Enum(), Http: &v1.CheckStatusInfo_Http{StatusCode: proto.Uint32(418)}}},
		"tcp": {check(&v1.CheckInfo{Type: v1.CheckInfo_TCP.Enum(), Tcp: &v1.CheckInfo_Tcp{Port: proto.Uint32(port)}}),
			&v1.CheckStatusInfo{Type: v1.CheckInfo_TCP.Enum(), Tcp: &v1.CheckStatusInfo_Tcp{Succeeded: proto.Bool(true)}}},
	} {
		m.run(taskInfo(id, "exec sleep 1000", c.check))
		first := m.until(t, id, v1.TaskState_TASK_STARTING)[0].Status
		if first.CheckStatus == nil || first.CheckStatus.GetType() != c.want.GetType() || proto.Equal(first.CheckStatus, c.want) {
			t.Errorf("%s: first status %v, want an empty result", id, first.CheckStatus)
		}
		m.until(t, id, v1.TaskState_TASK_RUNNING)
		s := m.until(t, id, v1.TaskState_TASK_RUNNING)[0].Status
		if s.GetReason() != v1.TaskStatus_REASON_TASK_CHECK_STATUS_UPDATED || !proto.Equal(s.CheckStatus, c.want) {
			t.Errorf("%s: got %v, want %v", id, s, c.want)
		}
	}
}

func executorInfo(id string, kind v1.ExecutorInfo_Type, command *v1.CommandInfo) *v1.ExecutorInfo {
	return &v1.ExecutorInfo{ExecutorId: &v1.ExecutorID{Value: proto.String(id)}, FrameworkId: &v1.FrameworkID{Value: proto.String(frameworkID)},
		Type: kind.Enum(), Command: command}
}

func TestTaskGroup(t *testing.T) {
	a, m := startAgent(t)
	m.send(&link.Run{Framework: frameworkInfo(), Group: true, Executor: executorInfo("pod", v1.ExecutorInfo_DEFAULT, nil),
		Tasks: []*v1.TaskInfo{taskInfo("ok", "echo $MESOS_CONTAINER_IP"), taskInfo("bad", "while [ ! -e ../../go ]; do sleep 0.01; done; exit 3"), taskInfo("long", "exec sleep 1000")}})
	states := map[string]string{}
	messages := map[string]string{}
	ids := map[string]bool{}
	for len(messages) < 3 {
		s := next[*link.StatusUpdate](t, m).Status
		id := s.GetTaskId().GetValue()
		states[id] += " " + strings.TrimPrefix(s.GetState().String(), "TASK_")
		if isTerminal(s.GetState()) {
			messages[id] = s.GetMessage()
		}
		if id == "ok" && isTerminal(s.GetState()) {
			if err := os.WriteFile(filepath.Join(sandboxOf(a, "pod"), "go"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if s.GetContainerStatus().GetContainerId().GetParent().GetValue() == "" || s.GetExecutorId().GetValue() != "pod" {
			t.Errorf("%s: %v has no nested container of the executor", id, s)
		}
		if cs, there := s.GetContainerStatus(), s.GetState() == v1.TaskState_TASK_RUNNING; (len(cs.NetworkInfos) > 0) != there || (cs.ExecutorPid != nil) != there {
			t.Errorf("%s %s: the agent tells of a container which is not there, or nothing of one that is: %v", id, s.GetState(), cs)
		}
		ids[s.GetContainerStatus().GetContainerId().GetValue()] = true
	}
	exited := next[*link.ExecutorExited](t, m)
	if exited.ExecutorID != "pod" || exited.Status != 0 {
		t.Errorf("got %+v", exited)
	}
	for id, want := range map[string]string{"ok": " STARTING RUNNING FINISHED", "bad": " STARTING RUNNING FAILED", "long": " STARTING RUNNING KILLED"} {
		if states[id] != want {
			t.Errorf("%s: %s, want %s", id, states[id], want)
		}
	}
	if messages["long"] != "Command terminated with signal Terminated" || messages["bad"] != "Command exited with status 3" || len(ids) != 3 {
		t.Errorf("messages %v, containers %v", messages, ids)
	}
	w := ask(a, "GET", "/files/read?offset=0&path=/frameworks/"+frameworkID+"/executors/pod/runs/latest/tasks/ok/stdout", "")
	if w.Body.String() != `{"data":"127.0.0.1\n","offset":0}` {
		t.Errorf("sandbox of a member: %d %s", w.Code, w.Body)
	}
}

// A framework hears of the last task of a group before it hears of the executor's
// end, which Mesos' agent looks for ten times a second.
func TestDefaultExecutorEndsAfterItsLastTask(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		_, m := startAgent(t, func(o *Options) { o.Simulate = true })
		m.send(&link.Run{Framework: frameworkInfo(), Group: true, Executor: executorInfo("pod", v1.ExecutorInfo_DEFAULT, nil), Tasks: []*v1.TaskInfo{taskInfo("t", "exit 0")}})
		m.until(t, "t", v1.TaskState_TASK_FINISHED)
		last := time.Now()
		next[*link.ExecutorExited](t, m)
		if got := time.Since(last); got != reapInterval {
			t.Errorf("the executor ended %s after its last task, want %s", got, reapInterval)
		}
	})
}

func TestGroupIsKilledWithOneOfItsTasks(t *testing.T) {
	_, m := startAgent(t)
	m.send(&link.Run{Framework: frameworkInfo(), Group: true, Executor: executorInfo("pod", v1.ExecutorInfo_DEFAULT, nil),
		Tasks: []*v1.TaskInfo{taskInfo("a", "exec sleep 1000"), taskInfo("b", "exec sleep 1000")}})
	running, ended := map[string]bool{}, map[string]bool{}
	for len(ended) < 2 {
		s := next[*link.StatusUpdate](t, m).Status
		id := s.GetTaskId().GetValue()
		switch s.GetState() {
		case v1.TaskState_TASK_RUNNING:
			if running[id] = true; len(running) == 2 {
				m.send(&link.Kill{FrameworkID: frameworkID, TaskID: "a"})
			}
		case v1.TaskState_TASK_KILLED:
			ended[id] = true
		}
	}
}

// What a task in a group sees: its own environment alone, and a stderr of its own;
// the default executor writes to the stderr of its sandbox.
func TestTaskInGroupFromInside(t *testing.T) {
	a, m := startAgent(t)
	pod := executorInfo("pod", v1.ExecutorInfo_DEFAULT, nil)
	m.send(&link.Run{Framework: frameworkInfo(), Group: true, Executor: pod, Tasks: []*v1.TaskInfo{
		taskInfo("env", "env; echo mine >&2", func(i *v1.TaskInfo) {
			i.Command.Environment = &v1.Environment{Variables: []*v1.Environment_Variable{{Name: proto.String("A"), Value: proto.String("b")}}}
		})}})
	m.until(t, "env", v1.TaskState_TASK_FINISHED)
	next[*link.ExecutorExited](t, m)
	dir, err := filepath.EvalSymlinks(sandboxOf(a, "pod"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := filepath.EvalSymlinks(filepath.Join(dir, "tasks", "env"))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, own, "stderr"); got != "mine\n" {
		t.Errorf("stderr of the task: %q", got)
	}
	names := map[string]bool{}
	for _, line := range strings.Fields(read(t, own, "stdout")) {
		name, _, _ := strings.Cut(line, "=")
		names[name] = true
	}
	for _, shell := range []string{"PWD", "_", "SHLVL", "OLDPWD"} {
		delete(names, shell)
	}
	if got := strings.Join(sortedKeys(names), " "); got != "A MESOS_ALLOCATION_ROLE MESOS_CONTAINER_IP MESOS_SANDBOX PATH" {
		t.Errorf("environment of the task: %s", got)
	}
	log := read(t, dir, "stderr")
	for _, want := range []string{"default_executor.cpp:205] Received LAUNCH_GROUP event\n", "Setting 'MESOS_CONTAINER_IP' to: 127.0.0.1\n",
		"Finished launching tasks [ env ] in child containers [ ", " of task 'env' completed in state TASK_FINISHED: Command exited with status 0\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("the executor's log lacks %q:\n%s", want, log)
		}
	}
}

// A group is killed within the default time, whatever the tasks' own policies, and
// a kill of a task cannot be shortened.
func TestGroupIgnoresKillPolicies(t *testing.T) {
	a, m := startAgent(t, func(o *Options) { o.KillGrace = 100 * time.Millisecond })
	m.send(&link.Run{Framework: frameworkInfo(), Group: true, Executor: executorInfo("pod", v1.ExecutorInfo_DEFAULT, nil), Tasks: []*v1.TaskInfo{
		taskInfo("bad", "while [ ! -e ../../up ]; do sleep 0.01; done; exit 1"),
		taskInfo("deaf", "trap '' TERM; touch ../../up; while :; do sleep 0.01; done", withPolicy(time.Hour))}})
	ends := map[string]*v1.TaskStatus{}
	for len(ends) < 2 {
		if s := next[*link.StatusUpdate](t, m).Status; isTerminal(s.GetState()) {
			ends[s.GetTaskId().GetValue()] = s
		}
	}
	if s := ends["deaf"]; s.GetState() != v1.TaskState_TASK_KILLED || s.GetMessage() != "Command terminated with signal Killed" {
		t.Errorf("deaf: %v", s)
	}
	next[*link.ExecutorExited](t, m)
	log := read(t, sandboxOf(a, "pod"), "stderr")
	if strings.Count(log, "Killing task group containing tasks [ bad, deaf ]") != 1 || !strings.Contains(log, "did not terminate after 100ms, sending SIGKILL to the container") {
		t.Errorf("log of the executor:\n%s", log)
	}
}

func TestGroupIsKilledWithOneThatCannotBeLaunched(t *testing.T) {
	_, m := startAgent(t)
	m.pod(taskInfo("none", "exit 0", func(i *v1.TaskInfo) {
		i.Container = &v1.ContainerInfo{Type: v1.ContainerInfo_MESOS.Enum(), Mesos: &v1.ContainerInfo_MesosInfo{Image: &v1.Image{Type: v1.Image_DOCKER.Enum(), Docker: &v1.Image_Docker{Name: proto.String("x")}}}}
	}), taskInfo("other", "exec sleep 1000"))
	ends := map[string]*v1.TaskStatus{}
	for len(ends) < 2 {
		if s := next[*link.StatusUpdate](t, m).Status; isTerminal(s.GetState()) {
			ends[s.GetTaskId().GetValue()] = s
		}
	}
	if s := ends["none"]; s.GetState() != v1.TaskState_TASK_FAILED || s.Reason != nil || s.GetMessage() != "Unsupported container image type: DOCKER" {
		t.Errorf("none: %v", s)
	}
	if s := ends["other"]; s.GetState() != v1.TaskState_TASK_KILLED {
		t.Errorf("other: %v", s)
	}
}

// customTask runs a task on a framework's own executor. Its process only waits;
// the tests speak for it over HTTP.
func (m *fakeMaster) customTask(command string) {
	task := taskInfo("job", "")
	task.Command = nil
	task.Executor = executorInfo("mine", v1.ExecutorInfo_CUSTOM, &v1.CommandInfo{Value: proto.String(command)})
	m.send(&link.Run{Framework: frameworkInfo(), Executor: task.Executor, Tasks: []*v1.TaskInfo{task}})
}

// subscription is an executor's event stream.
type subscription struct {
	t    *testing.T
	body io.ReadCloser
	in   *recordio.Reader
}

func (s *subscription) next(kind string) map[string]any {
	s.t.Helper()
	for {
		record, err := s.in.ReadRecord(nil)
		if err != nil {
			s.t.Fatalf("no %s: %v", kind, err)
		}
		var e map[string]any
		if err := json.Unmarshal(record, &e); err != nil {
			s.t.Fatal(err)
		}
		if e["type"] == kind {
			return e
		}
	}
}

const mineCall = `{"executor_id":{"value":"mine"},"framework_id":{"value":"` + frameworkID + `"},`

func subscribeExecutor(t *testing.T, url string) *subscription {
	t.Helper()
	var res *http.Response
	eventually(t, "subscription", func() bool { // as soon as the process is started
		var err error
		res, err = http.Post(url, mediaJSON, strings.NewReader(mineCall+`"type":"SUBSCRIBE","subscribe":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 200 {
			res.Body.Close()
		}
		return res.StatusCode == 200
	})
	t.Cleanup(func() { res.Body.Close() })
	return &subscription{t, res.Body, recordio.NewReader(bufio.NewReader(res.Body), recordio.ReaderOptions{})}
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	res, err := http.Post(url, mediaJSON, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

func TestCustomExecutor(t *testing.T) {
	a, m := startAgent(t, func(o *Options) { o.ShutdownGrace = 100 * time.Millisecond })
	server := httptest.NewServer(a.Handler())
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
	}()
	url := server.URL + "/api/v1/executor"
	m.customTask("env > env.txt; touch up; exec sleep 1000")
	s := subscribeExecutor(t, url)
	hello := s.next("SUBSCRIBED")["subscribed"].(map[string]any)
	for _, key := range []string{"executor_info", "framework_info", "agent_info", "container_id"} {
		if hello[key] == nil {
			t.Errorf("SUBSCRIBED lacks %s", key)
		}
	}
	launch := s.next("LAUNCH")["launch"].(map[string]any)["task"].(map[string]any)
	if launch["task_id"].(map[string]any)["value"] != "job" {
		t.Errorf("LAUNCH %v", launch)
	}
	dir := filepath.Join(a.opts.WorkDir, "slaves/m-S0/frameworks", frameworkID, "executors/mine/runs/latest")
	eventually(t, "environment", func() bool { _, err := os.Stat(dir + "/up"); return err == nil })
	if env := read(t, dir, "env.txt"); !strings.Contains(env, "MESOS_EXECUTOR_ID=mine\n") || !strings.Contains(env, "MESOS_AGENT_ENDPOINT=") {
		t.Errorf("environment %s", env)
	}
	update := func(state, uuid string) string {
		return mineCall + `"type":"UPDATE","update":{"status":{"task_id":{"value":"job"},"state":"` + state + `","source":"SOURCE_EXECUTOR","uuid":"` + uuid + `","data":"aGk="}}}`
	}
	const uuid1, uuid2 = "AAAAAAAAQAAAAAAAAAAAAQ==", "AAAAAAAAQAAAAAAAAAAAAg=="
	if code, text := post(t, url, update("TASK_RUNNING", uuid1)); code != 202 {
		t.Errorf("UPDATE: %d %s", code, text)
	}
	if got := s.next("ACKNOWLEDGED")["acknowledged"].(map[string]any)["uuid"]; got != uuid1 {
		t.Errorf("acknowledged %v", got)
	}
	st := m.until(t, "job", v1.TaskState_TASK_RUNNING)[0].Status
	if string(st.Data) != "hi" || st.ExecutorId != nil || st.GetContainerStatus().GetContainerId().GetValue() == "" {
		t.Errorf("status %v", st)
	}
	if code, _ := post(t, url, mineCall+`"type":"MESSAGE","message":{"data":"aGVsbG8="}}`); code != 202 {
		t.Errorf("MESSAGE: %d", code)
	}
	if msg := next[*link.ExecutorMessage](t, m); string(msg.Data) != "hello" || msg.ExecutorID != "mine" {
		t.Errorf("got %+v", msg)
	}
	m.send(&link.SchedulerMessage{FrameworkID: frameworkID, ExecutorID: "mine", Data: []byte("back")})
	if got := s.next("MESSAGE")["message"].(map[string]any)["data"]; got != "YmFjaw==" {
		t.Errorf("message %v", got)
	}
	m.send(&link.Kill{FrameworkID: frameworkID, TaskID: "job"})
	s.next("KILL")
	if code, _ := post(t, url, update("TASK_KILLED", uuid2)); code != 202 {
		t.Errorf("UPDATE: %d", code)
	}
	m.until(t, "job", v1.TaskState_TASK_KILLED)
	if code, text := post(t, url, strings.Replace(update("TASK_RUNNING", "AAAAAAAAQAAAAAAAAAAAAw=="), `"job"`, `"another"`, 1)); code != 202 {
		t.Fatalf("UPDATE of a task that was never launched: %d %s", code, text)
	}
	m.until(t, "another", v1.TaskState_TASK_RUNNING)
	m.send(&link.ShutdownExecutor{FrameworkID: frameworkID, ExecutorID: "mine"})
	s.next("SHUTDOWN")
	if code, _ := post(t, url, `{"framework_id":{"value":"nope"},"executor_id":{"value":"nope"},"type":"HEARTBEAT"}`); code != 202 {
		t.Errorf("HEARTBEAT with made-up ids: %d", code)
	}
	const update0 = `{"status":{"task_id":{"value":"job"},"state":"TASK_RUNNING","source":"SOURCE_EXECUTOR","uuid":"AAAAAAAAQACAAAAAAAAAAA=="}}`
	for _, c := range []struct{ body, want string }{
		{`{"framework_id":{"value":"nope"},"executor_id":{"value":"mine"},"type":"UPDATE","update":` + update0 + `}`, "Framework cannot be found"},
		{`{"framework_id":{"value":"` + frameworkID + `"},"executor_id":{"value":"nope"},"type":"MESSAGE","message":{"data":""}}`, "Executor cannot be found"},
		{mineCall + `"x":1}`, "Failed to validate Executor::Call: Expecting 'type' to be present"},
		{mineCall + `"type":"UPDATE"}`, "Failed to validate Executor::Call: Expecting 'update' to be present"},
		{mineCall + `"type":"UPDATE","update":{"status":{"task_id":{"value":"job"},"state":"TASK_RUNNING","uuid":"AAAA"}}}`, "Failed to validate Executor::Call: Not a valid UUID"},
		{mineCall + `"type":"UPDATE","update":{"status":{"task_id":{"value":"job"},"state":"TASK_RUNNING","uuid":"AAAAAAAAAAAAAAAAAAAAAA=="}}}`, "Failed to validate Executor::Call: Not a valid UUID"},
		{mineCall + `"type":"UPDATE","update":{"status":{"task_id":{"value":"job"},"state":"TASK_RUNNING","uuid":"AAAAAAAAQACAAAAAAAAAAA=="}}}`,
			"Failed to validate Executor::Call: Received Call from executor mine of framework " + frameworkID + " with invalid source, expecting 'SOURCE_EXECUTOR'"},
		{mineCall + `"type":"UPDATE","update":` + strings.Replace(update0, "TASK_RUNNING", "TASK_STAGING", 1) + `}`,
			"Failed to validate Executor::Call: Received TASK_STAGING from executor mine of framework " + frameworkID + " which is not allowed"},
		{mineCall + `"type":"UPDATE","update":` + strings.Replace(update0, `"state"`, `"check_status":{"type":"HTTP"},"state"`, 1) + `}`,
			"Failed to validate Executor::Call: Expecting 'http' to be set for HTTP check's status"},
		{mineCall + `"type":"SUBSCRIBE"}`, "Failed to validate Executor::Call: Expecting 'subscribe' to be present"},
	} {
		if code, text := post(t, url, c.body); code != 400 || text != c.want {
			t.Errorf("%s: got %d %q, want %q", c.body, code, text, c.want)
		}
	}
}

// job is an update of the custom executor's task; n makes its uuid.
func job(state string, n int) string {
	uuid := base64.StdEncoding.EncodeToString([]byte{0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, byte(n)})
	return mineCall + `"type":"UPDATE","update":{"status":{"task_id":{"value":"job"},"state":"` + state + `","source":"SOURCE_EXECUTOR","uuid":"` + uuid + `"}}}`
}

// After the task's end the executor can say what it likes; the agent answers it, and
// the framework hears of it once the end is acknowledged.
func TestUpdatesAfterTheEnd(t *testing.T) {
	a, m := startAgent(t)
	m.hold()
	server := httptest.NewServer(a.Handler())
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
	}()
	url := server.URL + "/api/v1/executor"
	m.customTask("exec sleep 1000")
	s := subscribeExecutor(t, url)
	defer s.body.Close()
	s.next("LAUNCH")
	for n, state := range []string{"TASK_FINISHED", "TASK_RUNNING", "TASK_FAILED"} {
		if code, text := post(t, url, job(state, n)); code != 202 {
			t.Fatalf("%s: %d %s", state, code, text)
		}
		s.next("ACKNOWLEDGED")
	}
	u := m.until(t, "job", v1.TaskState_TASK_FINISHED)
	m.acknowledge(u[0])
	eventually(t, "acknowledgement", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.streams.byTask) == 0
	})
	if code, text := post(t, url, job("TASK_RUNNING", 9)); code != 202 {
		t.Fatalf("%d %s", code, text)
	}
	if st := last(m.until(t, "job", v1.TaskState_TASK_RUNNING)); st.ContainerStatus != nil {
		t.Errorf("got %v, want no container", st)
	}
}

// A task of which its executor knows nothing when it comes back was lost on the way.
func TestExecutorComesBackWithoutItsTask(t *testing.T) {
	a, m := startAgent(t)
	server := httptest.NewServer(a.Handler())
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
	}()
	url := server.URL + "/api/v1/executor"
	m.customTask("trap '' TERM; while :; do sleep 1000; done")
	s := subscribeExecutor(t, url)
	s.next("LAUNCH")
	s = subscribeExecutor(t, url)
	defer s.body.Close()
	s.next("SUBSCRIBED")
	st := last(m.until(t, "job", v1.TaskState_TASK_LOST))
	if st.GetReason() != v1.TaskStatus_REASON_AGENT_RESTARTED || st.GetMessage() != "Task launched during agent restart" || st.GetExecutorId().GetValue() != "mine" {
		t.Errorf("got %v", st)
	}
	m.send(&link.ShutdownExecutor{FrameworkID: frameworkID, ExecutorID: "mine"})
	s.next("SHUTDOWN")
	s = subscribeExecutor(t, url)
	s.next("SHUTDOWN")
	if _, err := s.in.ReadRecord(nil); err != io.EOF {
		t.Errorf("after SHUTDOWN: %v, want the end of the stream", err)
	}
}

func TestCustomExecutorThatEnds(t *testing.T) {
	a, m := startAgent(t)
	server := httptest.NewServer(a.Handler())
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
	}()
	m.customTask("while [ ! -e go ]; do sleep 0.01; done; exit 4")
	s := subscribeExecutor(t, server.URL+"/api/v1/executor")
	s.next("LAUNCH")
	dir := filepath.Join(a.opts.WorkDir, "slaves/m-S0/frameworks", frameworkID, "executors/mine/runs/latest")
	if err := os.WriteFile(dir+"/go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if e := next[*link.ExecutorExited](t, m); e.Status != 4<<8 || e.ExecutorID != "mine" {
		t.Errorf("got %+v", e)
	}
	st := m.until(t, "job", v1.TaskState_TASK_FAILED)[0].Status
	if st.GetReason() != v1.TaskStatus_REASON_EXECUTOR_TERMINATED || st.GetMessage() != "Executor terminated" {
		t.Errorf("status %v", st)
	}
	if _, err := s.in.ReadRecord(nil); err != io.EOF {
		t.Errorf("the stream ended with %v, want io.EOF", err)
	}
}

func TestCustomExecutorThatNeverSubscribes(t *testing.T) {
	_, m := startAgent(t, func(o *Options) { o.RegistrationTimeout = 30 * time.Millisecond })
	m.customTask("exec sleep 1000")
	st := m.until(t, "job", v1.TaskState_TASK_FAILED)[0].Status
	if st.GetReason() != v1.TaskStatus_REASON_EXECUTOR_REGISTRATION_TIMEOUT || st.GetMessage() != "Executor did not register within 30ms" {
		t.Errorf("status %v", st)
	}
}

func TestVolumesAreDirectoriesAndLinks(t *testing.T) {
	a, m := startAgent(t)
	reserved := &v1.Resource{Name: proto.String("disk"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(64)},
		Reservations: []*v1.Resource_ReservationInfo{{Type: v1.Resource_ReservationInfo_DYNAMIC.Enum(), Role: proto.String("r")}}}
	volume := proto.CloneOf(reserved)
	volume.Disk = &v1.Resource_DiskInfo{Persistence: &v1.Resource_DiskInfo_Persistence{Id: proto.String("data")},
		Volume: &v1.Volume{ContainerPath: proto.String("store"), Mode: v1.Volume_RW.Enum()}}
	apply := func(op *v1.Offer_Operation) *v1.OperationStatus {
		op.Id = &v1.OperationID{Value: proto.String(op.GetType().String())}
		m.send(&link.ApplyOperation{FrameworkID: frameworkID, Operation: op, UUID: []byte("0123456789abcdef")})
		u := next[*link.OperationUpdate](t, m)
		m.send(&link.AcknowledgeOperation{FrameworkID: frameworkID, OperationID: op.Id.GetValue(), OperationUUID: u.OperationUUID, UUID: u.Status.GetUuid().GetValue()})
		return u.Status
	}
	for _, op := range []*v1.Offer_Operation{
		{Type: v1.Offer_Operation_RESERVE.Enum(), Reserve: &v1.Offer_Operation_Reserve{Resources: []*v1.Resource{reserved}}},
		{Type: v1.Offer_Operation_CREATE.Enum(), Create: &v1.Offer_Operation_Create{Volumes: []*v1.Resource{volume}}},
	} {
		if s := apply(op); s.GetState() != v1.OperationState_OPERATION_FINISHED {
			t.Fatalf("%s: %v", op.GetType(), s)
		}
	}
	used := proto.CloneOf(volume)
	used.AllocationInfo = &v1.Resource_AllocationInfo{Role: proto.String("r")}
	with := func(i *v1.TaskInfo) { i.Resources = append(i.Resources, used) }
	m.run(taskInfo("w", "echo kept > store/x", with))
	m.until(t, "w", v1.TaskState_TASK_FINISHED)
	m.run(taskInfo("r", "test $(cat store/x) = kept", with))
	m.until(t, "r", v1.TaskState_TASK_FINISHED)
	m.pod(taskInfo("p", "test $(cat ../../store/x) = kept", with)) // the executor has it, too
	m.until(t, "p", v1.TaskState_TASK_FINISHED)
	next[*link.ExecutorExited](t, m)
	custom := taskInfo("c", "", with)
	custom.Command, custom.Executor = nil, executorInfo("mine", v1.ExecutorInfo_CUSTOM, &v1.CommandInfo{Value: proto.String("test $(cat store/x) = kept")})
	m.send(&link.Run{Framework: frameworkInfo(), Executor: custom.Executor, Tasks: []*v1.TaskInfo{custom}})
	if e := next[*link.ExecutorExited](t, m); e.Status != 0 {
		t.Errorf("the executor found no volume: %+v", e)
	}
	file := filepath.Join(a.opts.WorkDir, "volumes/roles/r/data/x")
	if read(t, file) != "kept\n" {
		t.Errorf("%s is not the volume", file)
	}
	if s := apply(&v1.Offer_Operation{Type: v1.Offer_Operation_DESTROY.Enum(), Destroy: &v1.Offer_Operation_Destroy{Volumes: []*v1.Resource{volume}}}); s.GetState() != v1.OperationState_OPERATION_FINISHED {
		t.Errorf("destroy: %v", s)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the destroyed volume is still there: %v", err)
	}
	if s := apply(&v1.Offer_Operation{Type: v1.Offer_Operation_DESTROY.Enum(), Destroy: &v1.Offer_Operation_Destroy{Volumes: []*v1.Resource{volume}}}); s.GetState() != v1.OperationState_OPERATION_ERROR {
		t.Errorf("second destroy: %v", s)
	}
}
