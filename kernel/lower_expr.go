package kernel

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"mesosbook/kernel/internal/hosttypes"
)

const tempPrefix = "x__"

// temp gives a new name for a temporary.
func (k *Kernel) temp() string {
	k.temps++
	return tempPrefix + strconv.Itoa(k.temps)
}

// fresh gives a new name inside the interpreter for something called name.
func (k *Kernel) fresh(name string) string {
	k.temps++
	return name + "__" + strconv.Itoa(k.temps)
}

// expr lowers an expression that has one value.
func (l *lowerer) expr(x ast.Expr) string {
	if tv, ok := l.info.Types[x]; ok {
		if tv.IsType() {
			return l.typ(tv.Type)
		}
		if tv.Value != nil {
			if s, ok := l.constant(tv.Value, l.sub(tv.Type)); ok {
				return s
			}
		}
	}
	switch x := x.(type) {
	case *ast.Ident:
		return l.ident(x)
	case *ast.BasicLit:
		return x.Value
	case *ast.ParenExpr:
		return "(" + l.expr(x.X) + ")"
	case *ast.SelectorExpr:
		if sel := l.info.Selections[x]; sel != nil && sel.Kind() == types.MethodVal {
			return l.methodValue(x, sel)
		}
		return l.selector(x)
	case *ast.CompositeLit:
		return l.composite(x)
	case *ast.FuncLit:
		if l.looped {
			return own(l.typ(l.typeOf(x)), l.funcLit(x))
		}
		return l.funcLit(x)
	case *ast.IndexExpr:
		return l.index(x)
	case *ast.IndexListExpr: // an explicit instance
		return l.expr(x.X)
	case *ast.SliceExpr:
		return l.slice(x)
	case *ast.StarExpr:
		return "*" + l.expr(x.X)
	case *ast.TypeAssertExpr:
		return l.assertion(x)
	case *ast.CallExpr:
		return l.call(x)
	case *ast.UnaryExpr:
		if x.Op == token.ARROW {
			return l.receive(x, false)
		}
		if lit, ok := ast.Unparen(x.X).(*ast.CompositeLit); ok && x.Op == token.AND && structOf(l.typeOf(lit)) == nil {
			t := l.typ(l.typeOf(lit)) // Yaegi would give the same place each time
			return "func() *" + t + " { v := " + l.expr(lit) + "; return &v }()"
		}
		return x.Op.String() + l.expr(x.X)
	case *ast.BinaryExpr:
		return l.binary(x)
	case *ast.KeyValueExpr:
		return l.expr(x.Key) + ": " + l.expr(x.Value)
	}
	return fmt.Sprintf("x__unknown_%T", x)
}

// constant spells a folded constant of type t.
func (l *lowerer) constant(v constant.Value, t types.Type) (string, bool) {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		if types.IsInterface(t) {
			return l.constant(v, types.Default(hosttypes.Untyped(v)))
		}
		return "", false
	}
	s, ok := literal(v, b)
	if !ok {
		return "", false
	}
	if t == types.Type(b) {
		switch b.Kind() {
		case types.Int, types.Float64, types.String, types.Bool, types.UntypedInt, types.UntypedFloat, types.UntypedString, types.UntypedBool:
			return s, true
		case types.UntypedRune:
			return "rune(" + s + ")", true
		case types.UntypedComplex, types.Complex128:
			return s, true
		}
	}
	return l.typ(t) + "(" + s + ")", true
}

func literal(v constant.Value, b *types.Basic) (string, bool) {
	switch info := b.Info(); {
	case info&types.IsBoolean != 0:
		return strconv.FormatBool(constant.BoolVal(v)), true
	case info&types.IsString != 0:
		return strconv.Quote(constant.StringVal(v)), true
	case info&types.IsInteger != 0:
		x := constant.ToInt(v)
		return x.ExactString(), x.Kind() == constant.Int
	case info&types.IsFloat != 0:
		return floatLiteral(v), true
	case info&types.IsComplex != 0:
		c := constant.ToComplex(v)
		return "complex(" + floatLiteral(constant.Real(c)) + ", " + floatLiteral(constant.Imag(c)) + ")", true
	}
	return "", false
}

