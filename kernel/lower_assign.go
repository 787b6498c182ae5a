package kernel

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

func (l *lowerer) assign(s *ast.AssignStmt) string {
	var lhs []string
	for _, x := range s.Lhs {
		lhs = append(lhs, l.target(x))
	}
	tok := s.Tok
	declared, mixed := l.declared(s)
	if mixed {
		tok = token.ASSIGN
	}
	if len(s.Lhs) > 1 && len(s.Rhs) == 1 && (mixed || tok == token.ASSIGN && slices.ContainsFunc(s.Lhs, isPlace)) {
		return l.unpack(s, declared)
	}
	left := strings.Join(lhs, ", ") + " " + tok.String() + " "
	if tuple, ok := l.typeOf(s.Rhs[0]).(*types.Tuple); ok && isCall(s.Rhs[0]) && tok == token.ASSIGN {
		var to []types.Type
		for _, x := range s.Lhs {
			to = append(to, l.targetType(x))
		}
		return left + l.convertTuple(l.expr(s.Rhs[0]), tuple, to)
	}
	if len(s.Lhs) == 2 && len(s.Rhs) == 1 {
		if tok == token.ASSIGN {
			if out := l.assignCommaOk(s, lhs); out != "" {
				return out
			}
		}
		return left + l.commaOk(s.Rhs[0])
	}
	var rhs []string
	targets := make([]types.Type, len(s.Lhs))
	for i, x := range s.Rhs {
		var to types.Type
		if len(s.Lhs) == len(s.Rhs) && tok == token.ASSIGN {
			to = l.targetType(s.Lhs[i])
			targets[i] = to
		}
		value := l.implicit(x, to)
		if tok == token.SHL_ASSIGN || tok == token.SHR_ASSIGN {
			value = l.shiftCount(x)
		}
		if tok == token.DEFINE && len(s.Rhs) > 1 {
			value = l.sheltered(x, value)
		}
		if tok == token.ASSIGN && l.isInFunction(s.Lhs[min(i, len(s.Lhs)-1)]) {
			value = l.carried(x, value, to)
		}
		rhs = append(rhs, value)
	}
	switch {
	case mixed: // the values do not see the new variables
		set, assign := l.apart(s.Lhs, lhs, rhs, targets)
		return set + declared + assign
	case tok == token.ASSIGN && (needsParallel(s.Lhs, targets) || len(rhs) > 1 && slices.ContainsFunc(s.Rhs, l.disturbs)):
		return l.parallel(s.Lhs, lhs, rhs, targets)
	}
	return left + strings.Join(rhs, ", ")
}

// isInFunction tells whether x is a variable of a function.
func (l *lowerer) isInFunction(x ast.Expr) bool {
	id, ok := ast.Unparen(x).(*ast.Ident)
	if !ok {
		return false
	}
	v, ok := l.info.Uses[id].(*types.Var)
	return ok && v.Kind() != types.PackageVar
}

// carried gives the value of x, a composite literal of type to, by a call: Yaegi
// loses one that is assigned to a named result, and a struct's that is assigned to
// a variable of a function around the one at hand. Other values stay as they are.
func (l *lowerer) carried(x ast.Expr, value string, to types.Type) string {
	if _, ok := ast.Unparen(x).(*ast.CompositeLit); !ok || to == nil {
		return value
	}
	return l.byCall(value, to)
}

// declared gives the declarations of the new variables of `a, b := e` when
// others are only assigned to: those may lie in the function around the literal
// that holds its body.
func (l *lowerer) declared(s *ast.AssignStmt) (decl string, mixed bool) {
	if s.Tok != token.DEFINE {
		return "", false
	}
	for _, x := range s.Lhs {
		id, ok := x.(*ast.Ident)
		if !ok || id.Name == "_" {
			continue
		}
		if o := l.info.Defs[id]; o != nil {
			decl += "var " + id.Name + " " + l.typ(o.Type()) + "; _ = " + id.Name + ";"
		} else {
			mixed = true
		}
	}
	if !mixed {
		return "", false
	}
	return decl, true
}

