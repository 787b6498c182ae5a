package repl

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// view is the line being typed, as it shall be seen: a prompt, the cell with
// its newlines and the cursor, and rows below it (completions, a search).
type view struct {
	prompt string // of the first line, plain
	more   string // of each further line of the cell
	text   []rune // with '\n' and '\t'
	cursor int    // index into text
	below  []string
}

// row is one row of the screen: its text with escapes, and how many columns it fills.
type row struct {
	text  string
	width int
}

// frame is a view laid out for a window.
type frame struct {
	rows           []row
	curRow, curCol int
}

const tabColumns = 4

// layout breaks a view into rows of at most width columns and shows the part
// around the cursor when there are more than height.
func layout(v view, th theme, width, height int) frame {
	l := layouter{th: th, width: max(width, 4)}
	l.putAll(v.prompt, promptText)
	classes := highlight(string(v.text))
	for i, r := range v.text {
		if i == v.cursor {
			l.mark()
		}
		if r == '\n' {
			l.newRow()
			l.putAll(v.more, dimText)
			continue
		}
		c := plain
		if th.on() && i < len(classes) {
			c = classes[i]
		}
		l.put(r, c)
	}
	if v.cursor >= len(v.text) {
		l.mark()
	}
	l.newRow()
	f := l.frame
	below := v.below[:min(len(v.below), max(height-2, 0))]
	f.cutAround(max(height-len(below), 1))
	for _, text := range below {
		text = runewidth.Truncate(text, l.width-1, "…")
		f.rows = append(f.rows, row{th.text(dimText, text), columns(text)})
	}
	return f
}

// cutAround keeps at most n rows, the cursor's among them.
func (f *frame) cutAround(n int) {
	if len(f.rows) <= n {
		return
	}
	top := min(max(f.curRow-n+1, 0), len(f.rows)-n)
	f.rows = f.rows[top : top+n]
	f.curRow -= top
}

// layouter fills the rows of a frame from left to right.
type layouter struct {
	frame
	th    theme
	width int

	line strings.Builder // the finished part of the row
	run  strings.Builder // runes of one class that follow it
	cls  class
	col  int
}

func (l *layouter) putAll(s string, c class) {
	for _, r := range s {
		l.put(r, c)
	}
}

func (l *layouter) put(r rune, c class) {
	switch {
	case r == '\t':
		for range tabColumns - l.col%tabColumns {
			l.put(' ', c)
		}
		return
	case r < 0x20 || r == 0x7f:
		l.put('^', c)
		r ^= 0x40
	}
	w := runeColumns(r)
	if l.col+w > l.width {
		l.newRow()
	}
	if c != l.cls {
		l.endRun()
		l.cls = c
	}
	l.run.WriteRune(r)
	l.col += w
}

func (l *layouter) endRun() {
	l.line.WriteString(l.th.text(l.cls, l.run.String()))
	l.run.Reset()
}

func (l *layouter) newRow() {
	l.endRun()
	l.rows = append(l.rows, row{l.line.String(), l.col})
	l.line.Reset()
	l.col = 0
}

// mark puts the cursor where the next rune goes. A cursor behind a full row
// stands at the start of the next one.
func (l *layouter) mark() {
	if l.col >= l.width {
		l.newRow()
	}
	l.curRow, l.curCol = len(l.rows), l.col
}

// runeColumns is the width of a rune in columns: 0, 1 or 2. Ambiguous ones are
// narrow whatever the locale says: it is the terminal's font that decides.
func runeColumns(r rune) int {
	cond := runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}
	return cond.RuneWidth(r)
}

func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// fill brings text to at least n columns.
func fill(text string, n int) string {
	return text + strings.Repeat(" ", max(n-columns(text), 0))
}
