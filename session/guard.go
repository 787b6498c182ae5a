package session

import (
	"fmt"
	"strings"
)

// reads tells whether a call of this type changes nothing, on the scheduler API
// or on the operator APIs of master and agent.
func reads(kind string) bool {
	switch kind {
	case "RECONCILE", "RECONCILE_OPERATIONS", "LIST_FILES", "READ_FILE":
		return true
	}
	return strings.HasPrefix(kind, "GET_")
}

// guardCall is guard for a call of the scheduler API.
func (s *Session) guardCall(c call) (a Answer, guarded bool, err error) {
	s.mu.Lock()
	p := place{base: s.leader, stream: s.stream, framework: s.framework}
	s.mu.Unlock()
	if reads(c.kind) {
		return Answer{}, false, nil
	}
	return s.guard(p.request(c, false))
}

// guard stops a request that changes something when the session is read-only or
// only shows what it would send.
func (s *Session) guard(r request) (a Answer, guarded bool, err error) {
	s.mu.Lock()
	dry := s.dryRun
	s.mu.Unlock()
	if dry {
		return Answer{Op: r.op, URL: r.url, DryRun: s.curl(CallRecord{Method: r.method, URL: r.url, Header: r.header, Body: r.body})}, true, nil
	}
	if s.opt.ReadOnly {
		return Answer{}, true, s.failed(fmt.Errorf("%s: %w: it would change something on the cluster", r.op, ErrReadOnly))
	}
	return Answer{}, false, nil
}

// SetDryRun makes calls that change something return an Answer with the curl
// command instead of sending them. Acknowledgements go on.
func (s *Session) SetDryRun(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dryRun = on
	s.broadcastLocked()
}
