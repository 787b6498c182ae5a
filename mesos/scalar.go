package mesos

import (
	"math"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// read turns v into a value of field desc, which is no message. An invalid Value
// without an error means that v is to be dropped: an enum name not known.
func (t *elem) read(d *document, v value, desc protoreflect.FieldDescriptor) (protoreflect.Value, error) {
	switch v.kind {
	case kindString:
		return t.readString(d.text(v.span()), desc)
	case kindInteger, kindDouble:
		if n := t.number(v); n.IsValid() {
			return n, nil
		}
	case kindBool:
		if t.kind == protoreflect.BoolKind {
			return protoreflect.ValueOfBool(v.bits == 1), nil
		}
	}
	return protoreflect.Value{}, unexpected(v.kind.String(), string(desc.Name()))
}

// number casts v to the field's type; the Value is invalid if that is no number.
func (t *elem) number(v value) protoreflect.Value {
	switch t.kind {
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(v.double())
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(v.double()))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(v.int64())
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(v.uint64())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(v.int32())
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(v.uint32())
	}
	return protoreflect.Value{}
}

func (t *elem) readString(text []byte, desc protoreflect.FieldDescriptor) (protoreflect.Value, error) {
	switch t.kind {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(string(text)), nil
	case protoreflect.BytesKind:
		return readBytes(text, desc)
	case protoreflect.EnumKind:
		return readEnum(text, desc)
	case protoreflect.BoolKind:
		v, err := quoted(text, desc, "boolean", func(k kind) bool { return k == kindBool })
		return protoreflect.ValueOfBool(v.bits == 1), err
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		switch string(text) {
		case "Infinity":
			return t.number(value{kind: kindDouble, bits: math.Float64bits(math.Inf(1))}), nil
		case "-Infinity":
			return t.number(value{kind: kindDouble, bits: math.Float64bits(math.Inf(-1))}), nil
		}
	}
	v, err := quoted(text, desc, "number", func(k kind) bool { return k == kindInteger || k == kindDouble })
	return t.number(v), err
}

// quoted reads the text of a string as the JSON of another type.
func quoted(text []byte, desc protoreflect.FieldDescriptor, jsonType string, fits func(kind) bool) (value, error) {
	d, err := parse(text)
	if err == nil && !fits(d.root.kind) {
		err = convertError("Unexpected JSON type parsed")
	}
	if err != nil {
		return value{}, convertError("Failed to parse '" + string(text) + "' as a JSON " + jsonType +
			" for field '" + string(desc.Name()) + "': " + err.Error())
	}
	return d.root, nil
}

func readBytes(text []byte, desc protoreflect.FieldDescriptor) (protoreflect.Value, error) {
	data, err := decodeBase64(text)
	if err != nil {
		return protoreflect.Value{}, convertError("Failed to base64 decode bytes field '" + string(desc.Name()) + "': " + err.Error())
	}
	return protoreflect.ValueOfBytes(data), nil
}

func readEnum(text []byte, desc protoreflect.FieldDescriptor) (protoreflect.Value, error) {
	v := desc.Enum().Values().ByName(protoreflect.Name(text))
	switch {
	case v != nil:
		return protoreflect.ValueOfEnum(v.Number()), nil
	case desc.Cardinality() == protoreflect.Required:
		return protoreflect.Value{}, convertError("Failed to find enum for '" + string(text) + "'")
	default:
		return protoreflect.Value{}, nil
	}
}
