package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestManyAgentsAreCounted(t *testing.T) {
	var urls []string
	for i := range 1000 {
		urls = append(urls, fmt.Sprint("http://127.0.0.1:", 5051+i))
	}
	if got, want := listed(urls[:10]), strings.Join(urls[:10], " "); got != want {
		t.Errorf("ten agents: %s", got)
	}
	if got, want := listed(urls), strings.Join(urls[:10], " ")+" and 990 more"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestAgentTimeouts(t *testing.T) {
	parse := func(words ...string) (*clusterFlags, error) {
		var f clusterFlags
		set := pflag.NewFlagSet("cluster", pflag.ContinueOnError)
		f.register(set)
		return &f, set.Parse(words)
	}
	f, err := parse("--agent-ping-timeout", "1s")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.adopt([]string{"--agent-ping-timeout", "2s", "--agent-reregister-timeout", "30s"}); err != nil {
		t.Fatal(err)
	}
	opts, err := f.options(io.Discard)
	if err != nil || opts.AgentPingTimeout != time.Second || opts.AgentReregisterTimeout != 30*time.Second {
		t.Errorf("got %s and %s, %v", opts.AgentPingTimeout, opts.AgentReregisterTimeout, err)
	}
	if f, err = parse("--agent-reregister-timeout", "0s"); err != nil {
		t.Fatal(err)
	}
	var wrong usageError
	if _, err := f.options(io.Discard); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "--agent-reregister-timeout") {
		t.Errorf("got %v", err)
	}
}
