package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mesosbook/cluster"
)

func clusterCommand(std stdio) *cobra.Command {
	var flags clusterFlags
	c := &cobra.Command{
		Use:   "cluster",
		Short: "Run the embedded Mesos cluster alone",
		Long: `Starts a Mesos master and agents on this machine and prints one line when all of
them answer:

  ready: master http://127.0.0.1:5050 agent http://127.0.0.1:5051

Of many agents it has the first ten; the master's /slaves has them all.

With --masters 3 three masters take part in an election; --zk lets them do so in
ZooKeeper. With --work-dir a cluster that was ended goes on where it was.

Logs go to standard error. SIGINT and SIGTERM end the cluster and every task.

Each line on standard input lets something go wrong, for teaching and tests:
"kill agent 0", "kill master", ...; "help" lists what there is.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			return runCluster(ctx, &flags, std)
		},
	}
	flags.register(c.Flags())
	return c
}

// clusterStartTimeout bounds the start of the cluster until its agents have
// registered.
const (
	clusterStartTimeout = 30 * time.Second
	agentStartTimeout   = 50 * time.Millisecond // more for each agent
)

func runCluster(ctx context.Context, flags *clusterFlags, std stdio) error {
	opts, err := flags.options(std.err)
	if err != nil {
		return err
	}
	starting, cancel := context.WithTimeout(ctx, clusterStartTimeout+time.Duration(max(opts.Agents, len(opts.Machines)))*agentStartTimeout)
	defer cancel()
	c, err := cluster.Start(starting, opts)
	if err != nil {
		return fmt.Errorf("start the cluster: %w", err)
	}
	fmt.Fprintf(std.out, "ready: %s\n", addresses(c))
	if std.in != nil {
		// Ends with the input, which is the program's own end at the latest.
		go faultLines(ctx, c, std.in, std)
	}
	<-ctx.Done()
	return c.Stop()
}

// shownAgents is how many agents' addresses are told: with 1,000 nobody reads them.
const shownAgents = 10

// addresses of a cluster's masters and agents: "master URL... agent URL...".
func addresses(c *cluster.Cluster) string {
	return "master " + strings.Join(c.MasterURLs(), " ") + " agent " + listed(c.AgentURLs())
}

// listed are the first of the agents' addresses, and how many there are besides.
func listed(agents []string) string {
	rest := ""
	if n := len(agents) - shownAgents; n > 0 {
		agents, rest = agents[:shownAgents], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(agents, " ") + rest
}
