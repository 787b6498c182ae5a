package display

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mesosbook/kernel"
)

// field is a struct field with the name its author gave it.
type field struct {
	name  string
	index int
}

// fieldsOf lists the fields of a struct type. The interpreter exports all
// fields: those that were lower case have an X before their name and a tag
// that hides them from JSON.
func fieldsOf(t reflect.Type) []field {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Name
		if name == "_" || name == "X_" {
			continue
		}
		if lower, ok := strings.CutPrefix(name, "X"); ok && t.Name() == "" && lower != "" && f.Tag.Get("json") == "-" {
			name = lower
		}
		fields = append(fields, field{name, i})
	}
	return fields
}

// structure is a struct: on one line if it fits, else a line a field.
func structure(v reflect.Value, typeName string, o Options) string {
	if line := typeName + oneLine(v, 0); columns(line) < o.width() {
		return line
	}
	fields := fieldsOf(v.Type())
	width := 0
	for _, f := range fields {
		width = max(width, columns(f.name)+1)
	}
	var b strings.Builder
	b.WriteString(typeName + "{\n")
	for _, f := range fields {
		fmt.Fprintf(&b, "  %s %s\n", pad(f.name+":", width), nested(v.Field(f.index)))
	}
	return b.String() + "}"
}

// nested is a value inside another: several lines, where it has them, are indented.
func nested(v reflect.Value) string {
	if text, ok := byMethods(v, Options{}); ok {
		return strings.ReplaceAll(trim(text), "\n", "\n  ")
	}
	return oneLine(v, 0)
}

// list is a slice or array.
func list(v reflect.Value, of kernel.Value, o Options) (string, bool) {
	elem := v.Type().Elem()
	if elem.Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		return bytesText(v.Bytes(), o), true
	}
	if !strings.HasPrefix(of.Text, "[") {
		return "", false // the type has a String method
	}
	if v.Len() > 0 {
		shape := elem
		if shape.Kind() == reflect.Pointer {
			shape = shape.Elem()
		}
		switch {
		case hasText(elem):
			return lines(v, o), true
		case shape.Kind() == reflect.Struct:
			return structs(v, of, o)
		case elem.Kind() == reflect.Map:
			if text, ok := mapTable(v, o); ok {
				return text, true
			}
		}
	}
	if !safeElements(elem, of.Type) {
		return "", false
	}
	if line := oneLine(v, 0); columns(line) < o.width() {
		return line, true
	}
	if isNumber(elem.Kind()) {
		return filled(v, o), true
	}
	return lines(v, o), true
}

// structs is a list of structs or of pointers to them, unless the kernel's text
// shows that they have a String method.
func structs(v reflect.Value, of kernel.Value, o Options) (string, bool) {
	ofPointers := v.Type().Elem().Kind() == reflect.Pointer
	if !ofPointers && !strings.HasPrefix(of.Text, "[{") {
		return "", false
	}
	if ofPointers && !strings.HasPrefix(of.Text, "[0x") && !strings.HasPrefix(of.Text, "[<nil>") {
		return "", false
	}
	if text, ok := structTable(v, o); ok {
		return text, true
	}
	return lines(v, o), true
}

// hasText tells whether values of t bring their own text.
func hasText(t reflect.Type) bool {
	stringer, err := reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[error]()
	return t.Implements(stringer) || t.Implements(err)
}

// lines is a list with a line an element.
func lines(v reflect.Value, o Options) string {
	var b strings.Builder
	b.WriteString("[\n")
	for i := range v.Len() {
		b.WriteString("  " + nested(v.Index(i)) + "\n")
	}
	return b.String() + "]"
}

// filled is a list of numbers, as many on a line as fit.
func filled(v reflect.Value, o Options) string {
	var b strings.Builder
	b.WriteString("[")
	col := 0
	for i := range v.Len() {
		text := oneLine(v.Index(i), 0)
		if i == 0 || col+len(text)+1 >= o.width() {
			b.WriteString("\n ")
			col = 1
		}
		b.WriteString(" " + text)
		col += len(text) + 1
	}
	return b.String() + "\n]"
}

