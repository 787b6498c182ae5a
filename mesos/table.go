package mesos

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// A table is what the codec must know of one generated message type.
type table struct {
	fields []*field          // in order of declaration
	byName map[string]*field // by proto name
}

// A field is one field of a message: where it is in the Go struct, how it is
// written, and its descriptor to set it by.
type field struct {
	desc     protoreflect.FieldDescriptor
	name     string
	repeated bool // a list or a map
	mapping  bool
	required bool
	presence bool         // the struct field is a pointer or slice, nil if unset; else zero is unset (proto3)
	index    int          // of the struct field; for a member of a oneof, that of the oneof's interface
	wrapper  reflect.Type // of a oneof's member: the type in the interface; else nil
	key      []byte       // `"name":`
	fallback []byte       // the JSON written when the field is unset; nil for nothing
	elem     elem
}

// An elem is the type of a field's values, or of its items if it has many.
type elem struct {
	kind    protoreflect.Kind
	message *table           // for messages
	names   map[int32][]byte // for enums: the quoted name of each number
}

// tables holds the table of each message type, by the type of its struct. It is
// a cache that only grows, bounded by the number of generated types.
var tables sync.Map // reflect.Type -> *table

// tableOf gives the table of m's type. It fails for a message that is not a
// struct generated in the open struct API, such as a dynamicpb.Message.
func tableOf(m protoreflect.Message) (*table, error) {
	typ := reflect.TypeOf(m.Interface()).Elem()
	if t, ok := tables.Load(typ); ok {
		return t.(*table), nil
	}
	b := builder{}
	t, err := b.table(m.New())
	if err != nil {
		return nil, err
	}
	for typ, t := range b {
		tables.Store(typ, t)
	}
	return t, nil
}

// A builder holds the tables of one message type and all it can contain until
// they are complete: types may contain themselves.
type builder map[reflect.Type]*table

// table builds the table of m's type; m is empty and is scratch space.
func (b builder) table(m protoreflect.Message) (*table, error) {
	typ := reflect.TypeOf(m.Interface()).Elem()
	if t, ok := b[typ]; ok {
		return t, nil
	}
	if typ.Kind() != reflect.Struct {
		return nil, fmt.Errorf("mesos: codec: %s is not a generated message", typ)
	}
	descs := m.Descriptor().Fields()
	t := &table{byName: make(map[string]*field, descs.Len())}
	b[typ] = t
	indexes := structIndexes(typ)
	for i := range descs.Len() {
		desc := descs.Get(i)
		index, ok := indexes[structName(desc)]
		if !ok {
			return nil, fmt.Errorf("mesos: codec: %s is not a generated message: no field %s", typ, desc.Name())
		}
		f, err := b.field(m, desc, index)
		if err != nil {
			return nil, err
		}
		t.fields = append(t.fields, f)
		t.byName[f.name] = f
	}
	return t, nil
}

func (b builder) field(m protoreflect.Message, desc protoreflect.FieldDescriptor, index int) (*field, error) {
	f := &field{
		desc: desc, name: string(desc.Name()), index: index,
		repeated: desc.Cardinality() == protoreflect.Repeated,
		mapping:  desc.IsMap(),
		required: desc.Cardinality() == protoreflect.Required,
		presence: desc.HasPresence(),
	}
	f.key = append(AppendString(nil, f.name), ':')
	if inOneof(desc) {
		m.Set(desc, m.NewField(desc))
		f.wrapper = reflect.ValueOf(m.Interface()).Elem().Field(index).Elem().Type()
	}
	valueDesc := desc
	if desc.IsMap() {
		valueDesc = desc.MapValue()
	}
	f.elem.kind = valueDesc.Kind()
	switch f.elem.kind {
	case protoreflect.EnumKind:
		f.elem.names = enumNames(valueDesc.Enum())
	case protoreflect.MessageKind:
		child, err := b.table(elemMessage(m, desc))
		if err != nil {
			return nil, err
		}
		f.elem.message = child
	case protoreflect.GroupKind:
		return nil, fmt.Errorf("mesos: codec: %s: groups have no JSON form", desc.FullName())
	}
	f.fallback = fallbackOf(desc)
	return f, nil
}

// elemMessage is an empty message of the type that desc's values or items have.
func elemMessage(m protoreflect.Message, desc protoreflect.FieldDescriptor) protoreflect.Message {
	switch empty := m.NewField(desc); {
	case desc.IsMap():
		return empty.Map().NewValue().Message()
	case desc.IsList():
		return empty.List().NewElement().Message()
	default:
		return empty.Message()
	}
}

// structIndexes gives the index of each struct field that holds a proto field or
// a oneof, by the name its tag tells.
func structIndexes(typ reflect.Type) map[string]int {
	indexes := make(map[string]int, typ.NumField())
	for i := range typ.NumField() {
		tag := typ.Field(i).Tag
		if oneof, ok := tag.Lookup("protobuf_oneof"); ok {
			indexes["oneof "+oneof] = i
		}
		for part := range strings.SplitSeq(tag.Get("protobuf"), ",") {
			if name, ok := strings.CutPrefix(part, "name="); ok {
				indexes[name] = i
			}
		}
	}
	return indexes
}

func structName(desc protoreflect.FieldDescriptor) string {
	if inOneof(desc) {
		return "oneof " + string(desc.ContainingOneof().Name())
	}
	return string(desc.Name())
}

func inOneof(desc protoreflect.FieldDescriptor) bool {
	o := desc.ContainingOneof()
	return o != nil && !o.IsSynthetic()
}

func enumNames(desc protoreflect.EnumDescriptor) map[int32][]byte {
	values := desc.Values()
	names := make(map[int32][]byte, values.Len())
	for i := range values.Len() {
		v := values.Get(i)
		names[int32(v.Number())] = AppendString(nil, string(v.Name()))
	}
	return names
}

// fallbackOf is the JSON of an explicit default that is not deprecated.
func fallbackOf(desc protoreflect.FieldDescriptor) []byte {
	options, _ := desc.Options().(*descriptorpb.FieldOptions)
	if !desc.HasDefault() || options.GetDeprecated() {
		return nil
	}
	if desc.Kind() == protoreflect.EnumKind {
		return AppendString(nil, string(desc.DefaultEnumValue().Name()))
	}
	e := Encoder{}
	e.scalar(reflect.ValueOf(desc.Default().Interface()), &elem{kind: desc.Kind()})
	return e.buf
}
