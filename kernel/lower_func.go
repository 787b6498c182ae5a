package kernel

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// function lowers a body. A function that defers is run by the host, which
// keeps the deferred calls: Yaegi binds their arguments too late, deadlocks on
// local closures, and loses calls when one panics.
func (l *lowerer) function(b *ast.BlockStmt, sig *types.Signature, guard string) string {
	f := *l
	f.branch, f.ret, f.label, f.looped = nil, nil, "", false
	f.fn = &funcFrame{sig: sig, defers: defers(b)}
	guard += l.nilParams(sig) + l.zeroResults(sig)
	if !f.fn.defers {
		return "{" + guard + f.stmts(b.List) + "}"
	}
	decl, results := l.resultVars(sig)
	set := l.k.temp()
	if len(results) > 0 { // the body may have other variables of these names
		names, _ := paramNames(types.NewSignatureType(nil, nil, nil, sig.Results(), nil, false))
		decl += set + " := func" + l.signature(types.NewSignatureType(nil, nil, nil, sig.Results(), nil, false), names) +
			" {" + each(results, names) + " };"
	}
	f.ret = func(r *ast.ReturnStmt) string {
		if len(r.Results) == 0 {
			return "return"
		}
		return "{" + set + "(" + strings.Join(f.results(r), ", ") + "); return }"
	}
	tail := ""
	if len(results) > 0 {
		tail = "; return " + strings.Join(results, ", ")
	}
	return "{" + guard + decl + "x__d := rt_.Defers(); rt_.Run(x__d, func() {" + f.stmts(b.List) + "})" + tail + "}"
}

// each assigns values to variables one after another: Yaegi cannot assign an empty
// interface together with others.
func each(vars, values []string) string {
	out := ""
	for i, v := range vars {
		out += " " + v + " = " + values[i] + ";"
	}
	return out
}

// nilParams mends parameters of a session's interface type: what a call gave is
// wrapped on its way in, so that nil would not be equal to nil.
func (l *lowerer) nilParams(sig *types.Signature) string {
	out := ""
	for i := range sig.Params().Len() {
		p := sig.Params().At(i)
		if t := l.sub(p.Type()); p.Name() != "" && p.Name() != "_" && l.isWrapped(t) {
			v := l.k.temp()
			out += fmt.Sprintf("%s := %s; if %s == nil { %s = nil };", v, p.Name(), v, p.Name())
		}
	}
	return out
}

// zeroResults clears the named results: Yaegi lets them begin with what the
// caller's variable holds.
func (l *lowerer) zeroResults(sig *types.Signature) string {
	out := ""
	for i := range sig.Results().Len() {
		if r := sig.Results().At(i); r.Name() != "" && r.Name() != "_" {
			zero := l.k.temp()
			out += "var " + zero + " " + l.typ(r.Type()) + "; " + r.Name() + " = " + zero + ";"
		}
	}
	return out
}

// resultVars names the results of a function; decl declares those without a name.
func (l *lowerer) resultVars(sig *types.Signature) (decl string, names []string) {
	for i := range sig.Results().Len() {
		r := sig.Results().At(i)
		name := r.Name()
		if name == "" || name == "_" {
			name = l.k.temp()
			decl += "var " + name + " " + l.typ(r.Type()) + ";"
		}
		names = append(names, name)
	}
	return decl, names
}

// defers tells whether b itself defers, its function literals aside.
func defers(b *ast.BlockStmt) bool {
	found := false
	ast.Inspect(b, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			found = true
		}
		return !found
	})
	return found
}

func (l *lowerer) deferStmt(s *ast.DeferStmt) string {
	pre, call := l.bound(s.Call)
	v := l.k.temp()
	return "{" + pre + v + " := " + call + "; rt_.Defer(x__d, " + v + ")}"
}

func (l *lowerer) goStmt(s *ast.GoStmt) string {
	f := *l
	f.quiet = true
	pre, call := f.bound(s.Call)
	return fmt.Sprintf("{%srt_.Go(%d, %s)}", pre, l.place(s.Pos()), own("func()", call))
}

