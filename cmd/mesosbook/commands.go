package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"mesosbook/cluster"
	"mesosbook/repl"
	"mesosbook/session"
)

// commands are the ':' commands that look at the session behind the notebook.
func commands(nb *notebook, events *eventFeed) []repl.Command {
	return []repl.Command{
		{Name: "status", Summary: "the session: state, leader, ids, last heartbeat, counts", Run: nb.showStatus},
		{Name: "events", Args: "[off|updates|all]", Summary: "which events of the background channel are shown as they come",
			Run: events.command, Complete: words(string(eventsOff), string(eventsUpdates), string(eventsAll))},
		{Name: "wire", Args: "on|off", Summary: "show every request, answer and record as it crosses the wire",
			Run: nb.setWire, Complete: words("on", "off")},
		{Name: "dry", Args: "on|off", Summary: "show calls that would change something instead of sending them",
			Run: nb.setDryRun, Complete: words("on", "off")},
		{Name: "curl", Args: "[N]", Summary: "the N-th last call as a curl command (1: the last; aN: of those that the session sent by itself)", Run: nb.showCurl},
		{Name: "calls", Args: "[N]", Summary: "the last N calls with their answers (20), numbered as for :curl", Run: nb.showCalls},
		{Name: "fault", Args: "[WHAT]", Summary: "let something go wrong in the embedded cluster; alone: what there is", Run: nb.showFault, Complete: words(faultNames()...)},
		{Name: "cluster", Summary: "where the cluster is: URLs, sandboxes", Run: nb.showCluster},
	}
}

func words(all ...string) func(string) []string {
	return func(prefix string) []string {
		var match []string
		for _, w := range all {
			if strings.HasPrefix(w, prefix) {
				match = append(match, w)
			}
		}
		return match
	}
}

// current gives the session if it has been used, without starting anything.
func (nb *notebook) current() *session.Session {
	nb.mu.Lock()
	defer nb.mu.Unlock()
	return nb.live
}

func (nb *notebook) showStatus(_ context.Context, _ string, out io.Writer) error {
	s := nb.current()
	if s == nil {
		fmt.Fprintln(out, "the session has not been used yet; subscribe() opens the channel")
		return nil
	}
	fmt.Fprintln(out, s.Status())
	return nil
}

// statusWords are for the terminal's title.
func (nb *notebook) statusWords() string {
	s := nb.current()
	if s == nil {
		return ""
	}
	return string(s.State())
}

func (f *eventFeed) command(_ context.Context, args string, out io.Writer) error {
	if level := strings.TrimSpace(args); level != "" {
		if err := f.set(eventLevel(level)); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "events shown: %s\n", f.current())
	return nil
}

func (nb *notebook) setWire(ctx context.Context, args string, out io.Writer) error {
	on, err := onOff(":wire", args)
	if err != nil {
		return err
	}
	s, err := nb.Session(ctx)
	if err != nil {
		return err
	}
	if on {
		s.SetWire(nb.notice)
	} else {
		s.SetWire(nil)
	}
	fmt.Fprintf(out, "wire %s\n", strings.TrimSpace(args))
	return nil
}

func (nb *notebook) setDryRun(ctx context.Context, args string, out io.Writer) error {
	on, err := onOff(":dry", args)
	if err != nil {
		return err
	}
	s, err := nb.Session(ctx)
	if err != nil {
		return err
	}
	s.SetDryRun(on)
	fmt.Fprintf(out, "dry run %s\n", strings.TrimSpace(args))
	return nil
}

// unsent counts the calls that a dry run kept back.
func (nb *notebook) unsent() int {
	if s := nb.current(); s != nil {
		return s.Status().Unsent
	}
	return 0
}

// onOff reads the argument of command.
func onOff(command, args string) (bool, error) {
	switch strings.TrimSpace(args) {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, fmt.Errorf("%s: want on or off, got %q", command, strings.TrimSpace(args))
}

func (nb *notebook) showCurl(_ context.Context, args string, out io.Writer) error {
	number, auto := strings.CutPrefix(strings.TrimSpace(args), "a")
	n, err := count(":curl", number, 1)
	if err != nil {
		return err
	}
	s := nb.current()
	if s == nil {
		return fmt.Errorf("no call has been sent yet")
	}
	text, err := s.Curl(n, auto)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, text)
	return nil
}

func (nb *notebook) showCalls(_ context.Context, args string, out io.Writer) error {
	n, err := count(":calls", args, 20)
	if err != nil {
		return err
	}
	s := nb.current()
	if s == nil {
		fmt.Fprintln(out, "no call has been sent yet")
		return nil
	}
	calls := s.Calls()
	for _, c := range calls[max(0, len(calls)-n):] {
		fmt.Fprintln(out, c)
	}
	return nil
}

// count reads the argument of command, a positive number; empty is the default.
func count(command, args string, otherwise int) (int, error) {
	args = strings.TrimSpace(args)
	if args == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(args)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s: %q is not a number from 1", command, args)
	}
	return n, nil
}

// masterState is a word for how a master is.
func masterState(m cluster.Master) string {
	switch {
	case m.Leading:
		return "leads"
	case m.Running:
		return "stands by"
	}
	return "is dead"
}

func (nb *notebook) showCluster(ctx context.Context, _ string, out io.Writer) error {
	s, err := nb.Session(ctx)
	if err != nil {
		return err
	}
	nb.mu.Lock()
	c := nb.embedded
	nb.mu.Unlock()
	if c == nil {
		fmt.Fprintf(out, "master     %s\n", s.MasterURL())
		return nil
	}
	fmt.Fprintf(out, "master     %s  (web UI at the same address)\n", c.MasterURL())
	if masters := c.Masters(); len(masters) > 1 {
		for i, m := range masters {
			fmt.Fprintf(out, "  master %d %s  %s\n", i, m.URL, masterState(m))
		}
	}
	fmt.Fprintf(out, "agents     %s\nsandboxes  %s\n", listed(c.AgentURLs()), c.WorkDir())
	return nil
}
