package kernel

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// syntaxMessage rewords the parser's messages that speak of its own text.
func syntaxMessage(msg string) string {
	msg = strings.ReplaceAll(msg, "'EOF'", "the end of the cell")
	if msg == "expected 1 expression" {
		return msg + " (print several values with fmt.Println)"
	}
	return msg
}

var (
	undefinedName = regexp.MustCompile(`^undefined: (\pL[\pL\pN_]*)$`)
	undefinedPkg  = regexp.MustCompile(`^undefined: (\pL[\pL\pN_]*)\.(\pL[\pL\pN_]*)$`)
	multiValue    = regexp.MustCompile(`^multiple-value ([\pL\pN_.]+)\(.*\) \(value of type \((.*)\)\) in single-value context$`)
	noMember      = regexp.MustCompile(`^(.+)\.([\pL_][\pL\pN_]*) undefined \(`)
)

// explain adds to a message of the checker what may help: the name that was
// meant, the cell that broke a name, a package that was only guessed.
func (c *checked) explain(te types.Error) string {
	msg := strings.ReplaceAll(te.Msg, "/_.go:", ":")
	switch {
	case strings.HasPrefix(msg, "break not in for"):
		return "break is not in a loop, switch, or select"
	case strings.HasPrefix(msg, "continue not in for"):
		return "continue is not in a loop"
	}
	if strings.HasPrefix(msg, "cannot index ") {
		return msg + c.indexHint(te.Pos)
	}
	if n, fun := c.assignedCall(te.Pos); n > 0 && strings.HasSuffix(msg, "in single-value context") {
		return fmt.Sprintf("assignment mismatch: 1 variable but %s returns %d values", fun, n)
	}
	if m := undefinedName.FindStringSubmatch(msg); m != nil {
		name := strings.TrimSuffix(m[1], wasSuffix)
		return "undefined: " + name + c.hint(name, m[1] != name)
	}
	if m := undefinedPkg.FindStringSubmatch(msg); m != nil {
		p := c.imports[m[1]]
		if pkg, err := c.k.imp.Import(p); err == nil {
			if hint := suggest(m[2], exported(pkg.Scope().Names())); hint != "" {
				return msg + hint
			}
		}
		if c.guessed[m[1]] != "" {
			msg += fmt.Sprintf(" (%s was taken for the package %q, as no variable has that name)", m[1], p)
		}
		return msg
	}
	if m := multiValue.FindStringSubmatch(msg); m != nil && c.isDefValue(te.Pos) {
		return fmt.Sprintf("assignment mismatch: 1 variable but %s returns %d values", m[1], 1+strings.Count(m[2], ", "))
	}
	if m := noMember.FindStringSubmatch(msg); m != nil && !strings.Contains(msg, "but does have") {
		return msg + c.memberHint(te.Pos, m[2])
	}
	return msg
}

// indexHint tells how to read from a value that cannot be indexed but has a Get.
func (c *checked) indexHint(pos token.Pos) (hint string) {
	for _, r := range c.roots() {
		ast.Inspect(r, func(n ast.Node) bool {
			ix, ok := n.(*ast.IndexExpr)
			if !ok || ix.Pos() != pos {
				return hint == ""
			}
			path, isText := ix.Index.(*ast.BasicLit)
			if t := c.info.TypeOf(ix.X); t != nil && isText && path.Kind == token.STRING {
				if get, _, _ := types.LookupFieldOrMethod(t, true, c.pkg, "Get"); get != nil {
					hint = "; write Get(" + path.Value + ")"
				}
			}
			return true
		})
	}
	return hint
}

// isDefValue tells whether the value of a definition begins at pos.
func (c *checked) isDefValue(pos token.Pos) bool {
	for _, d := range c.defs {
		if len(d.values) == 1 && len(d.names) == 1 && d.values[0].Pos() == pos {
			return true
		}
	}
	return false
}

