package kernel

import (
	"path/filepath"
	"regexp"
	"testing"
)

// TestMoreCells plays the sessions of testdata/more_*.json, whose output is
// that of compiled Go (see internal/casegen).
func TestMoreCells(t *testing.T) {
	files, err := filepath.Glob("testdata/more_*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no files testdata/more_*.json")
	}
	todo := unsolved()
	for _, file := range files {
		for _, c := range loadCases(t, file) {
			t.Run(c.Category+"/"+c.Name, func(t *testing.T) {
				if why := todo[c.Category+"/"+c.Name]; why != "" {
					t.Skip(why)
				}
				for i, e := range c.Errors { // they are plain text
					c.Errors[i] = regexp.QuoteMeta(e)
				}
				playCase(t, c)
			})
		}
	}
}

// unsolved names the sessions that do not give what compiled Go gives, and why;
// docs/limits.md tells what a user sees.
func unsolved() map[string]string {
	return map[string]string{
		"stdlib/template-more":  "text/template does not see the methods of session types",
		"types/recursive-types": "recursive function types",
	}
}
