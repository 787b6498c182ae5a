package mesos_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/master"
	"mesosbook/mesos/v1/quota"
	"mesosbook/mesos/v1/scheduler"
)

// What a master answers to a bad body. The texts of the first part were recorded
// from Mesos 1.12; those of the second were had from picojson 1.3 and stout's
// rules.
func TestRefusals(t *testing.T) {
	const syntax = "Failed to parse body into JSON: "
	const convert = "Failed to convert JSON into Call protobuf: "
	framework := func(member string) string {
		return `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"x",` + member + `}}}`
	}
	tests := []struct{ body, want string }{
		{``, syntax + "syntax error at line 1 near: "},
		{`{`, syntax + "syntax error at line 1 near: "},
		{`{"type":"SUBSCRIBE"} trailing`, syntax + "Parsed JSON included non-whitespace trailing characters:  trailing"},
		{`[]`, convert + "Expecting a JSON object"},
		{`null`, convert + "Expecting a JSON object"},
		{`1`, convert + "Expecting a JSON object"},
		{`"x"`, convert + "Expecting a JSON object"},
		{`{"type":5}`, convert + "Not expecting a JSON number for field 'type'"},
		{`{"type":"SUBSCRIBE","subscribe":{}}`, convert + "Missing required fields: subscribe.framework_info"},
		{`{"subscribe":{"framework_info":{}}}`, convert + "Missing required fields: subscribe.framework_info.user, subscribe.framework_info.name"},
		{`{"subscribe":{"framework_info":{"user":"root"}}}`, convert + "Missing required fields: subscribe.framework_info.name"},
		{`{"subscribe":{"framework_info":{"user":1,"name":"x"}}}`, convert + "Not expecting a JSON number for field 'user'"},
		{`{"subscribe":{"framework_info":"x"}}`, convert + "Not expecting a JSON string for field 'framework_info'"},
		{`{"subscribe":[{"framework_info":{"user":"root","name":"x"}}]}`, convert + "Not expecting a JSON array for field 'subscribe'"},
		{framework(`"failover_timeout":"abc"`), convert + "Failed to parse 'abc' as a JSON number for field 'failover_timeout': syntax error at line 1 near: abc"},
		{`{"framework_id":{"value":null}}`, convert + "Missing required fields: framework_id.value"},
		{`{"framework_id":"nope"}`, convert + "Not expecting a JSON string for field 'framework_id'"},
		{`{"accept":{"operations":[{"launch":{"task_infos":[{"resources":[{"name":"cpus","type":"scalar"}]}]}}]}}`, convert + "Failed to find enum for 'scalar'"},
		{`{"acknowledge":{"uuid":"!"}}`, convert + "Failed to base64 decode bytes field 'uuid': Invalid character '!'"},

		{"{\"a\":1,\n\"b\" 2}", syntax + "syntax error at line 2 near: 2}"},
		{"{\"a\":\n\n nul}", syntax + "syntax error at line 3 near: }"},
		{"\n\n", syntax + "syntax error at line 2 near: "},
		{"{\"a\":\"x\ny\"}", syntax + "syntax error at line 1 near: "},
		{"{\"a\":\"\\\nrest\"}", syntax + `syntax error at line 1 near: rest"}`},
		{"{\"a\":\t\x01x\ty}", syntax + "syntax error at line 1 near: xy}"},
		{`nope`, syntax + "syntax error at line 1 near: ope"},
		{`{"a":1,}`, syntax + "syntax error at line 1 near: }"},
		{`[1,]`, syntax + "syntax error at line 1 near: ]"},
		{`{'a':1}`, syntax + "syntax error at line 1 near: 'a':1}"},
		{`{"a":1} // no`, syntax + "Parsed JSON included non-whitespace trailing characters:  // no"},
		{`{"a":1e}`, syntax + "syntax error at line 1 near: }"},
		{`{"a":+1}`, syntax + "syntax error at line 1 near: +1}"},
		{`{"a":.5}`, syntax + "syntax error at line 1 near: .5}"},
		{`{"a":NaN}`, syntax + "syntax error at line 1 near: NaN}"},
		{`{"a":1e999}`, syntax + "Value out of range"},
		{`{"a":"\x"}`, syntax + `syntax error at line 1 near: "}`},
		{`{"a":"\u12g4"}`, syntax + `syntax error at line 1 near: g4"}`},
		{`{"a":"\udc00"}`, syntax + `syntax error at line 1 near: "}`},
		{`{"a":"\ud800x"}`, syntax + `syntax error at line 1 near: x"}`},
		{`{"a":"\ud800\u0041"}`, syntax + `syntax error at line 1 near: "}`},
		{strings.Repeat("[", 201), syntax + "syntax error at line 1 near: "},
		{strings.Repeat(`{"a":`, 201), syntax + `syntax error at line 1 near: "a":`},
		{"1x", convert + "Expecting a JSON object"},
		{"1 ", syntax + "Parsed JSON included non-whitespace trailing characters: "},

		{framework(`"checkpoint":1`), convert + "Not expecting a JSON number for field 'checkpoint'"},
		{framework(`"checkpoint":"yes"`), convert + "Failed to parse 'yes' as a JSON boolean for field 'checkpoint': syntax error at line 1 near: yes"},
		{framework(`"checkpoint":"1"`), convert + "Failed to parse '1' as a JSON boolean for field 'checkpoint': Unexpected JSON type parsed"},
		{framework(`"failover_timeout":true`), convert + "Not expecting a JSON boolean for field 'failover_timeout'"},
		{framework(`"failover_timeout":{}`), convert + "Not expecting a JSON object for field 'failover_timeout'"},
		{framework(`"failover_timeout":""`), convert + "Failed to parse '' as a JSON number for field 'failover_timeout': syntax error at line 1 near: "},
		{framework(`"failover_timeout":"true"`), convert + "Failed to parse 'true' as a JSON number for field 'failover_timeout': Unexpected JSON type parsed"},
		{framework(`"failover_timeout":"1e999"`), convert + "Failed to parse '1e999' as a JSON number for field 'failover_timeout': Value out of range"},
		{framework(`"failover_timeout":"infinity"`), convert + "Failed to parse 'infinity' as a JSON number for field 'failover_timeout': syntax error at line 1 near: infinity"},
		{framework(`"labels":true`), convert + "Not expecting a JSON boolean for field 'labels'"},
		{framework(`"roles":["a",{}]`), convert + "Not expecting a JSON object for field 'roles'"},
		{framework(`"offer_filters":"x"`), convert + "Not expecting a JSON string for field 'offer_filters'"},
		{framework(`"offer_filters":{"a":[]}`), convert + "Not expecting a JSON array for field 'value'"},
		{framework(`"zz":1,"webui_url":2,"hostname":3`), convert + "Not expecting a JSON number for field 'hostname'"},
		{`{"message":{"data":5}}`, convert + "Not expecting a JSON number for field 'data'"},
		{`{"kill":{"task_id":{"value":"a"},"kill_policy":{"grace_period":{}}},"framework_id":{}}`,
			convert + "Missing required fields: framework_id.value, kill.kill_policy.grace_period.nanoseconds"},
	}
	for _, test := range tests {
		err := mesos.Unmarshal([]byte(test.body), &scheduler.Call{})
		if err == nil {
			t.Errorf("%.80s was taken", test.body)
			continue
		}
		if got := mesos.BodyRefusal(err, "Call"); got != test.want {
			t.Errorf("%.80s:\n got %q\nwant %q", test.body, got, test.want)
		}
	}
}

