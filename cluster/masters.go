package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"mesosbook/cluster/election"
	"mesosbook/cluster/glog"
	"mesosbook/cluster/master"
	"mesosbook/cluster/webui"
	v1 "mesosbook/mesos/v1"
)

// seat is a place for a master: its port and its log, whichever master runs there.
type seat struct {
	number int
	port   int
	log    *os.File // nil where the work directory is temporary: lines go to Options.Log alone

	run *masterRun // guarded by Cluster.mu; nil while no master runs here
}

// masterRun is one master from its start to its end.
type masterRun struct {
	seat   *seat
	master *master.Master
	front  *server
	member election.Member

	elected   bool   // of follow alone, like the next
	following string // the id of the leader it was told of
	quit      chan struct{}
	quitOnce  sync.Once
	follow    sync.WaitGroup

	leads bool  // guarded by Cluster.mu: it answers as the leader
	err   error // guarded by Cluster.mu: why it cannot
}

// openSeats takes the masters' ports.
func (c *Cluster) openSeats() ([]*boundedListener, error) {
	var open []*boundedListener
	for i, port := range c.opts.MasterPorts {
		l, err := listen(c.opts.Listen, port, c.opts.StrictMasterPort)
		if err != nil {
			closeAll(open)
			return nil, fmt.Errorf("master %d: %w", i, err)
		}
		open = append(open, l)
		s := &seat{number: i, port: portOf(l)}
		if s.log, err = c.openLog(s.name()); err != nil {
			closeAll(open)
			return nil, fmt.Errorf("master %d: %w", i, err)
		}
		c.seats = append(c.seats, s)
	}
	return open, nil
}

func closeAll(list []*boundedListener) {
	for _, l := range list {
		_ = l.Close() // nobody has used it
	}
}

// startMasters starts a master on each of the ports that openSeats has opened.
func (c *Cluster) startMasters(open []*boundedListener) error {
	for i, l := range open {
		if err := c.startMaster(c.seats[i], l); err != nil {
			closeAll(open[i+1:])
			return fmt.Errorf("master %d: %w", i, err)
		}
	}
	return nil
}

// startMaster starts a master behind an open listener, which it owns from then on,
// and makes it a candidate. Cluster.change is held, or the cluster is starting.
func (c *Cluster) startMaster(s *seat, l *boundedListener) error {
	run := &masterRun{seat: s, quit: make(chan struct{})}
	m, err := master.New(c.masterOptions(run))
	if err != nil {
		l.Close()
		return err
	}
	run.master = m
	run.member = c.election.Join(m.Info())
	if err := m.Start(context.Background()); err != nil { // Stop ends it
		l.Close()
		run.member.Leave()
		return err
	}
	run.front = serve(l, c.guard(c.mute.wrap(m.Handler())), c.opts.Log)
	c.mu.Lock()
	s.run = run
	c.mu.Unlock()
	changed := c.step(run)
	run.follow.Go(func() { c.follow(run, changed) })
	return nil
}

func (c *Cluster) masterOptions(run *masterRun) master.Options {
	s := run.seat
	log, logPath := c.logging(s.log)
	flags := map[string]string{}
	if c.registry != nil {
		flags["registry"] = "replicated_log"
	}
	if c.opts.ZooKeeper != "" {
		flags["zk"] = c.electionName()
	}
	return master.Options{
		IP: c.opts.Listen, Hostname: c.opts.Hostname, Port: s.port, Log: log, LogPath: logPath,
		WorkDir: filepath.Join(c.workDir, s.name()), WebUI: webui.Handler(),
		AllocationInterval: c.opts.AllocationInterval, OfferTimeout: c.opts.OfferTimeout,
		AgentPingTimeout: c.opts.AgentPingTimeout, MaxAgentPingTimeouts: c.opts.MaxAgentPingTimeouts,
		AgentReregisterTimeout: c.opts.AgentReregisterTimeout,
		Credentials:            c.opts.Credentials, Registry: c.registry, Leader: run.leader, Flags: flags,
	}
}

