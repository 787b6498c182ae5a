package master

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
)

const subscribeBody = `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"x"}}}`

// TestOrderOfChecks goes down the table of facts 1.3: each request fails the
// check before the next.
func TestOrderOfChecks(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		s := r.framework()
		revive := `{"framework_id":{"value":"` + s.id + `"},"type":"REVIVE"}`
		tests := []struct {
			method, body string
			headers      []string
			status       int
			text         string
		}{
			{"GET", "", nil, 405, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'."},
			{"POST", "{}", nil, 400, "Expecting 'Content-Type' to be present"},
			{"POST", "x", []string{"Content-Type: application/x-protobuf"}, 400, "Failed to parse body into Call protobuf"},
			{"POST", "\x10\x63", []string{"Content-Type: application/x-protobuf"}, 400, "Failed to validate scheduler::Call: Expecting 'type' to be present"},
			{"POST", "MALFORMED", []string{jsonType}, 400, "Failed to parse body into JSON: syntax error at line 1 near: MALFORMED"},
			{"POST", "[]", []string{jsonType}, 400, "Failed to convert JSON into Call protobuf: Expecting a JSON object"},
			{"POST", "{}", []string{"Content-Type: text/plain"}, 415, "Expecting 'Content-Type' of application/json or application/x-protobuf"},
			{"POST", "{}", []string{jsonType + "; charset=utf-8"}, 415, "Expecting 'Content-Type' of application/json or application/x-protobuf"},
			{"POST", `{"string":"valid_json"}`, []string{jsonType}, 400, "Failed to validate scheduler::Call: Expecting 'type' to be present"},
			{"POST", subscribeBody, []string{jsonType, "Accept: text/html", "Mesos-Stream-Id: x"}, 406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'"},
			{"POST", subscribeBody, []string{jsonType, "Accept: application/json;q=0"}, 406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'"},
			{"POST", subscribeBody, []string{jsonType, "Mesos-Stream-Id: x"}, 400, "Subscribe calls should not include the 'Mesos-Stream-Id' header"},
			{"POST", `{"framework_id":{"value":"nope"},"type":"REVIVE"}`, []string{jsonType}, 400, "Framework cannot be found"},
			{"POST", revive, []string{jsonType}, 400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"},
			{"POST", revive, []string{jsonType, "Mesos-Stream-Id: x"}, 400, "The stream ID 'x' included in this request didn't match the stream ID currently associated with framework ID " + s.id},
			{"POST", revive, []string{jsonType, "Mesos-Stream-Id: " + s.stream}, 202, ""},
		}
		for _, tt := range tests {
			got := r.do(tt.method, "/api/v1/scheduler", tt.body, tt.headers...)
			if got.status != tt.status || got.body != tt.text {
				t.Errorf("%s %s %q: got %d %q, want %d %q", tt.method, tt.body, tt.headers, got.status, got.body, tt.status, tt.text)
			}
			if kind := got.header.Get("Content-Type"); tt.text != "" && kind != "text/plain; charset=utf-8" {
				t.Errorf("%s: Content-Type %q", tt.body, kind)
			}
		}
	})
}

func TestCallsLackABody(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		s := r.framework()
		for n, name := range schedulerv1.Call_Type_name {
			kind := schedulerv1.Call_Type(n)
			field := bodyOf(kind)
			if field == "" || kind == schedulerv1.Call_UNKNOWN {
				continue
			}
			want := "Failed to validate scheduler::Call: Expecting '" + field + "' to be present"
			if got := s.call(name, ""); got.status != 400 || got.body != want {
				t.Errorf("%s: %d %q", name, got.status, got.body)
			}
		}
		for uuid, want := range map[string]string{
			"AAAA": "Failed to validate scheduler::Call: Not a valid UUID", "AAAAAAAAAAAAAAAAAAAAAA==": "Failed to validate scheduler::Call: Not a valid UUID",
			"AAAAAAAAYAAAAAAAAAAAAA==": "Failed to validate scheduler::Call: Not a valid UUID", "AAAAAAAAQAAAAAAAAAAAAA==": "",
		} {
			if got := s.call("ACKNOWLEDGE", `{"agent_id":{"value":"a"},"task_id":{"value":"t"},"uuid":"`+uuid+`"}`); got.body != want {
				t.Errorf("uuid %s: %q", uuid, got.body)
			}
		}
	})
}

