package kernel

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"strconv"
	"strings"
)

// wasSuffix marks a reference to a variable as it was before the cell at hand
// redefined it.
const wasSuffix = "__was"

// unit is one parsed cell, ready to be checked.
type unit struct {
	k     *Kernel
	cell  int
	src   string
	lines []string

	decls   []*entry // functions, types, constants and methods, in order
	defs    []*def   // variables, in order
	stmts   []*topStmt
	defined map[string]bool // names that the cell defines
	free    map[string]bool // names that its statements mention
	bases   map[string]bool // those of free that stand before a dot
	imports map[string]string
	dots    []string
	dropped map[string]bool // names that an import of the cell takes over
	main    string          // the function to call at the end
	inits   []string
	notes   []string
	errs    []Diagnostic
	guessed map[string]string // names taken for standard packages, to import path
}

// topStmt is a statement of the cell: as it is written, and as the checker
// gets it (nil when all of it went into a definition).
type topStmt struct {
	node  ast.Stmt
	check []ast.Stmt
	def   *def
	show  bool // its value is to be shown
}

// def is a variable definition: `x, y := e` or one spec of `var`.
type def struct {
	names  []*ast.Ident // as the checker gets them: blank ones and re-assigned ones replaced
	lhs    []ast.Expr   // as they were written
	typ    ast.Expr
	values []ast.Expr
	pos    token.Pos
}

// fileName is what positions in cell n are reported under. Yaegi keys imports
// by the base name.
func fileName(n int) string { return fmt.Sprintf("In[%d]/_.go", n) }

// parse makes a unit of src. What cannot be parsed is in errs.
func (k *Kernel) parse(cell int, src string) *unit {
	u := &unit{
		k: k, cell: cell, src: src, lines: strings.Split(src, "\n"),
		defined: map[string]bool{}, free: map[string]bool{}, bases: map[string]bool{},
		imports: maps.Clone(k.ses.imports), dots: k.ses.dots, dropped: map[string]bool{}, guessed: map[string]string{},
	}
	chunks, _ := split(src)
	for i, c := range chunks {
		u.add(c, i == len(chunks)-1)
	}
	u.bindEarlier()
	for n := range u.defined {
		if !u.dropped[n] {
			delete(u.imports, n)
		}
	}
	return u
}

func (u *unit) add(c chunk, last bool) {
	switch c.kind {
	case chunkImport:
		if f := u.parseChunk(c, "package p;", ""); f != nil {
			for _, s := range f.Imports {
				u.addImport(s)
			}
		}
	case chunkFunc:
		if f := u.parseChunk(c, "package p;", ""); f != nil {
			u.addFunc(c, f)
		}
	case chunkType, chunkConst:
		if f := u.parseChunk(c, "package p;", ""); f != nil {
			u.addDecl(c, f)
		}
	default:
		if f := u.parseChunk(c, "package p;func _() {", "\n}"); f != nil {
			u.addStmts(f, last)
		}
	}
}

// parseChunk parses c between pre and post at its place in the cell.
func (u *unit) parseChunk(c chunk, pre, post string) *ast.File {
	text := fmt.Sprintf("%s/*line %s:%d:%d*/%s%s", pre, fileName(u.cell), c.line, c.col, c.text, post)
	f, err := parser.ParseFile(u.k.fset, "cell", text, parser.ParseComments)
	if err == nil {
		return f
	}
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		u.errs = append(u.errs, u.diagnose(token.Position{}, err.Error()))
		return nil
	}
	list.RemoveMultiples()
	for i, e := range list {
		if e.Pos.Offset >= len(text)-len(post) { // what was found there is not the cell's
			if i > 0 {
				break // it follows from the errors before
			}
			e.Msg, _, _ = strings.Cut(e.Msg, ", found ")
			e.Msg += ", found the end of the statement"
		}
		d := u.diagnose(e.Pos, syntaxMessage(e.Msg))
		hint := foreignHint(d.Source, e.Msg)
		d.Message += hint
		u.errs = append(u.errs, d)
		if hint != "" {
			break
		}
	}
	return nil
}

