package session

import "slices"

const (
	maxSeenOfTask       = 32 // an agent has one unacknowledged update of a task under way
	maxSeenOfOperations = 1024
)

// seenUpdates remembers the last status updates by uuid, and which of them were
// acknowledged. Session.mu guards it.
type seenUpdates []seenUpdate

type seenUpdate struct {
	uuid  string
	acked bool
}

func (u seenUpdates) index(uuid string) int {
	return slices.IndexFunc(u, func(s seenUpdate) bool { return s.uuid == uuid })
}

// see tells whether an update with this uuid was seen before, and remembers it; the
// oldest of more than limit are forgotten.
func (u *seenUpdates) see(uuid string, limit int) (again bool) {
	if uuid == "" {
		return false
	}
	if u.index(uuid) >= 0 {
		return true
	}
	*u = append(*u, seenUpdate{uuid: uuid})
	if len(*u) > limit {
		*u = slices.Delete(*u, 0, limit/2)
	}
	return false
}

// acknowledge tells whether the acknowledgement of this uuid is the first.
func (u seenUpdates) acknowledge(uuid string) (first bool) {
	i := u.index(uuid)
	if i < 0 {
		return true // not remembered any more
	}
	first = !u[i].acked
	u[i].acked = true
	return first
}

// open counts the updates that were not acknowledged.
func (u seenUpdates) open() (n int) {
	for _, s := range u {
		if !s.acked {
			n++
		}
	}
	return n
}

// unacknowledgedLocked counts the updates that the user has not acknowledged.
func (s *Session) unacknowledgedLocked() int {
	n := s.operations.open()
	for _, t := range s.tasks.order {
		n += t.seen.open()
	}
	return n
}

// acknowledgedLocked counts an acknowledgement that the master took: one per update,
// however often it was sent.
func (s *Session) acknowledgedLocked(a ack) {
	seen := s.operations
	if t := s.tasks.get(a.task); a.operation == "" && t != nil {
		seen = t.seen
	}
	if seen.acknowledge(a.uuid) {
		s.acknowledged++
	}
}
