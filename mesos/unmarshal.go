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
	d, err := parse(data)
	if err != nil {
		return err
	}
	proto.Reset(m)
	return d.unmarshal(d.root, m.ProtoReflect())
}

// UnmarshalList reads data as a JSON array of messages, as the older endpoints
// take them (PUT /weights, POST /reserve): each item as [Unmarshal] would, the
// first fault ends it.
func UnmarshalList[M proto.Message](data []byte) ([]M, error) {
	d, err := parse(data)
	if err != nil {
		return nil, err
	}
	if d.root.kind != kindArray {
		return nil, convertError("Expecting a JSON array")
	}
	var zero M
	items := d.parts(d.root)
	list := make([]M, 0, len(items))
	for _, item := range items {
		m := zero.ProtoReflect().New()
		if err := d.unmarshal(item, m); err != nil {
			return nil, err
		}
		list = append(list, m.Interface().(M))
	}
	return list, nil
}

func (d *document) unmarshal(v value, m protoreflect.Message) error {
	if v.kind != kindObject {
		return convertError("Expecting a JSON object")
	}
	t, err := tableOf(m)
	if err != nil {
		return err
	}
	if err := d.setMembers(m, t, v); err != nil {
		return err
	}
	return checkRequired(m)
}

func (d *document) setMembers(m protoreflect.Message, t *table, object value) error {
	for _, member := range d.parts(object) {
		f, ok := t.byName[string(d.text(member.key))]
		if !ok {
			continue
		}
		if err := d.setField(m, f, member); err != nil {
			return err
		}
	}
	return nil
}

// setField sets a field that has one value, or adds to one that has many.
func (d *document) setField(m protoreflect.Message, f *field, v value) error {
	switch {
	case v.kind == kindNull:
		return nil
	case v.kind == kindArray:
		return d.setItems(m, f, v)
	case f.mapping:
		return d.setEntries(m, f, v)
	case f.elem.message != nil:
		return d.setMessage(m, f, v)
	}
	scalar, err := f.elem.read(d, v, f.desc)
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
func (d *document) setItems(m protoreflect.Message, f *field, array value) error {
	if !f.repeated {
		return unexpected("array", f.name)
	}
	for _, item := range d.parts(array) {
		if err := d.setField(m, f, item); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) setMessage(m protoreflect.Message, f *field, v value) error {
	if v.kind != kindObject {
		return unexpected(v.kind.String(), f.name)
	}
	if f.repeated {
		return d.setMembers(m.Mutable(f.desc).List().AppendMutable().Message(), f.elem.message, v)
	}
	return d.setMembers(m.Mutable(f.desc).Message(), f.elem.message, v)
}

// setEntries adds the members of an object to a map. A member without a usable
// value (null, an unknown enum) is an entry with the empty value.
func (d *document) setEntries(m protoreflect.Message, f *field, object value) error {
	if object.kind != kindObject {
		return unexpected(object.kind.String(), f.name)
	}
	entries := m.Mutable(f.desc).Map()
	keyElem := elem{kind: f.desc.MapKey().Kind()}
	for _, member := range d.parts(object) {
		key, err := keyElem.readString(d.text(member.key), f.desc.MapKey())
		if err != nil {
			return err
		}
		v, err := d.readEntry(entries.NewValue(), f, member)
		if err != nil {
			return err
		}
		entries.Set(key.MapKey(), v)
	}
	return nil
}

func (d *document) readEntry(empty protoreflect.Value, f *field, member value) (protoreflect.Value, error) {
	valueDesc := f.desc.MapValue()
	switch {
	case member.kind == kindNull:
		return empty, nil
	case f.elem.message == nil:
		v, err := f.elem.read(d, member, valueDesc)
		if err == nil && !v.IsValid() {
			v = empty
		}
		return v, err
	case member.kind != kindObject:
		return empty, unexpected(member.kind.String(), string(valueDesc.Name()))
	default:
		return empty, d.setMembers(empty.Message(), f.elem.message, member)
	}
}
