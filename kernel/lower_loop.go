package kernel

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"strconv"
	"strings"
)

// uses tells whether n refers to o.
func (l *lowerer) uses(n ast.Node, o types.Object) bool {
	found := false
	ast.Inspect(n, func(c ast.Node) bool {
		if id, ok := c.(*ast.Ident); ok && l.info.Uses[id] == o {
			found = true
		}
		return !found
	})
	return found
}

// outlives tells whether o may be looked at after the iteration: a literal, an
// address, a go or defer statement holds it.
func (l *lowerer) outlives(body ast.Node, o types.Object) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt:
			found = found || l.uses(n, o)
			return false
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND && l.uses(n.X, o)
		case *ast.SelectorExpr: // a method with a pointer receiver takes the address
			if id, ok := n.X.(*ast.Ident); ok && l.info.Uses[id] == o && l.info.Selections[n] != nil && l.info.Selections[n].Kind() == types.MethodVal {
				found = true
			}
		case *ast.SliceExpr:
			found = found || l.uses(n.X, o)
		}
		return !found
	})
	return found
}

func (l *lowerer) changes(body ast.Node, o types.Object) bool {
	found := false
	is := func(x ast.Expr) bool {
		id, ok := ast.Unparen(x).(*ast.Ident)
		return ok && l.info.Uses[id] == o
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, x := range n.Lhs {
				found = found || is(x)
			}
		case *ast.IncDecStmt:
			found = found || is(n.X)
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND && is(n.X)
		case *ast.RangeStmt:
			found = found || n.Key != nil && is(n.Key) || n.Value != nil && is(n.Value)
		}
		return !found
	})
	return found
}

// loop gives a lowerer for the body of a loop, whose plain break and continue
// are its own. again is what a continue does first.
func (l *lowerer) loop(again string) *lowerer {
	f := *l
	f.label, f.looped = "", true
	outer, label := l.branch, l.label
	if outer == nil && again == "" {
		return &f
	}
	f.branch = func(b *ast.BranchStmt) (string, bool) {
		own := b.Label == nil || label != "" && b.Label.Name == label
		switch {
		case own && b.Tok == token.CONTINUE && again != "":
			if b.Label != nil {
				return "{" + again + "continue " + label + "}", true
			}
			return "{" + again + "continue}", true
		case own && (b.Tok == token.CONTINUE || b.Tok == token.BREAK):
			return "", false
		case outer != nil:
			return outer(b)
		}
		return "", false
	}
	return &f
}

// renamed gives a lowerer that knows o under another name.
func (l *lowerer) renamed(names map[types.Object]string) *lowerer {
	f := *l
	f.rename = maps.Clone(l.rename)
	if f.rename == nil {
		f.rename = map[types.Object]string{}
	}
	maps.Copy(f.rename, names)
	return &f
}

// forStmt gives each iteration its own copy of the loop variables that outlive
// it, as Go does since 1.22.
func (l *lowerer) forStmt(s *ast.ForStmt) string {
	outer := map[types.Object]string{}
	enter, leave := "", ""
	if a, ok := s.Init.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
		for _, x := range a.Lhs {
			o := l.info.Defs[x.(*ast.Ident)]
			if o == nil || !l.outlives(s.Body, o) {
				continue
			}
			outer[o] = l.k.temp()
			enter += o.Name() + " := " + outer[o] + "; _ = " + o.Name() + ";"
			if l.changes(s.Body, o) {
				leave += outer[o] + " = " + o.Name() + ";"
			}
		}
	}
	h := l
	if len(outer) > 0 {
		h = l.renamed(outer)
	}
	part := func(s ast.Stmt) string {
		if s == nil {
			return ""
		}
		return h.simple(s)
	}
	cond := ""
	if s.Cond != nil {
		cond = h.expr(s.Cond)
	} else if s.Init != nil || s.Post != nil {
		cond = "true" // without one Yaegi repeats the init statement
	}
	head := "for " + cond
	if s.Init != nil || s.Post != nil {
		head = "for " + part(s.Init) + "; " + cond + "; " + part(s.Post)
	}
	return head + " {" + l.check() + enter + l.loop(leave).stmts(s.Body.List) + leave + "}"
}

// rangeVar spells how the range variable x gets value; empty when there is none.
func (l *lowerer) rangeVar(x ast.Expr, tok token.Token, value string) string {
	if id, ok := x.(*ast.Ident); x == nil || ok && id.Name == "_" {
		return ""
	} else if tok == token.DEFINE {
		return id.Name + " := " + value + "; _ = " + id.Name + ";"
	}
	return l.expr(x) + " = " + value + ";"
}

