package kernel

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// jsonValue gives encoding/json what it cannot see of interpreted values:
// their embedding and their methods. It marshals any value; it unmarshals when
// v is a pointer.
type jsonValue struct {
	h *host
	v any
	t types.Type // nil when only the value is known
}

// json wraps an argument of encoding/json; id is the number of its static
// type, 0 when that is an interface.
func (h *host) json(v any, id int) any {
	u := unwrap(v)
	if u == nil {
		return v
	}
	t := h.staticType(id)
	if t == nil && !hasTag(reflect.TypeOf(u), map[reflect.Type]bool{}) {
		return v
	}
	return &jsonValue{h, u, t}
}

// MarshalJSON is json.Marshaler.
func (j jsonValue) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	if err := j.h.encode(&b, reflect.ValueOf(j.v), j.t); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// UnmarshalJSON is json.Unmarshaler.
func (j jsonValue) UnmarshalJSON(data []byte) error {
	v := reflect.ValueOf(j.v)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return &json.InvalidUnmarshalError{Type: v.Type()}
	}
	return j.h.decode(data, v.Elem(), elemOf(j.t))
}

// known gives what is known of a value: the value without wrappers, its static
// type, and its number in the table. An interface's content speaks for itself.
func (h *host) known(v reflect.Value, t types.Type) (reflect.Value, types.Type, int, bool) {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v, t = v.Elem(), nil
	}
	if v.IsValid() && isInterfaceCell(v.Type()) {
		v, t = heldByInterface(v), nil
	}
	if v.IsValid() && v.CanInterface() {
		if u := unwrap(v.Interface()); u != nil && reflect.TypeOf(u) != v.Type() {
			v, t = reflect.ValueOf(u), nil
		}
	}
	if !v.IsValid() {
		return v, nil, 0, false
	}
	if inner, tag := peel(v); tag > 0 {
		return inner, h.named(tag).typ, tag, false
	}
	if t != nil && types.IsInterface(t) {
		t = nil
	}
	tag, ptr := h.lookup(t, v.Type())
	if tag > 0 && t == nil {
		t = h.named(tag).typ
		if ptr {
			t = types.NewPointer(t)
		}
	}
	return v, t, tag, ptr
}

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
	if tag == 0 && (t == nil || !inSession(t)) && !hasTag(v.Type(), map[reflect.Type]bool{}) {
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
		return true, err
	}
	if f, ok := h.method(tag, ptr, "MarshalText").(func(any) ([]byte, error)); ok {
		text, err := f(v.Interface())
		if err == nil {
			err = encodePlain(b, reflect.ValueOf(string(text)))
		}
		return true, err
	}
	return false, nil
}

// jsonField is a field of a struct as JSON has it, embedding resolved.
type jsonField struct {
	name      string
	index     []int
	typ       types.Type
	omitEmpty bool
	omitZero  bool
	quoted    bool
	tagged    bool
}

