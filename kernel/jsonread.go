package kernel

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// jsonReader decodes one JSON value into interpreted values by encoding/json's
// rules: a value of the wrong type is passed over, the first such error is
// told at the end.
type jsonReader struct {
	h      *host
	number bool       // numbers in interfaces are a json.Number
	strict bool       // unknown fields are errors
	saved  error      // the first error that did not end the decoding
	strct  types.Type // the struct that is being decoded, nil outside of any
	path   []string   // the fields that lead to the value from the outermost struct
}

// decodeWith is Decoder.Decode of a value of a session's type; id is the
// number of its static type, 0 when that is an interface. It hands the
// decoder's settings over.
func (h *host) decodeWith(d *json.Decoder, v any, id int) error {
	j, ok := h.json(v, id).(*jsonValue)
	if !ok {
		return d.Decode(v)
	}
	set := reflect.ValueOf(d).Elem().FieldByName("d")
	on := func(name string) bool {
		f := reflect.Value{}
		if set.Kind() == reflect.Struct {
			f = set.FieldByName(name)
		}
		return f.Kind() == reflect.Bool && f.Bool()
	}
	j.number, j.strict = on("useNumber"), on("disallowUnknownFields")
	return d.Decode(j)
}

// read fills v, which can be set. Its error ends the decoding.
func (r *jsonReader) read(data []byte, v reflect.Value, t types.Type) error {
	if t != nil && types.IsInterface(t) {
		t = nil
	}
	if v.Kind() != reflect.Interface {
		tag, ptr := r.h.lookup(t, v.Type())
		if tag > 0 && t == nil {
			t = r.h.named(tag).typ
			if ptr {
				t = types.NewPointer(t)
			}
		}
		if tag > 0 && !ptr {
			if done, err := r.readByMethod(data, v, tag); done {
				return err
			}
		}
	}
	if t == nil || !inSession(t) && !hasTag(v.Type(), map[reflect.Type]bool{}) || isBytes(v.Type()) {
		return r.plain(data, v, t)
	}
	if string(bytes.TrimSpace(data)) == "null" {
		switch v.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			v.SetZero()
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return r.read(data, v.Elem(), elemOf(t))
	case reflect.Struct:
		return r.readStruct(data, v, t)
	case reflect.Slice, reflect.Array:
		return r.readList(data, v, t)
	case reflect.Map:
		return r.readMap(data, v, t)
	}
	return r.plain(data, v, t)
}

// isBytes tells a list of bytes, which JSON has as base64.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// plain leaves a value to encoding/json.
func (r *jsonReader) plain(data []byte, v reflect.Value, t types.Type) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if r.number {
		d.UseNumber()
	}
	if r.strict {
		d.DisallowUnknownFields()
	}
	return r.keep(d.Decode(v.Addr().Interface()), t)
}

// keep saves an error that does not end the decoding, with the place where it
// arose; another one it returns.
func (r *jsonReader) keep(err error, t types.Type) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &wrong) && !strings.HasPrefix(err.Error(), "json: unknown field "):
		return err
	case r.saved != nil:
		return nil
	case wrong == nil:
		r.saved = err
		return nil
	}
	r.saved = r.placed(wrong, t)
	return nil
}

// placed tells an error with the place where it arose; t is the type that was
// to be filled, nil when encoding/json names it well.
func (r *jsonReader) placed(wrong *json.UnmarshalTypeError, t types.Type) error {
	in := *wrong
	in.Field = strings.Join(slices.DeleteFunc(append(slices.Clone(r.path), in.Field), isBlank), ".")
	if in.Struct == "" && r.strct != nil {
		if o := typeNameOf(r.strct); o != nil {
			in.Struct = o.Name()
		}
	}
	if t == nil || wrong.Field != "" || in.Type.Name() != "" && !inSession(t) {
		return &in
	}
	place := "value"
	if in.Field != "" {
		place = "struct field " + in.Struct + "." + in.Field
	}
	return jsonTypeError{&in, fmt.Sprintf("json: cannot unmarshal %s into Go %s of type %s", in.Value, place, goTypeText(t))}
}

