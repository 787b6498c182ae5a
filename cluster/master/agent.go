package master

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// agent is a registered agent, connected or not. It is guarded by Master.mu.
type agent struct {
	id           string
	seq          int
	info         *v1.AgentInfo // with id; replaced, never changed
	pid          string        // "slave(1)@127.0.0.1:5051"
	version      string
	capabilities []v1.AgentInfo_Capability_Type
	total        resources.Resources

	conn      *link.Conn
	connected bool
	standing
	drainStart time.Time

	registered, reregistered time.Time
	unavailability           *v1.Unavailability

	tasks     map[taskKey]*task
	executors map[executorKey]*executor
	offers    map[string]*offer
	killed    map[taskKey]bool // to be told when it is back

	operations []*operation // told, and not yet over or acknowledged

	pings       uint64
	pinged      bool // the last ping, or one before it, is not answered
	missed      int
	pingTimer   *time.Timer
	returnTimer *time.Timer // runs while disconnected
}

type taskKey struct{ framework, task string }

type executorKey struct{ framework, executor string }

// executor is a custom or default executor; those of command tasks are the
// agent's own affair.
type executor struct {
	info      *v1.ExecutorInfo
	resources resources.Resources // allocated
}

func (ag *agent) send(msg link.Message) {
	if ag.connected {
		_ = ag.conn.Send(msg) // closed: the receiving side notices and disconnects
	}
}

// active says whether the agent may be offered.
func (ag *agent) active() bool { return ag.connected && !ag.deactivated && ag.drain == nil }

// runs says whether the agent has anything of a framework.
func (ag *agent) runs(framework string) bool {
	for key := range ag.tasks {
		if key.framework == framework {
			return true
		}
	}
	for key := range ag.executors {
		if key.framework == framework {
			return true
		}
	}
	return false
}

func (ag *agent) executorIDs(framework string) []*v1.ExecutorID {
	var out []*v1.ExecutorID
	for _, key := range ag.sortedExecutors() {
		if key.framework == framework {
			out = append(out, executorID(key.executor))
		}
	}
	return out
}

func (ag *agent) sortedExecutors() []executorKey {
	out := make([]executorKey, 0, len(ag.executors))
	for key := range ag.executors {
		out = append(out, key)
	}
	slices.SortFunc(out, func(a, b executorKey) int {
		return cmp.Or(cmp.Compare(a.framework, b.framework), cmp.Compare(a.executor, b.executor))
	})
	return out
}

func (ag *agent) sortedTasks() []*task {
	out := make([]*task, 0, len(ag.tasks))
	for _, t := range ag.tasks {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *task) int { return a.seq - b.seq })
	return out
}

func (ag *agent) has(c v1.AgentInfo_Capability_Type) bool { return slices.Contains(ag.capabilities, c) }

func (ag *agent) stopTimers() {
	stopTimer(ag.pingTimer)
	stopTimer(ag.returnTimer)
}

// Agents are the ids of those that are registered and connected, and a channel that
// is closed when one is added or lost.
func (m *Master) Agents() (ids map[string]bool, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids = map[string]bool{}
	for id, ag := range m.agents {
		if ag.connected {
			ids[id] = true
		}
	}
	return ids, m.moved
}

// Down says whether the machine with this name and address is in maintenance, so
// that no agent of it is taken.
func (m *Master) Down(hostname, ip string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machines.down[machineKey{strings.ToLower(hostname), ip}]
}

// movedLocked tells those who wait by Agents.
func (m *Master) movedLocked() {
	close(m.moved)
	m.moved = make(chan struct{})
}

// sortedAgentsLocked, in the order of registration.
func (m *Master) sortedAgentsLocked() []*agent {
	out := make([]*agent, 0, len(m.agents))
	for _, ag := range m.agents {
		out = append(out, ag)
	}
	slices.SortFunc(out, func(a, b *agent) int { return a.seq - b.seq })
	return out
}

func (m *Master) sortedFrameworksLocked() []*framework {
	out := make([]*framework, 0, len(m.frameworks))
	for _, fw := range m.frameworks {
		out = append(out, fw)
	}
	slices.SortFunc(out, func(a, b *framework) int {
		return cmp.Or(a.registered.Compare(b.registered), cmp.Compare(a.id, b.id))
	})
	return out
}

// newAgentLocked makes the agent of a registration known and offers it.
func (m *Master) newAgentLocked(id string, reg *link.RegisterAgent, conn *link.Conn) *agent {
	info := proto.CloneOf(reg.Info)
	info.Id = agentID(id)
	resources.UpgradeAll(info.Resources)
	m.next.task++
	ag := &agent{
		id: id, seq: m.next.task, registered: time.Now(),
		tasks: map[taskKey]*task{}, executors: map[executorKey]*executor{},
		offers: map[string]*offer{}, killed: map[taskKey]bool{},
	}
	m.agents[id] = ag
	ag.describe(info, reg)
	m.connectLocked(ag, conn)
	ag.unavailability = m.machines.unavailability(ag)
	m.alloc.AddAgent(id, ag.total)
	m.pingLocked(ag)
	return ag
}

func (m *Master) connectLocked(ag *agent, conn *link.Conn) {
	ag.conn, ag.connected = conn, true
	m.links[conn] = ag
	m.movedLocked()
}

// describe takes what a registration says of the agent.
func (ag *agent) describe(info *v1.AgentInfo, reg *link.RegisterAgent) {
	ag.info, ag.pid, ag.version, ag.capabilities = info, reg.PID, reg.Version, reg.Capabilities
	if list := reg.Resources; list != nil {
		ag.total = resources.New(list)
	} else {
		ag.total = resources.New(info.Resources)
	}
}

// pingLocked asks the agent for a sign of life, again each ping timeout; after
// MaxAgentPingTimeouts in a row without one it is unreachable. An answer that is late
// is one too (master/master.cpp: SlaveObserver).
func (m *Master) pingLocked(ag *agent) {
	ag.pings++
	ag.pinged = true
	ag.send(&link.Ping{Seq: ag.pings})
	ag.pingTimer = m.after(m.opts.AgentPingTimeout, func() {
		if m.agents[ag.id] != ag {
			return
		}
		if ag.pinged {
			ag.missed++
		}
		if ag.missed >= m.opts.MaxAgentPingTimeouts {
			m.metrics.unreachableAgents++
			m.loseAgentLocked(ag, "health check timed out")
			return
		}
		m.pingLocked(ag)
	})
}

// addExecutorLocked notes a custom or default executor and what it holds.
func (m *Master) addExecutorLocked(ag *agent, framework string, info *v1.ExecutorInfo) {
	key := executorKey{framework, info.GetExecutorId().GetValue()}
	if ag.executors[key] == nil {
		ag.executors[key] = &executor{info: info, resources: resources.New(info.GetResources())}
	}
}

// removeExecutorLocked forgets an executor and frees what it held.
func (m *Master) removeExecutorLocked(ag *agent, key executorKey) {
	if e := ag.executors[key]; e != nil {
		delete(ag.executors, key)
		m.alloc.Recover(key.framework, ag.id, e.resources, 0)
	}
}

func (m *Master) removeExecutorsLocked(ag *agent, framework string) {
	for _, key := range ag.sortedExecutors() {
		if key.framework == framework {
			m.removeExecutorLocked(ag, key)
		}
	}
}
