package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mesosbook": main})
}

// TestScripts plays testdata/script/*.txtar: whole sessions with the program,
// each with what it must print.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}

// TestDocumentsReplay replays the README and every page of docs that is a
// notebook: what they show is what the program prints.
func TestDocumentsReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an embedded cluster for each notebook")
	}
	t.Chdir(filepath.Join("..", ".."))
	files, err := filepath.Glob("snippets/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("shipped notebooks: found %d, error %v", len(files), err)
	}
	for _, file := range append([]string{"README.md"}, files...) {
		t.Run(file, func(t *testing.T) {
			if status := run([]string{"run", "--check", "--quiet", file}, nil, os.Stdout, os.Stderr); status != 0 {
				t.Errorf("mesosbook run --check %s: exit status %d", file, status)
			}
		})
	}
}
