package kernel

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// Names inside the interpreter: rt_ is the host's package (see host.go), xt_
// the types that no package exports, xn_ the helper names, p_... the packages
// that cells import. What cells define gets a number: f__12. x__... are
// temporaries. Cells cannot well use two underscores and a number themselves.

// lowering turns a checked cell into Go that Yaegi runs correctly. It changes
// nothing of the session until commit.
type lowering struct {
	k       *Kernel
	c       *checked
	entries map[string]*entry       // new and replaced ones
	slots   map[types.Object]string // names inside the interpreter, of new objects
	memo    map[string]string       // helper declarations, by what they are for
	convs   map[string]converter    // converters that are new
	typeIDs []int                   // types that are new or have new methods

	imports []string // one import line each
	types   []string
	vars    []string
	funcs   []string
	prelude []string // statements that go before those of the cell
	cell    string   // the cell's statements
}

// converter is a function that finds out whether a value implements an
// interface.
type converter struct {
	name string
	typ  types.Type
}

// lowerer lowers one declaration or the statements of the cell.
type lowerer struct {
	*lowering
	info   *types.Info
	subst  map[*types.TypeParam]types.Type
	rename map[types.Object]string // loop variables under another name
	fn     *funcFrame
	branch func(*ast.BranchStmt) (string, bool) // rewrites break, continue, goto; nil leaves them
	ret    func(*ast.ReturnStmt) string         // rewrites return; nil leaves it
	label  string                               // label of the statement at hand
	looped bool                                 // inside a loop of the function
	quiet  bool                                 // keep no line marks: runs in a goroutine
}

// funcFrame is what the lowered statements of one function share.
type funcFrame struct {
	sig    *types.Signature
	defers bool // it defers calls: the host runs it
}

type exprNode = ast.Expr

// lower makes the program for c.
func (k *Kernel) lower(c *checked) *lowering {
	lw := &lowering{
		k: k, c: c, entries: map[string]*entry{}, slots: map[types.Object]string{},
		memo: map[string]string{}, convs: map[string]converter{},
	}
	lw.plan()
	for _, n := range slices.Sorted(maps.Keys(lw.entries)) {
		if c.hard[n] {
			lw.emit(lw.entries[n])
		} else if e := lw.entries[n]; e.kind == entryType && e.tag > 0 {
			k.host.retype(e.tag, e.obj.Type())
		}
	}
	for _, m := range c.added {
		lw.addMethod(m)
	}
	lw.cell = lw.body()
	lw.converters()
	return lw
}

// slot gives the name of o inside the interpreter; empty when o is not of the
// session's package level.
func (lw *lowering) slot(o types.Object) string {
	if s, ok := lw.slots[o]; ok {
		return s
	}
	return lw.k.ses.slots[o]
}

// plan makes the new entries and names, before anything is emitted.
func (lw *lowering) plan() {
	c := lw.c
	for _, e := range c.decls {
		if e.recv == "" {
			lw.addEntry(e.clone(), lw.k.fresh(e.name))
		}
	}
	for n, e := range c.again {
		if d := c.broken[n]; d != nil {
			lw.breakEntry(n, d)
			continue
		}
		slot := e.slot
		if e.broken != nil {
			c.hard[n] = true
		}
		if c.hard[n] {
			slot = lw.k.fresh(n)
		}
		lw.addEntry(e.clone(), slot)
	}
	for n, d := range c.broken {
		if !strings.Contains(n, ".") && lw.entries[n] == nil {
			lw.breakEntry(n, d)
		}
	}
	lw.planMethods()
	lw.planVars()
	lw.planOuts()
	for n, e := range lw.entries {
		if e.broken == nil {
			e.deps = lw.dependencies(n, e)
		}
	}
}

func (lw *lowering) addEntry(e *entry, slot string) {
	o := lw.c.pkg.Scope().Lookup(e.name)
	if o == nil {
		return
	}
	e.obj, e.info, e.slot, e.broken = o, lw.c.info, slot, nil
	lw.slots[o] = slot
	lw.entries[e.name] = e
}

// breakEntry marks an older entry that no longer compiles.
func (lw *lowering) breakEntry(name string, d *Diagnostic) {
	e := lw.k.ses.entries[name].clone()
	known := e.broken != nil
	e.broken = d
	lw.entries[name] = e
	if known {
		return
	}
	lw.c.note(fmt.Sprintf("%s ([%d]) no longer compiles: %s", name, e.cell, d.Message))
}

