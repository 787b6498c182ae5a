package main

import (
	"github.com/spf13/cobra"

	"mesosbook/session"
	"mesosbook/snippets"
)

// completeNotebooks offers the shipped notebooks beside the files.
func completeNotebooks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return snippets.Names(), cobra.ShellCompDirectiveDefault
}

// completeSession offers the sessions that are kept, once.
func completeSession(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	dir, err := sessionsDir()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return storesByAge(dir), cobra.ShellCompDirectiveNoFileComp
}

// completeFlags gives the flags of a command that take one of a few words what a shell
// offers for them.
func completeFlags(c *cobra.Command) {
	for name, complete := range map[string]cobra.CompletionFunc{
		"ack":    cobra.FixedCompletions([]string{string(session.AckAuto), string(session.AckManual)}, cobra.ShellCompDirectiveNoFileComp),
		"resume": completeSession,
	} {
		if c.Flags().Lookup(name) != nil {
			_ = c.RegisterFlagCompletionFunc(name, complete) // fails for flags that are not there
		}
	}
	for _, sub := range c.Commands() {
		completeFlags(sub)
	}
}
