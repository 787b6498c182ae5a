package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"mesosbook/internal/zkurl"

	"github.com/go-zookeeper/zk"
	"github.com/tidwall/gjson"
)

const zkTimeout = 10 * time.Second // session timeout of Mesos' own detector

// Master is one master that takes part in an election.
type Master struct {
	URL     string // base URL, "http://host:5050"
	Leading bool
	Info    []byte // MasterInfo as the master registered it; nil when unknown
}

// zkMasters is a detector over ZooKeeper: each master has an ephemeral node
// "json.info_NNNNNNNNNN" with its MasterInfo, and the one with the lowest number
// leads (Mesos 1.12, master/detector/zookeeper.cpp). Each detection has a connection
// of its own, as has the standing watch.
type zkMasters struct {
	zkurl.URL
	scheme string // of the masters, which ZooKeeper does not tell
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
}

// newZKMasters reads "zk://[user:pass@]host[:port],.../path".
func newZKMasters(o Options) (*zkMasters, error) {
	u, err := zkurl.Parse(o.Master)
	if err != nil {
		return nil, err
	}
	z := &zkMasters{URL: u, scheme: "http", dial: o.Dial}
	if o.TLS != nil {
		z.scheme = "https"
	}
	return z, nil
}

// candidates waits for a leader.
func (z *zkMasters) candidates(ctx context.Context) ([]string, error) {
	masters, err := z.masters(ctx, true)
	if err != nil {
		return nil, err
	}
	return []string{masters[0].URL}, nil
}

// errNobody: ZooKeeper answers and knows no master.
var errNobody = errors.New("no master is registered there")

