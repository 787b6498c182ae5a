package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mesosbook/mesos/recordio"
)

// program makes the test binary one that runs a cluster with tasks until it is
// killed.
const program = "CLUSTER_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(program); dir != "" {
		runProgram(dir)
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		os.Exit(code)
	}))
}

// start starts a cluster on ports of its own, ended with the test.
func start(t testing.TB, opts Options) *Cluster {
	t.Helper()
	if opts.MasterPort == 0 {
		opts.MasterPort, opts.AgentPort = freePort(t), freePort(t)
	}
	c, err := Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// freePort is a port that was free a moment ago; should it be taken meanwhile, the
// cluster takes the next.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// scheduler is a framework of the plainest kind, over HTTP.
type scheduler struct {
	t      testing.TB
	url    string
	stream string
	id     string
	events chan map[string]any
	body   io.Closer
	ack    bool
	held   []map[string]any // OFFERS met while waiting for something else
}

// subscribe registers a framework; info is its JSON.
func subscribe(t testing.TB, c *Cluster, info string) *scheduler {
	t.Helper()
	s := &scheduler{t: t, url: c.MasterURL() + "/api/v1/scheduler", events: make(chan map[string]any, 10000), ack: true}
	s.connect(info)
	return s
}

func (s *scheduler) connect(info string) {
	s.t.Helper()
	s.held = nil
	body := `{"type":"SUBSCRIBE","subscribe":{"framework_info":` + info + `}}`
	if s.id != "" {
		info = strings.Replace(info, "{", `{"id":{"value":"`+s.id+`"},`, 1)
		body = `{"type":"SUBSCRIBE","framework_id":{"value":"` + s.id + `"},"subscribe":{"framework_info":` + info + `}}`
	}
	req, _ := http.NewRequest("POST", s.url, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != 200 {
		text, _ := io.ReadAll(res.Body)
		s.t.Fatalf("SUBSCRIBE: %s %s", res.Status, text)
	}
	s.stream, s.body = res.Header.Get("Mesos-Stream-Id"), res.Body
	s.t.Cleanup(func() { res.Body.Close() })
	go func() { // ends with the stream
		r := recordio.NewReader(res.Body, recordio.ReaderOptions{})
		for {
			record, err := r.ReadRecord(nil)
			if err != nil {
				return
			}
			var e map[string]any
			if json.Unmarshal(record, &e) == nil {
				s.events <- e
			}
		}
	}()
	s.id = get(s.wait("SUBSCRIBED"), "subscribed", "framework_id", "value")
}

// get follows keys into JSON; "" where they lead nowhere.
func get(v any, keys ...string) string {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	s, _ := v.(string)
	return s
}

// wait gives the next event of a type; updates are acknowledged on the way.
func (s *scheduler) wait(kind string) map[string]any {
	s.t.Helper()
	if kind == "OFFERS" && len(s.held) > 0 {
		e := s.held[0]
		s.held = s.held[1:]
		return e
	}
	deadline := time.After(time.Minute)
	for {
		select {
		case e := <-s.events:
			if uuid := get(e, "update", "status", "uuid"); uuid != "" && s.ack {
				s.call(`"type":"ACKNOWLEDGE","acknowledge":{"agent_id":{"value":%q},"task_id":{"value":%q},"uuid":%q}`,
					get(e, "update", "status", "agent_id", "value"), get(e, "update", "status", "task_id", "value"), uuid)
			}
			if e["type"] == kind {
				return e
			}
			switch e["type"] {
			case "OFFERS":
				s.held = append(s.held, e)
			case "RESCIND":
				s.held = nil // of the only agent of these tests
			}
		case <-deadline:
			s.t.Fatalf("no %s within a minute", kind)
		}
	}
}

// state waits for a task's state, and gives the update's message.
func (s *scheduler) state(task, state string) string {
	s.t.Helper()
	for {
		e := s.wait("UPDATE")
		if get(e, "update", "status", "task_id", "value") != task {
			continue
		}
		message := get(e, "update", "status", "message")
		switch got := get(e, "update", "status", "state"); got {
		case state:
			return message
		case "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_UNREACHABLE":
		default:
			s.t.Fatalf("task %s: %s %q, want %s", task, got, message, state)
		}
	}
}

// call posts a call; format gives what follows the framework's id.
func (s *scheduler) call(format string, args ...any) {
	s.t.Helper()
	body := fmt.Sprintf(`{"framework_id":{"value":%q},`+format+`}`, append([]any{s.id}, args...)...)
	req, _ := http.NewRequest("POST", s.url, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Mesos-Stream-Id", s.stream)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 202 {
		text, _ := io.ReadAll(res.Body)
		s.t.Fatalf("%s: %s %s", body, res.Status, text)
	}
}

// offer waits for one with so many cpus. Smaller ones are declined, so that they
// become a larger one.
func (s *scheduler) offer(cpus float64) any {
	s.t.Helper()
	for {
		var found any
		for _, o := range s.wait("OFFERS")["offers"].(map[string]any)["offers"].([]any) {
			if found == nil && cpusOf(o) >= cpus {
				found = o
				continue
			}
			s.call(`"type":"DECLINE","decline":{"offer_ids":[{"value":%q}],"filters":{"refuse_seconds":0}}`, get(o, "id", "value"))
		}
		if found != nil {
			return found
		}
	}
}

func cpusOf(offer any) float64 {
	for _, r := range offer.(map[string]any)["resources"].([]any) {
		if get(r, "name") == "cpus" {
			return r.(map[string]any)["scalar"].(map[string]any)["value"].(float64)
		}
	}
	return 0
}

// launch runs commands, one task each, on the next offer.
func (s *scheduler) launch(commands map[string]string) {
	s.t.Helper()
	offer := s.offer(0.1 * float64(len(commands)))
	var tasks []string
	for id, command := range commands {
		tasks = append(tasks, fmt.Sprintf(`{"name":%q,"task_id":{"value":%q},"agent_id":{"value":%q},"command":{"value":%q},"resources":[
			{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}}]}`,
			id, id, get(offer, "agent_id", "value"), command))
	}
	s.call(`"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"filters":{"refuse_seconds":0.1},"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}]}`,
		get(offer, "id", "value"), strings.Join(tasks, ","))
}

const plain = `{"user":"root","name":"test"}`

func page(t testing.TB, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 {
		t.Fatalf("%s: %s %s", url, res.Status, text)
	}
	return string(text)
}

func TestTaskFromOfferToFinish(t *testing.T) {
	c := start(t, Options{})
	s := subscribe(t, c, plain)
	s.launch(map[string]string{"t": "echo hello"})
	if got := s.state("t", "TASK_FINISHED"); got != "Command exited with status 0" {
		t.Errorf("message %q", got)
	}
	out := page(t, c.AgentURLs()[0]+"/files/read?path=/frameworks/"+s.id+"/executors/t/runs/latest/stdout&offset=0")
	if out != `{"data":"hello\n","offset":0}` {
		t.Errorf("stdout %s", out)
	}
	if v, w := page(t, c.MasterURL()+"/version"), page(t, c.AgentURLs()[0]+"/version"); v != w {
		t.Errorf("master and agent disagree:\n%s\n%s", v, w)
	}
}

func TestTwoClustersAndStop(t *testing.T) {
	a, b := start(t, Options{Agents: 2}), start(t, Options{Simulate: true})
	if a.MasterURL() == b.MasterURL() || len(a.AgentURLs()) != 2 {
		t.Fatalf("urls %s %s %v", a.MasterURL(), b.MasterURL(), a.AgentURLs())
	}
	sa, sb := subscribe(t, a, plain), subscribe(t, b, plain)
	sa.launch(map[string]string{"x": "echo $$ > pid; exec sleep 1000"})
	sb.launch(map[string]string{"x": "sleep 0.01; exit 3"})
	sa.state("x", "TASK_RUNNING")
	if got := sb.state("x", "TASK_FAILED"); got != "Command exited with status 3" {
		t.Errorf("simulated task: %q", got)
	}
	pid := taskPID(t, a.WorkDir())
	dir := a.WorkDir()
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Errorf("task %d is still there after Stop", pid)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the temporary directory is still there: %v", err)
	}
	if _, err := http.Get(a.MasterURL()); err == nil {
		t.Error("the master still answers after Stop")
	}
	if err := a.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	page(t, b.MasterURL()+"/health")
}

// taskPID waits for the file pid in the sandbox of task x below dir.
func taskPID(t testing.TB, dir string) (pid int) {
	t.Helper()
	eventually(t, "the task's pid", func() bool {
		files, _ := filepath.Glob(dir + "/agent*/slaves/*/frameworks/*/executors/x/runs/latest/pid")
		if len(files) == 0 {
			return false
		}
		text, _ := os.ReadFile(files[0])
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 0
	})
	return pid
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// eventually polls what no event tells: other processes, and the master's pages.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	opts := Options{MasterPort: taken, AgentPort: freePort(t), Simulate: true}
	c := start(t, opts)
	if strings.HasSuffix(c.MasterURL(), ":"+strconv.Itoa(taken)) {
		t.Errorf("the master took port %d twice", taken)
	}
	opts.StrictMasterPort = true
	if _, err := Start(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "the port is in use") {
		t.Errorf("strict: got %v, want an error about the port", err)
	}
}

func TestBadOptions(t *testing.T) {
	for text, o := range map[string]Options{
		"-1 agents":            {Agents: -1},
		"listening on 0.0.0.0": {Listen: "0.0.0.0"},
		"not an IPv4 address":  {Listen: "localhost"},
		"resource \"cpus\"":    {Resources: "cpus"},
		"attribute \"rack\"":   {Attributes: "rack"},
		"port 70000":           {Machines: []Machine{{Port: 70000}}},
		"master port -1":       {MasterPort: -1},
	} {
		if c, err := Start(t.Context(), o); err == nil {
			c.Stop()
			t.Errorf("%s: no error", text)
		} else if !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q in it", err, text)
		}
	}
}

