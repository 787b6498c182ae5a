package master

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
	masterv1 "mesosbook/mesos/v1/master"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
)

const reservedCPU = `{"name":"cpus","type":"SCALAR","scalar":{"value":0.5},"reservations":[{"type":"DYNAMIC","role":"web/api"}]}`

// What is reserved counts as consumed whether or not somebody uses it, and for
// the roles above; zero is a limit.
func TestRolesPage(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("roles", []string{"web/api"}, "capabilities", []map[string]string{{"type": "MULTI_ROLE"}, {"type": "RESERVATION_REFINEMENT"}})
		for _, body := range []string{
			fmt.Sprintf(`{"type":"RESERVE_RESOURCES","reserve_resources":{"agent_id":{"value":%q},"resources":[%s]}}`, ag.id, reservedCPU),
			`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"web","guarantees":{"mem":{"value":0}},"limits":{"gpus":{"value":0}}}]}}`,
			`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"idle"}]}}`,
		} {
			if got := r.operator(body); got.status >= 300 {
				t.Fatalf("%s: %d %s", body, got.status, got.body)
			}
		}
		page := r.get("/roles")
		for path, want := range map[string]string{
			"roles.#.name": `["idle","web","web/api"]`, "roles.1.quota": `{"role":"web","guarantee":{},"limit":{"gpus":0.0},"consumed":{"cpus":0.5}}`,
			"roles.2.quota.consumed": `{"cpus":0.5}`, "roles.2.reserved": `{"cpus":0.5}`, "roles.1.frameworks": `[]`, "roles.2.frameworks": `["` + s.id + `"]`,
			"roles.2.allocated": `{}`,
		} {
			if got := gjson.Get(page, path).Raw; got != want {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
		if got := gjson.Get(r.operator(`{"type":"GET_QUOTA"}`).body, "get_quota.status.configs").Raw; got != `[{"role":"idle"},{"role":"web","limits":{"gpus":{"value":0.0}}}]` {
			t.Errorf("GET_QUOTA: %s", got)
		}
		time.Sleep(7 * time.Second) // the five after the reservation are over: an offer, with ports
		roles := gjson.Get(r.operator(`{"type":"GET_ROLES"}`).body, "get_roles.roles.1.resources.#.name").Raw
		if roles != `["cpus","disk","mem"]` {
			t.Errorf("GET_ROLES: %s", roles)
		}
	})
}

// DRAIN_AGENT of an agent that is away is heard of when it is back.
func TestDrainOfUnreachableAgent(t *testing.T) {
	o := Options{AgentPingTimeout: time.Second, MaxAgentPingTimeouts: 2}
	bubble(t, o, func(r *rig) {
		ag := r.agent(5051, machine)
		id := ag.id
		close(ag.deaf)
		time.Sleep(5 * time.Second)
		if got := gjson.Get(r.get("/state"), "unreachable_slaves").Num; got != 1 {
			t.Fatalf("%v agents are unreachable", got)
		}
		call := func(kind string) string { // "drain_agent" and so on
			return r.operator(fmt.Sprintf(`{"type":%q,%q:{"agent_id":{"value":%q}}}`, strings.ToUpper(kind), kind, id)).body
		}
		for _, kind := range []string{"drain_agent", "deactivate_agent"} {
			if got := call(kind); got != "" {
				t.Errorf("%s: %q", kind, got)
			}
		}
		if got := call("reactivate_agent"); got != "Agent is still in the DRAINING state" {
			t.Errorf("reactivate: %q", got)
		}
		reg := registration(t, 5051, machine)
		reg.Info.Id = agentID(id)
		back := r.register(reg)
		told[*link.Drain](back)
		if got := gjson.Get(r.get("/slaves"), "slaves.0.drain_info.state").Str; got != "DRAINED" {
			t.Errorf("state %q", got)
		}
		if got := call("reactivate_agent"); got != "" {
			t.Errorf("reactivate: %q", got)
		}
	})
}

// In protobuf the tasks of frameworks that are over are left out, as in Mesos.
func TestTasksInProtobuf(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		ag.update(s.id, "t", v1.TaskState_TASK_RUNNING)
		s.status()
		s.must("TEARDOWN", "")
		if got := gjson.Get(r.operator(`{"type":"GET_TASKS"}`).body, "get_tasks.completed_tasks.#").Int(); got != 1 {
			t.Errorf("JSON: %d completed tasks, want 1", got)
		}
		a := r.do("POST", "/api/v1", `{"type":"GET_TASKS"}`, jsonType, "Accept: application/x-protobuf")
		var resp masterv1.Response
		if err := proto.Unmarshal([]byte(a.body), &resp); err != nil || len(resp.GetGetTasks().GetCompletedTasks()) != 0 {
			t.Errorf("protobuf: %v %v", err, &resp)
		}
	})
}

// The old forms and the operator API do the same.
func TestReserveForm(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		form := "slaveId=" + url.QueryEscape(ag.id) + "&resources=" + url.QueryEscape("["+reservedCPU+"]")
		for _, tt := range []struct {
			path   string
			status int
		}{{"/reserve", 202}, {"/unreserve", 202}, {"/unreserve", 409}} {
			if got := r.do("POST", tt.path, form); got.status != tt.status {
				t.Errorf("%s: got %d %s, want %d", tt.path, got.status, got.body, tt.status)
			}
		}
	})
}

// GET_FRAMEWORKS has offers as the master keeps them, without the "role" that
// frameworks and other lists get to see.
func TestOffersInFrameworks(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		s := r.framework()
		s.offer()
		fw := gjson.Get(r.operator(`{"type":"GET_FRAMEWORKS"}`).body, "get_frameworks.frameworks.0")
		if got := fw.Get("offers.0.resources.1").Raw; got != `{"name":"cpus","type":"SCALAR","scalar":{"value":2.0},"allocation_info":{"role":"*"}}` {
			t.Errorf("offer: %s", got)
		}
		if got := fw.Get("offered_resources.1").Raw; got != `{"name":"cpus","type":"SCALAR","scalar":{"value":2.0},"role":"*","allocation_info":{"role":"*"}}` {
			t.Errorf("offered: %s", got)
		}
	})
}