// diagnose makes a Diagnostic of a message at p, which may lie in an earlier cell.
func (u *unit) diagnose(p token.Position, msg string) Diagnostic {
	d := Diagnostic{Cell: u.cell, Line: p.Line, Col: p.Column, Message: strings.NewReplacer(wasSuffix, "", "/_.go:", ":").Replace(msg)}
	if n, ok := cellOf(p.Filename); ok && n != u.cell {
		d.Cell, d.Source = n, u.k.sourceLine(n, p.Line)
		return d
	}
	if p.Line > len(u.lines) { // the end of the cell
		d.Line = len(u.lines)
		d.Col = len(u.lines[d.Line-1]) + 1
	}
	if d.Line > 0 {
		d.Source = u.lines[d.Line-1]
	}
	return d
}

func cellOf(filename string) (int, bool) {
	s, ok := strings.CutPrefix(filename, "In[")
	if !ok {
		return 0, false
	}
	s, _, _ = strings.Cut(s, "]")
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func (u *unit) addImport(s *ast.ImportSpec) {
	p, _ := strconv.Unquote(s.Path.Value)
	name, ok := u.k.imp.Name(p)
	if !ok {
		u.errs = append(u.errs, u.diagnose(u.k.fset.Position(s.Path.Pos()), u.unavailable(p)))
		return
	}
	if s.Name != nil {
		name = s.Name.Name
	}
	switch name {
	case "_":
	case ".":
		u.dots = append(u.dots[:len(u.dots):len(u.dots)], p)
	default:
		u.imports[name] = p
		u.dropped[name] = true
	}
}

func (u *unit) unavailable(importPath string) string {
	if strings.Contains(strings.Split(importPath, "/")[0], ".") {
		return fmt.Sprintf("package %s is not available: cells can import the standard library and the packages built in", importPath)
	}
	return fmt.Sprintf("package %s is not in the standard library that is built in", importPath) + suggest(importPath, u.k.imp.Paths(""))
}

func (u *unit) newEntry(kind entryKind, name, source string, f *ast.File, d ast.Decl) *entry {
	e := &entry{name: name, kind: kind, cell: u.cell, source: source, decl: d, free: map[string]bool{}}
	for _, id := range f.Unresolved {
		e.free[id.Name] = true
	}
	for id := range literalKeys(d) {
		e.free[id.Name] = true
	}
	noteBases(d, u.bases)
	u.decls = append(u.decls, e)
	return e
}

func (u *unit) addFunc(c chunk, f *ast.File) {
	for _, d := range f.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if fd.Body == nil {
			u.errs = append(u.errs, u.diagnose(u.k.fset.Position(fd.Pos()), "missing function body"))
			continue
		}
		name := fd.Name.Name
		if fd.Recv == nil && name == "init" { // may be there many times, cannot be called
			name = fmt.Sprintf("init__%d_%d", u.cell, len(u.inits))
			fd.Name.Name = name
			u.inits = append(u.inits, name)
		}
		e := u.newEntry(entryFunc, name, c.text, f, fd)
		e.doc = u.docAbove(c.line)
		if fd.Recv != nil && len(fd.Recv.List) > 0 {
			e.recv = receiverName(fd.Recv.List[0].Type)
			continue
		}
		if name == "main" {
			u.main = name
		}
		if name != "_" {
			u.defined[name] = true
		}
	}
}

// docAbove gives the comment lines right above a line of the cell.
func (u *unit) docAbove(line int) string {
	first := line - 1
	for first > 0 && strings.HasPrefix(strings.TrimSpace(u.lines[first-1]), "//") {
		first--
	}
	var out []string
	for _, l := range u.lines[first : line-1] {
		out = append(out, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(l), "//"), " "))
	}
	return strings.Join(out, "\n")
}

