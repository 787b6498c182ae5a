package kernel

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// switchStmt compares the tag itself where the cases are no constants: Yaegi
// evaluates too few of them, and cannot compare interface values.
func (l *lowerer) switchStmt(s *ast.SwitchStmt) string {
	f := l.inner(token.BREAK, token.FALLTHROUGH)
	label := ""
	if l.label != "" {
		label = l.label + ":\n"
	}
	if s.Tag != nil && !l.constantCases(s) {
		return l.comparingSwitch(s, f, label)
	}
	out, end := label+"switch ", "}"
	if s.Init != nil { // Yaegi takes no tag but a variable behind it
		out, end = "{"+l.stmt(s.Init)+"\n"+out, "}}"
	}
	sep := " || " // Yaegi looks at the first condition only
	if s.Tag != nil {
		out += l.expr(s.Tag)
		sep = ", "
	}
	return out + " {" + l.clauses(s, f, func(x []ast.Expr) string { return strings.Join(l.exprs(x), sep) }) + end
}

func (l *lowerer) clauses(s *ast.SwitchStmt, body *lowerer, cond func([]ast.Expr) string) string {
	out := ""
	for _, c := range s.Body.List {
		cc := c.(*ast.CaseClause)
		if cc.List == nil {
			out += "\ndefault:" + body.stmts(cc.Body)
			continue
		}
		out += "\ncase " + cond(cc.List) + ":" + body.stmts(cc.Body)
	}
	return out
}

// constantCases tells whether all cases are constants of a basic kind.
func (l *lowerer) constantCases(s *ast.SwitchStmt) bool {
	if _, ok := l.typeOf(s.Tag).Underlying().(*types.Basic); !ok {
		return false
	}
	for _, c := range s.Body.List {
		for _, x := range c.(*ast.CaseClause).List {
			if l.info.Types[x].Value == nil {
				return false
			}
		}
	}
	return true
}

func (l *lowerer) comparingSwitch(s *ast.SwitchStmt, body *lowerer, label string) string {
	tag, t := l.k.temp(), types.Default(l.typeOf(s.Tag))
	out := "{"
	if s.Init != nil {
		out += l.stmt(s.Init) + "; "
	}
	out += "var " + tag + " " + l.typ(t) + " = " + l.expr(s.Tag) + "; _ = " + tag + "\n" + label + "switch {"
	return out + l.clauses(s, body, func(list []ast.Expr) string {
		var conds []string
		for _, x := range list {
			if same, ok := l.equal(tag, t, x); ok {
				conds = append(conds, same)
			} else {
				conds = append(conds, tag+" == "+l.operand(x))
			}
		}
		return strings.Join(conds, " || ")
	}) + "}}"
}

// selectStmt has the host choose and acts in a switch.
func (l *lowerer) selectStmt(s *ast.SelectStmt) string {
	chosen := l.k.temp()
	f := l.inner(token.BREAK)
	var decl, act strings.Builder
	hasDefault, ops, n := false, "", 0
	for _, c := range s.Body.List {
		cc := c.(*ast.CommClause)
		number, enter := 0, ""
		if cc.Comm == nil {
			hasDefault = true
		} else {
			n++
			number = n
			setup, op, got := l.comm(cc.Comm)
			decl.WriteString(setup)
			ops += ", " + op
			enter = got
		}
		fmt.Fprintf(&act, "\ncase %d: %s%s", number, enter, f.stmts(cc.Body))
	}
	label := ""
	if l.label != "" {
		label = l.label + ":\n"
	}
	return fmt.Sprintf("{%s%s := rt_.Select(%v%s)\n%sswitch %s {%s}}", decl.String(), chosen, hasDefault, ops, label, chosen, act.String())
}

