package election

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"mesosbook/internal/zkurl"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// DefaultTimeout is that of a session with ZooKeeper (--zk_session_timeout).
const DefaultTimeout = 10 * time.Second

// label is what the nodes of masters begin with; a number follows. Their content is
// the JSON of MasterInfo (master/constants.hpp: MASTER_INFO_JSON_LABEL).
const label = "json.info"

// retry is the pause after ZooKeeper has refused something.
const retry = time.Second

// ZooKeeper is an election as Mesos holds it: each candidate has an ephemeral node,
// numbered in the order of arrival, and the lowest number leads.
type ZooKeeper struct {
	url     zkurl.URL
	timeout time.Duration
}

// NewZooKeeper reads "zk://[user:password@]host:2181,.../path". timeout is how long
// a silent candidate keeps its place, DefaultTimeout if 0. Nothing is asked yet.
func NewZooKeeper(address string, timeout time.Duration) (*ZooKeeper, error) {
	u, err := zkurl.Parse(address)
	if err != nil {
		return nil, err
	}
	return &ZooKeeper{url: u, timeout: cmp.Or(timeout, DefaultTimeout)}, nil
}

// String is the address without credentials.
func (z *ZooKeeper) String() string { return z.url.String() }

// Join starts the goroutine that keeps the candidate's place; the member's Leave or
// Vanish ends it.
func (z *ZooKeeper) Join(info *v1.MasterInfo) Member {
	m := &zkMember{election: z, info: info, changed: make(chan struct{}), quit: make(chan struct{})}
	m.done.Go(m.keep)
	return m
}

// zkMember is one candidate with a session of its own, as it would have in a process
// of its own.
type zkMember struct {
	election *ZooKeeper
	info     *v1.MasterInfo
	quit     chan struct{}
	once     sync.Once
	done     sync.WaitGroup

	mu      sync.Mutex // guards what follows
	state   State
	changed chan struct{}
	silent  bool       // no connection is made any more
	conns   []net.Conn // all of the current session
}

func (m *zkMember) State() (State, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, m.changed
}

// set publishes a state if it is a new one.
func (m *zkMember) set(s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.Leading == m.state.Leading && s.Leader.GetId() == m.state.Leader.GetId() && (s.Err == nil) == (m.state.Err == nil) {
		return
	}
	m.state = s
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *zkMember) Leave() {
	m.once.Do(func() { close(m.quit) })
	m.done.Wait()
}

// Vanish breaks the connection first, so that the session's end cannot be told:
// ZooKeeper finds out when the session's time is over.
func (m *zkMember) Vanish() {
	m.mu.Lock()
	m.silent = true
	conns := m.conns
	m.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() // it may be closed already
	}
	m.Leave()
}

// dial connects to a server, unless the member is to be silent.
func (m *zkMember) dial(network, address string, timeout time.Duration) (net.Conn, error) {
	conn, err := net.DialTimeout(network, address, timeout)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.silent {
		conn.Close()
		return nil, errors.New("the member has vanished")
	}
	m.conns = append(m.conns[:0], conn)
	return conn, nil
}

// keep holds the place in one session after another. It ends with quit and blocks
// on ZooKeeper, whose calls end with the session's connection.
func (m *zkMember) keep() {
	for {
		err := m.session()
		m.set(State{Err: fmt.Errorf("%s: %w", m.election, err)})
		select {
		case <-m.quit:
			return
		case <-time.After(retry):
		}
	}
}

// session takes part in the election until the session or the place is lost, or
// quit. The reason is never nil.
func (m *zkMember) session() error {
	lost := newLoss(m.election.timeout)
	defer lost.stop()
	conn, _, err := zk.Connect(m.election.url.Servers, m.election.timeout, zk.WithLogger(silent{}), zk.WithDialer(m.dial), zk.WithEventCallback(lost.event))
	if err != nil {
		return err
	}
	defer conn.Close() // ends the session, and with it the node
	ended := make(chan struct{})
	defer close(ended)
	m.done.Go(func() { // calls wait for a connection for ever
		select {
		case <-m.quit:
		case <-lost.done:
		case <-ended:
		}
		conn.Close()
	})
	err = m.take(conn, lost.done)
	select {
	case <-lost.done:
		return lost.cause
	default:
		return err
	}
}

