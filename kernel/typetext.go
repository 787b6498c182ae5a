package kernel

import (
	"fmt"
	"go/types"
	"strings"
)

// goTypeText names a type as package reflect does, and so %T and run-time
// messages: main.T, uint8 for byte, interface {} for any.
func goTypeText(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return types.Typ[types.Default(t).(*types.Basic).Kind()].Name()
	case *types.Named:
		return namedText(t)
	case *types.Pointer:
		return "*" + goTypeText(t.Elem())
	case *types.Slice:
		return "[]" + goTypeText(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), goTypeText(t.Elem()))
	case *types.Map:
		return "map[" + goTypeText(t.Key()) + "]" + goTypeText(t.Elem())
	case *types.Chan:
		return chanText(t)
	case *types.Signature:
		return "func" + signatureTail(t)
	case *types.Struct:
		return structTypeText(t)
	case *types.Interface:
		return interfaceTypeText(t)
	}
	return t.String()
}

func namedText(t *types.Named) string {
	s := t.Obj().Name()
	if p := t.Obj().Pkg(); p != nil {
		s = p.Name() + "." + s
	}
	if t.TypeArgs().Len() == 0 {
		return s
	}
	var args []string
	for i := range t.TypeArgs().Len() {
		args = append(args, goTypeText(t.TypeArgs().At(i)))
	}
	return s + "[" + strings.Join(args, ",") + "]"
}

func chanText(t *types.Chan) string {
	elem := goTypeText(t.Elem())
	switch {
	case t.Dir() == types.SendOnly:
		return "chan<- " + elem
	case t.Dir() == types.RecvOnly:
		return "<-chan " + elem
	case strings.HasPrefix(elem, "<-"):
		return "chan (" + elem + ")"
	}
	return "chan " + elem
}

func signatureTail(s *types.Signature) string {
	var in, out []string
	for i := range s.Params().Len() {
		text := goTypeText(s.Params().At(i).Type())
		if s.Variadic() && i == s.Params().Len()-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
		}
		in = append(in, text)
	}
	for i := range s.Results().Len() {
		out = append(out, goTypeText(s.Results().At(i).Type()))
	}
	text := "(" + strings.Join(in, ", ") + ")"
	switch len(out) {
	case 0:
		return text
	case 1:
		return text + " " + out[0]
	}
	return text + " (" + strings.Join(out, ", ") + ")"
}

func structTypeText(t *types.Struct) string {
	var fields []string
	for i := range t.NumFields() {
		f := t.Field(i)
		text := goTypeText(f.Type())
		if !f.Embedded() {
			text = f.Name() + " " + text
		}
		if tag := t.Tag(i); tag != "" {
			text += fmt.Sprintf(" %q", tag)
		}
		fields = append(fields, text)
	}
	if len(fields) == 0 {
		return "struct {}"
	}
	return "struct { " + strings.Join(fields, "; ") + " }"
}

func interfaceTypeText(t *types.Interface) string {
	var methods []string
	for i := range t.NumMethods() {
		methods = append(methods, t.Method(i).Name()+signatureTail(t.Method(i).Signature()))
	}
	if len(methods) == 0 {
		return "interface {}"
	}
	return "interface { " + strings.Join(methods, "; ") + " }"
}
