package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// call is a body for the scheduler API and what is read from it.
type call struct {
	kind string // its type; empty when the body has none
	body []byte
}

func (c call) op() string {
	if c.kind == "" {
		return "post"
	}
	return "post " + c.kind
}

// repeatable says whether a call that a master may or may not have got can be sent
// once more, to another one as well: twice is as good as once. Offers, which those of
// other calls name, die with their master.
func (c call) repeatable() bool {
	return slices.Contains([]string{"RECONCILE", "RECONCILE_OPERATIONS", "REVIVE", "SUPPRESS", "KILL"}, c.kind)
}

// parseCall checks that the body is a JSON object.
func parseCall(body []byte) (call, error) {
	if err := checkJSON(body); err != nil {
		return call{}, fmt.Errorf("post: the body %w", err)
	}
	if !gjson.ParseBytes(body).IsObject() {
		return call{}, fmt.Errorf("post: the body is not a JSON object: %s", clip(string(body)))
	}
	return call{kind: gjson.GetBytes(body, "type").String(), body: body}, nil
}

// checkJSON tells where a text stops being JSON.
func checkJSON(body []byte) error {
	if validBytes(body) {
		return nil
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("is empty, want a JSON object")
	}
	var v any
	err := json.Unmarshal(body, &v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := body[:min(int(syntax.Offset), len(body))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
		return fmt.Errorf("is not valid JSON at line %d column %d: %w", line, max(column, 1), err)
	}
	return fmt.Errorf("is not valid JSON: %w", err)
}

// newCall builds a body; a nil member leaves the call's own part out.
func newCall(kind string, member any) call {
	body, _ := sjson.SetBytes([]byte("{}"), "type", kind)
	if member != nil {
		if b, err := sjson.SetBytes(body, strings.ToLower(kind), member); err == nil {
			body = b
		}
	}
	return call{kind, body}
}

func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
}

// Post sends a call to the scheduler API of the leading master: framework_id is
// filled where absent or null, the Mesos-Stream-Id header is set, offers used by
// the call leave Offers and its tasks enter Tasks. A SUBSCRIBE body opens the
// channel as Subscribe does. While the subscription is being renewed it waits,
// at most for CallTimeout. Every HTTP status is an Answer; an error means that
// there was no answer.
func (s *Session) Post(ctx context.Context, body []byte) (Answer, error) {
	c, err := parseCall(body)
	if err != nil {
		return Answer{}, s.failed(err)
	}
	if c.kind == "SUBSCRIBE" {
		return s.Subscribe(ctx, body)
	}
	return s.sendCall(ctx, c, false)
}

// place is where and as whom a call is sent.
type place struct {
	base      string
	stream    StreamID
	framework FrameworkID
	live      *stream // nil when the subscription is over
}

// sendCall sends a call for the framework and keeps what is known in step.
func (s *Session) sendCall(ctx context.Context, c call, auto bool) (Answer, error) {
	if a, guarded, err := s.guardCall(ctx, c, auto); guarded {
		return a, err
	}
	settle := s.prepare(c)
	a, err := s.sendReady(ctx, c, auto)
	settle(a, err)
	if err != nil && !auto {
		s.failed(err)
	}
	return a, err
}

// sendReady waits for the subscription and sends. While no master serves it tries
// again, until CallTimeout.
func (s *Session) sendReady(ctx context.Context, c call, auto bool) (Answer, error) {
	ctx, cancel := s.callContext(ctx)
	defer cancel()
	wait := backoff{min: s.opt.BackoffMin, max: s.opt.BackoffMax}
	for {
		p, err := s.ready(ctx, c)
		if err != nil {
			return Answer{}, err
		}
		a, err := s.do(ctx, p.request(c, auto))
		if err != nil && c.repeatable() && s.leftBehind(ctx, p) {
			continue // it went to a master that is dead
		}
		if err != nil {
			return Answer{}, err
		}
		retry := s.judge(p, a)
		if !retry {
			return a, nil
		}
		timer := time.NewTimer(wait.next())
		select {
		case <-ctx.Done():
			timer.Stop()
			return a, nil
		case <-timer.C:
		}
	}
}

