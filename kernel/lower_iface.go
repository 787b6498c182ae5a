package kernel

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Values of session types change their form on the way into an interface:
// Yaegi would keep a reference to the variable instead of a copy, make a nil
// interface of a nil pointer, and forget that a number has a named type. So a
// function of the type and the interface makes the value: a copy; a struct
// called T__1box around a value of a named type that is no struct (the box has
// the type's methods); and for error and fmt.Stringer a value of the host.

// implicit lowers x where a value of type to is wanted.
func (l *lowerer) implicit(x ast.Expr, to types.Type) string {
	return l.convert(l.expr(x), l.typeOf(x), to)
}

// convert spells the conversion of s from one type to another that Go makes
// without being asked.
func (l *lowerer) convert(s string, from, to types.Type) string {
	to = l.sub(to)
	if l.toHostFunc(from, to) {
		return "(" + l.typ(to) + ")(" + s + ")"
	}
	if _, ok := types.Unalias(from).(*types.Signature); ok && to != nil && isEmptyInterface(to) && !strings.HasPrefix(s, "func") {
		return "(" + l.typ(from) + ")(" + s + ")" // Yaegi would hand over its own form of a declared function
	}
	if from != nil && l.toHostInterface(from, to) {
		return l.helperFunc("as "+l.typ(from)+" "+l.typ(to), "as", func(name string) string {
			return fmt.Sprintf("func %s(v %s) %s { x, _ := %s(v); return x }", name, l.typ(from), l.typ(to), l.converter(to))
		}) + "(" + s + ")"
	}
	if to != nil && from != nil && isEmptyInterface(to) {
		s = l.held(s, from)
	}
	if to == nil || from == nil || !types.IsInterface(to) || types.IsInterface(from) || !l.ofSession(from) && !(isEmptyInterface(to) && l.hidesNames(from)) {
		return s
	}
	text := func(name string) string {
		return "func " + name + "(v " + l.typ(from) + ") " + l.typ(to) + " {" + l.conversion(from, to) + "}"
	}
	return l.helperOf("as", "as", text, from, to) + "(" + s + ")"
}

// toHostFunc tells whether a function becomes one of the host's function types
// (http.HandlerFunc): Yaegi hands over its own form of a declared function.
func (l *lowerer) toHostFunc(from, to types.Type) bool {
	n, ok := types.Unalias(to).(*types.Named)
	if !ok || l.isSessionType(n) {
		return false
	}
	_, unnamed := types.Unalias(from).(*types.Signature)
	_, function := n.Underlying().(*types.Signature)
	return unnamed && function
}

// held spells a value of a session's interface type that a call or a pointer gives,
// for use as an empty interface: Yaegi looks into what it holds, also where that is nil,
// unless it comes from a variable.
func (l *lowerer) held(s string, t types.Type) string {
	if !strings.HasSuffix(s, ")") && !strings.HasPrefix(s, "*") || !l.isWrapped(t) {
		return s
	}
	return l.opened(s)
}

// opened makes an empty interface of the value s of a session's interface type.
func (l *lowerer) opened(s string) string {
	v := l.k.temp()
	return fmt.Sprintf("func() interface{} { %s := %s; if %s == nil { return nil }; return %s }()", v, s, v, v)
}

// isWrapped tells whether t is an interface type whose values Yaegi wraps: one with
// methods that is not the host's.
func (l *lowerer) isWrapped(t types.Type) bool {
	t = types.Unalias(l.sub(t))
	_, plain := t.(*types.Interface)
	return needsConverter(t) && (plain || l.isSessionType(t))
}

// toHostInterface tells whether a value of a session's interface type becomes
// one of the host's.
func (l *lowerer) toHostInterface(from, to types.Type) bool {
	i, ok := from.Underlying().(*types.Interface)
	if !ok || i.NumMethods() == 0 || to == nil || !needsConverter(to) {
		return false
	}
	n, named := types.Unalias(to).(*types.Named)
	_, plain := types.Unalias(from).(*types.Interface)
	return named && !l.isSessionType(n) && (plain || l.isSessionType(from))
}

