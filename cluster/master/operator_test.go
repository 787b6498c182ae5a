package master

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
)

// TestOperatorStream follows the recording operator_subscribe.
func TestOperatorStream(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		w := r.open("/api/v1", `{"type":"SUBSCRIBE"}`)
		if w.stream != "" {
			t.Errorf("Mesos-Stream-Id %q", w.stream)
		}
		first := gjson.Get(w.wait("SUBSCRIBED"), "subscribed")
		want := `{"get_tasks":{"tasks":[],"unreachable_tasks":[],"completed_tasks":[]},"get_executors":{"executors":[]},"get_frameworks":{"frameworks":[],"completed_frameworks":[]},"get_agents":{"agents":[],"recovered_agents":[]}}`
		if first.Get("get_state").Raw != want || first.Get("heartbeat_interval_seconds").Raw != "15.0" {
			t.Errorf("SUBSCRIBED %s", first)
		}
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("seen", ag.id))
		ag.update(s.id, "seen", v1.TaskState_TASK_RUNNING)
		ag.update(s.id, "seen", v1.TaskState_TASK_RUNNING) // the same again is no news
		ag.update(s.id, "seen", v1.TaskState_TASK_FINISHED)
		s.status()
		s.status()
		s.acknowledge(s.status())
		s.must("TEARDOWN", "")
		other := r.framework()
		other.again()
		ag.conn.Close()
		time.Sleep(15 * time.Minute)
		var kinds []string
		for _, k := range w.pending() {
			if k != "HEARTBEAT" {
				kinds = append(kinds, k)
			}
		}
		wantKinds := []string{"AGENT_ADDED", "FRAMEWORK_ADDED", "TASK_ADDED", "TASK_UPDATED", "TASK_UPDATED", "FRAMEWORK_REMOVED", "FRAMEWORK_ADDED", "FRAMEWORK_UPDATED", "AGENT_REMOVED"}
		if !slices.Equal(kinds, wantKinds) {
			t.Errorf("got  %v\nwant %v", kinds, wantKinds)
		}
	})
}

func TestOldestOperatorIsClosed(t *testing.T) {
	bubble(t, Options{MaxOperatorSubscribers: 1}, func(r *rig) {
		a := r.open("/api/v1", `{"type":"SUBSCRIBE"}`)
		r.open("/api/v1", `{"type":"SUBSCRIBE"}`).wait("SUBSCRIBED")
		if got := a.pending(); !slices.Equal(got, []string{"SUBSCRIBED", "HEARTBEAT", "END"}) {
			t.Errorf("the oldest got %v", got)
		}
	})
}

func TestOperatorAnswers(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 3600, taskJSON("run", ag.id))
		exact := map[string]string{
			`{"type":"GET_HEALTH"}`:               `{"type":"GET_HEALTH","get_health":{"healthy":true}}`,
			`{"type":"GET_LOGGING_LEVEL"}`:        `{"type":"GET_LOGGING_LEVEL","get_logging_level":{"level":0}}`,
			`{"type":"GET_WEIGHTS"}`:              `{"type":"GET_WEIGHTS"}`,
			`{"type":"GET_QUOTA"}`:                `{"type":"GET_QUOTA","get_quota":{"status":{}}}`,
			`{"type":"GET_MAINTENANCE_STATUS"}`:   `{"type":"GET_MAINTENANCE_STATUS","get_maintenance_status":{"status":{}}}`,
			`{"type":"GET_MAINTENANCE_SCHEDULE"}`: `{"type":"GET_MAINTENANCE_SCHEDULE","get_maintenance_schedule":{"schedule":{}}}`,
			`{"type":"GET_EXECUTORS"}`:            `{"type":"GET_EXECUTORS","get_executors":{"executors":[]}}`,
			`{"type":"GET_ROLES"}`:                `{"type":"GET_ROLES","get_roles":{"roles":[{"name":"*","weight":1.0,"frameworks":[{"value":"` + s.id + `"}],"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32.0}}]}]}}`,
		}
		for call, want := range exact {
			if got := r.operator(call); got.status != 200 || got.body != want {
				t.Errorf("%s: %d\ngot  %s\nwant %s", call, got.status, got.body, want)
			}
		}
		paths := []struct{ call, path, want string }{
			{"GET_STATE", "get_state.get_agents.agents.0.agent_info.checkpoint", "true"},
			{"GET_AGENTS", "get_agents.agents.0.total_resources.0.role", `"*"`},
			{"GET_AGENTS", "get_agents.agents.0.agent_info.resources.0.role", ""},
			{"GET_TASKS", "get_tasks.tasks.0.resources.0", `{"name":"cpus","type":"SCALAR","scalar":{"value":0.1},"allocation_info":{"role":"*"}}`},
			{"GET_FRAMEWORKS", "get_frameworks.frameworks.0.offer_constraints", "{}"},
			{"GET_FRAMEWORKS", "get_frameworks.frameworks.0.unregistered_time", ""},
			{"GET_MASTER", "get_master.master_info.address.port", "5050"},
		}
		for _, tt := range paths {
			if got := gjson.Get(r.operator(`{"type":"`+tt.call+`"}`).body, tt.path).Raw; got != tt.want {
				t.Errorf("%s %s: got %s, want %s", tt.call, tt.path, got, tt.want)
			}
		}
		a := r.do("POST", "/api/v1", `{"type":"GET_STATE"}`, jsonType, "Accept: application/x-protobuf")
		var resp masterv1.Response
		if err := proto.Unmarshal([]byte(a.body), &resp); err != nil || len(resp.GetGetState().GetGetTasks().GetTasks()) != 1 {
			t.Errorf("protobuf: %v %v", err, &resp)
		}
	})
}