// leftBehind waits until the subscription that a call was meant for is lost, and says
// whether another one is to be expected.
func (s *Session) leftBehind(ctx context.Context, p place) bool {
	for {
		s.mu.Lock()
		state, stream, changed := s.state, s.stream, s.changed
		s.mu.Unlock()
		if state != Subscribed || stream != p.stream {
			return state != Disconnected && state != Closed
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// ready waits for the subscription. Without one the last framework's id will do:
// the master then says what it thinks of the call.
func (s *Session) ready(ctx context.Context, c call) (place, error) {
	for {
		s.mu.Lock()
		p := place{base: s.leader, stream: s.stream, framework: s.framework, live: s.live}
		state, cause, changed, over := s.state, s.cause, s.changed, s.overLocked()
		s.mu.Unlock()
		switch {
		case ctx.Err() != nil && state == Subscribed:
			return p, unsentError{fmt.Errorf("%s: %w", c.op(), context.Cause(ctx))}
		case state == Subscribed:
			return p, nil
		case state == Disconnected && p.base != "":
			return p, nil
		case over != nil:
			return p, unsentError{fmt.Errorf("%s: %w", c.op(), over)}
		}
		select {
		case <-ctx.Done():
			return p, unsentError{fmt.Errorf("%s: %w (%s: %v): %w", c.op(), ErrNotSubscribed, state, causeText(cause), context.Cause(ctx))}
		case <-changed:
		}
	}
}

func causeText(cause error) string {
	if cause == nil {
		return "under way"
	}
	return cause.Error()
}

// unsentError is a failure before anything went out: the call had no effect.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

func isUnsent(err error) bool {
	var u unsentError
	return errors.As(err, &u) || isRefused(err)
}

// request fills in what the place knows.
func (p place) request(c call, auto bool) request {
	body := fillID(c.body, "framework_id", p.framework)
	if c.kind == "UPDATE_FRAMEWORK" && gjson.GetBytes(body, "update_framework.framework_info").IsObject() {
		body = fillID(body, "update_framework.framework_info.id", FrameworkID(gjson.GetBytes(body, "framework_id.value").Str))
	}
	header := jsonHeader()
	if p.stream != "" {
		header.Set("Mesos-Stream-Id", string(p.stream))
	}
	return request{op: c.op(), method: http.MethodPost, url: p.base + schedulerPath, header: header, body: body, auto: auto}
}

// fillID writes an id where the body has none.
func fillID(body []byte, path string, id FrameworkID) []byte {
	if v := gjson.GetBytes(body, path+".value"); id == "" || (v.Exists() && v.Type != gjson.Null) {
		return body
	}
	if b, err := sjson.SetBytes(body, path, idValue(id)); err == nil {
		return b
	}
	return body
}

// judge reads from an answer how the subscription stands: a master that does not
// lead, or does not know our channel any more, means that the stream is dead even
// if the connection has not said so yet. It tells whether to try again.
func (s *Session) judge(p place, a Answer) (retry bool) {
	if p.live == nil {
		return false
	}
	text := clip(string(a.Body))
	switch {
	case a.Status == http.StatusTemporaryRedirect:
		p.live.cancel(fmt.Errorf("%s does not lead any more", p.base))
		return true
	case a.Status == http.StatusServiceUnavailable:
		return true
	case lostChannel(text):
		p.live.cancel(fmt.Errorf("the master says: %s", text))
	}
	return false
}

// lostChannel tells whether a master says that it has no channel of the framework.
func lostChannel(text string) bool {
	return strings.Contains(text, "Framework is not subscribed") || strings.Contains(text, "Framework cannot be found")
}

// channelEnded is lostChannel, or that another channel has taken its place.
func channelEnded(text string) bool { return lostChannel(text) || strings.Contains(text, "stream ID") }

// failed keeps an error for LastError and gives it back.
func (s *Session) failed(err error) error {
	if err == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastErrorLocked(err)
	return err
}

// lastErrorLocked keeps an error for LastError, with the moment.
func (s *Session) lastErrorLocked(err error) { s.lastErr, s.lastErrAt = err, s.opt.clock() }