// take makes the member's node and follows the election until the session is over.
func (m *zkMember) take(conn *zk.Conn, over <-chan struct{}) error {
	u := m.election.url
	if digest := u.Digest(); digest != nil {
		if err := conn.AddAuth("digest", digest); err != nil {
			return err
		}
	}
	acl := aclFor(u)
	if err := makePath(conn, u.Path, acl); err != nil {
		return err
	}
	data, err := mesos.Marshal(m.info)
	if err != nil {
		return err
	}
	node, err := conn.Create(u.Path+"/"+label+"_", data, zk.FlagEphemeral|zk.FlagSequence, acl)
	if err != nil {
		return fmt.Errorf("create %s: %w", u.Path, err)
	}
	own := node[strings.LastIndexByte(node, '/')+1:]
	for {
		changed, err := m.read(conn, own)
		again := (<-chan time.Time)(nil)
		switch {
		case errors.Is(err, zk.ErrConnectionClosed) || errors.Is(err, zk.ErrNoServer):
			again = time.After(retry / 10) // the session may well outlive the connection
		case err != nil:
			return err
		}
		select {
		case <-changed:
		case <-again:
		case <-over:
			return errors.New("the session is over")
		case <-m.quit:
			return errors.New("left")
		}
	}
}

// aclFor lets everybody in, or everybody read and one user do all (zookeeper.hpp:
// EVERYONE_READ_CREATOR_ALL).
func aclFor(u zkurl.URL) []zk.ACL {
	if u.User == "" {
		return zk.WorldACL(zk.PermAll)
	}
	return append(zk.WorldACL(zk.PermRead), zk.AuthACL(zk.PermAll)...)
}

// makePath makes the folder of the election, and those above it.
func makePath(conn *zk.Conn, path string, acl []zk.ACL) error {
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		there, _, err := conn.Exists(path[:i])
		if err == nil && !there {
			_, err = conn.Create(path[:i], nil, 0, acl)
		}
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return fmt.Errorf("create %s: %w", path[:i], err)
		}
	}
	return nil
}

// read publishes who leads, and gives what tells when that may change. It fails
// when the member's own node is gone.
func (m *zkMember) read(conn *zk.Conn, own string) (<-chan zk.Event, error) {
	path := m.election.url.Path
	names, _, changed, err := conn.ChildrenW(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if !slices.Contains(names, own) {
		return nil, fmt.Errorf("node %s is gone", own)
	}
	first := lowest(names)
	if first == own {
		m.set(State{Leader: m.info, Leading: true})
		return changed, nil
	}
	data, _, err := conn.Get(path + "/" + first)
	if errors.Is(err, zk.ErrNoNode) {
		return changed, nil // it went in between; the watch tells
	}
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", path, first, err)
	}
	info := &v1.MasterInfo{}
	if err := mesos.Unmarshal(data, info); err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", path, first, err)
	}
	m.set(State{Leader: info})
	return changed, nil
}

// lowest is the node of the leader: of those whose name ends in a number the one
// with the least (zookeeper/group.cpp). "" is none.
func lowest(names []string) string {
	first, least := "", int64(0)
	for _, name := range names {
		n, err := strconv.ParseInt(name[strings.LastIndexByte(name, '_')+1:], 10, 64)
		if err == nil && strings.HasPrefix(name, label+"_") && (first == "" || n < least) {
			first, least = name, n
		}
	}
	return first
}

// silent drops what the library logs; its errors come back by themselves.
type silent struct{}

func (silent) Printf(string, ...any) {}