func TestUnmarshal(t *testing.T) {
	task := func(members string) string {
		return `{"name":"n","task_id":{"value":"t"},"agent_id":{"value":"a"},` + members + `}`
	}
	full := func(more *v1.TaskInfo) *v1.TaskInfo {
		more.Name, more.TaskId, more.AgentId = proto.String("n"), &v1.TaskID{Value: proto.String("t")}, &v1.AgentID{Value: proto.String("a")}
		return more
	}
	scalar := func(f float64) *v1.Value_Scalar { return &v1.Value_Scalar{Value: &f} }
	tests := []struct {
		name, text string
		want       proto.Message
	}{
		{"empty", `{}`, &scheduler.Call{}},
		{"white space around", " \t\r\n{} \n", &scheduler.Call{}},
		{"unknown fields at any level", `{"no":{"a":[1,{}]},"type":"KILL","slave_id":1}`, &scheduler.Call{Type: scheduler.Call_KILL.Enum()}},
		{"null is unset", `{"type":null,"framework_id":null,"revive":{"roles":null}}`, &scheduler.Call{Revive: &scheduler.Call_Revive{}}},
		{"the last of equal keys", `{"revive":{"roles":["a"]},"type":"KILL","revive":{"roles":["b"]},"type":"REVIVE"}`,
			&scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), Revive: &scheduler.Call_Revive{Roles: []string{"b"}}}},
		{"the last of equal keys is null", `{"type":"KILL","type":null}`, &scheduler.Call{}},
		{"escaped keys", `{"\u0074ype":"KILL"}`, &scheduler.Call{Type: scheduler.Call_KILL.Enum()}},
		{"unknown enum dropped", `{"type":"NOPE"}`, &scheduler.Call{}},
		{"enum by name, case counts", `{"type":"kill"}`, &scheduler.Call{}},
		{"unknown enum dropped from a list", `{"capabilities":["KILL","NOPE","CHOWN"]}`,
			&v1.CapabilityInfo{Capabilities: []v1.CapabilityInfo_Capability{v1.CapabilityInfo_KILL, v1.CapabilityInfo_CHOWN}}},
		{"one value for a list", `{"roles":"a"}`, &scheduler.Call_Revive{Roles: []string{"a"}}},
		{"nested lists", `{"roles":["a",["b",["c",[]],null],null,"d"]}`, &scheduler.Call_Revive{Roles: []string{"a", "b", "c", "d"}}},
		{"one message for a list", `{"offer_ids":{"value":"o"}}`, &scheduler.Call_Decline{OfferIds: []*v1.OfferID{{Value: proto.String("o")}}}},
		{"bytes", task(`"data":"aGVsbG8="`), full(&v1.TaskInfo{Data: []byte("hello")})},
		{"bytes without padding", task(`"data":"aGVsbG8"`), full(&v1.TaskInfo{Data: []byte("hello")})},
		{"bytes with white space", task(`"data":" aGV\nsb\t G8= !"`), full(&v1.TaskInfo{Data: []byte("hello")})},
		{"bytes end at the padding", task(`"data":"aGVs=bG8="`), full(&v1.TaskInfo{Data: []byte("hel")})},
		{"a lone digit of base64", task(`"data":"a"`), full(&v1.TaskInfo{Data: []byte{}})},
		{"empty bytes are set", task(`"data":""`), full(&v1.TaskInfo{Data: []byte{}})},
		{"map", task(`"limits":{"mem":{"value":1},"cpus":{"value":"Infinity"}}`),
			full(&v1.TaskInfo{Limits: map[string]*v1.Value_Scalar{"mem": scalar(1), "cpus": scalar(math.Inf(1))}})},
		{"list of maps", task(`"limits":[{"mem":{"value":1}},[{"cpus":{"value":2},"mem":{"value":3}}]]`),
			full(&v1.TaskInfo{Limits: map[string]*v1.Value_Scalar{"mem": scalar(3), "cpus": scalar(2)}})},
		{"null in a map", `{"block":{},"access_mode":{"mode":"UNKNOWN"}}`,
			&v1.Volume_Source_CSIVolume_VolumeCapability{
				AccessType: &v1.Volume_Source_CSIVolume_VolumeCapability_Block{Block: &v1.Volume_Source_CSIVolume_VolumeCapability_BlockVolume{}},
				AccessMode: &v1.Volume_Source_CSIVolume_VolumeCapability_AccessMode{Mode: v1.Volume_Source_CSIVolume_VolumeCapability_AccessMode_UNKNOWN.Enum()},
			}},
		{"null is an entry without value", `{"role":"r","limits":{"a":{"value":1}},"guarantees":{}}`,
			&quota.QuotaConfig{Role: proto.String("r"), Limits: map[string]*v1.Value_Scalar{"a": scalar(1)}}},
		{"the last member of a oneof by name", `{"pseudoattribute_type":"ZONE","attribute_name":"a"}`,
			&scheduler.AttributeConstraint_Selector{Selector: &scheduler.AttributeConstraint_Selector_PseudoattributeType_{PseudoattributeType: scheduler.AttributeConstraint_Selector_ZONE}}},
		{"a type of protobuf itself", `{"agent_id":{"value":"a"},"max_grace_period":{"seconds":"5","nanos":7.9}}`,
			&master.Call_DrainAgent{AgentId: &v1.AgentID{Value: proto.String("a")}, MaxGracePeriod: &durationpb.Duration{Seconds: 5, Nanos: 7}}},
		{"strings", `{"value":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud834\udd1e\u0000ü/` + "\x7f\xff" + `"}`,
			&v1.TaskID{Value: proto.String("\"\\/\b\f\n\r\tAé€𝄞\x00ü/\x7f\xff")}},
		{"deep, but not too deep", `{"x":` + strings.Repeat("[", 199) + strings.Repeat("]", 199) + `}`, &scheduler.Call{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := newLike(test.want)
			if err := mesos.Unmarshal([]byte(test.text), got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	doubles := map[string]float64{
		`1`: 1, `1.5`: 1.5, `"0.1"`: 0.1, `" 2"`: 2, `"5x"`: 5, `007`: 7, `1.`: 1, `-.5`: -.5, `1e3`: 1000, `"-Infinity"`: math.Inf(-1),
		`9007199254740993`: 9007199254740992, `18446744073709551615`: 1 << 64, `5e-324`: 5e-324, `1e-400`: 0,
	}
	for text, want := range doubles {
		var got v1.Value_Scalar
		if err := mesos.Unmarshal([]byte(`{"value":`+text+`}`), &got); err != nil || got.GetValue() != want {
			t.Errorf("double %s: got %v, %v, want %v", text, got.GetValue(), err, want)
		}
	}
	unsigned := map[string]uint64{
		`1`: 1, `1.9`: 1, `"31000"`: 31000, `9223372036854775807`: math.MaxInt64, `9223372036854775808`: 1 << 63, `-1`: math.MaxUint64, `-1.5`: math.MaxUint64,
		`1e30`: 0,
	}
	for text, want := range unsigned {
		var got v1.Value_Range
		if err := mesos.Unmarshal([]byte(`{"end":1,"begin":`+text+`}`), &got); err != nil || got.GetBegin() != want {
			t.Errorf("uint64 %s: got %v, %v, want %v", text, got.GetBegin(), err, want)
		}
	}
	signed := map[string]int64{
		`1.9`: 1, `-1.9`: -1, `-9223372036854775808`: math.MinInt64, `1e30`: math.MinInt64, `"-5e0"`: -5,
	}
	for text, want := range signed {
		var got v1.DurationInfo
		if err := mesos.Unmarshal([]byte(`{"nanoseconds":`+text+`}`), &got); err != nil || got.GetNanoseconds() != want {
			t.Errorf("int64 %s: got %v, %v, want %v", text, got.GetNanoseconds(), err, want)
		}
	}
	narrow := map[string][2]int64{ // as int32, as uint32
		`-1.5`: {-1, math.MaxUint32}, `4294967297`: {1, 1}, `1e10`: {math.MinInt32, 1410065408}, `"2147483648"`: {math.MinInt32, 1 << 31},
	}
	for text, want := range narrow {
		var signed v1.CheckStatusInfo_Command
		var unsigned v1.CheckStatusInfo_Http
		err := errors.Join(mesos.Unmarshal([]byte(`{"exit_code":`+text+`}`), &signed), mesos.Unmarshal([]byte(`{"status_code":`+text+`}`), &unsigned))
		if err != nil || int64(signed.GetExitCode()) != want[0] || int64(unsigned.GetStatusCode()) != want[1] {
			t.Errorf("%s: got int32 %d, uint32 %d, %v, want %v", text, signed.GetExitCode(), unsigned.GetStatusCode(), err, want)
		}
	}
}

func TestUnmarshalResetsFirst(t *testing.T) {
	m := &scheduler.Call{Type: scheduler.Call_KILL.Enum(), Revive: &scheduler.Call_Revive{Roles: []string{"a"}}}
	if err := mesos.Unmarshal([]byte(`{"framework_id":{"value":"f"}}`), m); err != nil {
		t.Fatal(err)
	}
	want := &scheduler.Call{FrameworkId: &v1.FrameworkID{Value: proto.String("f")}}
	if diff := cmp.Diff(want, m, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnmarshalSharesNothingWithItsInput(t *testing.T) {
	data := []byte(`{"name":"before","task_id":{"value":"before"},"agent_id":{"value":"a"},"data":"YmVmb3Jl","limits":{"before":{"value":1}}}`)
	var m v1.TaskInfo
	if err := mesos.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	want := proto.Clone(&m)
	for i := range data {
		data[i] = '#'
	}
	if diff := cmp.Diff(want, proto.Message(&m), protocmp.Transform()); diff != "" {
		t.Errorf("changed with the input (-before +after):\n%s", diff)
	}
}

func TestUnmarshalList(t *testing.T) {
	got, err := mesos.UnmarshalList[*v1.WeightInfo]([]byte(`[{"weight":2,"role":"a"},{"weight":"0.5"}]`))
	want := []*v1.WeightInfo{{Weight: proto.Float64(2), Role: proto.String("a")}, {Weight: proto.Float64(0.5)}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || err != nil {
		t.Errorf("got error %v (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]string{
		`{}`:                 "Expecting a JSON array",
		`[{"weight":1},5]`:   "Expecting a JSON object",
		`[{"weight":1},{}]`:  "Missing required fields: weight",
		`[{"weight":"x"}]`:   "Failed to parse 'x' as a JSON number for field 'weight': syntax error at line 1 near: x",
		`[{"weight":1},null`: "syntax error at line 1 near: ",
	} {
		if _, err := mesos.UnmarshalList[*v1.WeightInfo]([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestOnlyGeneratedMessages(t *testing.T) {
	desc := protodesc.ToFileDescriptorProto(v1.File_mesos_v1_mesos_proto)
	file, err := protodesc.NewFile(desc, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(file.Messages().ByName("FrameworkID"))
	const want = "is not a generated message"
	err = mesos.Unmarshal([]byte(`{"value":"x"}`), m)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("unmarshal: got %v", err)
	}
	if got := mesos.BodyRefusal(err, "Call"); got != err.Error() {
		t.Errorf("text of another error: got %q", got)
	}
	if _, err := mesos.Marshal(m); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("marshal: got %v", err)
	}
}
