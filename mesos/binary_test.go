package mesos

import (
	"testing"

	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// TestUnmarshalBinary reads the wire bytes of calls with values that their enums
// do not have.
func TestUnmarshalBinary(t *testing.T) {
	message := func(tag byte, parts ...[]byte) []byte { // a field of wire type 2
		var body []byte
		for _, p := range parts {
			body = append(body, p...)
		}
		return append([]byte{tag<<3 | 2, byte(len(body))}, body...)
	}
	varint := func(tag, n byte) []byte { return []byte{tag << 3, n} }
	text := func(tag byte, s string) []byte { return message(tag, []byte(s)) }
	id := text(1, "x")

	call := &schedulerv1.Call{}
	if err := UnmarshalBinary(varint(2, 99), call); err != nil || call.Type != nil {
		t.Errorf("an unknown type: %v, %v", call, err)
	}
	operation := message(2, varint(1, 98)) // Accept.operations
	if err := UnmarshalBinary(append(varint(2, 3), message(4, operation)...), call); err != nil || call.GetType() != schedulerv1.Call_ACCEPT ||
		len(call.GetAccept().GetOperations()) != 1 || call.Accept.Operations[0].Type != nil {
		t.Errorf("an unknown operation: %v, %v", call, err)
	}
	resource := message(4, text(1, "cpus"), varint(2, 97)) // TaskInfo.resources, whose type is required
	task := message(1, text(1, "t"), message(2, id), message(3, id), resource)
	if err := UnmarshalBinary(message(4, message(2, varint(1, 1), message(2, task))), call); err == nil {
		t.Errorf("an unknown required type: %v", call)
	}
	if err := UnmarshalBinary([]byte{0xff}, call); err == nil {
		t.Error("no message at all was read")
	}
	good, err := proto.Marshal(&schedulerv1.Call{Type: schedulerv1.Call_REVIVE.Enum()})
	if err != nil {
		t.Fatal(err)
	}
	if err := UnmarshalBinary(good, call); err != nil || call.GetType() != schedulerv1.Call_REVIVE {
		t.Errorf("%v, %v", call, err)
	}
}
