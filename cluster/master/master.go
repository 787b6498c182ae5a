// Package master is the master of the embedded cluster: it keeps the frameworks
// and the agents, offers the ones' resources to the others, launches and follows
// tasks, and answers the v1 scheduler and operator APIs and Mesos' older pages.
//
// It follows Apache Mesos 1.12 (src/master) on the wire, down to the texts of
// errors and the order of checks. To its agents it speaks package link instead
// of libprocess messages. Names of Go functions are those of the API calls;
// "slave" is only met where the wire has it.
package master

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"mesosbook/cluster/glog"
	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/link"
	"mesosbook/cluster/master/allocator"
	v1 "mesosbook/mesos/v1"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
)

// Master is one master. All its state is changed under mu, in methods whose
// names end in Locked; nothing that is called with mu held blocks: streams and
// links queue what is sent to them. Messages that were given to a stream or a
// link are not changed afterwards.
type Master struct {
	opts    Options
	info    *v1.MasterInfo
	log     *glog.Logger
	auth    authenticator
	started time.Time

	ctx     context.Context // ends with Stop
	cancel  context.CancelFunc
	running sync.WaitGroup // the allocation, links and streams

	silent atomic.Bool // heartbeats are held
	level  libprocess.Level
	ready  atomic.Bool // it leads, and has read the registry

	mu          sync.Mutex
	elected     time.Time // zero until it leads
	stopped     bool
	alloc       *allocator.Allocator
	frameworks  map[string]*framework
	completed   *bounded[*framework] // removed frameworks
	agents      map[string]*agent
	links       map[*link.Conn]*agent // of connected agents
	recovered   map[string]recoveredAgent
	unreachable map[string]lostAgent    // by id
	gone        map[string]*v1.TimeInfo // agents marked gone, since when
	offers      map[string]*offer
	inverse     map[string]*inverseOffer
	operators   []*stream // subscribers of the operator API, oldest first
	next        struct{ framework, agent, offer, task int }
	metrics     metrics
	machines    *machines
	quotas      map[string]quotaConfig
	weights     map[string]float64
	registrar   registrar
	moved       chan struct{} // closed and made anew when an agent connects or goes
	holdOff     int           // so many agents have to be back before anything is offered
	timers      []*time.Timer // of the recovery
}

// New makes a master that does nothing before Start.
func New(o Options) (*Master, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Master{
		opts: o, log: glog.New(o.Log), auth: authenticator{o.Credentials},
		alloc:      allocator.New(allocator.Options{Interval: o.AllocationInterval, MinAllocatable: o.MinAllocatable}),
		frameworks: map[string]*framework{}, completed: newBounded[*framework](o.MaxCompletedFrameworks),
		agents: map[string]*agent{}, links: map[*link.Conn]*agent{},
		recovered: map[string]recoveredAgent{}, unreachable: map[string]lostAgent{}, gone: map[string]*v1.TimeInfo{},
		offers: map[string]*offer{}, inverse: map[string]*inverseOffer{},
		machines: newMachines(), quotas: map[string]quotaConfig{}, weights: map[string]float64{},
	}
	m.moved = make(chan struct{})
	m.metrics.init()
	m.registrar.init()
	m.info = masterInfo(o, uuid.NewString())
	m.started = time.Now()
	m.ctx, m.cancel = context.WithCancel(context.Background())
	for role, w := range o.Weights {
		m.weights[role] = w
		m.alloc.SetWeight(role, w)
	}
	return m, nil
}

func masterInfo(o Options, id string) *v1.MasterInfo {
	info := &v1.MasterInfo{
		Id:       proto.String(id),
		Ip:       proto.Uint32(binary.LittleEndian.Uint32(net.ParseIP(o.IP).To4())), // network order, read as the host's
		Port:     proto.Uint32(uint32(o.Port)),
		Pid:      proto.String(o.pid()),
		Hostname: proto.String(o.Hostname),
		Version:  proto.String(link.Version),
		Address:  &v1.Address{Hostname: proto.String(o.Hostname), Ip: proto.String(o.IP), Port: proto.Int32(int32(o.Port))},
	}
	for _, c := range []v1.MasterInfo_Capability_Type{v1.MasterInfo_Capability_AGENT_UPDATE, v1.MasterInfo_Capability_AGENT_DRAINING, v1.MasterInfo_Capability_QUOTA_V2} {
		info.Capabilities = append(info.Capabilities, &v1.MasterInfo_Capability{Type: c.Enum()})
	}
	return info
}