func floatLiteral(v constant.Value) string {
	f, _ := constant.Float64Val(constant.ToFloat(v))
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func (l *lowerer) ident(id *ast.Ident) string {
	o := l.info.Uses[id]
	if o == nil {
		o = l.info.Defs[id]
	}
	if o == nil {
		return id.Name
	}
	if n := l.rename[o]; n != "" {
		return n
	}
	switch o := o.(type) {
	case *types.PkgName:
		return l.alias(o.Imported().Path())
	case *types.Func:
		if inst, ok := l.info.Instances[id]; ok {
			return l.funcInstance(o, l.args(inst.TypeArgs))
		}
	}
	return l.object(o)
}

// object spells a reference to o.
func (l *lowerer) object(o types.Object) string {
	if s := l.slot(o); s != "" {
		return s
	}
	if !isPackageLevel(o) && o.Pkg() != l.k.helpers {
		return o.Name()
	}
	switch {
	case o.Pkg() == l.k.helpers:
		if _, ok := o.(*types.Var); ok { // handed over by its address, see bindHelpers
			return "(*xn_." + o.Name() + ")"
		}
		return "xn_." + o.Name()
	case o.Pkg().Path() == "main":
		return o.Name()
	case hosttypes.IsSource(o.Pkg().Path()):
		if f, ok := o.(*types.Func); ok {
			return l.funcInstance(f, nil)
		}
	}
	return l.alias(o.Pkg().Path()) + "." + o.Name()
}

func (l *lowerer) args(list *types.TypeList) []types.Type {
	var out []types.Type
	for i := range list.Len() {
		out = append(out, l.sub(list.At(i)))
	}
	return out
}

func (l *lowerer) selector(x *ast.SelectorExpr) string {
	sel, ok := l.info.Selections[x]
	if !ok { // pkg.Name
		return l.ident(x.Sel)
	}
	switch {
	case sel.Kind() == types.MethodExpr:
		return l.methodExpr(x, sel)
	case sel.Kind() == types.MethodVal && len(l.subst) > 0:
		return l.methodOfInstance(x, sel)
	}
	path, recv := fieldPath(l.sub(sel.Recv()), sel.Index())
	s := l.operand(x.X) + path
	if l.takesAddress(sel, recv) {
		s = "(&" + s + ")"
	}
	return s + "." + x.Sel.Name
}

// takesAddress tells a method with a pointer receiver that is called on a
// variable of a session's type. Yaegi copies such a variable before it takes the
// address: what goroutines share, a mutex above all, must not be read so.
func (l *lowerer) takesAddress(sel *types.Selection, recv types.Type) bool {
	m, ok := sel.Obj().(*types.Func)
	if !ok || sel.Kind() != types.MethodVal {
		return false
	}
	_, wantsPtr := m.Signature().Recv().Type().(*types.Pointer)
	_, isPtr := recv.Underlying().(*types.Pointer)
	return wantsPtr && !isPtr && l.isSessionType(recv)
}

// value lowers a selector that is not called: a method value is bound to its
// receiver now, which Yaegi does too late.
func (l *lowerer) methodValue(x *ast.SelectorExpr, sel *types.Selection) string {
	sig := l.sub(l.info.TypeOf(x)).(*types.Signature)
	names, args := paramNames(sig)
	m, index := l.selected(x, sel)
	path, recv := fieldPath(l.sub(sel.Recv()), index)
	addr := ""
	p, isPtr := recv.Underlying().(*types.Pointer)
	_, wantsPtr := m.Signature().Recv().Type().(*types.Pointer)
	switch {
	case isPtr && !wantsPtr:
		addr, recv = "*", p.Elem()
	case !isPtr && wantsPtr && !types.IsInterface(recv):
		addr, recv = "&", types.NewPointer(recv)
	}
	r, f := l.k.temp(), l.k.temp()
	call := r + "." + x.Sel.Name + "(" + args + ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	t := "func" + l.signature(sig, nil)
	return fmt.Sprintf("func() %s { var %s %s = %s%s%s; %s := func%s { %s }; return %s }()", t, r, l.typ(recv), addr, l.operand(x.X), path, f, l.signature(sig, names), call, f)
}

// selected gives the method that x selects, which for an instance of a generic
// function is that of the actual type.
func (l *lowerer) selected(x *ast.SelectorExpr, sel *types.Selection) (*types.Func, []int) {
	if len(l.subst) > 0 {
		o, index, _ := types.LookupFieldOrMethod(l.sub(sel.Recv()), true, l.c.pkg, x.Sel.Name)
		if m, ok := o.(*types.Func); ok {
			return m, index
		}
	}
	return sel.Obj().(*types.Func), sel.Index()
}

// operand lowers what stands before a dot, a bracket or a parenthesis.
func (l *lowerer) operand(x ast.Expr) string {
	s := l.expr(x)
	switch ast.Unparen(x).(type) {
	case *ast.StarExpr, *ast.UnaryExpr, *ast.BinaryExpr:
		if _, ok := x.(*ast.ParenExpr); !ok {
			return "(" + s + ")"
		}
	}
	return s
}

// methodOfInstance: with type parameters replaced the method may be a promoted
// one of the actual type.
func (l *lowerer) methodOfInstance(x *ast.SelectorExpr, sel *types.Selection) string {
	recv := l.sub(sel.Recv())
	_, index, _ := types.LookupFieldOrMethod(recv, true, l.c.pkg, x.Sel.Name)
	if index == nil {
		index = sel.Index()
	}
	path, _ := fieldPath(recv, index)
	return l.operand(x.X) + path + "." + x.Sel.Name
}

// methodExpr turns T.M into a function literal: Yaegi fails on (*T).M.
func (l *lowerer) methodExpr(x *ast.SelectorExpr, sel *types.Selection) string {
	sig := l.sub(sel.Type()).(*types.Signature)
	names, _ := paramNames(sig)
	path, _ := fieldPath(l.sub(sel.Recv()), sel.Index())
	call := names[0] + path + "." + x.Sel.Name + "(" + strings.Join(names[1:], ", ")
	if sig.Variadic() {
		call += "..."
	}
	call += ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	return "(func" + l.signature(sig, names) + " { " + call + " })"
}

func (l *lowerer) composite(x *ast.CompositeLit) string {
	t := l.typeOf(x)
	pre := ""
	if p, ok := t.Underlying().(*types.Pointer); ok { // an elided &T
		pre, t = "&", p.Elem()
	}
	st, _ := t.Underlying().(*types.Struct)
	var elems []string
	for i, e := range x.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		switch {
		case st != nil && keyed:
			name := kv.Key.(*ast.Ident).Name
			elems = append(elems, name+": "+l.implicit(kv.Value, fieldType(st, name)))
		case st != nil:
			elems = append(elems, l.implicit(e, st.Field(i).Type()))
		case keyed:
			kt, vt := elementTypes(t)
			elems = append(elems, l.element(kv.Key, kt)+": "+l.element(kv.Value, vt))
		default:
			_, vt := elementTypes(t)
			elems = append(elems, l.element(e, vt))
		}
	}
	return pre + l.typ(t) + "{" + strings.Join(elems, ", ") + "}"
}