func receiverName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiverName(x.X)
	case *ast.ParenExpr:
		return receiverName(x.X)
	case *ast.IndexExpr:
		return receiverName(x.X)
	case *ast.IndexListExpr:
		return receiverName(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// addDecl takes each type for itself, and the constants of a group together.
func (u *unit) addDecl(c chunk, f *ast.File) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for i, s := range g.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				one := &ast.GenDecl{TokPos: s.Pos(), Tok: token.TYPE, Specs: []ast.Spec{s}}
				e := u.newEntry(entryType, s.Name.Name, specText(c, g, i), f, one)
				if e.doc = strings.TrimSpace(s.Doc.Text()); e.doc == "" && len(g.Specs) == 1 {
					e.doc = u.docAbove(c.line)
				}
				e.methods = map[string]*entry{}
				u.defined[s.Name.Name] = true
			case *ast.ValueSpec:
				for _, id := range s.Names {
					if id.Name != "_" {
						e := u.newEntry(entryConst, id.Name, c.text, f, g)
						if e.doc = strings.TrimSpace(s.Doc.Text() + s.Comment.Text()); e.doc == "" {
							e.doc = u.docAbove(c.line)
						}
						u.defined[id.Name] = true
					}
				}
			}
		}
	}
}

// specText tells the types of a group apart by their place in it.
func specText(c chunk, g *ast.GenDecl, i int) string {
	if len(g.Specs) == 1 {
		return c.text
	}
	return fmt.Sprintf("%s#%d", c.text, i)
}

func (u *unit) addStmts(f *ast.File, last bool) {
	for _, id := range f.Unresolved {
		u.free[id.Name] = true
	}
	body := f.Decls[0].(*ast.FuncDecl).Body
	for id := range literalKeys(body) {
		u.free[id.Name] = true
	}
	noteBases(body, u.bases)
	for i, s := range body.List {
		u.addStmt(s, last && i == len(body.List)-1)
	}
}

func (u *unit) addStmt(s ast.Stmt, last bool) {
	u.lastValues(s)
	switch x := s.(type) {
	case *ast.EmptyStmt:
		return
	case *ast.AssignStmt:
		if x.Tok == token.DEFINE {
			u.define(x)
			return
		}
	case *ast.DeclStmt:
		if g, ok := x.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, sp := range g.Specs {
				u.declareVars(x, sp.(*ast.ValueSpec))
			}
			return
		}
	case *ast.ExprStmt:
		t := &topStmt{node: s, check: []ast.Stmt{s}, show: last}
		if _, call := ast.Unparen(x.X).(*ast.CallExpr); !call {
			t.check = []ast.Stmt{&ast.AssignStmt{Lhs: []ast.Expr{ast.NewIdent("_")}, TokPos: x.Pos(), Tok: token.ASSIGN, Rhs: []ast.Expr{x.X}}}
		}
		u.stmts = append(u.stmts, t)
		return
	}
	u.stmts = append(u.stmts, &topStmt{node: s, check: []ast.Stmt{s}})
}

// define turns `a, b := e` into a package-level definition of the names that
// are new to the cell, and an assignment for the others.
func (u *unit) define(x *ast.AssignStmt) {
	d := &def{lhs: x.Lhs, values: x.Rhs, pos: x.Pos()}
	t := &topStmt{node: x, def: d}
	fresh := false
	for _, l := range x.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok {
			u.errs = append(u.errs, u.diagnose(u.k.fset.Position(l.Pos()), "non-name on left side of :="))
			return
		}
		switch {
		case id.Name == "_":
			d.names = append(d.names, id)
		case u.defined[id.Name]:
			tmp := &ast.Ident{NamePos: id.NamePos, Name: u.k.temp()}
			d.names = append(d.names, tmp)
			t.check = append(t.check, &ast.AssignStmt{Lhs: []ast.Expr{id}, TokPos: x.TokPos, Tok: token.ASSIGN, Rhs: []ast.Expr{&ast.Ident{NamePos: id.NamePos, Name: tmp.Name}}})
			u.free[id.Name] = true
		default:
			d.names = append(d.names, id)
			u.defined[id.Name] = true
			fresh = true
		}
	}
	if !fresh {
		u.errs = append(u.errs, u.diagnose(u.k.fset.Position(x.TokPos), "no new variables on left side of := (use = to assign)"))
		return
	}
	u.defs = append(u.defs, d)
	u.stmts = append(u.stmts, t)
}

