package repl

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func newTestDecoder() *keyDecoder { return &keyDecoder{pastes: make(chan string, 64)} }

func TestKeyDecoder(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     []rune
	}{
		{"text", "a世\r", []rune{'a', '世', '\r'}},
		{"arrows", "\x1b[A\x1bOB\x1b[C\x1b[D", []rune{keyUp, keyDown, 0x06, 0x02}},
		{"unknown sequences vanish", "\x1b[5~\x1b[200;3Ra\x1b]", []rune{'a'}},
		{"ESC ESC begins anew", "\x1b\x1b[A", []rune{keyUp}},
		{"an endless sequence is given up", "\x1b[" + strings.Repeat("1", 40) + "a", []rune("111111111a")},
		{"what the terminal tells is no typing", "\x1b]11;rgb:0/0/0\x1b\\a\x1b]4;1;x\ab", []rune{'a', 'b'}},
		{"what it tells, cut off by a key", "\x1b]11;rgb:0/0\x1b[Aa", []rune{keyUp, 'a'}},
		{"Alt-] is no beginning of it", "\x1b]ab\x1b]\r", []rune{'a', 'b', '\r'}},
		{"an endless answer is given up", "\x1b]1" + strings.Repeat("2", 64) + "a", []rune{'a'}},
		{"keys of the private area cannot be typed", string(keyEOF) + "b", []rune{'b'}},
		{"broken UTF-8", "\xffa", []rune{utf8.RuneError, 'a'}},
		{"a broken character before a control", "\xe4\x03", []rune{keyInterrupt}},
		{"an empty paste", "\x1b[200~\x1b[201~x", []rune{'x'}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := []rune(string(newTestDecoder().decode(nil, []byte(test.in)))); !slices.Equal(got, test.want) {
				t.Errorf("got %U, want %U", got, test.want)
			}
		})
	}
}

func TestPasteText(t *testing.T) {
	d := newTestDecoder()
	got := d.decode(nil, []byte("\x1b[200~a\r\n\tb\x1b[A\x07"+string(keyEOF)+"\x1b[201~"))
	if string(got) != string(keyPaste) {
		t.Errorf("got %q", got)
	}
	if text := <-d.pastes; text != "a\n\tb[A" {
		t.Errorf("pasted %q", text)
	}
}

// FuzzKeyDecoder: however the bytes are cut, they mean the same.
func FuzzKeyDecoder(f *testing.F) {
	f.Add("a\x1b[200~x\x1b[201~\x1b[1;5D世\x1b\r", 3)
	f.Add("\x1b[\x1b[A\xff\xe4\xb8", 1)
	f.Fuzz(func(t *testing.T, in string, cut int) {
		whole, parts := newTestDecoder(), newTestDecoder()
		want := whole.decode(nil, []byte(in))
		var got []byte
		cut = max(cut, 1)
		for rest := in; rest != ""; {
			n := min(cut, len(rest))
			got = parts.decode(got, []byte(rest[:n]))
			rest = rest[n:]
		}
		if string(got) != string(want) {
			t.Errorf("whole %q, in pieces %q", want, got)
		}
	})
}

func FuzzHistoryEntry(f *testing.F) {
	f.Add("a\n\\n\\\\\n")
	f.Fuzz(func(t *testing.T, text string) {
		escaped := escapeEntry(text)
		if strings.Contains(escaped, "\n") {
			t.Errorf("%q has a line end", escaped)
		}
		if got := unescapeEntry(escaped); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	})
}

// FuzzLayout: no text breaks the layout: the rows fit, the cursor is on one.
func FuzzLayout(f *testing.F) {
	f.Add("f(\n\t世界)", 3, 20, 5)
	f.Add("\x00\u0301😀", 9, 1, 1)
	f.Fuzz(func(t *testing.T, text string, cursor, width, height int) {
		width, height = min(max(width, 1), 200), min(max(height, 1), 100)
		runes := []rune(text)
		fr := layout(view{prompt: "[1] ", more: "... ", text: runes, cursor: min(max(cursor, 0), len(runes))}, newTheme(true, false), width, height)
		if len(fr.rows) > height || fr.curRow < 0 || fr.curRow >= len(fr.rows) {
			t.Errorf("%d rows of %d, cursor on %d", len(fr.rows), height, fr.curRow)
		}
		for _, r := range fr.rows {
			if r.width > max(width, 4) || r.width != columns(withoutColor(r.text)) && !strings.Contains(text, "\x1b") {
				t.Errorf("row %q has %d columns, says %d, of %d", r.text, columns(withoutColor(r.text)), r.width, width)
			}
		}
		if fr.curCol > max(width, 4) {
			t.Errorf("cursor in column %d of %d", fr.curCol, width)
		}
	})
}
