package kernel

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mesosbook/kernel/internal/hosttypes"
)

// maxDiagnostics is how many errors of a cell are reported at once.
const maxDiagnostics = 10

// checked is a unit that go/types has looked at, with the older entries that
// had to be looked at again because something they depend on changes.
type checked struct {
	*unit
	pkg    *types.Package
	info   *types.Info
	body   *ast.FuncDecl
	hard   map[string]bool        // names that get a new meaning inside the interpreter
	soft   map[string]bool        // names that only have to be checked again
	again  map[string]*entry      // older entries that were checked again
	kept   map[string]bool        // names whose definition the cell repeats unchanged
	broken map[string]*Diagnostic // older entries (and methods, as T.M) that no longer compile
	was    map[string]types.Object
	added  []*entry // methods that the cell adds to older types
	failed bool     // the checker broke down
}

// check type-checks u against the session. It changes nothing; when u.errs is
// not empty afterwards the cell is not to be run.
func (k *Kernel) check(u *unit) *checked {
	c := &checked{unit: u, hard: map[string]bool{}, soft: map[string]bool{}, kept: map[string]bool{}, broken: map[string]*Diagnostic{}}
	if len(u.errs) > 0 {
		return c
	}
	c.rounds()
	return c
}

// rounds checks until nothing changes any more. A panic of the checker, which
// has some on unusual code, makes the cell one that is not supported.
func (c *checked) rounds() {
	defer func() {
		if p := recover(); p != nil {
			c.failed = true
			d := c.diagnose(token.Position{}, fmt.Sprintf("not supported by the type checker: %v", p))
			c.errs = []Diagnostic{d}
		}
	}()
	c.compare()
	for range 20 { // each round adds a changed variable or a broken entry
		again := c.round()
		if !again {
			break
		}
	}
}

// compare finds which of the cell's definitions differ from the live ones.
func (c *checked) compare() {
	ses := c.k.ses
	var fresh []*entry
	for _, e := range c.decls {
		old := ses.entries[e.name]
		switch {
		case e.recv != "":
			fresh = append(fresh, e)
		case old != nil && old.broken == nil && old.kind == e.kind && old.source == e.source && c.sameImports(old):
			c.kept[e.name] = true
		default:
			fresh = append(fresh, e)
			c.hard[e.name] = true
		}
	}
	for _, d := range c.defs {
		for _, id := range d.names {
			if old := ses.entries[id.Name]; old == nil || old.kind != entryVar || old.broken != nil {
				c.hard[id.Name] = true
			}
		}
	}
	for n := range c.dropped {
		c.hard[n] = true
	}
	c.decls = nil
	for _, e := range fresh {
		if e.recv == "" || c.compareMethod(e) {
			c.decls = append(c.decls, e)
		}
	}
}

func (c *checked) sameImports(old *entry) bool {
	same := true
	old.mentions(func(n string) {
		if p := old.imports[n]; p != "" && c.imports[n] != "" && c.imports[n] != p {
			same = false
		}
	})
	return same
}

// compareMethod tells whether the method differs from the live one.
func (c *checked) compareMethod(e *entry) bool {
	t := c.k.ses.live(e.recv)
	if t == nil || t.kind != entryType || c.hard[e.recv] && c.defined[e.recv] && !c.kept[e.recv] {
		return true // of a type that the cell defines
	}
	old := t.methods[e.name]
	switch {
	case old != nil && old.source == e.source:
		return false
	case old != nil || isGeneric(t):
		c.hard[e.recv] = true
	default:
		c.soft[e.recv] = true
		c.added = append(c.added, e)
	}
	return true
}

func isGeneric(e *entry) bool {
	n, ok := e.obj.Type().(*types.Named)
	return ok && n.TypeParams().Len() > 0
}

