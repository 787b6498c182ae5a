package mesos

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// UnmarshalBinary reads a message of application/x-protobuf as Mesos' C++ does: a
// value that an enum does not have is as if it were not there, and a required
// field that is missing then is an error. (Go's package keeps such values.)
func UnmarshalBinary(data []byte, m proto.Message) error {
	if err := proto.Unmarshal(data, m); err != nil {
		return err
	}
	dropUnknownEnums(m.ProtoReflect())
	return proto.CheckInitialized(m)
}

func dropUnknownEnums(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
			if fd.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, e protoreflect.Value) bool {
					dropUnknownEnums(e.Message())
					return true
				})
			}
		case fd.IsList() && fd.Message() != nil:
			for i := range v.List().Len() {
				dropUnknownEnums(v.List().Get(i).Message())
			}
		case fd.Message() != nil:
			dropUnknownEnums(v.Message())
		case fd.Enum() != nil && !fd.IsList() && fd.Enum().Values().ByNumber(v.Enum()) == nil:
			m.Clear(fd)
		}
		return true
	})
}
