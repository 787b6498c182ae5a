package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mesosbook/kernel"
	"mesosbook/repl/display"
	"mesosbook/snippets"
)

func (r *REPL) remember(code string, res kernel.Result, t *task, dry bool) {
	output := t.output.String()
	for _, v := range res.Values {
		if output != "" && !strings.HasSuffix(output, "\n") {
			output += "\n"
		}
		output += display.Text(v, display.Options{}) + "\n"
	}
	r.log = append(r.log, snippets.Record{N: r.count, Code: strings.Trim(code, "\n"), Output: output, Cut: t.cut, Failed: res.Err != nil, Dry: dry})
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
	text, saved, left := snippets.Write(title, r.log, a.all)
	if saved == 0 && left == "" {
		return errors.New(":save: there are no cells to save yet")
	}
	if saved == 0 {
		return fmt.Errorf(":save: there are no cells to save%s (:save -a keeps them)", left)
	}
	if _, err := snippets.Parse(a.file, text); err != nil {
		return fmt.Errorf(":save: the session makes no notebook: %w", err)
	}
	if err := os.WriteFile(a.file, text, 0o644); err != nil {
		return fmt.Errorf(":save: %w", err)
	}
	r.saved = append(r.saved, a.file)
	if left != "" {
		left += " (:save -a keeps them)"
	}
	fmt.Fprintf(out, "saved %s to %s%s\n", cellCount(saved), a.file, left)
	return nil
}

func cellCount(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
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
