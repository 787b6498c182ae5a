package kernel

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"mesosbook/kernel/internal/hosttypes"
)

func (l *lowerer) call(x *ast.CallExpr) string {
	if tv, ok := l.info.Types[x.Fun]; ok && tv.IsType() {
		return l.explicit(tv.Type, x.Args[0])
	}
	if id, ok := ast.Unparen(x.Fun).(*ast.Ident); ok {
		if b, ok := l.info.Uses[id].(*types.Builtin); ok {
			return l.builtin(b.Name(), x)
		}
	}
	if s, ok := l.errorsAs(x); ok {
		return s
	}
	if s, ok := l.spreadCall(x); ok {
		return s
	}
	if s, ok := l.runtimeFormat(x); ok {
		return s
	}
	if s, ok := l.decodeCall(x); ok {
		return s
	}
	return l.called(x.Fun) + "(" + strings.Join(l.packed(x, l.arguments(x)), ", ") + dots(x) + ")"
}

// packed makes one slice of variadic arguments of a session's interface type, if
// any of them comes from a call: Yaegi would look into what it holds.
func (l *lowerer) packed(x *ast.CallExpr, args []string) []string {
	sig, ok := l.typeOf(x.Fun).Underlying().(*types.Signature)
	if !ok || !sig.Variadic() || x.Ellipsis.IsValid() || len(args) < sig.Params().Len() || len(x.Args) != len(args) {
		return args
	}
	n := sig.Params().Len() - 1
	t := l.sub(sig.Params().At(n).Type())
	if elem, _ := t.(*types.Slice); elem == nil || !l.isWrapped(elem.Elem()) ||
		!slices.ContainsFunc(args[n:], func(s string) bool { return strings.HasSuffix(s, ")") }) {
		return args
	}
	return append(args[:n:n], l.typ(t)+"{"+strings.Join(args[n:], ", ")+"}...")
}

// called lowers what a call calls.
func (l *lowerer) called(x ast.Expr) string {
	x = ast.Unparen(x) // Yaegi cannot call (f)
	switch x := x.(type) {
	case *ast.SelectorExpr:
		return l.selector(x)
	case *ast.FuncLit:
		return l.funcLit(x)
	}
	return l.operand(x)
}

func dots(x *ast.CallExpr) string {
	if x.Ellipsis.IsValid() {
		return "..."
	}
	return ""
}

// arguments lowers the arguments of a call. Those that a function of fmt, log
// or encoding/json gets as `any` are wrapped, so that it sees names and methods.
func (l *lowerer) arguments(x *ast.CallExpr) []string {
	if wrap := l.wrapperFor(x); wrap != nil {
		return wrap(x)
	}
	host := l.callsHost(x)
	var out []string
	for i, a := range x.Args {
		s := l.argument(x, i, host)
		if lit, ok := ast.Unparen(a).(*ast.FuncLit); ok && host && !l.looped {
			s = l.detached(lit, s)
		}
		out = append(out, s)
	}
	return out
}

// argument lowers an argument. The host gets values of session types as they
// are, without a box, unless it only keeps them.
func (l *lowerer) argument(x *ast.CallExpr, i int, host bool) string {
	from, to := l.typeOf(x.Args[i]), l.boundType(x, i)
	s := l.expr(x.Args[i])
	switch {
	case to == nil || isTuple(from):
		return s
	case host && isEmptyInterface(to) && !keeps(l.callee(x).Pkg().Path()):
		if !types.IsInterface(from) || x.Ellipsis.IsValid() {
			return s
		}
		return "rt_.Plain(" + l.held(s, from) + ")"
	case x.Ellipsis.IsValid() && i == len(x.Args)-1:
		return s
	}
	return l.taken(l.convert(s, from, to), to)
}

// taken spells a value of a session's interface type for a parameter. Of a call Yaegi
// would hand over the place of its result, which the next call overwrites.
func (l *lowerer) taken(s string, to types.Type) string {
	if !strings.HasSuffix(s, ")") || !l.isWrapped(to) {
		return s
	}
	return "(" + s + ")"
}

// callsHost tells whether a call goes to compiled code.
func (l *lowerer) callsHost(x *ast.CallExpr) bool {
	f := l.callee(x)
	return f != nil && f.Pkg() != nil && f.Pkg().Path() != "main" && !hosttypes.IsSource(f.Pkg().Path())
}

// detached lowers a literal that the host may keep, of which s is the text.
func (l *lowerer) detached(lit *ast.FuncLit, s string) string { return own(l.typ(l.typeOf(lit)), s) }

