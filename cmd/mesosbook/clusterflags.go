package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
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
	masters, agents       int
	zk                    string
	resources, attributes string
	workDir               string
	listen                string
	insecureListen        bool
	credentials           string
	simulate              bool
	offerTimeout          time.Duration
	pingTimeout           time.Duration
	reregisterTimeout     time.Duration
	config                string
	set                   *pflag.FlagSet // to tell a port that was asked for from the default
}

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	f.set = flags
	flags.IntVar(&f.masterPort, "master-port", cluster.DefaultMasterPort, "port of the first embedded master, others have 100 more each; without this flag the next free one from 5050 on")
	flags.IntVar(&f.agentPort, "agent-port", cluster.DefaultAgentPort, "port of the first embedded agent; without this flag the next free one from 5051 on")
	flags.IntVar(&f.masters, "masters", 1, "number of embedded masters, of which one leads")
	flags.StringVar(&f.zk, "zk", "", "let the embedded masters elect their leader in ZooKeeper: zk://[user:password@]h1:2181,h2:2181/mesos")
	flags.IntVar(&f.agents, "agents", 1, "number of embedded agents")
	flags.StringVar(&f.resources, "resources", cluster.DefaultResources, "resources of each embedded agent; mem and disk in MB")
	flags.StringVar(&f.attributes, "attributes", cluster.DefaultAttributes, "attributes of each embedded agent")
	flags.StringVar(&f.workDir, "work-dir", "", "directory of sandboxes, logs and the masters' registry: a cluster started on it again goes on; empty: a temporary one, removed at the end")
	flags.StringVar(&f.listen, "listen", "127.0.0.1", "IPv4 address that the embedded cluster listens on")
	flags.BoolVar(&f.insecureListen, "insecure-listen", false, "INSECURE: listen on another address without --credentials; whoever reaches it can run commands here")
	flags.StringVar(&f.credentials, "credentials", "", "file of the principals that the embedded master knows: Mesos' JSON, or a principal and its secret on each line")
	flags.BoolVar(&f.simulate, "simulate", false, "run tasks without processes, so that many agents fit")
	flags.DurationVar(&f.offerTimeout, "offer-timeout", 0, "rescind offers that were not used for so long (default never)")
	flags.DurationVar(&f.pingTimeout, "agent-ping-timeout", 15*time.Second, "an embedded agent that leaves five pings in a row unanswered for so long each is unreachable")
	flags.DurationVar(&f.reregisterTimeout, "agent-reregister-timeout", 10*time.Minute, "an embedded agent that does not come back for so long, or to a new master, is unreachable")
	flags.StringVar(&f.config, "config", "", "YAML file that describes the embedded cluster's masters and agents one by one")
}

// adopt takes over what a notebook says of the cluster that it is for. What the
// command line says goes first; what could harm the machine is not a notebook's to
// say.
func (f *clusterFlags) adopt(words []string) error {
	var own clusterFlags
	set := pflag.NewFlagSet("cluster", pflag.ContinueOnError)
	own.register(set)
	if err := set.Parse(words); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("%q is not a flag", set.Arg(0))
	}
	take := map[string]func(){
		"masters": func() { f.masters = own.masters }, "agents": func() { f.agents = own.agents },
		"resources": func() { f.resources = own.resources }, "attributes": func() { f.attributes = own.attributes },
		"simulate": func() { f.simulate = own.simulate }, "offer-timeout": func() { f.offerTimeout = own.offerTimeout },
		"agent-ping-timeout": func() { f.pingTimeout = own.pingTimeout }, "agent-reregister-timeout": func() { f.reregisterTimeout = own.reregisterTimeout },
	}
	var refused error
	set.Visit(func(x *pflag.Flag) {
		switch allowed := take[x.Name]; {
		case allowed == nil:
			refused = fmt.Errorf("a notebook cannot set --%s; there are %s", x.Name, strings.Join(slices.Sorted(maps.Keys(take)), ", "))
		case !f.set.Changed(x.Name):
			allowed()
		}
	})
	return refused
}

