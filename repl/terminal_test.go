package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTypeACell(t *testing.T) {
	c := newConsole(t, 40, 10, nil)
	c.sees("[1] ▏")
	c.keysTyped("show 7")
	c.sees("[1] show 7▏")
	c.keysTyped("\r")
	c.sees("[1] show 7\n7\n[2] ▏")
	c.keysTyped("\x04")
	if err := c.ended(); err != nil {
		t.Error(err)
	}
}

func TestEnterContinuesAnUnfinishedCell(t *testing.T) {
	c := newConsole(t, 40, 10, nil)
	c.keysTyped("f() {\r")
	c.sees("[1] f() {\n...     ▏")
	c.keysTyped("g()\r}")
	c.sees("[1] f() {\n...     g()\n... }▏")
	c.keysTyped("\r")
	c.sees("[1] f() {\n...     g()\n... }\n[2] ▏")
	c.keysTyped("\x1b[A")
	c.sees("[1] f() {\n...     g()\n... }\n[2] f() {\n...     g()\n... }▏")
	if got := c.kernel.cells(); len(got) != 1 || got[0] != "f() {\n\tg()\n}" {
		t.Errorf("ran %q", got)
	}
}

func TestAltEnterAndCtrlJBreakTheLine(t *testing.T) {
	c := newConsole(t, 40, 10, nil)
	c.keysTyped("a\x1b\rb\nc")
	c.sees("[1] a\n... b\n... c▏")
	c.keysTyped("\x1b[A\x1b[D") // up, left
	c.sees("[1] a\n... ▏b\n... c")
	c.keysTyped("\x1b[H\x1b[1~x\x1b[4~y") // Home twice, both ways; End
	c.sees("[1] a\n... xby▏\n... c")
	c.keysTyped("\r")
	c.shows("[2] ▏")
	if got := c.kernel.cells(); len(got) != 1 || got[0] != "a\nxby\nc" {
		t.Errorf("ran %q", got)
	}
}

func TestPasteDoesNotRun(t *testing.T) {
	c := newConsole(t, 40, 10, nil)
	c.keysTyped("\x1b[200~if x {\r\n\tprint y\r\n}\r\nz\x1b[20")
	c.keysTyped("1~!")
	c.sees("[1] if x {\n...     print y\n... }\n... z!▏")
	if got := c.kernel.cells(); len(got) != 0 {
		t.Errorf("the paste ran %q", got)
	}
}

func TestWideRunes(t *testing.T) {
	c := newConsole(t, 40, 10, nil)
	c.keysTyped("世界abc😀")
	c.keysTyped(strings.Repeat("\x1b[D", 4))
	c.sees("[1] 世界▏abc😀")
	c.keysTyped("\x7f\x1b[D,")
	c.sees("[1] ,▏世abc😀")
	c.keysTyped("\r")
	c.shows("[2] ▏")
	if got := c.kernel.cells(); len(got) != 1 || got[0] != ",世abc😀" {
		t.Errorf("ran %q", got)
	}
}

func TestNarrowWindow(t *testing.T) {
	c := newConsole(t, 20, 6, nil)
	c.keysTyped("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbccc")
	c.sees("[1] aaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbb\nccc▏")
	c.keysTyped("\x01")
	c.sees("[1] ▏aaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbb\nccc")
	c.keysTyped("\x05\x1b[D\x1b[D\x1b[D")
	c.sees("[1] aaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbb\n▏ccc")
	c.keysTyped("\x03")
	c.shows("^C")
	c.keysTyped("aaaaaaaaaaaaaaaa")
	c.shows("[1] aaaaaaaaaaaaaaaa\n▏")
}

func TestCellHigherThanTheWindow(t *testing.T) {
	c := newConsole(t, 20, 4, nil)
	c.keysTyped("1\n2\n3\n4\n5\n6")
	c.sees("... 3\n... 4\n... 5\n... 6▏")
	c.keysTyped("\x1b<")
	c.sees("[1] ▏1\n... 2\n... 3\n... 4")
	c.keysTyped("\r")
	c.sees("... 4\n... 5\n... 6\n[2] ▏")
}