// jsonFields lists the fields of a struct type by encoding/json's rules: of
// fields with one name the least deep wins, a tagged one before others.
func jsonFields(t types.Type) []jsonField {
	var all []jsonField
	collectFields(t, nil, map[types.Type]bool{}, &all)
	var out []jsonField
	for i, f := range all {
		wins := true
		for j, g := range all {
			if i == j || g.name != f.name {
				continue
			}
			c := cmp.Or(len(g.index)-len(f.index), boolInt(f.tagged)-boolInt(g.tagged))
			wins = wins && c > 0
		}
		if wins {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b jsonField) int { return slices.Compare(a.index, b.index) })
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func collectFields(t types.Type, index []int, seen map[types.Type]bool, out *[]jsonField) {
	st := structOf(t)
	if st == nil || seen[st] {
		return
	}
	seen[st] = true
	defer delete(seen, st)
	for i := range st.NumFields() {
		f := st.Field(i)
		tag := reflect.StructTag(st.Tag(i)).Get("json")
		name, opts, _ := strings.Cut(tag, ",")
		if tag == "-" || !f.Exported() && !f.Embedded() {
			continue
		}
		at := append(slices.Clone(index), i)
		if f.Embedded() && name == "" && structOf(f.Type()) != nil {
			collectFields(f.Type(), at, seen, out)
			continue
		}
		if !f.Exported() {
			continue
		}
		jf := jsonField{name: cmp.Or(name, f.Name()), index: at, typ: f.Type(), tagged: name != ""}
		for o := range strings.SplitSeq(opts, ",") {
			jf.omitEmpty = jf.omitEmpty || o == "omitempty"
			jf.omitZero = jf.omitZero || o == "omitzero"
			jf.quoted = jf.quoted || o == "string"
		}
		*out = append(*out, jf)
	}
}

// fieldAt follows index through v; alloc makes what nil pointers on the way
// point to. ok is false where one is nil.
func fieldAt(v reflect.Value, index []int, alloc bool) (reflect.Value, bool) {
	for _, i := range index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !alloc {
					return v, false
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
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

// decode fills v, which can be set.
func (h *host) decode(data []byte, v reflect.Value, t types.Type) error {
	if t != nil && types.IsInterface(t) {
		t = nil
	}
	if v.Kind() != reflect.Interface {
		tag, ptr := h.lookup(t, v.Type())
		if tag > 0 && t == nil {
			t = h.named(tag).typ
			if ptr {
				t = types.NewPointer(t)
			}
		}
		if tag > 0 && !ptr {
			if done, err := h.decodeByMethod(data, v, tag); done {
				return err
			}
		}
	}
	if t == nil || !inSession(t) && !hasTag(v.Type(), map[reflect.Type]bool{}) {
		return json.Unmarshal(data, v.Addr().Interface())
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
		return h.decode(data, v.Elem(), elemOf(t))
	case reflect.Struct:
		return h.decodeStruct(data, v, t)
	case reflect.Slice, reflect.Array:
		return h.decodeList(data, v, t)
	case reflect.Map:
		return h.decodeMap(data, v, t)
	}
	return json.Unmarshal(data, v.Addr().Interface())
}

func (h *host) decodeByMethod(data []byte, v reflect.Value, tag int) (bool, error) {
	if f, ok := h.method(tag, true, "UnmarshalJSON").(func(any, []byte) error); ok {
		return true, f(v.Addr().Interface(), data)
	}
	if f, ok := h.method(tag, true, "UnmarshalText").(func(any, []byte) error); ok {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return true, err
		}
		return true, f(v.Addr().Interface(), []byte(s))
	}
	return false, nil
}

func (h *host) decodeStruct(data []byte, v reflect.Value, t types.Type) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return typeError(err, t)
	}
	fields := jsonFields(t)
	for _, name := range slices.Sorted(mapKeys(members)) {
		i := slices.IndexFunc(fields, func(f jsonField) bool { return f.name == name })
		if i < 0 {
			i = slices.IndexFunc(fields, func(f jsonField) bool { return strings.EqualFold(f.name, name) })
		}
		if i < 0 {
			continue
		}
		fv, _ := fieldAt(v, fields[i].index, true)
		raw := members[name]
		if fields[i].quoted && len(raw) > 1 && raw[0] == '"' && fv.Kind() != reflect.String {
			raw = raw[1 : len(raw)-1]
		}
		if err := h.decode(raw, fv, fields[i].typ); err != nil {
			return inField(err, t, fields[i].name)
		}
	}
	return nil
}

// typeError names the type as the cell does.
func typeError(err error, t types.Type) error {
	if e, ok := err.(*json.UnmarshalTypeError); ok {
		return jsonTypeError{e, fmt.Sprintf("json: cannot unmarshal %s into Go value of type %s", e.Value, goTypeText(t))}
	}
	return err
}

func inField(err error, t types.Type, field string) error {
	if e, ok := err.(*json.UnmarshalTypeError); ok && e.Field == "" {
		name := "struct"
		if o := typeNameOf(t); o != nil {
			name = o.Name()
		}
		in := *e
		in.Struct, in.Field = name, field
		return &in
	}
	return err
}

// jsonTypeError is an UnmarshalTypeError that tells the type as the cell does.
type jsonTypeError struct {
	error *json.UnmarshalTypeError
	text  string
}

// Error gives the text.
func (e jsonTypeError) Error() string { return e.text }

// Unwrap gives the error of encoding/json.
func (e jsonTypeError) Unwrap() error { return e.error }

func mapKeys(m map[string]json.RawMessage) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (h *host) decodeList(data []byte, v reflect.Value, t types.Type) error {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return typeError(err, t)
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	}
	for i := range min(v.Len(), len(items)) {
		if err := h.decode(items[i], v.Index(i), elemOf(t)); err != nil {
			return err
		}
	}
	return nil
}

func (h *host) decodeMap(data []byte, v reflect.Value, t types.Type) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return typeError(err, t)
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for name, raw := range members {
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if key.Kind() == reflect.String {
			key.SetString(name)
		} else if err := json.Unmarshal([]byte(name), key.Addr().Interface()); err != nil {
			return err
		}
		if err := h.decode(raw, elem, elemOf(t)); err != nil {
			return err
		}
		v.SetMapIndex(key, elem)
	}
	return nil
}
