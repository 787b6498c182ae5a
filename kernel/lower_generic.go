package kernel

import (
	"cmp"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"

	"mesosbook/kernel/internal/hosttypes"
)

// Generic functions and types are written once for each set of type arguments
// that the checker found: Yaegi infers some of them wrongly and others not at
// all.

// funcInstance gives the name of a generic function of the session, or of any
// function of a source package, with args for its type parameters.
func (lw *lowering) funcInstance(o *types.Func, args []types.Type) string {
	decl, info, key := lw.source(o)
	if decl == nil {
		return o.Name()
	}
	for _, a := range args {
		key += "," + lw.spell(a)
	}
	if n := lw.remembered(key); n != "" {
		return n
	}
	name := lw.k.fresh(o.Name())
	lw.memo[key] = name
	l := lw.in(info)
	sig := info.Defs[decl.Name].(*types.Func).Signature()
	if n := sig.TypeParams().Len(); n > 0 {
		l.subst = map[*types.TypeParam]types.Type{}
		for i := range n {
			l.subst[sig.TypeParams().At(i)] = args[i]
		}
	}
	plain := types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
	plain = substitute(plain, l.subst).(*types.Signature)
	guard := ""
	if o.Pkg().Path() == "main" {
		guard = "rt_.Depth();"
	}
	lw.funcs = append(lw.funcs, "func "+name+l.header(plain)+l.function(decl.Body, plain, guard))
	return name
}

// source finds the declaration of o.
func (lw *lowering) source(o *types.Func) (*ast.FuncDecl, *types.Info, string) {
	if hosttypes.IsSource(o.Pkg().Path()) {
		s, err := lw.k.imp.Source(o.Pkg().Path())
		if err != nil {
			return nil, nil, ""
		}
		for _, d := range s.File.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Recv == nil && fd.Name.Name == o.Name() {
				return fd, s.Info, o.Pkg().Path() + "." + o.Name()
			}
		}
		return nil, nil, ""
	}
	e := lw.entries[o.Name()]
	if e == nil {
		e = lw.k.ses.entries[o.Name()]
	}
	if e == nil {
		return nil, nil, ""
	}
	fd, _ := e.decl.(*ast.FuncDecl)
	return fd, e.info, e.slot
}

func (lw *lowering) remembered(key string) string {
	if n := lw.memo[key]; n != "" {
		return n
	}
	return lw.k.ses.memo[key]
}

// typeInstance gives the name of an instance of a generic type.
func (lw *lowering) typeInstance(t *types.Named) string {
	e := lw.genericType(t.Obj())
	if e == nil {
		return "interface{}"
	}
	key := "type " + e.slot
	var args []types.Type
	for i := range t.TypeArgs().Len() {
		args = append(args, t.TypeArgs().At(i))
		key += "," + lw.spell(t.TypeArgs().At(i))
	}
	if n := lw.remembered(key); n != "" {
		return n
	}
	slot := lw.k.fresh(t.Obj().Name())
	lw.memo[key] = slot
	lw.declareType(t, strings.TrimPrefix(goTypeText(t), "main."), slot)
	for _, m := range slices.Sorted(maps.Keys(e.methods)) {
		lw.funcs = append(lw.funcs, lw.method(e, e.methods[m], slot, args))
	}
	return slot
}

// genericType finds the declaration of a generic type with its methods, nil
// when there is none.
func (lw *lowering) genericType(o *types.TypeName) *entry {
	if !hosttypes.IsSource(o.Pkg().Path()) {
		return cmp.Or(lw.entries[o.Name()], lw.k.ses.entries[o.Name()])
	}
	s, err := lw.k.imp.Source(o.Pkg().Path())
	if err != nil {
		return nil
	}
	e := &entry{name: o.Name(), kind: entryType, slot: o.Pkg().Path() + "." + o.Name(), info: s.Info, methods: map[string]*entry{}}
	for _, d := range s.File.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if ok && fd.Recv != nil && receiverName(fd.Recv.List[0].Type) == o.Name() {
			e.methods[fd.Name.Name] = &entry{name: fd.Name.Name, kind: entryFunc, decl: fd, info: s.Info, recv: o.Name()}
		}
	}
	return e
}

// shortPkg qualifies types as Go's messages do; those of cells stand alone.
func shortPkg(p *types.Package) string {
	if p.Path() == "main" {
		return ""
	}
	return p.Name()
}
