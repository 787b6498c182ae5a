package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mesosbook/session"
)

// leaderLine is what `mesosbook leader` prints of a master.
type leaderLine struct {
	URL     string          `json:"url"`
	Leading bool            `json:"leading"`
	Info    json.RawMessage `json:"info,omitempty"` // MasterInfo as the master registered it
}

// leaderTimeout bounds the look-up.
const leaderTimeout = 15 * time.Second

func leaderCommand(std stdio) *cobra.Command {
	var flags masterFlags
	var all bool
	c := &cobra.Command{
		Use:   "leader MASTER",
		Short: "Print the leading master as JSON",
		Long: `Finds the leading master and prints it as JSON. MASTER is a URL, host:port,
several of them separated by commas, or zk://[user:pass@]h1:2181,h2:2181/mesos.
With -a all masters that ZooKeeper knows are printed, one a line, the leader first.`,
		Example: "  mesosbook leader zk://zk1:2181,zk2:2181,zk3:2181/mesos",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if strings.TrimSpace(args[0]) == "" {
				return usageError{errors.New("leader: MASTER is empty; want a URL, host:port or zk://hosts/path")}
			}
			ctx, stop := interruptible(c.Context())
			defer stop()
			ctx, cancel := context.WithTimeoutCause(ctx, leaderTimeout, fmt.Errorf("no answer within %s", leaderTimeout))
			defer cancel()
			opts, err := flags.options(args[0])
			if err != nil {
				return err
			}
			return printLeader(ctx, opts, all, std)
		},
	}
	c.Flags().BoolVarP(&all, "all", "a", false, "all masters, not only the leader")
	flags.register(c.Flags())
	return c
}

func printLeader(ctx context.Context, opts session.Options, all bool, std stdio) error {
	masters, err := session.Masters(ctx, opts)
	if err != nil {
		return fmt.Errorf("find the leader: %w", err)
	}
	out := json.NewEncoder(std.out)
	out.SetEscapeHTML(false)
	for _, m := range masters {
		if !all && !m.Leading {
			continue
		}
		if err := out.Encode(leaderLine{m.URL, m.Leading, m.Info}); err != nil {
			return fmt.Errorf("print the leader: %w", err)
		}
	}
	return nil
}
