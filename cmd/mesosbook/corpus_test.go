package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// corpusCase is one session of kernel/testdata: the cells, the standard output
// with a line "= values" for each shown value as the Go compiler gives it, and
// pieces of the errors.
type corpusCase struct {
	Name   string
	Cells  []string
	Want   string
	Errors []string
}

// TestCorpusThroughEval plays the sessions of the kernel's given corpus through
// `mesosbook eval --json`, the way that scripts use it.
func TestCorpusThroughEval(t *testing.T) {
	files, err := filepath.Glob("../../kernel/testdata/cells.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("corpus: found %d files, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []corpusCase
		if err := json.Unmarshal(text, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) { playCorpusCase(t, c) })
		}
	}
}

func playCorpusCase(t *testing.T, c corpusCase) {
	var in, out, errs bytes.Buffer
	requests := json.NewEncoder(&in)
	for _, code := range c.Cells {
		timeout := "30s"
		if strings.HasPrefix(code, "//timeout") {
			timeout = "300ms" // the case says that this cell does not end by itself
		}
		if err := requests.Encode(evalRequest{Code: code, Timeout: timeout}); err != nil {
			t.Fatal(err)
		}
	}
	if status := run([]string{"eval", "--json", "--no-cluster"}, &in, &out, &errs); status != 0 {
		t.Fatalf("exit status %d: %s", status, errs.String())
	}
	var shown, failures strings.Builder
	answers := json.NewDecoder(&out)
	for range c.Cells {
		var a evalAnswer
		if err := answers.Decode(&a); err != nil {
			t.Fatalf("an answer is missing or broken: %v", err)
		}
		shown.WriteString(a.Stdout)
		if len(a.Values) > 0 {
			shown.WriteString("= " + strings.Join(a.Values, ", ") + "\n")
		}
		if a.Error != "" {
			failures.WriteString(a.Error + "\n")
		}
		failures.WriteString(a.Stderr)
	}
	if c.Want != "" && shown.String() != c.Want {
		t.Errorf("cells %q\nshow %q\nwant %q\nerrors %s", c.Cells, shown.String(), c.Want, failures.String())
	}
	for _, piece := range c.Errors {
		if !holds(failures.String(), piece) {
			t.Errorf("cells %q: errors %q have no %q", c.Cells, failures.String(), piece)
		}
	}
	if len(c.Errors) == 0 && strings.Contains(failures.String(), "[") && c.Want == "" {
		t.Errorf("cells %q: errors %q, want none", c.Cells, failures.String())
	}
}

// holds tells whether text has the piece, as it is or as an expression.
func holds(text, piece string) bool {
	if strings.Contains(text, piece) {
		return true
	}
	re, err := regexp.Compile(piece)
	return err == nil && re.MatchString(text)
}
