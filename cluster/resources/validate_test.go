package resources

import (
	"testing"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// TestValidateTexts has one resource for each thing that Mesos refuses, and the
// oddities that it lets pass; "" is no error.
func TestValidateTexts(t *testing.T) {
	const cpus = `"name":"cpus","type":"SCALAR","scalar":{"value":1}`
	const disk = `"name":"disk","type":"SCALAR","scalar":{"value":1}`
	refined := func(list string) string { return `{` + cpus + `,"reservations":[` + list + `]}` }
	tests := []struct{ json, want string }{
		{`{"name":"cpus","type":"SCALAR","scalar":{"value":1e19}}`, "Resource 'cpus:-9.22337203685478e+15' is invalid: Invalid scalar resource: value <= 0"},
		{`{"name":"cpus","type":"SCALAR","scalar":{"value":"Infinity"}}`, "Resource 'cpus:-9.22337203685478e+15' is invalid: Invalid scalar resource: value <= 0"},
		{`{"name":"cpus","type":"SCALAR","scalar":{"value":1e15},"set":{}}`, "Resource 'cpus:1e+15' is invalid: Invalid scalar resource"},
		{`{"name":"cpus","type":"SCALAR"}`, "Resource 'cpus:0' is invalid: Invalid scalar resource"},
		{`{"name":"cpus","type":"SCALAR","scalar":{"value":-0.0004}}`, "Resource 'cpus:0' is invalid: Invalid scalar resource: value <= 0"},
		{`{"name":"p","type":"RANGES","scalar":{"value":1}}`, "Resource 'p:[]' is invalid: Invalid ranges resource"},
		{`{"name":"p","type":"RANGES","ranges":{"range":[{"begin":5,"end":1}]}}`, "Resource 'p:[5-1]' is invalid: Invalid ranges resource: begin > end"},
		{`{"name":"p","type":"RANGES","ranges":{"range":[{"begin":1,"end":7},{"begin":5,"end":10}]}}`, "Resource 'p:[1-7, 5-10]' is invalid: Invalid ranges resource: overlapping ranges"},
		{`{"name":"p","type":"RANGES","ranges":{"range":[{"begin":5,"end":10},{"begin":1,"end":7}]}}`, ""},
		{`{"name":"p","type":"RANGES","ranges":{}}`, ""},
		{`{"name":"s","type":"SET","ranges":{}}`, "Resource 's:{}' is invalid: Invalid set resource"},
		{`{"name":"s","type":"SET","set":{"item":["a","b","a"]}}`, "Resource 's:{a, b, a}' is invalid: Invalid set resource: duplicated elements"},
		{`{` + cpus + `,"disk":{"persistence":{"id":"x"}}}`, "Resource 'cpus[x]:1' is invalid: DiskInfo should not be set for cpus resource"},
		{`{` + disk + `,"disk":{"source":{"type":"UNKNOWN"}}}`, "Resource 'disk[UNKNOWN]:1' is invalid: Unsupported 'DiskInfo.Source.Type' in 'UNKNOWN'"},
		{`{` + disk + `,"disk":{"source":{"type":"RAW","id":"i","profile":"p","mount":{}}}}`, "Resource 'disk[RAW(,i,p)]:1' is invalid: Mount should not be set for RAW disk source"},
		{`{` + disk + `,"disk":{"source":{"type":"BLOCK","path":{"root":"/x"}}}}`, "Resource 'disk[BLOCK]:1' is invalid: Path should not be set for BLOCK disk source"},
		{`{` + disk + `,"disk":{"source":{"type":"PATH","path":{"root":"/x"}}}}`, ""},
		{`{` + cpus + `,"role":"a b"}`, "Resource 'cpus:1' is invalid: Role component 'a b' is invalid because it contains backspace or whitespace"},
		{`{` + cpus + `,"role":"r","reservation":{"type":"DYNAMIC"}}`, "Resource 'cpus:1' is invalid: 'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field"},
		{`{` + cpus + `,"role":"r","reservation":{"role":"r"}}`, "Resource 'cpus:1' is invalid: 'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field"},
		{`{` + cpus + `,"reservation":{}}`, `Resource 'cpus:1' is invalid: Invalid reservation: role "*" cannot be dynamically reserved`},
		{refined(`{"role":"r"}`), "Resource 'cpus(reservations: [(UNKNOWN,r)]):1' is invalid: Invalid reservation: 'Resource.ReservationInfo.type' field must be set."},
		{refined(`{"type":"STATIC"}`), "Resource 'cpus(reservations: [(STATIC,)]):1' is invalid: Invalid reservation: 'Resource.ReservationInfo.role' field must be set."},
		{refined(`{"type":"STATIC","role":"*"}`), `Resource 'cpus(reservations: [(STATIC,*)]):1' is invalid: Invalid reservation: role "*" cannot be reserved`},
		{refined(`{"type":"UNKNOWN","role":"r"}`), "Resource 'cpus(reservations: [(UNKNOWN,r)]):1' is invalid: Unsupported 'Resource.ReservationInfo.Type'"},
		{refined(`{"type":"STATIC","role":"r"},{"type":"STATIC","role":"r/s"}`), "Resource 'cpus(reservations: [(STATIC,r),(STATIC,r/s)]):1' is invalid: Invalid refined reservation: A refined reservation cannot be STATIC"},
		{refined(`{"type":"STATIC","role":"r"},{"type":"DYNAMIC","role":"s"}`), "Resource 'cpus(reservations: [(STATIC,r),(DYNAMIC,s)]):1' is invalid: Invalid refined reservation: role 's' is not a refinement of 'r'"},
		{refined(`{"type":"STATIC","role":"r"}],"role":"s","reservations":[{"type":"STATIC","role":"r"}`), "Resource 'cpus(reservations: [(STATIC,r)]):1' is invalid: Invalid resource format: 'Resource.role' field with 's' does not match the role 'r' in 'Resource.reservations'"},
		{`{` + cpus + `,"role":"r","reservation":{},"reservations":[{"type":"STATIC","role":"r"}]}`, "Resource 'cpus(reservations: [(STATIC,r)]):1' is invalid: Invalid resource format: 'Resource.reservation' must not be set if the single reservation in 'Resource.reservations' is STATIC"},
		{`{` + cpus + `,"role":"r","reservations":[{"type":"DYNAMIC","role":"r"}]}`, "Resource 'cpus(reservations: [(DYNAMIC,r)]):1' is invalid: Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be both set or both not set if the single reservation in 'Resource.reservations' is DYNAMIC"},
		{`{` + cpus + `,"role":"r","reservation":{"principal":"p"},"reservations":[{"type":"DYNAMIC","role":"r"}]}`, "Resource 'cpus(reservations: [(DYNAMIC,r)]):1' is invalid: Invalid resource format: 'Resource.reservation.principal' field with 'p' does not match the principal '' in 'Resource.reservations'"},
		{`{` + cpus + `,"role":"r","reservation":{"labels":{"labels":[{"key":"k","value":"v"}]}},"reservations":[{"type":"DYNAMIC","role":"r"}]}`, "Resource 'cpus(reservations: [(DYNAMIC,r)]):1' is invalid: Invalid resource format: 'Resource.reservation.labels' field with '{k: v}' does not match the labels '{}' in 'Resource.reservations'"},
		{`{` + cpus + `,"role":"r","reservation":{},"reservations":[{"type":"DYNAMIC","role":"r"}]}`, ""},
		{`{` + cpus + `,"role":"r","reservations":[{"type":"STATIC","role":"r"},{"type":"DYNAMIC","role":"r/s"}]}`, "Resource 'cpus(reservations: [(STATIC,r),(DYNAMIC,r/s)]):1' is invalid: Invalid resource format: 'Resource.role' must not be set if there is more than one reservation in 'Resource.reservations'"},
		{`{` + cpus + `,"shared":{}}`, "Resource 'cpus<SHARED>:1' is invalid: Resource cpus cannot be shared"},
		{`{` + disk + `,"shared":{}}`, "Resource 'disk<SHARED>:1' is invalid: Only persistent volumes can be shared"},
		{`{` + cpus + `,"allocation_info":{"role":"r"},"revocable":{},"role":"/"}`, "Resource 'cpus(allocated: r){REV}:1' is invalid: Role '/' cannot start with a slash"},
	}
	for _, tt := range tests {
		r := &v1.Resource{}
		if err := mesos.Unmarshal([]byte(tt.json), r); err != nil {
			t.Fatalf("%s: %v", tt.json, err)
		}
		got := ""
		if err := Validate([]*v1.Resource{r}); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.json, got, tt.want)
		}
	}
}
