package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
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
	listen                string
	insecureListen        bool
	credentials           string
	simulate              bool
	offerTimeout          time.Duration
	config                string
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
	flags.StringVar(&f.listen, "listen", "127.0.0.1", "IPv4 address that the embedded cluster listens on")
	flags.BoolVar(&f.insecureListen, "insecure-listen", false, "INSECURE: listen on another address without --credentials; whoever reaches it can run commands here")
	flags.StringVar(&f.credentials, "credentials", "", "file of the principals that the embedded master knows: Mesos' JSON, or a principal and its secret on each line")
	flags.BoolVar(&f.simulate, "simulate", false, "run tasks without processes, so that many agents fit")
	flags.DurationVar(&f.offerTimeout, "offer-timeout", 0, "rescind offers that were not used for so long (default never)")
	flags.StringVar(&f.config, "config", "", "YAML file that describes the embedded cluster's agents one by one")
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
	opts := cluster.Options{
		MasterPort: f.masterPort,
		AgentPort:  f.agentPort,
		// A port that was asked for is that one or an error.
		StrictMasterPort: f.set.Changed("master-port"),
		StrictAgentPort:  f.set.Changed("agent-port"),
		Agents:           f.agents,
		Resources:        f.resources,
		Attributes:       f.attributes,
		WorkDir:          f.workDir,
		Listen:           f.listen,
		InsecureListen:   f.insecureListen,
		Simulate:         f.simulate,
		OfferTimeout:     f.offerTimeout,
		Log:              log,
	}
	if f.credentials != "" {
		known, err := readCredentials(f.credentials)
		if err != nil {
			return opts, err
		}
		opts.Credentials = known
	}
	if f.config != "" {
		if f.set.Changed("agents") {
			return opts, usageError{fmt.Errorf("--config and --agents exclude each other")}
		}
		machines, err := readMachines(f.config)
		if err != nil {
			return opts, err
		}
		opts.Machines = machines
	}
	return opts, nil
}

// clusterConfig is the file of --config.
type clusterConfig struct {
	Agents []agentConfig `yaml:"agents"`
}

// agentConfig describes one agent, or Count agents alike. What is left out is
// as the other flags have it.
type agentConfig struct {
	Count      int    `yaml:"count"`      // 1 if absent
	Port       int    `yaml:"port"`       // of the first; the next free one if absent
	Hostname   string `yaml:"hostname"`   // what it calls itself
	Resources  string `yaml:"resources"`  // "cpus:4;mem:8192;ports:[31000-32000]", MB
	Attributes string `yaml:"attributes"` // "rack:a;zone:1"
}

func readMachines(file string) ([]cluster.Machine, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's description: %w", err)
	}
	var conf clusterConfig
	if err := yaml.UnmarshalWithOptions(text, &conf, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("read the cluster's description: %s: %w", file, err)
	}
	var machines []cluster.Machine
	for i, a := range conf.Agents {
		if a.Count < 0 || a.Count > 10000 {
			return nil, fmt.Errorf("read the cluster's description: %s: agent %d: count %d is not from 1 to 10000", file, i, a.Count)
		}
		for n := range max(a.Count, 1) {
			m := cluster.Machine{Port: a.Port, Hostname: a.Hostname, Resources: a.Resources, Attributes: a.Attributes}
			if a.Port > 0 {
				m.Port += n
			}
			machines = append(machines, m)
		}
	}
	if len(machines) == 0 {
		return nil, fmt.Errorf("read the cluster's description: %s: no agents; want agents: [{resources: ..., attributes: ...}]", file)
	}
	return machines, nil
}

// readCredentials reads a file in the formats of Mesos' --credentials (flags of
// 1.12): JSON, or a principal and a secret on each line.
func readCredentials(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	known := map[string]string{}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		var list struct {
			Credentials []struct{ Principal, Secret string }
		}
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, fmt.Errorf("read the credentials: %s: %w", file, err)
		}
		for _, c := range list.Credentials {
			known[c.Principal] = c.Secret
		}
	} else {
		for i, line := range strings.Split(string(text), "\n") {
			fields := strings.Fields(line)
			switch len(fields) {
			case 0:
			case 2:
				known[fields[0]] = fields[1]
			default:
				return nil, fmt.Errorf("read the credentials: %s:%d: want a principal and a secret", file, i+1)
			}
		}
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("read the credentials: %s holds none", file)
	}
	return known, nil
}