// planMethods gives the types of the cell their methods: old ones that are not
// redefined, and those of the cell.
func (lw *lowering) planMethods() {
	c := lw.c
	for name, e := range lw.entries {
		if e.kind != entryType || e.broken != nil {
			continue
		}
		if old := lw.k.ses.entries[name]; old != nil && old.kind == entryType && c.again[name] == nil {
			for m, me := range old.methods {
				if c.broken[name+"."+m] == nil {
					e.methods[m] = me
				}
			}
		}
		for m, me := range e.methods {
			if d := c.broken[name+"."+m]; d != nil {
				delete(e.methods, m)
				c.note(fmt.Sprintf("method %s of %s ([%d]) no longer compiles: %s", m, name, me.cell, d.Message))
				continue
			}
			me = me.clone()
			me.info = c.info
			e.methods[m] = me
		}
	}
	for _, m := range c.decls {
		if e := lw.entries[m.recv]; m.recv != "" && e != nil {
			m.info = c.info
			e.methods[m.name] = m
		}
	}
}

// planVars keeps the slot of a variable whose type stays the same: closures
// made earlier go on seeing it.
func (lw *lowering) planVars() {
	c := lw.c
	for _, d := range c.defs {
		for _, id := range d.names {
			if id.Name == "_" || strings.HasPrefix(id.Name, tempPrefix) {
				continue
			}
			e := &entry{name: id.Name, kind: entryVar, cell: c.cell}
			slot := ""
			if old := lw.k.ses.entries[id.Name]; old != nil && !c.hard[id.Name] {
				slot = old.slot
			} else {
				slot = lw.k.fresh(id.Name)
			}
			lw.addEntry(e, slot)
		}
	}
	for name, o := range c.was {
		lw.slots[o] = lw.k.ses.entries[name].slot
	}
}

// planOuts makes variables of the shown values that the cell mentions.
func (lw *lowering) planOuts() {
	for name := range lw.c.free {
		n, ok := isOut(name)
		o := lw.c.pkg.Scope().Lookup(name)
		if !ok || o == nil || lw.k.ses.live(name) != nil || lw.entries[name] != nil || lw.k.ses.outs[n].typ == nil {
			continue
		}
		e := &entry{name: name, kind: entryVar, cell: n}
		lw.addEntry(e, lw.k.fresh(name))
		lw.vars = append(lw.vars, "var "+e.slot+" "+lw.spell(o.Type()))
		lw.prelude = append(lw.prelude, fmt.Sprintf("rt_.Out(%d, &%s)", n, e.slot))
	}
}

// dependencies gives the session names that e refers to; a method counts as
// its type.
func (lw *lowering) dependencies(name string, e *entry) map[string]bool {
	deps := map[string]bool{}
	add := func(o types.Object) {
		if o != nil && lw.slot(o) != "" && o.Name() != name {
			deps[strings.TrimSuffix(o.Name(), wasSuffix)] = true
		}
	}
	visit := func(n ast.Node) {
		ast.Inspect(n, func(c ast.Node) bool {
			id, ok := c.(*ast.Ident)
			if !ok {
				return true
			}
			o := lw.c.info.Uses[id]
			add(o)
			if f, ok := o.(*types.Func); ok {
				if r := f.Signature().Recv(); r != nil {
					add(typeNameOf(r.Type()))
				}
			}
			return true
		})
	}
	if e.kind == entryVar {
		eachNamed(e.obj.Type(), map[types.Type]bool{}, func(n *types.Named) { add(n.Obj()) })
	}
	if e.decl != nil {
		visit(e.decl)
	}
	for _, m := range e.methods {
		visit(m.decl)
	}
	return deps
}

// typeNameOf gives the name of t or of what it points to, nil when it has none.
func typeNameOf(t types.Type) types.Object {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj()
	}
	return nil
}

// eachNamed calls f for the named types that t is made of; it does not look
// into them, but into their type arguments.
func eachNamed(t types.Type, seen map[types.Type]bool, f func(*types.Named)) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		f(t)
		for i := range t.TypeArgs().Len() {
			eachNamed(t.TypeArgs().At(i), seen, f)
		}
	case *types.Tuple:
		for i := range t.Len() {
			eachNamed(t.At(i).Type(), seen, f)
		}
	case *types.Signature:
		eachNamed(t.Params(), seen, f)
		eachNamed(t.Results(), seen, f)
	case *types.Map:
		eachNamed(t.Key(), seen, f)
		eachNamed(t.Elem(), seen, f)
	case *types.Struct:
		for i := range t.NumFields() {
			eachNamed(t.Field(i).Type(), seen, f)
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			eachNamed(t.Method(i).Type(), seen, f)
		}
	case interface{ Elem() types.Type }:
		eachNamed(t.Elem(), seen, f)
	}
}

// in gives a lowerer for source that info was recorded of.
func (lw *lowering) in(info *types.Info) *lowerer { return &lowerer{lowering: lw, info: info} }

