package kernel

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// deferStack holds the deferred calls of one function call.
type deferStack struct{ calls []func() }

// recovery is a panic on its way up while deferred calls run.
type recovery struct {
	value     any
	panicking bool
}

// run runs body and then the deferred calls, last one first, as Go does: a
// panic in one goes on with the others, and each may recover.
func (d *deferStack) run(h *host, body func()) {
	done := false
	defer func() {
		r := &recovery{value: recover()}
		r.panicking = r.value != nil
		if !done && !r.panicking {
			d.unwind(h, r) // runtime.Goexit
			return
		}
		d.unwind(h, r)
		if r.panicking {
			panic(r.value)
		}
	}()
	body()
	done = true
}

func (d *deferStack) unwind(h *host, r *recovery) {
	if len(d.calls) == 0 {
		return
	}
	if r.panicking {
		id := goid()
		outer, had := h.panicking.Load(id)
		h.panicking.Store(id, r)
		defer func() {
			if had {
				h.panicking.Store(id, outer)
			} else {
				h.panicking.Delete(id)
			}
		}()
	}
	for len(d.calls) > 0 {
		f := d.calls[len(d.calls)-1]
		d.calls = d.calls[:len(d.calls)-1]
		if p := catch(f); p != nil {
			again := !r.panicking
			r.value, r.panicking = p, true
			if again {
				d.unwind(h, r)
				return
			}
		}
	}
}

// catch runs f and gives the value that it panicked with.
func catch(f func()) (p any) {
	defer func() { p = recover() }()
	f()
	return nil
}

// recover is the builtin for lowered code.
func (h *host) recover() any {
	v, ok := h.panicking.Load(goid())
	if !ok {
		return nil
	}
	r := v.(*recovery)
	if !r.panicking {
		return nil
	}
	r.panicking = false
	return goValue(r.value)
}

// thrown is a value that a cell panicked with, with its static type beside it.
type thrown struct {
	v    any
	show any // what prints it
}

// panicValue is called with the argument of panic.
func (h *host) panicValue(v any) any {
	if v == nil {
		v = new(runtime.PanicNilError)
	}
	return thrown{v, h.dynamic(v)}
}

// goValue gives what recover gives for a panic value of the interpreter: the
// value that the cell threw, or the error that Go would have.
func goValue(p any) any {
	if rv, ok := p.(reflect.Value); ok && rv.IsValid() && rv.CanInterface() {
		p = rv.Interface()
	}
	if t, ok := p.(thrown); ok {
		return t.v
	}
	switch e := p.(type) {
	case *reflect.ValueError:
		return runtimeError("invalid memory address or nil pointer dereference")
	case error:
		if m := goMessage(e.Error()); m != "" {
			return runtimeError(m)
		}
	case string:
		if m := goMessage(e); m != "" {
			return runtimeError(m)
		}
	}
	return p
}

// runtimeError is a run-time error in Go's words.
type runtimeError string

func (e runtimeError) Error() string { return "runtime error: " + string(e) }

// RuntimeError makes it a runtime.Error.
func (runtimeError) RuntimeError() {}

// Yaegi has no type for a list of functions that take the type it is a part of, and
// names what it puts there.
const (
	recursiveMark = "unsafe2.dummy"
	recursiveFunc = "a list, map or channel of functions that take the type that it is in (put each function into a struct of its own)"
)

// goMessage gives Go's words for a message of package reflect or of Yaegi.
func goMessage(m string) string {
	switch {
	case strings.Contains(m, recursiveMark):
		return "not supported by the interpreter: " + recursiveFunc
	case strings.HasPrefix(m, "hash of unhashable type: "):
		return strings.Replace(m, "type:", "type", 1)
	case m == "reflect.MakeSlice: negative len":
		return "makeslice: len out of range"
	case m == "reflect.MakeSlice: negative cap" || m == "reflect.MakeSlice: len > cap":
		return "makeslice: cap out of range"
	case strings.HasPrefix(m, "reflect: cannot convert slice with length "):
		return strings.NewReplacer("reflect: cannot", "cannot", "array with length", "array or pointer to array with length").Replace(m)
	case strings.Contains(m, "index out of range") && strings.HasPrefix(m, "reflect"):
		return "index out of range"
	case strings.HasPrefix(m, "reflect") && strings.Contains(m, "slice") && strings.Contains(m, "out of"):
		return "slice bounds out of range"
	case strings.Contains(m, "on zero Value"), strings.Contains(m, "on nil pointer"), strings.Contains(m, "on nil interface value"), strings.Contains(m, "call of nil function"):
		return "invalid memory address or nil pointer dereference"
	}
	return ""
}

// panicText gives the text of a panic value as the author of the cell knows it.
func (h *host) panicText(p any) string {
	if t, ok := p.(thrown); ok {
		if err, ok := unwrap(t.v).(error); ok && !isFormatted(t.show) {
			return err.Error()
		}
		return fmt.Sprint(t.show)
	}
	v := goValue(p)
	if err, ok := v.(error); ok {
		return err.Error()
	}
	return fmt.Sprint(h.dynamic(v))
}

func isFormatted(v any) bool {
	_, ok := v.(formatted)
	return ok
}

// isRuntimeError tells whether a panic came from the program and not from a
// panic statement.
func isRuntimeError(v any) bool {
	var re runtime.Error
	err, ok := v.(error)
	return ok && errors.As(err, &re)
}
