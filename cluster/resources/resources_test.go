package resources

import (
	"math"
	"testing"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

func must(t testing.TB, text string) Resources {
	t.Helper()
	list, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return New(list)
}

func TestArithmetic(t *testing.T) {
	tests := []struct{ a, op, b, want string }{
		{"cpus:2;mem:496", "-", "cpus:0.1;mem:32", "cpus:1.9; mem:464"},
		{"cpus:0.1", "+", "cpus:0.2", "cpus:0.3"},
		{"cpus:0.1;mem:5", "-", "cpus:0.1", "mem:5"},
		{"ports:[9000-10000]", "-", "ports:[9500-9501]", "ports:[9000-9499, 9502-10000]"},
		{"ports:[9000-9499,9502-10000]", "+", "ports:[9500-9501]", "ports:[9000-10000]"},
		{"ports:[1-5]", "-", "ports:[1-5]", "{}"},
		{"ports:[1-5]", "-", "ports:[3-9]", "ports:[1-2]"},
		{"disks:{a,b,c}", "-", "disks:{b}", "disks:{a, c}"},
		{"disks:{a}", "+", "disks:{b}", "disks:{a, b}"},
		{"cpus:1", "+", "cpus(web):1", "cpus:1; cpus(reservations: [(STATIC,web)]):1"},
		{"cpus:1", "-", "cpus(web):1", "cpus:1"},
	}
	for _, tt := range tests {
		a, b := must(t, tt.a), must(t, tt.b)
		got := a.Sub(b)
		if tt.op == "+" {
			got = a.Add(b)
		}
		if got.String() != tt.want {
			t.Errorf("%s %s %s: got %s, want %s", tt.a, tt.op, tt.b, got, tt.want)
		}
		if a.String() != must(t, tt.a).String() {
			t.Errorf("%s %s %s changed its receiver to %s", tt.a, tt.op, tt.b, a)
		}
	}
}

func TestContains(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"cpus:2;mem:10", "cpus:2", true},
		{"cpus:2", "cpus:2.001", false},
		{"cpus:2", "mem:1", false},
		{"ports:[1-5,10-20]", "ports:[2-3,11-20]", true},
		{"ports:[1-5,7-9]", "ports:[4-8]", false},
		{"disks:{a,b}", "disks:{b}", true},
		{"disks:{a}", "disks:{b}", false},
		{"cpus(web):1", "cpus:1", false},
	}
	for _, tt := range tests {
		if got := must(t, tt.a).Contains(must(t, tt.b)); got != tt.want {
			t.Errorf("%s contains %s: got %v", tt.a, tt.b, got)
		}
	}
}

func TestString(t *testing.T) {
	r := must(t, "ports:[9000-10000];cpus:1.9;mem:464;disk:4930").Allocate("*")
	want := "ports(allocated: *):[9000-10000]; cpus(allocated: *):1.9; mem(allocated: *):464; disk(allocated: *):4930"
	if r.String() != want {
		t.Errorf("got %s, want %s", r, want)
	}
	if got := r.Unallocate().String(); got != "ports:[9000-10000]; cpus:1.9; mem:464; disk:4930" {
		t.Errorf("unallocated: %s", got)
	}
	dynamic := scalar("cpus", 1)
	dynamic.AllocationInfo = &v1.Resource_AllocationInfo{Role: proto.String("r")}
	dynamic.Reservations = []*v1.Resource_ReservationInfo{{Type: v1.Resource_ReservationInfo_DYNAMIC.Enum(), Role: proto.String("r"), Principal: proto.String("principal")}}
	if got := New([]*v1.Resource{dynamic}).String(); got != "cpus(allocated: r)(reservations: [(DYNAMIC,r,principal)]):1" {
		t.Errorf("dynamic: %s", got)
	}
}

func scalar(name string, v float64) *v1.Resource {
	return &v1.Resource{Name: proto.String(name), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(v)}}
}

