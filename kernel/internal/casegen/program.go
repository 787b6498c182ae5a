package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// fill finds out the output of c, and its errors when the compiler gives them.
func (c *testCase) fill() error {
	if c.compile {
		msgs, err := compilerErrors(assemble(c.Cells, true, true))
		if err != nil {
			return err
		}
		c.Errors = msgs
	}
	switch {
	case c.fixed:
		return nil
	case c.program != "":
		out, msg := run(c.program)
		c.Want = out
		return failure(msg, c.program)
	}
	msg := ""
	for _, try := range []struct{ show, globals bool }{{true, false}, {true, true}, {false, false}, {false, true}} {
		src := assemble(c.Cells, try.show, try.globals)
		if c.Want, msg = run(src); msg == "" {
			return nil
		}
	}
	return failure(msg, assemble(c.Cells, true, true))
}

func failure(msg, src string) error {
	if msg == "" {
		return nil
	}
	return fmt.Errorf("%s\n%s", msg, src)
}

// run gives the standard output of a program and what went wrong.
func run(src string) (out, msg string) {
	dir, err := os.MkdirTemp("", "casegen")
	if err != nil {
		fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		fail(err)
	}
	cmd := exec.Command("go", "run", file)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		return string(b), err.Error() + "\n" + stderr.String()
	}
	return string(b), ""
}

var compilerLine = regexp.MustCompile(`(?m)(In\[\d+\]:\d+:\d+: .*)$`)

var tempFile = regexp.MustCompile(`\[[^\]]*main\.go:\d+:\d+\]`)

// compilerErrors gives the compiler's messages for src, unused variables and
// imports aside.
func compilerErrors(src string) ([]string, error) {
	_, msg := run(src)
	var out []string
	for _, m := range compilerLine.FindAllStringSubmatch(msg, -1) {
		m[1] = tempFile.ReplaceAllString(m[1], "")
		if strings.HasSuffix(m[1], "too many errors") {
			continue
		}
		if !strings.Contains(m[1], "and not used") && !strings.Contains(m[1], "is not used") && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no errors of the compiler:\n%s\n%s", msg, src)
	}
	return out, nil
}

// assemble makes one program of cells. With globals the variables are declared
// at package level, where functions see them.
func assemble(cells []string, show, globals bool) string {
	imports := map[string]bool{`"fmt"`: true, `"strings"`: true}
	var decls, body strings.Builder
	for n, cell := range cells {
		chunks := chunksOf(cell)
		for i, ch := range chunks {
			mark := fmt.Sprintf("\n//line In[%d]:%d:1\n", n+1, ch.line)
			switch {
			case strings.HasPrefix(ch.text, "import "):
				noteImports(ch.text, imports)
			case isDecl(ch.text), globals && strings.HasPrefix(ch.text, "var "):
				decls.WriteString(mark + ch.text + "\n")
			case globals && i >= 0 && isDefinition(ch.text):
				decls.WriteString(mark + "var " + strings.Replace(ch.text, ":=", "=", 1) + "\n")
			case show && i == len(chunks)-1 && isShown(ch.text):
				body.WriteString("show(" + mark + ch.text + ")\n")
			default:
				body.WriteString(mark + ch.text + "\n" + uses(ch.text))
			}
		}
		if !globals {
			body.WriteString("{\n")
		}
	}
	if !globals {
		body.WriteString(strings.Repeat("}\n", len(cells)))
	}
	guessImports(decls.String()+"\nfunc _() {\n"+body.String()+"}\n", imports)
	list := slices.Sorted(maps.Keys(imports))
	return "package main\nimport (\n" + strings.Join(list, "\n") + "\n)\nvar _ = fmt.Sprint\nvar _ = strings.ToUpper\n" + decls.String() + `
func show(v ...any) {
	var s []string
	for _, x := range v { s = append(s, fmt.Sprint(x)) }
	fmt.Println("= " + strings.Join(s, ", "))
}
func main() {
` + body.String() + "}\n"
}

