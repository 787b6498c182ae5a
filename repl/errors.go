package repl

import (
	"fmt"
	"strings"

	"mesosbook/kernel"
)

// maxDiagnostics of one cell are shown.
const maxDiagnostics = 10

// formatError writes a cell's error as compilers do, with the line it is about
// and a caret below it:
//
//	[3]:2:5: undefined: x
//	    y := x
//	         ^
//
// Messages wider than width are broken between words; 0 is no bound.
func formatError(e *kernel.Error, th theme, width int) string {
	var b strings.Builder
	shown := e.Diagnostics[:min(len(e.Diagnostics), maxDiagnostics)]
	for i, d := range shown {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(formatDiagnostic(e, d, th, width))
	}
	if more := len(e.Diagnostics) - len(shown); more > 0 {
		fmt.Fprintf(&b, "\n(%d more errors)", more)
	}
	if len(shown) == 0 {
		b.WriteString(th.text(errorText, fmt.Sprintf("[%d]: %s", e.Cell, e.Kind)))
	}
	return b.String()
}

func formatDiagnostic(e *kernel.Error, d kernel.Diagnostic, th theme, width int) string {
	cell := d.Cell
	if cell == 0 {
		cell = e.Cell
	}
	place := fmt.Sprintf("[%d]", cell)
	if d.Line > 0 {
		place += fmt.Sprintf(":%d", d.Line)
		if d.Col > 0 {
			place += fmt.Sprintf(":%d", d.Col)
		}
	}
	place += ":"
	lines := strings.Split(wrapLong(place+" "+cleanText(d.Message), width), "\n")
	lines[0] = strings.TrimPrefix(lines[0], place)
	for i := range lines {
		lines[i] = th.text(errorText, lines[i])
	}
	text := place + strings.Join(lines, "\n")
	if strings.TrimSpace(d.Source) == "" {
		return text
	}
	source, caret := underline(cleanText(d.Source), d.Col)
	text += "\n    " + source
	if caret >= 0 {
		text += "\n    " + strings.Repeat(" ", caret) + th.text(errorText, "^")
	}
	return text
}

// underline gives the source line without its indentation and with tabs as
// spaces, and the column of byte col (from 1) in it, -1 for none.
func underline(line string, col int) (string, int) {
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	body := strings.ReplaceAll(line[indent:], "\t", "    ")
	if col < 1 || col-1 > len(line) {
		return body, -1
	}
	before := line[min(indent, col-1) : col-1]
	return body, columns(strings.ReplaceAll(before, "\t", "    "))
}
