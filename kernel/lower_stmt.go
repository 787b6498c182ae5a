package kernel

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"mesosbook/internal/race"
)

func (l *lowerer) block(b *ast.BlockStmt) string { return "{" + l.stmts(b.List) + "}" }

// stmts lowers a list of statements, each with its place in the cell before it.
func (l *lowerer) stmts(list []ast.Stmt) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, s := range list {
		b.WriteString(l.at(s) + l.mark(s) + l.stmt(s) + "\n")
	}
	return b.String()
}

// at notes where the interpreter is, for the line of a panic.
func (l *lowerer) at(s ast.Stmt) string {
	if l.quiet {
		return ""
	}
	switch s.(type) {
	case *ast.LabeledStmt, *ast.CaseClause, *ast.CommClause:
		return ""
	}
	place := l.place(s.Pos())
	switch {
	case place == 0:
		return ""
	case race.Enabled:
		return fmt.Sprintf("rt_.At(%d);", place)
	}
	return fmt.Sprintf("xat = %d;", place)
}

// check lets an interrupt in; it stands at the head of every loop.
func (l *lowerer) check() string {
	if race.Enabled {
		return "if rt_.Interrupted() { rt_.Check() };"
	}
	return "if *rt_.Stop { rt_.Check() };"
}

func (l *lowerer) stmt(s ast.Stmt) string {
	switch s := s.(type) {
	case *ast.ExprStmt:
		return l.exprStmt(s.X)
	case *ast.AssignStmt:
		return l.assign(s)
	case *ast.DeclStmt:
		return l.localDecl(s.Decl.(*ast.GenDecl))
	case *ast.IncDecStmt:
		return l.expr(s.X) + s.Tok.String()
	case *ast.SendStmt:
		ch := l.typeOf(s.Chan).Underlying().(*types.Chan)
		return l.sender(ch.Elem()) + "(" + l.expr(s.Chan) + ", " + l.taken(l.implicit(s.Value, ch.Elem()), ch.Elem()) + ")"
	case *ast.BlockStmt:
		return l.block(s)
	case *ast.IfStmt:
		return l.ifStmt(s)
	case *ast.ForStmt:
		return l.forStmt(s)
	case *ast.RangeStmt:
		return l.rangeStmt(s)
	case *ast.SwitchStmt:
		return l.switchStmt(s)
	case *ast.TypeSwitchStmt:
		return l.typeSwitch(s)
	case *ast.SelectStmt:
		return l.selectStmt(s)
	case *ast.LabeledStmt:
		return l.labeled(s)
	case *ast.BranchStmt:
		return l.branchStmt(s)
	case *ast.ReturnStmt:
		return l.returnStmt(s)
	case *ast.GoStmt:
		return l.goStmt(s)
	case *ast.DeferStmt:
		return l.deferStmt(s)
	}
	return ""
}

func (l *lowerer) exprStmt(x ast.Expr) string {
	if u, ok := ast.Unparen(x).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		return l.receive(u, false)
	}
	return l.expr(x)
}

func (l *lowerer) localDecl(g *ast.GenDecl) string {
	var out []string
	for _, sp := range g.Specs {
		switch sp := sp.(type) {
		case *ast.TypeSpec:
			if o := l.info.Defs[sp.Name]; o != nil && !sp.Assign.IsValid() {
				out = append(out, l.localType(sp.Name.Name, o))
			}
		case *ast.ValueSpec:
			if g.Tok == token.VAR { // constants are folded
				out = append(out, l.localVar(sp))
			}
		}
	}
	return strings.Join(out, "; ")
}

func (l *lowerer) localType(name string, o types.Object) string {
	u := l.sub(o.Type().Underlying())
	if st, ok := u.(*types.Struct); ok {
		return "type " + name + " " + l.spellStruct(st, l.k.host.addType(name, o.Type()))
	}
	text := "type " + name + " " + l.spell(u)
	if n, ok := o.Type().(*types.Named); ok && isBoxed(n) {
		text += "; " + boxType(name, l.k.host.addType(name, n))
	}
	return text
}

func (l *lowerer) localVar(v *ast.ValueSpec) string {
	var names []string
	for _, id := range v.Names {
		names = append(names, l.target(id))
	}
	s := "var " + strings.Join(names, ", ")
	var t types.Type
	if v.Type != nil {
		t = l.typeOf(v.Type)
		s += " " + l.typ(t)
	}
	switch {
	case len(v.Values) == 0:
		return s
	case len(v.Names) == 2 && len(v.Values) == 1:
		return s + " = " + l.commaOk(v.Values[0])
	}
	if tuple, ok := l.typeOf(v.Values[0]).(*types.Tuple); ok {
		return s + " = " + l.convertTuple(l.expr(v.Values[0]), tuple, slices.Repeat([]types.Type{t}, tuple.Len()))
	}
	var values []string
	for _, x := range v.Values {
		value := l.implicit(x, t)
		if len(v.Values) > 1 && t == nil {
			value = l.sheltered(x, value)
		}
		values = append(values, value)
	}
	return s + " = " + strings.Join(values, ", ")
}