// emit writes the declarations of a new or changed entry.
func (lw *lowering) emit(e *entry) {
	if e.broken != nil {
		return
	}
	switch e.kind {
	case entryVar:
		if n, ok := isOut(e.name); ok && n > 0 && lw.k.ses.outs[n].typ != nil {
			return // planOuts did
		}
		lw.vars = append(lw.vars, "var "+e.slot+" "+lw.spell(e.obj.Type()))
		if old := lw.k.ses.live(e.name); lw.c.again[e.name] != nil && old != nil {
			lw.prelude = append(lw.prelude, fmt.Sprintf("rt_.Carry(&%s, &%s)", e.slot, old.slot))
		}
	case entryFunc:
		fd := e.decl.(*ast.FuncDecl)
		sig := e.obj.(*types.Func).Signature()
		if sig.TypeParams().Len() == 0 {
			l := lw.in(e.info)
			lw.funcs = append(lw.funcs, l.mark(fd)+"func "+e.slot+l.header(sig)+l.function(fd.Body, sig, lw.guard(e, fd)))
		}
	case entryType:
		lw.emitType(e)
	}
}

func (lw *lowering) emitType(e *entry) {
	tn := e.obj.(*types.TypeName)
	if tn.IsAlias() {
		return // always spelled by what it stands for
	}
	t, ok := tn.Type().(*types.Named)
	if it, isIface := tn.Type().Underlying().(*types.Interface); !ok || t.TypeParams().Len() > 0 || isIface && !it.IsMethodSet() {
		return
	}
	e.tag = lw.declareType(t, e.name, e.slot)
	for _, m := range slices.Sorted(maps.Keys(e.methods)) {
		lw.funcs = append(lw.funcs, lw.method(e, e.methods[m], e.slot, nil))
	}
}

// declareType writes a type under slot and tells the host about it.
func (lw *lowering) declareType(t *types.Named, name, slot string) (tag int) {
	tag = lw.k.host.addType(name, t)
	lw.typeIDs = append(lw.typeIDs, tag)
	text := ""
	if st, ok := t.Underlying().(*types.Struct); ok {
		text = lw.spellStruct(st, tag)
	} else {
		text = lw.spell(t.Underlying())
	}
	if host := lw.hostBase(t); host != nil { // its fields are not known
		text = lw.spell(host)
	}
	lw.types = append(lw.types, "type "+slot+" "+text)
	if isBoxed(t) {
		lw.types = append(lw.types, boxType(slot, tag))
		lw.boxMethods(t, slot)
	}
	lw.forwarders(t, slot)
	lw.register(t, slot, tag)
	return tag
}

// hostBase gives T for `type t T` with a struct T of the host.
func (lw *lowering) hostBase(t *types.Named) types.Type {
	e := lw.entries[t.Obj().Name()]
	if e == nil || t.TypeArgs().Len() > 0 {
		return nil
	}
	g, ok := e.decl.(*ast.GenDecl)
	if !ok {
		return nil
	}
	base, ok := types.Unalias(e.info.TypeOf(g.Specs[0].(*ast.TypeSpec).Type)).(*types.Named)
	if !ok || lw.isSessionType(base) || structOf(base) == nil {
		return nil
	}
	return base
}

// forwarders writes out the methods that t gets from embedded fields.
func (lw *lowering) forwarders(t *types.Named, slot string) {
	if _, ok := t.Underlying().(*types.Struct); !ok {
		return
	}
	direct := types.NewMethodSet(t)
	all := types.NewMethodSet(types.NewPointer(t))
	for i := range all.Len() {
		sel := all.At(i)
		if len(sel.Index()) < 2 {
			continue
		}
		star := "*"
		if direct.Lookup(sel.Obj().Pkg(), sel.Obj().Name()) != nil {
			star = ""
		}
		sig := sel.Type().(*types.Signature)
		names, args := paramNames(sig)
		path, _ := fieldPath(t, sel.Index())
		call := "x__r" + path + "." + sel.Obj().Name() + "(" + args + ")"
		if sig.Results().Len() > 0 {
			call = "return " + call
		}
		lw.funcs = append(lw.funcs, fmt.Sprintf("func (x__r %s%s) %s%s { %s }", star, slot, sel.Obj().Name(), lw.signature(sig, names), call))
	}
}

// paramNames names the parameters of sig and spells a call with them.
func paramNames(sig *types.Signature) (names []string, args string) {
	names = []string{}
	for i := range sig.Params().Len() {
		names = append(names, fmt.Sprintf("x__a%d", i))
	}
	args = strings.Join(names, ", ")
	if sig.Variadic() {
		args += "..."
	}
	return names, args
}

// fieldPath spells the way through embedded fields along all but the last of
// index, and gives the type at its end.
func fieldPath(t types.Type, index []int) (string, types.Type) {
	path := ""
	for _, i := range index[:len(index)-1] {
		st := structOf(t)
		if st == nil {
			break
		}
		path += "." + st.Field(i).Name()
		t = st.Field(i).Type()
	}
	return path, t
}