// TestAsterisk is OPTIONS *, whose target is no path.
func TestAsterisk(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		w := httptest.NewRecorder()
		r.m.Handler().ServeHTTP(w, httptest.NewRequest("OPTIONS", "*", nil))
		if w.Code != 400 || w.Body.String() != "Request URL path must start with '/'" {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}

func TestPaths(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		tests := []struct {
			method, path string
			status       int
			text         string
		}{
			{"POST", "/api/v1/scheduler/", 400, "Expecting 'Content-Type' to be present"},
			{"POST", "/master/api/v1/scheduler/below", 400, "Expecting 'Content-Type' to be present"},
			{"POST", "/master(1)/api/v1/scheduler", 404, "404 Not Found."},
			{"GET", "/nope", 404, "404 Not Found."},
			{"GET", "/state/../health", 404, "404 Not Found."},
			{"GET", "/", 404, "404 Not Found."},
			{"POST", "/maintenance/status", 405, "405 Method Not Allowed. Expecting one of { 'GET' }, but received 'POST'."},
			{"GET", "/health", 200, ""},
			{"GET", "/redirect/x", 404, "404 Not Found."},
			{"POST", "/teardown", 400, "Missing 'frameworkId' query parameter in the request body"},
			{"GET", "/files/browse", 400, "Expecting 'path=value' in query.\n"},
			{"GET", "/files/read?path=/etc/passwd&offset=0", 404, ""},
			{"GET", "/logging/toggle", 200, "0\n"},
			{"GET", "/metrics/snapshot?timeout=x", 400, "Invalid timeout 'x': Failed to convert '' to number.\n"},
			{"GET", "/metrics/snapshot?timeout=5x", 400, "Invalid timeout '5x': Unknown duration unit 'x'; supported units are 'ns', 'us', 'ms', 'secs', 'mins', 'hrs', 'days', and 'weeks'.\n"},
			{"GET", "/metrics/snapshot?timeout=", 400, "Invalid timeout '': Invalid duration ''.\n"},
			{"GET", "/state.json", 404, "404 Not Found."},
			{"GET", "/State", 404, "404 Not Found."},
			{"GET", "/master/version", 404, "404 Not Found."},
			{"GET", "/master/files/browse", 404, "404 Not Found."},
			{"GET", "/version/x", 404, "404 Not Found."},
			{"GET", "/metrics", 404, "404 Not Found."},
			{"GET", "/files", 404, "404 Not Found."},
			{"GET", "/redirect/", 404, "404 Not Found."},
			{"GET", "/memory-profiler/state", 404, "404 Not Found."},
			{"GET", "/state?a=%", 400, "400 Bad Request."},
			{"HEAD", "/maintenance/status", 405, ""},
			{"PUT", "/maintenance/schedule", 405, "405 Method Not Allowed. Expecting one of { 'GET', 'POST' }, but received 'PUT'."},
			{"PUT", "/quota", 405, "405 Method Not Allowed. Expecting one of { 'GET', 'POST', 'DELETE' }, but received 'PUT'."},
			{"DELETE", "/weights", 405, "405 Method Not Allowed. Expecting one of { 'GET', 'PUT' }, but received 'DELETE'."},
			{"GET", "/profiler/start", 400, "Perftools is disabled. To enable perftools, configure libprocess with --enable-perftools.\n"},
			{"GET", "/help/nope", 404, "404 Not Found."},
			{"GET", "/help/master/nope", 400, "No help available for '/master/nope'.\n"},
			{"GET", "/files/download?path=/master/log", 404, "404 Not Found."},
			{"GET", "/files/read?path=/master/log&offset=", 400, "Failed to parse offset: Failed to convert '' to number.\n"},
			{"GET", "/files/read?path=/master/log&offset=-2&length=x", 400, "Negative offset provided: -2.\n"},
			{"GET", "/files/read?path=/master/log&length=x", 400, "Failed to parse length: Failed to convert 'x' to number.\n"},
			{"GET", "/frameworks?framework_id=", 200, `{"frameworks":[],"completed_frameworks":[],"unregistered_frameworks":[]}`},
			{"DELETE", "/slaves?jsonp=", 200, `({"slaves":[],"recovered_slaves":[]})`},
		}
		for _, tt := range tests {
			if got := r.do(tt.method, tt.path, ""); got.status != tt.status || got.body != tt.text {
				t.Errorf("%s %s: got %d %q, want %d %q", tt.method, tt.path, got.status, got.body, tt.status, tt.text)
			}
		}
		for _, path := range []string{"/redirect", "/master/redirect"} {
			if got := r.do("GET", path, ""); got.status != 307 || got.header.Get("Location") != "//127.0.0.1:5050" {
				t.Errorf("%s: %d %q", path, got.status, got.header.Get("Location"))
			}
		}
		for _, path := range []string{"/state", "/master/state", "/state-summary", "/slaves", "/frameworks", "/tasks", "/roles", "/flags", "/version", "/metrics/snapshot", "/system/stats.json", "/maintenance/schedule", "/maintenance/status", "/quota", "/weights", "/files/debug", "/registrar(1)/registry", "/allocator/offer_constraints_debug", "/help?format=json", "/__processes__", "/state/x/y/"} {
			if body := r.get(path); !gjson.Valid(body) {
				t.Errorf("%s is not JSON: %.100s", path, body)
			}
		}
	})
}

