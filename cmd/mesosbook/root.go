package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"mesosbook/kernel"
	"mesosbook/kernel/names"
	"mesosbook/repl"
	"mesosbook/resources"
	"mesosbook/snippets"
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
		Args: func(c *cobra.Command, args []string) error {
			if flags.resume == resumeLast && len(args) == 1 {
				return nil // --resume NAME, which pflag takes for --resume and an argument
			}
			return noSubcommand(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				flags.resume = args[0]
			}
			return runREPL(c.Context(), flags, std)
		},
	}
	flags.register(c.Flags())
	c.AddCommand(runCommand(std), evalCommand(std), clusterCommand(std), exportCommand(std), leaderCommand(std), versionCommand(std))
	c.SetHelpCommand(helpCommand(c))
	c.SetUsageFunc(func(c *cobra.Command) error {
		showUsage(c, c.OutOrStdout())
		return nil
	})
	completeFlags(c)
	wrongUsage(c)
	return c
}

// noSubcommand refuses arguments and says what may have been meant.
func noSubcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if _, err := snippets.Open(args[0]); err == nil {
		return fmt.Errorf("%q is no command; mesosbook run %s replays a notebook, and :step %[2]s in the notebook walks through it", args[0], args[0])
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	if near, ok := resources.Nearest(args[0], names); ok {
		return fmt.Errorf("unknown command %q; did you mean %s?", args[0], near)
	}
	return fmt.Errorf("unknown command %q; there are %s", args[0], strings.Join(names, ", "))
}

type replFlags struct {
	notebookFlags
	history string
	session string
	resume  string
}

// resumeLast is --resume without a name; no session can be called so.
const resumeLast = "."

func (f *replFlags) register(flags *pflag.FlagSet) {
	f.notebookFlags.register(flags)
	flags.StringVar(&f.history, "history", defaultHistory(), "file of what was typed in earlier notebooks; empty: none")
	flags.StringVar(&f.session, "session", "", "name of this session, for --resume (default the time of the start)")
	flags.StringVar(&f.resume, "resume", "", "go on with the session of this name, without a name with the last one: same framework, its events and definitions")
	flags.Lookup("resume").NoOptDefVal = resumeLast
}

func defaultHistory() string {
	state := stateDir()
	if state == "" {
		return ""
	}
	return filepath.Join(state, "history")
}

// openStore gives the directory of the notebook: the one to resume, or a new one
// for a person at a terminal, for a named session and for one on a cluster that
// outlives the program. It may be nil: what nobody gave a name goes on without when
// there is no place for it.
func (f *replFlags) openStore(terminal bool, warn io.Writer) (*store, error) {
	switch {
	case f.resume != "" && f.session != "":
		return nil, usageError{errors.New("--resume and --session exclude each other")}
	case f.resume == resumeLast:
		return openStore("")
	case f.resume != "":
		return openStore(f.resume)
	case f.session != "":
		return createStore(f.session, f.master)
	case terminal || f.master != "":
		kept, err := createStore("", f.master)
		if err != nil {
			fmt.Fprintf(warn, "this session cannot be resumed: %v\n", err)
			return nil, nil
		}
		return kept, nil
	}
	return nil, nil
}

func runREPL(ctx context.Context, flags replFlags, std stdio) error {
	if err := flags.check(); err != nil {
		return err // before there is a session to keep
	}
	terminal := isTerminal(std.in) && isTerminal(std.out)
	kept, err := flags.openStore(terminal, std.err)
	if err != nil {
		return err
	}
	if flags.resume != "" && flags.master == "" {
		flags.master = kept.master()
	}
	var r *repl.REPL
	events := &eventFeed{level: eventsUpdates, notice: func(text string) { r.Notice(text) }}
	nb, err := newNotebook(flags.notebookFlags, func(o kernel.Output) { r.Output(o) }, events.notice)
	if err != nil {
		return err
	}
	defer nb.Close()
	nb.onSession = events.follow
	opts := replOptions(nb, events, flags, std)
	if flags.resume != "" {
		if opts.Cells, err = nb.redeclare(ctx, kept); err != nil {
			return err
		}
	}
	nb.store = kept
	if r, err = repl.New(opts); err != nil {
		return err
	}
	if terminal {
		nb.ask = r.Ask
	}
	if flags.resume != "" {
		resumed := make(chan struct{})
		defer func() { <-resumed }() // ends with ctx or the session's own time-out
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() { defer close(resumed); nb.resume(ctx) }()
		if !terminal {
			<-resumed // a script's first cell may build on the subscription
		}
	}
	err = r.Run(ctx)
	var failed *repl.FailedError
	if errors.As(err, &failed) {
		return exitStatus(1)
	}
	return err
}

func replOptions(nb *notebook, events *eventFeed, flags replFlags, std stdio) repl.Options {
	return repl.Options{
		Kernel:      nb,
		In:          std.in,
		Out:         std.out,
		Err:         std.err,
		Terminal:    isTerminal(std.in) && isTerminal(std.out),
		Dumb:        os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "",
		Color:       os.Getenv("NO_COLOR") == "",
		Light:       lightWindow(os.Getenv("COLORFGBG")),
		HistoryFile: flags.history,
		Banner:      banner(flags.notebookFlags),
		Help:        names.Help,
		HelpTopics:  helpTopics,
		Status:      nb.statusWords,
		Unsent:      nb.unsent,
		Commands:    commands(nb, events),
		CellTimeout: flags.timeout,
		Editor:      editor(),
	}
}

// lightWindow reads COLORFGBG as rxvt and Konsole set it, "foreground;background" by
// the numbers of the 16 colours: 7 and those from 9 on are light ones.
func lightWindow(colors string) bool {
	background, err := strconv.Atoi(colors[strings.LastIndexByte(colors, ';')+1:])
	return err == nil && (background == 7 || background > 8)
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
