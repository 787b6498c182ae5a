package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// flagGroup is the annotation of a flag that names the heading it stands under in
// --help; flags without one are the command's own.
const flagGroup = "group"

const (
	groupMaster  = "Flags for a cluster that runs already"
	groupCluster = "Flags for the embedded cluster"
)

// inGroup puts the flags that add registers under a heading.
func inGroup(flags *pflag.FlagSet, group string, add func(*pflag.FlagSet)) {
	own := pflag.NewFlagSet(group, pflag.ContinueOnError)
	add(own)
	own.VisitAll(func(f *pflag.Flag) {
		f.Annotations = map[string][]string{flagGroup: {group}}
		flags.AddFlag(f)
	})
}

// showUsage writes what --help shows behind a command's description.
func showUsage(c *cobra.Command, out io.Writer) {
	fmt.Fprintf(out, "Usage:\n  %s\n", c.UseLine())
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(out, "  %s COMMAND\n", c.CommandPath())
	}
	if c.HasExample() {
		fmt.Fprintf(out, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprint(out, "\nCommands:\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(out, "  %-*s %s\n", c.CommandPathPadding(), sub.Name(), sub.Short)
			}
		}
	}
	for _, group := range []string{"", groupMaster, groupCluster} {
		if text := flagsOf(c, group).FlagUsagesWrapped(helpWidth(out)); text != "" {
			heading := group
			if heading == "" {
				heading = "Flags"
			}
			fmt.Fprintf(out, "\n%s:\n%s", heading, text)
		}
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\n%s COMMAND --help tells more of a command.\n", c.CommandPath())
	}
}

// flagsOf gives the flags of a command that stand under one heading.
func flagsOf(c *cobra.Command, group string) *pflag.FlagSet {
	var want []string
	if group != "" {
		want = []string{group}
	}
	set := pflag.NewFlagSet(group, pflag.ContinueOnError)
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if slices.Equal(f.Annotations[flagGroup], want) {
			set.AddFlag(f)
		}
	})
	return set
}

// helpWidth is what descriptions of flags are broken to: the window's columns, or 100.
func helpWidth(out io.Writer) int {
	if f, ok := out.(interface{ Fd() uintptr }); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
			return w
		}
	}
	return 100
}

// helpCommand shows the help of a command, and refuses what is none.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usageError{fmt.Errorf("help %s: no such command", strings.Join(args, " "))}
			}
			return c.Help()
		},
	}
}