func TestLeaderElsewhere(t *testing.T) {
	known := true
	o := Options{Leader: func() (string, bool, bool) { return "other:5050", false, known }}
	bubble(t, o, func(r *rig) {
		got := r.do("POST", "/api/v1/scheduler?a=b", subscribeBody)
		if got.status != 307 || got.header.Get("Location") != "//other:5050/master/api/v1/scheduler?a=b" || got.body != "" {
			t.Errorf("got %d %q %q", got.status, got.header.Get("Location"), got.body)
		}
		if got := r.do("GET", "/version", ""); got.status != 200 {
			t.Errorf("/version: %d", got.status)
		}
		known = false
		if got := r.do("GET", "/state", ""); got.status != 503 || got.body != "No leader elected" {
			t.Errorf("got %d %q", got.status, got.body)
		}
	})
}

func basic(principal, secret string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(principal+":"+secret))
}

// TestAuthentication is what the recording of a master with credentials does not show, and the realms.
func TestAuthentication(t *testing.T) {
	bubble(t, Options{Credentials: map[string]string{"alice": "secret", "bob": "secret2"}}, func(r *rig) {
		const scheduler = `Basic realm="mesos-master-scheduler"`
		post := func(body string, headers ...string) answerText {
			return r.do("POST", "/api/v1/scheduler", body, append(headers, jsonType)...)
		}
		for _, headers := range [][]string{nil, {basic("alice", "wrong")}, {"Authorization: Bearer x"}, {"Authorization: Basic !!!"}, {basic("alice", "secret:x")}, {"Authorization: basic " + strings.TrimPrefix(basic("alice", "secret"), "Authorization: Basic ")}} {
			got := post(subscribeBody, headers...)
			if got.status != 401 || got.body != "401 Unauthorized." || got.header.Get("WWW-Authenticate") != scheduler {
				t.Errorf("%q: %d %q %q", headers, got.status, got.body, got.header.Get("WWW-Authenticate"))
			}
		}
		as := strings.Replace(subscribeBody, `"name":"x"`, `"name":"x","principal":"bob"`, 1)
		if got := post(as, basic("alice", "secret")); got.status != 400 || got.body != "Failed to validate scheduler::Call: Authenticated principal 'alice' does not match principal 'bob' set in `FrameworkInfo`" {
			t.Errorf("another's principal: %d %q", got.status, got.body)
		}
		for path, status := range map[string]int{"/state": 401, "/metrics/snapshot": 401, "/version": 200, "/health": 200, "/redirect": 307} {
			if got := r.do("GET", path, ""); got.status != status {
				t.Errorf("%s: %d, want %d", path, got.status, status)
			}
		}
		if got := r.operator(`{"type":"GET_HEALTH"}`); got.status != 401 || got.header.Get("WWW-Authenticate") != `Basic realm="mesos-master-readwrite"` {
			t.Errorf("operator: %d %q", got.status, got.header.Get("WWW-Authenticate"))
		}
		s := r.openAs("/api/v1/scheduler", subscribeBody, basic("alice", "secret"))
		s.id = gjson.Get(s.next(), "subscribed.framework_id.value").Str
		revive := `{"framework_id":{"value":"` + s.id + `"},"type":"REVIVE"}`
		if got := post(revive, basic("bob", "secret2"), "Mesos-Stream-Id: "+s.stream); got.status != 400 || got.body != "Authenticated principal 'bob' does not match principal 'alice' set in `FrameworkInfo`" {
			t.Errorf("another's framework: %d %q", got.status, got.body)
		}
		if got := r.do("GET", "/frameworks", "", basic("alice", "secret")); gjson.Get(got.body, "frameworks.0.principal").Str != "alice" {
			t.Errorf("frameworks: %d %.200s", got.status, got.body)
		}
	})
}