// runProgram is what the killed program runs.
func runProgram(dir string) {
	c, err := Start(context.Background(), Options{WorkDir: dir, MasterPort: 23050, AgentPort: 24051})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.MasterURL())
	select {}
}

// TestSIGKILL kills a program with a running cluster: no task may be left.
func TestSIGKILL(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), program+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(url, "http://") {
		t.Fatalf("the program said %q, %v", url, err)
	}
	s := &scheduler{t: t, url: strings.TrimSpace(url) + "/api/v1/scheduler", events: make(chan map[string]any, 1000), ack: true}
	s.connect(plain)
	s.launch(map[string]string{
		"plain":  "sleep 1000",
		"daemon": "(setsid nohup sh -c 'cd /; echo $$ > /proc/self/fd/9; exec env -i sleep 1001' 9>pid >/dev/null 2>&1 </dev/null &); sleep 1000",
		"deaf":   "trap '' TERM HUP INT; while true; do sleep 1000; done",
	})
	for running := map[string]bool{}; len(running) < 3; {
		if e := s.wait("UPDATE"); get(e, "update", "status", "state") == "TASK_RUNNING" {
			running[get(e, "update", "status", "task_id", "value")] = true
		}
	}
	var pids []int
	eventually(t, "processes below the work directory", func() bool {
		pids = processesOf(dir)
		return len(pids) >= 5
	})
	var daemon int
	eventually(t, "the daemon", func() bool {
		files, _ := filepath.Glob(dir + "/agent0/slaves/*/frameworks/*/executors/daemon/runs/latest/pid")
		for _, f := range files {
			text, _ := os.ReadFile(f)
			daemon, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return daemon > 0
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, pid := range append(pids, daemon) {
		eventually(t, fmt.Sprintf("end of process %d", pid), func() bool { return !alive(pid) })
	}
}

// processesOf finds the processes whose environment names dir.
func processesOf(dir string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		env, _ := os.ReadFile(f)
		if bytes.Contains(env, []byte("MESOS_SANDBOX="+dir)) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestForeignHostIsRefused(t *testing.T) {
	c := start(t, Options{Simulate: true})
	for _, url := range []string{c.MasterURL(), c.AgentURLs()[0]} {
		for host, want := range map[string]int{"localhost:1": 200, "127.0.0.1": 200, "[::1]:80": 200, "evil.example:5050": 403} {
			req, _ := http.NewRequest("GET", url+"/health", nil)
			req.Host = host
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s as %s: got %d, want %d", url, host, res.StatusCode, want)
			}
		}
	}
}
