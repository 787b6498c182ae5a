package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"mesosbook/cluster"
)

// fault is one thing that can go wrong in the embedded cluster, on demand.
type fault struct {
	words   string // how it is called: "kill agent"
	args    string // what follows, for help
	summary string
	run     func(ctx context.Context, c *cluster.Cluster, args faultArgs) error
}

// faults lists what can be done to a cluster.
func faults() []fault {
	return []fault{
		{"kill master", "[N]", "end the leading master, or master N, as SIGKILL would", onMaster((*cluster.Cluster).KillMaster, (*cluster.Cluster).KillMasterAt)},
		{"restart master", "[N]", "start the masters that are dead, or master N, on the same port", onMaster((*cluster.Cluster).RestartMaster, (*cluster.Cluster).RestartMasterAt)},
		{"kill agent", "[N]", "end agent N as SIGKILL would", onAgent((*cluster.Cluster).KillAgent)},
		{"stop agent", "[N]", "end agent N in good order", onAgent((*cluster.Cluster).StopAgent)},
		{"restart agent", "[N]", "start agent N again", onAgent((*cluster.Cluster).RestartAgent)},
		{"cut link", "[N]", "part agent N from the master", onAgent((*cluster.Cluster).CutLink)},
		{"delay link", "[N] 200ms", "let everything between the master and agent N take longer", delayLink},
		{"drop updates", "[N] COUNT", "lose the next status updates of agent N", dropUpdates},
		{"restore link", "[N]", "end what cut, delay and drop began", onAgent((*cluster.Cluster).RestoreLink)},
		{"cut connections", "", "break every HTTP connection to the masters", func(_ context.Context, c *cluster.Cluster, _ faultArgs) error { return c.CutConnections() }},
		{"rescind offers", "[N]", "take back the offers of agent N", func(ctx context.Context, c *cluster.Cluster, a faultArgs) error {
			return a.agent(func(i int) error { return c.RescindOffers(ctx, i) })
		}},
		{"hold heartbeats", "", "send no heartbeats", func(_ context.Context, c *cluster.Cluster, _ faultArgs) error { c.HoldHeartbeats(true); return nil }},
		{"release heartbeats", "", "send them again", func(_ context.Context, c *cluster.Cluster, _ faultArgs) error { c.HoldHeartbeats(false); return nil }},
	}
}

// faultArgs are the words behind a fault's name.
type faultArgs []string

func onAgent(do func(*cluster.Cluster, int) error) func(context.Context, *cluster.Cluster, faultArgs) error {
	return func(_ context.Context, c *cluster.Cluster, a faultArgs) error {
		return a.agent(func(i int) error { return do(c, i) })
	}
}

// onMaster does something with the master of a number, or without one with the
// leading one.
func onMaster(leader func(*cluster.Cluster) error, at func(*cluster.Cluster, int) error) func(context.Context, *cluster.Cluster, faultArgs) error {
	return func(_ context.Context, c *cluster.Cluster, a faultArgs) error {
		switch len(a) {
		case 0:
			return leader(c)
		case 1:
			i, err := a.number(0)
			if err != nil {
				return err
			}
			return at(c, i)
		}
		return fmt.Errorf("%q: want the number of a master at most", strings.Join(a, " "))
	}
}

// agent runs do with the number of an agent, 0 when none is given.
func (a faultArgs) agent(do func(i int) error) error {
	if len(a) > 1 {
		return fmt.Errorf("%q: want the number of an agent at most", strings.Join(a, " "))
	}
	i, err := a.number(0)
	if err != nil {
		return err
	}
	return do(i)
}

func (a faultArgs) number(otherwise int) (int, error) {
	if len(a) == 0 {
		return otherwise, nil
	}
	n, err := strconv.Atoi(a[0])
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number from 0", a[0])
	}
	return n, nil
}

// split gives the agent's number and the value behind it, which may stand alone.
func (a faultArgs) split() (int, string, error) {
	switch len(a) {
	case 1:
		return 0, a[0], nil
	case 2:
		i, err := a.number(0)
		return i, a[1], err
	}
	return 0, "", errors.New("want the number of an agent and a value")
}

func delayLink(_ context.Context, c *cluster.Cluster, a faultArgs) error {
	i, value, err := a.split()
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return err
	}
	return c.DelayLink(i, d)
}

func dropUpdates(_ context.Context, c *cluster.Cluster, a faultArgs) error {
	i, value, err := a.split()
	if err != nil {
		return err
	}
	n, err := faultArgs{value}.number(0)
	if err != nil {
		return err
	}
	return c.DropUpdates(i, n)
}

// runFault does what a line such as "kill agent 0" says.
func runFault(ctx context.Context, c *cluster.Cluster, line string) error {
	words := strings.Fields(line)
	for _, f := range faults() {
		if name := strings.Fields(f.words); len(words) >= len(name) && strings.Join(words[:len(name)], " ") == f.words {
			err := f.run(ctx, c, words[len(name):])
			if err == nil || strings.HasPrefix(err.Error(), f.words+":") {
				return err // the cluster's errors name the fault themselves
			}
			return fmt.Errorf("%s: %w", f.words, err)
		}
	}
	return fmt.Errorf("there is no fault %q; there are: %s", strings.TrimSpace(line), strings.Join(faultNames(), ", "))
}

func faultNames() []string {
	var names []string
	for _, f := range faults() {
		names = append(names, f.words)
	}
	return names
}

func listFaults(out io.Writer) {
	for _, f := range faults() {
		fmt.Fprintf(out, "%-28s %s\n", strings.TrimSpace(f.words+" "+f.args), f.summary)
	}
}

// faultLines runs each line of in as a fault until its end.
func faultLines(ctx context.Context, c *cluster.Cluster, in io.Reader, std stdio) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		switch line := strings.TrimSpace(lines.Text()); line {
		case "":
		case "help":
			listFaults(std.err)
		default:
			if err := runFault(ctx, c, line); err != nil {
				fmt.Fprintln(std.err, err)
				continue
			}
			fmt.Fprintf(std.err, "done: %s\n", line)
		}
	}
}

// faultError is the failure of fault in a cell.
type faultError struct{ error }

func (e faultError) CellError() {}

// fault is the helper of that name in cells.
func (nb *notebook) fault(what string) {
	c, err := nb.cluster(nb.Kernel.Context())
	if err == nil {
		err = runFault(nb.Kernel.Context(), c, what)
	}
	if err != nil {
		panic(faultError{fmt.Errorf("fault: %w", err)})
	}
}

// showFault is the command :fault.
func (nb *notebook) showFault(ctx context.Context, args string, out io.Writer) error {
	if strings.TrimSpace(args) == "" {
		listFaults(out)
		return nil
	}
	c, err := nb.cluster(ctx)
	if err != nil {
		return err
	}
	if err := runFault(ctx, c, args); err != nil {
		return err
	}
	fmt.Fprintf(out, "done: %s\n", strings.TrimSpace(args))
	return nil
}

// cluster gives the embedded cluster, started if need be.
func (nb *notebook) cluster(ctx context.Context) (*cluster.Cluster, error) {
	if _, err := nb.Session(ctx); err != nil {
		return nil, err
	}
	nb.mu.Lock()
	defer nb.mu.Unlock()
	if nb.embedded == nil {
		return nil, errors.New("faults are for the embedded cluster, and this notebook uses another one")
	}
	return nb.embedded, nil
}
