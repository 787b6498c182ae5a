package master

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"

	"github.com/tidwall/gjson"
	"google.golang.org/protobuf/proto"
)

func reservedJSON(name, value, role, extra string) string {
	return `{"name":"` + name + `","type":"SCALAR","scalar":{"value":` + value + `},"reservations":[{"type":"DYNAMIC","role":"` + role + `","principal":"p"}]` + extra + `}`
}

const volumeExtra = `,"disk":{"persistence":{"id":"vol","principal":"p"},"volume":{"mode":"RW","container_path":"data"}}`

// TestReserveCreateLaunch: one ACCEPT reserves, makes a volume of it, and
// launches a task in it (facts 3.4).
func TestReserveCreateLaunch(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("role", "web", "principal", "p", "capabilities", capability("RESERVATION_REFINEMENT"))
		disk, vol := reservedJSON("disk", "100", "web", ""), reservedJSON("disk", "100", "web", volumeExtra)
		s.operate(s.offer().Get("id").Raw,
			`{"type":"RESERVE","reserve":{"resources":[`+disk+`]}}`,
			`{"type":"CREATE","create":{"volumes":[`+vol+`]}}`,
			`{"type":"LAUNCH","launch":{"task_infos":[`+taskJSON("t", ag.id, "resources.2", raw(vol))+`]}}`)
		for _, want := range []v1.Offer_Operation_Type{v1.Offer_Operation_RESERVE, v1.Offer_Operation_CREATE} {
			got := told[*link.ApplyOperation](ag)
			if got.Operation.GetType() != want || got.FrameworkID != s.id {
				t.Errorf("the agent was told %v, want %v", got, want)
			}
			if strings.Contains(got.Operation.String(), "allocation_info") {
				t.Errorf("the agent is told who holds the resources: %v", got.Operation)
			}
		}
		told[*link.Run](ag)
		slave := gjson.Get(r.get("/slaves"), "slaves.0")
		if got := slave.Get("reserved_resources.web.disk").Num; got != 100 {
			t.Errorf("reserved disk %v: %s", got, slave)
		}
		full := slave.Get("reserved_resources_full.web.0")
		if full.Get("role").Str != "web" || full.Get("reservation.principal").Str != "p" || full.Get("reservations.0.type").Str != "DYNAMIC" || full.Get("disk.persistence.id").Str != "vol" {
			t.Errorf("full %s", full)
		}
		ag.update(s.id, "t", v1.TaskState_TASK_FINISHED)
		s.status()
		for {
			o := s.offer()
			if o.Get(`resources.#(disk.persistence.id=="vol").scalar.value`).Num == 100 {
				break
			}
			s.must("DECLINE", `{"offer_ids":[`+o.Get("id").Raw+`],"filters":{"refuse_seconds":0}}`)
		}
	})
}

