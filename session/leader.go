package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// maxRedirects bounds how many masters may point at each other.
const maxRedirects = 5

// finalError is a failure that asking another master or asking again cannot mend.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

func isFinal(err error) bool {
	var f finalError
	return errors.As(err, &f)
}

// walk visits masters until one serves: the last leader first, then what the
// detector gives. visit tells another base URL when the master redirected, or an
// error: after a final one the walk ends, after others the next master is asked.
func (s *Session) walk(ctx context.Context, visit func(base string) (redirect string, err error)) error {
	finding, cancel := s.callContext(ctx)
	bases, err := s.candidates(finding)
	cancel()
	if err != nil {
		return err
	}
	for _, base := range bases {
		err = s.follow(base, visit)
		if err == nil || isFinal(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// follow visits a master and those it redirects to.
func (s *Session) follow(base string, visit func(base string) (redirect string, err error)) error {
	chain := []string{base}
	for {
		s.trust(base)
		next, err := visit(base)
		if err != nil || next == "" {
			return err
		}
		if slices.Contains(chain, next) || len(chain) > maxRedirects {
			return fmt.Errorf("masters redirect in a circle: %v", append(chain, next))
		}
		chain, base = append(chain, next), next
	}
}

// candidates gives base URLs to ask. Of fixed masters the last leader comes first;
// ZooKeeper's word is newer than what is remembered.
func (s *Session) candidates(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	d, leader := s.detector, s.leader
	s.mu.Unlock()
	bases, err := d.candidates(ctx)
	if err != nil {
		return nil, err
	}
	if _, fixed := d.(fixedMasters); !fixed || leader == "" {
		return bases, nil
	}
	rest := slices.DeleteFunc(slices.Clone(bases), func(b string) bool { return b == leader })
	return append([]string{leader}, rest...), nil
}

// doLeader sends a request to a path of the leading master.
func (s *Session) doLeader(ctx context.Context, r request, path string) (Answer, error) {
	if !r.long {
		var cancel context.CancelFunc
		ctx, cancel = s.callContext(ctx)
		defer cancel()
	}
	var a Answer
	err := s.walk(ctx, func(base string) (string, error) {
		var err error
		r.url = base + path
		if a, err = s.do(ctx, r); err != nil {
			return "", err
		}
		if a.Status != http.StatusTemporaryRedirect || path == "/redirect" || path == "/master/redirect" {
			return "", nil
		}
		return redirectBase(base, a.Header.Get("Location"))
	})
	if err != nil {
		return Answer{}, err
	}
	return a, nil
}

// FindLeader tells which of several masters leads, by asking them (GET /redirect):
// the subscription's may have died a moment ago. Where only one master was given, or
// ZooKeeper, it is the one that the session works with. Later calls go to the leader
// first.
func (s *Session) FindLeader(ctx context.Context) (string, error) {
	s.mu.Lock()
	given, fixed := s.detector.(fixedMasters)
	known := s.leader
	if !fixed || len(given) == 1 {
		s.mu.Unlock()
		if known == "" && fixed {
			return given[0], nil
		}
		if known == "" {
			return "", errors.New("find leader: not known before the first call")
		}
		return known, nil
	}
	s.mu.Unlock()
	a, err := s.doLeader(ctx, request{op: "find leader", method: http.MethodGet}, "/redirect")
	if err != nil {
		return "", err
	}
	if a.Status != http.StatusTemporaryRedirect {
		return "", fmt.Errorf("find leader: %w", a.Err())
	}
	base, err := redirectBase(a.URL, a.Header.Get("Location"))
	if err != nil {
		return "", fmt.Errorf("find leader: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Subscribed {
		s.leader = base
	}
	return base, nil
}