// disturbs tells whether Yaegi loses other values of the same assignment for x: a
// method value is lowered to a call, too.
func (l *lowerer) disturbs(x ast.Expr) bool {
	_, function := l.typeOf(x).Underlying().(*types.Signature)
	return function || calls(x)
}

// calls tells whether x calls anything once it is lowered, or makes a composite
// literal: Yaegi loses the other values of the same assignment then.
func calls(x ast.Expr) bool {
	found := false
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr, *ast.TypeAssertExpr, *ast.CompositeLit:
			found = true
		case *ast.UnaryExpr: // a receive is lowered to a call
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// sheltered gives the value of x, one of several of a definition, by a call if it
// makes a composite literal: Yaegi loses the other values otherwise.
func (l *lowerer) sheltered(x ast.Expr, value string) string {
	literal := false
	ast.Inspect(x, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CompositeLit:
			literal = true
		}
		return !literal
	})
	if !literal {
		return value
	}
	return l.byCall(value, l.typeOf(x))
}

// byCall gives a value of type t as the result of a call.
func (l *lowerer) byCall(value string, t types.Type) string {
	v, of := l.k.temp(), l.typ(t)
	return "func() " + of + " { var " + v + " " + of + " = " + value + "; return " + v + " }()"
}

func isCall(x ast.Expr) bool {
	_, ok := ast.Unparen(x).(*ast.CallExpr)
	return ok
}

// targetType gives the type of what is assigned to; nil for a blank.
func (l *lowerer) targetType(x ast.Expr) types.Type {
	if id, ok := x.(*ast.Ident); ok && id.Name == "_" {
		return nil
	}
	return l.typeOf(x)
}

// target lowers what is assigned to.
func (l *lowerer) target(x ast.Expr) string {
	if id, ok := x.(*ast.Ident); ok && id.Name == "_" {
		return "_"
	}
	return l.expr(x)
}

// commaOk lowers the right side of `v, ok = e`.
func (l *lowerer) commaOk(x ast.Expr) string {
	switch y := ast.Unparen(x).(type) {
	case *ast.UnaryExpr:
		if y.Op == token.ARROW {
			return l.receive(y, true)
		}
	case *ast.TypeAssertExpr:
		return l.assertionOk(y)
	}
	return l.expr(x)
}

// isPlace tells whether x is more than a variable: an element, a field or what a
// pointer points to.
func isPlace(x ast.Expr) bool {
	_, ok := ast.Unparen(x).(*ast.Ident)
	return !ok
}

// unpack assigns the values of a call or of a comma-ok form by way of temporaries:
// Yaegi loses those that go to the elements of maps, and evaluates the call first.
// declared are the declarations of variables that are new, which the values do
// not see.
func (l *lowerer) unpack(s *ast.AssignStmt, declared string) string {
	tuple := l.info.TypeOf(s.Rhs[0]).(*types.Tuple)
	var set, assign strings.Builder
	var temps []string
	for i, x := range s.Lhs {
		setup, target := l.heldTarget(x)
		set.WriteString(setup)
		if target == "_" {
			temps = append(temps, "_")
			continue
		}
		t := l.k.temp()
		temps = append(temps, t)
		from := types.Default(l.sub(tuple.At(i).Type()))
		fmt.Fprintf(&assign, "%s = %s;", target, l.convert(t, from, l.targetType(x)))
	}
	values := l.commaOk(s.Rhs[0])
	out := set.String() + strings.Join(temps, ", ") + " := " + values + ";" + declared + assign.String()
	if declared != "" {
		return out
	}
	return "{" + out + "}"
}

// parallel assigns values one after another, by way of temporaries: Yaegi
// fails on several interface values at once. to are the types of the targets.
func (l *lowerer) parallel(targets []ast.Expr, names, values []string, to []types.Type) string {
	set, assign := l.apart(targets, names, values, to)
	return "{" + set + assign + "}"
}

