package master

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// debugText writes m as protobuf's C++ DebugString does, which some of Mesos'
// texts contain: a field a line, in the order of their numbers, what is inside
// a message indented by two spaces. Go's own text format varies on purpose.
func debugText(m proto.Message) string {
	var b strings.Builder
	writeDebug(&b, m.ProtoReflect(), "")
	return b.String()
}

func writeDebug(b *strings.Builder, m protoreflect.Message, indent string) {
	fields := make([]protoreflect.FieldDescriptor, 0, m.Descriptor().Fields().Len())
	m.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		fields = append(fields, fd)
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number() - b.Number()) })
	for _, fd := range fields {
		v := m.Get(fd)
		switch {
		case fd.IsMap():
			writeDebugMap(b, fd, v.Map(), indent)
		case fd.IsList():
			for i := range v.List().Len() {
				writeDebugField(b, fd, v.List().Get(i), indent)
			}
		default:
			writeDebugField(b, fd, v, indent)
		}
	}
}

func writeDebugMap(b *strings.Builder, fd protoreflect.FieldDescriptor, entries protoreflect.Map, indent string) {
	keys := make([]protoreflect.MapKey, 0, entries.Len())
	entries.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k)
		return true
	})
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		fmt.Fprintf(b, "%s%s {\n", indent, fd.Name())
		writeDebugField(b, fd.MapKey(), k.Value(), indent+"  ")
		writeDebugField(b, fd.MapValue(), entries.Get(k), indent+"  ")
		fmt.Fprintf(b, "%s}\n", indent)
	}
}

func writeDebugField(b *strings.Builder, fd protoreflect.FieldDescriptor, v protoreflect.Value, indent string) {
	name := strings.ReplaceAll(string(fd.Name()), "agent", "slave") // inside, Mesos speaks the old language
	if fd.Message() != nil {
		fmt.Fprintf(b, "%s%s {\n", indent, name)
		writeDebug(b, v.Message(), indent+"  ")
		fmt.Fprintf(b, "%s}\n", indent)
		return
	}
	fmt.Fprintf(b, "%s%s: %s\n", indent, name, debugScalar(fd, v))
}

func debugScalar(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return quoteDebug(v.String())
	case protoreflect.BytesKind:
		return quoteDebug(string(v.Bytes()))
	case protoreflect.EnumKind:
		if e := fd.Enum().Values().ByNumber(v.Enum()); e != nil {
			return string(e.Name())
		}
		return strconv.Itoa(int(v.Enum()))
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		switch f := v.Float(); {
		case math.IsNaN(f):
			return "nan"
		case math.IsInf(f, 0):
			return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+"))
		default:
			return shortFloat(f)
		}
	}
	return v.String()
}

// shortFloat writes f with 15 digits if they tell it, else with 17.
func shortFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', 15, 64)
	if back, err := strconv.ParseFloat(s, 64); err != nil || back != f {
		return strconv.FormatFloat(f, 'g', 17, 64)
	}
	return s
}

// quoteDebug quotes as C does: other bytes than printable ASCII as three octal
// digits.
func quoteDebug(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch c {
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '"', '\'', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			if c < 0x20 || c >= 0x7f {
				fmt.Fprintf(&b, `\%03o`, c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
