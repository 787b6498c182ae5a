package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// freePorts finds ports for three masters and an agent where neither another test's
// cluster nor an outgoing connection looks for one: a master that is dead for a
// while finds its port free when it comes back.
func freePorts(t *testing.T) (master, agent string) {
	t.Helper()
	for base := 12000; base < 32000; base += 500 {
		if slices.ContainsFunc([]int{base, base + 1, base + 100, base + 200}, inUse) {
			continue
		}
		return strconv.Itoa(base), strconv.Itoa(base + 1)
	}
	t.Fatal("no free ports between 12000 and 32000")
	return "", ""
}

func inUse(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return true
	}
	return l.Close() != nil
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
			master, agent := freePorts(t)
			args := []string{"run", "--check", "--quiet", "--master-port", master, "--agent-port", agent, file}
			if status := run(args, nil, os.Stdout, os.Stderr); status != 0 {
				t.Errorf("mesosbook run --check %s: exit status %d", file, status)
			}
		})
	}
}
