package kernel

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// preferred says which package a bare name means when several have it.
func preferred(name string, paths []string) string {
	for _, p := range []string{"math/rand", "text/template", "text/scanner", "encoding/" + name, name} {
		if slices.Contains(paths, p) {
			return p
		}
	}
	return slices.MinFunc(paths, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
}

// resolveImports imports the standard packages that names mention without an
// import, and binds each entry of the cell to the packages that it uses. What
// was ambiguous is noted.
func (c *checked) resolveImports(names, declared map[string]bool) {
	for n := range c.bases {
		if !names[n] || declared[n] || c.imports[n] != "" || c.k.ses.live(n) != nil || c.k.helper(n) != nil || types.Universe.Lookup(n) != nil {
			continue
		}
		paths := c.k.imp.Paths(n)
		if len(paths) == 0 {
			continue
		}
		p := preferred(n, paths)
		c.imports[n] = p
		c.guessed[n] = p
		if others := slices.DeleteFunc(slices.Clone(paths), func(o string) bool { return o == p }); len(others) > 0 {
			c.note(fmt.Sprintf("%s is package %s; import %q for the other one", n, p, others[0]))
		}
	}
	for _, e := range c.decls {
		c.bindImports(e)
	}
}

// bindImports fills in the packages that e refers to.
func (c *checked) bindImports(e *entry) {
	e.imports, e.dots = map[string]string{}, nil
	for n := range e.free {
		if p := c.imports[n]; p != "" {
			e.imports[n] = p
		} else if c.k.ses.live(n) == nil && !c.defined[n] && types.Universe.Lookup(n) == nil {
			for _, d := range c.dots {
				if pkg, err := c.k.imp.Import(d); err == nil && pkg.Scope().Lookup(n) != nil && !slices.Contains(e.dots, d) {
					e.dots = append(e.dots, d)
				}
			}
		}
	}
}

// note adds a note for the user, once.
func (u *unit) note(text string) {
	if !slices.Contains(u.notes, text) {
		u.notes = append(u.notes, text)
	}
}
