package kernel

import (
	"strings"
	"testing"
)

// Who writes Python is told the Go of it, at once and in one line.
func TestForeignHints(t *testing.T) {
	k, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for code, want := range map[string]string{
		"for o in offers():":         "in Go: for _, o := range offers() {",
		"for i in range(3):":         "in Go: for i := range 3 {",
		"if x == 1:":                 "in Go: if x == 1 {",
		"def f(x):":                  "in Go: func f(x int) int {",
		`print "x"`:                  `in Go: fmt.Println("x")`,
		"let x = 1":                  "in Go: x := 1",
		"x = 1 if y else 2":          "in Go: if y { x = 1 } else { x = 2 }",
		"s := 'hello'":               "text stands between double quotes",
		"x := [1, 2]":                "in Go: []int{1, 2}",
		"body = 5":                   "undefined: body; body := ... defines it",
		"None":                       "did you mean nil?",
		"url.URL{}[\"a\"]":           "cannot index url.URL{}",
		"url.Values{}[\"a\"][\"b\"]": "",
		"http.Header{} = 1":          "",
	} {
		res := k.Run(t.Context(), code)
		if res.Err == nil || !strings.Contains(res.Err.Error(), want) || strings.Contains(res.Err.Error(), "\n") {
			t.Errorf("%s: %v, want %q in one line", code, res.Err, want)
		}
		if want == "" && strings.Contains(res.Err.Error(), "in Go:") {
			t.Errorf("%s: %v", code, res.Err)
		}
		if k.Completeness(code) != Complete {
			t.Errorf("%s waits for more lines", code)
		}
	}
	for _, code := range []string{"for i := range 3 {", "again:", "switch x {\ncase 1:", "x :=", "f("} {
		if k.Completeness(code) != Incomplete {
			t.Errorf("%q does not wait for more lines", code)
		}
	}
}