// ID is the master's own id, new at each start.
func (m *Master) ID() string { return m.info.GetId() }

// Info is what SUBSCRIBED tells of the master. It is not to be changed.
func (m *Master) Info() *v1.MasterInfo { return m.info }

// Start begins to serve: as the leading master if Options.Leader is nil, which may
// fail as Lead does, else until Lead as one that points at the leader. It ends with
// Stop, or when ctx ends.
func (m *Master) Start(ctx context.Context) error {
	context.AfterFunc(ctx, m.cancel)
	m.logf("Master %s (%s) started on %s", m.info.GetId(), m.opts.Hostname, m.opts.address())
	m.running.Go(m.allocate)
	m.log.Start()
	if m.opts.Leader == nil {
		return m.Lead()
	}
	return nil
}

// Stop ends all streams and links and waits for them. Twice is fine.
func (m *Master) Stop() {
	m.mu.Lock()
	m.stopped = true
	m.cancel()
	for _, fw := range m.frameworks {
		stopTimer(fw.failover)
		if fw.stream != nil {
			fw.stream.finish()
		}
	}
	for _, s := range m.operators {
		s.finish()
	}
	for _, ag := range m.agents {
		ag.stopTimers()
	}
	for _, o := range m.offers {
		stopTimer(o.timeout)
	}
	for _, o := range m.inverse {
		stopTimer(o.timeout)
	}
	for _, t := range m.timers {
		t.Stop()
	}
	m.mu.Unlock()
	m.running.Wait()
	m.log.Stop()
}

// allocate runs the periodic allocation. It ends with m.ctx and blocks on
// nothing else.
func (m *Master) allocate() {
	tick := time.NewTicker(m.opts.AllocationInterval)
	defer tick.Stop()
	for {
		select {
		case <-m.ctx.Done():
			return
		case due := <-tick.C:
			m.locked(func() { m.tickLocked(due) })
		}
	}
}

func (m *Master) tickLocked(due time.Time) {
	if m.holdOff > 0 {
		return
	}
	start := time.Now()
	got := m.alloc.Tick()
	m.metrics.allocated(due, start)
	m.offerLocked(got)
	m.inverseOffersLocked(m.candidatesLocked(nil))
}

// allocateLocked is an allocation out of turn, of all agents or of those given.
func (m *Master) allocateLocked(agents ...string) {
	if m.holdOff > 0 {
		return
	}
	start := time.Now()
	got := m.alloc.Run(agents...)
	m.metrics.allocated(start, start)
	m.offerLocked(got)
	m.inverseOffersLocked(m.candidatesLocked(agents))
}

// candidatesLocked are the agents of an allocation, all when ids is empty.
func (m *Master) candidatesLocked(ids []string) []*agent {
	if len(m.machines.windows) == 0 {
		return nil
	}
	all := m.sortedAgentsLocked()
	if len(ids) > 0 {
		all = slices.DeleteFunc(all, func(ag *agent) bool { return !slices.Contains(ids, ag.id) })
	}
	return all
}

// Connect serves an agent's connection until it closes or the master stops.
// It returns at once.
func (m *Master) Connect(conn *link.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped || !m.ready.Load() { // Mesos drops what comes before it has recovered
		conn.Close()
		return
	}
	m.running.Go(func() { m.serveAgent(conn) })
}

// locked runs f with mu held.
func (m *Master) locked(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// after runs f, with mu held, once d is over, unless the master stopped.
func (m *Master) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.stopped {
			f()
		}
	})
}

func stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

// leader tells who leads.
func (m *Master) leader() (addr string, self, known bool) {
	if m.opts.Leader == nil {
		return m.opts.address(), true, true
	}
	return m.opts.Leader()
}
