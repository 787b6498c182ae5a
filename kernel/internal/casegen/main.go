// Casegen writes the files more_*.json of kernel/testdata from more_*.txt: each
// session with the output that the Go compiler gives for it.
//
//	go run ./kernel/internal/casegen kernel/testdata
//
// A text holds cases one after another:
//
//	=== category/name
//	the first cell
//	--
//	the second cell
//	-- program
//	a program that prints what the session prints
//	-- want
//	the output, where no program gives it
//	-- errors
//	a piece of each error, a line each
//	-- errors go
//
// Without a program the cells become one: imports and declarations at package
// level, the statements in main, each cell in a block of its own, and the last
// expression of a cell as a call of show. "errors go" takes the errors from
// the compiler's own messages for that program.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// testCase is one session with what it is to show, as the test reads it.
type testCase struct {
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Cells    []string `json:"cells"`
	Want     string   `json:"want"`
	Errors   []string `json:"errors,omitempty"`

	program string // written by hand
	fixed   bool   // Want is written by hand
	compile bool   // Errors are those of the compiler
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: casegen DIRECTORY"))
	}
	files, err := filepath.Glob(filepath.Join(os.Args[1], "more_*.txt"))
	if err != nil {
		fail(err)
	}
	failed := false
	for _, f := range files {
		failed = generate(f) || failed
	}
	if failed {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "casegen:", err)
	os.Exit(1)
}

// generate writes the JSON beside a text. Cases whose cells are the same as
// before keep their output.
func generate(file string) (failed bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		fail(err)
	}
	cases := parseCases(string(text))
	target := strings.TrimSuffix(file, ".txt") + ".json"
	before := known(target)
	errs := make([]error, len(cases))
	var wg sync.WaitGroup
	slots := make(chan bool, 2)
	for i := range cases {
		c := &cases[i]
		if old, ok := before[c.key()]; ok && !c.fixed && c.program == "" {
			c.Want = old.Want
			if c.compile {
				c.Errors = old.Errors
			}
			continue
		}
		wg.Go(func() {
			slots <- true
			defer func() { <-slots }()
			errs[i] = c.fill()
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s/%s: %v\n", cases[i].Category, cases[i].Name, err)
		}
	}
	out, err := json.MarshalIndent(cases, "", "\t")
	if err != nil {
		fail(err)
	}
	if err := os.WriteFile(target, append(out, '\n'), 0o644); err != nil {
		fail(err)
	}
	fmt.Println(len(cases), "cases in", target)
	return failed
}

func (c *testCase) key() string { return strings.Join(c.Cells, "\n--\n") }

// known gives the cases that were generated before and have a result.
func known(file string) map[string]testCase {
	out := map[string]testCase{}
	b, err := os.ReadFile(file)
	if err != nil {
		return out
	}
	var cases []testCase
	if err := json.Unmarshal(b, &cases); err != nil {
		return out // written anew
	}
	for _, c := range cases {
		if c.Want != "" || len(c.Errors) > 0 {
			out[c.key()] = c
		}
	}
	return out
}

// parseCases reads a text of cases; what stands before the first is a comment.
func parseCases(text string) []testCase {
	var cases []testCase
	for _, block := range strings.Split("\n"+text, "\n=== ")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		var c testCase
		c.Category, c.Name, _ = strings.Cut(strings.TrimSpace(head), "/")
		for i, part := range strings.Split("--\n"+strings.TrimRight(body, "\n"), "\n--") {
			if i == 0 {
				part = strings.TrimPrefix(part, "--")
			}
			kind, content, _ := strings.Cut(part, "\n")
			c.add(strings.TrimSpace(kind), content)
		}
		cases = append(cases, c)
	}
	return cases
}

func (c *testCase) add(kind, content string) {
	switch kind {
	case "":
		c.Cells = append(c.Cells, content)
	case "program":
		c.program = content
	case "want":
		c.fixed = true
		if content != "" {
			c.Want = content + "\n"
		}
	case "errors":
		c.Errors = strings.Split(content, "\n")
	case "errors go":
		c.compile = true
	default:
		fail(fmt.Errorf("%s/%s: unknown part %q", c.Category, c.Name, kind))
	}
}
