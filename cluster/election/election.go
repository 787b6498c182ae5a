// Package election decides which master of a cluster leads: the one that has been a
// candidate for the longest time. Local does so within the program; ZooKeeper does
// it as Apache Mesos 1.12 does (src/master/contender, src/master/detector), so that
// whoever can read a Mesos cluster's zk:// address finds the leader.
package election

import (
	"slices"
	"sync"

	v1 "mesosbook/mesos/v1"
)

// Election takes candidates.
type Election interface {
	// Join makes a master that describes itself so a candidate. It does not wait: what
	// becomes of it is told by the member.
	Join(info *v1.MasterInfo) Member
}

// Member is one candidate's place in an election. Its methods may be called from
// any goroutine.
type Member interface {
	// State is what the member knows now, and a channel that is closed when that
	// changes.
	State() (State, <-chan struct{})
	// Leave ends the candidacy and returns when nothing of it is left. Twice is fine.
	Leave()
	// Vanish is Leave without a word, as of a process that was killed: the others
	// learn of it by the member's silence.
	Vanish()
}

// State is an election as one member sees it.
type State struct {
	Leader  *v1.MasterInfo // nil while nobody is known to lead; not to be changed
	Leading bool           // it is this member
	Err     error          // why nobody is known, if something is wrong
}

// Local is an election within the program. The zero value has no candidates.
type Local struct {
	mu      sync.Mutex // guards what follows, and the members' channels
	members []*localMember
}

type localMember struct {
	election *Local
	info     *v1.MasterInfo
	changed  chan struct{}
}

// Join adds a candidate behind those that are there.
func (l *Local) Join(info *v1.MasterInfo) Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &localMember{election: l, info: info, changed: make(chan struct{})}
	l.members = append(l.members, m)
	return m
}

func (m *localMember) State() (State, <-chan struct{}) {
	l := m.election
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.members, m) {
		return State{}, m.changed
	}
	return State{Leader: l.members[0].info, Leading: l.members[0] == m}, m.changed
}

func (m *localMember) Leave() {
	l := m.election
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.members, m)
	if i < 0 {
		return
	}
	members := slices.Clone(l.members)
	l.members = slices.Delete(l.members, i, i+1)
	if i > 0 {
		return // the leader is the same
	}
	for _, other := range members {
		close(other.changed)
		other.changed = make(chan struct{})
	}
}

func (m *localMember) Vanish() { m.Leave() }