// round checks once and tells whether it has to be done again.
func (c *checked) round() bool {
	hard := c.k.ses.dependents(c.hard)
	soft := c.k.ses.dependents(c.soft)
	c.again = map[string]*entry{}
	for n := range union(hard, soft, c.hard, c.soft, c.mended()) {
		e := c.k.ses.entries[n]
		if e == nil || c.broken[n] != nil || c.defined[n] && !c.kept[n] || c.dropped[n] {
			continue
		}
		c.again[n] = e
	}
	for n := range hard {
		c.hard[n] = true
	}
	for n := range soft {
		if !c.hard[n] {
			c.soft[n] = true
		}
	}
	c.pkg = c.k.pkg
	// The checker compares packages and their scopes by address, also those of
	// objects that earlier rounds made.
	*c.pkg.Scope() = *types.NewPackage("main", "main").Scope()
	c.pkg.SetImports(nil)
	c.info = hosttypes.NewInfo()
	c.was = map[string]types.Object{}
	files := c.files()
	errs := c.run(files)
	if c.sortErrors(errs) {
		return true
	}
	changed := c.changedVars() // what was broken may compile with the new types
	if changed {
		c.errs = nil
	}
	return changed
}

// mended gives the broken entries that mention something the cell defines:
// they may compile again.
func (c *checked) mended() map[string]bool {
	out := map[string]bool{}
	for n, e := range c.k.ses.entries {
		if e.broken == nil {
			continue
		}
		e.mentions(func(m string) {
			if c.defined[m] {
				out[n] = true
			}
		})
	}
	return out
}

func union(sets ...map[string]bool) map[string]bool {
	out := map[string]bool{}
	for _, s := range sets {
		maps.Copy(out, s)
	}
	return out
}

// run has the checker look at files and gives what it found fault with.
func (c *checked) run(files []*ast.File) []types.Error {
	var errs []types.Error
	conf := types.Config{Importer: c.k.imp, Error: func(err error) {
		var te types.Error
		if errors.As(err, &te) {
			errs = append(errs, te)
		}
	}}
	// The error is the first of those that Error got.
	_ = types.NewChecker(&conf, c.k.fset, c.pkg, c.info).Files(files)
	return errs
}

// sortErrors puts errors of the cell into errs and marks older entries that
// have some as broken; it tells whether it marked any.
func (c *checked) sortErrors(errs []types.Error) (again bool) {
	seen := map[string]bool{}
	var own []Diagnostic
	for _, te := range errs {
		p := c.k.fset.Position(te.Pos)
		key := fmt.Sprint(p.Filename, p.Line, ":", te.Msg)
		if seen[key] || c.ignored(te) {
			continue
		}
		seen[key] = true
		if name := c.olderOwner(te.Pos); name != "" {
			if c.broken[name] == nil {
				d := c.diagnose(p, te.Msg)
				c.broken[name] = &d
				again = true
			}
			continue
		}
		d := c.diagnose(p, c.k.plain.in(c.explain(te)))
		own = append(own, d)
	}
	if again {
		return true
	}
	slices.SortStableFunc(own, func(a, b Diagnostic) int { return (a.Line-b.Line)*10000 + a.Col - b.Col })
	c.errs = own[:min(len(own), maxDiagnostics)]
	return false
}

// olderOwner gives the name of the older entry whose source lies at pos.
func (c *checked) olderOwner(pos token.Pos) string {
	in := func(n ast.Node) bool { return n != nil && n.Pos() <= pos && pos < n.End() }
	for name, e := range c.again {
		if e.kind == entryVar && c.k.fset.Position(pos).Filename == varFile(name) {
			return name
		}
		if e.decl != nil && in(e.decl) {
			return name
		}
		for m, me := range e.methods {
			if in(me.decl) {
				return name + "." + m
			}
		}
	}
	for _, e := range c.decls { // methods that a redefined type keeps
		if old := c.k.ses.entries[e.name]; e.kind == entryType && old != nil {
			for m, me := range old.methods {
				if in(me.decl) {
					return e.name + "." + m
				}
			}
		}
	}
	return ""
}

// ignored tells which errors a notebook has no use for.
func (c *checked) ignored(te types.Error) bool {
	m := te.Msg
	switch {
	case strings.HasPrefix(m, "\t"), strings.Contains(m, "other declaration of"),
		strings.HasSuffix(m, "imported and not used"), strings.Contains(m, "imported as") && strings.HasSuffix(m, "and not used"),
		strings.Contains(m, "already declared through"), strings.HasPrefix(m, "initialization cycle:"):
		return true
	case strings.HasPrefix(m, "declared and not used"):
		return c.inStatements(te.Pos)
	case strings.HasSuffix(m, "is not used"):
		return c.isTopExpr(te.Pos)
	}
	return false
}