func TestOperatorErrors(t *testing.T) {
	tests := []struct {
		body   string
		status int
		text   string
	}{
		{`{}`, 400, "Failed to validate master::Call: Expecting 'type' to be present"},
		{`{"type":"NOPE"}`, 400, "Failed to validate master::Call: Expecting 'type' to be present"},
		{`{"type":"GET_METRICS"}`, 400, "Failed to validate master::Call: Expecting 'get_metrics' to be present"},
		{`{"type":"TEARDOWN"}`, 400, "Failed to validate master::Call: Expecting 'teardown' to be present"},
		{`{"type":"TEARDOWN","teardown":{"framework_id":{"value":"x"}}}`, 400, "No framework found with specified ID"},
		{`{"type":"LIST_FILES","list_files":{"path":"/"}}`, 404, ""},
		{`{"type":"UNKNOWN"}`, 501, "501 Not Implemented."},
		{`{"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"x"}}}`, 400, "Unknown agent"},
		{`{"type":"REACTIVATE_AGENT","reactivate_agent":{"agent_id":{"value":"x"}}}`, 400, "Agent is not deactivated"},
		{`{"type":"DEACTIVATE_AGENT","deactivate_agent":{"agent_id":{"value":"x"}}}`, 400, "Unknown agent"},
		{`{"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":"x"}}}`, 404, "Agent 'x' not found"},
		{`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":0,"role":"a"}]}}`, 400, "Failed to validate update weights request JSON for role 'a': Invalid weight '0': Weights must be positive"},
		{`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":-1234567.25,"role":"a"}]}}`, 400, "Failed to validate update weights request JSON for role 'a': Invalid weight '-1.23457e+06': Weights must be positive"},
		{`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":1,"role":"-a"}]}}`, 400, "Failed to validate update weights request JSON: Invalid role '-a': Role component '-a' is invalid because it starts with a dash"},
		{`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":1,"role":" a "}]}}`, 200, ""},
		{`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"*"}]}}`, 200, ""},
		{`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"a/b"}]}}`, 400, "Updating quota on nested role 'a/b' is not supported yet"},
		{`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"a","guarantees":{"cpus":{"value":-1}}}]}}`, 400, "Invalid QuotaConfig: Invalid guarantee configuration {'cpus': -1}: Negative values not supported"},
		{`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"a","guarantees":{"cpus":{"value":2}},"limits":{"cpus":{"value":1}}}]}}`, 400, "Invalid QuotaConfig: 'QuotaConfig.guarantees' { cpus: 2 } is not contained within the 'QuotaConfig.limits' { cpus: 1 }"},
		{`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"a","limits":{"mem":{"value":1099511627777}}}]}}`, 400, "Invalid QuotaConfig: Invalid 'QuotaConfig.limits': {'mem': 1099511627777} is invalid: values greater than 1 exabyte (1099511627776) are not supported"},
		{`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"a","guarantees":{"cpus":{"value":1}}}]}}`, 400, "Invalid QuotaConfig: total quota guarantees 'cpus:1' exceed cluster capacity '{}' (use 'force' flag to bypass this check)"},
		{`{"type":"UPDATE_QUOTA","update_quota":{"force":true,"quota_configs":[{"role":"a","guarantees":{"cpus":{"value":1.5}}}]}}`, 200, ""},
		{`{"type":"SET_QUOTA","set_quota":{"quota_request":{"role":"a"}}}`, 400, "Failed to validate set quota request: QuotaInfo with empty 'guarantee'"},
		{`{"type":"SET_QUOTA","set_quota":{"quota_request":{"role":"a","guarantee":[{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]}}}`, 400, "Failed to validate set quota request: Cannot set quota for role 'a' which already has quota"},
		{`{"type":"SET_QUOTA","set_quota":{"quota_request":{"role":"b","guarantee":[{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]}}}`, 409, "Quota guarantees overcommit the cluster (use 'force' to bypass this check): Total quota guarantees 'cpus:2.5' exceed cluster capacity '{}'"},
		{`{"type":"SET_QUOTA","set_quota":{"quota_request":{"role":"b","guarantee":[{"name":"cpus","type":"SCALAR","scalar":{"value":1}},{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]}}}`, 400, "Failed to validate set quota request: QuotaInfo contains duplicate resource name 'cpus'"},
		{`{"type":"SET_QUOTA","set_quota":{"quota_request":{"role":"b","guarantee":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":2}]}}]}}}`, 400, "Failed to validate set quota request: QuotaInfo must not include non-scalar resources"},
		{`{"type":"REMOVE_QUOTA","remove_quota":{"role":"b"}}`, 400, "Failed to remove quota: Role 'b' has no quota set"},
		{`{"type":"START_MAINTENANCE","start_maintenance":{"machines":[]}}`, 400, "List of machines is empty"},
		{`{"type":"START_MAINTENANCE","start_maintenance":{"machines":[{}]}}`, 400, "Both 'hostname' and 'ip' for a machine are empty"},
		{`{"type":"START_MAINTENANCE","start_maintenance":{"machines":[{"ip":"x"}]}}`, 400, "Failed to parse IPv4: x"},
		{`{"type":"START_MAINTENANCE","start_maintenance":{"machines":[{"hostname":"h"}]}}`, 400, `Machine '{"hostname":"h"}' is not part of a maintenance schedule`},
		{`{"type":"STOP_MAINTENANCE","stop_maintenance":{"machines":[{"hostname":"h","ip":"1.2.3.4"},{"hostname":"H","ip":"1.2.3.4"}]}}`, 400, `Machine '{"hostname":"H","ip":"1.2.3.4"}' appears more than once in the schedule`},
		{`{"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":{"schedule":{"windows":[{"unavailability":{"start":{"nanoseconds":1}}}]}}}`, 400, "List of machines in the maintenance window is empty"},
		{`{"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":{"schedule":{"windows":[{"machine_ids":[{"hostname":"h"}],"unavailability":{"start":{"nanoseconds":1},"duration":{"nanoseconds":-1}}}]}}}`, 400, "Unavailability 'duration' is negative"},
		{`{"type":"GROW_VOLUME","grow_volume":{"volume":{"name":"disk","type":"SCALAR"},"addition":{"name":"disk","type":"SCALAR"}}}`, 400, "Failed to validate master::Call: Expecting 'agent_id' to be present; only agent default resources are supported right now"},
		{`{"type":"RESERVE_RESOURCES","reserve_resources":{"agent_id":{"value":"x"},"resources":[]}}`, 400, "No agent found with specified ID"},
	}
	bubble(t, Options{}, func(r *rig) {
		for _, tt := range tests {
			if got := r.operator(tt.body); got.status != tt.status || got.body != tt.text {
				t.Errorf("%s: got %d %q, want %d %q", tt.body, got.status, got.body, tt.status, tt.text)
			}
		}
		if got := r.do("POST", "/api/v1", `{"type":"GET_HEALTH"}`, jsonType, "Accept: text/html"); got.status != 406 {
			t.Errorf("Accept: %d", got.status)
		}
	})
}

