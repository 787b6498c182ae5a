package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A pipe has its secret once, and a notebook looks at its settings several times.
func TestSecretIsReadOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := notebookFlags{masterFlags: masterFlags{principal: "p", secretFile: file}, master: "m1:5050", ack: "auto"}
	if _, err := f.sessionOptions(f.master); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	copied := f // as the notebook gets them
	opts, err := copied.sessionOptions(f.master)
	if err != nil || opts.Secret != "hunter2" {
		t.Errorf("got %q, %v", opts.Secret, err)
	}
}