func isBlank(s string) bool { return s == "" }

// jsonTypeError is an UnmarshalTypeError that tells the type as the cell does.
type jsonTypeError struct {
	error *json.UnmarshalTypeError
	text  string
}

// Error gives the text.
func (e jsonTypeError) Error() string { return e.text }

// Unwrap gives the error of encoding/json.
func (e jsonTypeError) Unwrap() error { return e.error }

// readByMethod uses UnmarshalJSON or UnmarshalText when the type has it.
func (r *jsonReader) readByMethod(data []byte, v reflect.Value, tag int) (bool, error) {
	if f, ok := r.h.method(tag, true, "UnmarshalJSON").(func(any, []byte) error); ok {
		return true, r.fromMethod(f(v.Addr().Interface(), data))
	}
	if f, ok := r.h.method(tag, true, "UnmarshalText").(func(any, []byte) error); ok {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return true, r.keep(err, nil)
		}
		return true, r.fromMethod(f(v.Addr().Interface(), []byte(s)))
	}
	return false, nil
}

// fromMethod gives the error of a type's own method its place.
func (r *jsonReader) fromMethod(err error) error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok {
		return r.placed(wrong, nil)
	}
	return err
}

// members calls f with each member of an object, in their order.
func (r *jsonReader) members(data []byte, t types.Type, f func(name string, value json.RawMessage) error) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return r.keep(err, t)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil { // the brace
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := f(name.(string), value); err != nil {
			return err
		}
	}
	return nil
}

func (r *jsonReader) readStruct(data []byte, v reflect.Value, t types.Type) error {
	fields := jsonFields(t)
	strct, path := r.strct, r.path
	defer func() { r.strct, r.path = strct, path }()
	return r.members(data, t, func(name string, raw json.RawMessage) error {
		r.strct, r.path = strct, path
		i := slices.IndexFunc(fields, func(f jsonField) bool { return f.name == name })
		if i < 0 {
			i = slices.IndexFunc(fields, func(f jsonField) bool { return strings.EqualFold(f.name, name) })
		}
		if i < 0 {
			if r.strict {
				return r.keep(fmt.Errorf("json: unknown field %q", name), nil)
			}
			return nil
		}
		f := fields[i]
		fv, _ := fieldAt(v, f.index, true)
		if f.quoted && len(raw) > 1 && raw[0] == '"' && fv.Kind() != reflect.String {
			raw = raw[1 : len(raw)-1]
		}
		r.strct, r.path = t, slices.Concat(path, f.embedded, []string{f.name})
		return r.read(raw, fv, f.typ)
	})
}

func (r *jsonReader) readList(data []byte, v reflect.Value, t types.Type) error {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return r.keep(err, t)
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	}
	for i := range v.Len() {
		if i >= len(items) {
			v.Index(i).SetZero()
			continue
		}
		if err := r.read(items[i], v.Index(i), elemOf(t)); err != nil {
			return err
		}
	}
	return nil
}

func (r *jsonReader) readMap(data []byte, v reflect.Value, t types.Type) error {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	return r.members(data, t, func(name string, raw json.RawMessage) error {
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := r.readKey(name, key, keyOf(t)); err != nil {
			return err
		}
		if err := r.read(raw, elem, elemOf(t)); err != nil {
			return err
		}
		v.SetMapIndex(key, elem)
		return nil
	})
}

// readKey is the reverse of mapKey.
func (r *jsonReader) readKey(name string, key reflect.Value, t types.Type) error {
	tag, ptr := r.h.lookup(t, key.Type())
	if f, ok := r.h.method(tag, true, "UnmarshalText").(func(any, []byte) error); ok && tag > 0 && !ptr {
		return f(key.Addr().Interface(), []byte(name))
	}
	if u, ok := key.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(name))
	}
	if key.Kind() == reflect.String {
		key.SetString(name)
		return nil
	}
	return json.Unmarshal([]byte(name), key.Addr().Interface())
}
