//go:build ignore

// Gen writes more.json: the cases of more.txt with the output that the Go
// compiler gives for them. The cells of a case become one program: their
// imports and declarations at package level, their statements in main, the
// last expression of a cell as a call of show.
//
//	go run gen.go
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

type sessionCase struct {
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Cells    []string `json:"cells"`
	Want     string   `json:"want"`
	Errors   []string `json:"errors,omitempty"`
}

func main() {
	text, err := os.ReadFile("more.txt")
	check(err)
	var cases []sessionCase
	for _, block := range strings.Split(string(text), "\n=== ")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		category, name, _ := strings.Cut(strings.TrimSpace(head), "/")
		cases = append(cases, sessionCase{Name: name, Category: category, Cells: strings.Split(strings.TrimSpace(body), "\n--\n")})
	}
	old := map[string]string{} // what was generated before need not be again
	if b, err := os.ReadFile("more.json"); err == nil {
		var before []sessionCase
		check(json.Unmarshal(b, &before))
		for _, c := range before {
			if c.Want != "" {
				old[strings.Join(c.Cells, "\n--\n")] = c.Want
			}
		}
	}
	var wg sync.WaitGroup
	slots := make(chan bool, 2)
	for i := range cases {
		wg.Add(1)
		go func() {
			defer wg.Done()
			slots <- true
			if want, ok := old[strings.Join(cases[i].Cells, "\n--\n")]; ok {
				cases[i].Want = want
			} else {
				cases[i].Want = run(cases[i], true, false)
			}
			<-slots
		}()
	}
	wg.Wait()
	out, err := json.MarshalIndent(cases, "", "\t")
	check(err)
	check(os.WriteFile("more.json", append(out, '\n'), 0o644))
	fmt.Println(len(cases), "cases")
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run gives the output of the case as a program. Last expressions without a
// value and variables that functions use are found by trying.
func run(c sessionCase, show, globals bool) string {
	dir, err := os.MkdirTemp("", "cells")
	check(err)
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "main.go")
	src := program(c, show, globals)
	check(os.WriteFile(file, []byte(src), 0o644))
	cmd := exec.Command("go", "run", file)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && show && strings.Contains(stderr.String(), "used as value") {
		return run(c, false, globals)
	}
	if err != nil && !globals && strings.Contains(stderr.String(), "undefined: ") {
		return run(c, show, true)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s\n%s\n", c.Name, err, stderr.String(), src)
	}
	return string(out)
}

func program(c sessionCase, show, globals bool) string {
	imports := map[string]bool{`"fmt"`: true, `"strings"`: true}
	var decls, body strings.Builder
	for _, cell := range c.Cells {
		chunks := chunksOf(cell)
		for i, ch := range chunks {
			switch {
			case strings.HasPrefix(ch, "import "):
				for _, f := range strings.FieldsFunc(strings.TrimPrefix(ch, "import "), func(r rune) bool { return strings.ContainsRune("();\n", r) }) {
					if f = strings.TrimSpace(f); f != "" {
						imports[f] = true
					}
				}
			case isDecl(ch), globals && strings.HasPrefix(ch, "var "):
				decls.WriteString(ch + "\n")
			case show && i == len(chunks)-1 && isExpr(ch):
				body.WriteString("show(" + ch + ")\n")
			default:
				body.WriteString(ch + "\n" + uses(ch))
			}
		}
	}
	var list []string
	for i := range imports {
		list = append(list, i)
	}
	return "package main\nimport (\n" + strings.Join(list, "\n") + "\n)\n" + decls.String() + `
func show(v ...any) {
	var s []string
	for _, x := range v { s = append(s, fmt.Sprint(x)) }
	fmt.Println("= " + strings.Join(s, ", "))
}
func main() {
` + body.String() + "}\n"
}

// chunksOf cuts a cell into lines that belong together.
func chunksOf(cell string) []string {
	var out []string
	cur := ""
	for _, line := range strings.Split(cell, "\n") {
		if cur != "" {
			cur += "\n"
		}
		cur += line
		if strings.TrimSpace(cur) == "" {
			cur = ""
			continue
		}
		if complete(cur) {
			out = append(out, cur)
			cur = ""
		}
	}
	if cur != "" {
		out = append(out, cur)
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

func isExpr(s string) bool {
	x, err := parser.ParseExpr(s)
	if err != nil {
		return false
	}
	if c, ok := x.(*ast.CallExpr); ok {
		if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
			if strings.HasPrefix(strings.TrimPrefix(sel.Sel.Name, "F"), "Print") || strings.HasPrefix(sel.Sel.Name, "Fprint") {
				return false
			}
		}
	}
	return true
}

// uses mentions the variables that a statement defines.
func uses(s string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {\n"+s+"\n}", 0)
	if err != nil {
		return ""
	}
	out := ""
	for _, st := range f.Decls[0].(*ast.FuncDecl).Body.List {
		switch st := st.(type) {
		case *ast.AssignStmt:
			if st.Tok == token.DEFINE {
				for _, l := range st.Lhs {
					if id := l.(*ast.Ident); id.Name != "_" {
						out += "_ = " + id.Name + "\n"
					}
				}
			}
		case *ast.DeclStmt:
			for _, sp := range st.Decl.(*ast.GenDecl).Specs {
				if v, ok := sp.(*ast.ValueSpec); ok {
					for _, id := range v.Names {
						out += "_ = " + id.Name + "\n"
					}
				}
			}
		}
	}
	return out
}