// simple lowers a statement in the header of another one, where no block may stand.
func (l *lowerer) simple(s ast.Stmt) string {
	text := l.stmt(s)
	if strings.HasPrefix(text, "{") {
		return "func() " + text + "()"
	}
	return text
}

func (l *lowerer) ifStmt(s *ast.IfStmt) string {
	out := "if "
	if s.Init != nil {
		out += l.simple(s.Init) + "; "
	}
	out += l.expr(s.Cond) + " " + l.block(s.Body)
	if s.Else != nil {
		out += " else " + l.stmt(s.Else)
	}
	return out
}

func (l *lowerer) branchStmt(s *ast.BranchStmt) string {
	if l.branch != nil {
		if out, ok := l.branch(s); ok {
			return out
		}
	}
	if s.Tok == token.GOTO {
		return "{" + l.check() + "goto " + s.Label.Name + "}"
	}
	if s.Label != nil {
		return s.Tok.String() + " " + s.Label.Name
	}
	return s.Tok.String()
}

func (l *lowerer) returnStmt(s *ast.ReturnStmt) string {
	if l.ret != nil {
		return l.ret(s)
	}
	if len(s.Results) == 0 {
		return "return"
	}
	results := l.results(s)
	if !l.swapsResults(s) && (len(results) < 2 || !slices.ContainsFunc(s.Results, calls)) {
		return "return " + strings.Join(results, ", ")
	}
	set := ""
	for i, r := range results { // Yaegi sets the results one after another, and mixes up those of append
		v := l.k.temp()
		set += fmt.Sprintf("var %s %s = %s;", v, l.typ(l.fn.sig.Results().At(i).Type()), r)
		results[i] = v
	}
	return "{" + set + "return " + strings.Join(results, ", ") + "}"
}

// swapsResults tells whether a named result is given another value than its own,
// and a later value of the same statement is made of it.
func (l *lowerer) swapsResults(s *ast.ReturnStmt) bool {
	if l.fn == nil || l.fn.sig == nil || len(s.Results) != l.fn.sig.Results().Len() {
		return false
	}
	changed := map[string]bool{}
	for i, x := range s.Results {
		for name := range changed {
			if mentions(x, name) {
				return true
			}
		}
		name := l.fn.sig.Results().At(i).Name()
		if id, ok := ast.Unparen(x).(*ast.Ident); name != "" && (!ok || id.Name != name) {
			changed[name] = true
		}
	}
	return false
}

func mentions(x ast.Expr, name string) bool {
	found := false
	ast.Inspect(x, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}

func (l *lowerer) results(s *ast.ReturnStmt) []string {
	var out []string
	if l.fn != nil && l.fn.sig != nil && len(s.Results) == 1 {
		if tuple, ok := l.typeOf(s.Results[0]).(*types.Tuple); ok {
			var to []types.Type
			for i := range tuple.Len() {
				to = append(to, l.fn.sig.Results().At(i).Type())
			}
			return []string{l.convertTuple(l.expr(s.Results[0]), tuple, to)}
		}
	}
	for i, x := range s.Results {
		var to types.Type
		if l.fn != nil && l.fn.sig != nil && len(s.Results) == l.fn.sig.Results().Len() {
			to = l.sub(l.fn.sig.Results().At(i).Type())
		}
		if t := l.typeOf(x); to != nil && isEmptyInterface(to) && !isUntypedNil(t) && l.isWrapped(t) {
			out = append(out, l.opened(l.expr(x)))
			continue
		}
		out = append(out, l.implicit(x, to))
	}
	return out
}

func (l *lowerer) labeled(s *ast.LabeledStmt) string {
	f := *l
	f.label = s.Label.Name
	switch x := s.Stmt.(type) {
	case *ast.RangeStmt:
		if _, ok := l.typeOf(x.X).Underlying().(*types.Signature); ok {
			return f.rangeStmt(x) // the label is gone: its uses are rewritten
		}
		return s.Label.Name + ": " + f.rangeStmt(x)
	case *ast.ForStmt:
		return s.Label.Name + ": " + f.forStmt(x)
	case *ast.SelectStmt:
		return f.selectStmt(x)
	case *ast.TypeSwitchStmt:
		return f.typeSwitch(x)
	case *ast.SwitchStmt:
		return f.switchStmt(x)
	}
	return s.Label.Name + ":\n" + l.at(s.Stmt) + l.stmt(s.Stmt)
}

// inner gives a lowerer for the body of a switch, where a plain break is its own.
func (l *lowerer) inner(own ...token.Token) *lowerer {
	f := *l
	f.label = ""
	if outer := l.branch; outer != nil {
		f.branch = func(b *ast.BranchStmt) (string, bool) {
			for _, t := range own {
				if b.Label == nil && b.Tok == t {
					return "", false
				}
			}
			return outer(b)
		}
	}
	return &f
}