func (l *lowerer) rangeStmt(s *ast.RangeStmt) string {
	t := l.typeOf(s.X)
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsInteger != 0 {
			return l.rangeInt(s, l.expr(s.X), t)
		}
		if s.Key != nil && !isBlankIdent(s.Key) {
			return l.rangeString(s)
		}
	case *types.Pointer: // may be nil
		if a, ok := u.Elem().Underlying().(*types.Array); ok && (s.Value == nil || isBlankIdent(s.Value)) && l.pure(s.X) {
			return l.rangeInt(s, strconv.FormatInt(a.Len(), 10), types.Typ[types.Int])
		}
	case *types.Signature:
		return l.rangeFunc(s, u)
	case *types.Chan:
		return l.rangeChan(s, u)
	case *types.Map:
		if _, ok := u.Elem().Underlying().(*types.Chan); ok && s.Value != nil {
			return l.rangeMapOfChans(s)
		}
		return l.rangePlain(s)
	}
	if _, elem := elementTypes(t); elem != nil {
		if _, ok := elem.Underlying().(*types.Chan); ok {
			return l.rangeIndexed(s)
		}
	}
	return l.rangePlain(s)
}

// isBlankIdent tells whether x is `_`.
func isBlankIdent(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}

// rangeString goes through a list of the runes with their places, which Yaegi
// gets wrong behind bytes that are no UTF-8.
func (l *lowerer) rangeString(s *ast.RangeStmt) string {
	v := l.k.temp()
	enter := l.rangeVar(s.Key, s.Tok, fmt.Sprintf("(%s >> %d)", v, runeBits))
	enter += l.rangeVar(s.Value, s.Tok, fmt.Sprintf("%s(%s & %d)", l.typ(types.Typ[types.Rune]), v, 1<<runeBits-1))
	return fmt.Sprintf("for _, %s := range rt_.Runes(string(%s)) {%s%s%s}", v, l.expr(s.X), l.check(), enter, l.loop("").stmts(s.Body.List))
}

// runeBits is how many bits a rune takes at most.
const runeBits = 21

// runes gives for each rune of s its place, shifted by runeBits, and the rune.
func runes(s string) []int {
	out := make([]int, 0, len(s))
	for i, r := range s {
		out = append(out, i<<runeBits|int(r))
	}
	return out
}

// rangeInt counts up to count, which is of type t.
func (l *lowerer) rangeInt(s *ast.RangeStmt, count string, t types.Type) string {
	i, n, typ := l.k.temp(), l.k.temp(), l.typ(types.Default(t))
	return fmt.Sprintf("for %s, %s := %s(0), %s(%s); %s < %s; %s++ {%s%s%s}", i, n, typ, typ, count, i, n, i,
		l.check(), l.rangeVar(s.Key, s.Tok, i), l.loop("").stmts(s.Body.List))
}

func (l *lowerer) rangeChan(s *ast.RangeStmt, c *types.Chan) string {
	ch, v, ok, on := l.k.temp(), l.k.temp(), l.k.temp(), l.k.temp()
	return fmt.Sprintf("for %s, %s := %s, true; %s; {%s%s, %s := %s(%s); _ = %s; if !%s { break };%s%s}", ch, on, l.expr(s.X), on, l.check(),
		v, ok, l.receiver(c.Elem(), true), ch, v, ok, l.rangeVar(s.Key, s.Tok, v), l.loop("").stmts(s.Body.List))
}

// rangeIndexed: Yaegi takes a range over a list of channels for one over a channel.
func (l *lowerer) rangeIndexed(s *ast.RangeStmt) string {
	i, x := l.k.temp(), l.k.temp()
	return fmt.Sprintf("for %s, %s := 0, %s; %s < len(%s); %s++ {%s%s%s%s}", i, x, l.expr(s.X), i, x, i, l.check(),
		l.rangeVar(s.Key, s.Tok, i), l.rangeVar(s.Value, s.Tok, x+"["+i+"]"), l.loop("").stmts(s.Body.List))
}

// rangeMapOfChans: the same for a map of channels.
func (l *lowerer) rangeMapOfChans(s *ast.RangeStmt) string {
	k, m := l.k.temp(), l.expr(s.X)
	open, end := "", ""
	if !l.pure(s.X) {
		held := l.k.temp()
		open, end, m = "{"+held+" := "+m+";", "}", held
	}
	return fmt.Sprintf("%sfor %s := range %s {%s%s%s%s}%s", open, k, m, l.check(),
		l.rangeVar(s.Key, s.Tok, k), l.rangeVar(s.Value, s.Tok, m+"["+k+"]"), l.loop("").stmts(s.Body.List), end)
}

