package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mesosbook/kernel"
	"mesosbook/repl/display"
)

// evalRequest is one line of the input of `mesosbook eval --json`.
type evalRequest struct {
	Code    string `json:"code"`
	Timeout string `json:"timeout"` // a Go duration; empty: none
}

// evalAnswer is one line of its output.
type evalAnswer struct {
	Stdout string   `json:"stdout"`
	Stderr string   `json:"stderr"`
	Values []string `json:"values,omitempty"` // fmt.Sprint of each shown value
	Error  string   `json:"error,omitempty"`
}

// maxEvalLine bounds a line of the input, in bytes.
const maxEvalLine = 64 << 20

func evalCommand(io stdio) *cobra.Command {
	var flags notebookFlags
	var asJSON, keepGoing bool
	c := &cobra.Command{
		Use:   "eval [CODE...]",
		Short: "Evaluate cells without a terminal",
		Long: `Evaluates cells in one live session, without a terminal.

Each CODE is a cell; the first that fails ends it, with exit status 1, unless
there is --keep-going. With --json the cells come from standard input instead, one
JSON object a line, and so do the answers, in the same order:

  in   {"code": "x := 20; x + 1", "timeout": "3s"}
  out  {"stdout": "", "stderr": "", "values": ["21"]}

The embedded cluster starts with the first cell that uses a name of Mesos.`,
		Example: `  mesosbook eval 'strings.Repeat("ab", 3)'
  echo '{"code": "offers()"}' | mesosbook eval --json --master http://127.0.0.1:5050`,
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON == (len(args) > 0) {
				return usageError{errors.New("eval takes either --json or cells as arguments")}
			}
			ctx, stop := interruptible(c.Context())
			defer stop()
			if asJSON {
				return evalLines(ctx, flags, io)
			}
			return evalArgs(ctx, flags, io, args, keepGoing)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "read requests from standard input, a JSON object a line")
	c.Flags().BoolVarP(&keepGoing, "keep-going", "k", false, "run the rest of the cells after one that failed")
	flags.register(c.Flags())
	return c
}

// evalLines answers each line of standard input.
func evalLines(ctx context.Context, flags notebookFlags, std stdio) error {
	var stdout, stderr cellOutput
	nb, err := openNotebook(flags, std.err, func(o kernel.Output) {
		if o.Stream == kernel.Stderr {
			stderr.write(o)
			return
		}
		stdout.write(o)
	})
	if err != nil {
		return err
	}
	defer nb.Close()
	lines := bufio.NewScanner(std.in)
	lines.Buffer(make([]byte, 64<<10), maxEvalLine)
	out := json.NewEncoder(std.out)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		answer := evalLine(ctx, nb, lines.Bytes())
		answer.Stdout, answer.Stderr = stdout.take(), stderr.take()
		if err := out.Encode(answer); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
		if ctx.Err() != nil {
			return exitStatus(130)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read a request: %w", err)
	}
	return nil
}

func evalLine(ctx context.Context, nb *notebook, line []byte) evalAnswer {
	var req evalRequest
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			err = fmt.Errorf("%s is a %s", cmp.Or(wrong.Field, "the line"), wrong.Value)
		}
		return evalAnswer{Error: fmt.Sprintf(`request: %v; want {"code": "...", "timeout": "3s"}`, err)}
	}
	if req.Timeout != "" {
		d, err := time.ParseDuration(req.Timeout)
		if err != nil {
			return evalAnswer{Error: fmt.Sprintf("request timeout: %v", err)}
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	res := nb.runBounded(ctx, req.Code)
	var answer evalAnswer
	for _, v := range res.Values {
		answer.Values = append(answer.Values, v.Text)
	}
	if res.Err != nil {
		answer.Error = res.Err.Error()
	}
	return answer
}

// evalArgs runs each argument as a cell and prints what it shows. It ends at
// the first cell that fails unless it is to keep going.
func evalArgs(ctx context.Context, flags notebookFlags, std stdio, cells []string, keepGoing bool) error {
	nb, err := openNotebook(flags, std.err, func(o kernel.Output) {
		if o.Stream == kernel.Stderr {
			fmt.Fprint(std.err, o.Text)
			return
		}
		fmt.Fprint(std.out, o.Text)
	})
	if err != nil {
		return err
	}
	defer nb.Close()
	failed := false
	for i, code := range cells {
		res := nb.runBounded(ctx, code)
		for _, v := range res.Values {
			fmt.Fprintln(std.out, display.Text(v, display.Options{}))
		}
		if res.Err != nil {
			failed = true
			fmt.Fprintln(std.err, res.Err)
			if rest := len(cells) - i - 1; rest > 0 && (!keepGoing || ctx.Err() != nil) {
				fmt.Fprintf(std.err, "%s not run (--keep-going runs them all)\n", counted(rest, "cell"))
				break
			}
		}
	}
	if failed {
		return exitStatus(1)
	}
	return nil
}
