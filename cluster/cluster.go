package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent"
	"mesosbook/cluster/agent/supervisor"
	"mesosbook/cluster/link"
	"mesosbook/cluster/master"
	"mesosbook/cluster/resources"
	"mesosbook/cluster/webui"
	v1 "mesosbook/mesos/v1"
)

// errStopped is returned by a cluster after Stop.
var errStopped = errors.New("cluster stopped")

// Cluster is a running cluster. Its methods may be called from any goroutine.
type Cluster struct {
	opts       Options
	workDir    string
	temporary  bool // the work directory is ours to remove
	masterPort int
	masterLog  *os.File // nil where the work directory is temporary: it goes to Options.Log alone
	supervisor *supervisor.Supervisor

	mute muter // what the master's streams do not say

	change sync.Mutex // held while a part is started or ended: one change at a time

	mu      sync.Mutex // guards what follows
	stopped bool
	master  *master.Master // nil while it is killed
	front   *server        // the master's
	nodes   []*node
}

// node is an agent with its listener.
type node struct {
	opts  agent.Options
	port  int
	agent *agent.Agent // guarded by Cluster.mu, like the rest; nil after StopAgent
	front *server      // nil while it is killed
	wire  wire
}

// Start starts a cluster and returns once master and agents answer and every
// agent is registered. ctx bounds the start alone: Stop ends the cluster.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cluster{opts: opts}
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
	l, err := listen(c.opts.Listen, c.opts.MasterPort, c.opts.StrictMasterPort)
	if err != nil {
		return fmt.Errorf("master: %w", err)
	}
	c.masterPort = portOf(l)
	if err := c.startMaster(l); err != nil {
		return err
	}
	for i := range c.opts.Machines {
		if err := c.startNode(i); err != nil {
			return fmt.Errorf("agent %d: %w", i, err)
		}
	}
	return c.AwaitAgents(ctx)
}

func (c *Cluster) makeWorkDir() error {
	dir := c.opts.WorkDir
	if dir == "" {
		temp, err := os.MkdirTemp("", "mesosbook-")
		if err != nil {
			return err
		}
		c.workDir, c.temporary = temp, true
		return os.Chmod(temp, 0o755) // tasks of other users go through it
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	c.workDir = dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	c.masterLog, err = os.OpenFile(filepath.Join(dir, "master.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return err
}

// masterLogging is where a master logs to, and the file of it that it shows.
func (c *Cluster) masterLogging() (w io.Writer, path string) {
	if c.masterLog == nil {
		return c.opts.Log, ""
	}
	return io.MultiWriter(c.masterLog, c.opts.Log), c.masterLog.Name()
}

// startMaster starts a master behind an open listener, which it owns from then on.
func (c *Cluster) startMaster(l *boundedListener) error {
	log, logPath := c.masterLogging()
	m, err := master.New(master.Options{
		IP: c.opts.Listen, Hostname: c.opts.Hostname, Port: c.masterPort, Log: log, LogPath: logPath,
		WorkDir: filepath.Join(c.workDir, "master"), WebUI: webui.Handler(),
		AllocationInterval: c.opts.AllocationInterval, OfferTimeout: c.opts.OfferTimeout,
		AgentPingTimeout: c.opts.AgentPingTimeout, MaxAgentPingTimeouts: c.opts.MaxAgentPingTimeouts,
		Credentials: c.opts.Credentials,
	})
	if err != nil {
		l.Close()
		return err
	}
	m.Start(context.Background()) // Stop ends it
	c.mu.Lock()
	defer c.mu.Unlock()
	c.master, c.front = m, serve(l, c.guard(c.mute.wrap(m.Handler())), c.opts.Log)
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
		return err
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
	return agent.Options{
		Info: &v1.AgentInfo{Hostname: proto.String(m.Hostname), Port: proto.Int32(int32(n.port)), Resources: list, Attributes: attributes},
		IP:   c.opts.Listen, WorkDir: filepath.Join(c.workDir, "agent"+strconv.Itoa(i)), Log: c.opts.Log, Supervisor: c.supervisor,
		MasterHostname: c.opts.Hostname, KeepUser: c.opts.KeepUser, Credentials: c.agentCredentials(), Simulate: c.opts.Simulate,
		PingTimeout: c.opts.AgentPingTimeout * time.Duration(c.opts.MaxAgentPingTimeouts),
		RetryMin:    c.opts.UpdateRetryMin, RetryMax: c.opts.UpdateRetryMax,
		Flags: map[string]string{"master": c.masterAddress(), "resources": m.Resources, "attributes": m.Attributes},
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

// dial connects an agent to the master that runs now.
func (c *Cluster) dial(n *node) (*link.Conn, error) {
	c.mu.Lock()
	m := c.master
	c.mu.Unlock()
	if m == nil {
		return nil, errors.New("no master runs")
	}
	return n.wire.connect(m.Connect)
}

func (c *Cluster) masterAddress() string {
	return net.JoinHostPort(c.opts.Hostname, strconv.Itoa(c.masterPort))
}

// MasterURL is the master's "http://127.0.0.1:5050".
func (c *Cluster) MasterURL() string { return "http://" + c.masterAddress() }

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

// AwaitAgents waits until every agent has been registered by a master.
func (c *Cluster) AwaitAgents(ctx context.Context) error {
	c.mu.Lock()
	var agents []*agent.Agent
	for _, n := range c.nodes {
		if n.agent != nil {
			agents = append(agents, n.agent)
		}
	}
	c.mu.Unlock()
	for i, a := range agents {
		select {
		case <-a.Registered():
		case <-ctx.Done():
			return fmt.Errorf("await agent %d: %w", i, context.Cause(ctx))
		}
	}
	return nil
}

// Stop ends the cluster: when it returns, listeners, connections and goroutines
// have ended, no task process is left and the temporary directory is gone.
// Stopping twice is safe.
func (c *Cluster) Stop() error {
	c.change.Lock()
	defer c.change.Unlock()
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return nil
	}
	c.stopped = true
	m, front, nodes := c.master, c.front, c.nodes
	c.mu.Unlock()

	if m != nil {
		m.Stop()
	}
	front.close()
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
	}
	if c.masterLog != nil {
		errs = append(errs, c.masterLog.Close())
	}
	if c.temporary {
		errs = append(errs, os.RemoveAll(c.workDir))
	}
	return errors.Join(errs...)
}
