package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
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

func (r *REPL) stepCommand(_ context.Context, args string, _ io.Writer) error {
	switch {
	case r.term == nil:
		return errors.New(":step: needs a terminal; :load runs a notebook without stopping")
	case args == "off":
		r.steps = nil
		return nil
	case args == "" && r.steps == nil:
		return fmt.Errorf(":step: want a notebook, a file or one of %s", strings.Join(snippets.Names(), ", "))
	case args == "back" || isNumber(args):
		if err := r.steps.jump(args); err != nil {
			return err
		}
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

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// jump goes to where to says: back, to the cell before the one shown last, or a
// cell's number from 1. Nothing is undone.
func (s *steps) jump(to string) error {
	if s == nil {
		return fmt.Errorf(":step %s: no notebook is being walked through; :step FILE begins one", to)
	}
	n := s.cell - 1
	if to != "back" {
		n, _ = strconv.Atoi(to) // digits; too many of them give no cell
	}
	if n < 1 || n > s.cells {
		return fmt.Errorf(":step %s: want a cell from 1 to %d", to, s.cells)
	}
	s.next, s.cell = 0, 0
	for ; s.next < len(s.nb.Blocks); s.next++ {
		if s.nb.Blocks[s.next].Cell == nil {
			continue
		}
		if s.cell++; s.cell == n {
			break
		}
	}
	for s.cell--; s.next > 0 && s.nb.Blocks[s.next-1].Cell == nil; {
		s.next-- // its prose is shown again
	}
	return nil
}

// step shows the next part of the notebook and makes its cell the next line.
func (r *REPL) step() {
	s := r.steps
	for s.next < len(s.nb.Blocks) {
		b := s.nb.Blocks[s.next]
		s.next++
		if b.Cell == nil {
			if strings.TrimSpace(b.Prose) == "" {
				continue
			}
			r.scr.println("\n" + wrapProse(cleanText(strings.Trim(b.Prose, "\n")), r.textWidth()) + "\n\n")
			continue
		}
		s.cell++
		r.term.initial = b.Cell.Code
		return
	}
	r.scr.println(r.th.text(dimText, fmt.Sprintf("%s ends here", s.nb.Name)))
	r.steps = nil
}

// wrapProse fits Markdown to the window: paragraphs are broken anew, fenced
// blocks stay as they are.
func wrapProse(text string, width int) string {
	var parts []string
	for i, part := range strings.Split(text, "```") {
		if i%2 == 0 {
			part = wrapLines(joinLines(part), width, "")
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "```")
}

// stepHint tells on an empty line what Enter does.
func (r *REPL) stepHint() string {
	if r.steps == nil {
		return ""
	}
	if r.steps.cell == r.steps.cells {
		return fmt.Sprintf("Enter: the end of %s", r.steps.nb.Name)
	}
	return fmt.Sprintf("Enter: step %d of %d · %s · :step back, :step off", r.steps.cell+1, r.steps.cells, r.steps.nb.Name)
}

func completeStep(prefix string) []string {
	found := completeNotebook(prefix)
	for _, word := range []string{"back", "off"} {
		if strings.HasPrefix(word, prefix) {
			found = append(found, word)
		}
	}
	return found
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
