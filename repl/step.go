package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"mesosbook/snippets"
)

// steps is a notebook that is being walked through: Enter on an empty line
// shows the prose up to the next cell and puts the cell into the line. Between
// two steps anything else can be typed.
type steps struct {
	nb    *snippets.Notebook
	next  int // index into nb.Blocks
	cell  int // cells shown so far
	cells int
}

func (r *REPL) stepCommand(_ context.Context, args string, out io.Writer) error {
	switch {
	case r.term == nil:
		return errors.New(":step: needs a terminal; :load runs a notebook without stopping")
	case args == "off":
		r.steps = nil
		return nil
	case args == "" && r.steps == nil:
		return fmt.Errorf(":step: want a notebook, a file or one of %s", strings.Join(snippets.Names(), ", "))
	case args != "":
		nb, err := snippets.Open(args)
		if err != nil {
			return fmt.Errorf(":step: %w", err)
		}
		r.steps = &steps{nb: nb, cells: len(nb.Cells())}
	}
	r.step()
	return nil
}

// step shows the next part of the notebook and makes its cell the next line.
func (r *REPL) step() {
	s := r.steps
	for s.next < len(s.nb.Blocks) {
		b := s.nb.Blocks[s.next]
		s.next++
		if b.Cell == nil {
			text := wrapLines(cleanText(strings.Trim(b.Prose, "\n")), r.textWidth(), "")
			r.scr.println("\n" + text + "\n\n")
			continue
		}
		s.cell++
		r.term.initial = b.Cell.Code
		return
	}
	r.scr.println(r.th.text(dimText, fmt.Sprintf("%s ends here", s.nb.Name)))
	r.steps = nil
}

// stepHint tells on an empty line what Enter does.
func (r *REPL) stepHint() string {
	if r.steps == nil {
		return ""
	}
	return fmt.Sprintf("Enter: next step of %s (%d of %d cells shown; :step off ends it)",
		r.steps.nb.Name, r.steps.cell, r.steps.cells)
}

func completeNotebook(prefix string) []string {
	var found []string
	for _, n := range snippets.Names() {
		if strings.HasPrefix(n, prefix) {
			found = append(found, n)
		}
	}
	return append(found, completeFile(prefix)...)
}