// bound evaluates the function and the arguments of a call now and gives a
// literal that makes the call later. The literal has to be assigned before it
// is handed to the host: only then does Yaegi give it variables of its own.
func (l *lowerer) bound(c *ast.CallExpr) (pre, call string) {
	if lit, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok && len(c.Args) == 0 && l.typeOf(lit).(*types.Signature).Results().Len() == 0 {
		return "", l.funcLit(lit)
	}
	fun, setup := l.boundFunc(c)
	pre = setup
	args := l.callArgs(c)
	for i, a := range c.Args {
		if tv := l.info.Types[a]; tv.Value != nil || tv.IsNil() || tv.IsType() || i >= len(args) {
			continue
		}
		v := l.k.temp()
		if t := l.boundType(c, i); t != nil && !strings.HasPrefix(args[i], "rt_.") {
			pre += "var " + v + " " + l.typ(t) + " = " + args[i] + ";"
		} else {
			pre += v + " := " + args[i] + ";"
		}
		args[i] = v
	}
	return pre, "func() { " + fun + "(" + strings.Join(args, ", ") + dots(c) + ") }"
}

// callArgs lowers the arguments of a call to anything, builtins included.
func (l *lowerer) callArgs(c *ast.CallExpr) []string {
	if id, ok := ast.Unparen(c.Fun).(*ast.Ident); ok {
		if b, ok := l.info.Uses[id].(*types.Builtin); ok && b.Name() == "panic" {
			return []string{l.expr(c.Args[0])}
		}
	}
	return l.arguments(c)
}

// boundFunc gives what to call: a method's receiver and a function value are
// evaluated now.
func (l *lowerer) boundFunc(c *ast.CallExpr) (fun, pre string) {
	switch x := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		switch o := l.info.Uses[x].(type) {
		case *types.Builtin:
			switch o.Name() {
			case "recover":
				return "rt_.Recover", ""
			case "print", "println":
				return "rt_." + strings.ToUpper(o.Name()[:1]) + o.Name()[1:], ""
			case "clear":
				return "rt_.Clear", ""
			}
			return o.Name(), ""
		case *types.Var:
			v := l.k.temp()
			return v, v + " := " + l.expr(x) + ";"
		}
	case *ast.SelectorExpr:
		sel, ok := l.info.Selections[x]
		if !ok || sel.Kind() != types.MethodVal {
			break
		}
		recv := l.sub(sel.Recv())
		if byValue(sel) { // the method has the receiver as it is now
			path, owner := fieldPath(recv, sel.Index())
			from := "(" + l.expr(x.X) + ")" + path
			if p, ok := owner.Underlying().(*types.Pointer); ok {
				owner, from = p.Elem(), "*"+from
			}
			v := l.k.temp()
			return v + "." + x.Sel.Name, "var " + v + " " + l.typ(owner) + " = " + from + ";"
		}
		_, pointer := recv.Underlying().(*types.Pointer)
		if _, named := x.X.(*ast.Ident); named && !pointer && !types.IsInterface(recv) {
			break // an addressable variable: the method may need its address
		}
		if pointer || types.IsInterface(recv) {
			v := l.k.temp()
			path, _ := fieldPath(recv, sel.Index())
			return v + path + "." + x.Sel.Name, "var " + v + " " + l.typ(recv) + " = " + l.expr(x.X) + ";"
		}
	case *ast.FuncLit:
		v := l.k.temp()
		return v, v + " := " + own(l.typ(l.typeOf(x)), l.funcLit(x)) + ";"
	}
	return l.called(c.Fun), ""
}

// byValue tells whether a method gets a copy of its receiver.
func byValue(sel *types.Selection) bool {
	f, ok := sel.Obj().(*types.Func)
	if !ok {
		return false
	}
	t := f.Signature().Recv().Type()
	_, ptr := types.Unalias(t).(*types.Pointer)
	return !ptr && !types.IsInterface(t)
}

// boundType gives the type that argument i is converted to; nil when it stays
// as it is.
func (l *lowerer) boundType(c *ast.CallExpr, i int) types.Type {
	sig, ok := l.typeOf(c.Fun).Underlying().(*types.Signature)
	if !ok {
		return nil
	}
	n := sig.Params().Len()
	switch {
	case sig.Variadic() && i >= n-1 && c.Ellipsis.IsValid():
		return sig.Params().At(n - 1).Type()
	case sig.Variadic() && i >= n-1:
		return sig.Params().At(n - 1).Type().(*types.Slice).Elem()
	case i < n:
		return sig.Params().At(i).Type()
	}
	return nil
}
