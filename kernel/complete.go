package kernel

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/scanner"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cursorName stands at the cursor while an unfinished cell is checked.
const cursorName = "x__cursor"

// maxCandidates bounds what Complete gives.
const maxCandidates = 500

// Complete lists the candidates at byte offset cursor of code and the offset
// at which the word to be replaced begins. Nothing of the cell is run.
func (k *Kernel) Complete(code string, cursor int) (candidates []Completion, start int) {
	k.run.Lock()
	defer k.run.Unlock()
	cursor = max(0, min(cursor, len(code)))
	if list, at, ok := k.completeString(code, cursor); ok {
		return list, at
	}
	start = wordStart(code, cursor)
	if inText(code[:cursor]) {
		return nil, start
	}
	word := code[start:cursor]
	if word == "" && !strings.HasSuffix(strings.TrimRight(code[:start], " \t"), ".") && strings.TrimSpace(code[:start]) == "" {
		return nil, start
	}
	c := k.probe(code[:start], code[cursor:])
	candidates = clipCandidates(c.candidates(), word)
	for i := range candidates {
		candidates[i].Detail = k.plain.in(candidates[i].Detail)
	}
	return candidates, start
}

// inText tells whether code ends within a string or a comment, where no name stands.
func inText(code string) bool {
	open := false
	notTerminated := func(pos token.Position, text string) {
		// A string ends with its line, a raw one and a comment with the code.
		ended := !strings.HasPrefix(text, "raw") && !strings.HasPrefix(text, "comment") && strings.Contains(code[pos.Offset:], "\n")
		open = open || strings.HasSuffix(text, "not terminated") && !ended
	}
	var sc scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(code))
	sc.Init(file, []byte(code), notTerminated, scanner.ScanComments)
	for {
		pos, tok, text := sc.Scan()
		switch {
		case tok == token.EOF:
			return open
		case tok == token.COMMENT && strings.HasPrefix(text, "//"):
			open = open || file.Offset(pos)+len(text) == len(code)
		}
	}
}

// wordStart gives the offset at which the identifier before cursor begins.
func wordStart(code string, cursor int) int {
	for cursor > 0 {
		r, n := utf8.DecodeLastRuneInString(code[:cursor])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		cursor -= n
	}
	return cursor
}

// clipCandidates keeps what begins with word, in its case if any does.
func clipCandidates(all []Completion, word string) []Completion {
	keep := func(match func(s string) bool) []Completion {
		var out []Completion
		for _, c := range all {
			if match(c.Text) {
				out = append(out, c)
			}
		}
		return out
	}
	out := keep(func(s string) bool { return strings.HasPrefix(s, word) })
	if len(out) == 0 {
		lower := strings.ToLower(word)
		out = keep(func(s string) bool { return strings.HasPrefix(strings.ToLower(s), lower) })
	}
	slices.SortStableFunc(out, func(a, b Completion) int { return strings.Compare(a.Text, b.Text) })
	out = slices.CompactFunc(out, func(a, b Completion) bool { return a.Text == b.Text })
	return out[:min(len(out), maxCandidates)]
}

// probe checks the cell with cursorName between before and after, as far as it
// can be made sense of: with the text after the cursor, or cut off there.
func (k *Kernel) probe(before, after string) *checked {
	rest, _, _ := strings.Cut(after, "\n")
	closers := openBrackets(before)
	for _, tail := range []string{after, rest + closers, closers, " {}" + closers, "; true {}" + closers, ": 0" + closers, " = 0" + closers} {
		u := k.parse(k.cell+1, before+cursorName+tail)
		if len(u.errs) == 0 {
			return k.check(u)
		}
	}
	// The rest of the cell is broken: look at the last line alone.
	line := before[strings.LastIndexAny(before, "\n;{}")+1:]
	u := k.parse(k.cell+1, line+cursorName+openBrackets(line))
	u.errs = nil
	return k.check(u)
}

// openBrackets gives what closes the brackets that are open at the end of src.
func openBrackets(src string) string {
	var sc scanner.Scanner
	sc.Init(token.NewFileSet().AddFile("", -1, len(src)), []byte(src), nil, 0)
	closing := map[token.Token]string{token.LPAREN: ")", token.LBRACK: "]", token.LBRACE: "}"}
	var open []string
	for {
		_, tok, _ := sc.Scan()
		switch tok {
		case token.EOF:
			slices.Reverse(open)
			return strings.Join(open, "")
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, closing[tok])
		case token.RPAREN, token.RBRACK, token.RBRACE:
			open = open[:max(0, len(open)-1)]
		}
	}
}

