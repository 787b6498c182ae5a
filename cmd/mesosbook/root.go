package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mesosbook/kernel"
	"mesosbook/kernel/names"
	"mesosbook/repl"
)

func rootCommand(std stdio) *cobra.Command {
	var flags replFlags
	c := &cobra.Command{
		Use:   "mesosbook",
		Short: "A notebook for the Apache Mesos v1 HTTP API",
		Long: `mesosbook opens a notebook on the terminal: cells of Go run at once, a session in
the background keeps the subscription to a Mesos master, and an embedded cluster
makes all of it work on a laptop. Type :help in it to look around.

With a pipe as standard input it runs what it reads, without prompts.`,
		Example: `  mesosbook                                  on an embedded cluster
  mesosbook --master http://master:5050      on a real one
  mesosbook run --check snippets/tutorial.md replay a notebook`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runREPL(c.Context(), flags, std) },
	}
	flags.register(c.Flags())
	c.Flags().StringVar(&flags.history, "history", defaultHistory(), "file of what was typed in earlier notebooks; empty: none")
	c.AddCommand(runCommand(std), evalCommand(std), clusterCommand(std), versionCommand(std))
	wrongUsage(c)
	return c
}

type replFlags struct {
	notebookFlags
	history string
}

// defaultHistory is below the user's state directory (XDG base directory
// specification 0.8).
func defaultHistory() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mesosbook", "history")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "mesosbook", "history")
}

func runREPL(ctx context.Context, flags replFlags, std stdio) error {
	var r *repl.REPL
	events := &eventFeed{level: eventsUpdates, notice: func(text string) { r.Notice(text) }}
	nb, err := newNotebook(flags.notebookFlags, func(o kernel.Output) { r.Output(o) }, events.notice)
	if err != nil {
		return err
	}
	defer nb.Close()
	nb.onSession = events.follow
	r, err = repl.New(replOptions(nb, events, flags, std))
	if err != nil {
		return err
	}
	err = r.Run(ctx)
	var failed *repl.FailedError
	if errors.As(err, &failed) {
		return exitStatus(1)
	}
	return err
}

func replOptions(nb *notebook, events *eventFeed, flags replFlags, std stdio) repl.Options {
	terminal := isTerminal(std.in) && isTerminal(std.out)
	dumb := os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == ""
	return repl.Options{
		Kernel:      nb,
		In:          std.in,
		Out:         std.out,
		Err:         std.err,
		Terminal:    terminal,
		Dumb:        dumb,
		Color:       os.Getenv("NO_COLOR") == "",
		HistoryFile: flags.history,
		Banner:      banner(flags.notebookFlags),
		Help:        names.Help,
		HelpTopics:  helpTopics,
		Status:      nb.statusWords,
		Commands:    commands(nb, events),
		CellTimeout: flags.timeout,
		Editor:      editor(),
	}
}

func editor() string {
	if e := os.Getenv("VISUAL"); e != "" {
		return e
	}
	return os.Getenv("EDITOR")
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func banner(flags notebookFlags) string {
	where := "embedded cluster"
	switch {
	case flags.master != "":
		where = flags.master
	case flags.noCluster:
		where = "no cluster"
	}
	return fmt.Sprintf("mesosbook %s · %s · :help shows what there is, :quit ends", version, where)
}

func helpTopics() []repl.Topic {
	var topics []repl.Topic
	for _, t := range names.Topics() {
		topics = append(topics, repl.Topic{Group: t.Group, Name: t.Name, Summary: t.Summary})
	}
	return topics
}
