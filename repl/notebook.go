package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mesosbook/kernel"
	"mesosbook/repl/display"
	"mesosbook/snippets"
)

// record is a cell of this session as :save writes it.
type record struct {
	cell   int
	code   string
	output string // what it printed and showed, plain
	cut    bool   // output is not all of it
	failed bool
	dry    bool // it made calls that were not sent
}

func (r *REPL) remember(code string, res kernel.Result, t *task, dry bool) {
	output := t.output.String()
	for _, v := range res.Values {
		if output != "" && !strings.HasSuffix(output, "\n") {
			output += "\n"
		}
		output += display.Text(v, display.Options{}) + "\n"
	}
	r.log = append(r.log, record{cell: r.count, code: strings.Trim(code, "\n"), output: output, cut: t.cut, failed: res.Err != nil, dry: dry})
}

// saveArgs is what `:save [-a] [-f] FILE` was told.
type saveArgs struct {
	file  string
	all   bool // also the cells that failed or were a dry run
	force bool // over a file that is there
}

func parseSaveArgs(args string) (a saveArgs, err error) {
	for strings.HasPrefix(args, "-") {
		option, rest, _ := strings.Cut(args, " ")
		switch option {
		case "-a":
			a.all = true
		case "-f":
			a.force = true
		default:
			return a, fmt.Errorf(":save %s: unknown; there are -a and -f", option)
		}
		args = strings.TrimSpace(rest)
	}
	if args == "" {
		return a, errors.New(":save: want a file name, like :save demo.md")
	}
	if filepath.Ext(args) == "" {
		args += ".md"
	}
	a.file = args
	return a, nil
}

// saveCommand writes the session as a notebook that snippets can replay.
func (r *REPL) saveCommand(_ context.Context, args string, out io.Writer) error {
	a, err := parseSaveArgs(args)
	if err != nil {
		return err
	}
	if _, err := os.Stat(a.file); err == nil && !a.force && !slices.Contains(r.saved, a.file) {
		return fmt.Errorf(":save %s: there is such a file already; :save -f overwrites it", a.file)
	}
	title := strings.TrimSuffix(filepath.Base(a.file), filepath.Ext(a.file))
	text, saved, left := r.notebook(title, a.all)
	if saved == 0 && left == "" {
		return errors.New(":save: there are no cells to save yet")
	}
	if saved == 0 {
		return fmt.Errorf(":save: there are no cells to save%s", left)
	}
	if _, err := snippets.Parse(a.file, text); err != nil {
		return fmt.Errorf(":save: the session makes no notebook: %w", err)
	}
	if err := os.WriteFile(a.file, text, 0o644); err != nil {
		return fmt.Errorf(":save: %w", err)
	}
	r.saved = append(r.saved, a.file)
	fmt.Fprintf(out, "saved %s to %s%s\n", cellCount(saved), a.file, left)
	return nil
}

// notebook is the session as Markdown, with all or only the cells that had
// their effect; left tells what was left out.
func (r *REPL) notebook(title string, all bool) (text []byte, saved int, left string) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", title)
	failed, dry := 0, 0
	for _, c := range r.log {
		switch {
		case all:
		case c.dry:
			dry++
			continue
		case c.failed:
			failed++
			continue
		}
		saved++
		writeCell(&b, c)
	}
	var parts []string
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d that failed", failed))
	}
	if dry > 0 {
		parts = append(parts, fmt.Sprintf("%d of a dry run", dry))
	}
	if len(parts) > 0 {
		left = " without " + strings.Join(parts, " and ") + " (:save -a keeps them)"
	}
	return b.Bytes(), saved, left
}

func cellCount(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}

func writeCell(b *bytes.Buffer, c record) {
	attribute := ""
	switch {
	case c.dry:
		attribute = " skip" // a replay would send what it makes
	case c.failed:
		attribute = " error"
	}
	writeFence(b, "go"+attribute, c.code)
	if c.failed || strings.TrimSpace(c.output) == "" {
		return // what a failed cell shows depends on where it stands
	}
	output := masked(strings.TrimRight(c.output, "\n"))
	if c.cut {
		output += "\n..."
	}
	writeFenceAfter(b, "output", output)
}

// changing is what differs from run to run, with the pattern of package
// snippets that stands for it, in the order in which they are looked for.
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

// masked puts patterns for what changes from run to run, so that a saved
// session can be replayed and checked.
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

func writeFence(b *bytes.Buffer, info, text string) {
	b.WriteByte('\n')
	writeFenceAfter(b, info, text)
}

// writeFenceAfter writes a fenced block whose fence is longer than any in text.
func writeFenceAfter(b *bytes.Buffer, info, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "%s%s\n%s\n%s\n", fence, info, text, fence)
}

// loadCommand runs a notebook's cells, or those of a .go file, as if typed.
func (r *REPL) loadCommand(ctx context.Context, file string, _ io.Writer) error {
	if file == "" {
		return errors.New(":load: want the name of a Markdown notebook or a .go file")
	}
	cells, err := r.readCellsOf(file)
	if err != nil {
		return fmt.Errorf(":load: %w", err)
	}
	for i, code := range cells {
		r.scr.print(r.echo(code))
		if res := r.runCell(ctx, code); res.Err != nil {
			if rest := len(cells) - i - 1; rest > 0 {
				r.errs.println(fmt.Sprintf(":load %s: stopped, %s not run", file, cellCount(rest)))
			}
			return errShown
		}
	}
	return nil
}

func (r *REPL) readCellsOf(file string) ([]string, error) {
	if strings.EqualFold(filepath.Ext(file), ".go") {
		return r.goCells(file)
	}
	nb, err := snippets.Open(file)
	if err != nil {
		return nil, err
	}
	var cells []string
	for _, c := range nb.Cells() {
		if !c.Skip && !c.Fails {
			cells = append(cells, c.Code)
		}
	}
	if len(cells) == 0 {
		return nil, fmt.Errorf("%s has no go blocks", file)
	}
	return cells, nil
}

// goCells splits a .go file at its `// %%` lines; a file without any is one cell.
func (r *REPL) goCells(file string) ([]string, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var cells []string
	var cell strings.Builder
	end := func() {
		if text := strings.Trim(cell.String(), "\n"); !onlyComments(text) {
			cells = append(cells, text)
		}
		cell.Reset()
	}
	for line := range strings.Lines(strings.ReplaceAll(string(src), "\r\n", "\n")) {
		if strings.HasPrefix(line, "// %%") {
			end()
		}
		cell.WriteString(line)
	}
	end()
	if len(cells) == 0 {
		return nil, fmt.Errorf("%s has no code", file)
	}
	return cells, nil
}

// completeFile lists files and folders that begin with prefix.
func completeFile(prefix string) []string {
	dir, base := filepath.Split(prefix)
	entries, err := os.ReadDir(filepath.Clean(dir)) // "" is the working directory
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) || strings.HasPrefix(e.Name(), ".") && base == "" {
			continue
		}
		name := dir + e.Name()
		if e.IsDir() {
			name += "/"
		}
		found = append(found, name)
	}
	slices.Sort(found)
	return found
}
