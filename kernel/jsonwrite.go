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

func (h *host) encode(b *bytes.Buffer, v reflect.Value, t types.Type) error {
	v, t, tag, ptr := h.known(v, t)
	if !v.IsValid() {
		b.WriteString("null")
		return nil
	}
	if tag > 0 && !(ptr && v.IsNil()) {
		if done, err := h.encodeByMethod(b, v, tag, ptr); done {
			return err
		}
	}
	if tag == 0 && (t == nil || !inSession(t)) && !hasTag(v.Type(), map[reflect.Type]bool{}) || isBytes(v.Type()) {
		return encodePlain(b, v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		return h.encode(b, v.Elem(), elemOf(t))
	case reflect.Struct:
		return h.encodeStruct(b, v, t)
	case reflect.Map:
		return h.encodeMap(b, v, t)
	case reflect.Slice, reflect.Array:
		return h.encodeList(b, v, t)
	}
	return encodePlain(b, v)
}

func encodePlain(b *bytes.Buffer, v reflect.Value) error {
	if !v.CanInterface() {
		return fmt.Errorf("json: unexported value of type %s", v.Type())
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false) // the encoder that called us does as it was told
	err := enc.Encode(v.Interface())
	if err == nil {
		b.Truncate(b.Len() - 1) // the newline
	}
	return err
}

// encodeByMethod uses MarshalJSON or MarshalText when the type has it.
func (h *host) encodeByMethod(b *bytes.Buffer, v reflect.Value, tag int, ptr bool) (bool, error) {
	if !ptr && v.CanAddr() && h.method(tag, false, "MarshalJSON") == nil && h.method(tag, true, "MarshalJSON") != nil {
		v, ptr = v.Addr(), true
	}
	if f, ok := h.method(tag, ptr, "MarshalJSON").(func(any) ([]byte, error)); ok {
		text, err := f(v.Interface())
		if err == nil {
			err = json.Compact(b, text)
		}
		return true, h.marshalerError("MarshalJSON", tag, ptr, err)
	}
	if f, ok := h.method(tag, ptr, "MarshalText").(func(any) ([]byte, error)); ok {
		text, err := f(v.Interface())
		if err == nil {
			err = encodePlain(b, reflect.ValueOf(string(text)))
		}
		return true, h.marshalerError("MarshalText", tag, ptr, err)
	}
	return false, nil
}

// marshalerError is json.MarshalerError with the name of a cell's type.
func (h *host) marshalerError(method string, tag int, ptr bool, err error) error {
	if err == nil {
		return nil
	}
	star := map[bool]string{true: "*"}[ptr]
	return fmt.Errorf("json: error calling %s for type %s%s: %w", method, star, goTypeText(h.named(tag).typ), err)
}

// marshal is json.Marshal for cells: its errors do not speak of jsonValue.
func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return b, cellError(err)
}

// marshalIndent is json.MarshalIndent for cells.
func marshalIndent(v any, prefix, indent string) ([]byte, error) {
	b, err := json.MarshalIndent(v, prefix, indent)
	return b, cellError(err)
}

func cellError(err error) error {
	var m *json.MarshalerError
	if errors.As(err, &m) && m.Type == reflect.TypeFor[*jsonValue]() {
		return m.Err
	}
	return err
}

func emptyValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func (h *host) encodeStruct(b *bytes.Buffer, v reflect.Value, t types.Type) error {
	if t == nil {
		return encodePlain(b, v)
	}
	b.WriteByte('{')
	first := true
	for _, f := range jsonFields(t) {
		fv, ok := fieldAt(v, f.index, false)
		if !ok || f.omitEmpty && emptyValue(fv) || f.omitZero && fv.IsZero() {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		if err := encodePlain(b, reflect.ValueOf(f.name)); err != nil {
			return err
		}
		b.WriteByte(':')
		quote := f.quoted && (fv.CanInt() || fv.CanUint() || fv.CanFloat() || fv.Kind() == reflect.Bool)
		if quote {
			b.WriteByte('"')
		}
		if err := h.encode(b, fv, f.typ); err != nil {
			return err
		}
		if quote {
			b.WriteByte('"')
		}
	}
	b.WriteByte('}')
	return nil
}

func (h *host) encodeList(b *bytes.Buffer, v reflect.Value, t types.Type) error {
	if v.Kind() == reflect.Slice && v.IsNil() {
		b.WriteString("null")
		return nil
	}
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := h.encode(b, v.Index(i), elemOf(t)); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func (h *host) encodeMap(b *bytes.Buffer, v reflect.Value, t types.Type) error {
	if v.IsNil() {
		b.WriteString("null")
		return nil
	}
	type pair struct {
		key   string
		value reflect.Value
	}
	var pairs []pair
	for it := v.MapRange(); it.Next(); {
		k, err := h.mapKey(it.Key(), keyOf(t))
		if err != nil {
			return err
		}
		pairs = append(pairs, pair{k, it.Value()})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	b.WriteByte('{')
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encodePlain(b, reflect.ValueOf(p.key)); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := h.encode(b, p.value, elemOf(t)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// mapKey spells a key: strings as they are, text marshalers by their text,
// numbers as digits.
func (h *host) mapKey(v reflect.Value, t types.Type) (string, error) {
	v, _, tag, ptr := h.known(v, t)
	if v.Kind() == reflect.String {
		return v.String(), nil
	}
	if f, ok := h.method(tag, ptr, "MarshalText").(func(any) ([]byte, error)); ok && tag > 0 {
		text, err := f(v.Interface())
		return string(text), err
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	if v.CanInt() || v.CanUint() {
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("json: unsupported type: map with keys of type %s", v.Type())
}
