package repl

import (
	"fmt"
	"strings"

	"mesosbook/kernel"
	"mesosbook/repl/display"
)

// displayed is a value as this terminal shows it.
func (r *REPL) displayed(v kernel.Value) string {
	o := display.Options{}
	if r.o.Terminal {
		o.Width = r.scr.columns()
		o.Color = r.th.on()
	}
	return display.Text(v, o)
}

// page prints a text: a window at a time on a terminal when it is longer than
// one; cut after Settings lines where paging is off.
func (r *REPL) page(text string) {
	text = strings.TrimSuffix(text, "\n")
	lines := strings.Split(text, "\n")
	_, height := r.scr.window()
	switch {
	case r.term == nil && !r.o.Terminal: // a pipe gets everything
	case r.term != nil && r.settings.paging:
		if len(lines) >= height-1 {
			r.pageThrough(lines, height-1)
			return
		}
	case r.settings.lines > 0 && len(lines) > r.settings.lines:
		more := len(lines) - r.settings.lines
		text = strings.Join(lines[:r.settings.lines], "\n") + "\n" + r.th.text(dimText,
			fmt.Sprintf("… %d more lines (:set lines 0 shows all, :set paging on a window at a time)", more))
	}
	r.scr.println(text)
}

// pageThrough shows lines height at a time; keys say how it goes on.
func (r *REPL) pageThrough(lines []string, height int) {
	r.term.setMode(typing)
	defer r.term.setMode(holding)
	shown := 0
	for step := height; shown < len(lines); {
		end := min(shown+step, len(lines))
		r.scr.println(strings.Join(lines[shown:end], "\n"))
		if shown = end; shown == len(lines) {
			return
		}
		r.scr.edit(view{prompt: fmt.Sprintf("-- %d of %d lines; Space more, Enter one, g all, q ends --", shown, len(lines))})
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
			step = height
		}
	}
}

// key reads one byte from the terminal; 0 at its end.
func (t *terminal) key() byte {
	var b [1]byte
	if n, _ := t.in.Read(b[:]); n == 0 {
		return 0
	}
	return b[0]
}
