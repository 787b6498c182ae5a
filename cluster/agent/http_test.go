package agent

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/proto"

	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// ask sends a request to the agent's handler.
func ask(a *Agent, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://agent/", strings.NewReader(body))
	u, err := url.Parse("http://agent" + path)
	if err != nil {
		panic(err)
	}
	r.URL = u
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

// filesAgent has a finished task with some files in its sandbox.
func filesAgent(t *testing.T) (a *Agent, dir string) {
	t.Helper()
	a, m := startAgent(t)
	m.run(taskInfo("t", "printf 0123456789; mkdir d; echo deep > d/f; ln -s d/f inside; ln -s /etc/passwd outside; ln -s ../../.. up; ln -s /etc etc; mkfifo pipe; head -c 70000 /dev/zero | tr '\\0' x > big; echo '<b>' > 'a \"b\".html'"))
	m.until(t, "t", v1.TaskState_TASK_FINISHED)
	dir, err := filepath.EvalSymlinks(sandboxOf(a, "t"))
	if err != nil {
		t.Fatal(err)
	}
	return a, dir
}

func TestFiles(t *testing.T) {
	a, dir := filesAgent(t)
	q := func(suffix string) string { return url.QueryEscape(dir + suffix) }
	short := url.QueryEscape("/frameworks/" + frameworkID + "/executors/t/runs/latest")
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"/files/read?path=" + q("/stdout") + "&offset=0", 200, `{"data":"0123456789","offset":0}`},
		{"/files/read?path=" + short + "/stdout&offset=0", 200, `{"data":"0123456789","offset":0}`},
		{"/files/read?path=" + url.QueryEscape(filepath.Join(filepath.Dir(dir), "latest", "stdout")) + "&offset=8", 200, `{"data":"89","offset":8}`},
		{"/files/read?path=" + q("/stdout") + "&offset=2&length=3", 200, `{"data":"234","offset":2}`},
		{"/files/read?path=" + q("/stdout") + "&offset=2&length=0", 200, `{"data":"","offset":2}`},
		{"/files/read?path=" + q("/stdout") + "&offset=2&length=-1", 200, `{"data":"23456789","offset":2}`},
		{"/files/read?path=" + q("/stdout"), 200, `{"data":"","offset":10}`},
		{"/files/read?path=" + q("/stdout") + "&offset=-1", 200, `{"data":"","offset":10}`},
		{"/files/read?path=" + q("/stdout") + "&offset=99", 200, `{"data":"","offset":99}`},
		{"/files/read?path=" + q("/stdout") + "&offset=0&length=2&jsonp=f.g", 200, `f.g({"data":"01","offset":0})`},
		{"/files/read?path=" + q("/stdout") + "&offset=-2", 400, "Negative offset provided: -2.\n"},
		{"/files/read?path=" + q("/stdout") + "&length=-2", 400, "Negative length provided: -2.\n"},
		{"/files/read?path=" + q("/stdout") + "&offset=x", 400, "Failed to parse offset: Failed to convert 'x' to number.\n"},
		{"/files/read?path=" + q("/stdout") + "&length=9z", 400, "Failed to parse length: Failed to convert '9z' to number.\n"},
		{"/files/read?path=" + q("/stdout") + "&jsonp=alert(1)//", 400, "Invalid 'jsonp' callback name"},
		{"/files/read?path=" + q("") + "&offset=0", 400, "Cannot read a directory.\n"},
		{"/files/read?path=" + q("/") + "&offset=0", 400, "Cannot read a directory.\n"},
		{"/files/read?offset=0", 400, "Expecting 'path=value' in query.\n"},
		{"/files/read?path=" + q("/nope") + "&offset=0", 404, ""},
		{"/files/read?path=" + q("/pipe") + "&offset=0", 404, ""},
		{"/files/read?path=" + q("/inside") + "&offset=0", 200, `{"data":"deep\n","offset":0}`},
		{"/files/read?path=" + q("/outside") + "&offset=0", 400, "'" + dir + "/outside' is inaccessible.\n"},
		{"/files/read?path=" + q("/etc/passwd") + "&offset=0", 400, "'" + dir + "/etc/passwd' is inaccessible.\n"},
		{"/files/read?path=" + q("/../../../..") + "&offset=0", 400, "'" + dir + "/../../../..' is inaccessible.\n"},
		{"/files/read?path=" + q("/d/../stdout") + "&offset=0&length=1", 200, `{"data":"0","offset":0}`},
		{"/files/read?path=" + q("/d/../../x") + "&offset=0", 404, ""},
		{"/files/read?path=" + q("x") + "&offset=0", 404, ""},
		{"/files/read?path=/etc/passwd&offset=0", 404, ""},
		{"/files/read?path=%2e%2e%2fetc%2fpasswd&offset=0", 404, ""},
		{"/files/read?path=" + url.QueryEscape(a.opts.WorkDir) + "&offset=0", 404, ""},
		{"/files/browse?path=" + q("/up"), 400, "'" + dir + "/up' is inaccessible.\n"},
		{"/files/browse?path=" + q("/stdout"), 200, "[]"},
		{"/files/browse?path=/", 404, ""},
		{"/files/browse", 400, "Expecting 'path=value' in query.\n"},
		{"/files/browse.json?path=" + q(""), 404, "404 Not Found."},
		{"/files/download?path=" + q(""), 400, "Cannot download a directory.\n"},
		{"/files/download?path=" + q("/outside"), 400, "'" + dir + "/outside' is inaccessible.\n"},
		{"/files/download?path=" + q("/pipe"), 404, "404 Not Found."},
		{"/files/download?path=" + q("/nope"), 404, "404 Not Found."},
		{"/files/read?path=" + q("/stdout") + "&offset=", 400, "Failed to parse offset: Failed to convert '' to number.\n"},
		{"/files/read?path=" + q("/stdout") + "&offset=0x2;length=1", 200, `{"data":"2","offset":2}`},
		{"/files/download?path=" + q("/d/f"), 200, "deep\n"},
		{"/slave(1)/files/browse?path=" + q(""), 404, "404 Not Found."},
	} {
		w := ask(a, "GET", c.path, "")
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s: got %d %q, want %d %q", c.path, w.Code, w.Body, c.status, c.body)
		}
	}
	if w := ask(a, "GET", "/files/read?path="+q("/big")+"&offset=0", ""); w.Body.Len() != len(`{"data":"","offset":0}`)+65536 {
		t.Errorf("a long file: %d bytes", w.Body.Len())
	}
	w := ask(a, "GET", "/files/download?path="+q(`/a "b".html`), "")
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="a \"b\".html"` || w.Header().Get("Content-Type") != "text/html" {
		t.Errorf("download: %v", w.Header())
	}
	var list []struct{ Path, Mode, UID string }
	w = ask(a, "GET", "/files/browse?path="+short, "")
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	modes := map[string]string{}
	for _, f := range list {
		modes[strings.TrimPrefix(f.Path, "/frameworks/"+frameworkID+"/executors/t/runs/latest/")] = f.Mode
	}
	for name, want := range map[string]string{"d": "drwxr-xr-x", "stdout": "-rw-r--r--", "inside": "-rw-r--r--", "up": "lrwxrwxrwx", "pipe": "prw-r--r--"} {
		if modes[name] != want {
			t.Errorf("mode of %s is %q, want %q", name, modes[name], want)
		}
	}
	if w := ask(a, "GET", "/files/debug", ""); !strings.Contains(w.Body.String(), `/runs/latest":"`+dir+`"`) {
		t.Errorf("debug: %s", w.Body)
	}
}