func TestOperationFeedback(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("role", "web", "principal", "p", "capabilities", capability("RESERVATION_REFINEMENT"))
		s.operate(s.offer().Get("id").Raw, `{"type":"RESERVE","id":{"value":"op1"},"reserve":{"resources":[`+reservedJSON("cpus", "1", "web", "")+`]}}`)
		apply := told[*link.ApplyOperation](ag)
		if got := gjson.Get(r.operator(`{"type":"GET_OPERATIONS"}`).body, "get_operations.operations.0"); got.Get("latest_status.state").Str != "OPERATION_PENDING" || got.Get("info.id.value").Str != "op1" {
			t.Errorf("pending: %s", got)
		}
		status := &v1.OperationStatus{OperationId: &v1.OperationID{Value: proto.String("op1")}, State: v1.OperationState_OPERATION_FINISHED.Enum(), Uuid: &v1.UUID{Value: []byte("@@@@@@@@@@@@@@@@")}, AgentId: agentID(ag.id)}
		_ = ag.conn.Send(&link.OperationUpdate{FrameworkID: s.id, OperationUUID: apply.UUID, Status: status, Latest: status})
		got := gjson.Get(s.wait("UPDATE_OPERATION_STATUS"), "update_operation_status.status")
		if got.Get("operation_id.value").Str != "op1" || got.Get("state").Str != "OPERATION_FINISHED" || got.Get("uuid.value").Str != "QEBAQEBAQEBAQEBAQEBAQA==" {
			t.Errorf("update %s", got)
		}
		s.must("RECONCILE_OPERATIONS", `{"operations":[{"operation_id":{"value":"op1"},"agent_id":{"value":"`+ag.id+`"}},{"operation_id":{"value":"x"},"agent_id":{"value":"`+ag.id+`"}},{"operation_id":{"value":"y"}},{"operation_id":{"value":"z"},"agent_id":{"value":"`+ag.id+`"},"resource_provider_id":{"value":"rp"}},{"operation_id":{"value":"w"},"agent_id":{"value":"nope"}}]}`)
		for _, want := range []string{
			`{"operation_id":{"value":"op1"},"state":"OPERATION_FINISHED","agent_id":{"value":"` + ag.id + `"}}`,
			`{"operation_id":{"value":"x"},"state":"OPERATION_UNKNOWN","message":"Reconciliation: Operation is unknown","agent_id":{"value":"` + ag.id + `"}}`,
			`{"operation_id":{"value":"y"},"state":"OPERATION_UNKNOWN","message":"Reconciliation: Operation is unknown and no 'agent_id' was provided"}`,
			`{"operation_id":{"value":"z"},"state":"OPERATION_UNKNOWN","agent_id":{"value":"` + ag.id + `"},"resource_provider_id":{"value":"rp"}}`,
			`{"operation_id":{"value":"w"},"state":"OPERATION_UNKNOWN","message":"Reconciliation: Both operation and agent are unknown","agent_id":{"value":"nope"}}`,
		} {
			if got := gjson.Get(s.wait("UPDATE_OPERATION_STATUS"), "update_operation_status.status").Raw; got != want {
				t.Errorf("reconciled %s, want %s", got, want)
			}
		}
		for _, bad := range []string{`"agent_id":{"value":"nope"},"operation_id":{"value":"op1"},"uuid":"QEBAQEBAQEBAQEBAQEBAQA=="`,
			`"agent_id":{"value":"` + ag.id + `"},"operation_id":{"value":"op1"},"uuid":"QUBAQEBAQEBAQEBAQEBAQA=="`,
			`"agent_id":{"value":"` + ag.id + `"},"operation_id":{"value":"x"},"uuid":"QEBAQEBAQEBAQEBAQEBAQA=="`} {
			s.must("ACKNOWLEDGE_OPERATION_STATUS", "{"+bad+"}") // fits nothing: passed over
		}
		s.must("ACKNOWLEDGE_OPERATION_STATUS", `{"agent_id":{"value":"`+ag.id+`"},"operation_id":{"value":"op1"},"uuid":"QEBAQEBAQEBAQEBAQEBAQA=="}`)
		if got := told[*link.AcknowledgeOperation](ag); got.OperationID != "op1" {
			t.Errorf("the agent was told %v", got)
		}
		if got := r.operator(`{"type":"GET_OPERATIONS"}`).body; got != `{"type":"GET_OPERATIONS","get_operations":{}}` {
			t.Errorf("afterwards %s", got)
		}
	})
}

