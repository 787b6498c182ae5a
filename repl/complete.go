package repl

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"mesosbook/kernel"
)

// listing is the list of candidates below the line; it goes with the next key.
type listing struct {
	all  []kernel.Completion
	page int
	rows []string // what is shown of it
}

// tab completes the name at the cursor; at the start of a line it indents. A
// second Tab turns the page of a long list.
func (e *editor) tab() {
	if e.list.rows != nil {
		e.list.page++
		e.showList()
		return
	}
	before := string(e.line[lineStart(e.line, e.cursor):e.cursor])
	if strings.Trim(before, "\t ") == "" {
		e.insert("\t")
		return
	}
	text := decode(e.line)
	offset := len(decode(e.line[:e.cursor]))
	candidates, start := e.hooks.complete(text, offset)
	if len(candidates) == 0 || start < 0 || start > offset {
		return
	}
	word := text[start:offset]
	common := commonPrefix(candidates)
	if len(common) > len(word) || len(candidates) == 1 && common != word {
		from := utf8.RuneCountInString(text[:start])
		line := append(append([]rune(nil), e.line[:from]...), []rune(common)...)
		e.set(append(line, e.line[e.cursor:]...), len(line))
		if len(candidates) == 1 {
			return
		}
	}
	e.list = listing{all: candidates}
	e.showList()
}

func commonPrefix(all []kernel.Completion) string {
	common := all[0].Text
	for _, c := range all[1:] {
		n := 0
		for n < len(common) && n < len(c.Text) && common[n] == c.Text[n] {
			n++
		}
		common = common[:n]
	}
	for !utf8.ValidString(common) {
		common = common[:len(common)-1]
	}
	return common
}

// showList lays the current page of the candidates out below the line, at most
// half the window high.
func (e *editor) showList() {
	w, h := e.scr.window()
	rows := max(h/2, 1)
	lines := listRows(e.list.all, w)
	if len(lines) <= rows {
		e.list.rows = lines
		return
	}
	pages := (len(lines) + rows - 2) / (rows - 1)
	if rows < 2 {
		e.list.rows = lines[:1]
		return
	}
	page := e.list.page % pages
	from := page * (rows - 1)
	shown := lines[from:min(from+rows-1, len(lines))]
	e.list.rows = append(append([]string(nil), shown...),
		fmt.Sprintf("%d/%d of %d names; Tab shows the next", page+1, pages, len(e.list.all)))
}

// listRows gives a row a candidate, with its type and a word on it where they
// fit; without any types the names stand in columns.
func listRows(all []kernel.Completion, width int) []string {
	name, detailed := 0, false
	for _, c := range all {
		name = max(name, columns(c.Text))
		detailed = detailed || c.Detail != "" || c.Doc != ""
	}
	name = min(name, max(width/2, 1))
	if !detailed {
		return inColumns(all, width)
	}
	rows := make([]string, len(all))
	for i, c := range all {
		row := runewidth.FillRight(c.Text, name)
		if c.Detail != "" {
			row += "  " + oneLine(c.Detail)
		}
		if c.Doc != "" {
			row += "  // " + oneLine(c.Doc)
		}
		rows[i] = runewidth.Truncate(row, max(width-1, 1), "…")
	}
	return rows
}

func inColumns(all []kernel.Completion, width int) []string {
	cell := 0
	for _, c := range all {
		cell = max(cell, columns(c.Text)+2)
	}
	perRow := max(1, (width-1)/cell)
	var rows []string
	for i := 0; i < len(all); i += perRow {
		var b strings.Builder
		for _, c := range all[i:min(i+perRow, len(all))] {
			b.WriteString(runewidth.FillRight(c.Text, cell))
		}
		rows = append(rows, strings.TrimRight(b.String(), " "))
	}
	return rows
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
