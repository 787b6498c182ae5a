package snippets

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// Record is a cell that has run, as Write puts it into a notebook.
type Record struct {
	N      int // execution count in its session, from 1
	Code   string
	Output string // what it printed and showed
	Cut    bool   // Output is not all of it
	Failed bool
	Dry    bool // it made calls that were shown and not sent
}

// Write makes a notebook of cells that have run: with all of them, or only with
// those that had their effect. What changes from run to run stands as a pattern
// in the expected output, so that the notebook can be checked. left tells what
// was left out (" without 2 that failed"); empty when nothing was.
func Write(title string, records []Record, all bool) (text []byte, saved int, left string) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", title)
	failed, dry := 0, 0
	for _, c := range records {
		switch {
		case all:
		case c.Dry:
			dry++
			continue
		case c.Failed:
			failed++
			continue
		}
		saved++
		c.write(&b)
	}
	var parts []string
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d that failed", failed))
	}
	if dry > 0 {
		parts = append(parts, fmt.Sprintf("%d of a dry run", dry))
	}
	if len(parts) > 0 {
		left = " without " + strings.Join(parts, " and ")
	}
	return b.Bytes(), saved, left
}

func (c Record) write(b *bytes.Buffer) {
	attribute := ""
	switch {
	case c.Dry:
		attribute = " skip" // a replay would send what it makes
	case c.Failed:
		attribute = " error"
	}
	b.WriteByte('\n')
	writeFence(b, "go"+attribute, c.Code)
	if attribute != "" || strings.TrimSpace(c.Output) == "" {
		return // what a failed cell shows depends on where it stands
	}
	output := masked(strings.TrimRight(c.Output, "\n"))
	if c.Cut {
		output += "\n..."
	}
	writeFence(b, "output", output)
}

// writeFence writes a fenced block whose fence is longer than any in text.
func writeFence(b *bytes.Buffer, info, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "%s%s\n%s\n%s\n", fence, info, text, fence)
}

// changing is what differs from run to run, with the pattern that stands for it,
// in the order in which they are looked for.
var changing = []struct {
	re      *regexp.Regexp
	pattern string
}{
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-(\d{4,}|[SO]\d+)\b`), "<ID>"},
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "<UUID>"},
	{regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:?\d{2})?\b`), "<TIME>"},
	{regexp.MustCompile(`\b(127\.0\.0\.1|localhost):\d{2,5}\b`), "<HOST>"},
	{regexp.MustCompile(`\b1[6-9]\d{8}(\.\d+)?\b`), "<NUM>"}, // seconds since 1970
}

// taskID may be an id that launch made up, if it has a letter and a digit.
var taskID = regexp.MustCompile(`\b[0-9a-f]{8}\b`)

// masked puts patterns for what changes from run to run.
func masked(output string) string {
	for _, c := range changing {
		output = c.re.ReplaceAllString(output, c.pattern)
	}
	return taskID.ReplaceAllStringFunc(output, func(id string) string {
		if strings.ContainsAny(id, "abcdef") && strings.ContainsAny(id, "0123456789") {
			return "<WORD>"
		}
		return id
	})
}