func TestOperationsRefused(t *testing.T) {
	cpus := func(role string) string { return reservedJSON("cpus", "1", role, "") }
	tests := []struct{ op, want string }{
		{`{"type":"RESERVE","reserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]}}`, "Resource cpus(allocated: web):1 is not dynamically reserved; on agent AGENT"},
		{`{"type":"RESERVE","reserve":{"resources":[` + strings.Replace(cpus("web"), `"principal":"p"`, `"principal":"q"`, 1) + `]}}`, "A reserve operation was attempted by authenticated principal 'p', which does not match a reserved resource in the request with principal 'q'; on agent AGENT"},
		{`{"type":"RESERVE","reserve":{"resources":[` + cpus("db") + `]}}`, "A reserve operation was attempted for a resource with role 'db', but the resource was allocated to role 'web'; on agent AGENT"},
		{`{"type":"RESERVE","reserve":{"resources":[` + cpus("web") + `],"source":[` + cpus("web") + `]}}`, "Operation attempted with invalid resources: Reservation updates are not yet implemented for the scheduler API."},
		{`{"type":"RESERVE","reserve":{"resources":[{"name":"","type":"SCALAR","scalar":{"value":1}}]}}`, "Operation attempted with invalid resources: Resource ':1' is invalid: Empty resource name"},
		{`{"type":"UNRESERVE"}`, "Operation attempted with invalid resources: An UNRESERVE offer operation must have the Offer.Operation.unreserve field set."},
		{`{"type":"UNRESERVE","unreserve":{"resources":[` + cpus("web") + `]}}`, "ports(allocated: web):[9000-10000]; cpus(allocated: web):2; mem(allocated: web):496; disk(allocated: web):4930 does not contain cpus(allocated: web)(reservations: [(DYNAMIC,web,p)]):1"},
		{`{"type":"CREATE","create":{"volumes":[` + reservedJSON("disk", "1", "web", "") + `]}}`, "Not a persistent volume: Resource disk(allocated: web)(reservations: [(DYNAMIC,web,p)]):1 does not have DiskInfo; on agent AGENT"},
		{`{"type":"DESTROY","destroy":{"volumes":[` + reservedJSON("disk", "1", "web", volumeExtra) + `]}}`, "Persistent volumes not found; on agent AGENT"},
	}
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("role", "web", "principal", "p")
		for _, tt := range tests {
			s.operate(s.offer().Get("id").Raw, tt.op) // nobody hears of one without an id
			withID := strings.Replace(tt.op, `{"type"`, `{"id":{"value":"op"},"type"`, 1)
			o := s.offer()
			s.pending()
			s.operate(o.Get("id").Raw, withID)
			got := gjson.Get(s.wait("UPDATE_OPERATION_STATUS"), "update_operation_status.status")
			want := strings.ReplaceAll(tt.want, "AGENT", ag.id)
			if !strings.HasPrefix(got.Get("message").Str, want) || got.Get("state").Str != "OPERATION_ERROR" || got.Get("uuid").Exists() {
				t.Errorf("%s:\ngot  %s\nwant %s", tt.op, got, want)
			}
		}
		if got := gjson.Get(r.get("/slaves"), "slaves.0.reserved_resources").Raw; got != "{}" {
			t.Errorf("reserved %s", got)
		}
	})
}

func TestOperatorReserves(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.offer()
		s.pending()
		one := reservedJSON("cpus", "1", "web", "")
		if got := r.do("POST", "/reserve", "slaveId="+ag.id+"&resources=["+one+"]"); got.status != 202 || got.body != "" {
			t.Fatalf("reserve: %d %q", got.status, got.body)
		}
		if got := s.pending(); !slices.Equal(got, []string{"RESCIND"}) {
			t.Errorf("the offer in the way: %v", got)
		}
		told[*link.ApplyOperation](ag)
		time.Sleep(time.Second)
		if got := s.offer().Get(`resources.#(name=="cpus").scalar.value`).Num; got != 1 {
			t.Errorf("%v cpus are left for *", got)
		}
		tests := []struct {
			path, body string
			status     int
			text       string
		}{
			{"/reserve", "resources=[]", 400, "Missing 'slaveId' query parameter in the request body"},
			{"/reserve", "slaveId=X&resources=[]", 400, "No agent found with specified ID"},
			{"/reserve", "slaveId=" + ag.id + "&resources=[" + reservedJSON("cpus", "5", "web", "") + "]", 409, "ports:[9000-10000]; cpus:1; mem:496; disk:4930; cpus(reservations: [(DYNAMIC,web,p)]):1 does not contain cpus:5"},
			{"/reserve", "slaveId=" + ag.id + "&resources=[" + reservedJSON("mem", "96", "web", "") + "," + reservedJSON("disk", "30", "web", "") + "]", 202, ""},
			{"/reserve", "slaveId=" + ag.id + "&resources=[" + reservedJSON("cpus", "5", "web", "") + "]", 409, "ports:[9000-10000]; cpus:1; mem:400; disk:4900; cpus(reservations: [(DYNAMIC,web,p)]):1; mem(reservations: [(DYNAMIC,web,p)]):96; disk(reservations: [(DYNAMIC,web,p)]):30 does not contain cpus:5"},
			{"/unreserve", "slaveId=" + ag.id + "&resources=[" + one + "]", 202, ""},
			{"/unreserve", "slaveId=" + ag.id + "&resources=[" + one + "]", 409, ""},
			{"/destroy-volumes", "slaveId=" + ag.id + "&resources=[]", 400, "Missing 'volumes' query parameter in the request body"},
		}
		for _, tt := range tests {
			if got := r.do("POST", tt.path, tt.body); got.status != tt.status || tt.text != "" && got.body != tt.text {
				t.Errorf("%s %s: %d %q", tt.path, tt.body, got.status, got.body)
			}
		}
	})
}