// The endpoints that came before the operator API name what they were sent.
func TestOldEndpointErrors(t *testing.T) {
	tests := []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"POST", "/quota", "x", 400, "Failed to parse set quota request JSON 'x': syntax error at line 1 near: x"},
		{"POST", "/quota", "[]", 400, "Failed to parse set quota request JSON '[]': Unexpected JSON type parsed"},
		{"POST", "/quota", `{"role":[]}`, 400, `Failed to validate set quota request JSON '{"role":[]}': Not expecting a JSON array for field 'role'`},
		{"POST", "/quota", `{}`, 400, "Failed to validate set quota request: QuotaInfo with invalid role: Role names cannot be the empty string"},
		{"DELETE", "/quota", "", 400, "Failed to parse remove quota request for path '/master/quota': expected 3 tokens, found 2 tokens"},
		{"DELETE", "/quota/a/b", "", 400, "Failed to remove quota for path '/master/quota/a/b': Role 'a/b' has no quota set"},
		{"DELETE", "/master/quota/a", "", 400, "Failed to remove quota for path '/master/quota/a': Role 'a' has no quota set"},
		{"PUT", "/weights", "{", 400, "Failed to parse update weights request JSON '{': syntax error at line 1 near: "},
		{"PUT", "/weights", "{}", 400, "Failed to parse update weights request JSON '{}': Unexpected JSON type parsed"},
		{"PUT", "/weights", "[1]", 400, "Failed to convert weights JSON array to protobuf '[1]': Expecting a JSON object"},
		{"PUT", "/weights", `[{"role":"a"}]`, 400, `Failed to convert weights JSON array to protobuf '[{"role":"a"}]': Missing required fields: weight`},
		{"POST", "/maintenance/schedule", "[]", 400, "Unexpected JSON type parsed"},
		{"POST", "/maintenance/schedule", "", 400, "syntax error at line 1 near: "},
		{"POST", "/machine/down", "{}", 400, "Unexpected JSON type parsed"},
		{"POST", "/machine/up", "[]", 400, "List of machines is empty"},
		{"POST", "/teardown", "frameworkId=x", 400, "No framework found with specified ID"},
		{"POST", "/teardown", "frameworkId=%", 400, "Unable to decode query string: Malformed % escape in '%': '%'"},
		{"POST", "/reserve", "", 400, "Missing 'slaveId' query parameter in the request body"},
		{"POST", "/reserve", "slaveId=x", 400, "Missing 'resources' query parameter in the request body"},
		{"POST", "/reserve", "slaveId=x&resources={}", 400, "Error parsing 'resources' query parameter in the request body: Unexpected JSON type parsed"},
		{"POST", "/reserve", "slaveId=x&resources=[]&source=x", 400, "Error parsing 'source' query parameter in the request body: syntax error at line 1 near: x"},
		{"POST", "/reserve", "slaveId=x&resources=[]", 400, "No agent found with specified ID"},
		{"POST", "/unreserve", "slaveId=x&resources=[1]", 400, "Error in parsing 'resources' query parameter in the request body: Expecting a JSON object"},
		{"POST", "/create-volumes", "slaveId=x&resources=[]", 400, "Missing 'volumes' query parameter in the request body"},
		{"POST", "/destroy-volumes", "slaveId=x&volumes=[", 400, "Error in parsing 'volumes' query parameter in the request body: syntax error at line 1 near: "},
	}
	bubble(t, Options{}, func(r *rig) {
		for _, tt := range tests {
			if got := r.do(tt.method, tt.path, tt.body); got.status != tt.status || got.body != tt.text {
				t.Errorf("%s %s %s: got %d %q, want %d %q", tt.method, tt.path, tt.body, got.status, got.body, tt.status, tt.text)
			}
		}
	})
}

