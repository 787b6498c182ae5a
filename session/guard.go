package session

import (
	"context"
	"fmt"
	"strings"
)

// reads tells whether a call of this type changes nothing, on the scheduler API
// or on the operator APIs of master and agent.
func reads(kind string) bool {
	switch kind {
	case "RECONCILE", "RECONCILE_OPERATIONS", "LIST_FILES", "READ_FILE", "WAIT_CONTAINER", "WAIT_NESTED_CONTAINER", "ATTACH_CONTAINER_OUTPUT":
		return true
	}
	return strings.HasPrefix(kind, "GET_")
}

// guardCall is guard for a call of the scheduler API.
func (s *Session) guardCall(ctx context.Context, c call, auto bool) (a Answer, guarded bool, err error) {
	if auto || reads(c.kind) {
		return Answer{}, false, nil
	}
	base, _ := s.base(ctx) // empty: the call itself tells why there is no master
	s.mu.Lock()
	p := place{base: base, stream: s.stream, framework: s.framework}
	s.mu.Unlock()
	return s.guard(ctx, p.request(c, false))
}

// guard stops a request that changes something when the session is read-only,
// only shows what it would send, or Options.Confirm says no.
func (s *Session) guard(ctx context.Context, r request) (a Answer, guarded bool, err error) {
	s.mu.Lock()
	dry := s.dryRun
	if dry {
		s.unsent++
	}
	s.mu.Unlock()
	if dry {
		return Answer{Op: r.op, URL: r.url, DryRun: s.curl(CallRecord{Method: r.method, URL: r.url, Header: r.header, Body: r.body})}, true, nil
	}
	if s.opt.ReadOnly {
		effect := "change something on the cluster"
		if r.op == "post SUBSCRIBE" {
			effect = "register a framework"
		}
		return Answer{}, true, s.failed(fmt.Errorf("%s: %w: it would %s", r.op, ErrReadOnly, effect))
	}
	if err := s.confirm(ctx, r); err != nil {
		return Answer{}, true, err
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
