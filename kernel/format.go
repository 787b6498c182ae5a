package kernel

import (
	"fmt"
	"go/types"
	"reflect"
	"sort"
	"strings"
)

// formatted prints a value of a session type as compiled Go would: with the
// methods of the type, its name, and the names of its fields. What is lost at
// run time (names, embedding, methods) comes from the static type beside it.
type formatted struct {
	h *host
	v any
	t types.Type // nil when only the value is known
}

// typed wraps a value of the static type with number id for fmt.
func (h *host) typed(v any, id int) any {
	u := unwrap(v)
	if u == nil {
		return v
	}
	return formatted{h, u, h.staticType(id)}
}

// dynamic wraps a value whose static type is an interface.
func (h *host) dynamic(v any) any {
	switch x := v.(type) {
	case formatted, nil:
		return v
	case reflect.Value:
		if x.IsValid() && x.CanInterface() {
			v = x.Interface()
		}
	}
	u := unwrap(v)
	if u == nil || !hasTag(reflect.TypeOf(u), map[reflect.Type]bool{}) || !holdsTag(reflect.ValueOf(u), 0) {
		return v
	}
	return formatted{h, u, nil}
}

// maxHold is how deep holdsTag looks into lists and maps.
const maxHold = 20

// holdsTag tells whether v really holds a value of a session type, where its
// type only says that it may.
func holdsTag(v reflect.Value, depth int) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || depth > maxHold {
		return false
	}
	if v.CanInterface() {
		if u := unwrap(v.Interface()); u != nil {
			v = reflect.ValueOf(u)
		}
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if e := v.Type().Elem(); e.Kind() != reflect.Interface {
			if tagOf(e) > 0 || !hasTag(e, map[reflect.Type]bool{}) {
				return tagOf(e) > 0
			}
		}
		for i := range v.Len() {
			if holdsTag(v.Index(i), depth+1) {
				return true
			}
		}
		return false
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if holdsTag(it.Key(), depth+1) || holdsTag(it.Value(), depth+1) {
				return true
			}
		}
		return false
	}
	return hasTag(v.Type(), map[reflect.Type]bool{})
}

// unwrap peels off the structs in which Yaegi hands interpreted values to the
// host: their first field is called IValue.
func unwrap(v any) any {
	for {
		switch x := v.(type) {
		case sessionError:
			v = x.v
			continue
		case sessionStringer:
			v = x.v
			continue
		case formatted:
			v = x.v
			continue
		}
		rv := reflect.ValueOf(v)
		if rv.IsValid() && isInterfaceCell(rv.Type()) {
			if rv = heldByInterface(rv); !rv.IsValid() || !rv.CanInterface() {
				return nil
			}
			v = rv.Interface()
			continue
		}
		if !rv.IsValid() || rv.Kind() != reflect.Struct || rv.NumField() == 0 || rv.Type().Field(0).Name != "IValue" {
			return v
		}
		rv = rv.Field(0)
		if !rv.CanInterface() || rv.Kind() == reflect.Interface && rv.IsNil() {
			return v
		}
		v = rv.Interface()
	}
}

// tested gives the value whose type is asked for: Yaegi looks for fields also in a
// struct{}, for which isEmpty answers.
func tested(v any) any {
	if isEmpty(v) {
		return nil
	}
	return unwrap(v)
}

func isEmpty(v any) bool {
	_, ok := unwrap(v).(struct{})
	return ok
}

func isNil(v any) bool { return v == nil }

