package snippets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Options says how Replay runs a notebook.
type Options struct {
	// Eval runs one cell and gives all that it shows: printed text and the
	// values of its last expression. err is the failure of the cell; its text
	// is shown as "error: ..." after the output. An error with a method
	// CellLine() int is reported at that line of the cell. Required.
	Eval func(ctx context.Context, code string) (output string, err error)
	// Check compares with the expected output and reports differences.
	Check bool
	// Out receives what a reader would see; nil discards.
	Out io.Writer
	// Timeout bounds a cell without a timeout attribute; 0 is a minute.
	Timeout time.Duration
}

// Report tells how a replay went.
type Report struct {
	Name                string
	Cells, Ran, Skipped int
	Failures            []Failure
	Outputs             map[int]string // of each cell that ran, by Cell.N; for Update
	Stopped             bool           // the rest was not run, after an unexpected error
	Duration            time.Duration
}

// Failure is a cell that did not do what the notebook says.
type Failure struct {
	Cell int
	Line int    // of the notebook
	Text string // one line
	Diff string // lines with "- " expected, "+ " printed; may be empty
}

// OK tells whether every cell did what the notebook says.
func (r Report) OK() bool { return len(r.Failures) == 0 }

// String is the summary in one line.
func (r Report) String() string {
	if r.Cells == 0 {
		return r.Name + ": no cells in it (blocks that begin with ```go)"
	}
	text := fmt.Sprintf("%s: %s ran in %s", r.Name, count(r.Ran, "cell"), r.Duration.Round(10*time.Millisecond))
	if r.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", r.Skipped)
	}
	if r.OK() {
		return text + ", all as expected"
	}
	text += fmt.Sprintf(", %d not as expected", len(r.Failures))
	if r.Stopped {
		text += fmt.Sprintf("; stopped, %s not run", count(r.Cells-r.Ran-r.Skipped, "cell"))
	}
	return text
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Replay runs the cells of a notebook one after the other and writes to Out
// what a reader would see: prose, numbered cells, their output. Failures are in
// the Report alone: the caller shows them. A cell that
// prints something else than expected is a Failure (with Check) and the replay
// goes on; one that fails unexpectedly ends it, because what follows builds on
// it. The error is that of ctx or Out; the Report is good as far as it got.
func Replay(ctx context.Context, nb *Notebook, opts Options) (Report, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = time.Minute
	}
	if opts.Out == nil {
		opts.Out = io.Discard
	}
	r := replay{
		Options: opts, nb: nb, values: Values{},
		report: Report{Name: nb.Name, Cells: len(nb.Cells()), Outputs: map[int]string{}},
	}
	start := time.Now()
	err := r.run(ctx)
	r.report.Duration = time.Since(start)
	return r.report, err
}

type replay struct {
	Options
	nb     *Notebook
	values Values
	report Report
}

func (r *replay) run(ctx context.Context) error {
	for _, b := range r.nb.Blocks {
		if ctx.Err() != nil {
			return fmt.Errorf("replay %s: %w", r.nb.Name, context.Cause(ctx))
		}
		if b.Cell == nil {
			if err := r.print(b.Prose); err != nil {
				return err
			}
			continue
		}
		if err := r.cell(ctx, b.Cell); err != nil {
			return err
		}
		if r.report.Stopped {
			return nil
		}
	}
	return nil
}

func (r *replay) cell(ctx context.Context, c *Cell) error {
	if c.Skip {
		r.report.Skipped++
		return r.print(prompt(c) + "(skipped)\n")
	}
	if err := r.print(prompt(c)); err != nil {
		return err
	}
	shown, cellErr := r.eval(ctx, c)
	if ctx.Err() != nil {
		return fmt.Errorf("replay %s: %w", r.nb.Name, context.Cause(ctx))
	}
	r.report.Ran++
	r.report.Outputs[c.N] = shown
	if err := r.print(shown); err != nil {
		return err
	}
	r.judge(c, shown, cellErr)
	return nil
}

// eval runs the cell under its own deadline and gives what it shows.
func (r *replay) eval(ctx context.Context, c *Cell) (string, error) {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = r.Timeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the cell did not end within %s", timeout))
	defer cancel()
	shown, err := r.Eval(ctx, c.Code)
	if shown != "" && !strings.HasSuffix(shown, "\n") {
		shown += "\n"
	}
	if err != nil {
		shown += "error: " + strings.TrimRight(err.Error(), "\n") + "\n"
	}
	return shown, err
}

// judge adds a Failure when the cell did not do what the notebook says.
func (r *replay) judge(c *Cell, shown string, err error) {
	fail := func(line int, text, diff string) {
		r.report.Failures = append(r.report.Failures, Failure{c.N, line, text, diff})
	}
	expectsError := c.Fails
	if c.Output != nil {
		ops, ok := compare(c.Output.Text, shown, r.values)
		if ok {
			return
		}
		expectsError = expectsError || expectsErrorLine(c.Output.Text)
		if r.Check {
			diff, at := render(ops)
			fail(c.Output.Line+1+at, fmt.Sprintf("cell [%d] does not show what the notebook says", c.N), diff)
		}
	}
	switch {
	case err != nil && !expectsError:
		if c.Output == nil || !r.Check {
			fail(c.Line+lineIn(err), fmt.Sprintf("cell [%d] failed: %s", c.N, firstLine(err)), "")
		}
		r.report.Stopped = true
	case err == nil && c.Fails && c.Output == nil:
		fail(c.Line, fmt.Sprintf("cell [%d] should have failed and did not", c.N), "")
	}
}

// expectsErrorLine tells whether an expected output has the line with which a
// failing cell ends.
func expectsErrorLine(text string) bool {
	for _, line := range lines(text) {
		if strings.HasPrefix(line, "error:") {
			return true
		}
	}
	return false
}

// String is the failure at its place: "FILE:LINE: text" and the diff.
func (f Failure) String(name string) string {
	text := fmt.Sprintf("%s:%d: %s", name, f.Line, f.Text)
	if f.Diff != "" {
		text += "\n" + strings.TrimRight(f.Diff, "\n")
	}
	return text
}

// prompt shows a cell's code as the terminal does: "[1] " and its lines below
// each other.
func prompt(c *Cell) string {
	head := fmt.Sprintf("[%d] ", c.N)
	indent := "\n" + strings.Repeat(" ", len(head))
	code := strings.ReplaceAll(c.Code, "\n", indent)
	return strings.ReplaceAll(head+code+"\n", indent+"\n", "\n\n")
}

func (r *replay) print(text string) error {
	if _, err := io.WriteString(r.Out, text); err != nil {
		return fmt.Errorf("replay %s: %w", r.nb.Name, err)
	}
	return nil
}

// lineIn is the line of the cell that its error is about; 0, the line of the
// fence, when the error does not tell.
func lineIn(err error) int {
	var placed interface{ CellLine() int }
	if errors.As(err, &placed) {
		return placed.CellLine()
	}
	return 0
}

func firstLine(err error) string {
	line, _, more := strings.Cut(err.Error(), "\n")
	if more {
		line += " …"
	}
	if errors.Is(err, context.DeadlineExceeded) && !strings.Contains(line, "within") {
		line += " (deadline of the cell)"
	}
	return line
}
