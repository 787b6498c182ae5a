package mesos_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

func TestEncoder(t *testing.T) {
	var e mesos.Encoder
	e.BeginObject()
	e.Key("string").String("a/b")
	e.Key("double").Double(2)
	e.Key("int").Int(-1)
	e.Key("uint").Uint(math.MaxUint64)
	e.Key("yes").Bool(true)
	e.Key("no").Bool(false)
	e.Key("null").Null()
	e.Key("bytes").Base64([]byte("a"))
	e.Key("raw").Raw([]byte(`{"x":1}`))
	e.Key("key \"quoted\"").BeginArray().EndArray()
	e.Key("list").BeginArray().Int(1).String("{").BeginObject().EndObject().BeginArray().Int(2).Int(3).EndArray().EndArray()
	if err := e.Key("message").Message(&v1.AgentID{Value: proto.String("a")}); err != nil {
		t.Error(err)
	}
	if err := mesos.EncodeList(e.Key("messages"), []*v1.AgentID{{Value: proto.String("a")}, {Value: proto.String("b")}}); err != nil {
		t.Error(err)
	}
	if err := mesos.EncodeList[*v1.AgentID](e.Key("none"), nil); err != nil {
		t.Error(err)
	}
	e.Key("mixed").BeginObject()
	if err := e.Members(&v1.AgentID{Value: proto.String("a")}); err != nil {
		t.Error(err)
	}
	e.Key("checkpoint").Bool(true).EndObject()
	e.EndObject()
	if e.Err() != nil {
		t.Error(e.Err())
	}
	const want = `{"string":"a/b","double":2.0,"int":-1,"uint":18446744073709551615,"yes":true,"no":false,"null":null,"bytes":"YQ==","raw":{"x":1},` +
		`"key \"quoted\"":[],"list":[1,"{",{},[2,3]],"message":{"value":"a"},"messages":[{"value":"a"},{"value":"b"}],"none":[],"mixed":{"value":"a","checkpoint":true}}`
	if got := string(e.Bytes()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestEncoderAppends(t *testing.T) {
	e := mesos.NewEncoder([]byte("callback("))
	e.BeginArray().Int(1).EndArray()
	if got := string(e.Bytes()); got != "callback([1]" {
		t.Errorf("got %s", got)
	}
}

func TestEncoderDropsABadMessage(t *testing.T) {
	e := mesos.NewEncoder(nil)
	e.BeginArray().Int(1)
	if err := e.Message(&v1.AgentID{}); err == nil {
		t.Error("a message without its required field was written")
	}
	if err := mesos.EncodeList(e, []*v1.AgentID{{Value: proto.String("a")}, {}}); err == nil {
		t.Error("a list of such was written")
	}
	if e.Err() == nil || e.Err().Error() != "Missing required fields: value" {
		t.Errorf("Err is %v", e.Err())
	}
	e.Int(2).EndArray()
	if got := string(e.Bytes()); got != "[1,2]" {
		t.Errorf("got %s", got)
	}
}

// The layout is rapidjson's; the values were run through it.
func TestAppendDouble(t *testing.T) {
	tests := []struct {
		f    float64
		want string
	}{
		{0, "0.0"}, {math.Copysign(0, -1), "-0.0"}, {1, "1.0"}, {-15, "-15.0"}, {0.1, "0.1"}, {15.5, "15.5"},
		{1795363128.9061391, "1795363128.9061391"}, {0.09796863999999966, "0.09796863999999966"},
		{999999999999999, "999999999999999.0"}, {1e15, "1000000000000000.0"}, {1e20, "100000000000000000000.0"},
		{123456789012345680000, "123456789012345680000.0"}, {9007199254740993, "9007199254740992.0"},
		{1e21, "1e21"}, {1.5e21, "1.5e21"}, {-1e300, "-1e300"}, {math.MaxFloat64, "1.7976931348623157e308"},
		{1e-6, "0.000001"}, {1.5e-6, "0.0000015"}, {1e-7, "1e-7"}, {1.25e-7, "1.25e-7"}, {1e-10, "1e-10"}, {5e-324, "5e-324"},
		{math.Inf(1), `"Infinity"`}, {math.Inf(-1), `"-Infinity"`},
	}
	for _, test := range tests {
		if got := string(mesos.AppendDouble(nil, test.f)); got != test.want {
			t.Errorf("%v: got %s, want %s", test.f, got, test.want)
		}
	}
	if got := string(mesos.AppendDouble([]byte("e"), math.NaN())); got != `e"NaN"` {
		t.Errorf("NaN: got %s", got)
	}
}

func TestAppendString(t *testing.T) {
	tests := map[string]string{
		"": `""`, "a/b": `"a/b"`, `"\`: `"\"\\"`, "\b\f\n\r\t": `"\b\f\n\r\t"`, "\x00\x01\x1b\x1f": `"\u0000\u0001\u001B\u001F"`,
		"\x7f": "\"\x7f\"", "é€𝄞\u2028<&>": "\"é€𝄞\u2028<&>\"", "bad \xff\xc3": "\"bad \xff\xc3\"", "a\nb\nc": `"a\nb\nc"`,
	}
	for s, want := range tests {
		if got := string(mesos.AppendString(nil, s)); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

func FuzzAppendDouble(f *testing.F) {
	for _, seed := range []float64{0, 0.1, 1e21, 1e-7, 5e-324, math.MaxFloat64, 1 << 53, math.Inf(1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, want float64) {
		if math.IsInf(want, 0) || math.IsNaN(want) {
			return
		}
		text := mesos.AppendDouble(nil, want)
		if !json.Valid(text) {
			t.Fatalf("%v: %s is not JSON", want, text)
		}
		if got, err := strconv.ParseFloat(string(text), 64); err != nil || got != want {
			t.Fatalf("%v: %s reads as %v, %v", want, text, got, err)
		}
	})
}
