package mesos

import (
	"fmt"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Marshal writes m as Mesos does: one line of JSON without spaces, see the
// package comment. The error is a *[ConvertError] if m or a message in it lacks
// a required field; a message that is not generated code gives another error.
func Marshal(m proto.Message) ([]byte, error) { return Append(nil, m) }

// Append is [Marshal] to the end of dst, which may be nil. On an error it gives
// dst back as it was.
func Append(dst []byte, m proto.Message) ([]byte, error) {
	e := Encoder{buf: dst, start: len(dst)}
	if err := e.Message(m); err != nil {
		return dst, err
	}
	return e.buf, nil
}

// Message writes m as [Marshal] does, as a value among others. On an error
// nothing is written.
func (e *Encoder) Message(m proto.Message) error {
	mark := len(e.buf)
	e.BeginObject()
	if err := e.Members(m); err != nil {
		e.buf = e.buf[:mark]
		return err
	}
	e.EndObject()
	return nil
}

// Members writes the fields of m into the object that is open, so that others
// can stand beside them: Mesos' own answers mix both. On an error nothing is
// written.
func (e *Encoder) Members(m proto.Message) error {
	pm := m.ProtoReflect()
	if !pm.IsValid() {
		pm = pm.New()
	}
	t, err := tableOf(pm)
	if err != nil {
		return e.fail(err)
	}
	mark := len(e.buf)
	e.missing = false
	e.members(reflect.ValueOf(pm.Interface()).Elem(), t)
	if e.missing {
		e.buf = e.buf[:mark]
		return e.fail(checkRequired(pm))
	}
	return nil
}

// fail keeps the first error for Err.
func (e *Encoder) fail(err error) error {
	if e.err == nil {
		e.err = err
	}
	return err
}

// EncodeList writes messages as an array, [] if there are none. On an error
// nothing is written.
func EncodeList[M proto.Message](e *Encoder, list []M) error {
	mark := len(e.buf)
	e.BeginArray()
	for _, m := range list {
		if err := e.Message(m); err != nil {
			e.buf = e.buf[:mark]
			return err
		}
	}
	e.EndArray()
	return nil
}

func (e *Encoder) message(s reflect.Value, t *table) {
	e.BeginObject()
	e.members(s, t)
	e.EndObject()
}

// members writes the fields of the generated struct s.
func (e *Encoder) members(s reflect.Value, t *table) {
	for _, f := range t.fields {
		v := s.Field(f.index)
		switch {
		case f.wrapper != nil:
			if !v.IsNil() && v.Elem().Type() == f.wrapper {
				e.singular(v.Elem().Elem().Field(0), f)
			}
		case f.repeated:
			e.repeated(v, f)
		case f.presence && !v.IsNil() || !f.presence && !v.IsZero():
			e.singular(v, f)
		default:
			e.unset(f)
		}
	}
}

func (e *Encoder) unset(f *field) {
	if f.required {
		e.missing = true
	}
	if f.fallback != nil {
		e.rawKey(f.key)
		e.buf = append(e.buf, f.fallback...)
	}
}

func (e *Encoder) rawKey(key []byte) {
	e.sep()
	e.buf = append(e.buf, key...)
}

func (e *Encoder) singular(v reflect.Value, f *field) {
	e.rawKey(f.key)
	if v.Kind() == reflect.Pointer && f.elem.message == nil {
		v = v.Elem()
	}
	e.element(v, &f.elem)
}

// element writes one value: of a field, a list or a map.
func (e *Encoder) element(v reflect.Value, t *elem) {
	if t.message == nil {
		e.scalar(v, t)
		return
	}
	if v.IsNil() {
		e.message(reflect.Zero(v.Type().Elem()), t.message)
		return
	}
	e.message(v.Elem(), t.message)
}

func (e *Encoder) repeated(v reflect.Value, f *field) {
	n := v.Len()
	if n == 0 {
		return
	}
	e.rawKey(f.key)
	if f.mapping {
		e.mapping(v, &f.elem)
		return
	}
	e.BeginArray()
	for i := range n {
		e.element(v.Index(i), &f.elem)
	}
	e.EndArray()
}

// mapping writes a map as an object, sorted by key: Mesos' own order is that of
// a hash table.
func (e *Encoder) mapping(v reflect.Value, t *elem) {
	texts := make([]string, 0, v.Len())
	byText := make(map[string]reflect.Value, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		text := fmt.Sprint(iter.Key())
		texts = append(texts, text)
		byText[text] = iter.Value()
	}
	slices.Sort(texts)
	e.BeginObject()
	for _, text := range texts {
		e.Key(text)
		e.element(byText[text], t)
	}
	e.EndObject()
}

func (e *Encoder) scalar(v reflect.Value, t *elem) {
	switch t.kind {
	case protoreflect.StringKind:
		e.String(v.String())
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		e.Double(v.Float())
	case protoreflect.BoolKind:
		e.Bool(v.Bool())
	case protoreflect.BytesKind:
		e.Base64(v.Bytes())
	case protoreflect.EnumKind:
		e.enum(int32(v.Int()), t)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		e.Uint(v.Uint())
	default:
		e.Int(v.Int())
	}
}

// enum writes the name of n, or n itself if the enum does not have it: then m
// was not made by this package.
func (e *Encoder) enum(n int32, t *elem) {
	name, ok := t.names[n]
	if !ok {
		e.Int(int64(n))
		return
	}
	e.Raw(name)
}
