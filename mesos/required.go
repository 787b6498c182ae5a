package mesos

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// checkRequired gives a *ConvertError that names all required fields that m and
// the messages in it lack, or nil.
func checkRequired(m protoreflect.Message) error {
	if proto.CheckInitialized(m.Interface()) == nil {
		return nil
	}
	return convertError("Missing required fields: " + strings.Join(appendMissing(nil, m, ""), ", "))
}

// appendMissing appends the paths in the order of the C++ runtime: a message's
// own fields as declared, then those of its parts by the number of the field.
func appendMissing(paths []string, m protoreflect.Message, prefix string) []string {
	fields := m.Descriptor().Fields()
	parts := make([]protoreflect.FieldDescriptor, 0, fields.Len())
	for i := range fields.Len() {
		fd := fields.Get(i)
		if fd.Cardinality() == protoreflect.Required && !m.Has(fd) {
			paths = append(paths, prefix+string(fd.Name()))
		}
		if fd.Message() != nil && m.Has(fd) {
			parts = append(parts, fd)
		}
	}
	slices.SortFunc(parts, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number() - b.Number()) })
	for _, fd := range parts {
		paths = appendMissingIn(paths, m.Get(fd), fd, prefix+string(fd.Name()))
	}
	return paths
}

func appendMissingIn(paths []string, v protoreflect.Value, fd protoreflect.FieldDescriptor, path string) []string {
	switch {
	case fd.IsMap():
		if fd.MapValue().Message() == nil {
			return paths
		}
		for i, key := range sortedKeys(v.Map()) {
			paths = appendMissing(paths, v.Map().Get(key).Message(), path+"["+strconv.Itoa(i)+"].value.")
		}
	case fd.IsList():
		for i := range v.List().Len() {
			paths = appendMissing(paths, v.List().Get(i).Message(), path+"["+strconv.Itoa(i)+"].")
		}
	default:
		paths = appendMissing(paths, v.Message(), path+".")
	}
	return paths
}

func sortedKeys(m protoreflect.Map) []protoreflect.MapKey {
	keys := make([]protoreflect.MapKey, 0, m.Len())
	m.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k)
		return true
	})
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
