package repl

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// screen is the only writer of the terminal. mu guards all of it: what is
// drawn at the bottom (the line being typed) and what goes above it. Each
// change is one Write, so that nothing is seen half done.
type screen struct {
	out   io.Writer
	size  func() (columns, rows int)
	th    theme
	plain bool // no escapes: nothing is ever drawn, text is only appended

	mu     sync.Mutex
	view   *view  // what is being typed; nil between inputs
	drawn  frame  // its rows as they stand on the screen
	midRow bool   // the last text written did not end its line
	held   bool   // another program has the terminal
	kept   []byte // what was printed meanwhile
}

// maxKept bytes printed while another program has the terminal are kept for later.
const maxKept = 1 << 20

func (s *screen) columns() int {
	w, _ := s.window()
	return w
}

func (s *screen) window() (columns, rows int) {
	columns, rows = s.size()
	if columns <= 0 {
		columns = 80
	}
	if rows <= 0 {
		rows = 24
	}
	return columns, rows
}

// edit draws the line being typed in place of what was drawn before.
func (s *screen) edit(v view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	if s.view == nil {
		s.endLine(&b)
	}
	s.view = &v
	if s.held {
		return
	}
	s.redraw(&b)
	s.write(b.String())
}

// commit ends typing: the line is erased and text, if any, stands in its place.
func (s *screen) commit(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	s.erase(&b)
	s.view = nil
	b.WriteString(text)
	s.midRow = text != "" && !strings.HasSuffix(text, "\n")
	s.write(b.String())
}

// print writes text: above the line being typed if there is one, as whole
// lines; otherwise as it is.
func (s *screen) print(text string) {
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		s.kept = append(s.kept, text[:min(len(text), maxKept-len(s.kept))]...)
		return
	}
	if s.view == nil {
		s.midRow = !strings.HasSuffix(text, "\n")
		s.write(text)
		return
	}
	var b strings.Builder
	s.erase(&b)
	b.WriteString(text)
	if !strings.HasSuffix(text, "\n") {
		b.WriteByte('\n')
	}
	s.redraw(&b)
	s.write(b.String())
}

// println is print for text that stands on lines of its own.
func (s *screen) println(text string) {
	s.mu.Lock()
	mid := s.midRow && s.view == nil
	s.mu.Unlock()
	if mid {
		text = "\n" + text
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	s.print(text)
}

// hold takes the line being typed off the screen and keeps what is printed,
// until unhold: another program has the terminal.
func (s *screen) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	s.endLine(&b)
	s.erase(&b)
	s.write(b.String())
	s.held = true
}

func (s *screen) unhold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
	var b strings.Builder
	b.Write(s.kept)
	if len(s.kept) > 0 && s.kept[len(s.kept)-1] != '\n' {
		b.WriteByte('\n')
	}
	s.kept = nil
	s.drawn = frame{}
	s.redraw(&b)
	s.write(b.String())
}

// control sends an escape sequence that moves nothing (a title, a mode).
func (s *screen) control(sequence string) {
	if s.plain {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(sequence)
}

// clear empties the window and draws the line being typed at its top.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	b.WriteString("\x1b[H\x1b[2J")
	s.drawn = frame{}
	s.redraw(&b)
	s.write(b.String())
}

// resized draws the line again after the window has changed. Terminals break
// rows anew that became too long, so the cursor's distance to the first row is
// counted for the new width.
func (s *screen) resized() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil || s.held {
		return
	}
	w, _ := s.window()
	up := s.drawn.curCol / w
	for _, r := range s.drawn.rows[:min(s.drawn.curRow, len(s.drawn.rows))] {
		up += max(1, (r.width+w-1)/w)
	}
	s.drawn.curRow = up
	var b strings.Builder
	s.erase(&b)
	s.redraw(&b)
	s.write(b.String())
}

// repaint draws the line again, in other colours.
func (s *screen) repaint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil || s.held {
		return
	}
	var b strings.Builder
	s.redraw(&b)
	s.write(b.String())
}

// erase removes the drawn line and leaves the cursor where it began.
func (s *screen) erase(b *strings.Builder) {
	if s.view == nil {
		return
	}
	s.toTop(b)
	b.WriteString("\x1b[J")
	s.drawn = frame{}
}

func (s *screen) toTop(b *strings.Builder) {
	if s.drawn.curRow > 0 {
		fmt.Fprintf(b, "\x1b[%dA", s.drawn.curRow)
	}
	b.WriteByte('\r')
}

// redraw writes the view over the rows drawn before, without blanking them first.
func (s *screen) redraw(b *strings.Builder) {
	if s.view == nil {
		return
	}
	w, h := s.window()
	f := layout(*s.view, s.th, w, h)
	s.toTop(b)
	for i, r := range f.rows {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(r.text)
		if r.width < w { // else the cursor stands on the last column still
			b.WriteString("\x1b[K")
		}
	}
	last := len(f.rows) - 1
	if len(s.drawn.rows) > len(f.rows) {
		b.WriteString("\r\n\x1b[J\x1b[A")
	}
	if up := last - f.curRow; up > 0 {
		fmt.Fprintf(b, "\x1b[%dA", up)
	}
	b.WriteByte('\r')
	if f.curCol > 0 {
		fmt.Fprintf(b, "\x1b[%dC", f.curCol)
	}
	s.drawn = f
	s.midRow = false
}

// endLine moves to a fresh line when the last text did not end its own.
func (s *screen) endLine(b *strings.Builder) {
	if s.midRow {
		b.WriteByte('\n')
		s.midRow = false
	}
}

// entered tells that the terminal itself has moved to a new line: it echoed
// an Enter.
func (s *screen) entered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.midRow = false
}

// freshLine ends a line that a cell has left open.
func (s *screen) freshLine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	s.endLine(&b)
	s.write(b.String())
}

func (s *screen) write(text string) {
	if text != "" {
		io.WriteString(s.out, text) // a terminal that is gone has nobody to tell
	}
}
