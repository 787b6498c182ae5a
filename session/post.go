package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// PostURL is Post to a given URL. A URL that is not the scheduler API of a master
// (".../api/v1/scheduler") gets the body as it is.
func (s *Session) PostURL(ctx context.Context, target string, body []byte) (Answer, error) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return Answer{}, s.failed(fmt.Errorf("post: %q is not a URL; want http://host:port/path", showURL(target)))
	}
	if isSchedulerPath(u.Path) {
		return s.postScheduler(ctx, u, body)
	}
	c, err := parseCall(body)
	if err != nil {
		return Answer{}, s.failed(err)
	}
	r := request{op: c.op(), method: http.MethodPost, url: target, header: jsonHeader(), body: body}
	if !reads(c.kind) {
		if a, guarded, err := s.guard(ctx, r); guarded {
			return a, err
		}
	}
	settle := s.prepareOperator(body)
	a, err := s.do(ctx, r)
	settle(a, err)
	return a, s.failed(err)
}

func isSchedulerPath(path string) bool {
	return strings.TrimPrefix(strings.TrimSuffix(path, "/"), "/master") == schedulerPath
}

// postScheduler is Post where the URL names a master: the leader or one of those
// that were given, or, while no channel is open, the one to talk to from now on.
func (s *Session) postScheduler(ctx context.Context, u *url.URL, body []byte) (Answer, error) {
	base := u.Scheme + "://" + withPort(u)
	s.mu.Lock()
	given, _ := s.detector.(fixedMasters)
	known, leader := base == s.leader || slices.Contains(given, base), s.leader
	if !known && s.channel == nil {
		s.detector, s.leader, known = fixedMasters{base}, "", true
	}
	s.mu.Unlock()
	if !known {
		return Answer{}, s.failed(fmt.Errorf("post %s: the session is subscribed at %s; close the channel first", base, leader))
	}
	return s.Post(ctx, body)
}

// PostRaw sends the body with exactly these headers (and credentials, if any),
// fills in nothing and follows no redirect. An empty url is the scheduler API of
// the leading master. Of an event stream only the first record is read.
func (s *Session) PostRaw(ctx context.Context, target string, header http.Header, body []byte) (Answer, error) {
	if target == "" {
		base, err := s.base(ctx)
		if err != nil {
			return Answer{}, s.failed(err)
		}
		target = base + schedulerPath
	}
	r := request{op: "post", method: http.MethodPost, url: target, header: header, body: body}
	if a, guarded, err := s.guard(ctx, r); guarded {
		return a, err
	}
	ctx, cancel := s.callContext(ctx)
	defer cancel()
	resp, rec, err := s.open(ctx, r)
	if err != nil {
		return Answer{}, s.failed(err)
	}
	if resp.Header.Get("Mesos-Stream-Id") == "" {
		a, err := s.readAnswer(ctx, r, resp, rec)
		return a, s.failed(err)
	}
	defer resp.Body.Close()
	raw, err := s.newRecordSource(resp.Body).next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.explain(ctx, r, err)
		s.finishCall(rec, resp.StatusCode, nil, err)
		return Answer{}, s.failed(err)
	}
	s.finishCall(rec, resp.StatusCode, []byte(raw), nil)
	return Answer{Op: r.op, Status: resp.StatusCode, Header: resp.Header, Body: []byte(raw), URL: target}, nil
}

// base is the leading master's base URL, or the first to be asked.
func (s *Session) base(ctx context.Context) (string, error) {
	if base := s.MasterURL(); base != "" {
		return base, nil
	}
	ctx, cancel := s.callContext(ctx)
	defer cancel()
	bases, err := s.candidates(ctx)
	if err != nil {
		return "", err
	}
	s.trust(bases[0])
	return bases[0], nil
}

// Get fetches a path ("/state") from the leading master or a whole URL. A
// redirect of a master to the leader is followed.
func (s *Session) Get(ctx context.Context, pathOrURL string) (Answer, error) {
	r := request{op: "get " + showURL(pathOrURL), method: http.MethodGet, url: pathOrURL, header: http.Header{"Accept": {"*/*"}}, long: true}
	var a Answer
	var err error
	if strings.Contains(pathOrURL, "://") {
		a, err = s.do(ctx, r)
	} else {
		a, err = s.doLeader(ctx, r, "/"+strings.TrimPrefix(pathOrURL, "/"))
	}
	return a, s.failed(err)
}

// showURL is a URL or path as it may be shown: clipped and without a password.
func showURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	return clip(u.Redacted())
}
