package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/tidwall/gjson"
)

// election is the leader that the standing watch saw last.
type election struct {
	leader Master
	n      int // how many leaders it has seen
}

// watcher is a detector that tells by itself when another master leads.
type watcher interface {
	// watch calls elected with the leader now and with each new one, and said with
	// lines for people, until ctx ends. It calls them from its own goroutine.
	watch(ctx context.Context, elected func(Master), said func(string))
}

// watchElection keeps a watch on the leader as long as the channel is open, as
// Mesos' own detectors do: where the old leader is cut off or its machine is dead,
// the connection to it may stay silent for minutes.
func (s *Session) watchElection(ch *channel, w watcher) {
	w.watch(ch.ctx, s.elected, func(line string) { s.notice("%s", line) })
}

// elected is told who leads. A subscription at another master is given up; one at
// the leader, or one while nobody is known to lead, goes on.
func (s *Session) elected(m Master) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.election.leader; old.URL == m.URL && masterID(old) == masterID(m) {
		return
	}
	s.election = election{m, s.election.n + 1}
	if s.state == Subscribed {
		s.live.leaveFor(m)
	}
}

// electedSince gives up a new stream if another master was elected while it was
// opened, since the n-th one.
func (s *Session) electedSince(n int, st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.election.n != n {
		st.leaveFor(s.election.leader)
	}
}

func (s *Session) elections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.election.n
}

// movedError is a loss because another master leads.
type movedError struct{ to string }

func (e movedError) Error() string { return "another master leads: " + e.to }

// leaveFor ends the stream if it comes from another master than the leader.
func (st *stream) leaveFor(leader Master) {
	if !st.isFrom(leader) {
		st.cancel(movedError{leader.URL})
	}
}

// isFrom compares ids, which are new at each start of a master, or else addresses.
func (st *stream) isFrom(m Master) bool {
	mine, other := gjson.Get(st.first, "subscribed.master_info.id").String(), masterID(m)
	if mine != "" && other != "" {
		return mine == other
	}
	return st.base == m.URL
}

func masterID(m Master) string { return gjson.GetBytes(m.Info, "id").String() }

// watch keeps a connection to ZooKeeper. One that is away, or has forgotten this
// session, is asked again until it answers; nobody is told of a leader meanwhile.
func (z *zkMasters) watch(ctx context.Context, elected func(Master), said func(string)) {
	wait := backoff{min: time.Second, max: 15 * time.Second}
	for away := false; ; {
		err := z.watchOnce(ctx, func(masters []Master) {
			if away {
				said(fmt.Sprintf("zookeeper %s answers again", z))
			}
			away = false
			wait.reset()
			if len(masters) > 0 {
				elected(masters[0])
			}
		})
		if ctx.Err() != nil {
			return
		}
		if !away {
			said(fmt.Sprintf("zookeeper %s: %v; the subscription goes on without it", z, err))
		}
		away = true
		timer := time.NewTimer(wait.next())
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// watchOnce gives the masters now and after each change, on one connection; the
// error says why it ended.
func (z *zkMasters) watchOnce(ctx context.Context, seen func([]Master)) error {
	conn, err := z.open(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	for {
		now, err := z.read(conn.Conn)
		if err != nil {
			return err
		}
		seen(now.masters)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-now.changed:
				waiting = false
			case <-conn.events:
				if conn.State() != zk.StateHasSession {
					return errors.New("connection lost")
				}
			}
		}
	}
}