// FuzzFilePath: no path shows what is outside the sandbox.
func FuzzFilePath(f *testing.F) {
	dir := f.TempDir()
	sandbox := filepath.Join(dir, "sandbox")
	if err := os.MkdirAll(filepath.Join(sandbox, "d"), 0o755); err != nil {
		f.Fatal(err)
	}
	for name, text := range map[string]string{"secret": "S", "sandboxed": "S", "sandbox/x": "in", "sandbox/d/y": "in"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	for name, target := range map[string]string{"out": dir, "up": "..", "file": "../secret", "loop": "loop", "in": "d"} {
		if err := os.Symlink(target, filepath.Join(sandbox, name)); err != nil {
			f.Fatal(err)
		}
	}
	for _, seed := range []string{"", "x", "d/y", "in/y", "../secret", "out/secret", "up/secret", "file", "loop", "d/../../secret", "./x", "//x", "../sandboxed", "\x00", "in/../x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, suffix string) {
		p, err := resolveIn(sandbox, suffix)
		if err != nil {
			return
		}
		defer p.close()
		file, info, err := p.open()
		if err != nil || info.IsDir() {
			return
		}
		defer file.Close()
		if text, _ := io.ReadAll(file); string(text) != "in" {
			t.Errorf("%q shows %q", suffix, text)
		}
	})
}