func TestNoticeKeepsTheTypedText(t *testing.T) {
	c := newConsole(t, 30, 8, nil)
	c.keysTyped("ab\ncd")
	c.sees("[1] ab\n... cd▏")
	c.repl.Notice("task t1 is running")
	c.sees("task t1 is running\n[1] ab\n... cd▏")
	c.keysTyped("e")
	c.sees("task t1 is running\n[1] ab\n... cde▏")
	c.repl.Notice("evil \x1b[2Jtext\r\nsecond")
	c.sees("task t1 is running\nevil [2Jtext\nsecond\n[1] ab\n... cde▏")
}

func TestNoticesAreBounded(t *testing.T) {
	c := newConsole(t, 60, 8, nil)
	c.sees("[1] ▏")
	c.term.mu.Lock() // the terminal stands still
	for range 3 * maxNotices {
		c.repl.Notice("event")
	}
	c.term.mu.Unlock()
	if _, ok := c.await(func(string) bool { return strings.Contains(string(c.term.raw), "more notices came too fast") }); !ok {
		t.Error("dropped notices are not told")
	}
	c.shows("[1] ▏")
}

func TestLateOutputIsMarked(t *testing.T) {
	c := newConsole(t, 30, 8, nil)
	c.keysTyped("late one\\n\r")
	c.repl.Output(lateOutput(1, "two\nthr"))
	c.repl.Output(lateOutput(1, "ee\n"))
	c.repl.Output(lateOutput(1, "open"))
	c.shows("[1] open")
	c.shows("[1] three")
	c.shows("[2] ▏")
}

func TestCtrlCWhileTyping(t *testing.T) {
	c := newConsole(t, 40, 10, nil)
	c.keysTyped("abc\x03")
	c.sees("[1] abc^C\n[1] ▏")
	c.keysTyped("\x03\x03")
	c.sees("[1] abc^C\nto quit: Ctrl-D or :quit\n[1] ▏")
	c.keysTyped("x\r")
	c.shows("[1] x\n[2] ▏")
}

func TestCtrlCInterruptsACell(t *testing.T) {
	c := newConsole(t, 70, 10, nil)
	c.kernel.began = make(chan string)
	c.keysTyped("wait\r")
	<-c.kernel.began
	c.keysTyped("typed ahead\x03show 1")
	c.sees("[1] wait\n[1]: interrupted\n[2] show 1▏")
}

func TestCellTimeout(t *testing.T) {
	c := newConsole(t, 60, 10, func(o *Options) { o.CellTimeout = 1 })
	c.keysTyped("wait\r")
	c.kernel.began = nil
	c.shows("[1]: cell timeout 1ns\n[2] ▏")
}

func TestErrorWithCaret(t *testing.T) {
	c := newConsole(t, 60, 10, nil)
	c.keysTyped("a\nfail 世 is undefined\r")
	c.sees("[1] a\n... fail 世 is undefined\n[1]:2:6: 世 is undefined\n    fail 世 is undefined\n         ^\n[2] ▏")
}

func TestUnfinishedOutputLineIsEnded(t *testing.T) {
	c := newConsole(t, 60, 10, nil)
	c.keysTyped("print no newline\r")
	c.sees("[1] print no newline\nno newline\n[2] ▏")
}

func TestCompletion(t *testing.T) {
	c := newConsole(t, 60, 10, nil)
	c.keysTyped("la\t")
	c.sees("[1] launch▏")
	c.keysTyped("(o\t")
	c.sees("[1] launch(off▏\noffers  func() []Offer  // the offers at hand\noffset  int")
	c.keysTyped("e\t")
	c.sees("[1] launch(offers▏")
	c.keysTyped("(")
	c.sees("[1] launch(offers(▏\noffers() []Offer  // the offers at hand")
	c.keysTyped(")")
	c.sees("[1] launch(offers()▏")
	c.keysTyped("\x7f\x7f\x03:qu\t")
	c.sees("[1] launch(offers^C\n[1] :quit▏")
}

func TestCompletionInANarrowWindow(t *testing.T) {
	c := newConsole(t, 9, 4, nil)
	c.keysTyped("o\t")
	c.sees("[1] off▏\noffers …\noffset …")
}

func TestTabIndentsAtTheStartOfALine(t *testing.T) {
	c := newConsole(t, 40, 8, nil)
	c.keysTyped("a\n\tb")
	c.sees("[1] a\n...     b▏")
}