func TestQuotaAndWeights(t *testing.T) {
	bubble(t, Options{Weights: map[string]float64{"ops": 3}}, func(r *rig) {
		r.agent(5051, machine)
		for _, body := range []string{
			`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"web","guarantees":{"cpus":{"value":0.5}},"limits":{"cpus":{"value":1}}}]}}`,
			`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":2,"role":"web"}]}}`,
		} {
			if got := r.operator(body); got.status != 200 {
				t.Fatalf("%s: %d %s", body, got.status, got.body)
			}
		}
		s := r.framework("role", "web")
		if got := s.offer().Get(`resources.#(name=="cpus").scalar.value`).Num; got != 1 {
			t.Errorf("offered %v cpus, limit 1", got)
		}
		role := gjson.Get(r.get("/roles"), `roles.#(name=="web")`)
		if role.Get("weight").Num != 2 || role.Get("quota.limit").Raw != `{"cpus":1.0}` || role.Get("quota.guarantee").Raw != `{"cpus":0.5}` {
			t.Errorf("role %s", role)
		}
		if got := r.get("/weights"); got != `[{"weight":3.0,"role":"ops"},{"weight":2.0,"role":"web"}]` {
			t.Errorf("weights %s", got)
		}
		if got := r.do("DELETE", "/quota/web", ""); got.status != 200 {
			t.Errorf("DELETE: %d %s", got.status, got.body)
		}
		if got := r.do("DELETE", "/quota/web", ""); got.status != 400 {
			t.Errorf("DELETE again: %d", got.status)
		}
	})
}

