package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"mesosbook/cluster/resources"
)

// Options say what a cluster consists of. The zero value is the cluster of the
// tutorial: one master and one agent on loopback.
type Options struct {
	// MasterPort, of the first master, is 5050 if 0; AgentPort, of the first agent,
	// 5051. Where a port is taken the next free one is used, unless it must be this one.
	MasterPort, AgentPort             int
	StrictMasterPort, StrictAgentPort bool
	// Masters is how many there are, 1 if 0; one of them leads, the others point at it.
	// Their ports are MasterPort, MasterPort+100, ..., or those of MasterPorts, which
	// takes the place of both.
	Masters     int
	MasterPorts []int
	// ZooKeeper is where the masters elect their leader, as Mesos' do:
	// "zk://user:password@host1:2181,host2:2181/mesos". "" is an election of this
	// program's own.
	ZooKeeper string
	// Agents is how many there are, 1 if 0 and there is no Machines.
	Agents int
	// Resources and Attributes of each agent, in the syntax of Mesos' flags.
	// Defaults: DefaultResources, DefaultAttributes.
	Resources, Attributes string
	// Machines describes agents one by one, in place of Agents.
	Machines []Machine
	// WorkDir holds the sandboxes, one directory for each agent, the logs and
	// registry.json: what the masters have to know of a cluster after a restart. "" is a
	// temporary one, without logs, removed by Stop. A sole master in a temporary
	// directory keeps no registry, as with --registry=in_memory.
	WorkDir string
	// Log takes the log lines of master and agents, one at a call; nil drops them.
	Log io.Writer
	// Listen is the IPv4 address to listen on, 127.0.0.1 if empty. Any but a
	// loopback address needs Credentials or InsecureListen.
	Listen         string
	InsecureListen bool
	// Hostname is what master and agents call themselves; Listen if empty.
	Hostname string
	// Credentials by principal; with any, the master asks for them, and so do the
	// agents, unless they listen on loopback.
	Credentials map[string]string
	// Simulate runs tasks without processes, for many agents on one machine.
	Simulate bool
	// KeepUser runs tasks as the user of this process, also when that is root.
	KeepUser bool

	// The following override Mesos' times, for tests. Zero is Mesos' own.
	AllocationInterval     time.Duration // 1 s
	OfferTimeout           time.Duration // offers do not expire
	AgentPingTimeout       time.Duration // 15 s
	MaxAgentPingTimeouts   int           // 5
	AgentReregisterTimeout time.Duration // 10 min
	UpdateRetryMin         time.Duration // 10 s
	UpdateRetryMax         time.Duration // 10 min
	ZooKeeperTimeout       time.Duration // 10 s, of a session
}

// Machine describes one agent. Empty fields are those of Options.
type Machine struct {
	Port                  int
	Hostname              string
	Resources, Attributes string
}

// The machine of the tutorial.
const (
	DefaultMasterPort = 5050
	DefaultAgentPort  = 5051
	DefaultResources  = "ports:[9000-10000];cpus:2;mem:496;disk:4930"
	DefaultAttributes = "rack:r2d2;pod:demo,dev"
)

// Bounds of a cluster: each agent and each master has a port.
const (
	maxAgents  = 10000
	maxMasters = 9
)

// masterPortStep keeps the masters' ports clear of those of the agents.
const masterPortStep = 100

// withDefaults fills in what is not set and checks what is.
func (o Options) withDefaults() (Options, error) {
	setDefault(&o.MasterPort, DefaultMasterPort)
	setDefault(&o.AgentPort, DefaultAgentPort)
	setDefault(&o.Resources, DefaultResources)
	setDefault(&o.Attributes, DefaultAttributes)
	setDefault(&o.Listen, "127.0.0.1")
	setDefault(&o.Hostname, o.Listen)
	if o.Log == nil {
		o.Log = io.Discard // as it is: lines for it are not even formatted
	} else {
		o.Log = &lockedWriter{w: o.Log}
	}
	if len(o.Machines) == 0 {
		setDefault(&o.Agents, 1)
		if o.Agents < 0 || o.Agents > maxAgents {
			return o, fmt.Errorf("cluster options: %d agents; use 1 to %d", o.Agents, maxAgents)
		}
		o.Machines = make([]Machine, o.Agents)
	}
	setDefault(&o.AgentPingTimeout, 15*time.Second)
	setDefault(&o.MaxAgentPingTimeouts, 5)
	ip := net.ParseIP(o.Listen)
	if ip == nil || ip.To4() == nil {
		return o, fmt.Errorf("cluster options: %q is not an IPv4 address to listen on", o.Listen)
	}
	if !ip.IsLoopback() && len(o.Credentials) == 0 && !o.InsecureListen {
		return o, fmt.Errorf("cluster options: listening on %s lets everybody there run commands on this machine; "+
			"give credentials, or say that this is wanted (--insecure-listen)", o.Listen)
	}
	for i, m := range o.Machines {
		setDefault(&m.Port, o.AgentPort+i)
		setDefault(&m.Hostname, o.Hostname)
		setDefault(&m.Resources, o.Resources)
		setDefault(&m.Attributes, o.Attributes)
		if err := m.check(); err != nil {
			return o, fmt.Errorf("cluster options: agent %d: %w", i, err)
		}
		o.Machines[i] = m
	}
	return o.withMasters()
}

// withMasters fills in the masters' ports.
func (o Options) withMasters() (Options, error) {
	setDefault(&o.Masters, max(1, len(o.MasterPorts)))
	if o.Masters < 1 || o.Masters > maxMasters {
		return o, fmt.Errorf("cluster options: %d masters; use 1 to %d, an odd number where they are to survive one another", o.Masters, maxMasters)
	}
	if len(o.MasterPorts) > 0 && len(o.MasterPorts) != o.Masters {
		return o, fmt.Errorf("cluster options: %d ports for %d masters", len(o.MasterPorts), o.Masters)
	}
	if len(o.MasterPorts) == 0 {
		for i := range o.Masters {
			o.MasterPorts = append(o.MasterPorts, o.MasterPort+i*masterPortStep)
		}
	}
	for _, port := range o.MasterPorts {
		if port < 1 || port > 65535 {
			return o, fmt.Errorf("cluster options: master port %d is not between 1 and 65535", port)
		}
	}
	return o, nil
}

// keepsRegistry says whether a master's knowledge is to outlive it.
func (o Options) keepsRegistry() bool {
	return o.WorkDir != "" || o.Masters > 1 || o.ZooKeeper != ""
}

func (m Machine) check() error {
	if m.Port < 1 || m.Port > 65535 {
		return fmt.Errorf("port %d is not between 1 and 65535", m.Port)
	}
	list, err := resources.Parse(m.Resources)
	if err != nil {
		return err // names the resource
	}
	if len(list) == 0 {
		return errors.New("no resources")
	}
	if _, err := resources.ParseAttributes(m.Attributes); err != nil {
		return err // names the attribute
	}
	return nil
}

// lockedWriter lets master, agents and servers write to one log.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func setDefault[T comparable](v *T, std T) {
	var zero T
	if *v == zero {
		*v = std
	}
}