// comm lowers one case of a select: what to evaluate before, the operation for
// the host, and what to do with the received value once the case is chosen.
func (l *lowerer) comm(s ast.Stmt) (setup, op, enter string) {
	switch s := s.(type) {
	case *ast.SendStmt:
		ch, v := l.k.temp(), l.k.temp()
		elem := l.typeOf(s.Chan).Underlying().(*types.Chan).Elem()
		setup = fmt.Sprintf("%s := %s; var %s %s = %s;", ch, l.expr(s.Chan), v, l.typ(elem), l.implicit(s.Value, elem))
		return setup, fmt.Sprintf("%s, &%s, nil", ch, v), ""
	case *ast.ExprStmt:
		setup, op, _, _ = l.commReceive(s.X)
		return setup, op, ""
	case *ast.AssignStmt:
		setup, op, v, ok := l.commReceive(s.Rhs[0])
		for i, x := range s.Lhs {
			enter += l.rangeVar(x, s.Tok, []string{v, ok}[i])
		}
		return setup, op, enter
	}
	return "", "", ""
}

func (l *lowerer) commReceive(x ast.Expr) (setup, op, v, ok string) {
	u := ast.Unparen(x).(*ast.UnaryExpr)
	ch := l.k.temp()
	v, ok = l.k.temp(), l.k.temp()
	elem := l.typ(l.typeOf(u.X).Underlying().(*types.Chan).Elem())
	setup = fmt.Sprintf("%s := %s; var %s %s; var %s bool; _, _ = %s, %s;", ch, l.expr(u.X), v, elem, ok, v, ok)
	return setup, fmt.Sprintf("%s, &%s, &%s", ch, v, ok), v, ok
}

// assertion lowers x.(T) with one result.
func (l *lowerer) assertion(x *ast.TypeAssertExpr) string {
	t, s := l.typeOf(x.Type), l.k.temp()
	v, ok := l.k.temp(), l.k.temp()
	from := strconv.Quote(goTypeText(l.typeOf(x.X)))
	missing := ""
	if i, ok := t.Underlying().(*types.Interface); ok && i.NumMethods() > 0 {
		missing = i.Method(0).Name()
	}
	return fmt.Sprintf("func() %s { var %s %s = %s; %s, %s := %s; if !%s { panic(rt_.NotType(%s, %s, %s, %q)) }; return %s }()",
		l.typ(t), s, l.typ(l.typeOf(x.X)), l.expr(x.X), v, ok, l.typeTest(s, t), ok, s, from, strconv.Quote(goTypeText(t)), missing, v)
}

// assertionOk lowers x.(T) with two results.
func (l *lowerer) assertionOk(x *ast.TypeAssertExpr) string {
	return l.typeTest(l.held(l.expr(x.X), l.typeOf(x.X)), l.typeOf(x.Type))
}

// needsConverter: Yaegi does not see the methods of interpreted values when it
// asserts that they implement an interface.
func needsConverter(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.NumMethods() > 0
}

// converter gives the function that tries to make a T of any value.
func (l *lowerer) converter(t types.Type) string {
	key := l.typ(t)
	if c, ok := l.convs[key]; ok {
		return c.name
	}
	c, ok := l.k.ses.convs[key]
	if !ok {
		c = converter{name: l.k.fresh("conv"), typ: t}
		l.vars = append(l.vars, "var "+c.name+" func(v interface{}) ("+key+", bool)")
	} else {
		c.typ = t
	}
	l.convs[key] = c
	return c.name
}