// apart gives the two halves of parallel: what evaluates, and what assigns.
func (l *lowerer) apart(targets []ast.Expr, names, values []string, to []types.Type) (evaluate, store string) {
	var set, assign strings.Builder
	for i, x := range targets {
		if isPlace(x) {
			setup := ""
			setup, names[i] = l.heldTarget(x)
			set.WriteString(setup)
		}
	}
	for i, v := range values {
		if names[i] == "_" {
			fmt.Fprintf(&set, "_ = %s;", v)
			continue
		}
		t := l.k.temp()
		fmt.Fprintf(&set, "var %s %s = %s;", t, l.typ(to[i]), v)
		fmt.Fprintf(&assign, "%s = %s;", names[i], t)
	}
	return set.String(), assign.String()
}

// heldTarget evaluates the operands of a target now, from left to right.
func (l *lowerer) heldTarget(x ast.Expr) (setup, target string) {
	switch x := ast.Unparen(x).(type) {
	case *ast.IndexExpr:
		return l.heldElement(x)
	case *ast.StarExpr:
		p := l.k.temp()
		return p + " := " + l.expr(x.X) + ";", "*" + p
	case *ast.SelectorExpr:
		sel := l.info.Selections[x]
		if sel == nil {
			break // a variable of a package
		}
		path, _ := fieldPath(l.sub(sel.Recv()), sel.Index())
		setup, operand := l.heldOperand(x.X)
		return setup, operand + path + "." + x.Sel.Name
	}
	return "", l.target(x)
}

// heldOperand evaluates what stands before the dot or the bracket of a target: a
// struct or an array stays where it is.
func (l *lowerer) heldOperand(x ast.Expr) (setup, operand string) {
	switch l.typeOf(x).Underlying().(type) {
	case *types.Struct, *types.Array:
		setup, operand = l.heldTarget(x)
		if strings.HasPrefix(operand, "*") {
			operand = "(" + operand + ")"
		}
		return setup, operand
	}
	held := l.k.temp()
	return held + " := " + l.expr(x) + ";", held
}

func (l *lowerer) heldElement(x *ast.IndexExpr) (setup, target string) {
	setup, c := l.heldOperand(x.X)
	i := l.k.temp()
	if m, ok := l.typeOf(x.X).Underlying().(*types.Map); ok {
		return setup + "var " + i + " " + l.typ(m.Key()) + " = " + l.implicit(x.Index, m.Key()) + ";", c + "[" + i + "]"
	}
	setup += i + " := " + l.expr(x.Index) + ";"
	if !l.looped {
		i = fmt.Sprintf("rt_.Index(int(%s), len(%s))", i, c)
	}
	return setup, c + "[" + i + "]"
}

// needsParallel tells whether several values go to targets of which one is of
// an interface type, or a field or a pointer's target, which Yaegi mixes up.
func needsParallel(targets []ast.Expr, to []types.Type) bool {
	some := false
	for i, t := range to {
		switch ast.Unparen(targets[i]).(type) {
		case *ast.SelectorExpr, *ast.StarExpr:
			some = true
		}
		some = some || t != nil && types.IsInterface(t)
	}
	return some && len(to) > 1
}

// assignCommaOk assigns `v, ok = e` where v takes another form in its target;
// empty when it does not.
func (l *lowerer) assignCommaOk(s *ast.AssignStmt, names []string) string {
	tuple, ok := l.info.TypeOf(s.Rhs[0]).(*types.Tuple)
	if !ok || tuple.Len() != 2 {
		return ""
	}
	v, found := l.k.temp(), l.k.temp()
	value := l.convert(v, l.sub(tuple.At(0).Type()), l.targetType(s.Lhs[0]))
	if value == v {
		return ""
	}
	return fmt.Sprintf("{%s, %s := %s; %s = %s; %s = %s}", v, found, l.commaOk(s.Rhs[0]), names[0], value, names[1], found)
}
