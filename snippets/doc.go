// Package snippets reads notebooks that are plain Markdown files, replays them
// and compares what their cells print with what the file says they print.
//
// A fenced block marked go is a cell; a fenced block marked output right after
// it is what a reader will see. Everything else is prose and is kept as it is:
// a notebook that nobody updated prints back byte for byte. The format is told
// in docs/snippets.md. Markdown is read as CommonMark 0.31 (goldmark).
//
// The package knows nothing of kernels: Replay is given a function that
// evaluates a cell.
package snippets

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed *.md
var shipped embed.FS

// Names lists the notebooks that come with the program, without ".md", sorted.
func Names() []string {
	entries, err := shipped.ReadDir(".")
	if err != nil {
		panic(err) // the embedded file system always has its root
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".md"))
	}
	slices.Sort(names)
	return names
}

// Open reads the notebook with this file name, or the shipped one with this
// name ("tutorial", "snippets/tutorial.md") when there is no such file. The
// error of a broken notebook names file and line; that of an unknown one lists
// the shipped ones.
func Open(name string) (*Notebook, error) {
	src, err := os.ReadFile(name)
	if err == nil {
		return Parse(name, src)
	}
	base := strings.TrimSuffix(filepath.Base(name), ".md")
	if data, shippedErr := fs.ReadFile(shipped, base+".md"); shippedErr == nil {
		return Parse("snippets/"+base+".md", data)
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err // it names the file again
	}
	return nil, fmt.Errorf("open notebook %s: %w; the program comes with %s", name, err, strings.Join(Names(), ", "))
}
