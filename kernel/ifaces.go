package kernel

import (
	"fmt"
	"reflect"
	"unsafe"
)

// boxField is the only field of a box: see lower_iface.go.
const boxField = "XcellValue"

// peel gives what is in a box, and the number of its type; v itself and 0 when
// v is none.
func peel(v reflect.Value) (reflect.Value, int) {
	if !isBox(v.Type()) {
		return v, 0
	}
	return v.Field(0), tagOf(v.Type())
}

func isBox(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 1 && t.Field(0).Name == boxField
}

// isInterfaceCell tells whether t is what Yaegi makes variables of a session's
// interface types of: a struct of a node of its own and a reflect.Value.
func isInterfaceCell(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 2 && t.Name() == "valueInterface" && t.Field(1).Type == reflect.TypeFor[reflect.Value]()
}

// heldByInterface gives the value in a variable of a session's interface type.
func heldByInterface(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()) // addressable
	c.Elem().Set(v)
	return *(*reflect.Value)(unsafe.Add(c.UnsafePointer(), v.Type().Field(1).Offset))
}

// plainValue gives v as the host's own functions know it: without wrappers and
// boxes.
func plainValue(v any) any {
	u := unwrap(v)
	if u == nil {
		return v
	}
	if rv := reflect.ValueOf(u); isBox(rv.Type()) {
		return rv.Field(0).Interface()
	}
	return v
}

// sessionError is an error of a session type. It is compared by its value and
// may hold a nil pointer.
type sessionError struct {
	h *host
	v any
}

// Error calls the method of the type.
func (e sessionError) Error() string { return e.h.callText(e.v, "Error") }

// Unwrap calls the method of the type, if it has it.
func (e sessionError) Unwrap() error {
	if f, v := e.h.methodOf(e.v, "Unwrap"); f != nil {
		if g, ok := f.(func(any) error); ok {
			return g(v)
		}
	}
	return nil
}

// Is calls the method of the type, if it has it.
func (e sessionError) Is(target error) bool {
	f, v := e.h.methodOf(e.v, "Is")
	g, ok := f.(func(any, error) bool)
	return ok && g(v, target)
}

// sessionStringer is a fmt.Stringer of a session type.
type sessionStringer struct {
	h *host
	v any
}

// String calls the method of the type.
func (s sessionStringer) String() string { return s.h.callText(s.v, "String") }

func (h *host) callText(v any, name string) string {
	f, v := h.methodOf(v, name)
	g, ok := f.(func(any) string)
	if !ok {
		return fmt.Sprint(h.dynamic(v))
	}
	return g(v)
}

// methodOf gives a registered method of the type of v, and v as it takes it.
func (h *host) methodOf(v any, name string) (f, recv any) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return nil, nil
	}
	tag, ptr := h.lookup(nil, rv.Type())
	if tag == 0 {
		return nil, nil
	}
	inner, _ := peel(rv)
	return h.method(tag, ptr, name), inner.Interface()
}

// equal compares two interface values as Go does.
func (h *host) equal(a, b any) bool {
	x, y := unwrap(a), unwrap(b)
	tx, ty := reflect.TypeOf(x), reflect.TypeOf(y)
	if tx != ty || tx == nil {
		return tx == ty
	}
	if !reflect.ValueOf(x).Comparable() {
		panic(runtimeError("comparing uncomparable type " + h.runtimeType(tx)))
	}
	return x == y
}

// asFunc is errors.As with a function that takes an error of the chain when it
// is of the wanted type.
func (h *host) asFunc(err error, take func(any) bool) bool {
	found := false
	h.walk(err, func(e error) bool {
		found = take(e)
		return !found
	})
	return found
}

// fillMethods fills the functions that the arguments point to with the methods of
// v of the names before them; false when v lacks one.
func (h *host) fillMethods(v any, wanted ...any) bool {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return false
	}
	for i := 0; i+1 < len(wanted); i += 2 {
		m, f := rv.MethodByName(wanted[i].(string)), reflect.ValueOf(wanted[i+1]).Elem()
		if !m.IsValid() || m.Type() != f.Type() {
			return false
		}
		f.Set(m)
	}
	return true
}