// name of a seat's files: "master", "master1", ...
func (s *seat) name() string {
	if s.number == 0 {
		return "master"
	}
	return "master" + strconv.Itoa(s.number)
}

// leader is what the master's election tells, as the master asks for it.
func (run *masterRun) leader() (addr string, self, known bool) {
	state, _ := run.member.State()
	return addressOf(state.Leader), state.Leading, state.Leader != nil
}

func addressOf(info *v1.MasterInfo) string {
	return net.JoinHostPort(info.GetHostname(), strconv.Itoa(int(info.GetPort())))
}

// follow lets a master do what the election says. It ends with quit, when the
// master has lost the lead or when it cannot lead, and blocks on the election and,
// when it begins to lead, on the disk.
func (c *Cluster) follow(run *masterRun, changed <-chan struct{}) {
	for changed != nil {
		select {
		case <-changed:
			changed = c.step(run)
		case <-run.quit:
			return
		}
	}
}

// step takes the election's state over once and gives the channel that tells of the
// next one, nil when there is nothing to follow any more.
func (c *Cluster) step(run *masterRun) <-chan struct{} {
	state, changed := run.member.State()
	switch {
	case state.Leading && !run.elected:
		run.elected = true
		if err := run.master.Lead(); err != nil {
			c.cannotLead(run, err)
			return nil
		}
		c.set(func() { run.leads = true })
	case !state.Leading && run.elected:
		// Mesos' master exits, and is started again by whoever watches it.
		c.logf("Master %d lost its leadership; it is started again", run.seat.number)
		c.set(func() { run.leads = false })
		c.background.Go(func() { c.replace(run) })
		return nil
	case !state.Leading && state.Leader.GetId() != run.following:
		run.following = state.Leader.GetId()
		run.master.Follow(state.Leader)
		c.set(func() {}) // another leads
	default:
		c.set(func() {})
	}
	return changed
}

// cannotLead takes a master out of the election whose state cannot be read.
func (c *Cluster) cannotLead(run *masterRun, err error) {
	select {
	case <-run.quit: // it was stopped meanwhile
		return
	default:
	}
	c.logf("Master %d cannot lead: %v", run.seat.number, err)
	c.set(func() { run.err = err })
	run.member.Leave()
}

// set changes what Cluster.mu guards and wakes whoever waits for a leader.
func (c *Cluster) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.changed)
	c.changed = make(chan struct{})
}

// replace starts a master again that has lost its leadership.
func (c *Cluster) replace(run *masterRun) {
	c.change.Lock()
	defer c.change.Unlock()
	c.mu.Lock()
	current := run.seat.run == run && !c.stopped
	c.mu.Unlock()
	if !current {
		return
	}
	c.endMaster(run, election.Member.Leave)
	if err := c.reopen(run.seat); err != nil {
		c.logf("Master %d is not started again: %v", run.seat.number, err)
	}
}

// reopen starts a master on a seat's own port.
func (c *Cluster) reopen(s *seat) error {
	l, err := listen(c.opts.Listen, s.port, true)
	if err != nil {
		return err
	}
	return c.startMaster(s, l)
}

// endMaster ends a master, and then its candidacy with leave: when the others
// learn of it, it has said its last word. Cluster.change is held.
func (c *Cluster) endMaster(run *masterRun, leave func(election.Member)) {
	c.set(func() { run.seat.run, run.leads = nil, false })
	run.stopFollowing()
	run.front.close()
	run.master.Stop()
	run.follow.Wait()
	leave(run.member)
}

// endMasters ends all masters, with the cluster: none takes another's place.
func (c *Cluster) endMasters() {
	runs := c.runs()
	for _, run := range runs {
		run.stopFollowing()
	}
	for _, run := range runs {
		c.endMaster(run, election.Member.Leave)
	}
}

func (run *masterRun) stopFollowing() { run.quitOnce.Do(func() { close(run.quit) }) }

// logf writes a line to Options.Log, in the masters' form.
func (c *Cluster) logf(format string, args ...any) {
	_, _ = c.opts.Log.Write(glog.Append(nil, 'W', glog.Place(1), format, args...)) // there is nobody to tell
}
