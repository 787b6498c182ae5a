package repl

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"mesosbook/kernel"
	"mesosbook/repl/display"
)

// displayed is a value as this terminal shows it.
func (r *REPL) displayed(v kernel.Value) string {
	o := display.Options{}
	if r.o.Terminal {
		o.Width = r.scr.columns()
		o.Color, o.Light = r.th.on(), r.th.onLight()
	}
	return display.Text(v, o)
}

// longValue is how many windows a value fills before it is paged: terminals
// scroll back, so what is only somewhat longer than one is better printed.
const longValue = 2

// page prints a text that is read from its beginning; see pageBeyond.
func (r *REPL) page(text string) { r.pageBeyond(1, text) }

// pageBeyond prints a text: a window at a time on a terminal when it fills
// more windows than said; cut after settings.lines where paging is off; all of
// it into a pipe.
func (r *REPL) pageBeyond(windows int, text string) {
	text = strings.TrimSuffix(text, "\n")
	lines := strings.Split(text, "\n")
	width, height := r.scr.window()
	switch {
	case r.term != nil && r.settings.paging:
		if rowsOf(lines, width) >= windows*height {
			r.pageThrough(lines)
			return
		}
	case r.o.Terminal && r.settings.lines > 0 && len(lines) > r.settings.lines:
		more := len(lines) - r.settings.lines
		text = strings.Join(lines[:r.settings.lines], "\n") + "\n" + r.th.text(dimText,
			fmt.Sprintf("… %d more lines (:set lines 0 shows all)", more))
	}
	r.scr.println(text)
}

// pageThrough shows a window of lines at a time; keys say how it goes on.
func (r *REPL) pageThrough(lines []string) {
	lines = broken(lines, r.scr)
	defer r.term.during(typing)()
	shown, step := 0, 0 // step 0: a window
	for {
		end := shown + step
		if step == 0 {
			width, height := r.scr.window()
			end = shown + fitting(lines[shown:], width, height-1)
		}
		end = min(end, len(lines))
		r.scr.println(strings.Join(lines[shown:end], "\n"))
		if shown = end; shown == len(lines) {
			return
		}
		r.scr.edit(view{prompt: pagePrompt(shown, len(lines), r.scr.columns())})
		key := r.term.key()
		r.scr.commit("")
		switch key {
		case 'q', 'Q', 0x03, 0x04, 0x1b, 0:
			return
		case '\r', '\n', 'j':
			step = 1
		case 'g', 'G':
			step = len(lines)
		default:
			step = 0
		}
	}
}

// pagePrompt tells how far a text was shown and which keys there are, as far as they
// fit on one row.
func pagePrompt(shown, all, width int) string {
	at := fmt.Sprintf("-- %d of %d lines", shown, all)
	for _, keys := range []string{"; Space more, Enter one, g all, q ends --", "; Space more, q ends --"} {
		if columns(at+keys) < width {
			return at + keys
		}
	}
	return fmt.Sprintf("-- %d of %d --", shown, all)
}

// broken cuts lines that fill more than a window into rows, so that none of them runs
// through it. Lines with colours stay as they are.
func broken(lines []string, s *screen) []string {
	width, height := s.window()
	var out []string
	for _, line := range lines {
		if rowsOfLine(line, width) < height || strings.Contains(line, "\x1b") {
			out = append(out, line)
			continue
		}
		for line != "" {
			end, n := 0, 0
			for i, c := range line {
				if n += runeColumns(c); n > width && i > 0 {
					break
				}
				end = i + utf8.RuneLen(c)
			}
			out = append(out, line[:end])
			line = line[end:]
		}
	}
	return out
}

// rowsOf counts the rows that lines fill in a window.
func rowsOf(lines []string, width int) int {
	n := 0
	for _, line := range lines {
		n += rowsOfLine(line, width)
	}
	return n
}

func rowsOfLine(line string, width int) int {
	return max(1, (columns(withoutColor(line))+width-1)/width)
}

// fitting counts the lines that fit in rows; at least one.
func fitting(lines []string, width, rows int) int {
	for i, line := range lines {
		if rows -= rowsOfLine(line, width); rows < 0 {
			return max(i, 1)
		}
	}
	return len(lines)
}

// withoutColor takes out the colour sequences that a theme or pretty has put in.
func withoutColor(line string) string {
	for {
		from := strings.Index(line, "\x1b[")
		if from < 0 {
			return line
		}
		to := strings.IndexByte(line[from:], 'm')
		if to < 0 {
			return line
		}
		line = line[:from] + line[from+to+1:]
	}
}

// key reads one byte from the terminal; 0 at its end. Of a longer sequence
// (an arrow) the rest is dropped.
func (t *terminal) key() byte {
	var b [64]byte
	if n, _ := t.in.Read(b[:]); n == 0 {
		return 0
	} else if n > 1 && b[0] == 0x1b {
		return ' '
	}
	return b[0]
}

// wrapLong breaks the lines of a message that are wider than width between
// words, the rest of them indented by four; 0 leaves all as they are.
func wrapLong(text string, width int) string { return wrapLines(text, width, "    ") }

// wrapNotices is wrapLong for what comes from the background: what has crossed the wire
// ("-> POST ...", "<- 202") stays in one line, which the terminal breaks, so that its
// JSON can be copied.
func wrapNotices(text string, width int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "-> ") && !strings.HasPrefix(line, "<- ") {
			lines[i] = wrapLong(line, width)
		}
	}
	return strings.Join(lines, "\n")
}

func wrapLines(text string, width int, hang string) string {
	if width < 30 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if columns(line) <= width {
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		lines[i] = indent + strings.Join(wrap(line, width-len(indent)-len(hang)), "\n"+indent+hang)
	}
	return strings.Join(lines, "\n")
}

// joinLines makes one line of each paragraph, so that it can be wrapped anew.
// What is indented, and what stands before it, keeps its lines.
func joinLines(text string) string {
	var b strings.Builder
	previous := ""
	for i, line := range strings.Split(text, "\n") {
		switch {
		case i == 0:
		case previous == "" || line == "" || strings.ContainsAny(line[:1], " \t-|#*>") || isNumbered(line):
			b.WriteByte('\n')
		case strings.ContainsAny(previous[:1], " \t|#"):
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
		b.WriteString(line)
		previous = line
	}
	return b.String()
}

// isNumbered tells an item of a numbered list: "1. first".
func isNumbered(line string) bool {
	digits := strings.TrimLeft(line, "0123456789")
	return digits != line && (strings.HasPrefix(digits, ". ") || strings.HasPrefix(digits, ") "))
}

// wrap breaks a text between words into lines of at most width columns.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && columns(line)+1+columns(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
