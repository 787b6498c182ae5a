// Mesosbook is a notebook-style REPL for the Apache Mesos v1 HTTP API with an
// embedded Mesos cluster. Without a subcommand it opens the notebook on the
// terminal; `mesosbook help` lists the rest.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// stdio is what the program reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// exitStatus is an error that has already been told to the user: it only
// carries the program's exit status.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run is the program with its surroundings as arguments; it gives the exit
// status: 0 success, 1 a failure that was reported, 2 wrong usage.
func run(args []string, in io.Reader, out, errw io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	root := rootCommand(stdio{in, out, errw})
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	err := root.ExecuteContext(ctx)
	var status exitStatus
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		fmt.Fprintf(errw, "mesosbook: %v\nTry 'mesosbook --help'.\n", err)
		return 2
	}
	fmt.Fprintf(errw, "mesosbook: %v\n", err)
	return 1
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// wrongUsage makes cobra's flag and argument errors usage errors.
func wrongUsage(c *cobra.Command) {
	c.SilenceUsage = true
	c.SilenceErrors = true
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			switch {
			case err == nil:
				return nil
			case c.HasSubCommands():
			case len(args) == 0:
				err = fmt.Errorf("%s: an argument is missing; write %s", c.Name(), c.UseLine())
			default:
				err = fmt.Errorf("%s: %q is one argument too many; write %s", c.Name(), args[len(args)-1], c.UseLine())
			}
			return usageError{err}
		}
	}
	for _, sub := range c.Commands() {
		wrongUsage(sub)
	}
}