func TestProtobufBothWays(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.openAs("/api/v1/scheduler", subscribeBody, "Accept: application/x-protobuf")
		event := &schedulerv1.Event{}
		for range 3 {
			event.Reset()
			if err := proto.Unmarshal([]byte(s.next()), event); err != nil {
				t.Fatal(err)
			}
			if id := event.GetSubscribed().GetFrameworkId().GetValue(); id != "" {
				s.id = id
			}
		}
		if event.GetType() != schedulerv1.Event_OFFERS || event.GetOffers().GetOffers()[0].GetAgentId().GetValue() != ag.id {
			t.Errorf("third event: %v", event)
		}
		data, err := proto.Marshal(&schedulerv1.Call{FrameworkId: frameworkID(s.id), Type: schedulerv1.Call_TEARDOWN.Enum()})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.do("POST", "/api/v1/scheduler", string(data), "Content-Type: application/x-protobuf", "Mesos-Stream-Id: "+s.stream); got.status != 202 {
			t.Errorf("TEARDOWN: %d %q", got.status, got.body)
		}
	})
}

func TestGzip(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		got := r.do("GET", "/state", "", "Accept-Encoding: gzip")
		if got.header.Get("Content-Encoding") != "gzip" {
			t.Fatal("a large answer is not compressed")
		}
		z, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(z); err != nil || !gjson.ValidBytes(plain) {
			t.Errorf("compressed answer: %v", err)
		}
		if small := r.do("GET", "/version", "", "Accept-Encoding: gzip"); small.header.Get("Content-Encoding") != "" {
			t.Error("a small answer is compressed")
		}
		var zipped bytes.Buffer
		zw := gzip.NewWriter(&zipped)
		_, _ = zw.Write([]byte("{}"))
		zw.Close()
		for body, want := range map[string]string{"": "Failed to decompress body", "{}{}{}{}{}{}": "failed to decode body", zipped.String()[:15]: "Failed to decompress body"} {
			if got := r.do("POST", "/api/v1/scheduler", body, jsonType, "Content-Encoding: gzip"); got.status != 500 || got.body != want {
				t.Errorf("%q as gzip: %d %q", body, got.status, got.body)
			}
		}
		if got := r.do("POST", "/api/v1/scheduler", zipped.String(), jsonType, "Content-Encoding: gzip"); got.body != "Failed to validate scheduler::Call: Expecting 'type' to be present" {
			t.Errorf("compressed request: %d %q", got.status, got.body)
		}
	})
}

func TestBodiesAreBounded(t *testing.T) {
	bubble(t, Options{MaxBody: 100}, func(r *rig) {
		var zipped bytes.Buffer
		zw := gzip.NewWriter(&zipped)
		_, _ = zw.Write(bytes.Repeat([]byte(" "), 10000))
		zw.Close()
		for _, got := range []answerText{
			r.do("POST", "/api/v1/scheduler", strings.Repeat(" ", 101), jsonType),
			r.do("POST", "/api/v1/scheduler", zipped.String(), jsonType, "Content-Encoding: gzip"),
			r.do("POST", "/teardown", strings.Repeat("a", 101)),
		} {
			if got.status != http.StatusRequestEntityTooLarge {
				t.Errorf("got %d %q", got.status, got.body)
			}
		}
	})
}

func TestJSONP(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		got := r.do("GET", "/version?jsonp=a.b_1", "")
		if !strings.HasPrefix(got.body, "a.b_1({") || !strings.HasSuffix(got.body, "})") || got.header.Get("Content-Type") != "text/javascript" {
			t.Errorf("%q %q", got.header.Get("Content-Type"), got.body)
		}
		if got := r.do("GET", "/version?jsonp=alert(1)", ""); got.status != 400 {
			t.Errorf("a callback that is code: %d", got.status)
		}
	})
}

// FuzzServe throws requests at the handler: it may refuse, but not panic.
func FuzzServe(f *testing.F) {
	f.Add("POST", "/api/v1/scheduler", subscribeBody[:20], jsonType[14:])
	f.Add("POST", "/api/v1", `{"type":"GET_STATE"}`, "application/json")
	f.Add("POST", "/reserve", "slaveId=S&resources=[{}]", "")
	f.Add("POST", "/maintenance/schedule", `{"windows":[{"machine_ids":[{}]}]}`, "application/json")
	f.Add("PUT", "/weights", `[{"weight":2,"role":"a"}]`, "")
	f.Add("GET", "/tasks?limit=-1&offset=99999999999", "", "")
	m, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	h := m.Handler()
	f.Fuzz(func(t *testing.T, method, path, body, kind string) {
		req, err := http.NewRequest(method, "http://m"+path, strings.NewReader(body))
		if err != nil || strings.Contains(body, "SUBSCRIBE") {
			t.Skip()
		}
		req.Header.Set("Content-Type", kind)
		h.ServeHTTP(&discard{header: http.Header{}}, req)
	})
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