// options checks the flags and makes them the cluster's options.
func (f *clusterFlags) options(log io.Writer) (cluster.Options, error) {
	for name, port := range map[string]int{"master-port": f.masterPort, "agent-port": f.agentPort} {
		if port < 1 || port > 65535 {
			return cluster.Options{}, usageError{fmt.Errorf("--%s %d is not a port (1 to 65535)", name, port)}
		}
	}
	if f.masters < 1 {
		return cluster.Options{}, usageError{fmt.Errorf("--masters %d: at least one is needed", f.masters)}
	}
	if f.agents < 1 {
		return cluster.Options{}, usageError{fmt.Errorf("--agents %d: at least one is needed", f.agents)}
	}
	for name, d := range map[string]time.Duration{"agent-ping-timeout": f.pingTimeout, "agent-reregister-timeout": f.reregisterTimeout} {
		if d <= 0 {
			return cluster.Options{}, usageError{fmt.Errorf("--%s %s is not above 0", name, d)}
		}
	}
	opts := cluster.Options{
		MasterPort: f.masterPort,
		AgentPort:  f.agentPort,
		// A port that was asked for is that one or an error.
		StrictMasterPort: f.set.Changed("master-port"),
		StrictAgentPort:  f.set.Changed("agent-port"),
		Masters:          f.masters,
		ZooKeeper:        f.zk,
		Agents:           f.agents,
		Resources:        f.resources,
		Attributes:       f.attributes,
		WorkDir:          f.workDir,
		Listen:           f.listen,
		InsecureListen:   f.insecureListen,
		Simulate:         f.simulate,
		OfferTimeout:     f.offerTimeout,
		Log:              log,

		AgentPingTimeout: f.pingTimeout, AgentReregisterTimeout: f.reregisterTimeout,
	}
	if f.credentials != "" {
		known, err := readCredentials(f.credentials)
		if err != nil {
			return opts, err
		}
		opts.Credentials = known
	}
	if f.config != "" {
		return f.configured(opts)
	}
	return opts, nil
}

// configured adds what the file of --config says.
func (f *clusterFlags) configured(opts cluster.Options) (cluster.Options, error) {
	conf, err := readConfig(f.config)
	if err != nil {
		return opts, err
	}
	for name, there := range map[string]bool{"masters": len(conf.Masters) > 0, "agents": len(conf.Agents) > 0, "zk": conf.ZK != ""} {
		if there && f.set.Changed(name) {
			return opts, usageError{fmt.Errorf("--%s and %s in %s exclude each other", name, name, f.config)}
		}
	}
	if conf.ZK != "" {
		opts.ZooKeeper = conf.ZK
	}
	if len(conf.Masters) > 0 {
		opts.Masters = len(conf.Masters)
		opts.MasterPorts = conf.masterPorts(f.masterPort)
		opts.StrictMasterPort = opts.StrictMasterPort || slices.ContainsFunc(conf.Masters, func(m masterConfig) bool { return m.Port > 0 })
	}
	opts.Machines, err = conf.machines()
	if err != nil {
		return opts, fmt.Errorf("read the cluster's description: %s: %w", f.config, err)
	}
	return opts, nil
}

// clusterConfig is the file of --config.
type clusterConfig struct {
	ZK      string         `yaml:"zk"`
	Masters []masterConfig `yaml:"masters"`
	Agents  []agentConfig  `yaml:"agents"`
}

// masterConfig describes one master.
type masterConfig struct {
	Port int `yaml:"port"` // 100 more than the one before if absent
}

// masterPorts are the masters' ports, the first one being first where it has none.
func (c clusterConfig) masterPorts(first int) []int {
	var ports []int
	next := first
	for _, m := range c.Masters {
		if m.Port > 0 {
			next = m.Port
		}
		ports = append(ports, next)
		next += 100
	}
	return ports
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

func readConfig(file string) (clusterConfig, error) {
	var conf clusterConfig
	text, err := os.ReadFile(file)
	if err != nil {
		return conf, fmt.Errorf("read the cluster's description: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(text, &conf, yaml.DisallowUnknownField()); err != nil {
		return conf, fmt.Errorf("read the cluster's description: %s: %w", file, err)
	}
	if len(conf.Masters)+len(conf.Agents) == 0 && conf.ZK == "" {
		return conf, fmt.Errorf("read the cluster's description: %s: nothing is described; want agents, masters or zk (docs/cluster.md)", file)
	}
	return conf, nil
}

// machines are the agents, none where the flags say what they are.
func (c clusterConfig) machines() ([]cluster.Machine, error) {
	var machines []cluster.Machine
	for i, a := range c.Agents {
		if a.Count < 0 || a.Count > 10000 {
			return nil, fmt.Errorf("agent %d: count %d is not from 1 to 10000", i, a.Count)
		}
		for n := range max(a.Count, 1) {
			m := cluster.Machine{Port: a.Port, Hostname: a.Hostname, Resources: a.Resources, Attributes: a.Attributes}
			if a.Port > 0 {
				m.Port += n
			}
			machines = append(machines, m)
		}
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