func (l *lowerer) rangePlain(s *ast.RangeStmt) string {
	if s.Key == nil {
		return "for range " + l.expr(s.X) + " {" + l.check() + l.loop("").stmts(s.Body.List) + "}"
	}
	var vars []string
	enter := ""
	for _, x := range []ast.Expr{s.Key, s.Value} {
		if x == nil {
			continue
		}
		id, ok := x.(*ast.Ident)
		switch {
		case ok && id.Name == "_":
			vars = append(vars, "_")
		case ok && s.Tok == token.DEFINE && !l.outlives(s.Body, l.info.Defs[id]):
			vars = append(vars, id.Name)
		default:
			v := l.k.temp()
			vars = append(vars, v)
			enter += l.rangeVar(x, s.Tok, v)
		}
	}
	head := strings.Join(vars, ", ") + " := range "
	if strings.Trim(head[:strings.Index(head, ":=")], "_, ") == "" {
		head = "range "
	}
	return "for " + head + l.expr(s.X) + " {" + l.check() + enter + l.loop("").stmts(s.Body.List) + "}"
}

// rangeFunc turns the body into the yield function. What leaves the body other
// than by its end is noted in a variable and done after the call.
func (l *lowerer) rangeFunc(s *ast.RangeStmt, sig *types.Signature) string {
	yield := sig.Params().At(0).Type().Underlying().(*types.Signature)
	exit := l.k.temp()
	f := *l
	f.label, f.looped = "", true
	decl, after := exit+" := 0; _ = "+exit+";", ""
	exits := map[string]int{}
	leave := func(how string) string { // how: what to do after the call
		if exits[how] == 0 {
			exits[how] = len(exits) + 1
			after += fmt.Sprintf("if %s == %d { %s };", exit, exits[how], how)
		}
		return fmt.Sprintf("{%s = %d; return false}", exit, exits[how])
	}
	f.branch = func(b *ast.BranchStmt) (string, bool) {
		own := b.Label == nil || l.label != "" && b.Label.Name == l.label
		switch {
		case own && b.Tok == token.BREAK:
			return "return false", true
		case own && b.Tok == token.CONTINUE:
			return "return true", true
		case b.Tok == token.FALLTHROUGH:
			return "", false
		}
		return leave(l.branchStmt(b)), true
	}
	var results []string
	if l.fn != nil && l.fn.sig != nil {
		for i := range l.fn.sig.Results().Len() {
			v := l.k.temp()
			results = append(results, v)
			decl += "var " + v + " " + l.typ(l.fn.sig.Results().At(i).Type()) + "; _ = " + v + ";"
		}
	}
	f.ret = func(r *ast.ReturnStmt) string {
		set := ""
		switch values := f.results(r); {
		case len(values) == len(results):
			for i := range values {
				values[i] = l.carried(r.Results[i], values[i], l.fn.sig.Results().At(i).Type())
			}
			set = each(results, values)
		case len(values) > 0:
			set = strings.Join(results, ", ") + " = " + strings.Join(values, ", ") + ";"
		}
		return "{" + set + leave(l.returnOf(r, results)) + "}"
	}
	params, enter := []string{}, ""
	for i, x := range []ast.Expr{s.Key, s.Value}[:yield.Params().Len()] {
		params = append(params, l.k.temp())
		enter += l.rangeVar(x, s.Tok, params[i])
	}
	body := f.stmts(s.Body.List)
	iter := l.called(s.X)
	if lit, ok := ast.Unparen(s.X).(*ast.FuncLit); ok {
		iter = l.detached(lit, iter)
	}
	return fmt.Sprintf("{%s%s(func%s {%s%s%s return true});%s}", decl, iter, l.signature(yield, params), l.check(), enter, body, after)
}

// returnOf spells, outside of a yield function, the return that was met in it;
// its results are in the variables results.
func (l *lowerer) returnOf(r *ast.ReturnStmt, results []string) string {
	if len(r.Results) == 0 {
		return l.returnStmt(r)
	}
	if l.ret == nil {
		return "return " + strings.Join(results, ", ")
	}
	idents := &ast.ReturnStmt{Return: r.Return}
	for i, v := range results {
		id := ast.NewIdent(v)
		l.info.Types[id] = types.TypeAndValue{Type: l.fn.sig.Results().At(i).Type()}
		idents.Results = append(idents.Results, id)
	}
	return l.ret(idents)
}