// conversion is the body of the function that makes an interface value of v.
func (l *lowerer) conversion(from, to types.Type) string {
	v, set := "v", ""
	box, boxed := l.box(from)
	if boxed {
		v, set = "b", "b := "+box+"{v};"
	}
	if isEmptyInterface(to) && !l.isLocal(to) { // Yaegi would wrap what has methods
		return set + "return rt_.Any(" + v + ")"
	}
	if f := hostMaker(to); f != "" && (boxed || structOf(from) != nil) && !l.isLocal(from) {
		return set + "return rt_." + f + "(" + v + ")"
	}
	return set + "var i " + l.typ(to) + " = " + v + "; return i"
}

// hostMaker gives the function of the host that makes interface values of type t.
func hostMaker(t types.Type) string {
	switch n, _ := types.Unalias(t).(*types.Named); {
	case n == nil:
	case n.Obj().Pkg() == nil && n.Obj().Name() == "error":
		return "Err"
	case n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "fmt" && n.Obj().Name() == "Stringer":
		return "Stringer"
	}
	return ""
}

// isLocal tells whether t, or what it points to, is declared in a function.
func (lw *lowering) isLocal(t types.Type) bool {
	o := typeNameOf(t)
	return o != nil && lw.isSessionType(o.Type()) && !isPackageLevel(o)
}

// mentionsLocal tells whether a type that is declared in a function is part of
// the spelling of t.
func (lw *lowering) mentionsLocal(t types.Type) bool {
	if lw.isLocal(t) {
		return true
	}
	list := func(ts ...types.Type) bool { return slices.ContainsFunc(ts, lw.mentionsLocal) }
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return list(t.Elem())
	case *types.Slice:
		return list(t.Elem())
	case *types.Array:
		return list(t.Elem())
	case *types.Chan:
		return list(t.Elem())
	case *types.Map:
		return list(t.Key(), t.Elem())
	case *types.Signature:
		return list(t.Params(), t.Results())
	case *types.Tuple:
		return slices.ContainsFunc(slices.Collect(t.Variables()), func(v *types.Var) bool { return lw.mentionsLocal(v.Type()) })
	case *types.Struct:
		return slices.ContainsFunc(slices.Collect(t.Fields()), func(v *types.Var) bool { return lw.mentionsLocal(v.Type()) })
	}
	return false
}

// box gives the name of the struct that stands for a value of t in an interface.
func (l *lowerer) box(t types.Type) (string, bool) {
	n, ok := types.Unalias(l.sub(t)).(*types.Named)
	if !ok && l.hidesNames(l.sub(t)) {
		return l.listBox(l.sub(t)), true
	}
	if !ok || !l.isSessionType(n) || !isBoxed(n) {
		return "", false
	}
	return l.typ(n) + boxSuffix, true
}

const boxSuffix = "box"

// hidesNames tells whether t is a list, map or channel of numbers, strings,
// functions or interfaces of a session type, which the interpreter has without that type.
func (l *lowerer) hidesNames(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Map:
		return l.isNameless(t.Key()) || l.isNameless(t.Elem())
	case interface{ Elem() types.Type }:
		if _, ptr := t.(*types.Pointer); ptr {
			return false
		}
		return l.isNameless(t.Elem())
	}
	return false
}

func (l *lowerer) isNameless(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return l.hidesNames(t)
	}
	return l.isSessionType(n) && !l.isLocal(n) && (isBoxed(n) || needsConverter(n))
}

// listBox declares the box of an unnamed type and gives its name.
func (l *lowerer) listBox(t types.Type) string {
	text := l.typ(t)
	key := "box " + text
	if n := l.remembered(key); n != "" {
		return n
	}
	name := l.k.fresh("list") + boxSuffix
	l.memo[key] = name
	tag := l.k.host.addType("", t)
	l.types = append(l.types, fmt.Sprintf("type %s struct{ %s %s \"%s:\\\"%d\\\"\" }", name, boxField, text, tagKey, tag))
	return name
}

func isBoxed(n *types.Named) bool {
	switch n.Underlying().(type) {
	case *types.Struct, *types.Interface:
		return false
	}
	return true
}

// boxType declares the box of a type, with its number.
func boxType(slot string, tag int) string {
	return fmt.Sprintf("type %s%s struct{ %s %s \"%s:\\\"%d\\\"\" }", slot, boxSuffix, boxField, slot, tagKey, tag)
}