func structOf(t types.Type) *types.Struct {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, _ := t.Underlying().(*types.Struct)
	return s
}

// method writes a method of the type at slot; args replace the type's
// parameters.
func (lw *lowering) method(owner, m *entry, slot string, args []types.Type) string {
	fd := m.decl.(*ast.FuncDecl)
	l := lw.in(m.info)
	f := m.info.Defs[fd.Name].(*types.Func)
	sig := f.Signature()
	if n := sig.RecvTypeParams().Len(); n > 0 {
		l.subst = map[*types.TypeParam]types.Type{}
		for i := range n {
			l.subst[sig.RecvTypeParams().At(i)] = args[i]
		}
	}
	recv := "_"
	if names := fd.Recv.List[0].Names; len(names) > 0 {
		recv = names[0].Name
	}
	star := ""
	if _, ok := sig.Recv().Type().(*types.Pointer); ok {
		star = "*"
	}
	plain := types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
	if len(l.subst) > 0 {
		plain = substitute(plain, l.subst).(*types.Signature)
	}
	return l.mark(fd) + "func (" + recv + " " + star + slot + ") " + fd.Name.Name + l.header(plain) + l.function(fd.Body, plain, lw.guard(owner, fd))
}

// addMethod gives an older type a method that it did not have.
func (lw *lowering) addMethod(m *entry) {
	e := lw.entries[m.recv]
	if e == nil || lw.c.hard[m.recv] {
		return // written with its type
	}
	lw.funcs = append(lw.funcs, lw.method(e, m, e.slot, nil))
	if t, ok := e.obj.Type().(*types.Named); ok {
		f := m.info.Defs[m.decl.(*ast.FuncDecl).Name].(*types.Func)
		if _, ptr := f.Signature().Recv().Type().(*types.Pointer); !ptr && isBoxed(t) {
			lw.boxMethod(f.Signature(), f.Name(), e.slot)
		}
		lw.register(t, e.slot, e.tag)
		lw.typeIDs = append(lw.typeIDs, e.tag)
	}
}

// guard gives the check against runaway recursion for functions that may call
// themselves, on whatever way.
func (lw *lowering) guard(e *entry, fd *ast.FuncDecl) string {
	recursive := fd.Recv != nil && calledByHost(fd.Name.Name) // fmt.Sprint(t) in t.String
	ast.Inspect(fd.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && (id.Name == fd.Name.Name || lw.reaches(id.Name, e.name)) {
			recursive = true
		}
		return !recursive
	})
	if recursive {
		return "rt_.Depth();"
	}
	return ""
}

// reaches tells whether the function called from depends on the name target.
func (lw *lowering) reaches(from, target string) bool {
	seen := map[string]bool{}
	var visit func(n string) bool
	visit = func(n string) bool {
		e := lw.entries[n]
		if e == nil {
			e = lw.k.ses.entries[n]
		}
		if e == nil || seen[n] || e.kind != entryFunc && e.kind != entryType {
			return false
		}
		seen[n] = true
		for d := range e.deps {
			if d == target || visit(d) {
				return true
			}
		}
		return false
	}
	return visit(from)
}

// alias gives the name of a package inside the interpreter and imports it.
func (lw *lowering) alias(importPath string) string {
	a := aliasOf(importPath)
	if !lw.k.imported[importPath] {
		line := fmt.Sprintf("import %s %q", a, importPath)
		if !slices.Contains(lw.imports, line) {
			lw.imports = append(lw.imports, line)
		}
	}
	return a
}

// helperFunc declares a function once and gives its name; text gets the name.
func (lw *lowering) helperFunc(key, name string, text func(name string) string) string {
	if n := lw.remembered(key); n != "" {
		return n
	}
	n := lw.k.fresh(name)
	lw.memo[key] = n
	lw.funcs = append(lw.funcs, text(n))
	return n
}

// mark gives the position of n in the cell for Yaegi's messages.
func (lw *lowering) mark(n ast.Node) string {
	p := lw.k.fset.Position(n.Pos())
	if _, ok := cellOf(p.Filename); !ok {
		return ""
	}
	return fmt.Sprintf("/*line %s:%d:%d*/", p.Filename, p.Line, p.Column)
}

// place gives cell and line of n as one number; 0 when n is not of a cell.
func (lw *lowering) place(pos token.Pos) int {
	p := lw.k.fset.Position(pos)
	n, ok := cellOf(p.Filename)
	if !ok {
		return 0
	}
	return n*placeLines + p.Line
}

// placeLines: a place is cell x placeLines + line.
const placeLines = 100_000
