package names

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"mesosbook/resources"
	"mesosbook/session"
)

func (s *Set) channelNames() map[string]any {
	return map[string]any{
		"subscribe":           s.subscribe,
		"resubscribe":         s.resubscribe,
		"post":                s.post,
		"framework_id":        s.frameworkID,
		"stream_id":           s.streamID,
		"last_heartbeat":      s.lastHeartbeat,
		"last_error":          s.lastError,
		"status":              s.status,
		"close_channel":       s.closeChannel,
		"terminate_framework": s.terminateFramework,
	}
}

// subscribe takes nothing (SUBSCRIBE_BODY), a framework's name, or a body.
func (s *Set) subscribe(args ...any) session.Answer {
	const op = "subscribe"
	body, err := s.subscribeBody(args)
	if err != nil {
		fail(op, err)
	}
	return s.accepted(op, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		return live.Subscribe(ctx, body.JSON())
	})
}

func (s *Set) subscribeBody(args []any) (*resources.Document, error) {
	base := s.settings.subscribeBody
	if base == nil {
		return nil, errors.New("SUBSCRIBE_BODY is nil; get_json(\"subscribe.json\") makes a new one")
	}
	if len(args) == 0 {
		return base.Copy(), nil
	}
	if len(args) > 1 {
		return nil, fmt.Errorf("takes one argument, got %d", len(args))
	}
	name, isText := text(args[0])
	if v := reflect.ValueOf(args[0]); !isText && (v.CanInt() || v.CanUint() || v.CanFloat() || v.Kind() == reflect.Bool) {
		return nil, unknown(args[0], "a framework's name, or a SUBSCRIBE body")
	}
	if !isText || looksLikeJSON(name) || strings.HasSuffix(name, ".json") {
		body, err := s.body(args[0])
		if err == nil && body.Get("type").String() != "SUBSCRIBE" {
			err = fmt.Errorf("the body has the type %q, want SUBSCRIBE; post sends other calls", body.Get("type").String())
		}
		return body, err
	}
	body := base.Copy()
	err := resources.Try(func() { body.Set("subscribe.framework_info.name", name) })
	return body, err
}

func (s *Set) resubscribe() session.Answer {
	return s.accepted("resubscribe", func(ctx context.Context, live *session.Session) (session.Answer, error) {
		return live.Resubscribe(ctx)
	})
}

// call to the API: post(body) or post(url, body), then headers "Name: value".
type request struct {
	url    string
	body   []byte
	header http.Header // nil: the session's own
}

func (s *Set) post(args ...any) session.Answer {
	const op = "post"
	req, err := s.request(args)
	if err != nil {
		fail(op, err)
	}
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		switch {
		case req.header != nil:
			return s.postRaw(ctx, live, req)
		case req.url == "" || req.url == live.MasterURL()+apiPath:
			return live.Post(ctx, req.body)
		}
		return live.PostURL(ctx, req.url, req.body)
	})
}

const postForms = "post(body) or post(url, body), and then headers as \"Name: value\""

func (s *Set) request(args []any) (request, error) {
	var req request
	if len(args) > 0 {
		if url, ok := args[0].(string); ok && !looksLikeJSON(url) && (strings.Contains(url, "://") || url == "") {
			if url == "" {
				return req, errors.New("the URL is empty; leave it out to post to the leading master")
			}
			req.url, args = url, args[1:]
		} else if ok && len(args) > 1 && !looksLikeJSON(url) && !strings.HasSuffix(url, ".json") && isBody(args[1]) {
			return req, fmt.Errorf("%q is no URL; write post(body) or post(\"http://host:port/api/v1/scheduler\", body)", url)
		}
	}
	if len(args) == 0 {
		return req, errors.New("has no body; write " + postForms)
	}
	body, err := s.body(args[0])
	if err != nil {
		return req, err
	}
	req.body = body.JSON()
	for _, arg := range args[1:] {
		line, _ := text(arg)
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return req, unknown(arg, postForms)
		}
		if req.header == nil {
			req.header = http.Header{}
		}
		req.header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return req, nil
}

// isBody tells a body from a header.
func isBody(v any) bool {
	line, isText := text(v)
	return !isText || looksLikeJSON(line)
}

// postRaw sends a request with headers of the cell's choice. What the cell does
// not name is as the session would send it; an empty value leaves a header out.
func (s *Set) postRaw(ctx context.Context, live *session.Session, req request) (session.Answer, error) {
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	body := req.body
	if gjson.GetBytes(body, "type").String() != "SUBSCRIBE" && (req.url == "" || strings.HasSuffix(req.url, apiPath)) {
		header.Set("Mesos-Stream-Id", string(live.StreamID()))
		body = withFramework(body, live.FrameworkID())
	}
	for name, values := range req.header {
		header[name] = values
	}
	for name, values := range header {
		if len(values) == 1 && values[0] == "" {
			delete(header, name)
		}
	}
	return live.PostRaw(ctx, req.url, header, body)
}

// withFramework fills framework_id in where it is absent or null, as the
// session does with the calls it sends.
func withFramework(body []byte, id session.FrameworkID) []byte {
	doc, err := resources.Parse(body)
	if err != nil || id == "" || !doc.Get("").IsObject() {
		return body
	}
	if v := doc.Get("framework_id.value"); v.Exists() && v.Type != gjson.Null {
		return body
	}
	if err := resources.Try(func() { doc.Set("framework_id.value", id) }); err != nil {
		return body
	}
	return doc.JSON()
}

// now gives the session for a question that needs no waiting.
func (s *Set) now(op string) *session.Session {
	ctx, cancel := s.context(0)
	defer cancel()
	return s.session(ctx, op)
}

func (s *Set) frameworkID() string { return string(s.now("framework_id").FrameworkID()) }

func (s *Set) streamID() string { return string(s.now("stream_id").StreamID()) }

func (s *Set) lastHeartbeat() time.Time { return s.now("last_heartbeat").LastHeartbeat() }

func (s *Set) lastError() error { return s.now("last_error").LastError() }

func (s *Set) status() session.Status { return s.now("status").Status() }

func (s *Set) closeChannel() {
	if err := s.now("close_channel").CloseChannel(); err != nil {
		fail("close_channel", err)
	}
}

// terminateFramework tears down this session's framework, or another one by its
// id through the operator API.
func (s *Set) terminateFramework(args ...any) session.Answer {
	const op = "terminate_framework"
	return s.accepted(op, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		switch len(args) {
		case 0:
			return live.Teardown(ctx)
		case 1:
			id, ok := text(args[0])
			if !ok || id == "" {
				return session.Answer{}, unknown(args[0], "nothing, for this session's framework, or the id of another one")
			}
			if id == string(live.FrameworkID()) {
				return live.Teardown(ctx)
			}
			body, err := json.Marshal(map[string]any{"framework_id": map[string]string{"value": id}})
			if err != nil {
				return session.Answer{}, err
			}
			return live.Operator(ctx, "", "TEARDOWN", body)
		}
		return session.Answer{}, fmt.Errorf("takes at most one framework id, got %d arguments", len(args))
	})
}