func TestEditingKeys(t *testing.T) {
	for _, test := range []struct{ name, keys, want string }{
		{"kill to the end of the line", "ab cd\nef\x1b[A\x01\x1bf\x0b", "[1] ab▏\n... ef"},
		{"kill joins lines", "ab\ncd\x1b[A\x05\x0b", "[1] ab▏cd"},
		{"kill word and yank", "one two_three\x17\x19\x19", "[1] one two_threetwo_three▏"},
		{"kill to the start of the line", "ab\ncd\x15x", "[1] ab\n... x▏"},
		{"word left in tmux", "one two\x1b[1;5Dx", "[1] one x▏two"},
		{"word right", "one two\x01\x1b[1;3Cx", "[1] onex▏ two"},
		{"delete on an empty line does not quit", "\x1b[3~x", "[1] x▏"},
		{"delete", "abc\x01\x1b[3~", "[1] ▏bc"},
		{"Ctrl-D deletes", "abc\x01\x04", "[1] ▏bc"},
		{"undo", "abc\x17x\x1f\x1f", "[1] abc▏"},
		{"undo a paste", "a\x1b[200~b\nc\x1b[201~\x1f", "[1] a▏"},
		{"shift-tab and F5 do nothing", "a\x1b[Z\x1b[15~\x1bOPb", "[1] ab▏"},
		{"up keeps the column", "abc\nd\nefg\x1b[A\x1b[Ax", "[1] abcx▏\n... d\n... efg"},
		{"transpose", "ab\x14", "[1] ba▏"},
		{"a bracket moves left", "f {\ng(\n)", "[1] f {\n...     g(\n...     )▏"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newConsole(t, 40, 8, nil)
			c.keysTyped(test.keys)
			c.sees(test.want)
		})
	}
}

func TestHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "history")
	withFile := func(o *Options) { o.HistoryFile = file }
	c := newConsole(t, 60, 20, withFile)
	c.keysTyped("one\ntwo\r second\rthird \\n\rthird \\n\r")
	c.shows("[5] ▏")
	c.keysTyped("\x04")
	c.ended()
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("history file: %v %v", info, err)
	}
	data, _ := os.ReadFile(file)
	if want := "one\\ntwo\nthird \\\\n\n"; string(data) != want {
		t.Errorf("history file is %q, want %q", data, want)
	}
	c = newConsole(t, 60, 10, withFile)
	c.keysTyped("draft\x10")
	c.sees(`[1] third \n▏`)
	c.keysTyped("\x10")
	c.sees("[1] one\n... two▏")
	c.keysTyped("\x0e\x0e")
	c.sees("[1] draft▏")
	c.keysTyped("\x12TWO\x7f\x7f\x7ftwo")
	c.sees("[1] one\n... two▏\nsearch: two   (Ctrl-R older, Enter takes it, Ctrl-G gives …")
	c.keysTyped("\r")
	c.sees("[1] one\n... two▏")
	c.keysTyped("\x12none\x07")
	c.sees("[1] one\n... two▏")
}

func TestResize(t *testing.T) {
	c := newConsole(t, 40, 8, nil)
	c.keysTyped("abcdefghijklmnopqrstuvwxyz")
	c.sees("[1] abcdefghijklmnopqrstuvwxyz▏")
	c.term.narrow(20)
	c.repl.scr.resized()
	c.sees("[1] abcdefghijklmnop\nqrstuvwxyz▏")
}

func TestCtrlLClears(t *testing.T) {
	c := newConsole(t, 40, 8, nil)
	c.keysTyped("show 1\rab\x0c")
	c.sees("[2] ab▏")
}

// A value that is one long line is shown a window at a time as well.
func TestPagingOfALongLine(t *testing.T) {
	c := newConsole(t, 20, 6, nil)
	c.keysTyped("show " + strings.Repeat("世x", 400) + "\r")
	c.shows("世x世x世x世x世x世x世\n-- 5 of 62 --▏")
	c.keysTyped("q")
	c.shows("[2] ▏")
}

func TestPaging(t *testing.T) {
	c := newConsole(t, 60, 6, nil)
	c.keysTyped(":help\r")
	c.shows("Space more, Enter one, g all, q ends --▏")
	c.keysTyped("q")
	c.shows("[1] ▏")
	c.keysTyped(":set paging off\r:set lines 2\r:help\r")
	c.shows("more lines (:set lines 0")
}