// boxMethods gives the box of t the methods of t.
func (lw *lowering) boxMethods(t *types.Named, slot string) {
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		m := set.At(i).Obj().(*types.Func)
		lw.boxMethod(set.At(i).Type().(*types.Signature), m.Name(), slot)
	}
}

func (lw *lowering) boxMethod(sig *types.Signature, name, slot string) {
	names, args := paramNames(sig)
	call := "v." + name + "(" + args + ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	lw.funcs = append(lw.funcs, fmt.Sprintf("func (x__b %s%s) %s%s { var v %s = x__b.%s; %s }", slot, boxSuffix, name, lw.signature(sig, names), slot, boxField, call))
}

// typeTest lowers x.(T) with two results, for the value s of x.
func (l *lowerer) typeTest(s string, t types.Type) string {
	if needsConverter(t) {
		return l.converter(t) + "(" + s + ")"
	}
	if isEmptyInterface(l.sub(t)) {
		return l.helperFunc("some", "some", func(name string) string {
			return "func " + name + "(v interface{}) (interface{}, bool) { return v, !rt_.IsNil(v) }"
		}) + "(" + s + ")"
	}
	box, ok := l.box(t)
	if !ok {
		if st, ok := types.Unalias(l.sub(t)).(*types.Struct); ok && st.NumFields() == 0 {
			return "func() (x struct{}, ok bool) { return x, rt_.IsEmpty(" + s + ") }()"
		}
		return "rt_.Unwrap(" + s + ").(" + l.typ(t) + ")"
	}
	text := func(name string) string {
		return fmt.Sprintf("func %s(v interface{}) (%s, bool) { b, ok := rt_.Unwrap(v).(%s); return b.%s, ok }", name, l.typ(t), box, boxField)
	}
	return l.helperOf("unbox", "unbox", text, t) + "(" + s + ")"
}

// binary lowers an operation; interface values are compared by the host.
func (l *lowerer) binary(x *ast.BinaryExpr) string {
	if x.Op == token.EQL || x.Op == token.NEQ {
		if s, ok := l.comparison(x.X, x.Y); ok {
			if x.Op == token.NEQ {
				return "!" + s
			}
			return s
		}
	}
	if x.Op == token.SHL || x.Op == token.SHR {
		return l.expr(x.X) + " " + x.Op.String() + " " + l.shiftCount(x.Y)
	}
	return l.expr(x.X) + " " + x.Op.String() + " " + l.expr(x.Y)
}

// comparison lowers x == y where one of them is an interface value.
func (l *lowerer) comparison(x, y ast.Expr) (string, bool) {
	return l.equal(l.expr(x), l.typeOf(x), y)
}

func (l *lowerer) equal(s string, t types.Type, y ast.Expr) (string, bool) {
	u := l.typeOf(y)
	if l.info.Types[y].IsNil() || isUntypedNil(t) || !types.IsInterface(t) && !types.IsInterface(u) {
		return "", false
	}
	return "rt_.Equal(" + l.held(l.convert(s, t, u), t) + ", " + l.held(l.implicit(y, t), u) + ")", true
}

func isUntypedNil(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Kind() == types.UntypedNil
}

// explicit lowers the conversion T(x).
func (l *lowerer) explicit(to types.Type, x ast.Expr) string {
	s := l.expr(x)
	if made := l.convert(s, l.typeOf(x), to); made != s {
		return made
	}
	return "(" + l.typ(to) + ")(" + s + ")"
}

// errorsAs lowers errors.As when the target is of a type that the host cannot
// tell from others: the interpreted code looks at each error of the chain.
func (l *lowerer) errorsAs(x *ast.CallExpr) (string, bool) {
	f := l.callee(x)
	if f == nil || f.Pkg() == nil || f.Pkg().Path() != "errors" || f.Name() != "As" || len(x.Args) != 2 {
		return "", false
	}
	p, ok := l.typeOf(x.Args[1]).Underlying().(*types.Pointer)
	if !ok {
		return "", false
	}
	if _, boxed := l.box(p.Elem()); !boxed && !needsConverter(p.Elem()) {
		return "", false
	}
	target := l.k.temp()
	return fmt.Sprintf("func() bool { %s := %s; f := func(e interface{}) bool { v, ok := %s; if ok { *%s = v }; return ok }; return rt_.AsFunc(%s, f) }()",
		target, l.expr(x.Args[1]), l.typeTest("e", p.Elem()), target, l.implicit(x.Args[0], types.Universe.Lookup("error").Type())), true
}