// own makes a literal in a call of its own. Yaegi gives it variables of its
// own only when it is assigned, and when it returns writes into the frame that
// made it, where another goroutine may just be making the next one.
func own(typ, literal string) string {
	return "func() " + typ + " { x__f := " + literal + "; return x__f }()"
}

func (l *lowerer) exprs(list []ast.Expr) []string {
	var out []string
	for _, e := range list {
		out = append(out, l.expr(e))
	}
	return out
}

func (l *lowerer) builtin(name string, x *ast.CallExpr) string {
	switch name {
	case "min", "max":
		return l.minMax(name, x)
	case "clear":
		return "rt_.Clear(" + l.expr(x.Args[0]) + ")"
	case "recover":
		return "rt_.Recover()"
	case "panic":
		arg := x.Args[0]
		return "panic(rt_.Panic(" + l.implicit(arg, types.NewInterfaceType(nil, nil)) + "))"
	case "print", "println":
		var args []string
		for _, a := range x.Args {
			args = append(args, l.expr(a))
		}
		return "rt_." + strings.ToUpper(name[:1]) + name[1:] + "(" + strings.Join(args, ", ") + ")"
	case "new":
		if t := l.typeOf(x.Args[0]); l.isWrapped(t) { // Yaegi's own is no nil
			return "func() *" + l.typ(t) + " { var v " + l.typ(t) + "; return &v }()"
		}
	case "close":
		return "close(" + l.expr(x.Args[0]) + ")"
	}
	args := l.exprs(x.Args)
	if name == "append" {
		if s, ok := l.typeOf(x.Args[0]).Underlying().(*types.Slice); ok && !x.Ellipsis.IsValid() {
			for i := 1; i < len(args); i++ {
				args[i] = l.implicit(x.Args[i], s.Elem())
			}
		}
	}
	return name + "(" + strings.Join(args, ", ") + dots(x) + ")"
}

func (l *lowerer) minMax(name string, x *ast.CallExpr) string {
	t := l.typ(l.typeOf(x))
	op := map[string]string{"min": "<", "max": ">"}[name]
	f := l.helperOf(name, name, func(n string) string {
		return fmt.Sprintf("func %s(a %s, rest ...%s) %s { for _, v := range rest { if v %s a || v != v { a = v } }; return a }", n, t, t, t, op)
	}, l.typeOf(x))
	var args []string
	for _, a := range x.Args {
		args = append(args, t+"("+l.expr(a)+")")
	}
	return f + "(" + strings.Join(args, ", ") + ")"
}

// callee gives the function or method that x calls when it is known.
func (l *lowerer) callee(x *ast.CallExpr) *types.Func {
	switch f := ast.Unparen(x.Fun).(type) {
	case *ast.Ident:
		o, _ := l.info.Uses[f].(*types.Func)
		return o
	case *ast.SelectorExpr:
		o, _ := l.info.Uses[f.Sel].(*types.Func)
		return o
	}
	return nil
}

// wrapperFor tells how the arguments of a call have to be wrapped.
func (l *lowerer) wrapperFor(x *ast.CallExpr) func(*ast.CallExpr) []string {
	f := l.callee(x)
	if f == nil || f.Pkg() == nil {
		return nil
	}
	switch f.Pkg().Path() {
	case "fmt", "log", "github.com/traefik/yaegi/stdlib": // the last has another log.Logger
		return l.formatArgs
	case "encoding/json":
		return l.jsonArgs
	}
	return nil
}

func isEmptyInterface(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.Empty()
}

// formatArgs wraps what goes into a `...any`.
func (l *lowerer) formatArgs(x *ast.CallExpr) []string {
	sig := l.typeOf(x.Fun).Underlying().(*types.Signature)
	n := sig.Params().Len()
	variadic := sig.Variadic() && !x.Ellipsis.IsValid() && isEmptyInterface(sig.Params().At(n-1).Type().(*types.Slice).Elem())
	if !variadic || len(x.Args) < n || len(x.Args) == 1 && isTuple(l.typeOf(x.Args[0])) {
		return l.exprs(x.Args)
	}
	out := l.exprs(x.Args)
	for i := range n - 1 {
		out[i] = l.argument(x, i, true)
	}
	format, verbs := "", []byte(nil)
	f := l.callee(x)
	if strings.HasSuffix(f.Name(), "f") && n >= 2 {
		if v := l.info.Types[x.Args[n-2]].Value; v != nil && v.Kind() == constant.String {
			format = constant.StringVal(v)
			verbs = formatVerbs(format)
		}
	}
	for i := n - 1; i < len(x.Args); i++ {
		t := l.typeOf(x.Args[i])
		verb := byte('v')
		if k := i - n + 1; k < len(verbs) {
			verb = verbs[k]
		}
		if strings.HasPrefix(f.Name(), "Scan") || strings.HasPrefix(f.Name(), "Sscan") || strings.HasPrefix(f.Name(), "Fscan") {
			continue
		}
		switch {
		case verb == 'T':
			out[i] = l.typeName(out[i], t)
		case verb == 'w':
			out[i] = l.wrapError(out[i], t)
		default:
			out[i] = l.show(out[i], t)
		}
	}
	if strings.IndexByte(string(verbs), 'T') >= 0 {
		out[n-2] = strconv.Quote(replaceT(format))
	}
	return out
}

