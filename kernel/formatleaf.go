package kernel

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"
)

// basic prints a number or string of a named type: as its plain kind, since
// the method that the static type may have was tried before.
func (p printer) basic(v reflect.Value, t types.Type) {
	x, ok := plainKind(v)
	if !ok {
		p.plain(v)
		return
	}
	s := fmt.Sprintf(p.format(), x)
	if strings.HasPrefix(s, "%!"+string(p.verb)+"(") && !p.bare {
		p.wrongVerb(v, t)
		return
	}
	p.text(s)
}

// plainKind gives a number, string or bool without its named type.
func plainKind(v reflect.Value) (any, bool) {
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return v.Uint(), true
	case v.Kind() == reflect.Float32:
		return float32(v.Float()), true
	case v.CanFloat():
		return v.Float(), true
	case v.Kind() == reflect.String:
		return v.String(), true
	case v.Kind() == reflect.Bool:
		return v.Bool(), true
	}
	return nil, false
}

// address prints a pointer that is not followed.
func (p printer) address(v reflect.Value, t types.Type) {
	switch {
	case p.sharp && v.IsNil():
		p.text("(" + p.typeText(v, t) + ")(nil)")
	case p.sharp:
		p.text(fmt.Sprintf("(%s)(0x%x)", p.typeText(v, t), v.Pointer()))
	case strings.ContainsRune("vbodxX", p.verb):
		_, _ = fmt.Fprintf(p.to, p.format(), (*byte)(v.UnsafePointer()))
	default:
		p.wrongVerb(v, t)
	}
}

// wrongVerb prints what fmt prints of a value that the verb is not for.
func (p printer) wrongVerb(v reflect.Value, t types.Type) {
	p.text("%!" + string(p.verb) + "(" + p.typeText(v, t) + "=")
	q := p
	q.verb, q.bare = 'v', true
	q.value(v, t, 0)
	p.text(")")
}

// hasText tells whether fmt prints v by a method of its own.
func hasText(v reflect.Value) bool {
	if !v.CanInterface() {
		return false
	}
	switch v.Interface().(type) {
	case error, fmt.Stringer, fmt.Formatter, fmt.GoStringer:
		return true
	}
	return false
}