// roots lists the syntax of the cell.
func (c *checked) roots() []ast.Node {
	var out []ast.Node
	for _, e := range c.decls {
		out = append(out, e.decl)
	}
	for _, t := range c.stmts {
		out = append(out, t.node)
	}
	return out
}

// path gives the nodes around the first identifier called name, outermost first.
func (c *checked) path(name string) []ast.Node {
	var found, stack []ast.Node
	for _, r := range c.roots() {
		stack = nil
		ast.Inspect(r, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			stack = append(stack, n)
			if id, ok := n.(*ast.Ident); ok && found == nil && strings.TrimSuffix(id.Name, wasSuffix) == name {
				found = slices.Clone(stack)
			}
			return true
		})
	}
	return found
}

func (c *checked) candidates() []Completion {
	path := c.path(cursorName)
	if len(path) < 1 {
		return c.names(nil)
	}
	if len(path) > 1 {
		switch p := path[len(path)-2].(type) {
		case *ast.SelectorExpr:
			if p.Sel == path[len(path)-1] {
				return c.selections(p.X)
			}
		case *ast.CompositeLit:
			if out := c.fieldNames(p); out != nil {
				return append(out, c.names(path)...)
			}
		case *ast.KeyValueExpr:
			if lit, ok := path[len(path)-3].(*ast.CompositeLit); ok && p.Key == path[len(path)-1] {
				if out := c.fieldNames(lit); out != nil {
					return out
				}
			}
		}
	}
	return c.names(path)
}

// selections lists what can follow "x.".
func (c *checked) selections(x ast.Expr) []Completion {
	if id, ok := x.(*ast.Ident); ok {
		if p, ok := c.info.Uses[id].(*types.PkgName); ok {
			return c.packageMembers(p.Imported())
		}
		if paths := c.k.imp.Paths(id.Name); c.info.Uses[id] == nil && len(paths) > 0 {
			if pkg, err := c.k.imp.Import(preferred(id.Name, paths)); err == nil {
				return c.packageMembers(pkg)
			}
		}
	}
	tv, ok := c.info.Types[x]
	if !ok || tv.Type == nil {
		return nil
	}
	var out []Completion
	for _, m := range members(tv.Type, c.pkg) {
		out = append(out, c.completion(m))
	}
	return out
}

func (c *checked) packageMembers(pkg *types.Package) []Completion {
	var out []Completion
	for _, n := range exported(pkg.Scope().Names()) {
		out = append(out, c.completion(pkg.Scope().Lookup(n)))
	}
	return out
}

// fieldNames lists the fields that a struct literal does not have yet.
func (c *checked) fieldNames(lit *ast.CompositeLit) []Completion {
	t := c.info.TypeOf(lit)
	if t == nil || structOf(t) == nil {
		return nil
	}
	used := map[string]bool{}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
	}
	var out []Completion
	st := structOf(t)
	for i := range st.NumFields() {
		f := st.Field(i)
		if !used[f.Name()] && (f.Exported() || f.Pkg() == c.pkg) {
			d := c.completion(f)
			d.Text += ": "
			out = append(out, d)
		}
	}
	return out
}

// names lists the names that can stand alone at the end of path.
func (c *checked) names(path []ast.Node) []Completion {
	var out []Completion
	for _, n := range path {
		s := c.info.Scopes[n]
		if f, ok := n.(*ast.FuncDecl); ok {
			s = c.info.Scopes[f.Type]
		} else if f, ok := n.(*ast.FuncLit); ok {
			s = c.info.Scopes[f.Type]
		}
		if s == nil {
			continue
		}
		for _, name := range s.Names() {
			if o := s.Lookup(name); o.Pos() < path[len(path)-1].Pos() {
				out = append(out, c.completion(o))
			}
		}
	}
	for n := range c.defined {
		if o := c.pkg.Scope().Lookup(n); o != nil && n != cursorName {
			out = append(out, c.completion(o))
		}
	}
	for _, e := range c.k.ses.entries {
		if e.broken == nil && !strings.Contains(e.name, "__") {
			d := c.completion(e.obj)
			d.Doc = firstLine(e.doc)
			out = append(out, d)
		}
	}
	for n, o := range c.k.helperNames {
		d := c.completion(o)
		d.Text, d.Doc = n, c.k.doc(n)
		out = append(out, d)
	}
	for _, p := range c.k.imp.Paths("") {
		if name, ok := c.k.imp.Name(p); ok && !strings.HasPrefix(p, "internal/") {
			out = append(out, Completion{Text: name, Detail: "package " + p})
		}
	}
	for _, n := range types.Universe.Names() {
		out = append(out, c.completion(types.Universe.Lookup(n)))
	}
	for t := token.BREAK; t <= token.VAR; t++ {
		out = append(out, Completion{Text: t.String(), Detail: "keyword"})
	}
	return out
}