func isTuple(t types.Type) bool {
	_, ok := t.(*types.Tuple)
	return ok
}

// formatVerbs lists the verb for each operand of a format; '*' takes one too.
// A format with explicit indexes has none.
func formatVerbs(format string) []byte {
	var out []byte
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		for i++; i < len(format); i++ {
			if format[i] == '[' {
				return nil
			}
			if format[i] == '*' {
				out = append(out, '*')
			} else if strings.IndexByte("+-# 0123456789.", format[i]) < 0 {
				break
			}
		}
		if i < len(format) && format[i] != '%' {
			out = append(out, format[i])
		}
	}
	return out
}

// replaceT makes each %T a %s: its operand is the name of the type.
func replaceT(format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		b.WriteByte(format[i])
		if format[i] != '%' {
			continue
		}
		for i++; i < len(format); i++ {
			if strings.IndexByte("+-# 0123456789.*", format[i]) < 0 {
				break
			}
			b.WriteByte(format[i])
		}
		if i < len(format) {
			if format[i] == 'T' {
				b.WriteByte('s')
			} else {
				b.WriteByte(format[i])
			}
		}
	}
	return b.String()
}

// typeName spells the dynamic type of a value as %T does.
func (l *lowerer) typeName(s string, t types.Type) string {
	if t != nil && !types.IsInterface(t) {
		return strconv.Quote(goTypeText(t))
	}
	return "rt_.TypeName(" + s + ")"
}

// wrapError hands the host an error whose methods it can see.
func (l *lowerer) wrapError(s string, t types.Type) string {
	return l.convert(s, t, types.Universe.Lookup("error").Type())
}

// show wraps a value with its static type where the two together tell more
// than the value alone.
func (l *lowerer) show(s string, t types.Type) string {
	switch {
	case t == nil || isTuple(t):
		return s
	case types.IsInterface(t), !l.mentionsSession(t) && holdsAny(t):
		return "rt_.Dynamic(" + l.held(s, t) + ")"
	case l.mentionsSession(t):
		return fmt.Sprintf("rt_.Typed(%s, %d)", s, l.k.host.typeID(t))
	}
	return s
}

// holdsAny tells whether t is a list or map with interface values in it.
func holdsAny(t types.Type) bool {
	key, elem := elementTypes(t)
	if elem == nil {
		return false
	}
	return types.IsInterface(elem) || holdsAny(elem) || key != nil && types.IsInterface(key)
}

// decodeCall lowers Decode of a json.Decoder, whose settings the values of
// session types need.
func (l *lowerer) decodeCall(x *ast.CallExpr) (string, bool) {
	f := l.callee(x)
	if f == nil || f.FullName() != "(*encoding/json.Decoder).Decode" || len(x.Args) != 1 {
		return "", false
	}
	recv, t := ast.Unparen(x.Fun).(*ast.SelectorExpr).X, l.typeOf(x.Args[0])
	id := 0
	switch {
	case !types.Identical(l.typeOf(recv), f.Signature().Recv().Type()), isTuple(t):
		return "", false
	case types.IsInterface(t):
	case l.mentionsSession(t):
		id = l.k.host.typeID(t)
	default:
		return "", false
	}
	return fmt.Sprintf("rt_.Decode(%s, %s, %d)", l.expr(recv), l.expr(x.Args[0]), id), true
}

// jsonArgs wraps values of session types, whose embedding and methods
// encoding/json cannot see.
func (l *lowerer) jsonArgs(x *ast.CallExpr) []string {
	sig := l.typeOf(x.Fun).Underlying().(*types.Signature)
	out := l.exprs(x.Args)
	for i := range x.Args {
		if i >= sig.Params().Len() || !isEmptyInterface(sig.Params().At(i).Type()) {
			continue
		}
		t := l.typeOf(x.Args[i])
		switch {
		case t == nil || isTuple(t):
		case types.IsInterface(t):
			out[i] = "rt_.JSON(" + out[i] + ", 0)"
		case l.mentionsSession(t):
			out[i] = fmt.Sprintf("rt_.JSON(%s, %d)", out[i], l.k.host.typeID(t))
		}
	}
	return out
}