func TestRunEndsWithItsContext(t *testing.T) {
	reason := errors.New("told to stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := newConsoleIn(ctx, t, 40, 8, nil)
	c.keysTyped("half")
	c.shows("half▏")
	cancel(reason)
	if err := c.ended(); !errors.Is(err, reason) {
		t.Errorf("Run gave %v", err)
	}
	c.sees("▏")
}

func TestOpenCall(t *testing.T) {
	for code, want := range map[string]int{
		"f(": 1, "a.b(1, ": 3, "f(g(x), ": 1, "f()": -1, "f(func() {": -1, "f([]int{1}, \"(": 1, "f(`": 1, ")": -1,
	} {
		if got := openCall(code); got != want {
			t.Errorf("openCall(%q) = %d, want %d", code, got, want)
		}
	}
}

func TestStepThroughANotebook(t *testing.T) {
	file := filepath.Join(t.TempDir(), "n.md")
	os.WriteFile(file, []byte("# Title\n\nProse.\n\n```go\nshow 1\n```\n```output\n1\n```\n\nMore.\n\n```go\nshow 2\n```\n"), 0o600)
	c := newConsole(t, 200, 30, nil)
	c.keysTyped(":step " + file + "\r")
	c.shows("# Title\n\nProse.\n\n[1] show 1▏")
	c.keysTyped("\r")
	c.shows("[1] show 1\n1\n[2] ▏\nEnter: step 2 of 2 · " + file + " · :step back, :step off")
	c.keysTyped("show question\r\r")
	c.shows("question\n\nMore.\n\n[3] show 2▏")
	c.keysTyped("\x03:step back\r")
	c.shows(":step back\n\n# Title\n\nProse.\n\n[3] show 1▏")
	c.keysTyped("\x03:step back\r:step 3\r")
	c.shows(":step back: want a cell from 1 to 2")
	c.shows(":step 3: want a cell from 1 to 2")
	c.keysTyped(":step 2\r")
	c.shows(":step 2\n\nMore.\n\n[3] show 2▏")
	c.keysTyped("\r\r")
	c.shows(file + " ends here\n[4] ▏")
	c.keysTyped(":step back\r")
	c.shows(":step back: no notebook is being walked through")
}

// Between two cells with nothing but blank lines between them nothing is shown.
func TestStepFromCellToCell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "n.md")
	os.WriteFile(file, []byte("```go\nshow 1\n```\n\n\n```go\nshow 2\n```\n"), 0o600)
	c := newConsole(t, 200, 30, nil)
	c.keysTyped(":step " + file + "\r\r\r")
	c.sees("[1] :step " + file + "\n[1] show 1\n1\n[2] show 2▏")
}

func TestHelpInANarrowWindow(t *testing.T) {
	c := newConsole(t, 40, 70, func(o *Options) {
		o.HelpTopics = func() []Topic { return []Topic{{"settings", "MASTER_URL_OF_ALL", "base URL of the leading master"}} }
	})
	c.keysTyped(":help\r")
	c.shows("\n  MASTER_URL_OF_ALL\n      base URL of the leading master\n")
	c.shows("\n  Enter         run the cell when it is\n                complete, else begin a\n")
}

// What people type out of habit is understood, unless a cell has defined the name.
func TestWordsForCommands(t *testing.T) {
	for _, word := range []string{"?", "help", "help()"} {
		c := newConsole(t, 80, 60, nil)
		c.keysTyped(word + "\r")
		c.shows("  Alt-Enter     begin a new line")
	}
	for _, word := range []string{"exit", "quit()"} {
		c := newConsole(t, 80, 20, nil)
		c.keysTyped(word + "\r")
		if err := c.ended(); err != nil || len(c.kernel.cells()) != 0 {
			t.Errorf("%s: %v, ran %q", word, err, c.kernel.cells())
		}
	}
	c := newConsole(t, 80, 20, nil)
	c.kernel.own = "exit"
	c.keysTyped("exit\r")
	c.sees("[1] exit\n[2] ▏")
}

// The terminal tells that its window is light, at any time.
func TestLightWindow(t *testing.T) {
	c := newConsole(t, 60, 10, func(o *Options) { o.Color = true })
	c.keysTyped("return 1")
	c.sees("[1] return 1▏")
	c.keysTyped("\x1b]11;rgb:ffff/ffff/dddd\x1b\\;")
	c.sees("[1] return 1;▏")
	c.term.mu.Lock()
	raw := string(c.term.raw)
	c.term.mu.Unlock()
	if !strings.Contains(raw, askBackground) || !strings.Contains(raw, "\x1b[38;5;90mreturn") {
		t.Errorf("no colours for a light window in %q", raw)
	}
	c.keysTyped("\x03:set theme dark\r")
	c.shows("theme dark   colours for")
}