func (u *unit) declareVars(s *ast.DeclStmt, v *ast.ValueSpec) {
	d := &def{names: v.Names, typ: v.Type, values: v.Values, pos: v.Pos()}
	for _, id := range v.Names {
		d.lhs = append(d.lhs, id)
		if id.Name != "_" {
			u.defined[id.Name] = true
		}
	}
	u.defs = append(u.defs, d)
	u.stmts = append(u.stmts, &topStmt{node: s, def: d})
}

// bindEarlier makes what a statement says of a variable before the cell
// redefines it refer to the variable as it was.
func (u *unit) bindEarlier() {
	later := map[string]bool{}
	for i := len(u.stmts) - 1; i >= 0; i-- {
		t := u.stmts[i]
		if t.def != nil {
			for _, n := range t.def.names {
				if n.Name != "_" {
					later[n.Name] = true
				}
			}
		}
		if len(later) > 0 {
			renameFree(t, later)
		}
	}
	for n := range later {
		u.free[n+wasSuffix] = true
	}
}

// renameFree renames the references of t to names; what t defines stays.
func renameFree(t *topStmt, names map[string]bool) {
	rename := func(n ast.Node) {
		skip := fieldKeys(n)
		ast.Inspect(n, func(c ast.Node) bool {
			if s, ok := c.(*ast.SelectorExpr); ok {
				skip[s.Sel] = true
			}
			if id, ok := c.(*ast.Ident); ok && id.Obj == nil && names[id.Name] && !skip[id] {
				id.Name += wasSuffix
			}
			return true
		})
	}
	if t.def == nil {
		rename(t.node)
		return
	}
	for _, v := range t.def.values {
		rename(v)
	}
}

// fieldKeys finds the keys of struct literals, which the parser cannot tell
// from references.
func fieldKeys(n ast.Node) map[*ast.Ident]bool {
	keys := map[*ast.Ident]bool{}
	ast.Inspect(n, func(c ast.Node) bool {
		lit, ok := c.(*ast.CompositeLit)
		if !ok {
			return true
		}
		switch lit.Type.(type) {
		case *ast.MapType, *ast.ArrayType:
			return true
		}
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if id, ok := kv.Key.(*ast.Ident); ok {
					keys[id] = true
				}
			}
		}
		return true
	})
	return keys
}

// literalKeys finds the keys of composite literals that are names: the parser
// does not count them among the unresolved ones, as they may be fields.
func literalKeys(n ast.Node) map[*ast.Ident]bool {
	keys := map[*ast.Ident]bool{}
	ast.Inspect(n, func(c ast.Node) bool {
		lit, ok := c.(*ast.CompositeLit)
		if !ok {
			return true
		}
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if id, ok := kv.Key.(*ast.Ident); ok && id.Obj == nil {
					keys[id] = true
				}
			}
		}
		return true
	})
	return keys
}

// lastValues turns `_` used as a value into the name of the latest shown one.
func (u *unit) lastValues(s ast.Stmt) {
	if u.k.ses.last == 0 || !strings.Contains(u.src, "_") {
		return
	}
	targets := map[ast.Expr]bool{}
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				targets[l] = true
			}
		case *ast.RangeStmt:
			targets[n.Key], targets[n.Value] = true, true
		case *ast.ValueSpec:
			for _, id := range n.Names {
				targets[id] = true
			}
		case *ast.Field:
			for _, id := range n.Names {
				targets[id] = true
			}
		case *ast.TypeSpec:
			targets[n.Name] = true
		case *ast.KeyValueExpr:
			targets[n.Key] = true
		case *ast.Ident:
			if n.Name == "_" && !targets[n] {
				n.Name = outName(u.k.ses.last)
				u.free[n.Name] = true
			}
		}
		return true
	})
}

// noteBases adds to bases the names that stand before a dot in n.
func noteBases(n ast.Node, bases map[string]bool) {
	ast.Inspect(n, func(c ast.Node) bool {
		if s, ok := c.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				bases[id.Name] = true
			}
		}
		return true
	})
}

// isPackageLevel tells whether o is declared at the top level of a package.
func isPackageLevel(o types.Object) bool {
	return o != nil && o.Parent() != nil && o.Parent().Parent() == types.Universe
}
