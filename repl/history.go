package repl

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// history is what was typed, oldest first, in this session and, when it has a
// file, in earlier ones. The file holds an entry a line, newlines written as
// \n; several sessions may append to it. It is used by one goroutine at a time.
type history struct {
	path    string
	entries []string
	at      int    // the entry shown in the line; len(entries) is the draft
	draft   string // what was being typed before the first step back
}

// maxHistory entries are kept in the file; twice as many make it be rewritten.
const maxHistory = 1000

// openHistory reads path, which need not exist; an empty path keeps the
// history in memory. The history works in memory also when an error is given.
func openHistory(path string) (*history, error) {
	h := &history{path: path}
	if path == "" {
		return h, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		h.path = ""
		return h, fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			h.entries = append(h.entries, unescapeEntry(line))
		}
		if err != nil {
			break
		}
	}
	if len(h.entries) > 2*maxHistory {
		h.entries = h.entries[len(h.entries)-maxHistory:]
		err = h.rewrite()
	}
	h.at = len(h.entries)
	return h, err
}

// add appends an entry unless it begins with a space, is empty or repeats the last one.
func (h *history) add(text string) error {
	defer func() { h.at, h.draft = len(h.entries), "" }()
	text = strings.TrimRight(text, " \t\n")
	if text == "" || text[0] == ' ' || len(h.entries) > 0 && h.entries[len(h.entries)-1] == text {
		return nil
	}
	h.entries = append(h.entries, text)
	if h.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		h.path = ""
		return fmt.Errorf("write history: %w", err)
	}
	f, err := os.OpenFile(h.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		h.path = ""
		return fmt.Errorf("write history: %w", err)
	}
	_, err = f.WriteString(escapeEntry(text) + "\n")
	return errors.Join(err, f.Close())
}

func (h *history) rewrite() error {
	var b strings.Builder
	for _, e := range h.entries {
		b.WriteString(escapeEntry(e) + "\n")
	}
	tmp := h.path + ".new"
	if err := os.WriteFile(tmp, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("shorten history: %w", err)
	}
	return os.Rename(tmp, h.path)
}

// back gives the entry before the one shown; current is the text in the line.
func (h *history) back(current string) (string, bool) {
	if h.at == 0 {
		return "", false
	}
	if h.at == len(h.entries) {
		h.draft = current
	}
	h.at--
	return h.entries[h.at], true
}

// forward gives the entry after the one shown, at last the draft.
func (h *history) forward() (string, bool) {
	if h.at >= len(h.entries) {
		return "", false
	}
	h.at++
	if h.at == len(h.entries) {
		return h.draft, true
	}
	return h.entries[h.at], true
}

// find gives the index of the youngest entry before the index that contains
// text; upper and lower case are the same unless text has upper case.
func (h *history) find(text string, before int) (int, bool) {
	fold := text == strings.ToLower(text)
	for i := min(before, len(h.entries)) - 1; i >= 0; i-- {
		e := h.entries[i]
		if fold {
			e = strings.ToLower(e)
		}
		if strings.Contains(e, text) {
			return i, true
		}
	}
	return 0, false
}

func escapeEntry(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(s)
}

func unescapeEntry(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(s)
}