// masters lists the masters, the leader first. With wait it returns once there is
// one, else with errNobody when there is none.
func (z *zkMasters) masters(ctx context.Context, wait bool) (masters []Master, err error) {
	defer func() {
		if err != nil && ctx.Err() != nil && !errors.Is(err, errNobody) {
			err = context.Cause(ctx)
		}
		if err != nil {
			err = fmt.Errorf("zookeeper %s: %w%s", z, err, zkHint(err))
		}
	}()
	conn, err := z.open(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.close()
	for {
		now, err := z.read(conn.Conn)
		switch {
		case err != nil:
			return nil, err
		case len(now.masters) > 0:
			return now.masters, nil
		case !wait:
			return nil, z.nobody(now)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (%w)", z.nobody(now), context.Cause(ctx))
		case <-now.changed:
		}
	}
}

// zkHint says what to look at after an error of ZooKeeper.
func zkHint(err error) string {
	switch {
	case errors.Is(err, zk.ErrNoServer):
		return "; is ZooKeeper running there?"
	case errors.Is(err, zk.ErrNoAuth), errors.Is(err, zk.ErrAuthFailed):
		return "; give zk://user:password@..."
	}
	return ""
}

// nobody says what is missing where no master is registered.
func (z *zkMasters) nobody(now zkView) error {
	if now.absent {
		return fmt.Errorf("%w: it has no node %s; is the path right?", errNobody, z.Path)
	}
	return fmt.Errorf("%w: node %s lists none", errNobody, z.Path)
}

// zkConn is a connection and what happens to it.
type zkConn struct {
	*zk.Conn
	events <-chan zk.Event
	hangUp context.CancelFunc
}

// open gives a connection whose requests fail when ctx ends.
func (z *zkMasters) open(ctx context.Context) (*zkConn, error) {
	ctx, hangUp := context.WithCancel(ctx)
	conn, events, err := zk.Connect(z.Servers, zkTimeout, zk.WithLogger(silent{}), zk.WithDialer(z.dialer(ctx)))
	if err != nil {
		hangUp()
		return nil, err
	}
	context.AfterFunc(ctx, conn.Close)
	c := &zkConn{conn, events, hangUp}
	digest := z.Digest()
	if digest == nil {
		return c, nil
	}
	if err := conn.AddAuth("digest", digest); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// close says good-bye, hangs up, and returns when the connection's goroutines have
// ended.
func (c *zkConn) close() {
	c.Close()
	c.hangUp()
	for range c.events {
	}
}

// zkView is what ZooKeeper knows of the election at one moment.
type zkView struct {
	masters []Master // the leader first
	absent  bool     // the election has no node
	changed <-chan zk.Event
}

// read lists the masters now and tells when that changes.
func (z *zkMasters) read(conn *zk.Conn) (now zkView, err error) {
	names, _, changed, err := conn.ChildrenW(z.Path)
	if errors.Is(err, zk.ErrNoNode) {
		there, _, changed, err := conn.ExistsW(z.Path)
		return zkView{absent: !there, changed: changed}, err
	}
	if err != nil {
		return now, err
	}
	now.changed = changed
	for _, name := range electionOrder(names) {
		data, _, err := conn.Get(z.Path + "/" + name)
		if errors.Is(err, zk.ErrNoNode) {
			continue // it went away in between
		}
		if err != nil {
			return now, err
		}
		base := z.masterURL(data)
		if base == "" {
			return now, fmt.Errorf("node %s holds no MasterInfo: %s", name, clip(string(data)))
		}
		now.masters = append(now.masters, Master{URL: base, Leading: len(now.masters) == 0, Info: data})
	}
	return now, nil
}

// electionOrder picks the nodes of masters and sorts them by their number; other
// nodes, like log_replicas, are left out.
func electionOrder(names []string) []string {
	type node struct {
		name   string
		number int64
	}
	var nodes []node
	for _, name := range names {
		label, digits, ok := strings.Cut(name, "_")
		n, err := strconv.ParseInt(digits, 10, 64)
		if ok && err == nil && label == "json.info" {
			nodes = append(nodes, node{name, n})
		}
	}
	slices.SortFunc(nodes, func(a, b node) int { return cmp.Compare(a.number, b.number) })
	out := make([]string, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, n.name)
	}
	return out
}

// masterURL reads a MasterInfo; its ip is a number in network order, so address is
// read instead.
func (z *zkMasters) masterURL(info []byte) string {
	if !validBytes(info) {
		return ""
	}
	base := agentURL(gjson.ParseBytes(info), z.scheme)
	if base == "" && gjson.GetBytes(info, "hostname").String() != "" {
		base = z.scheme + "://" + hostPort(gjson.GetBytes(info, "hostname").String(), gjson.GetBytes(info, "port").Raw)
	}
	return base
}

// dialer adapts Options.Dial; its connections are closed when ctx ends.
func (z *zkMasters) dialer(ctx context.Context) zk.Dialer {
	return func(network, addr string, timeout time.Duration) (net.Conn, error) {
		within, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		dial := z.dial
		if dial == nil {
			dial = (&net.Dialer{}).DialContext
		}
		conn, err := dial(within, network, addr)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
}

// silent drops what the library logs; its errors come back by themselves.
type silent struct{}

func (silent) Printf(string, ...any) {}

// Masters lists the masters of a cluster, the leader first: all that ZooKeeper
// knows for a zk:// address, else the leader that the given master names. Where
// ZooKeeper knows none it fails at once.
func Masters(ctx context.Context, o Options) ([]Master, error) {
	s, err := New(Options{Master: o.Master, Dial: o.Dial, TLS: o.TLS, Principal: o.Principal, Secret: o.Secret, CallTimeout: o.CallTimeout})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if z, ok := s.detector.(*zkMasters); ok {
		ctx, cancel := s.callContext(ctx)
		defer cancel()
		return z.masters(ctx, false)
	}
	a, err := s.Get(ctx, "/state")
	if err == nil {
		err = a.Err()
	}
	if err != nil {
		return nil, err
	}
	m := Master{URL: strings.TrimSuffix(a.URL, "/state"), Leading: true}
	if !a.Get("leader_info").Exists() && !a.Get("leader").Exists() {
		return nil, fmt.Errorf("get /state: what answers at %s names no leader; is this a Mesos master?", m.URL)
	}
	if info := a.Get("leader_info"); info.Exists() {
		m.Info = []byte(info.Raw)
	}
	return []Master{m}, nil
}
