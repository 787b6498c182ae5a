package kernel

import (
	"reflect"
	"unsafe"

	"github.com/traefik/yaegi/interp"
)

// globalSlots is how many global variables and temporaries a session can have
// before the interpreter has to make room for more.
const globalSlots = 1 << 15

// globals keeps the interpreter's global variables where they are. Yaegi
// copies all of them to a larger slice whenever an evaluation adds some, which
// takes time and races with goroutines that read them; nothing it exports
// prevents that. So the slice is made large at the start, through the two
// unexported fields that hold it and the types of its elements; new elements
// are filled in between compilation and execution. The fields are found by
// name: with another version of Yaegi that has none such, or other ones,
// everything goes on as Yaegi does it.
type globals struct {
	data  *[]reflect.Value
	types *[]reflect.Type
	used  int
}

func newGlobals(i *interp.Interpreter) *globals {
	v := reflect.ValueOf(i).Elem()
	g := &globals{}
	g.data, _ = field[[]reflect.Value](v, "frame", "data")
	g.types, _ = field[[]reflect.Type](v, "universe", "types")
	if g.data == nil || g.types == nil || len(*g.data) > len(*g.types) {
		return nil
	}
	g.used = len(*g.data)
	return g
}

// field gives the address of the field at the end of a path of fields.
func field[T any](v reflect.Value, path ...string) (*T, bool) {
	for _, name := range path {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return nil, false
		}
		v = v.FieldByName(name)
		if !v.IsValid() {
			return nil, false
		}
	}
	if v.Type() != reflect.TypeFor[T]() || !v.CanAddr() {
		return nil, false
	}
	return (*T)(unsafe.Pointer(v.UnsafeAddr())), true
}

// extend makes the variables that the last compilation added.
func (g *globals) extend() {
	if g == nil {
		return
	}
	n := len(*g.types)
	if n > len(*g.data) {
		data := make([]reflect.Value, max(globalSlots, 2*n))
		copy(data, (*g.data)[:g.used])
		*g.data = data
	}
	for ; g.used < n; g.used++ {
		(*g.data)[g.used] = reflect.New((*g.types)[g.used]).Elem()
	}
}

// eval has the interpreter evaluate a program text.
func (k *Kernel) eval(text string) error {
	p, err := k.interp.Compile(text)
	if err != nil {
		return err
	}
	if p == nil {
		return nil
	}
	k.globals.extend()
	_, err = k.interp.Execute(p)
	return err
}