func TestIsLightBackground(t *testing.T) {
	for answer, want := range map[string][2]bool{
		"11;rgb:ffff/ffff/ffff": {true, true}, "11;rgb:00/00/00": {false, true}, "11;rgb:fd/f6/e3": {true, true},
		"11;rgba:1e1e/1e1e/1e1e/ffff": {false, true}, "10;rgb:ff/ff/ff": {}, "11;rgb:x/y/z": {}, "11;rgb:ff//ff": {}, "11;?": {},
	} {
		if isLight, ok := isLightBackground(answer); isLight != want[0] || ok != want[1] {
			t.Errorf("%s: got %v, %v", answer, isLight, ok)
		}
	}
}

// What happened before a cell's value was there stands above it.
func TestNoticesStandBeforeTheValue(t *testing.T) {
	c := newConsole(t, 60, 10, nil)
	c.keysTyped("notice first\rnotice second\rshow value\rnotice third\nshow value\r")
	c.shows("[4] notice third\n... show value\nthird\nvalue\n[5] ▏")
}

func TestCtrlCEndsAShellLine(t *testing.T) {
	c := newConsole(t, 60, 10, nil)
	c.keysTyped("!echo started; sleep 100; echo never\r")
	c.shows("\nstarted\n")
	c.keysTyped("\x03")
	c.sees("[1] !echo started; sleep 100; echo never\nstarted\ninterrupted\n[1] ▏")
}

func TestCommandsHearCtrlC(t *testing.T) {
	began := make(chan bool)
	c := newConsole(t, 60, 10, func(o *Options) {
		o.Commands = []Command{{Name: "hang", Args: "[WHAT]", Run: func(ctx context.Context, args string, out io.Writer) error {
			fmt.Fprint(out, "hanging on ", args)
			close(began)
			<-ctx.Done()
			return context.Cause(ctx)
		}}}
	})
	c.keysTyped(":hang it\r")
	<-began
	c.keysTyped("\x03")
	c.sees("[1] :hang it\nhanging on it\ninterrupted\n[1] ▏")
}

func TestSecondCtrlCTellsWhatItWaitsFor(t *testing.T) {
	began, release := make(chan bool), make(chan bool)
	c := newConsole(t, 70, 10, func(o *Options) {
		o.Commands = []Command{{Name: "deaf", Run: func(ctx context.Context, args string, out io.Writer) error {
			close(began)
			<-release
			return nil
		}}}
	})
	c.keysTyped(":deaf\r")
	<-began
	c.keysTyped("\x03")
	c.keysTyped("\x03")
	c.shows(":deaf was interrupted 0s ago and has not ended yet")
	close(release)
	c.shows("[1] ▏")
}

func TestNothingIsWrittenWhileAnotherProgramHasTheTerminal(t *testing.T) {
	term := newFakeTerminal(30, 6)
	s := &screen{out: term, size: term.size}
	s.edit(view{prompt: "[1] ", text: []rune("abc"), cursor: 3})
	s.hold()
	before := len(term.raw)
	s.print("notice\n")
	s.println("open")
	s.edit(view{prompt: "[1] ", text: []rune("abcd"), cursor: 4})
	s.resized()
	if written := string(term.raw[before:]); written != "" {
		t.Errorf("wrote %q", written)
	}
	s.unhold()
	if got, want := term.withCursorLocked(), "notice\nopen\n[1] abcd▏"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestColor(t *testing.T) {
	c := newConsole(t, 40, 10, func(o *Options) { o.Color = true })
	c.keysTyped("return `世`\r")
	c.sees("[1] return `世`\n[2] ▏")
	c.term.mu.Lock()
	defer c.term.mu.Unlock()
	if raw := string(c.term.raw); !strings.Contains(raw, "\x1b[32m[1] \x1b[0m\x1b[35mreturn\x1b[0") || !strings.Contains(raw, "\x1b[33m`世`\x1b[0") {
		t.Errorf("no colour in %q", raw)
	}
}