func TestValidate(t *testing.T) {
	long := scalar("cpus", 1)
	long.Disk = &v1.Resource_DiskInfo{}
	overlap := &v1.Resource{Name: proto.String("ports"), Type: v1.Value_RANGES.Enum(), Ranges: toProtoRanges([]Range{{1, 5}, {5, 9}})}
	tests := []struct {
		r    *v1.Resource
		want string
	}{
		{scalar("cpus", 1), ""},
		{scalar("cpus", 0), ""},
		{scalar("cpus", -1), "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0"},
		{scalar("cpus", 0.0001), "Resource 'cpus:0' is invalid: Invalid scalar resource: value <= 0"},
		{scalar("", 1), "Resource ':1' is invalid: Empty resource name"},
		{&v1.Resource{Name: proto.String("x"), Type: v1.Value_TEXT.Enum()}, "Resource 'x:' is invalid: Unsupported resource type"},
		{&v1.Resource{Name: proto.String("x"), Type: v1.Value_SCALAR.Enum()}, "Resource 'x:0' is invalid: Invalid scalar resource"},
		{long, "Resource 'cpus[]:1' is invalid: DiskInfo should not be set for cpus resource"},
		{overlap, "Resource 'ports:[1-5, 5-9]' is invalid: Invalid ranges resource: overlapping ranges"},
	}
	for _, tt := range tests {
		got := ""
		if err := Validate([]*v1.Resource{tt.r}); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{"cpus", "cpus:", "cpus:x", "ports:[1-", "ports:[a-b]", "ports:[5-1]", "cpus(web:1", "cpus:-1", "d:{a"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) did not fail", text)
		}
	}
}