// hasTag tells whether values of t hold any of a session's struct types.
func hasTag(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if tagOf(t) > 0 || isInterfaceCell(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		return hasTag(t.Elem(), seen)
	case reflect.Map:
		return hasTag(t.Key(), seen) || hasTag(t.Elem(), seen)
	case reflect.Interface:
		return t.NumMethod() == 0 && len(seen) > 1 // what is in it may
	case reflect.Struct:
		if t.PkgPath() != "" {
			return false // a host type
		}
		for i := range t.NumField() {
			if hasTag(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// Format is fmt.Formatter.
func (f formatted) Format(st fmt.State, verb rune) {
	if verb == 'p' {
		_, _ = fmt.Fprintf(st, fmt.FormatString(st, verb), f.v)
		return
	}
	p := printer{h: f.h, st: st, to: st, verb: verb, plus: verb == 'v' && st.Flag('+'), sharp: verb == 'v' && st.Flag('#')}
	p.value(reflect.ValueOf(f.v), f.t, 0)
}

// printer walks a value and its static type together.
type printer struct {
	h           *host
	st          fmt.State
	to          interface{ Write([]byte) (int, error) }
	verb        rune
	plus, sharp bool
	raw         bool // inside an unexported field: no methods, as fmt cannot call them there
	bare        bool // what a wrong verb got: no methods either
}

func (p printer) text(s string) { _, _ = p.to.Write([]byte(s)) }

func (p printer) value(v reflect.Value, t types.Type, depth int) {
	none := "<nil>"
	if v.IsValid() && v.Kind() == reflect.Interface {
		none = p.none(v, t)
		v, t = v.Elem(), nil
	}
	if v.IsValid() && isInterfaceCell(v.Type()) {
		none = p.none(v, t)
		v, t = heldByInterface(v), nil
	}
	if v.IsValid() && v.CanInterface() {
		if u := unwrap(v.Interface()); u != nil {
			if rv := reflect.ValueOf(u); rv.Type() != v.Type() {
				v, t = rv, nil
			}
		}
	}
	if !v.IsValid() {
		p.text(none)
		return
	}
	if inner, tag := peel(v); tag > 0 {
		v, t = inner, p.h.named(tag).typ
	}
	if p.byMethod(v, t, depth) {
		return
	}
	if t != nil && types.IsInterface(t) {
		t = nil
	}
	tag, _ := p.h.lookup(t, v.Type())
	if tag == 0 && (t == nil || !inSession(t)) && !hasTag(v.Type(), map[reflect.Type]bool{}) {
		if depth > 0 && v.Kind() == reflect.Pointer && !hasText(v) {
			p.address(v, t)
			return
		}
		p.plain(v)
		return
	}
	if tag > 0 && t == nil && v.Kind() != reflect.Pointer {
		t = p.h.named(tag).typ
	}
	p.composite(v, t, depth)
}

// none is how a nil interface of type t looks.
func (p printer) none(v reflect.Value, t types.Type) string {
	if p.sharp && t != nil && types.IsInterface(t) {
		return p.typeText(v, t) + "(nil)"
	}
	return "<nil>"
}

// inSession tells whether t is made of anything that cells declare.
func inSession(t types.Type) bool {
	return (&lowering{}).mentionsSession(t)
}

// byMethod prints v by its Error or String method.
func (p printer) byMethod(v reflect.Value, t types.Type, depth int) bool {
	p.h.depth() // a String method that prints its own receiver
	if !v.CanInterface() || p.raw || p.bare {
		return false
	}
	tag, ptr := p.h.lookup(t, v.Type())
	if tag == 0 {
		return false
	}
	if f, ok := p.h.method(tag, ptr, "Format").(func(any, fmt.State, rune)); ok {
		f(v.Interface(), p.st, p.verb)
		return true
	}
	if p.sharp && p.verb == 'v' {
		f, ok := p.h.method(tag, ptr, "GoString").(func(any) string)
		if ok {
			p.text(f(v.Interface()))
		}
		return ok
	}
	var names []string
	if strings.ContainsRune("vsxXq", p.verb) {
		names = []string{"Error", "String"}
	}
	for _, m := range names {
		f, ok := p.h.method(tag, ptr, m).(func(any) string)
		if !ok {
			continue
		}
		if ptr && v.IsNil() {
			s, failed := "<nil>", false
			func() {
				defer func() { failed = recover() != nil }()
				s = f(v.Interface())
			}()
			if failed {
				s = "<nil>"
			}
			p.text(s)
			return true
		}
		fmt.Fprintf(p.to, p.format(), f(v.Interface()))
		return true
	}
	return false
}

// format gives the format at hand, for each part of the value.
func (p printer) format() string { return fmt.FormatString(p.st, p.verb) }

func (p printer) plain(v reflect.Value) {
	if p.raw && v.CanInterface() && v.Kind() != reflect.Pointer { // fmt calls no methods of what lies in an unexported field
		v = reflect.ValueOf(struct{ v any }{v.Interface()}).Field(0).Elem()
	}
	if p.raw && v.Kind() == reflect.Pointer && !v.IsNil() {
		p.text(fmt.Sprintf("0x%x", v.Pointer()))
		return
	}
	if v.CanInterface() {
		fmt.Fprintf(p.to, p.format(), v.Interface())
		return
	}
	fmt.Fprintf(p.to, p.format(), v)
}

func (p printer) composite(v reflect.Value, t types.Type, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		p.structure(v, t, depth)
	case reflect.Pointer:
		if v.IsNil() || depth > 0 || !compositeKind(v.Elem().Kind()) || isInterfaceCell(v.Type().Elem()) {
			p.address(v, t)
			return
		}
		p.text("&")
		p.value(v.Elem(), elemOf(t), depth+1)
	case reflect.Slice, reflect.Array:
		p.list(v, t, depth)
	case reflect.Map:
		p.mapping(v, t, depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		p.plain(v)
	default:
		p.basic(v, t)
	}
}

func compositeKind(k reflect.Kind) bool {
	return k == reflect.Struct || k == reflect.Slice || k == reflect.Array || k == reflect.Map
}

func (p printer) structure(v reflect.Value, t types.Type, depth int) {
	var st *types.Struct
	if t != nil {
		st, _ = t.Underlying().(*types.Struct)
	}
	if p.sharp {
		p.text(p.typeText(v, t))
	}
	p.text("{")
	n := v.NumField()
	if st != nil {
		n = min(n, st.NumFields())
	}
	for i := range n {
		if i > 0 {
			p.text(map[bool]string{true: ", ", false: " "}[p.sharp])
		}
		var ft types.Type
		name := strings.TrimPrefix(v.Type().Field(i).Name, "X")
		if st != nil {
			name, ft = st.Field(i).Name(), st.Field(i).Type()
		}
		if p.plus || p.sharp {
			p.text(name + ":")
		}
		q := p
		q.raw = p.raw || st != nil && !st.Field(i).Exported()
		q.value(v.Field(i), ft, depth+1)
	}
	p.text("}")
}

func (p printer) list(v reflect.Value, t types.Type, depth int) {
	if v.Type().Elem().Kind() == reflect.Uint8 && p.verb != 'v' && p.verb != 'd' {
		p.plain(v)
		return
	}
	open, sep, end := "[", " ", "]"
	if p.sharp {
		open, sep, end = p.typeText(v, t)+"{", ", ", "}"
		if v.Kind() == reflect.Slice && v.IsNil() {
			p.text(p.typeText(v, t) + "(nil)")
			return
		}
	}
	p.text(open)
	for i := range v.Len() {
		if i > 0 {
			p.text(sep)
		}
		p.value(v.Index(i), elemOf(t), depth+1)
	}
	p.text(end)
}

func (p printer) mapping(v reflect.Value, t types.Type, depth int) {
	open, sep, end := "map[", " ", "]"
	if p.sharp && v.IsNil() {
		p.text(p.typeText(v, t) + "(nil)")
		return
	}
	if p.sharp {
		open, sep, end = p.typeText(v, t)+"{", ", ", "}"
	}
	p.text(open)
	for i, k := range sortedKeys(v) {
		if i > 0 {
			p.text(sep)
		}
		p.value(k, keyOf(t), depth+1)
		p.text(":")
		p.value(v.MapIndex(k), elemOf(t), depth+1)
	}
	p.text(end)
}

// sortedKeys orders keys as fmt does, for the kinds that have an order.
func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	sort.SliceStable(keys, func(i, j int) bool { return keyLess(keys[i], keys[j]) })
	return keys
}

func keyLess(a, b reflect.Value) bool {
	if a.Kind() == reflect.Interface && b.Kind() == reflect.Interface {
		a, b = a.Elem(), b.Elem()
	}
	if a.Kind() != b.Kind() {
		return a.Kind() < b.Kind()
	}
	switch {
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float()
	case a.Kind() == reflect.String:
		return a.String() < b.String()
	case a.Kind() == reflect.Bool:
		return !a.Bool() && b.Bool()
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			if keyLess(a.Field(i), b.Field(i)) || keyLess(b.Field(i), a.Field(i)) {
				return keyLess(a.Field(i), b.Field(i))
			}
		}
		return false
	}
	return fmt.Sprint(a) < fmt.Sprint(b)
}

func elemOf(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return u.Elem()
	case *types.Array:
		return u.Elem()
	case *types.Pointer:
		return u.Elem()
	case *types.Map:
		return u.Elem()
	}
	return nil
}

func keyOf(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if m, ok := t.Underlying().(*types.Map); ok {
		return m.Key()
	}
	return nil
}

// typeText names a type as %T does.
func (p printer) typeText(v reflect.Value, t types.Type) string {
	if t != nil {
		return goTypeText(t)
	}
	return p.h.runtimeType(v.Type())
}

// runtimeType names a run-time type with the names that cells gave.
func (h *host) runtimeType(t reflect.Type) string {
	if n := tagOf(t); n > 0 {
		e := h.named(n)
		if _, ok := e.typ.(*types.Named); !ok {
			return goTypeText(e.typ)
		}
		return "main." + e.name
	}
	if t.Name() != "" || !hasTag(t, map[reflect.Type]bool{}) {
		return t.String()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + h.runtimeType(t.Elem())
	case reflect.Slice:
		return "[]" + h.runtimeType(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), h.runtimeType(t.Elem()))
	case reflect.Map:
		return "map[" + h.runtimeType(t.Key()) + "]" + h.runtimeType(t.Elem())
	case reflect.Chan:
		return "chan " + h.runtimeType(t.Elem())
	}
	return t.String()
}

// typeName is %T of a value whose static type is an interface.
func (h *host) typeName(v any) string {
	if f, ok := v.(formatted); ok && f.t != nil && !types.IsInterface(f.t) {
		return goTypeText(f.t)
	}
	u := unwrap(v)
	if u == nil {
		return "<nil>"
	}
	return h.runtimeType(reflect.TypeOf(u))
}