func (c *checked) inStatements(pos token.Pos) bool {
	for _, t := range c.stmts {
		if t.node.Pos() <= pos && pos < t.node.End() {
			return true
		}
	}
	return false
}

func (c *checked) isTopExpr(pos token.Pos) bool {
	for _, t := range c.stmts {
		if x, ok := t.node.(*ast.ExprStmt); ok && x.Pos() <= pos && pos < x.End() {
			call, ok := ast.Unparen(x.X).(*ast.CallExpr)
			if !ok {
				return true
			}
			_, lit := ast.Unparen(call.Fun).(*ast.FuncLit)
			return !lit
		}
	}
	return false
}

// changedVars marks variables that the cell redefines with another type.
func (c *checked) changedVars() (again bool) {
	for _, d := range c.defs {
		for _, id := range d.names {
			old, o := c.k.ses.entries[id.Name], c.pkg.Scope().Lookup(id.Name)
			if old == nil || o == nil || o.Type() == types.Typ[types.Invalid] || old.kind != entryVar || c.hard[id.Name] || old.broken != nil {
				continue
			}
			if !types.Identical(old.obj.Type(), o.Type()) {
				c.hard[id.Name] = true
				again = again || len(c.k.ses.dependents(map[string]bool{id.Name: true})) > 0
			}
		}
	}
	return again
}

// files gives what is to be checked: one file for the cell, one for each older
// entry, each with the imports that it uses. All other live names that they
// mention are put into the package's scope as they are.
func (c *checked) files() []*ast.File {
	declared := map[string]bool{}
	for _, e := range c.decls {
		if e.recv == "" {
			declared[e.name] = true
		}
	}
	for _, d := range c.defs {
		for _, id := range d.names {
			declared[id.Name] = true
		}
	}
	var files []*ast.File
	names := maps.Clone(c.free)
	for n, e := range c.again {
		declared[n] = true
		e.mentions(func(m string) { names[m] = true })
		files = append(files, c.olderFiles(n, e)...)
	}
	for _, e := range c.decls {
		e.mentions(func(m string) { names[m] = true })
		if old := c.k.ses.entries[e.name]; e.kind == entryType && e.recv == "" && old != nil {
			for m, me := range old.methods {
				if !c.redefinesMethod(e.name, m) && c.broken[e.name+"."+m] == nil {
					maps.Copy(names, me.free)
					files = append(files, c.file(me.imports, me.dots, me.decl))
				}
			}
		}
	}
	c.resolveImports(names, declared)
	for n := range names {
		if !declared[n] {
			c.insert(n)
		}
	}
	return append(files, c.cellFile())
}

func (c *checked) redefinesMethod(t, m string) bool {
	return slices.ContainsFunc(c.decls, func(e *entry) bool { return e.recv == t && e.name == m })
}

// insert puts the live object called name into the scope.
func (c *checked) insert(name string) {
	ses, scope := c.k.ses, c.pkg.Scope()
	if before, ok := strings.CutSuffix(name, wasSuffix); ok {
		if e := ses.live(before); e != nil && e.kind == entryVar {
			v := types.NewVar(token.NoPos, c.pkg, name, e.obj.Type())
			c.was[before] = v
			scope.Insert(v)
		}
		return
	}
	if c.dropped[name] || scope.Lookup(name) != nil {
		return
	}
	if e := ses.live(name); e != nil {
		scope.Insert(e.obj)
	} else if n, ok := isOut(name); ok && ses.outs[n].typ != nil {
		scope.Insert(types.NewVar(token.NoPos, c.pkg, name, ses.outs[n].typ))
	} else if o := c.k.helper(name); o != nil {
		scope.Insert(o)
	}
}

