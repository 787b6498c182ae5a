package mesos_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/master"
	"mesosbook/mesos/v1/scheduler"
)

func scalar(f float64) *v1.Value_Scalar { return &v1.Value_Scalar{Value: &f} }

func TestMarshal(t *testing.T) {
	tests := []struct {
		name string
		m    proto.Message
		want string
	}{
		{"nothing set", &scheduler.Call{}, `{}`},
		{"nil message", (*scheduler.Call)(nil), `{}`},
		{"no parts", &scheduler.Event{Type: scheduler.Event_HEARTBEAT.Enum()}, `{"type":"HEARTBEAT"}`},
		{"empty part", &scheduler.Call{Revive: &scheduler.Call_Revive{}}, `{"revive":{}}`},
		{"order of declaration, not of numbers",
			&v1.CommandInfo{Shell: proto.Bool(false), Value: proto.String("/bin/echo"), Arguments: []string{"echo", "x"}, User: proto.String("root")},
			`{"shell":false,"value":"/bin/echo","arguments":["echo","x"],"user":"root"}`},
		{"defaults are written", &v1.CommandInfo{Uris: []*v1.CommandInfo_URI{{Value: proto.String("u")}}},
			`{"uris":[{"value":"u","extract":true}],"shell":true}`},
		{"deprecated defaults are not", &v1.FrameworkInfo{User: proto.String("u"), Name: proto.String("n")},
			`{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false}`},
		{"deprecated fields that are set are", &v1.FrameworkInfo{User: proto.String("u"), Name: proto.String("n"), Role: proto.String("r")},
			`{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false,"role":"r"}`},
		{"all default types", &v1.HealthCheck{Http: &v1.HealthCheck_HTTPCheckInfo{Port: proto.Uint32(80)}},
			`{"delay_seconds":15.0,"interval_seconds":10.0,"timeout_seconds":20.0,"consecutive_failures":3,"grace_period_seconds":10.0,"http":{"protocol":"IPv4","port":80}}`},
		{"enum default", &v1.Environment_Variable{Name: proto.String("n")}, `{"name":"n","type":"VALUE"}`},
		{"string default", &v1.CSIPluginInfo{Type: proto.String("t")}, `{"type":"t","name":"default"}`},
		{"lists of strings, numbers, enums", &v1.HealthCheck_HTTPCheckInfo{Port: proto.Uint32(1), Statuses: []uint32{200, math.MaxUint32}},
			`{"protocol":"IPv4","port":1,"statuses":[200,4294967295]}`},
		{"list of enums", &v1.CapabilityInfo{Capabilities: []v1.CapabilityInfo_Capability{v1.CapabilityInfo_KILL, v1.CapabilityInfo_CHOWN}}, `{"capabilities":["KILL","CHOWN"]}`},
		{"an enum value that has no name", &v1.CapabilityInfo{Capabilities: []v1.CapabilityInfo_Capability{7}}, `{"capabilities":[7]}`},
		{"map sorted by key", &v1.OfferFilters_ResourceQuantities{Quantities: map[string]*v1.Value_Scalar{"mem": scalar(1), "cpus": scalar(0.5), "a\"b": scalar(0)}},
			`{"quantities":{"a\"b":{"value":0.0},"cpus":{"value":0.5},"mem":{"value":1.0}}}`},
		{"empty map and list", &v1.OfferFilters_ResourceQuantities{Quantities: map[string]*v1.Value_Scalar{}}, `{}`},
		{"bytes", &v1.UUID{Value: []byte{0xff, 0xfe, 0, 1}}, `{"value":"//4AAQ=="}`},
		{"empty bytes", &v1.UUID{Value: []byte{}}, `{"value":""}`},
		{"64 bits", &v1.Value_Range{Begin: proto.Uint64(9007199254740993), End: proto.Uint64(math.MaxUint64)}, `{"begin":9007199254740993,"end":18446744073709551615}`},
		{"least integer", &v1.TimeInfo{Nanoseconds: proto.Int64(math.MinInt64)}, `{"nanoseconds":-9223372036854775808}`},
		{"oneof: enum", &scheduler.AttributeConstraint_Selector{Selector: &scheduler.AttributeConstraint_Selector_PseudoattributeType_{PseudoattributeType: scheduler.AttributeConstraint_Selector_UNKNOWN}}, `{"pseudoattribute_type":"UNKNOWN"}`},
		{"oneof: string", &scheduler.AttributeConstraint_Selector{Selector: &scheduler.AttributeConstraint_Selector_AttributeName{AttributeName: ""}}, `{"attribute_name":""}`},
		{"oneof: message", &scheduler.AttributeConstraint_Predicate{Predicate: &scheduler.AttributeConstraint_Predicate_TextMatches_{TextMatches: &scheduler.AttributeConstraint_Predicate_TextMatches{Regex: proto.String(`a/\d`)}}},
			`{"text_matches":{"regex":"a/\\d"}}`},
		{"a type of protobuf itself", &master.Call_DrainAgent{AgentId: &v1.AgentID{Value: proto.String("a")}, MaxGracePeriod: &durationpb.Duration{Seconds: 5}},
			`{"agent_id":{"value":"a"},"max_grace_period":{"seconds":5},"mark_gone":false}`},
		{"a type that contains itself", &v1.ContainerID{Value: proto.String("c"), Parent: &v1.ContainerID{Value: proto.String("p")}}, `{"value":"c","parent":{"value":"p"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := mesos.Marshal(test.m)
			if err != nil || string(got) != test.want {
				t.Errorf("\n got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestMarshalWantsRequiredFields(t *testing.T) {
	m := &scheduler.Call{FrameworkId: &v1.FrameworkID{}, Kill: &scheduler.Call_Kill{}}
	dst := []byte("before ")
	got, err := mesos.Append(dst, m)
	var convert *mesos.ConvertError
	if !errors.As(err, &convert) || convert.Text != "Missing required fields: framework_id.value, kill.task_id" {
		t.Errorf("got %v", err)
	}
	if string(got) != "before " {
		t.Errorf("dst is now %q", got)
	}
	// A default does not make up for a required field.
	if got, err := mesos.Marshal(&v1.MasterInfo{Id: proto.String("i"), Ip: proto.Uint32(1)}); err == nil {
		t.Errorf("a MasterInfo without its port was written: %s", got)
	}
	// Entries of a map are named by their place in the order of keys.
	_, err = mesos.Marshal(&v1.OfferFilters_ResourceQuantities{Quantities: map[string]*v1.Value_Scalar{"mem": {}, "cpus": scalar(1)}})
	if err == nil || err.Error() != "Missing required fields: quantities[1].value.value" {
		t.Errorf("got %v", err)
	}
}

func TestAppend(t *testing.T) {
	got, err := mesos.Append([]byte("20\n"), &scheduler.Event{Type: scheduler.Event_HEARTBEAT.Enum()})
	if err != nil || string(got) != "20\n{\"type\":\"HEARTBEAT\"}" {
		t.Errorf("got %q, %v", got, err)
	}
}

// What was sent to Mesos: read, written, read and written again says the same,
// and what was written reads as the same message but for explicit defaults.
func TestRecordedCallsKeepTheirMeaning(t *testing.T) {
	for file, kind := range recorded {
		if !strings.Contains(file, "calls") {
			continue
		}
		lines(t, file, func(line []byte) { checkRoundTrip(t, line, kind) })
	}
}

// checkRoundTrip reads text as a message like kind; if that goes, writing and
// reading it again must give the same text, and the same message if the message
// written by the protobuf library would.
func checkRoundTrip(t *testing.T, text []byte, kind proto.Message) {
	t.Helper()
	first := newLike(kind)
	if err := mesos.Unmarshal(text, first); err != nil {
		return
	}
	written, err := mesos.Marshal(first)
	if err != nil {
		t.Fatalf("%s was read but not written: %v", text, err)
	}
	second := newLike(kind)
	if err := mesos.Unmarshal(written, second); err != nil {
		t.Fatalf("%s was written but not read: %v", written, err)
	}
	again, err := mesos.Marshal(second)
	if err != nil || string(again) != string(written) {
		t.Fatalf("written first %s\nthen %s, %v", written, again, err)
	}
	third := newLike(kind)
	if err := mesos.Unmarshal(again, third); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second, third, protocmp.Transform()); diff != "" {
		t.Fatalf("%s reads as two messages:\n%s", written, diff)
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, file := range []string{"scheduler_events.jsonl", "scheduler_calls.jsonl"} {
		lines(f, file, func(line []byte) { f.Add(line) })
	}
	for _, seed := range []string{``, `{`, `[]`, `{"type":null}`, `{"acknowledge":{"uuid":"!"}}`, "{\"a\":\"\\\n", `{"a":1e999}`, `{"type":"KILL","type":5}`,
		`{"accept":{"filters":{"refuse_seconds":"Infinity"}}}`, `{"subscribe":{"framework_info":{"user":"","name":"","offer_filters":{"a":null}}}}`, `{"error":{"message":"\ud834\udd1e\u0000"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		checkRoundTrip(t, text, (*scheduler.Call)(nil))
		checkRoundTrip(t, text, (*scheduler.Event)(nil))
		checkRoundTrip(t, text, (*v1.TaskInfo)(nil))
	})
}