func (l *lowerer) element(x ast.Expr, t types.Type) string {
	if t == nil {
		return l.expr(x)
	}
	return l.implicit(x, t)
}

// elementTypes gives the types of keys (nil for a list) and elements of t.
func elementTypes(t types.Type) (key, elem types.Type) {
	switch u := t.Underlying().(type) {
	case *types.Map:
		return u.Key(), u.Elem()
	case *types.Slice:
		return nil, u.Elem()
	case *types.Array:
		return nil, u.Elem()
	}
	return nil, nil
}

func fieldType(st *types.Struct, name string) types.Type {
	for i := range st.NumFields() {
		if st.Field(i).Name() == name {
			return st.Field(i).Type()
		}
	}
	return nil
}

func (l *lowerer) funcLit(x *ast.FuncLit) string {
	sig := l.typeOf(x).(*types.Signature)
	guard := ""
	if l.callsVariable(x.Body) {
		guard = "rt_.Depth();"
	}
	return "func" + l.header(sig) + l.function(x.Body, sig, guard)
}

// callsVariable: a literal can only call itself through a variable declared
// outside of it.
func (l *lowerer) callsVariable(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if id, ok := ast.Unparen(c.Fun).(*ast.Ident); ok {
				v, ok := l.info.Uses[id].(*types.Var)
				found = found || ok && (v.Pos() < body.Pos() || v.Pos() > body.End()) && !v.IsField() && !isParam(v, body)
			}
		}
		return !found
	})
	return found
}

// isParam: parameters of the literal are declared right before its body.
func isParam(v *types.Var, body *ast.BlockStmt) bool {
	return v.Parent() != nil && v.Parent().Pos() <= body.Pos() && v.Parent().End() >= body.End() && v.Parent().End() <= body.End()+1
}

func (l *lowerer) index(x *ast.IndexExpr) string {
	if tv, ok := l.info.Types[x.Index]; ok && tv.IsType() { // an explicit instance
		return l.expr(x.X)
	}
	return l.operand(x.X) + "[" + l.subscript(x) + "]"
}

// receive lowers <-ch to a call that Ctrl-C can end.
func (l *lowerer) receive(x *ast.UnaryExpr, commaOk bool) string {
	ch := l.typeOf(x.X).Underlying().(*types.Chan)
	return l.receiver(ch.Elem(), commaOk) + "(" + l.expr(x.X) + ")"
}

// receiver gives the function that receives from a channel of elem.
func (l *lowerer) receiver(elem types.Type, commaOk bool) string {
	t := l.typ(elem)
	if commaOk {
		return l.helperOf("recv2", "recv", func(name string) string {
			return fmt.Sprintf("func %s(c <-chan (%s)) (%s, bool) { var v %s; ok := rt_.Recv(c, &v); return v, ok }", name, t, t, t)
		}, elem)
	}
	return l.helperOf("recv", "recv", func(name string) string {
		return fmt.Sprintf("func %s(c <-chan (%s)) %s { var v %s; rt_.Recv(c, &v); return v }", name, t, t, t)
	}, elem)
}

func (l *lowerer) sender(elem types.Type) string {
	t := l.typ(elem)
	return l.helperOf("send", "send", func(name string) string {
		return fmt.Sprintf("func %s(c chan<- (%s), v %s) { rt_.Send(c, &v) }", name, t, t)
	}, elem)
}

// helperOf gives a helper function for the types ts; a literal where one of them
// is declared in a function, as it has no name outside.
func (l *lowerer) helperOf(key, name string, text func(name string) string, ts ...types.Type) string {
	for _, t := range ts {
		if l.mentionsLocal(t) {
			return text("")
		}
		key += " " + l.typ(t)
	}
	return l.helperFunc(key, name, text)
}