// A new weight takes offers back as long as a framework has tasks in the role, also
// when it has left that.
func TestWeightOfARoleThatWasLeft(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("role", "old")
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		if got := s.call("UPDATE_FRAMEWORK", fmt.Sprintf(`{"framework_info":{"user":"root","name":"again","role":"new","id":{"value":%q}}}`, s.id)); got.status != 200 {
			t.Fatalf("UPDATE_FRAMEWORK: %d %s", got.status, got.body)
		}
		s.offer()
		s.pending()
		for _, tt := range []struct{ role, want string }{{"other", "[]"}, {"old", "[RESCIND]"}} {
			if got := r.operator(`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":2,"role":"` + tt.role + `"}]}}`); got.status != 200 {
				t.Fatalf("%s: %d %s", tt.role, got.status, got.body)
			}
			if got := fmt.Sprint(s.pending()); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.role, got, tt.want)
			}
		}
	})
}

// TestMaintenance follows the recording offer_timeout_and_maintenance.
func TestMaintenance(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 3600, taskJSON("here", ag.id))
		s.pending()
		at := time.Now().Add(time.Hour).UnixNano()
		window := fmt.Sprintf(`{"windows":[{"machine_ids":[{"hostname":"127.0.0.1","ip":"127.0.0.1"}],"unavailability":{"start":{"nanoseconds":%d},"duration":{"nanoseconds":60000000000}}}]}`, at)
		if got := r.do("POST", "/maintenance/schedule", window, jsonType); got.status != 200 || got.body != "" {
			t.Fatalf("schedule: %d %q", got.status, got.body)
		}
		offer := gjson.Get(s.wait("INVERSE_OFFERS"), "inverse_offers.inverse_offers.0")
		want := fmt.Sprintf(`{"id":{"value":"%s-O1"},"url":{"scheme":"http","address":{"hostname":"127.0.0.1","ip":"127.0.0.1","port":5051},"path":"/slave(1)"},"framework_id":{"value":"%s"},"agent_id":{"value":"%s"},"unavailability":{"start":{"nanoseconds":%d},"duration":{"nanoseconds":60000000000}}}`, r.m.ID(), s.id, ag.id, at)
		if offer.Raw != want {
			t.Errorf("got  %s\nwant %s", offer.Raw, want)
		}
		s.must("DECLINE_INVERSE_OFFERS", `{"inverse_offer_ids":[`+offer.Get("id").Raw+`],"filters":{"refuse_seconds":10}}`)
		start := time.Now()
		again := gjson.Get(s.wait("INVERSE_OFFERS"), "inverse_offers.inverse_offers.0.id").Raw
		if d := time.Since(start); d < 10*time.Second || d > 11*time.Second {
			t.Errorf("asked again after %s", d)
		}
		status := gjson.Get(r.get("/maintenance/status"), "draining_machines.0")
		if status.Get("id.ip").Str != "127.0.0.1" || status.Get("statuses.0.status").Str != "DECLINE" || status.Get("statuses.0.framework_id.value").Str != s.id {
			t.Errorf("status %s", status)
		}
		s.must("REVIVE", "")
		if got := s.offer().Get("unavailability.start.nanoseconds").Int(); got != at {
			t.Errorf("the offer's unavailability starts at %d", got)
		}
		if got := r.do("POST", "/maintenance/schedule", `{"windows":[]}`, jsonType); got.status != 200 {
			t.Fatalf("no schedule: %d %q", got.status, got.body)
		}
		if got := s.pending(); !slices.Equal(got, []string{"RESCIND", "RESCIND_INVERSE_OFFER", "OFFERS"}) {
			t.Errorf("then %v (the open inverse offer was %s)", got, again)
		}
		if got := r.get("/maintenance/schedule"); got != "{}" {
			t.Errorf("schedule %s", got)
		}
	})
}

