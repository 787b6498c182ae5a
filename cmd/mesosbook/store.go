package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mesosbook/resources"
	"mesosbook/session"
)

// stateDir is where the program keeps what outlives it: "mesosbook" below the
// user's state directory (XDG base directory specification 0.8). Empty when the
// user has no home.
func stateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mesosbook")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "mesosbook")
}

// store is the directory of one notebook: the session's event log (written by
// package session), and beside it the master and the cells.
type store struct {
	dir   string
	cells *os.File
}

// The files of a store that are written here.
const (
	storeMasterName = "master" // the value of --master; absent for the embedded cluster
	storeCellsName  = "cells.jsonl"
)

// keptStores is how many notebooks without a name of their own are kept.
const keptStores = 50

func sessionsDir() (string, error) {
	state := stateDir()
	if state == "" {
		return "", errors.New("no state directory: set XDG_STATE_HOME or HOME")
	}
	return filepath.Join(state, "sessions"), nil
}

// checkStoreName refuses what is no plain directory name.
func checkStoreName(name string) error {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return usageError{fmt.Errorf("session %q: want a plain name such as demo", name)}
	}
	return nil
}

// createStore makes the directory of a new notebook; an empty name is the time.
func createStore(name, master string) (*store, error) {
	dir, err := sessionsDir()
	if err != nil {
		return nil, err
	}
	if name == "" {
		pruneStores(dir)
		name = time.Now().Format("2006-01-02-150405") + fmt.Sprintf("-%d", os.Getpid())
	} else if err := checkStoreName(name); err != nil {
		return nil, err
	}
	st := &store{dir: filepath.Join(dir, name)}
	if _, err := session.Resumable(st.dir); err == nil {
		return nil, fmt.Errorf("session %s exists: go on with it by --resume=%s, or take another name", name, name)
	}
	if err := os.MkdirAll(st.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep the session: %w", err)
	}
	if master != "" {
		if err := os.WriteFile(filepath.Join(st.dir, storeMasterName), []byte(withoutPassword(master)+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("keep the session: %w", err)
		}
	}
	return st, st.openCells()
}

// openStore finds the notebook to resume; an empty name is the last one used.
func openStore(name string) (*store, error) {
	dir, err := sessionsDir()
	if err != nil {
		return nil, err
	}
	if name == "" {
		if name, err = lastStore(dir); err != nil {
			return nil, err
		}
	} else if err := checkStoreName(name); err != nil {
		return nil, err
	}
	st := &store{dir: filepath.Join(dir, name)}
	if _, err := os.Stat(st.dir); err != nil {
		return nil, noSuchStore("resume", dir, name)
	}
	if _, err := session.Resumable(st.dir); err != nil {
		return nil, fmt.Errorf("%w; mesosbook export %s prints its cells", err, name)
	}
	return st, st.openCells()
}

// noSuchStore says which sessions there are.
func noSuchStore(op, dir, name string) error {
	kept := storesByAge(dir)
	if near, ok := resources.Nearest(name, kept); ok {
		return fmt.Errorf("%s %s: no such session; did you mean %s?", op, name, near)
	}
	if len(kept) == 0 {
		return fmt.Errorf("%s %s: no such session; none is kept in %s", op, name, dir)
	}
	return fmt.Errorf("%s %s: no such session; mesosbook export --list lists those there are", op, name)
}

// lastStore is the newest notebook that can be resumed.
func lastStore(dir string) (string, error) {
	for _, s := range slices.Backward(storesByAge(dir)) {
		if _, err := session.Resumable(filepath.Join(dir, s)); err == nil {
			return s, nil
		}
	}
	return "", fmt.Errorf("resume: no session in %s can be resumed: none there has subscribed and was not torn down; a script on the embedded cluster leaves none, as the cluster ends with it", dir)
}

// storesByAge lists the notebooks, the one used longest ago first.
func storesByAge(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	used := map[string]time.Time{}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		names = append(names, e.Name())
		if info, err := os.Stat(filepath.Join(dir, e.Name(), storeCellsName)); err == nil {
			used[e.Name()] = info.ModTime()
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(used[a].UnixNano(), used[b].UnixNano()) })
	return names
}

// pruneStores removes the oldest notebooks that have the time as their name,
// but none that could still be resumed within a day.
func pruneStores(dir string) {
	var unnamed []string
	for _, name := range storesByAge(dir) {
		if _, err := time.Parse("2006-01-02-150405", name[:min(len(name), 17)]); err == nil {
			unnamed = append(unnamed, name)
		}
	}
	for _, name := range unnamed[:max(0, len(unnamed)-keptStores)] {
		info, err := os.Stat(filepath.Join(dir, name))
		if err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(filepath.Join(dir, name))
		}
	}
}

// master is the --master that the notebook was started with; empty for the
// embedded cluster.
func (st *store) master() string {
	text, err := os.ReadFile(filepath.Join(st.dir, storeMasterName))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (st *store) name() string { return filepath.Base(st.dir) }

func (st *store) close() error { return st.cells.Close() }

// withoutPassword removes the credentials of a zk:// or http:// address.
func withoutPassword(master string) string {
	scheme, rest, ok := strings.Cut(master, "://")
	if !ok {
		return master
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = rest[at+1:]
	}
	return scheme + "://" + rest
}