func mapping(v reflect.Value, o Options) string {
	if line := oneLine(v, 0); columns(line) < o.width() {
		return line
	}
	keys := sortedKeys(v)
	width := 0
	for _, k := range keys {
		width = max(width, columns(oneLine(k, 0))+1)
	}
	width = min(width, o.width()/2)
	var b strings.Builder
	b.WriteString("map[\n")
	for _, k := range keys {
		name := oneLine(k, 0) + ":"
		fmt.Fprintf(&b, "  %s%s %s\n", name, strings.Repeat(" ", max(width-columns(name), 0)), nested(v.MapIndex(k)))
	}
	return b.String() + "]"
}

// maxDepth is how far oneLine looks into pointers, structs and lists: values
// may contain themselves.
const maxDepth = 6

// oneLine writes a value as fmt's %+v does, with strings quoted.
func oneLine(v reflect.Value, depth int) string {
	if !v.IsValid() {
		return "nil"
	}
	if depth > maxDepth {
		return "…"
	}
	if depth > 0 && v.CanInterface() && !isNil(v) {
		switch x := v.Interface().(type) {
		case error:
			return flat(x.Error())
		case fmt.Stringer:
			return flat(x.String())
		}
	}
	switch v.Kind() {
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		return oneLine(v.Elem(), depth+1)
	case reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return "&" + oneLine(v.Elem(), depth+1)
	case reflect.Struct:
		var parts []string
		for _, f := range fieldsOf(v.Type()) {
			parts = append(parts, f.name+": "+oneLine(v.Field(f.index), depth+1))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Slice, reflect.Array:
		var parts []string
		for i := range v.Len() {
			parts = append(parts, oneLine(v.Index(i), depth+1))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.Map:
		var parts []string
		for _, k := range sortedKeys(v) {
			parts = append(parts, oneLine(k, depth+1)+":"+oneLine(v.MapIndex(k), depth+1))
		}
		return "map[" + strings.Join(parts, " ") + "]"
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		if v.IsNil() {
			return "nil"
		}
		return v.Kind().String()
	}
	return fmt.Sprint(v)
}

// sortedKeys gives numbers by size and everything else by its text.
func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch {
		case a.CanInt() && b.CanInt():
			return int(min(max(a.Int()-b.Int(), -1), 1))
		case a.CanFloat() && b.CanFloat() && a.Float() != b.Float():
			if a.Float() < b.Float() {
				return -1
			}
			return 1
		}
		return strings.Compare(oneLine(a, 0), oneLine(b, 0))
	})
	return keys
}

func isNumber(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Complex128
}

var identifier = regexp.MustCompile(`[\pL_][\pL\pN_.]*`)

var builtinTypes = strings.Fields("any bool byte chan complex128 complex64 error float32 float64 func int int16 int32 int64 int8 " +
	"interface map rune string struct uint uint16 uint32 uint64 uint8 uintptr")

// safeElements tells whether the elements can be shown from their reflect
// values: a type that a cell has named may have a String method that only the
// kernel's text knows of.
func safeElements(elem reflect.Type, typeName string) bool {
	if elem.Name() != "" && elem.PkgPath() != "" {
		return true // a compiled type: its methods are there
	}
	for _, name := range identifier.FindAllString(typeName, -1) {
		if !slices.Contains(builtinTypes, name) {
			return false
		}
	}
	return true
}

// maxHexDump bytes of binary data are shown.
const maxHexDump = 1024

// bytesText shows bytes as JSON, as text, or else as a hex dump.
func bytesText(b []byte, o Options) string {
	if json.Valid(b) {
		return document(string(b), o)
	}
	if utf8.Valid(b) && !strings.ContainsFunc(string(b), isBinary) {
		return printable(string(b))
	}
	text := hex.Dump(b[:min(len(b), maxHexDump)])
	if more := len(b) - maxHexDump; more > 0 {
		text += fmt.Sprintf("… %d more bytes", more)
	}
	return text
}

func isBinary(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' && r != '\r' || r == 0x7f }