// assignedCall tells how many values the call at pos has, when it is all of the
// right side of `x := f()`, and what it calls.
func (c *checked) assignedCall(pos token.Pos) (values int, fun string) {
	for _, t := range c.stmts {
		a, ok := t.node.(*ast.AssignStmt)
		if !ok || a.Tok != token.DEFINE || len(a.Lhs) != 1 || a.Rhs[0].Pos() != pos {
			continue
		}
		if call, ok := a.Rhs[0].(*ast.CallExpr); ok {
			if sig, ok := c.info.TypeOf(call.Fun).(*types.Signature); ok {
				return sig.Results().Len(), types.ExprString(call.Fun)
			}
		}
	}
	return 0, ""
}

func (c *checked) hint(name string, early bool) string {
	if early {
		return " (it is not defined yet at this place)"
	}
	if e := c.k.ses.entries[name]; e != nil && e.broken != nil {
		return fmt.Sprintf(" (%s no longer compiles: %s; run its definition again)", name, e.broken.Message)
	}
	if d := c.broken[name]; d != nil {
		return fmt.Sprintf(" (%s no longer compiles with this cell: %s)", name, d.Message)
	}
	if c.isAssigned(name) {
		return fmt.Sprintf("; %s := ... defines it", name)
	}
	switch name {
	case "None":
		return "; did you mean nil?"
	case "requests":
		return "; get(path), post(body) and net/http ask over HTTP"
	}
	known := c.knownNames()
	if c.bases[name] { // a package, perhaps
		for _, p := range c.k.imp.Paths("") {
			n, _ := c.k.imp.Name(p)
			known = append(known, n)
		}
	}
	return suggest(name, known)
}

// isAssigned tells whether a statement of the cell gives name a value with "=",
// as if it were there already.
func (c *checked) isAssigned(name string) bool {
	for _, t := range c.stmts {
		a, ok := t.node.(*ast.AssignStmt)
		if !ok || a.Tok != token.ASSIGN {
			continue
		}
		for _, l := range a.Lhs {
			if id, ok := l.(*ast.Ident); ok && id.Name == name {
				return true
			}
		}
	}
	return false
}

// knownNames lists what a bare name could have meant.
func (c *checked) knownNames() []string {
	var out []string
	for n, e := range c.k.ses.entries {
		if e.broken == nil {
			out = append(out, n)
		}
	}
	for n := range c.defined {
		out = append(out, n)
	}
	for n := range c.k.opts.Names {
		out = append(out, n)
	}
	for n := range c.imports {
		out = append(out, n)
	}
	return append(out, types.Universe.Names()...)
}

func exported(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return !token.IsExported(n) })
}

// memberHint looks for a member of the operand's type with a similar name;
// of a type's name, for a package that is nearly called so.
func (c *checked) memberHint(pos token.Pos, name string) string {
	var sel *ast.SelectorExpr
	for _, r := range c.roots() {
		ast.Inspect(r, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Pos() == pos {
				sel = s
			}
			return sel == nil
		})
	}
	if sel == nil {
		return ""
	}
	tv := c.info.Types[sel.X]
	if id, ok := sel.X.(*ast.Ident); ok && tv.IsType() {
		if pkg, err := c.k.imp.Import(id.Name + "s"); err == nil && pkg.Scope().Lookup(name) != nil {
			return "; did you mean " + id.Name + "s." + name + "?"
		}
	}
	if tv.Type == nil {
		return ""
	}
	var names []string
	for _, m := range members(tv.Type, c.pkg) {
		names = append(names, m.Name())
	}
	return suggest(name, names)
}

// suggest gives "; did you mean x?" when a candidate is close to name.
func suggest(name string, candidates []string) string {
	best, bestDist := "", (len(name)+1)/3
	slices.Sort(candidates)
	for _, c := range candidates {
		if c == name || strings.Contains(c, "__") {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(c), bestDist+1)
		better := d == bestDist && len(c) > len(name) && len(best) < len(name) // a letter was left out
		// of Offers and offers, the one that is written like the name
		alike := d == bestDist && best != "" && token.IsExported(c) == token.IsExported(name) && token.IsExported(best) != token.IsExported(name)
		if d < bestDist || d == bestDist && best == "" || better || alike {
			best, bestDist = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance counts the edits (a swap of neighbours is one) from a to b; limit
// or more is given as limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var before, prev []int
	cur := make([]int, len(b)+1)
	for j := range cur {
		cur[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, prev, cur = prev, cur, make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
	}
	return min(cur[len(b)], limit)
}