// converters assigns the converters that are new; all of them when there are
// new types.
func (lw *lowering) converters() {
	all := maps.Clone(lw.convs)
	if len(lw.typeIDs) > 0 {
		for k, c := range lw.k.ses.convs {
			if _, ok := all[k]; !ok {
				all[k] = c
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		lw.prelude = append(lw.prelude, lw.converterText(key, all[key]))
	}
}

// converterText tries each live type that implements the interface; structs
// first, as only they are distinct at run time.
func (lw *lowering) converterText(key string, c converter) string {
	it := c.typ.Underlying().(*types.Interface)
	var structs, others strings.Builder
	for _, h := range lw.k.host.sessionTypes() {
		slot := lw.slot(h.Obj())
		if h.TypeArgs().Len() > 0 {
			slot = lw.typeInstance(h)
		}
		if slot == "" {
			continue
		}
		b, made := &others, "x"
		if f := hostMaker(c.typ); f != "" {
			made = "rt_." + f + "(x)"
		}
		if _, ok := h.Underlying().(*types.Struct); ok {
			b = &structs
		}
		if types.Implements(h, it) {
			name := slot
			if isBoxed(h) {
				name += boxSuffix
			}
			fmt.Fprintf(b, "if x, ok := v.(%s); ok { return %s, true };", name, made)
		}
		if types.Implements(types.NewPointer(h), it) {
			if isBoxed(h) { // the host does not know pointers to these
				made = "x"
			}
			fmt.Fprintf(b, "if x, ok := v.(*%s); ok { return %s, true };", slot, made)
		}
	}
	text := c.name + " = func(v interface{}) (" + key + ", bool) { var z " + key + "; v = rt_.Unwrap(v); if rt_.IsNil(v) { return z, false };" + structs.String() + others.String()
	if adapted := lw.adapter(c.typ, key); adapted != "" {
		text += adapted
	} else if !lw.isSessionType(c.typ) {
		text += "if x, ok := v.(" + key + "); ok { return x, true };"
	}
	return text + "return z, false }"
}

// typeSwitch finds the case by assertions, one after the other, and acts in a
// plain switch: Yaegi loses its way in long chains of else if.
func (l *lowerer) typeSwitch(s *ast.TypeSwitchStmt) string {
	var ta *ast.TypeAssertExpr
	name := ""
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		ta = ast.Unparen(a.X).(*ast.TypeAssertExpr)
	case *ast.AssignStmt:
		ta = ast.Unparen(a.Rhs[0]).(*ast.TypeAssertExpr)
		name = a.Lhs[0].(*ast.Ident).Name
	}
	v, chosen := l.k.temp(), l.k.temp()
	f := l.inner(token.BREAK)
	label := ""
	if l.label != "" {
		label = l.label + ":\n"
	}
	find, act, isNil := "", "", -1 // -1: no case but the default
	for i, c := range s.Body.List {
		cc := c.(*ast.CaseClause)
		head, value := fmt.Sprintf("case %d:", i+1), v
		if cc.List == nil {
			head = "default:"
		} else {
			var test string
			test, value = l.typeCase(v, chosen, i+1, cc.List)
			find += test
		}
		if slices.ContainsFunc(cc.List, func(x ast.Expr) bool { return l.info.Types[x].IsNil() }) {
			isNil = i + 1
		}
		bind := ""
		if name != "" && name != "_" {
			bind = name + " := " + value + "; _ = " + name + ";"
		}
		act += "\n" + head + bind + f.stmts(cc.Body)
	}
	init := ""
	if s.Init != nil {
		init = l.stmt(s.Init) + ";"
	}
	return fmt.Sprintf("{%s%s := %s; %s := 0; if rt_.IsNil(%s) { %s = %d };%s\n%sswitch %s {%s}}", init, v, l.expr(ta.X), chosen, v, chosen, isNil, find, label, chosen, act)
}

// typeCase spells the test that sets chosen to number when v is of one of the
// types, and names the value inside the case.
func (l *lowerer) typeCase(v, chosen string, number int, list []ast.Expr) (test, value string) {
	if len(list) == 1 && !l.info.Types[list[0]].IsNil() {
		x, y, ok := l.k.temp(), l.k.temp(), l.k.temp()
		return fmt.Sprintf("\nvar %s %s; _ = %s; if %s == 0 { %s, %s := %s; if %s { %s = %s; %s = %d } }",
			x, l.typ(l.typeOf(list[0])), x, chosen, y, ok, l.typeTest(v, l.typeOf(list[0])), ok, x, y, chosen, number), x
	}
	for _, x := range list {
		if l.info.Types[x].IsNil() {
			continue // was tested before
		}
		t := l.typeOf(x)
		text := func(name string) string {
			return "func " + name + "(v interface{}) bool { x, ok := " + l.typeTest("v", t) + "; _ = x; return ok }"
		}
		is := l.helperOf("is", "is", text, t)
		test += fmt.Sprintf("\nif %s == 0 && %s(%s) { %s = %d }", chosen, is, v, chosen, number)
	}
	return test, v
}