func (k *Kernel) doc(name string) string {
	if k.opts.Doc == nil {
		return ""
	}
	return firstLine(k.opts.Doc(name))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

func (c *checked) completion(o types.Object) Completion {
	return Completion{Text: o.Name(), Detail: detail(o)}
}

// detail says in a few words what o is.
func detail(o types.Object) string {
	switch o := o.(type) {
	case *types.PkgName:
		return "package " + o.Imported().Path()
	case *types.Const:
		if o.Val().Kind() == constant.Unknown {
			return "const"
		}
		return "const " + o.Val().String()
	case *types.TypeName:
		return "type " + underlyingText(o)
	case *types.Builtin:
		return "builtin"
	case *types.Nil:
		return "nil"
	}
	return types.TypeString(o.Type(), shortPkg)
}

// underlyingText tells the kind of a type without its insides.
func underlyingText(o *types.TypeName) string {
	switch u := o.Type().Underlying().(type) {
	case *types.Struct:
		return "struct"
	case *types.Interface:
		return "interface"
	default:
		return types.TypeString(u, shortPkg)
	}
}

// completeString completes the string literal at the cursor when it is the
// first argument of a call that Options.Strings knows about.
func (k *Kernel) completeString(code string, cursor int) ([]Completion, int, bool) {
	if k.opts.Strings == nil {
		return nil, 0, false
	}
	line := code[strings.LastIndexByte(code[:cursor], '\n')+1 : cursor]
	if strings.Count(line, `"`)%2 == 0 && strings.Count(line, "`")%2 == 0 {
		return nil, 0, false
	}
	quote := strings.LastIndexAny(line, "\"`")
	call, isCall := strings.CutSuffix(strings.TrimRight(line[:quote], " "), "(")
	if !isCall {
		return nil, 0, false
	}
	name := call[wordStart(call, len(call)):]
	var recv reflect.Value
	if base, ok := strings.CutSuffix(call[:len(call)-len(name)], "."); ok {
		id := base[wordStart(base, len(base)):]
		if recv = k.live(id); !recv.IsValid() {
			return nil, 0, false
		}
	}
	var out []Completion
	for _, s := range k.opts.Strings(name, recv, line[quote+1:]) {
		out = append(out, Completion{Text: s})
	}
	return out, cursor - len(line) + quote + 1, true
}

// live gives the value of a variable of the session; invalid when there is none.
func (k *Kernel) live(name string) reflect.Value {
	e := k.ses.live(name)
	if e == nil || e.kind != entryVar {
		return reflect.Value{}
	}
	return k.interp.Globals()[e.slot]
}

// Signature gives the function whose arguments the cursor is in, its type as
// Type, and the number of the argument from 0. ok is false outside of a call.
func (k *Kernel) Signature(code string, cursor int) (d Description, arg int, ok bool) {
	k.run.Lock()
	defer k.run.Unlock()
	cursor = max(0, min(cursor, len(code)))
	start := wordStart(code, cursor)
	c := k.probe(code[:start], code[cursor:])
	path := c.path(cursorName)
	for i := len(path) - 1; i > 0; i-- {
		call, isCall := path[i-1].(*ast.CallExpr)
		if !isCall {
			continue
		}
		for j, a := range call.Args {
			if a != path[i] {
				continue
			}
			t := c.info.TypeOf(call.Fun)
			if t == nil {
				return d, 0, false
			}
			return k.plain.of(c.describeCall(call, t)), j, true
		}
	}
	return d, 0, false
}

func (c *checked) describeCall(call *ast.CallExpr, t types.Type) Description {
	d := Description{Type: types.TypeString(t, shortPkg)}
	var id *ast.Ident
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	}
	if id == nil {
		return d
	}
	d.Name = id.Name
	if e := c.k.ses.live(id.Name); e != nil && c.info.Uses[id] == e.obj {
		d.Doc, d.Cell = e.doc, e.cell
	} else if o := c.k.helper(id.Name); o != nil && c.info.Uses[id] == o && c.k.opts.Doc != nil {
		d.Doc = c.k.opts.Doc(id.Name)
	}
	return d
}

// byName orders descriptions.
func byName(a, b Description) int { return cmp.Compare(a.Name, b.Name) }
