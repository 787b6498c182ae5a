package kernel

import (
	"errors"
	"fmt"
	"reflect"
)

// notType is what a failed type assertion panics with: v is what the interface
// called from held, want the wanted type, missing a method of it when that is
// an interface.
func (h *host) notType(v any, from, want, missing string) error {
	u := unwrap(v)
	switch {
	case u == nil && missing != "":
		return typeAssertionError("interface conversion: interface is nil, not " + want)
	case u == nil:
		return typeAssertionError(fmt.Sprintf("interface conversion: %s is nil, not %s", from, want))
	case missing != "":
		return typeAssertionError(fmt.Sprintf("interface conversion: %s is not %s: missing method %s", h.runtimeType(reflect.TypeOf(u)), want, missing))
	}
	return typeAssertionError(fmt.Sprintf("interface conversion: %s is %s, not %s", from, h.runtimeType(reflect.TypeOf(u)), want))
}

type typeAssertionError string

func (e typeAssertionError) Error() string { return string(e) }

// RuntimeError makes it a runtime.Error.
func (typeAssertionError) RuntimeError() {}

// errorMethod gives a method that the session's type of err has.
func (h *host) errorMethod(err error, name string) (f, v any) {
	return h.methodOf(unwrap(err), name)
}

// errorsUnwrap is errors.Unwrap for cells.
func (h *host) errorsUnwrap(err error) error {
	f, v := h.errorMethod(err, "Unwrap")
	if f, ok := f.(func(any) error); ok {
		return f(v)
	}
	return errors.Unwrap(err)
}

// errorsIs is errors.Is for cells.
func (h *host) errorsIs(err, target error) bool {
	if err == nil || target == nil {
		return err == target
	}
	found := false
	h.walk(err, func(e error) bool {
		if sameError(e, target) {
			found = true
		} else if f, v := h.errorMethod(e, "Is"); f != nil {
			found = f.(func(any, error) bool)(v, target)
		} else if x, ok := e.(interface{ Is(error) bool }); ok {
			found = x.Is(target)
		}
		return !found
	})
	return found
}

// walk visits err and all that it wraps until visit gives false.
func (h *host) walk(err error, visit func(error) bool) bool {
	for err != nil {
		if !visit(err) {
			return false
		}
		if list, ok := h.unwrapMany(err); ok {
			for _, e := range list {
				if !h.walk(e, visit) {
					return false
				}
			}
			return true
		}
		err = h.errorsUnwrap(err)
	}
	return true
}

// unwrapMany gives what err wraps if it wraps several errors.
func (h *host) unwrapMany(err error) ([]error, bool) {
	f, v := h.errorMethod(err, "Unwrap")
	if f, ok := f.(func(any) []error); ok {
		return f(v), true
	}
	x, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	return x.Unwrap(), true
}

func sameError(a, b error) bool {
	x, y := unwrap(a), unwrap(b)
	tx, ty := reflect.TypeOf(x), reflect.TypeOf(y)
	return tx == ty && tx != nil && tx.Comparable() && reflect.ValueOf(x).Comparable() && reflect.ValueOf(y).Comparable() && x == y
}

// errorsAs is errors.As for cells.
func (h *host) errorsAs(err error, target any) bool {
	if err == nil {
		return false
	}
	tv := reflect.ValueOf(target)
	if tv.Kind() != reflect.Pointer || tv.IsNil() {
		panic("errors: target must be a non-nil pointer")
	}
	found := false
	h.walk(err, func(e error) bool {
		for _, c := range []any{unwrap(e), e} {
			if rv := reflect.ValueOf(c); rv.IsValid() && rv.Type().AssignableTo(tv.Type().Elem()) {
				tv.Elem().Set(rv)
				found = true
				return false
			}
		}
		if x, ok := e.(interface{ As(any) bool }); ok {
			found = x.As(target)
		}
		return !found
	})
	return found
}
