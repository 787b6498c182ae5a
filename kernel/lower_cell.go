package kernel

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// body lowers the cell's statements.
func (lw *lowering) body() string {
	l := lw.in(lw.c.info)
	l.fn = &funcFrame{sig: types.NewSignatureType(nil, nil, nil, nil, nil, false), defers: lw.defersAtTop()}
	var b strings.Builder
	inits := lw.inits()
	for i, t := range lw.c.stmts {
		if !isVarDecl(t.node) {
			b.WriteString(inits)
			inits = ""
		}
		fmt.Fprintf(&b, "rt_.Step(%d, %d);%s", i, lw.place(t.node.Pos()), l.mark(t.node))
		switch {
		case t.def != nil:
			b.WriteString(l.definition(t.def))
		case t.show:
			b.WriteString(l.showLast(t))
		default:
			b.WriteString(l.topStmt(t.node))
		}
		b.WriteString("\n")
	}
	b.WriteString(inits)
	if lw.c.main != "" {
		fmt.Fprintf(&b, "rt_.Step(%d, 0); %s()\n", len(lw.c.stmts), lw.mainSlot())
	}
	if l.fn.defers {
		return "x__d := rt_.Defers(); rt_.Run(x__d, func() {\n" + b.String() + "})\n"
	}
	return b.String()
}

// inits calls the functions init; they run once the variables that stand
// before the first statement are set.
func (lw *lowering) inits() string {
	out := ""
	for _, n := range lw.c.inits {
		if e := lw.entries[n]; e != nil {
			out += e.slot + "()\n"
		}
	}
	return out
}

func isVarDecl(s ast.Stmt) bool {
	_, ok := s.(*ast.DeclStmt)
	return ok
}

func (lw *lowering) defersAtTop() bool {
	for _, t := range lw.c.stmts {
		if defers(&ast.BlockStmt{List: []ast.Stmt{t.node}}) {
			return true
		}
	}
	return false
}

func (lw *lowering) mainSlot() string {
	if e := lw.entries["main"]; e != nil {
		return e.slot
	}
	return lw.k.ses.entries["main"].slot // defined the same way before
}

// definition assigns the variables of a definition.
func (l *lowerer) definition(d *def) string {
	var lhs []string
	for _, x := range d.lhs {
		id := x.(*ast.Ident)
		slot := "_"
		if o := l.c.pkg.Scope().Lookup(id.Name); o != nil && id.Name != "_" {
			slot = l.slot(o)
		}
		lhs = append(lhs, slot)
	}
	if len(d.values) == 0 {
		var out []string
		t := l.typ(l.typeOf(d.typ))
		for _, slot := range lhs {
			if slot != "_" {
				v := l.k.temp()
				out = append(out, "var "+v+" "+t+"; "+slot+" = "+v)
			}
		}
		return strings.Join(out, "; ")
	}
	left := strings.Join(lhs, ", ") + " = "
	if len(d.lhs) == 2 && len(d.values) == 1 {
		return left + l.commaOk(d.values[0])
	}
	var t types.Type
	if d.typ != nil {
		t = l.typeOf(d.typ)
	}
	if tuple, ok := l.typeOf(d.values[0]).(*types.Tuple); ok {
		return left + l.convertTuple(l.expr(d.values[0]), tuple, slices.Repeat([]types.Type{t}, tuple.Len()))
	}
	var values []string
	for _, v := range d.values {
		values = append(values, l.implicit(v, t))
	}
	if targets := l.definedTypes(d); needsParallel(d.lhs, targets) || len(values) > 1 && slices.ContainsFunc(d.values, calls) {
		return l.parallel(d.lhs, lhs, values, targets)
	}
	return left + strings.Join(values, ", ")
}

// definedTypes gives the types of the variables of a definition; nil for a blank.
func (l *lowerer) definedTypes(d *def) []types.Type {
	out := make([]types.Type, len(d.lhs))
	for i, x := range d.lhs {
		if o := l.c.pkg.Scope().Lookup(x.(*ast.Ident).Name); o != nil {
			out[i] = o.Type()
		}
	}
	return out
}

// topStmt lowers a statement of the cell that shows nothing.
func (l *lowerer) topStmt(s ast.Stmt) string {
	x, ok := s.(*ast.ExprStmt)
	if !ok {
		return l.stmt(s)
	}
	if _, call := ast.Unparen(x.X).(*ast.CallExpr); call && l.isStatementCall(x.X) {
		return l.exprStmt(x.X)
	}
	return "_ = " + l.expr(x.X)
}

// isStatementCall: a call that may stand alone, other than len(x) or int(x).
func (l *lowerer) isStatementCall(x ast.Expr) bool {
	c := ast.Unparen(x).(*ast.CallExpr)
	if tv := l.info.Types[c.Fun]; tv.IsType() || l.info.Types[c].Value != nil {
		return false
	}
	if id, ok := ast.Unparen(c.Fun).(*ast.Ident); ok {
		if b, ok := l.info.Uses[id].(*types.Builtin); ok {
			switch b.Name() {
			case "append", "cap", "complex", "imag", "len", "make", "max", "min", "new", "real":
				return false
			}
		}
	}
	return true
}

