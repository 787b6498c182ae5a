package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"mesosbook/kernel"
	"mesosbook/repl/display"
	"mesosbook/snippets"
)

type runFlags struct {
	notebookFlags
	check, update, quiet bool
}

func runCommand(std stdio) *cobra.Command {
	var flags runFlags
	c := &cobra.Command{
		Use:   "run FILE...",
		Short: "Replay notebooks headless and, with --check, compare their output",
		Long: `Replays each FILE, a notebook in Markdown, and prints what a reader would see.

With --check the output of each cell is compared with the notebook's output
blocks; differences are shown at FILE:LINE and the exit status is 1. A FILE that
does not exist is looked up among the shipped notebooks: ` + strings.Join(snippets.Names(), ", ") + `.

Each FILE runs in a session and on an embedded cluster of its own.`,
		Example: `  mesosbook run --check snippets/tutorial.md
  mesosbook run tutorial --master http://master:5050`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeNotebooks,
		RunE: func(c *cobra.Command, files []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			return runFiles(ctx, flags, std, files)
		},
	}
	c.Flags().BoolVar(&flags.check, "check", false, "compare with the expected output, exit 1 where it differs")
	c.Flags().BoolVar(&flags.update, "update", false, "write the output of this run into the files' output blocks")
	c.Flags().BoolVarP(&flags.quiet, "quiet", "q", false, "print only what is not as expected, and the summary")
	flags.register(c.Flags())
	return c
}

func runFiles(ctx context.Context, flags runFlags, std stdio, files []string) error {
	if flags.check && flags.update {
		return usageError{errors.New("--check and --update exclude each other")}
	}
	std.out, std.err = &cleanWriter{to: std.out}, &cleanWriter{to: std.err}
	failed := false
	for _, file := range files {
		ok, err := runFile(ctx, flags, std, file)
		if err != nil {
			return err
		}
		failed = failed || !ok
	}
	if failed {
		return exitStatus(1)
	}
	return nil
}

// runFile tells whether the notebook did what it says.
func runFile(ctx context.Context, flags runFlags, std stdio, file string) (bool, error) {
	doc, err := snippets.Open(file)
	if err != nil {
		return false, err
	}
	if flags.update {
		if _, err := os.Stat(file); err != nil {
			return false, fmt.Errorf("update %s: %w; a shipped notebook has no file to write to", file, err)
		}
	}
	var shown cellOutput
	if err := flags.cluster.adopt(doc.Cluster); err != nil {
		return false, fmt.Errorf("%s: cluster block: %w", file, err)
	}
	nb, err := openNotebook(flags.notebookFlags, std.err, shown.write)
	if err != nil {
		return false, err
	}
	defer nb.Close()
	opts := snippets.Options{
		Check:   flags.check,
		Timeout: flags.timeout,
		Out:     std.out,
		Eval: func(ctx context.Context, code string) (string, error) {
			return evalShown(ctx, nb, &shown, code)
		},
	}
	if flags.quiet {
		opts.Out = nil
	}
	report, err := snippets.Replay(ctx, doc, opts)
	if err != nil {
		return false, err
	}
	for _, f := range report.Failures {
		fmt.Fprintln(std.err, f.String(report.Name))
	}
	fmt.Fprintln(std.err, report)
	if report.Cells == 0 && (flags.check || flags.update) {
		return false, nil // there was nothing to compare: a slip, not a success
	}
	if flags.update {
		return report.OK(), update(file, doc, report)
	}
	return report.OK(), nil
}

// update rewrites the file on disk.
func update(file string, doc *snippets.Notebook, report snippets.Report) error {
	text := doc.Update(report.Outputs)
	if bytes.Equal(text, doc.Bytes()) {
		return nil
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return fmt.Errorf("update %s: %w", file, err)
	}
	return nil
}

// evalShown runs one cell and gives what a reader sees of it.
func evalShown(ctx context.Context, nb *notebook, shown *cellOutput, code string) (string, error) {
	res := nb.Run(ctx, code)
	text := shown.take()
	for _, v := range res.Values {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += display.Text(v, display.Options{}) + "\n"
	}
	return text, res.Err
}

// cellOutput collects what cells print, both streams in order.
type cellOutput struct {
	mu   sync.Mutex
	text strings.Builder
}

func (c *cellOutput) write(o kernel.Output) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.WriteString(o.Text)
}

func (c *cellOutput) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.text.String()
	c.text.Reset()
	return text
}
