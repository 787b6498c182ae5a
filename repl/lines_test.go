package repl

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mesosbook/snippets"
)

func TestGroupLines(t *testing.T) {
	for _, test := range []struct {
		name, in string
		gather   bool
		want     []string
	}{
		{"a line is a cell", "x := 1\n\ny := 2\n", true, []string{"x := 1", "y := 2"}},
		{"blank lines do not end a cell", "if x {\n\n\ty()\n\n}\nz()", true, []string{"if x {\n\n\ty()\n\n}", "z()"}},
		{"else", "if x {\n} else {\n}\nz", true, []string{"if x {\n} else {\n}", "z"}},
		{"comments go with what follows", "// a\n\n// b\nx\n// end\n", true, []string{"// a\n\n// b\nx"}},
		{"declarations together", "import \"fmt\"\n\nfunc a() { b() }\n// b\nfunc b() {\n}\na()\n", true,
			[]string{"import \"fmt\"\n\nfunc a() { b() }\n// b\nfunc b() {\n}", "a()"}},
		{"declarations one by one", "func a() {\n}\nfunc b() {}\n", false, []string{"func a() {\n}", "func b() {}"}},
		{"function literal", "func() {\n}()\nx\n", true, []string{"func() {\n}()", "x"}},
		{"commands", "func a() {}\n:who\n!ls {\nx?\n f(\n:x)\n", true,
			[]string{"func a() {}", ":who", "!ls {", "x?", " f(\n:x)"}},
		{"what is never finished is run all the same", "f(\n1", true, []string{"f(\n1"}},
		{"nothing", "\n \n", true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := &fakeKernel{}
			g := grouper{gather: test.gather, finished: func(s string) bool { return k.Completeness(s) == 0 }}
			var got []string
			for line := range strings.SplitSeq(test.in, "\n") {
				got = append(got, g.add(line)...)
			}
			if rest := g.rest(); rest != "" {
				got = append(got, rest)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// runPipe runs a session on a pipe.
func runPipe(t *testing.T, in string, change func(*Options)) (out, errs string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	k := &fakeKernel{}
	o := Options{Kernel: k, In: strings.NewReader(in), Out: &stdout, Err: &stderr}
	if change != nil {
		change(&o)
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	k.output = r.Output
	err = r.Run(t.Context())
	return stdout.String(), stderr.String(), err
}

func TestPipe(t *testing.T) {
	out, errs, err := runPipe(t, "print one\\n\nwarn two\nshow 3\nfail is undefined\n:nope\nprint after\n", nil)
	if want := "one\n3\nafter\n"; out != want {
		t.Errorf("stdout %q, want %q", out, want)
	}
	if want := "two\n[4]:1:6: is undefined\n    fail is undefined\n         ^\n:nope: no such command; :help lists them\n"; errs != want {
		t.Errorf("stderr %q, want %q", errs, want)
	}
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Failed != 2 || err.Error() != "2 cells failed" {
		t.Errorf("Run gave %v", err)
	}
}

// The words for commands are understood in a pipe as well.
func TestPipeUnderstandsWords(t *testing.T) {
	out, errs, err := runPipe(t, "?\nshow 1\nexit\nshow 2\n", nil)
	if err != nil || errs != "" || !strings.HasPrefix(out, "Commands\n  :help [NAME]") || !strings.HasSuffix(out, "\n1\n") {
		t.Errorf("gave %q, %q, %v", out, errs, err)
	}
}

func TestPipeQuits(t *testing.T) {
	out, _, err := runPipe(t, "show 1\n:quit\nshow 2\n", nil)
	if out != "1\n" || err != nil {
		t.Errorf("%q %v", out, err)
	}
}

func TestPipeMarksLateOutput(t *testing.T) {
	out, _, _ := runPipe(t, "late a\\nb\n", nil)
	if out != "[1] a\\nb\n" {
		t.Errorf("%q", out)
	}
}

func TestDumbTerminal(t *testing.T) {
	out, _, err := runPipe(t, "f(\n1)\nshow 2\nfail no\n", func(o *Options) {
		o.Terminal, o.Dumb, o.Color, o.Banner = true, true, true, "hello"
	})
	want := "hello\n[1] ... [2] 2\n[3] [3]:1:6: no\n    fail no\n         ^\n[4] \n"
	if out != want || err != nil {
		t.Errorf("got %q %v, want %q", out, err, want)
	}
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "demo.md")
	out, errs, _ := runPipe(t, "print hi\nshow ```\nfail x\nlet\n:save "+file+"\n", nil)
	if !strings.HasSuffix(out, "saved 3 cells to "+file+" without 1 that failed (:save -a keeps them)\n") {
		t.Errorf("out %q, errors %q", out, errs)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "# demo\n\n```go\nprint hi\n```\n```output\nhi\n```\n\n````go\nshow ```\n````\n````output\n```\n````\n\n```go\nlet\n```\n"
	if string(data) != want {
		t.Errorf("saved %q\nwant  %q", data, want)
	}
	_, errs, _ = runPipe(t, "let\n:save "+file+"\n:save -f "+file+"\nlet\n:save "+file+"\n", nil)
	if errs != ":save "+file+": there is such a file already; :save -f overwrites it\n" {
		t.Errorf("saving again: %q", errs)
	}
	os.WriteFile(file, []byte(want), 0o600)
	out, errs, err = runPipe(t, ":load "+file+"\n", nil)
	if err != nil || errs != "" || !strings.Contains(out, "[1] print hi\nhi") || !strings.Contains(out, "[3] let\n") {
		t.Errorf("load: %q %q %v", out, errs, err)
	}
}

func TestLoadGoFileStopsAtTheFirstError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.go")
	os.WriteFile(file, []byte("// only a comment\n\n// %% one\nshow 1\n// %%\nfail no\n// %%\nshow 3\n"), 0o600)
	out, errs, err := runPipe(t, ":load "+file+"\n", nil)
	if !strings.Contains(out, "show 1\n1\n") || strings.Contains(out, "show 3") {
		t.Errorf("out %q", out)
	}
	if !strings.HasSuffix(errs, ":load "+file+": stopped, 1 cell not run\n") || err == nil || err.Error() != "1 cell failed" {
		t.Errorf("errors %q %v", errs, err)
	}
}

func TestCommands(t *testing.T) {
	for _, test := range []struct{ in, out, errs string }{
		{":who", "x  int  5\n", ""},
		{":hepl", "", ":hepl: no such command; did you mean :help?\n"},
		{"offers?", "offers  func() []Offer\nthe offers at hand\n", ""},
		{":help offers", "offers  func() []Offer\nthe offers at hand\n", ""},
		{":help hist", ":hist [-g TEXT]  what was typed, or what of it contains TEXT\n", ""},
		{"nothing?", "", "undefined: nothing\n"},
		{":set paging maybe", "", ":set paging maybe: want on or off\n"},
		{":set nonsense 1", "", ":set nonsense: no such setting; there are paging, hints, time, lines, theme\n"},
		{":time", "time on      show how long each cell took\n", ""},
		{":tim", "time on      show how long each cell took\n", ""},
		{":set lines 5", "lines 5      cut values after so many lines when they are not paged; 0 never\n", ""},
		{":set lines", "", ":set lines: want a number of lines, or 0 for all, got \"\"\n"},
		{":set theme blue", "", ":set theme: want dark or light, got \"blue\"\n"},
		{":h", "", ":h: is it :help, :hist?\n"},
		{":", "", ": want a command behind it; :help lists them\n"},
		{":who x", "", ":who x: it takes nothing behind it\n"},
		{":load nowhere", "", ":load: open notebook nowhere: no such file or directory; the program comes with " + strings.Join(snippets.Names(), ", ") + "\n"},
		{":save", "", ":save: want a file name, like :save demo.md\n"},
		{":load nowhere.go", "", ":load: open nowhere.go: no such file or directory\n"},
		{":edit", "", ":edit: needs a terminal\n"},
		{"!echo out; echo err >&2", "out\n", "err\n"},
		{"!exit 3", "", "!exit 3: exit status 3\n"},
		{"!x", "", ""}, // x is a name of the session: a cell
		{"!", "", "!: want a command behind it, like !ls\n"},
	} {
		out, errs, _ := runPipe(t, test.in, nil)
		if out != test.out || errs != test.errs {
			t.Errorf("%s gave %q and %q", test.in, out, errs)
		}
	}
}

// A cell whose calls were not sent is left out, or skipped by a replay.
func TestSaveOfADryRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.md")
	unsent := 0
	out, _, _ := runPipe(t, "print sent\nprint kept back\nfail x\n:save "+file+"\n:save -a "+file+"\n", func(o *Options) {
		o.Unsent = func() int { unsent++; return unsent / 4 } // two questions a cell: grows during the second
	})
	if !strings.Contains(out, "saved 1 cell to "+file+" without 1 that failed and 1 of a dry run (:save -a keeps them)\nsaved 3 cells to ") {
		t.Errorf("out %q", out)
	}
	data, err := os.ReadFile(file)
	if want := "```go skip\nprint kept back\n```"; err != nil || !strings.Contains(string(data), want) {
		t.Errorf("saved %q, want %q in it", data, want)
	}
}

func TestWrapProse(t *testing.T) {
	const text = "One paragraph\nof two lines that is long.\n\n1. first\n2. second\n* item\n> quoted\n\n```json\n{\"a\":      1, \"b\": 2222222222222222222}\n  x\n```\nafter\nit"
	const want = "One paragraph of two lines that\nis long.\n\n1. first\n2. second\n* item\n> quoted\n\n```json\n{\"a\":      1, \"b\": 2222222222222222222}\n  x\n```\nafter it"
	if got := wrapProse(text, 31); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestJoinLines(t *testing.T) {
	const text = "launch(what any) *Task\n\nOne paragraph\nof two lines.\n\nExample:\n  a := 1\n  b := 2\n\nNames:\n  x  one\n  y  two\n- an item\ngoes on\n"
	const want = "launch(what any) *Task\n\nOne paragraph of two lines.\n\nExample:\n  a := 1\n  b := 2\n\nNames:\n  x  one\n  y  two\n- an item goes on\n"
	if got := joinLines(text); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What crosses the wire is not broken: its JSON can be copied.
func TestWrapNotices(t *testing.T) {
	const wire = `<- {"message": "Command terminated with signal Terminated"}`
	const text = "subscribed as framework f at http://127.0.0.1:5050\n" + wire
	const want = "subscribed as framework f at\n    http://127.0.0.1:5050\n" + wire
	if got := wrapNotices(text, 40); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