func TestSwappedLinkDoesNotLeadOut(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	sandbox := filepath.Join(dir, "sandbox")
	if err := os.MkdirAll(sandbox, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{secret, filepath.Join(sandbox, "x")} {
		if err := os.WriteFile(file, []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := resolveIn(sandbox, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := os.Remove(filepath.Join(sandbox, "x")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(sandbox, "x")); err != nil {
		t.Fatal(err)
	}
	if f, _, err := p.open(); err == nil {
		f.Close()
		t.Error("a link that was put there between check and open was followed")
	}
}

func TestRoutes(t *testing.T) {
	a, _ := startAgent(t)
	for _, c := range []struct {
		method, path string
		status       int
		body         string // the whole, or with ... at the end its beginning
	}{
		{"GET", "/health", 200, ""},
		{"GET", "/slave(1)/health", 200, ""},
		{"GET", "/slave%281%29/state", 200, `{"version":"1.12.0",...`},
		{"GET", "/state/", 200, `{"version":...`},
		{"GET", "/state/anything", 200, `{"version":...`},
		{"POST", "/state", 200, `{"version":...`},
		{"DELETE", "/containers?jsonp=", 200, "([])"},
		{"GET", "/State", 404, "404 Not Found."},
		{"GET", "/metrics", 404, "404 Not Found."},
		{"GET", "/metrics/snapshot/x", 200, `{...`},
		{"GET", "/metrics/snapshot?timeout=5", 400, "Invalid timeout '5': Invalid duration '5'.\n"},
		{"GET", "/containers?container_id=x&framework_id=y", 400, "Supported query parameters are container_id only, framework_id only, or executor_id and framework_id only"},
		{"GET", "/containers?executor_id=x&framework_id=y", 200, "[]"},
		{"GET", "/state?a=%zz", 400, "400 Bad Request."},
		{"GET", "/profiler/stop", 400, "Perftools is disabled. To enable perftools, configure libprocess with --enable-perftools.\n"},
		{"GET", "/help", 200, "<!doctype html>..."},
		{"GET", "/help/slave(1)/nope", 400, "No help available for '/slave(1)/nope'.\n"},
		{"GET", "/help/nope", 404, "404 Not Found."},
		{"GET", "/__processes__", 200, `[{"events":[],"id":"__processes__"},{"events":[],"id":"files"},...`},
		{"GET", "/logging/toggle?level=2&duration=1mins", 200, ""},
		{"GET", "/logging/toggle?x", 200, "2\n"},
		{"GET", "/logging/toggle?level=0&duration=1mins", 200, ""},
		{"GET", "/state?jsonp=cb", 200, `cb({"version":...`},
		{"GET", "/version", 200, `{"build_date":...`},
		{"GET", "/slave(1)/version", 404, "404 Not Found."},
		{"GET", "/metrics/snapshot", 200, `{"containerizer/fetcher/cache_size_total_bytes":2147483648.0,...`},
		{"GET", "/metrics/snapshot?timeout=5secs", 200, `{...`},
		{"GET", "/metrics/snapshot?timeout=x", 400, "Invalid timeout 'x': ..."},
		{"GET", "/flags", 200, `{"flags":{...`},
		{"GET", "/containers", 200, "[]"},
		{"GET", "/containers?executor_id=x", 400, "Supported query parameters are container_id only, framework_id only, or executor_id and framework_id only"},
		{"GET", "/monitor/statistics", 200, "[]"},
		{"GET", "/containerizer/debug", 200, `{"pending":[]}`},
		{"GET", "/system/stats.json", 200, `{"avg_load_15min":...`},
		{"GET", "/logging/toggle", 200, "0\n"},
		{"GET", "/logging/toggle?level=1", 400, "Expecting 'duration=value' in query.\n"},
		{"GET", "/nope", 404, "404 Not Found."},
		{"GET", "/files/../state", 404, "404 Not Found."},
		{"GET", "/", 404, "404 Not Found."},
		{"GET", "/api/v1", 405, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'."},
		{"POST", "/api/v1", 400, "Expecting 'Content-Type' to be present"},
		{"POST", "/api/v1/executor", 400, "Expecting 'Content-Type' to be present"},
	} {
		w := ask(a, c.method, c.path, "")
		want, prefix := strings.CutSuffix(c.body, "...")
		got := w.Body.String()
		if w.Code != c.status || (prefix && !strings.HasPrefix(got, want)) || (!prefix && got != want) {
			t.Errorf("%s %s: got %d %.100q, want %d %q", c.method, c.path, w.Code, got, c.status, c.body)
		}
	}
	if w := ask(a, "GET", "/flags", "", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("a long page is not compressed: %v", w.Header())
	}
	if w := ask(a, "GET", "/flags", "", "Accept-Encoding", "gzip;q=0"); w.Header().Get("Content-Encoding") != "" {
		t.Errorf("q=0 is not honoured: %v", w.Header())
	}
}

func TestRecovering(t *testing.T) {
	a, err := New(Options{Info: agentInfo(t), WorkDir: t.TempDir(), Dial: newFakeMaster(t).dial})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/state", "/api/v1", "/api/v1/executor"} {
		method := "POST"
		if path == "/state" {
			method = "GET"
		}
		if w := ask(a, method, path, ""); w.Code != 503 || w.Body.String() != "Agent has not finished recovery" {
			t.Errorf("%s: got %d %q", path, w.Code, w.Body)
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

const mediaHeader = "Content-Type"

func TestOperatorAPI(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("run", "echo hi; exec sleep 1000"))
	m.until(t, "run", v1.TaskState_TASK_RUNNING)
	path := sandboxOf(a, "run")
	eventually(t, "output", func() bool { return read(t, path, "stdout") == "hi\n" })
	file := "/frameworks/" + frameworkID + "/executors/run/runs/latest"
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{``, 400, "Failed to parse body into JSON: syntax error at line 1 near: "},
		{`{}`, 400, "Failed to validate agent::Call: Expecting 'type' to be present"},
		{`{"type":"NOPE"}`, 400, "Failed to validate agent::Call: Expecting 'type' to be present"},
		{`{"type":"GET_METRICS"}`, 400, "Failed to validate agent::Call: Expecting 'get_metrics' to be present"},
		{`{"type":"LIST_FILES"}`, 400, "Failed to validate agent::Call: Expecting 'list_files' to be present"},
		{`{"type":"SET_LOGGING_LEVEL"}`, 400, "Failed to validate agent::Call: Expecting 'set_logging_level' to be present"},
		{`{"type":"GET_HEALTH"}`, 200, `{"type":"GET_HEALTH","get_health":{"healthy":true}}`},
		{`{"type":"GET_LOGGING_LEVEL"}`, 200, `{"type":"GET_LOGGING_LEVEL","get_logging_level":{"level":0}}`},
		{`{"type":"SET_LOGGING_LEVEL","set_logging_level":{"level":1,"duration":{"nanoseconds":1}}}`, 200, ``},
		{`{"type":"GET_OPERATIONS"}`, 200, `{"type":"GET_OPERATIONS","get_operations":{}}`},
		{`{"type":"GET_RESOURCE_PROVIDERS"}`, 200, `{"type":"GET_RESOURCE_PROVIDERS","get_resource_providers":{}}`},
		{`{"type":"PRUNE_IMAGES"}`, 200, ``},
		{`{"type":"ADD_RESOURCE_PROVIDER_CONFIG","add_resource_provider_config":{"info":{"type":"x","name":"n"}}}`, 400,
			"Failed to validate resource provider config with type 'x' and name 'n': Unknown local resource provider type 'x'"},
		{`{"type":"ADD_RESOURCE_PROVIDER_CONFIG","add_resource_provider_config":{"info":{"type":"x","name":"n","id":{"value":"i"}}}}`, 400,
			"Failed to validate agent::Call: Expecting 'add_resource_provider_config.info.id' to be unset"},
		{`{"type":"UPDATE_RESOURCE_PROVIDER_CONFIG","update_resource_provider_config":{"info":{"type":"org.apache.mesos.rp.local.storage","name":"a.b"}}}`, 400,
			"Failed to validate resource provider config with type 'org.apache.mesos.rp.local.storage' and name 'a.b': Resource provider name 'a.b' does not follow Java package naming convention"},
		{`{"type":"ADD_RESOURCE_PROVIDER_CONFIG","add_resource_provider_config":{"info":{"type":"org.apache.mesos.rp.local.storage","name":"n","storage":{"plugin":{"type":"a.b","name":"c","containers":[{"services":["NODE_SERVICE"]}]}}}}}`, 500,
			"Missing required flag --resource_provider_config_dir"},
		{`{"type":"REMOVE_RESOURCE_PROVIDER_CONFIG","remove_resource_provider_config":{"type":"x","name":"n"}}`, 500, "Missing required flag --resource_provider_config_dir"},
		{`{"type":"MARK_RESOURCE_PROVIDER_GONE","mark_resource_provider_gone":{"resource_provider_id":{"value":"x"}}}`, 200, ``},
		{`{"type":"UNKNOWN"}`, 501, "501 Not Implemented."},
		{`{"type":"GET_METRICS","get_metrics":{}}`, 200, `{"type":"GET_METRICS","get_metrics":{"metrics":[{"name":"containerizer/...`},
		{`{"type":"GET_STATE"}`, 200, `{"type":"GET_STATE","get_state":{"get_tasks":{"pending_tasks":[],"queued_tasks":[],"launched_tasks":[{"name":"task run",...`},
		{`{"type":"GET_FRAMEWORKS"}`, 200, `{"type":"GET_FRAMEWORKS","get_frameworks":{"frameworks":[{"framework_info":{"user":"root","name":"test",...`},
		{`{"type":"GET_EXECUTORS"}`, 200, `{"type":"GET_EXECUTORS","get_executors":{"executors":[{"executor_info":{"executor_id":{"value":"run"},...`},
		{`{"type":"GET_CONTAINERS"}`, 200, `{"type":"GET_CONTAINERS","get_containers":{"containers":[{"framework_id":{"value":"m-0000"},...`},
		{`{"type":"READ_FILE","read_file":{"path":"` + file + `/stdout","offset":1,"length":1}}`, 200, `{"type":"READ_FILE","read_file":{"size":3,"data":"aQ=="}}`},
		{`{"type":"READ_FILE","read_file":{"path":"` + file + `/nope","offset":0}}`, 404, ``},
		{`{"type":"LIST_FILES","list_files":{"path":"` + file + `"}}`, 200, `{"type":"LIST_FILES","list_files":{"file_infos":[{"path":"` + file + `/stderr","nlink":1,...`},
	} {
		w := ask(a, "POST", "/api/v1", c.body, mediaHeader, mediaJSON)
		want, prefix := strings.CutSuffix(c.want, "...")
		got := w.Body.String()
		if w.Code != c.status || (prefix && !strings.HasPrefix(got, want)) || (!prefix && got != want) {
			t.Errorf("%s: got %d %.200q, want %d %q", c.body, w.Code, got, c.status, c.want)
		}
	}
	call, err := proto.Marshal(&agent.Call{Type: agent.Call_GET_TASKS.Enum()})
	if err != nil {
		t.Fatal(err)
	}
	w := ask(a, "POST", "/api/v1", string(call), mediaHeader, mediaProtobuf, "Accept", mediaProtobuf)
	var res agent.Response
	if err := proto.Unmarshal(w.Body.Bytes(), &res); err != nil || len(res.GetGetTasks().GetLaunchedTasks()) != 1 || w.Header().Get(mediaHeader) != mediaProtobuf {
		t.Errorf("protobuf: %d %v %v", w.Code, err, &res)
	}
	if w := ask(a, "POST", "/api/v1", `{"type":"GET_HEALTH"}`, mediaHeader, mediaJSON, "Accept", "text/html"); w.Code != http.StatusNotAcceptable {
		t.Errorf("Accept: got %d", w.Code)
	}
	if w := ask(a, "POST", "/api/v1", `x`, mediaHeader, "text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("Content-Type: got %d", w.Code)
	}
}

func TestStatisticsOfARunningTask(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("busy", "sh -c 'while :; do :; done' & exec sleep 1000"))
	m.until(t, "busy", v1.TaskState_TASK_RUNNING)
	eventually(t, "CPU time", func() bool {
		views := a.containers(shown{})
		return len(views) == 1 && views[0].usage.User > 0 && views[0].usage.RSS > 0
	})
	v := a.containers(shown{})[0]
	if v.cpus != 0.2 || v.memMB != 64 {
		t.Errorf("limits %v cpus %v MB, want 0.2 and 64", v.cpus, v.memMB)
	}
	if err := syscall.Kill(v.pid, 0); err != nil {
		t.Errorf("pid %d: %v", v.pid, err)
	}
}

func TestContainersOfTheOperatorAPI(t *testing.T) {
	a, m := startAgent(t)
	m.run(taskInfo("root", "exec sleep 1000"))
	u := m.until(t, "root", v1.TaskState_TASK_RUNNING)[0]
	parent := u.Status.GetContainerStatus().GetContainerId().GetValue()
	nested := `{"value":"n","parent":{"value":"` + parent + `"}}`
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"type":"LAUNCH_NESTED_CONTAINER","launch_nested_container":{"container_id":{"value":"n"},"command":{"value":"exit 0"}}}`, 400, "Failed to validate agent::Call: Expecting 'launch_nested_container.container_id.parent' to be present"},
		{`{"type":"LAUNCH_NESTED_CONTAINER","launch_nested_container":{"container_id":{"value":"n","parent":{"value":"x"}},"command":{"value":"exit 0"}}}`, 400, "Parent container x does not exist"},
		{`{"type":"LAUNCH_NESTED_CONTAINER","launch_nested_container":{"container_id":{"value":"a/b","parent":{"value":"x"}}}}`, 400, "Failed to validate agent::Call: 'launch_nested_container.container_id' is invalid: 'a/b' contains invalid characters"},
		{`{"type":"WAIT_NESTED_CONTAINER","wait_nested_container":{"container_id":` + nested + `}}`, 404, "Container " + parent + ".n cannot be found"},
		{`{"type":"LAUNCH_NESTED_CONTAINER","launch_nested_container":{"container_id":` + nested + `,"command":{"value":"echo in; sleep 0.5; exit 3"}}}`, 200, ""},
		{`{"type":"LAUNCH_NESTED_CONTAINER","launch_nested_container":{"container_id":` + nested + `,"command":{"value":"exit 3"}}}`, 202, ""},
		{`{"type":"WAIT_NESTED_CONTAINER","wait_nested_container":{"container_id":` + nested + `}}`, 200, `{"type":"WAIT_NESTED_CONTAINER","wait_nested_container":{"exit_status":768}}`},
		{`{"type":"REMOVE_NESTED_CONTAINER","remove_nested_container":{"container_id":` + nested + `}}`, 200, ""},
		{`{"type":"REMOVE_NESTED_CONTAINER","remove_nested_container":{"container_id":` + nested + `}}`, 200, ""},
		{`{"type":"WAIT_NESTED_CONTAINER","wait_nested_container":{"container_id":` + nested + `}}`, 404, "Container " + parent + ".n cannot be found"},
		{`{"type":"REMOVE_NESTED_CONTAINER","remove_nested_container":{"container_id":{"value":"n","parent":{"value":"x"}}}}`, 500, "Unknown root container"},
		{`{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"alone"},"command":{"value":"sleep 0.5; exit 7"}}}`, 200, ""},
		{`{"type":"REMOVE_CONTAINER","remove_container":{"container_id":{"value":"alone"}}}`, 500, "Nested container has not terminated yet"},
		{`{"type":"KILL_CONTAINER","kill_container":{"container_id":{"value":"alone"},"signal":99}}`, 500, "Unable to send signal to container: Invalid argument"},
		{`{"type":"KILL_CONTAINER","kill_container":{"container_id":{"value":"alone"},"signal":0}}`, 200, ""},
		{`{"type":"ATTACH_CONTAINER_OUTPUT","attach_container_output":{"container_id":{"value":"alone"}}}`, 404, "Container alone cannot be found"},
		{`{"type":"WAIT_CONTAINER","wait_container":{"container_id":{"value":"alone"}}}`, 200, `{"type":"WAIT_CONTAINER","wait_container":{"exit_status":1792}}`},
		{`{"type":"KILL_CONTAINER","kill_container":{"container_id":{"value":"alone"}}}`, 404, "Container 'alone' cannot be found (or is already killed)"},
		{`{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"a.b"}}}`, 400, "Failed to validate agent::Call: 'launch_container.container_id' is invalid: 'ContainerID.value' 'a.b' contains invalid characters"},
		{`{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"a"},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"role":"x"}]}}`, 400, "Failed to validate agent::Call: 'launch_container.resources' must be unreserved"},
		{`{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"a"},"command":{"value":"x","environment":{"variables":[{"name":"A"}]}}}}`, 400, "Failed to validate agent::Call: 'launch_container.command' is invalid: Environment variable 'A' of type 'VALUE' must have a value set"},
		{`{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"a"},"container":{"type":"DOCKER","docker":{"image":"x"}}}}`, 400, "The provided ContainerInfo is not supported"},
		{`{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"a"},"container":{"type":"MESOS","linux_info":{"share_cgroups":true}}}}`, 400, "Failed to validate agent::Call: 'launch_container' is invalid: containers without a parent cannot set 'share_cgroups' to 'true'"},
		{`{"type":"KILL_CONTAINER","kill_container":{"container_id":{"value":"` + parent + `"}}}`, 200, ""},
	} {
		w := ask(a, "POST", "/api/v1", c.body, mediaHeader, mediaJSON)
		if w.Code != c.status || w.Body.String() != c.want {
			t.Errorf("%s: got %d %q, want %d %q", c.body, w.Code, w.Body, c.status, c.want)
		}
	}
	m.until(t, "root", v1.TaskState_TASK_FAILED) // its executor's container was killed
}

func TestCredentials(t *testing.T) {
	a, _ := startAgent(t, func(o *Options) { o.Credentials = map[string]string{"p": "s"} })
	for _, c := range []struct {
		method, path, header string
		status               int
		realm                string
	}{
		{"GET", "/health", "", 200, ""},
		{"GET", "/version", "", 200, ""},
		{"GET", "/state", "", 401, `Basic realm="mesos-agent-readonly"`},
		{"GET", "/state", "Basic cDpz", 200, ""},                                   // p:s
		{"GET", "/state", "Basic cDp4", 401, `Basic realm="mesos-agent-readonly"`}, // p:x
		{"GET", "/state", "Basic cDpzOg==", 401, `Basic realm="mesos-agent-readonly"`},
		{"GET", "/state", "basic cDpz", 401, `Basic realm="mesos-agent-readonly"`},
		{"GET", "/files/debug", "", 401, `Basic realm="mesos-agent-readonly"`},
		{"POST", "/api/v1", "", 401, `Basic realm="mesos-agent-readwrite"`},
		{"POST", "/api/v1", "Basic cDpz", 400, ""},
		{"POST", "/api/v1/executor", "Bearer x", 401, `Bearer realm="mesos-agent-executor"`},
	} {
		w := ask(a, c.method, c.path, "", "Authorization", c.header)
		if w.Code != c.status || w.Header().Get("WWW-Authenticate") != c.realm {
			t.Errorf("%s %s %q: got %d %q, want %d %q", c.method, c.path, c.header, w.Code, w.Header().Get("WWW-Authenticate"), c.status, c.realm)
		}
	}
}
