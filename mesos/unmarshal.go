package mesos

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Unmarshal reads data as one JSON object into m, which is reset first, by the
// rules of the package comment. The error is a *[SyntaxError] if data is not
// JSON, a *[ConvertError] if it is not such a message or lacks a required field
// (m is then of no use); a message that is not generated code gives another
// error. Nothing in m shares memory with data.
func Unmarshal(data []byte, m proto.Message) error {
	v, err := parse(data)
	if err != nil {
		return err
	}
	proto.Reset(m)
	return unmarshal(&v, m.ProtoReflect())
}

// UnmarshalList reads data as a JSON array of messages, as the older endpoints
// take them (PUT /weights, POST /reserve): each item as [Unmarshal] would, the
// first fault ends it.
func UnmarshalList[M proto.Message](data []byte) ([]M, error) {
	v, err := parse(data)
	if err != nil {
		return nil, err
	}
	if v.kind != kindArray {
		return nil, convertError("Expecting a JSON array")
	}
	var zero M
	list := make([]M, 0, len(v.kids))
	for i := range v.kids {
		m := zero.ProtoReflect().New()
		if err := unmarshal(&v.kids[i], m); err != nil {
			return nil, err
		}
		list = append(list, m.Interface().(M))
	}
	return list, nil
}

func unmarshal(v *value, m protoreflect.Message) error {
	if v.kind != kindObject {
		return convertError("Expecting a JSON object")
	}
	t, err := tableOf(m)
	if err != nil {
		return err
	}
	if err := setMembers(m, t, v); err != nil {
		return err
	}
	return checkRequired(m)
}

func setMembers(m protoreflect.Message, t *table, object *value) error {
	for i := range object.kids {
		member := &object.kids[i]
		f, ok := t.byName[string(member.key)]
		if !ok {
			continue
		}
		if err := setField(m, f, member); err != nil {
			return err
		}
	}
	return nil
}

// setField sets a field that has one value, or adds to one that has many.
func setField(m protoreflect.Message, f *field, v *value) error {
	switch {
	case v.kind == kindNull:
		return nil
	case v.kind == kindArray:
		return setItems(m, f, v)
	case f.mapping:
		return setEntries(m, f, v)
	case f.elem.message != nil:
		return setMessage(m, f, v)
	}
	scalar, err := f.elem.read(v, f.desc)
	if err != nil || !scalar.IsValid() {
		return err
	}
	if f.repeated {
		m.Mutable(f.desc).List().Append(scalar)
	} else {
		m.Set(f.desc, scalar)
	}
	return nil
}

// setItems adds each item as if it stood alone: so an array in an array is flattened.
func setItems(m protoreflect.Message, f *field, array *value) error {
	if !f.repeated {
		return unexpected("array", f.name)
	}
	for i := range array.kids {
		if err := setField(m, f, &array.kids[i]); err != nil {
			return err
		}
	}
	return nil
}

func setMessage(m protoreflect.Message, f *field, v *value) error {
	if v.kind != kindObject {
		return unexpected(v.kind.String(), f.name)
	}
	if f.repeated {
		return setMembers(m.Mutable(f.desc).List().AppendMutable().Message(), f.elem.message, v)
	}
	return setMembers(m.Mutable(f.desc).Message(), f.elem.message, v)
}

// setEntries adds the members of an object to a map. A member without a usable
// value (null, an unknown enum) is an entry with the empty value.
func setEntries(m protoreflect.Message, f *field, object *value) error {
	if object.kind != kindObject {
		return unexpected(object.kind.String(), f.name)
	}
	entries := m.Mutable(f.desc).Map()
	keyElem := elem{kind: f.desc.MapKey().Kind()}
	for i := range object.kids {
		member := &object.kids[i]
		key, err := keyElem.read(&value{kind: kindString, text: member.key}, f.desc.MapKey())
		if err != nil {
			return err
		}
		v, err := readEntry(entries.NewValue(), f, member)
		if err != nil {
			return err
		}
		entries.Set(key.MapKey(), v)
	}
	return nil
}

func readEntry(empty protoreflect.Value, f *field, member *value) (protoreflect.Value, error) {
	valueDesc := f.desc.MapValue()
	switch {
	case member.kind == kindNull:
		return empty, nil
	case f.elem.message == nil:
		v, err := f.elem.read(member, valueDesc)
		if err == nil && !v.IsValid() {
			v = empty
		}
		return v, err
	case member.kind != kindObject:
		return empty, unexpected(member.kind.String(), string(valueDesc.Name()))
	default:
		return empty, setMembers(empty.Message(), f.elem.message, member)
	}
}