// keeps tells whether the functions of a package only keep the `any` that they
// get.
func keeps(importPath string) bool {
	switch importPath {
	case "context", "sync", "sync/atomic", "container/list", "container/ring", "container/heap":
		return true
	}
	return false
}

// spreadCall lowers f(g()) where the values of g change their form: a literal
// takes them and passes them on.
func (l *lowerer) spreadCall(x *ast.CallExpr) (string, bool) {
	if len(x.Args) != 1 {
		return "", false
	}
	tuple, ok := l.typeOf(x.Args[0]).(*types.Tuple)
	if !ok || l.wrapperFor(x) == nil && !l.changesForm(x, tuple) {
		return "", false
	}
	names, args := []string{}, []ast.Expr{}
	for i := range tuple.Len() {
		id := ast.NewIdent(l.k.temp())
		l.info.Types[id] = types.TypeAndValue{Type: tuple.At(i).Type()}
		names, args = append(names, id.Name), append(args, id)
	}
	call := l.call(&ast.CallExpr{Fun: x.Fun, Args: args})
	res, _ := l.typeOf(x.Fun).Underlying().(*types.Signature)
	if res.Results().Len() > 0 {
		call = "return " + call
	}
	sig := types.NewSignatureType(nil, nil, nil, nil, unnamed(res.Results()), false)
	return "func" + l.signature(sig, nil) + " { " + strings.Join(names, ", ") + " := " + l.expr(x.Args[0]) + "; " + call + " }()", true
}

func unnamed(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for i := range t.Len() {
		vars = append(vars, types.NewParam(token.NoPos, nil, "", t.At(i).Type()))
	}
	return types.NewTuple(vars...)
}

// changesForm tells whether one of the values has to be converted for x.
func (l *lowerer) changesForm(x *ast.CallExpr, values *types.Tuple) bool {
	for i := range values.Len() {
		if l.convert("", l.sub(values.At(i).Type()), l.boundType(x, i)) != "" {
			return true
		}
	}
	return false
}

// convertTuple converts the values of s, a call with several, to the types to;
// nil where a value stays as it is.
func (l *lowerer) convertTuple(s string, from *types.Tuple, to []types.Type) string {
	var names, values, results []string
	changed := false
	for i := range from.Len() {
		t, name := l.sub(from.At(i).Type()), l.k.temp()
		v := l.convert(name, t, to[i])
		if changed = changed || v != name; v != name {
			t = to[i]
		}
		names, values, results = append(names, name), append(values, v), append(results, l.typ(t))
	}
	if !changed {
		return s
	}
	return "func() (" + strings.Join(results, ", ") + ") { " + strings.Join(names, ", ") + " := " + s + "; return " + strings.Join(values, ", ") + " }()"
}

// adapter gives the statements that make a value of a session's interface type
// of a value of the host that has the methods: a struct of their functions.
// Its first field is called as in Yaegi's own wrappers, see unwrap.
func (lw *lowering) adapter(t types.Type, key string) string {
	it := t.Underlying().(*types.Interface)
	if _, unnamed := types.Unalias(t).(*types.Interface); !unnamed && !lw.isSessionType(t) {
		return ""
	}
	name := lw.helperFunc("adapter "+key, "adapter", func(name string) string {
		fields, methods := "IValue interface{};", ""
		for i := range it.NumMethods() {
			m := it.Method(i)
			sig := m.Signature()
			names, args := paramNames(sig)
			call := "v.F" + m.Name() + "(" + args + ")"
			if sig.Results().Len() > 0 {
				call = "return " + call
			}
			fields += " F" + m.Name() + " func" + lw.signature(sig, nil) + ";"
			methods += "\nfunc (v " + name + ") " + m.Name() + lw.signature(sig, names) + " { " + call + " }"
		}
		lw.types = append(lw.types, "type "+name+" struct{ "+fields+" }")
		return strings.TrimSpace(methods)
	})
	args := ""
	for i := range it.NumMethods() {
		args += fmt.Sprintf(", %q, &a.F%s", it.Method(i).Name(), it.Method(i).Name())
	}
	return "var a " + name + "; a.IValue = v; if rt_.Methods(v" + args + ") { return a, true };"
}
