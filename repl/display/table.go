package display

import (
	"reflect"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// table writes rows under a header, the columns two spaces apart. In a window
// the widest columns are shortened until the table fits; the first one, which
// tells the rows apart, comes last and keeps its end: IDs differ there. Where that
// leaves too little of a column, each row is written below the one before as a record.
func table(header []string, rows [][]string, o Options) string {
	all := append([][]string{header}, rows...)
	widths := columnWidths(all)
	if o.Width > 0 {
		whole := slices.Clone(widths)
		shrink(widths, o.Width-1)
		if cramped(widths, whole) {
			return records(header, rows)
		}
	}
	var b strings.Builder
	for n, row := range all {
		var line strings.Builder
		for i := range widths {
			cell := ""
			if i < len(row) {
				cell = flat(row[i])
			}
			if i > 0 {
				line.WriteString("  ")
			}
			if n > 0 && i == 0 && columns(cell) > widths[0] {
				cell = narrow.TruncateLeft(cell, columns(cell)-widths[0]+1, "…")
			}
			line.WriteString(pad(cell, widths[i]))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// cramped tells whether a column that was shortened tells too little.
func cramped(widths, whole []int) bool {
	for i, w := range widths {
		if w < min(whole[i], tellingColumn) {
			return true
		}
	}
	return false
}

// records writes each row as lines of a header and a value, with a blank line between rows.
func records(header []string, rows [][]string) string {
	width := 0
	for _, h := range header {
		width = max(width, columns(h))
	}
	var b strings.Builder
	for n, row := range rows {
		if n > 0 {
			b.WriteByte('\n')
		}
		for i, cell := range row[:min(len(row), len(header))] {
			b.WriteString(strings.TrimRight(pad(header[i], width)+"  "+flat(cell), " ") + "\n")
		}
	}
	return b.String()
}

func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(flat(cell)))
		}
	}
	return widths
}

// Below these widths a column is not shortened: any but the first, the first,
// and any when nothing else helps.
const (
	readableColumn = 10
	readableID     = 16
	minColumn      = 4
	tellingColumn  = 6 // of a column that is longer
)

// shrink takes from the widest columns until their sum with the gaps is total.
func shrink(widths []int, total int) {
	excess := 2*(len(widths)-1) - total
	for _, w := range widths {
		excess += w
	}
	excess = shorten(widths[1:], excess, readableColumn)
	excess = shorten(widths[:1], excess, readableID)
	excess = shorten(widths[1:], excess, minColumn)
	shorten(widths[:1], excess, minColumn)
}

// shorten takes n columns from the widest, down to least; it gives what is left of n.
func shorten(widths []int, n, least int) int {
	for ; n > 0 && len(widths) > 0; n-- {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= least {
			break
		}
		widths[widest]--
	}
	return n
}

// pad brings text to exactly n columns.
func pad(text string, n int) string {
	if columns(text) > n {
		text = narrow.Truncate(text, n, "…")
	}
	return text + strings.Repeat(" ", max(n-columns(text), 0))
}

// flat keeps a cell of a table on its line.
func flat(text string) string { return printable(strings.Join(strings.Fields(text), " ")) }

// narrow counts ambiguous characters as one column, whatever the locale.
var narrow = runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}

func columns(text string) int { return narrow.StringWidth(text) }

const (
	maxTableColumns = 12 // more fields make no readable table
	maxTableCell    = 40 // nor do longer cells, in columns
)

// structTable is a list of structs with a column a field.
func structTable(list reflect.Value, o Options) (string, bool) {
	t := list.Type().Elem()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	fields := fieldsOf(t)
	if len(fields) == 0 || len(fields) > maxTableColumns {
		return "", false
	}
	var header []string
	for _, f := range fields {
		header = append(header, f.name)
	}
	var rows [][]string
	for i := range list.Len() {
		v := list.Index(i)
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				rows = append(rows, []string{"nil"})
				continue
			}
			v = v.Elem()
		}
		var row []string
		for _, f := range fields {
			row = append(row, cellText(v.Field(f.index)))
		}
		rows = append(rows, row)
	}
	return fitting(header, rows, o)
}

// mapTable is a list of maps with a column a key, sorted.
func mapTable(list reflect.Value, o Options) (string, bool) {
	if list.Type().Elem().Key().Kind() != reflect.String {
		return "", false
	}
	keys := map[string]bool{}
	for i := range list.Len() {
		for _, k := range list.Index(i).MapKeys() {
			keys[k.String()] = true
		}
	}
	if len(keys) == 0 || len(keys) > maxTableColumns {
		return "", false
	}
	var header []string
	for k := range keys {
		header = append(header, k)
	}
	slices.Sort(header)
	var rows [][]string
	for i := range list.Len() {
		m := list.Index(i)
		var row []string
		for _, k := range header {
			v := m.MapIndex(reflect.ValueOf(k).Convert(m.Type().Key()))
			if !v.IsValid() {
				row = append(row, "")
				continue
			}
			row = append(row, cellText(v))
		}
		rows = append(rows, row)
	}
	return fitting(header, rows, o)
}

// cellText is a value in a table: a string stands without quotes.
func cellText(v reflect.Value) string {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	return oneLine(v, 0)
}

func fitting(header []string, rows [][]string, o Options) (string, bool) {
	for _, row := range rows {
		for _, cell := range row {
			if columns(cell) > maxTableCell {
				return "", false
			}
		}
	}
	return table(header, rows, o), true
}
