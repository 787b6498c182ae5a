// Package display turns the value of a cell into text: JSON documents
// indented, lists of structs as tables, structs with the names of their
// fields. The terminal shows it in colour and fitted to its window; notebooks
// and pipes get the plain form, which depends on nothing but the value.
//
// A type says how it wants to be seen by its methods, in this order:
//
//	Table() (header []string, rows [][]string)   a table
//	Error() string, String() string              that text; indented when it is JSON
//	JSON() []byte                                indented JSON
package display

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"mesosbook/kernel"
)

// Options says how a value is written. The zero value is plain text as a pipe
// or a notebook's output block has it.
type Options struct {
	Width int  // columns of the window: tables are cut to it; 0 is 80 without cutting
	Color bool // JSON may be coloured
	Light bool // for a light window
}

const plainWidth = 80

func (o Options) width() int {
	if o.Width > 0 {
		return o.Width
	}
	return plainWidth
}

// Tabler is a value that shows as a table.
type Tabler interface {
	Table() (header []string, rows [][]string)
}

// Text is a value as a reader sees it, without a final newline. It never
// fails: what cannot be looked at shows as the kernel printed it.
func Text(v kernel.Value, o Options) (text string) {
	defer func() {
		if r := recover(); r != nil { // a method of the value panicked, or it changes while we look
			text = printable(v.Text)
		}
	}()
	if text, ok := byMethods(v.V, o); ok {
		return trim(text)
	}
	if text, ok := byShape(v, o); ok {
		return trim(text)
	}
	return trim(printable(v.Text))
}

// printable writes control characters as Go escapes: a text may come from the
// wire, and must neither move a cursor nor change a terminal.
func printable(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

func trim(text string) string { return strings.TrimRight(text, "\n") }

// byMethods asks the value itself.
func byMethods(v reflect.Value, o Options) (string, bool) {
	if !v.IsValid() || !v.CanInterface() || isNil(v) {
		return "", false
	}
	switch x := v.Interface().(type) {
	case Tabler:
		header, rows := x.Table()
		if len(rows) > 0 {
			return table(header, rows, o), true
		}
		if s, ok := x.(fmt.Stringer); ok {
			return s.String(), true // it knows how to say that there is nothing
		}
		return "(empty)", true
	case error:
		return printable(x.Error()), true
	case fmt.Stringer:
		return document(x.String(), o), true
	case interface{ JSON() []byte }:
		return document(string(x.JSON()), o), true
	}
	return "", false
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return v.IsNil()
	}
	return false
}

// byShape looks at what the value is made of. The kernel's text tells whether
// the cell's own types have a String method: it differs from fmt's brackets then.
func byShape(v kernel.Value, o Options) (string, bool) {
	rv := v.V
	for rv.IsValid() && rv.Kind() == reflect.Interface && !rv.IsNil() {
		rv = rv.Elem()
	}
	if !rv.IsValid() || isNil(rv) && rv.Kind() != reflect.Slice && rv.Kind() != reflect.Map {
		return "nil", true
	}
	switch rv.Kind() {
	case reflect.String:
		return document(v.Text, o), true
	case reflect.Func:
		return v.Type, true
	case reflect.Chan:
		return fmt.Sprintf("%s (%d of %d in it)", v.Type, rv.Len(), rv.Cap()), true
	case reflect.Struct:
		if strings.HasPrefix(v.Text, "{") {
			return structure(rv, v.Type, o), true
		}
	case reflect.Pointer:
		if strings.HasPrefix(v.Text, "&{") {
			return "&" + structure(rv.Elem(), strings.TrimPrefix(v.Type, "*"), o), true
		}
	case reflect.Slice, reflect.Array:
		return list(rv, v, o)
	case reflect.Map:
		if strings.HasPrefix(v.Text, "map[") && safeElements(rv.Type().Elem(), v.Type) {
			return mapping(rv, o), true
		}
	}
	return "", false
}