func TestMachineDownAndUp(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		ids := `[{"hostname":"127.0.0.1","ip":"127.0.0.1"}]`
		if got := r.do("POST", "/machine/down", ids); got.status != 400 {
			t.Errorf("not scheduled: %d", got.status)
		}
		r.do("POST", "/maintenance/schedule", `{"windows":[{"machine_ids":`+ids+`,"unavailability":{"start":{"nanoseconds":1}}}]}`)
		if got := r.do("POST", "/machine/down", ids); got.status != 200 {
			t.Errorf("down: %d %s", got.status, got.body)
		}
		if got := gjson.Get(r.get("/slaves"), "slaves.#").Int(); got != 0 {
			t.Errorf("%d agents", got)
		}
		if got := r.do("POST", "/maintenance/schedule", `{"windows":[]}`); got.status != 400 {
			t.Errorf("a machine that is down was taken off the schedule: %d", got.status)
		}
		if got := r.do("POST", "/machine/up", ids); got.status != 200 || r.get("/maintenance/schedule") != "{}" {
			t.Errorf("up: %d %s", got.status, got.body)
		}
	})
}

func TestLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.log")
	if err := os.WriteFile(path, []byte("hello world"), 0o600); err != nil {
		t.Fatal(err)
	}
	bubble(t, Options{LogPath: path}, func(r *rig) {
		tests := map[string]string{
			"/files/read?path=/master/log":                    `{"data":"","offset":11}`,
			"/files/read?path=/master/log&offset=-1":          `{"data":"","offset":11}`,
			"/files/read?path=/master/log&offset=6":           `{"data":"world","offset":6}`,
			"/files/read?path=/master/log&offset=0&length=5":  `{"data":"hello","offset":0}`,
			"/files/read?path=/master/log&offset=99":          `{"data":"","offset":99}`,
			"/files/browse?path=/master/log":                  `[]`,
			"/files/download?path=/master/log":                `hello world`,
			"/files/read?path=/master/log&offset=0&jsonp=cb":  `cb({"data":"hello world","offset":0})`,
			"/files/read?path=/master/log&offset=0&length=-1": `{"data":"hello world","offset":0}`,
		}
		for path, want := range tests {
			if got := r.get(path); got != want {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
		for query, want := range map[string]string{
			"offset=x": "Failed to parse offset: Failed to convert 'x' to number.\n", "offset=-2": "Negative offset provided: -2.\n",
			"offset=0&length=-2": "Negative length provided: -2.\n",
		} {
			if got := r.do("GET", "/files/read?path=/master/log&"+query, ""); got.status != 400 || got.body != want {
				t.Errorf("%s: %d %q", query, got.status, got.body)
			}
		}
		if got := r.operator(`{"type":"READ_FILE","read_file":{"path":"/master/log","offset":6}}`).body; got != `{"type":"READ_FILE","read_file":{"size":11,"data":"d29ybGQ="}}` {
			t.Errorf("READ_FILE %s", got)
		}
	})
}

func TestLogLines(t *testing.T) {
	var log bytes.Buffer
	bubble(t, Options{Log: &log}, func(r *rig) {
		r.framework()
		r.m.Stop()
		if got := log.String(); !strings.Contains(got, "] Subscribed framework "+r.m.ID()+"-0000 (test) with roles [*]\n") {
			t.Errorf("log:\n%s", got)
		}
	})
}

func TestTasksPage(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		for _, id := range []string{"a", "b", "c"} {
			s.launch(s.offer(), 0, taskJSON(id, ag.id))
			ag.update(s.id, id, v1.TaskState_TASK_RUNNING)
			s.status()
			time.Sleep(time.Second)
		}
		for query, want := range map[string]string{
			"": `["c","b","a"]`, "?order=asc": `["a","b","c"]`, "?limit=1": `["c"]`, "?limit=1&offset=1": `["b"]`,
			"?offset=9": `[]`, "?task_id=b": `["b"]`, "?framework_id=x": `[]`, "?limit=x&offset=-1": `[]`, "?limit=-1": `["c","b","a"]`, "?limit=x": `["c","b","a"]`, "?limit=0x2": `["c","b"]`, "?task_id=": `[]`, "?order=desc;limit=1": `["c"]`,
		} {
			if got := gjson.Get(r.get("/tasks"+query), "tasks.#.id").Raw; got != want {
				t.Errorf("%s: got %s, want %s", query, got, want)
			}
		}
	})
}