func isOut(name string) (int, bool) {
	s, ok := strings.CutPrefix(name, "_")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// olderFiles gives the files of an older entry and its methods.
func (c *checked) olderFiles(name string, e *entry) []*ast.File {
	var files []*ast.File
	switch e.kind {
	case entryVar:
		if f := c.varFileOf(name, e); f != nil {
			files = append(files, f)
		}
	case entryConst:
		files = append(files, c.file(e.imports, e.dots, onlyConst(e.decl.(*ast.GenDecl), name)))
	default:
		files = append(files, c.file(e.imports, e.dots, e.decl))
	}
	for m, me := range e.methods {
		if c.broken[name+"."+m] == nil && !c.redefinesMethod(name, m) {
			files = append(files, c.file(me.imports, me.dots, me.decl))
		}
	}
	return files
}

// onlyConst gives the group with all names but name made blank: each constant
// is an entry of its own and the others may have been redefined since.
func onlyConst(g *ast.GenDecl, name string) *ast.GenDecl {
	out := *g
	out.Specs = nil
	for _, s := range g.Specs {
		v := *s.(*ast.ValueSpec)
		v.Names = slices.Clone(v.Names)
		for i, id := range v.Names {
			if id.Name != name {
				v.Names[i] = &ast.Ident{NamePos: id.NamePos, Name: "_"}
			}
		}
		out.Specs = append(out.Specs, &v)
	}
	return &out
}

func varFile(name string) string { return "var " + name }

// varFileOf declares an older variable by the text of its type, which may
// mean something new now.
func (c *checked) varFileOf(name string, e *entry) *ast.File {
	imports := map[string]string{}
	t := types.TypeString(e.obj.Type(), func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		a := aliasOf(p.Path())
		imports[a] = p.Path()
		return a
	})
	f, err := parser.ParseFile(c.k.fset, varFile(name), "package main;var "+name+" "+t, 0)
	if err != nil { // a type that has no spelling, such as one local to a function
		return nil
	}
	return c.file(imports, nil, f.Decls[0])
}

// aliasOf is the name under which lowered code imports a package.
func aliasOf(importPath string) string {
	return "p_" + strings.NewReplacer("/", "_", ".", "_", "-", "_", "~", "_").Replace(importPath)
}

// file wraps decls into a file of package main.
func (c *checked) file(imports map[string]string, dots []string, decls ...ast.Decl) *ast.File {
	f := &ast.File{Name: ast.NewIdent("main"), Package: decls[0].Pos(), FileStart: decls[0].Pos(), FileEnd: decls[len(decls)-1].End()}
	var specs []ast.Spec
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		specs = append(specs, importSpec(name, imports[name]))
	}
	for _, p := range dots {
		specs = append(specs, importSpec(".", p))
	}
	if len(specs) > 0 {
		f.Decls = append(f.Decls, &ast.GenDecl{Tok: token.IMPORT, Specs: specs})
	}
	f.Decls = append(f.Decls, decls...)
	return f
}

func importSpec(name, importPath string) *ast.ImportSpec {
	return &ast.ImportSpec{Name: ast.NewIdent(name), Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(importPath)}}
}

// cellFile gives the cell's declarations, its variables as package-level ones,
// and its statements as a function.
func (c *checked) cellFile() *ast.File {
	c.body = &ast.FuncDecl{Name: ast.NewIdent("x__cell"), Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &ast.BlockStmt{}}
	for _, t := range c.stmts {
		c.body.Body.List = append(c.body.Body.List, t.check...)
	}
	var decls []ast.Decl
	imports, dots := map[string]string{}, map[string]bool{}
	note := func(e *entry) {
		maps.Copy(imports, e.imports)
		for _, d := range e.dots {
			dots[d] = true
		}
	}
	for _, e := range c.decls {
		if !slices.Contains(decls, e.decl) {
			decls = append(decls, e.decl)
		}
		note(e)
	}
	for _, d := range c.defs {
		if slices.ContainsFunc(d.names, func(id *ast.Ident) bool { return id.Name != "_" }) || len(d.values) > 0 {
			decls = append(decls, &ast.GenDecl{TokPos: d.pos, Tok: token.VAR, Specs: []ast.Spec{&ast.ValueSpec{Names: d.names, Type: d.typ, Values: d.values}}})
		}
	}
	decls = append(decls, c.body)
	note(c.statements())
	return c.file(imports, slices.Sorted(maps.Keys(dots)), decls...)
}

// statements gives the imports of the cell's statements in the form of an entry.
func (c *checked) statements() *entry {
	e := &entry{free: c.free}
	c.bindImports(e)
	return e
}
