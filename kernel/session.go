package kernel

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"reflect"
	"slices"
)

// entryKind tells what a live name of the session is.
type entryKind int

const (
	entryVar entryKind = iota
	entryConst
	entryFunc
	entryType
)

// entry is one live name of the session: its source, what the checker made of
// it, and its name inside the interpreter. Entries are not changed once they
// are in the table; a cell that changes one puts a new one in its place.
type entry struct {
	name    string
	kind    entryKind
	cell    int               // the cell that defined it
	source  string            // its text, to see whether a later cell changes it
	doc     string            // its comment
	decl    ast.Decl          // *ast.FuncDecl or *ast.GenDecl; nil for a variable
	recv    string            // of a method: the name of its type
	methods map[string]*entry // of a type
	free    map[string]bool   // names that decl mentions and does not declare
	imports map[string]string // those of free that are packages: name to import path
	dots    []string          // import paths of its dot imports
	deps    map[string]bool   // session names that it depends on
	info    *types.Info       // what the checker recorded of decl
	obj     types.Object
	slot    string      // its name inside the interpreter; empty when it has none
	tag     int         // of a type: its number in the host's table
	broken  *Diagnostic // why a later redefinition made it unusable
}

// out is a value that a cell showed: `_7`.
type out struct {
	typ types.Type
	v   reflect.Value // a pointer to it
}

// session is what is live between cells. Only the goroutine that holds the
// kernel's run lock changes it.
type session struct {
	entries map[string]*entry
	imports map[string]string // package name to import path
	dots    []string
	slots   map[types.Object]string // name inside the interpreter of each object
	memo    map[string]string       // helper declarations made so far, by what they are for
	convs   map[string]converter    // by interface, as the interpreter spells it
	outs    map[int]out
	last    int // the latest cell with an out
}

func newSession() *session {
	return &session{
		entries: map[string]*entry{}, imports: map[string]string{}, slots: map[types.Object]string{},
		memo: map[string]string{}, convs: map[string]converter{}, outs: map[int]out{},
	}
}

// live gives the usable entry called name.
func (s *session) live(name string) *entry {
	if e := s.entries[name]; e != nil && e.broken == nil {
		return e
	}
	return nil
}

// dependents gives the names that depend on one of roots, roots left out.
func (s *session) dependents(roots map[string]bool) map[string]bool {
	users := map[string][]string{}
	for n, e := range s.entries {
		for d := range e.deps {
			users[d] = append(users[d], n)
		}
		if e.broken != nil { // try again when something it needs is redefined
			for d := range e.free {
				users[d] = append(users[d], n)
			}
		}
	}
	found := map[string]bool{}
	queue := slices.Collect(maps.Keys(roots))
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, u := range users[n] {
			if !found[u] && !roots[u] {
				found[u] = true
				queue = append(queue, u)
			}
		}
	}
	return found
}

// clone gives a copy of e to be changed.
func (e *entry) clone() *entry {
	c := *e
	c.methods = maps.Clone(e.methods)
	return &c
}

// mentions lists the names that e and its methods do not declare themselves.
func (e *entry) mentions(yield func(name string)) {
	for n := range e.free {
		yield(n)
	}
	for _, m := range e.methods {
		for n := range m.free {
			yield(n)
		}
	}
}

func (k entryKind) String() string {
	return [...]string{"var", "const", "func", "type"}[k]
}

// outName is the session's name for what cell n showed.
func outName(n int) string { return fmt.Sprintf("_%d", n) }
