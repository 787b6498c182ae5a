// Package hosttypes gives go/types packages for what an interpreter can call.
//
// The interpreter's symbol tables hold reflect values; a types.Package is
// derived from them by reflection, so that the checker accepts exactly what the
// interpreter can run, with no export data and no Go toolchain at hand.
//
// What reflection cannot tell is left out: parameter names, and the unexported
// fields of host structs (they become a blank placeholder that keeps the
// struct's comparability). Generic packages (slices, maps, cmp, iter) have no
// symbols to reflect on; they are given as Go source of our own in generic/.
package hosttypes

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"reflect"
	"slices"
	"strings"
)

// Symbols maps exported names to values as the interpreter takes them: a nil
// pointer stands for its element type, an addressable value for a variable, a
// constant.Value for an untyped constant, a func for itself, any other basic
// value for a typed constant.
type Symbols = map[string]reflect.Value

// Importer derives packages from symbol tables. It is not safe for concurrent
// use.
type Importer struct {
	fset    *token.FileSet
	tables  map[string]Symbols        // import path to symbols
	names   map[string]string         // import path to package name
	pkgs    map[string]*types.Package // what was derived, or begun by a type that was reached
	done    map[string]bool           // which of pkgs are complete
	types   map[reflect.Type]types.Type
	reflect map[*types.TypeName]reflect.Type
	sources map[string]*Source
}

// Source is a package that is given as Go source.
type Source struct {
	Pkg  *types.Package
	File *ast.File
	Info *types.Info
}

// New gives an importer for tables, whose keys are "import/path/name" as in
// Yaegi's Exports. Later tables add to and override earlier ones.
func New(fset *token.FileSet, tables ...map[string]map[string]reflect.Value) *Importer {
	im := &Importer{
		fset:    fset,
		tables:  map[string]Symbols{},
		names:   map[string]string{},
		pkgs:    map[string]*types.Package{"unsafe": types.Unsafe},
		done:    map[string]bool{"unsafe": true},
		types:   map[reflect.Type]types.Type{reflect.TypeFor[error](): types.Universe.Lookup("error").Type()},
		reflect: map[*types.TypeName]reflect.Type{},
		sources: map[string]*Source{},
	}
	for _, t := range tables {
		for key, syms := range t {
			im.add(path.Dir(key), path.Base(key), syms)
		}
	}
	return im
}

func (im *Importer) add(importPath, name string, syms Symbols) {
	if importPath == "." {
		return
	}
	im.names[importPath] = name
	if old := im.tables[importPath]; old != nil {
		merged := Symbols{}
		for _, m := range []Symbols{old, syms} {
			for n, v := range m {
				merged[n] = v
			}
		}
		syms = merged
	}
	im.tables[importPath] = syms
}

// Import gives the package at importPath; it is types.Importer.
func (im *Importer) Import(importPath string) (*types.Package, error) {
	if im.done[importPath] {
		return im.pkgs[importPath], nil
	}
	if IsSource(importPath) {
		s, err := im.Source(importPath)
		if err != nil {
			return nil, err
		}
		return s.Pkg, nil
	}
	syms, ok := im.tables[importPath]
	if !ok {
		return nil, fmt.Errorf("package %s is not available here", importPath)
	}
	pkg := im.pkg(importPath)
	im.done[importPath] = true
	pkg.MarkComplete()
	for _, name := range sortedNames(syms) {
		if strings.HasPrefix(name, "_") || !token.IsExported(name) || pkg.Scope().Lookup(name) != nil {
			continue
		}
		if obj := im.Object(pkg, name, syms[name]); obj != nil {
			pkg.Scope().Insert(obj)
		}
	}
	return pkg, im.overlay(pkg)
}

// overlay adds to pkg the generic functions that are given as source.
func (im *Importer) overlay(pkg *types.Package) error {
	if !slices.Contains(overlays, pkg.Path()) {
		return nil
	}
	s, err := im.Source(pkg.Path() + overlaySuffix)
	if err != nil {
		return err
	}
	for _, name := range s.Pkg.Scope().Names() {
		if pkg.Scope().Lookup(name) == nil {
			pkg.Scope().Insert(s.Pkg.Scope().Lookup(name))
		}
	}
	return nil
}

// Name gives the package name of importPath, or false when it is unknown.
func (im *Importer) Name(importPath string) (string, bool) {
	if IsSource(importPath) {
		return path.Base(importPath), true
	}
	n, ok := im.names[importPath]
	return n, ok
}

// Paths lists the import paths of packages called name, sorted; all of them
// when name is empty.
func (im *Importer) Paths(name string) []string {
	var out []string
	for p, n := range im.names {
		if (name == "" || n == name) && !IsSource(p) {
			out = append(out, p)
		}
	}
	for _, p := range sourcePaths {
		if name == "" || path.Base(p) == name {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// Exports tells whether the symbol table of importPath holds name, so that
// interpreted code can refer to it as such.
func (im *Importer) Exports(importPath, name string) bool {
	_, ok := im.tables[importPath][name]
	return ok
}

// Reflect gives the run-time type behind a derived type name.
func (im *Importer) Reflect(obj *types.TypeName) (reflect.Type, bool) {
	t, ok := im.reflect[obj]
	return t, ok
}

// Object gives the object that name stands for in pkg when its symbol is v;
// nil when v is of no known form.
func (im *Importer) Object(pkg *types.Package, name string, v reflect.Value) types.Object {
	t := v.Type()
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil() && !v.CanAddr():
		tt := im.Type(t.Elem())
		if n, ok := tt.(*types.Named); ok && n.Obj().Pkg() == pkg && n.Obj().Name() == name {
			return n.Obj()
		}
		return types.NewTypeName(token.NoPos, pkg, name, tt)
	case v.CanAddr():
		return types.NewVar(token.NoPos, pkg, name, im.Type(t))
	case t.Implements(reflect.TypeFor[constant.Value]()):
		c := v.Interface().(constant.Value)
		return types.NewConst(token.NoPos, pkg, name, Untyped(c), c)
	case v.Kind() == reflect.Func:
		sig, ok := im.Type(t).Underlying().(*types.Signature)
		if !ok {
			return nil
		}
		return types.NewFunc(token.NoPos, pkg, name, sig)
	}
	if c := constantOf(v); c != nil {
		return types.NewConst(token.NoPos, pkg, name, im.Type(t), c)
	}
	return types.NewVar(token.NoPos, pkg, name, im.Type(t))
}

// Untyped is the type of an untyped constant of value c.
func Untyped(c constant.Value) types.Type {
	switch c.Kind() {
	case constant.Bool:
		return types.Typ[types.UntypedBool]
	case constant.String:
		return types.Typ[types.UntypedString]
	case constant.Float:
		return types.Typ[types.UntypedFloat]
	case constant.Complex:
		return types.Typ[types.UntypedComplex]
	}
	return types.Typ[types.UntypedInt]
}

func constantOf(v reflect.Value) constant.Value {
	switch {
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	}
	return nil
}

func (im *Importer) pkg(importPath string) *types.Package {
	if p := im.pkgs[importPath]; p != nil {
		return p
	}
	name := im.names[importPath]
	if name == "" {
		name = path.Base(importPath)
	}
	p := types.NewPackage(importPath, name)
	im.pkgs[importPath] = p
	return p
}

func sortedNames(m Symbols) []string {
	out := make([]string, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
