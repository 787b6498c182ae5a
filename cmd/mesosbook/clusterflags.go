package main

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"mesosbook/cluster"
)

// clusterFlags are the settings of the embedded cluster, the same for the
// notebook and for `mesosbook cluster`.
type clusterFlags struct {
	masterPort, agentPort int
	agents                int
	resources, attributes string
	workDir               string
	set                   *pflag.FlagSet // to tell a port that was asked for from the default
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	f.set = flags
	flags.IntVar(&f.masterPort, "master-port", cluster.DefaultMasterPort, "port of the embedded master; without this flag the next free one from 5050 on")
	flags.IntVar(&f.agentPort, "agent-port", cluster.DefaultAgentPort, "port of the first embedded agent; without this flag the next free one from 5051 on")
	flags.IntVar(&f.agents, "agents", 1, "number of embedded agents")
	flags.StringVar(&f.resources, "resources", cluster.DefaultResources, "resources of each embedded agent; mem and disk in MB")
	flags.StringVar(&f.attributes, "attributes", cluster.DefaultAttributes, "attributes of each embedded agent")
	flags.StringVar(&f.workDir, "work-dir", "", "directory of sandboxes and logs; empty: a temporary one, removed at the end")
}

// options checks the flags and makes them the cluster's options.
func (f *clusterFlags) options(log io.Writer) (cluster.Options, error) {
	for name, port := range map[string]int{"master-port": f.masterPort, "agent-port": f.agentPort} {
		if port < 1 || port > 65535 {
			return cluster.Options{}, usageError{fmt.Errorf("--%s %d is not a port (1 to 65535)", name, port)}
		}
	}
	if f.agents < 1 {
		return cluster.Options{}, usageError{fmt.Errorf("--agents %d: at least one is needed", f.agents)}
	}
	return cluster.Options{
		MasterPort: f.masterPort,
		AgentPort:  f.agentPort,
		Agents:     f.agents,
		Resources:  f.resources,
		Attributes: f.attributes,
		WorkDir:    f.workDir,

		StrictMasterPort: f.set.Changed("master-port"),
		StrictAgentPort:  f.set.Changed("agent-port"),

		Log: log,
	}, nil
}
