package hosttypes

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"path"
	"slices"
	"strings"
)

//go:embed generic/*.go.txt
var generic embed.FS

// Packages of which only the generic functions are given as source have
// "/generic" after their path.
var sourcePaths = []string{"cmp", "iter", "maps", "slices"}

const overlaySuffix = "/generic"

var overlays = []string{"sync", "sync/atomic"}

// IsSource tells whether importPath is one of the packages given as source.
func IsSource(importPath string) bool {
	base, overlay := strings.CutSuffix(importPath, overlaySuffix)
	return slices.Contains(sourcePaths, importPath) || overlay && slices.Contains(overlays, base)
}

// Source gives the parsed and checked source package at importPath.
func (im *Importer) Source(importPath string) (*Source, error) {
	if s := im.sources[importPath]; s != nil {
		return s, nil
	}
	text, err := generic.ReadFile(path.Join("generic", strings.ReplaceAll(importPath, "/", "_")+".go.txt"))
	if err != nil {
		return nil, fmt.Errorf("source of package %s: %w", importPath, err)
	}
	file, err := parser.ParseFile(im.fset, "std/"+importPath+".go", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("source of package %s: %w", importPath, err)
	}
	info := NewInfo()
	conf := types.Config{Importer: im}
	pkg, err := conf.Check(importPath, im.fset, []*ast.File{file}, info)
	if err != nil {
		return nil, fmt.Errorf("source of package %s: %w", importPath, err)
	}
	s := &Source{Pkg: pkg, File: file, Info: info}
	im.sources[importPath] = s
	im.pkgs[importPath], im.done[importPath] = pkg, true
	return s, nil
}

// NewInfo gives an Info that records all that the kernel looks at.
func NewInfo() *types.Info {
	return &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Instances:  map[*ast.Ident]types.Instance{},
		Scopes:     map[ast.Node]*types.Scope{},
	}
}
