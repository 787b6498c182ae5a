package kernel

import (
	"path/filepath"
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
	for _, file := range files {
		for _, c := range loadCases(t, file) {
			t.Run(c.Category+"/"+c.Name, func(t *testing.T) { playCase(t, c) })
		}
	}
}