func TestParseAttributes(t *testing.T) {
	got, err := ParseAttributes("rack:r2d2;pod:demo,dev;level:3;range:[1-2];below: -1;row:a 3")
	if err != nil || len(got) != 6 {
		t.Fatalf("got %v, %v", got, err)
	}
	if got[0].GetText().GetValue() != "r2d2" || got[1].GetText().GetValue() != "demo,dev" || got[2].GetScalar().GetValue() != 3 || len(got[3].GetRanges().GetRange()) != 1 ||
		got[4].GetText().GetValue() != "-1" || got[5].GetText().GetValue() != "a3" {
		t.Errorf("got %v", got)
	}
	for _, text := range []string{"rack", "pods:{a,b}"} {
		if _, err := ParseAttributes(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestFormats(t *testing.T) {

	in := &v1.Resource{Name: proto.String("cpus"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(1)}, Role: proto.String("web"), Reservation: &v1.Resource_ReservationInfo{Principal: proto.String("p")}}
	r := New([]*v1.Resource{in})
	if !r[0].Dynamic() || r[0].Role() != "web" {
		t.Fatalf("upgrade: %s", r)
	}
	if got := r.Proto(Plain)[0]; !proto.Equal(got, in) {
		t.Errorf("plain: got %v, want %v", got, in)
	}
	if got := r.Proto(Endpoint)[0]; got.GetRole() != "web" || len(got.GetReservations()) != 1 || got.GetReservation().GetPrincipal() != "p" {
		t.Errorf("endpoint: %v", got)
	}
}

func reserved(t testing.TB, role string, list ...*v1.Resource) []*v1.Resource {
	t.Helper()
	for _, p := range list {
		p.Reservations = append(p.Reservations, &v1.Resource_ReservationInfo{Type: v1.Resource_ReservationInfo_DYNAMIC.Enum(), Role: proto.String(role), Principal: proto.String("p")})
	}
	return list
}

func volume(t testing.TB, mb float64) *v1.Resource {
	v := reserved(t, "web", scalar("disk", mb))[0]
	v.Disk = &v1.Resource_DiskInfo{
		Persistence: &v1.Resource_DiskInfo_Persistence{Id: proto.String("id1"), Principal: proto.String("p")},
		Volume:      &v1.Volume{ContainerPath: proto.String("data"), Mode: v1.Volume_RW.Enum()},
	}
	return v
}

func TestApplyThereAndBack(t *testing.T) {
	start := must(t, "cpus:2;disk:100")
	steps := []struct {
		op   *v1.Offer_Operation
		want string
	}{
		{&v1.Offer_Operation{Type: v1.Offer_Operation_RESERVE.Enum(), Reserve: &v1.Offer_Operation_Reserve{Resources: reserved(t, "web", scalar("disk", 60))}},
			"cpus:2; disk:40; disk(reservations: [(DYNAMIC,web,p)]):60"},
		{&v1.Offer_Operation{Type: v1.Offer_Operation_CREATE.Enum(), Create: &v1.Offer_Operation_Create{Volumes: []*v1.Resource{volume(t, 50)}}},
			"cpus:2; disk:40; disk(reservations: [(DYNAMIC,web,p)]):10; disk(reservations: [(DYNAMIC,web,p)])[id1:data]:50"},
		{&v1.Offer_Operation{Type: v1.Offer_Operation_GROW_VOLUME.Enum(), GrowVolume: &v1.Offer_Operation_GrowVolume{Volume: volume(t, 50), Addition: reserved(t, "web", scalar("disk", 10))[0]}},
			"cpus:2; disk:40; disk(reservations: [(DYNAMIC,web,p)])[id1:data]:60"},
		{&v1.Offer_Operation{Type: v1.Offer_Operation_SHRINK_VOLUME.Enum(), ShrinkVolume: &v1.Offer_Operation_ShrinkVolume{Volume: volume(t, 60), Subtract: &v1.Value_Scalar{Value: proto.Float64(5)}}},
			"cpus:2; disk:40; disk(reservations: [(DYNAMIC,web,p)])[id1:data]:55; disk(reservations: [(DYNAMIC,web,p)]):5"},
		{&v1.Offer_Operation{Type: v1.Offer_Operation_DESTROY.Enum(), Destroy: &v1.Offer_Operation_Destroy{Volumes: []*v1.Resource{volume(t, 55)}}},
			"cpus:2; disk:40; disk(reservations: [(DYNAMIC,web,p)]):60"},
		{&v1.Offer_Operation{Type: v1.Offer_Operation_UNRESERVE.Enum(), Unreserve: &v1.Offer_Operation_Unreserve{Resources: reserved(t, "web", scalar("disk", 60))}},
			"cpus:2; disk:100"},
	}
	r := start
	for _, step := range steps {
		next, err := r.Apply(step.op)
		if err != nil {
			t.Fatalf("%s: %v", step.op.GetType(), err)
		}
		if next.String() != step.want {
			t.Fatalf("%s: got %s, want %s", step.op.GetType(), next, step.want)
		}
		r = next
	}
	if !r.Equal(start) {
		t.Errorf("ended with %s", r)
	}
	if _, err := r.Apply(steps[4].op); err == nil {
		t.Error("a volume that is not there was destroyed")
	}
}

func TestMilliBounds(t *testing.T) {
	for v, want := range map[float64]int64{0.1: 100, 1.9999: 2000, -0.1: -100, 0.0004: 0, math.Inf(1): 1 << 60, math.Inf(-1): -(1 << 60)} {
		if got := Milli(v); got != want {
			t.Errorf("Milli(%v) = %d, want %d", v, got, want)
		}
	}
	if Milli(math.NaN()) != 0 {
		t.Error("NaN is not 0")
	}
}

func TestValidateRole(t *testing.T) {
	tests := map[string]string{
		"*": "", "a/b": "", "": "Role names cannot be the empty string",
		"/a": "Role '/a' cannot start with a slash", "a/": "Role 'a/' cannot end with a slash",
		"a//b": "Role 'a//b' cannot contain two adjacent slashes", "a/../b": "Role 'a/../b' cannot include '..' as a component",
		"a/*": "Role 'a/*' cannot include '*' as a component", "-x": "Role component '-x' is invalid because it starts with a dash",
		"a b": "Role component 'a b' is invalid because it contains backspace or whitespace",
	}
	for role, want := range tests {
		got := ""
		if err := ValidateRole(role); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", role, got, want)
		}
	}
}

func BenchmarkSubContains(b *testing.B) {
	have, want := must(b, "ports:[9000-10000];cpus:2;mem:496;disk:4930"), must(b, "cpus:0.1;mem:32")
	for b.Loop() {
		if have.Contains(want) {
			have.Sub(want)
		}
	}
}