// showLast lowers the cell's last expression and hands its values to the host.
func (l *lowerer) showLast(t *topStmt) string {
	x := t.node.(*ast.ExprStmt).X
	typ := l.typeOf(x)
	if tv := l.info.Types[x]; tv.IsVoid() || typ == nil || l.prints(x) {
		return l.topStmt(t.node)
	}
	if tuple, ok := typ.(*types.Tuple); ok {
		if tuple.Len() == 0 {
			return l.exprStmt(x)
		}
		var vars, ids []string
		for i := range tuple.Len() {
			vars = append(vars, l.k.temp())
			ids = append(ids, fmt.Sprintf("%d, &%s, %s", l.k.host.typeID(tuple.At(i).Type()), vars[i], vars[i]))
		}
		return strings.Join(vars, ", ") + " := " + l.expr(x) + "; rt_.Show(" + strings.Join(ids, ", ") + ")"
	}
	v := l.k.temp()
	typ = types.Default(typ)
	if b, ok := typ.(*types.Basic); ok && b.Kind() == types.UntypedNil {
		return ""
	}
	return fmt.Sprintf("var %s %s = %s; rt_.Show(%d, &%s, %s)", v, l.typ(typ), l.expr(x), l.k.host.typeID(typ), v, v)
}

// prints: the results of fmt.Print and its kin are never shown.
func (l *lowerer) prints(x ast.Expr) bool {
	c, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		return false
	}
	f := l.callee(c)
	return f != nil && f.Pkg() != nil && f.Pkg().Path() == "fmt" && strings.Contains(f.Name(), "rint") && !strings.HasPrefix(f.Name(), "S")
}

// register hands the host the methods of a type that printing, JSON and errors
// look for.
func (lw *lowering) register(t *types.Named, slot string, tag int) {
	if types.IsInterface(t) {
		return
	}
	for _, ptr := range []bool{false, true} {
		recv, star := types.Type(t), ""
		if ptr {
			recv, star = types.NewPointer(t), "*"
		}
		get := fmt.Sprintf("x, _ := v.(%s%s)", star, slot)
		if _, ok := t.Underlying().(*types.Struct); !ok {
			get = fmt.Sprintf("y, _ := v.(%s%s); x := (%s%s)(y)", star, lw.spell(t.Underlying()), star, slot)
		}
		for _, m := range hostMethods {
			o, _, _ := types.LookupFieldOrMethod(recv, false, t.Obj().Pkg(), m.name)
			f, ok := o.(*types.Func)
			if !ok || signatureText(f.Signature()) != m.signature {
				continue
			}
			give := "return"
			if m.result == "" {
				give = ""
				lw.alias("fmt")
			}
			lw.prelude = append(lw.prelude, fmt.Sprintf("rt_.Method%s(%d, %v, %q, func(v interface{}%s) %s { %s; %s x.%s(%s) })",
				m.form, tag, ptr, m.name, m.param, m.result, get, give, m.name, m.arg))
		}
	}
}

// signatureText spells a signature without names.
func signatureText(s *types.Signature) string {
	list := func(t *types.Tuple) string {
		var out []string
		for i := range t.Len() {
			out = append(out, types.TypeString(t.At(i).Type(), nil))
		}
		return strings.Join(out, ", ")
	}
	res := list(s.Results())
	if s.Results().Len() > 1 {
		res = "(" + res + ")"
	}
	return "(" + list(s.Params()) + ") " + res
}

// hostMethods are the methods that the host calls on values of session types.
var hostMethods = []struct{ name, signature, form, param, result, arg string }{
	{"String", "() string", "Text", "", "string", ""},
	{"Error", "() string", "Text", "", "string", ""},
	{"GoString", "() string", "Text", "", "string", ""},
	{"MarshalJSON", "() ([]byte, error)", "Bytes", "", "([]byte, error)", ""},
	{"MarshalText", "() ([]byte, error)", "Bytes", "", "([]byte, error)", ""},
	{"UnmarshalJSON", "([]byte) error", "Set", ", b []byte", "error", "b"},
	{"UnmarshalText", "([]byte) error", "Set", ", b []byte", "error", "b"},
	{"Unwrap", "() error", "Error", "", "error", ""},
	{"Unwrap", "() []error", "Errors", "", "[]error", ""},
	{"Is", "(error) bool", "Is", ", e error", "bool", "e"},
	{"Format", "(fmt.State, rune) ", "Format", ", st p_fmt.State, verb rune", "", "st, verb"},
}

func calledByHost(method string) bool {
	for _, m := range hostMethods {
		if m.name == method {
			return true
		}
	}
	return false
}

// program is the text of the cell for the interpreter. Evaluating it hands the
// cell's function to the host. It is a named function, as a literal at the top
// level would get a copy of all global variables.
func (lw *lowering) program() string {
	parts := []string{"package main"}
	for _, p := range [][]string{lw.types, lw.vars, lw.funcs} {
		parts = append(parts, p...)
	}
	name := lw.k.fresh("cell")
	parts = append(parts, "func "+name+"() {")
	parts = append(parts, lw.prelude...)
	parts = append(parts, lw.cell+"}", "func init() { rt_.Cell("+name+") }")
	return strings.Join(parts, "\n")
}
