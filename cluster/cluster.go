package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent"
	"mesosbook/cluster/agent/supervisor"
	"mesosbook/cluster/election"
	"mesosbook/cluster/link"
	"mesosbook/cluster/registry"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// errStopped is returned by a cluster after Stop.
var errStopped = errors.New("cluster stopped")

// Cluster is a running cluster. Its methods may be called from any goroutine.
type Cluster struct {
	opts       Options
	workDir    string
	temporary  bool     // the work directory is ours to remove
	lock       *os.File // of the work directory; nil for a temporary one
	supervisor *supervisor.Supervisor
	election   election.Election
	registry   *registry.File // nil: a master's knowledge ends with it
	seats      []*seat        // of the masters
	background sync.WaitGroup // masters that are started again

	mute muter // what the master's streams do not say

	change sync.Mutex // held while a part is started or ended: one change at a time

	mu      sync.Mutex // guards what follows
	stopped bool
	changed chan struct{} // closed and made anew when a master begins or ends to lead, and at the end
	last    int           // the seat that led last
	nodes   []*node
}

// node is an agent with its listener.
type node struct {
	opts  agent.Options
	port  int
	agent *agent.Agent // guarded by Cluster.mu, like the rest; nil after StopAgent
	front *server      // nil while it is killed
	wire  wire
	log   *os.File // nil where the work directory is temporary
}

// Start starts a cluster and returns once master and agents answer and every
// agent is registered. ctx bounds the start alone: Stop ends the cluster.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cluster{opts: opts, changed: make(chan struct{})}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start cluster: %w", err), c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	if err := c.makeWorkDir(); err != nil {
		return err
	}
	if !c.opts.Simulate {
		s, err := supervisor.Start()
		if err != nil {
			return err
		}
		c.supervisor = s
		if c.temporary {
			if err := s.RemoveAtEnd(c.workDir); err != nil {
				return err
			}
		}
	}
	if err := c.openElection(); err != nil {
		return err
	}
	open, err := c.openSeats()
	if err != nil {
		return err
	}
	if err := c.startMasters(open); err != nil {
		return err
	}
	if _, err := c.AwaitLeader(ctx); err != nil {
		return err
	}
	for i := range c.opts.Machines {
		if err := c.startNode(i); err != nil {
			return fmt.Errorf("agent %d: %w", i, err)
		}
	}
	return c.AwaitAgents(ctx)
}

// openElection makes the election that the options ask for.
func (c *Cluster) openElection() error {
	c.election = &election.Local{}
	if c.opts.ZooKeeper != "" {
		z, err := election.NewZooKeeper(c.opts.ZooKeeper, c.opts.ZooKeeperTimeout)
		if err != nil {
			return err
		}
		c.election = z
	}
	return nil
}

func (c *Cluster) startNode(i int) error {
	m := c.opts.Machines[i]
	l, err := listen(c.opts.Listen, m.Port, c.opts.StrictAgentPort)
	if err != nil {
		return err
	}
	n := &node{port: portOf(l)}
	n.opts, err = c.agentOptions(i, n)
	if err == nil {
		n.agent, err = agent.New(n.opts)
	}
	if err == nil {
		err = n.agent.Start(context.Background())
	}
	if err != nil {
		l.Close()
		return errors.Join(err, closeLog(n.log))
	}
	n.front = serve(l, c.guard(n.agent.Handler()), c.opts.Log)
	c.mu.Lock()
	c.nodes = append(c.nodes, n)
	c.mu.Unlock()
	return nil
}

func (c *Cluster) agentOptions(i int, n *node) (agent.Options, error) {
	m := c.opts.Machines[i]
	list, err := resources.Parse(m.Resources)
	if err != nil {
		return agent.Options{}, err
	}
	attributes, err := resources.ParseAttributes(m.Attributes)
	if err != nil {
		return agent.Options{}, err
	}
	name := "agent" + strconv.Itoa(i)
	if n.log, err = c.openLog(name); err != nil {
		return agent.Options{}, err
	}
	log, logPath := c.logging(n.log)
	return agent.Options{
		Info: &v1.AgentInfo{Hostname: proto.String(m.Hostname), Port: proto.Int32(int32(n.port)), Resources: list, Attributes: attributes},
		IP:   c.opts.Listen, WorkDir: filepath.Join(c.workDir, name), Log: log, LogPath: logPath, Supervisor: c.supervisor, Temporary: c.temporary,
		MasterHostname: c.opts.Hostname, KeepUser: c.opts.KeepUser, Credentials: c.agentCredentials(), Simulate: c.opts.Simulate,
		PingTimeout: c.opts.AgentPingTimeout * time.Duration(c.opts.MaxAgentPingTimeouts),
		RetryMin:    c.opts.UpdateRetryMin, RetryMax: c.opts.UpdateRetryMax,
		Flags: map[string]string{"master": c.electionName(), "resources": m.Resources, "attributes": m.Attributes},
		Dial:  func(context.Context) (*link.Conn, error) { return c.dial(n) },
	}, nil
}

