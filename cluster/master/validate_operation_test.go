package master

import (
	"strings"
	"testing"

	v1 "mesosbook/mesos/v1"

	"github.com/tidwall/gjson"
)

// TestOperationTexts has an operation for each thing that Mesos refuses before
// or while it runs one (resources_utils.cpp:608-870, validation.cpp:2429-3070).
func TestOperationTexts(t *testing.T) {
	const (
		all      = "ports(allocated: web):[9000-10000]; cpus(allocated: web):2; mem(allocated: web):496; disk(allocated: web):4930"
		attempt  = "Operation attempted with invalid resources: "
		dynamic  = "(allocated: web)(reservations: [(DYNAMIC,web,p)])"
		provided = `,"provider_id":{"value":"rp"}`
	)
	res := func(name, value, extra string) string { return reservedJSON(name, value, "web", extra) }
	vol := func(extra string) string { return res("disk", "10", `,"disk":`+extra) }
	good := vol(volumeExtra[8:])
	reserve := func(list string) string { return `{"type":"RESERVE","reserve":{"resources":[` + list + `]}}` }
	unreserve := func(list string) string { return `{"type":"UNRESERVE","unreserve":{"resources":[` + list + `]}}` }
	create := func(list string) string { return `{"type":"CREATE","create":{"volumes":[` + list + `]}}` }
	destroy := func(list string) string { return `{"type":"DESTROY","destroy":{"volumes":[` + list + `]}}` }
	grow := func(v, by string) string {
		return `{"type":"GROW_VOLUME","grow_volume":{"volume":` + v + `,"addition":` + by + `}}`
	}
	shrink := func(v, by string) string {
		return `{"type":"SHRINK_VOLUME","shrink_volume":{"volume":` + v + `,"subtract":{"value":` + by + `}}}`
	}
	tests := []struct{ op, want string }{
		{`{"type":"RESERVE"}`, attempt + "A RESERVE offer operation must have the Offer.Operation.reserve field set."},
		{`{"type":"CREATE"}`, attempt + "A CREATE offer operation must have the Offer.Operation.create field set."},
		{`{"type":"DESTROY"}`, attempt + "A DESTROY offer operation must have the Offer.Operation.destroy field set."},
		{`{"type":"GROW_VOLUME"}`, attempt + "A GROW_VOLUME operation must have the Offer.Operation.grow_volume field set"},
		{`{"type":"SHRINK_VOLUME"}`, attempt + "A SHRINK_VOLUME offer operation must have the Offer.Operation.shrink_volume field set"},
		{`{"type":"CREATE_DISK"}`, attempt + "A CREATE_DISK offer operation must have the Offer.Operation.create_disk field set."},
		{`{"type":"DESTROY_DISK"}`, attempt + "A DESTROY_DISK offer operation must have the Offer.Operation.destroy_disk field set."},

		{reserve(strings.Replace(res("cpus", "1", ""), `"type":"DYNAMIC",`, "", 1)), attempt + "Resource 'cpus(reservations: [(UNKNOWN,web,p)]):1' is invalid: Invalid reservation: 'Resource.ReservationInfo.type' field must be set."},
		{reserve(""), "Invalid resources: The resources have multiple resource providers: ; on AGENT"},
		{reserve(res("gpus", "0.5", "")), "Invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer; on AGENT"},
		{reserve(res("cpus", "1", `,"revocable":{}`)), "Invalid resources: Invalid ReservationInfo: Dynamically reserved resource cpus" + dynamic + "{REV}:1 cannot be created from revocable resources; on AGENT"},
		{reserve(res("cpus", "1", provided) + "," + res("mem", "1", "")), "Invalid resources: Some resources have a resource provider and some do not; on AGENT"},
		{reserve(strings.Replace(res("cpus", "1", ""), `,"principal":"p"`, "", 1)), "A reserve operation was attempted by principal 'p', but there is a reserved resource in the request with no principal set; on AGENT"},
		{reserve(res("cpus", "1", `,"allocation_info":{"role":"db"}`)), "A reserve operation was attempted for a resource with role 'web', but the resource was allocated to role 'db'; on AGENT"},
		{reserve(reservedJSON("cpus", "1", "db", `,"allocation_info":{"role":"db"}`)), "A reserve operation was attempted for a resource allocated to role 'db', but the framework only has roles '{ web }'; on AGENT"},
		{reserve(res("cpus", "3", "")), all + " does not contain cpus(allocated: web):3"},

		{unreserve(`{"name":"cpus","type":"SCALAR","scalar":{"value":1}}`), "Resource cpus(allocated: web):1 is not dynamically reserved; on AGENT"},
		{unreserve(good), "A dynamically reserved persistent volume disk" + dynamic + "[vol:data]:10 cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource; on AGENT"},

		{create(vol(`{}`)), "Invalid resources: Invalid DiskInfo: DiskInfo is set but empty; on AGENT"},
		{create(vol(`{"volume":{"mode":"RW","container_path":"d"}}`)), "Invalid resources: Invalid DiskInfo: Non-persistent volume not supported; on AGENT"},
		{create(vol(`{"persistence":{"id":"v"}}`)), "Invalid resources: Invalid DiskInfo: Expecting 'volume' to be set for persistent volume; on AGENT"},
		{create(vol(`{"persistence":{"id":"v"},"volume":{"mode":"RW","container_path":"d","host_path":"/x"}}`)), "Invalid resources: Invalid DiskInfo: Expecting 'host_path' to be unset for persistent volume; on AGENT"},
		{create(vol(`{"persistence":{"id":"a/b"},"volume":{"mode":"RW","container_path":"d"}}`)), "Invalid resources: Invalid DiskInfo: Invalid persistence ID for persistent volume: 'a/b' contains invalid characters; on AGENT"},
		{create(vol(`{"persistence":{"id":"v","principal":"p"},"volume":{"mode":"RO","container_path":"d"}}`)), "Not a persistent volume: Read-only persistent volume not supported; on AGENT"},
		{create(`{"name":"disk","type":"SCALAR","scalar":{"value":10}` + volumeExtra + `}`), "Invalid resources: Invalid DiskInfo: Persistent volumes cannot be created from unreserved resources; on AGENT"},
		{create(good + "," + good), "Persistence ID 'vol' is not unique; on AGENT"},
		{create(vol(volumeExtra[8:] + `,"shared":{}`)), "Create volume operation for 'disk" + dynamic + "[vol:data]<SHARED>:10' has been attempted by framework 'FRAMEWORK' with no SHARED_RESOURCES capability; on AGENT"},
		{create(vol(`{"persistence":{"id":"v"},"volume":{"mode":"RW","container_path":"d"}}`)), "Create volume operation attempted by principal 'p', but there is a volume in the operation with no principal set in 'disk.persistence'; on AGENT"},
		{create(vol(`{"persistence":{"id":"v","principal":"q"},"volume":{"mode":"RW","container_path":"d"}}`)), "Create volume operation attempted by authenticated principal 'p', which does not match a volume in the operation with principal 'q' set in 'disk.persistence'; on AGENT"},
		{create(good), all + " does not contain disk" + dynamic + ":10"},

		{destroy(res("disk", "1", "")), "Not a persistent volume: Resource disk(reservations: [(DYNAMIC,web,p)]):1 does not have DiskInfo; on AGENT"},
		{destroy(good), "Persistent volumes not found; on AGENT"},

		{grow(good, res("", "1", "")), attempt + "Empty resource name"},
		{grow(good, res("disk", "0", "")), "The size of 'GrowVolume.addition' field must be greater than zero; on AGENT"},
		{grow(vol(volumeExtra[8:]+provided), res("disk", "1", "")), "Growing a volume from a resource provider is not supported; on AGENT"},
		{grow(res("disk", "1", ""), res("disk", "1", "")), "Invalid persistent volume in the 'GrowVolume.volume' field: Resource disk" + dynamic + ":1 does not have DiskInfo; on AGENT"},
		{grow(vol(volumeExtra[8:]+`,"shared":{}`), res("disk", "1", "")), "Growing a shared persistent volume is not supported; on AGENT"},
		{grow(good, res("mem", "1", "")), "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields; on AGENT"},
		{grow(good, res("disk", "1", "")), "Invalid GROW_VOLUME operation: " + all + " does not contain disk" + dynamic + "[vol:data]:10; disk" + dynamic + ":1"},

		{shrink(res("", "1", ""), "1"), attempt + "Empty resource name"},
		{shrink(good, "0"), "Value of 'ShrinkVolume.subtract' must be greater than zero; on AGENT"},
		{shrink(good, "10"), "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'; on AGENT"},
		{shrink(vol(volumeExtra[8:]+provided), "1"), "Shrinking a volume from a resource provider is not supported; on AGENT"},
		{shrink(res("disk", "2", ""), "1"), "Invalid persistent volume in the 'ShrinkVolume.volume' field: Resource disk" + dynamic + ":2 does not have DiskInfo; on AGENT"},
		{shrink(vol(`{"source":{"type":"MOUNT"},`+volumeExtra[9:]), "1"), "Shrinking a volume on a MOUNT disk is not supported; on AGENT"},
		{shrink(vol(volumeExtra[8:]+`,"shared":{}`), "1"), "Shrinking a shared persistent volume is not supported; on AGENT"},
		{shrink(good, "1"), "Invalid SHRINK_VOLUME operation: " + all + " does not contain disk" + dynamic + "[vol:data]:10"},

		{`{"type":"CREATE_DISK","create_disk":{"source":` + res("disk", "1", "") + `,"target_type":"MOUNT"}}`, "'source' is not managed by a resource provider; on AGENT"},
		{`{"type":"CREATE_DISK","create_disk":{"source":` + res("disk", "1", provided) + `,"target_type":"MOUNT"}}`, "'source' is not a RAW disk resource; on AGENT"},
		{`{"type":"CREATE_DISK","create_disk":{"source":` + res("disk", "1", provided+`,"disk":{"source":{"type":"RAW"}}`) + `,"target_type":"RAW"}}`, "'target_type' is neither MOUNT or BLOCK; on AGENT"},
		{`{"type":"CREATE_DISK","create_disk":{"source":` + res("disk", "1", provided+`,"disk":{"source":{"type":"RAW"}}`) + `,"target_type":"MOUNT"}}`, "'target_profile' must be set when 'source' has no profile; on AGENT"},
		{`{"type":"CREATE_DISK","create_disk":{"source":` + res("disk", "1", provided+`,"disk":{"source":{"type":"RAW","profile":"x"}}`) + `,"target_type":"MOUNT","target_profile":"x"}}`, "'target_profile' must not be set when 'source' has a profile; on AGENT"},
		{`{"type":"CREATE_DISK","create_disk":{"source":` + res("disk", "1", provided+`,"disk":{"source":{"type":"RAW","profile":"x"}}`) + `,"target_type":"MOUNT"}}`, "Invalid CREATE_DISK Operation: " + all + " does not contain disk" + dynamic + "[RAW(,,x)]:1"},
		{`{"type":"DESTROY_DISK","destroy_disk":{"source":` + res("disk", "1", "") + `}}`, "'source' is not managed by a resource provider; on AGENT"},
		{`{"type":"DESTROY_DISK","destroy_disk":{"source":` + res("disk", "1", provided+`,"disk":{"source":{"type":"PATH"}}`) + `}}`, "'source' is neither a MOUNT, BLOCK or RAW disk resource; on AGENT"},
		{`{"type":"DESTROY_DISK","destroy_disk":{"source":` + res("disk", "1", provided+`,"disk":{"source":{"type":"MOUNT"}}`) + `}}`, "'source' is not backed by a CSI volume; on AGENT"},
	}
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework("role", "web", "principal", "p")
		where := strings.NewReplacer("AGENT", "agent "+ag.id+" at slave(1)@127.0.0.1:5051 (127.0.0.1)", "FRAMEWORK", s.id)
		for _, tt := range tests {
			s.operate(s.offer().Get("id").Raw, strings.Replace(tt.op, `{"type"`, `{"id":{"value":"op"},"type"`, 1))
			got := gjson.Get(s.wait("UPDATE_OPERATION_STATUS"), "update_operation_status.status")
			want := where.Replace(tt.want)
			if got.Get("message").Str != want || got.Get("state").Str != v1.OperationState_OPERATION_ERROR.String() || got.Get("agent_id").Exists() {
				t.Errorf("%s:\ngot  %s\nwant %s", tt.op, got.Get("message").Str, want)
			}
		}
	})
}

// TestUnknownOperation is passed over without a word.
func TestUnknownOperation(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.operate(s.offer().Get("id").Raw, `{"id":{"value":"op"},"type":"UNKNOWN"}`, `{"type":"LAUNCH","launch":{"task_infos":[`+taskJSON("bad", ag.id, "resources", raw("[]"))+`]}}`)
		for _, e := range s.pending() {
			if e == "UPDATE_OPERATION_STATUS" {
				t.Error("an unknown operation was answered")
			}
		}
	})
}
