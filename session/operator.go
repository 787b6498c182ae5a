package session

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Operator sends a call to the operator API (/api/v1) of the leading master, or of
// the agent with this base URL or id when target is not empty. body is the JSON of
// the call's member ("{}" is sent where the type wants one and body is nil).
func (s *Session) Operator(ctx context.Context, target, callType string, body []byte) (Answer, error) {
	if len(body) == 0 {
		body = []byte("{}")
	}
	if err := checkJSON(body); err != nil {
		return Answer{}, s.failed(fmt.Errorf("operator %s: the body %w", callType, err))
	}
	c := newCall(callType, json.RawMessage(body))
	r := request{op: "operator " + callType, method: http.MethodPost, url: target + operatorPath, header: jsonHeader(), body: c.body, long: reads(callType)}
	if callType == "SUBSCRIBE" {
		return Answer{}, s.failed(fmt.Errorf("operator SUBSCRIBE: it answers with a stream; use watch"))
	}
	a, err := s.operate(ctx, target, r, callType)
	return a, s.failed(err)
}

// operate sends an operator call that the guards let through.
func (s *Session) operate(ctx context.Context, target string, r request, callType string) (a Answer, err error) {
	if target == "" {
		var base string
		base, err = s.base(ctx)
		r.url = base + operatorPath
	} else {
		r.url, err = s.targetURL(ctx, target)
	}
	if err != nil {
		return Answer{}, err
	}
	if !reads(callType) {
		if a, guarded, err := s.guard(ctx, r); guarded {
			return a, err
		}
	}
	settle := s.prepareOperator(r.body)
	defer func() { settle(a, err) }()
	if target == "" {
		return s.doLeader(ctx, r, operatorPath)
	}
	return s.do(ctx, r)
}

// targetURL is the operator API of an agent given by base URL or id.
func (s *Session) targetURL(ctx context.Context, target string) (string, error) {
	if strings.Contains(target, "://") {
		return strings.TrimSuffix(target, "/") + operatorPath, nil
	}
	base, err := s.AgentURL(ctx, AgentID(target))
	return base + operatorPath, err
}

// Watch follows the operator event stream of the leading master (SUBSCRIBE of
// /api/v1) and calls f for each event until ctx ends, f gives false (then nil is
// returned) or the stream ends. Nothing for five heartbeats ends it as well. It
// runs in the caller's goroutine; Seq counts from 1 within the stream.
func (s *Session) Watch(ctx context.Context, f func(Event) bool) error {
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(s.life, func() { cancel(ErrClosed) })
	defer stop()
	err := s.walk(watching, func(base string) (string, error) { return s.watchAt(watching, cancel, base, f) })
	if ctx.Err() != nil {
		return err // ended as the caller wished: nothing went wrong
	}
	return s.failed(err)
}

func (s *Session) watchAt(ctx context.Context, cancel context.CancelCauseFunc, base string, f func(Event) bool) (redirect string, err error) {
	limit := time.Duration(s.opt.HeartbeatsMissed) * defaultHeartbeat
	watchdog := time.AfterFunc(limit, func() { cancel(fmt.Errorf("no record for %v", limit)) })
	defer watchdog.Stop()
	r := request{op: "watch", method: http.MethodPost, url: base + operatorPath, header: jsonHeader(), body: newCall("SUBSCRIBE", nil).body}
	resp, rec, err := s.open(ctx, r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		a, err := s.readAnswer(ctx, r, resp, rec)
		if err == nil && a.Status == http.StatusTemporaryRedirect {
			return redirectBase(base, a.Header.Get("Location"))
		}
		if err == nil {
			err = refused(a)
		}
		return "", err
	}
	s.finishCall(rec, resp.StatusCode, nil, nil)
	records := s.newRecordSource(resp.Body)
	for seq := uint64(1); ; seq++ {
		raw, err := records.next()
		if err != nil {
			return "", finalError{s.explain(ctx, r, err)}
		}
		watchdog.Reset(limit)
		s.wireLine("<- %s", raw)
		e := s.newEvent(raw)
		e.Seq = seq
		if !f(e) {
			return "", nil
		}
	}
}

// AgentURL is the base URL of an agent, from offers or the master's /slaves.
func (s *Session) AgentURL(ctx context.Context, id AgentID) (string, error) {
	s.mu.Lock()
	known := s.agents[id]
	s.mu.Unlock()
	if known != "" {
		return known, nil
	}
	a, err := s.doLeader(ctx, request{op: "get /slaves", method: http.MethodGet, header: http.Header{}, long: true}, "/slaves")
	if err == nil {
		err = a.Err()
	}
	if err != nil {
		return "", fmt.Errorf("agent %s: %w", id, err)
	}
	base := ""
	a.Get("slaves").ForEach(func(_, v gjson.Result) bool {
		if v.Get("id").String() != string(id) {
			return true
		}
		host := v.Get("hostname").String()
		_, port, _ := strings.Cut(v.Get("pid").String(), "@")
		port = port[strings.LastIndexByte(port, ':')+1:]
		base = schemeOf(a.URL) + "://" + hostPort(host, port)
		return false
	})
	if base == "" {
		return "", fmt.Errorf("agent %s: the master does not list it; has it gone?", id)
	}
	s.learnAgent(id, base)
	return base, nil
}

// learnAgent remembers where an agent answers.
func (s *Session) learnAgent(id AgentID, base string) {
	s.trust(base)
	s.mu.Lock()
	s.agents[id] = base
	s.mu.Unlock()
}