// agentCredentials are those of the agents' endpoints. On loopback they are open,
// as Mesos' own are by default.
func (c *Cluster) agentCredentials() map[string]string {
	if net.ParseIP(c.opts.Listen).IsLoopback() {
		return nil
	}
	return c.opts.Credentials
}

// dial connects an agent to the master that leads now.
func (c *Cluster) dial(n *node) (*link.Conn, error) {
	run := c.leading()
	if run == nil {
		return nil, errors.New("no master leads")
	}
	return n.wire.connect(run.master.Connect)
}

// electionName is what agents are told to find the leader by, as --master.
func (c *Cluster) electionName() string {
	if z, ok := c.election.(*election.ZooKeeper); ok {
		return z.String()
	}
	var addresses []string
	for _, s := range c.seats {
		addresses = append(addresses, net.JoinHostPort(c.opts.Hostname, strconv.Itoa(s.port)))
	}
	return strings.Join(addresses, ",")
}

// AgentURLs are the agents', in the order of Options.Machines.
func (c *Cluster) AgentURLs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	urls := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		urls[i] = "http://" + net.JoinHostPort(c.opts.Machines[i].Hostname, strconv.Itoa(n.port))
	}
	return urls
}

// WorkDir is the directory with the agents' sandboxes.
func (c *Cluster) WorkDir() string { return c.workDir }

// AwaitAgents waits until every agent that runs is registered with the master that
// leads. Those of machines in maintenance are not waited for: no master takes them.
func (c *Cluster) AwaitAgents(ctx context.Context) error {
	for {
		c.mu.Lock()
		moved := c.changed
		c.mu.Unlock()
		first, missing, changed := c.absent()
		if missing == 0 {
			return nil
		}
		select {
		case <-first: // the others will not be far behind
		case <-changed: // nil while no master leads
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("await agents: %d of %d are not registered: %w", missing, len(c.nodes), context.Cause(ctx))
		}
	}
}

// absent counts the agents that run, that the leading master would take and does
// not have, and gives what tells when that changes: first, where there is an agent
// that was never registered, for that one alone, otherwise changed for all.
func (c *Cluster) absent() (first <-chan struct{}, missing int, changed <-chan struct{}) {
	there := map[string]bool{}
	run := c.leading()
	if run != nil {
		there, changed = run.master.Agents()
	}
	for _, n := range c.liveAgents() {
		if there[n.agent.ID()] || run != nil && run.master.Down(n.hostname, c.opts.Listen) {
			continue
		}
		missing++
		select {
		case <-n.agent.Registered():
		default:
			first = n.agent.Registered()
		}
	}
	if first != nil {
		changed = nil // a thousand agents would be counted a thousand times
	}
	return first, missing, changed
}

// liveAgent is an agent that runs.
type liveAgent struct {
	agent    *agent.Agent
	hostname string
}

func (c *Cluster) liveAgents() []liveAgent {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []liveAgent
	for _, n := range c.nodes {
		if n.agent != nil && n.front != nil {
			out = append(out, liveAgent{n.agent, n.opts.Info.GetHostname()})
		}
	}
	return out
}

// Stop ends the cluster: when it returns, listeners, connections and goroutines
// have ended, no task process is left and the temporary directory is gone.
// Stopping twice is safe.
func (c *Cluster) Stop() error {
	defer c.background.Wait() // they see that the cluster has stopped
	c.change.Lock()
	defer c.change.Unlock()
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return nil
	}
	c.stopped = true
	close(c.changed)
	c.changed = make(chan struct{})
	nodes := c.nodes
	c.mu.Unlock()

	c.endMasters()
	var errs []error
	var ending sync.WaitGroup
	for _, n := range nodes {
		n.front.close()
		if n.agent != nil {
			ending.Go(func() { _ = n.agent.Close() }) // its processes are the supervisor's
		}
	}
	if c.supervisor != nil {
		errs = append(errs, c.supervisor.Close())
	}
	ending.Wait()
	for _, n := range nodes {
		n.wire.end()
		errs = append(errs, closeLog(n.log))
	}
	for _, s := range c.seats {
		errs = append(errs, closeLog(s.log))
	}
	if c.lock != nil {
		errs = append(errs, c.lock.Close())
	}
	if c.temporary {
		errs = append(errs, os.RemoveAll(c.workDir))
	}
	return errors.Join(errs...)
}