// standard lists the packages that cells use without an import, by name.
func standard() map[string]string {
	byName := map[string]string{}
	for _, p := range strings.Fields(`bufio bytes cmp container/heap container/list container/ring context crypto/md5 crypto/sha1
		crypto/sha256 encoding/base64 encoding/binary encoding/csv encoding/hex encoding/json encoding/xml errors flag hash/crc32 hash/fnv
		html io io/fs iter log maps math math/big math/bits math/cmplx math/rand net/http net/http/httptest net/url os path path/filepath
		reflect regexp runtime slices sort strconv sync sync/atomic testing text/tabwriter text/template time unicode unicode/utf8 unsafe`) {
		byName[path.Base(p)] = p
	}
	return byName
}

// guessImports adds what src mentions and does not declare.
func guessImports(src string, imports map[string]bool) {
	f, _ := parser.ParseFile(token.NewFileSet(), "", "package p\n"+src, 0)
	if f == nil {
		return
	}
	bases := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				bases[id.Name] = true
			}
		}
		return true
	})
	std := standard()
	given := strings.Join(slices.Collect(maps.Keys(imports)), "\n")
	for _, id := range f.Unresolved {
		if p := std[id.Name]; p != "" && bases[id.Name] && !strings.Contains(given, "/"+id.Name+`"`) {
			imports[`"`+p+`"`] = true
		}
	}
}

func noteImports(text string, imports map[string]bool) {
	list := strings.FieldsFunc(strings.TrimPrefix(text, "import "), func(r rune) bool { return strings.ContainsRune("();\n", r) })
	for _, f := range list {
		if f = strings.TrimSpace(f); f != "" {
			imports[f] = true
		}
	}
}

// piece is a run of lines that is a declaration or statements.
type piece struct {
	text string
	line int
}

// chunksOf cuts a cell into the shortest runs of lines that parse.
func chunksOf(cell string) []piece {
	var out []piece
	cur, start := "", 1
	for i, line := range strings.Split(cell, "\n") {
		if strings.TrimSpace(cur) == "" {
			cur, start = line, i+1
		} else {
			cur += "\n" + line
		}
		if strings.TrimSpace(cur) != "" && complete(cur) {
			out = append(out, piece{cur, start})
			cur = ""
		}
	}
	if strings.TrimSpace(cur) != "" {
		out = append(out, piece{cur, start})
	}
	return out
}

func complete(s string) bool {
	return isDecl(s) || isStmt(s) || strings.HasPrefix(s, "import ") && parses("package p;"+s)
}

func parses(s string) bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", s, 0)
	return err == nil
}

func isDecl(s string) bool {
	for _, p := range []string{"func ", "type ", "const "} {
		if strings.HasPrefix(s, p) && parses("package p;"+s) {
			return true
		}
	}
	return false
}

func isStmt(s string) bool { return parses("package p;func _() {\n" + s + "\n}") }

func isDefinition(s string) bool {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {\n"+s+"\n}", 0)
	if err != nil {
		return false
	}
	list := f.Decls[0].(*ast.FuncDecl).Body.List
	if len(list) != 1 {
		return false
	}
	a, ok := list[0].(*ast.AssignStmt)
	return ok && a.Tok == token.DEFINE
}

// isShown tells whether s is an expression whose value is shown.
func isShown(s string) bool {
	x, err := parser.ParseExpr(s)
	if err != nil {
		return false
	}
	if c, ok := x.(*ast.CallExpr); ok {
		if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
			return !strings.HasPrefix(strings.TrimPrefix(sel.Sel.Name, "F"), "Print") && !strings.HasPrefix(sel.Sel.Name, "Fprint")
		}
	}
	return true
}

// uses mentions the variables that statements define.
func uses(s string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {\n"+s+"\n}", 0)
	if err != nil {
		return ""
	}
	out := ""
	use := func(x ast.Expr) {
		if id, ok := x.(*ast.Ident); ok && id.Name != "_" {
			out += "_ = " + id.Name + "\n"
		}
	}
	for _, st := range f.Decls[0].(*ast.FuncDecl).Body.List {
		switch st := st.(type) {
		case *ast.AssignStmt:
			for _, l := range st.Lhs {
				if st.Tok == token.DEFINE {
					use(l)
				}
			}
		case *ast.DeclStmt:
			for _, sp := range st.Decl.(*ast.GenDecl).Specs {
				if v, ok := sp.(*ast.ValueSpec); ok {
					for _, id := range v.Names {
						use(id)
					}
				}
			}
		}
	}
	return out
}
