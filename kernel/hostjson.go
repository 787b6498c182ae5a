package kernel

import (
	"bytes"
	"cmp"
	"encoding/json"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// jsonValue gives encoding/json what it cannot see of interpreted values:
// their embedding and their methods. It marshals any value; it unmarshals when
// v is a pointer.
type jsonValue struct {
	h              *host
	v              any
	t              types.Type // nil when only the value is known
	number, strict bool       // as in jsonReader
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
	return &jsonValue{h: h, v: u, t: t}
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
	r := &jsonReader{h: j.h, number: j.number, strict: j.strict}
	if err := r.read(data, v.Elem(), elemOf(j.t)); err != nil {
		return err
	}
	return r.saved
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

// jsonField is a field of a struct as JSON has it, embedding resolved.
type jsonField struct {
	name      string
	index     []int
	embedded  []string // the names of the embedded structs on the way
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
	collectFields(t, jsonField{}, map[types.Type]bool{}, &all)
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

// collectFields appends the fields of t, which is embedded as in tells.
func collectFields(t types.Type, in jsonField, seen map[types.Type]bool, out *[]jsonField) {
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
		at := append(slices.Clone(in.index), i)
		if f.Embedded() && name == "" && structOf(f.Type()) != nil {
			collectFields(f.Type(), jsonField{index: at, embedded: append(slices.Clone(in.embedded), f.Name())}, seen, out)
			continue
		}
		if !f.Exported() {
			continue
		}
		jf := jsonField{name: cmp.Or(name, f.Name()), index: at, embedded: in.embedded, typ: f.Type(), tagged: name != ""}
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
