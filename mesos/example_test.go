package mesos_test

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/scheduler"
)

func ExampleMarshal() {
	data, err := mesos.Marshal(&scheduler.Call{
		FrameworkId: &v1.FrameworkID{Value: proto.String("f-0000")},
		Type:        scheduler.Call_DECLINE.Enum(),
		Decline: &scheduler.Call_Decline{
			OfferIds: []*v1.OfferID{{Value: proto.String("O0")}},
			Filters:  &v1.Filters{},
		},
	})
	fmt.Printf("%s %v\n", data, err)
	// Output:
	// {"framework_id":{"value":"f-0000"},"type":"DECLINE","decline":{"offer_ids":[{"value":"O0"}],"filters":{"refuse_seconds":5.0}}} <nil>
}

func ExampleUnmarshal() {
	for _, body := range []string{
		`{"type":"REVIVE","revive":{"roles":[["a"],"b"]},"no_such":1}`,
		`{"type":"REVIVE",}`,
		`{"type":"TEARDOWN","framework_id":{"value":null}}`,
	} {
		var call scheduler.Call
		if err := mesos.Unmarshal([]byte(body), &call); err != nil {
			fmt.Println(mesos.BodyRefusal(err, "Call"))
			continue
		}
		fmt.Println(call.GetType(), call.GetRevive().GetRoles())
	}
	// Output:
	// REVIVE [a b]
	// Failed to parse body into JSON: syntax error at line 1 near: }
	// Failed to convert JSON into Call protobuf: Missing required fields: framework_id.value
}

func ExampleEncoder() {
	var e mesos.Encoder
	e.BeginObject()
	e.Key("cpus").Double(2)
	e.Key("ports").String("[9000-10000]")
	e.Key("agent").Message(&v1.AgentID{Value: proto.String("S0")})
	e.Key("tasks").BeginArray().EndArray()
	e.EndObject()
	fmt.Printf("%s %v\n", e.Bytes(), e.Err())
	// Output:
	// {"cpus":2.0,"ports":"[9000-10000]","agent":{"value":"S0"},"tasks":[]} <nil>
}
