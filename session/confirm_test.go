package session_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"mesosbook/session"
)

var errNo = errors.New("no")

// asked collects the questions of a session and answers no.
type asked struct{ hits []session.Hit }

func (a *asked) option(o *session.Options) {
	o.Confirm = func(_ context.Context, h session.Hit) error {
		a.hits = append(a.hits, h)
		return errNo
	}
}

// What a session did not start is asked about, by name, whichever way the call
// is sent; its own is not.
func TestConfirmForeign(t *testing.T) {
	var seen asked
	inBubble(t, func(b *bench) {
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			switch c.path {
			case "/frameworks?framework_id=other", "/frameworks?framework_id=gone":
				w.Write([]byte(`{"frameworks":[{"id":"other","name":"marathon","tasks":[{},{}]},{"id":"x"}]}`))
				return true
			case "/slaves?slave_id=S7":
				w.Write([]byte(`{"slaves":[{"id":"S7","hostname":"db7"}]}`))
				return true
			}
			return false
		})
		b.subscribe()
		at := " at http://m1:5050"
		post := func(body string) func() (session.Answer, error) {
			return func() (session.Answer, error) { return b.s.Post(b.ctx, []byte(body)) }
		}
		operator := func(kind, body string) func() (session.Answer, error) {
			return func() (session.Answer, error) { return b.s.Operator(b.ctx, "", kind, []byte(body)) }
		}
		for _, c := range []struct {
			want string // empty: not asked about
			send func() (session.Answer, error)
		}{
			{`TEARDOWN hits framework "marathon" (other, 2 tasks)` + at, post(`{"type":"TEARDOWN","framework_id":{"value":"other"}}`)},
			{`TEARDOWN hits framework "marathon" (other, 2 tasks)` + at, operator("TEARDOWN", `{"framework_id":{"value":"other"}}`)},
			{`TEARDOWN hits framework "marathon" (other, 2 tasks)` + at, func() (session.Answer, error) {
				return b.s.PostURL(b.ctx, "http://m1:5050/api/v1", []byte(`{"type":"TEARDOWN","teardown":{"framework_id":{"value":"other"}}}`))
			}},
			{`TEARDOWN hits framework "marathon" (other, 2 tasks)` + at, func() (session.Answer, error) {
				return b.s.PostRaw(b.ctx, "", nil, []byte(`{"type":"TEARDOWN","framework_id":{"value":"other"}}`))
			}},
			{`KILL hits task t9 of framework "marathon" (other, 2 tasks)` + at, post(`{"type":"KILL","framework_id":{"value":"other"},"kill":{"task_id":{"value":"t9"}}}`)},
			{`SHUTDOWN hits executor e of framework gone` + at, post(`{"type":"SHUTDOWN","framework_id":{"value":"gone"},"shutdown":{"executor_id":{"value":"e"}}}`)},
			{`SUBSCRIBE takes over framework "marathon" (other, 2 tasks)` + at, post(`{"type":"SUBSCRIBE","framework_id":{"value":"other"},"subscribe":{"framework_info":{"user":"u","name":"n"}}}`)},
			{`MARK_AGENT_GONE hits agent db7 (S7)` + at, operator("MARK_AGENT_GONE", `{"agent_id":{"value":"S7"}}`)},
			{`UPDATE_QUOTA hits role a and role b` + at, operator("UPDATE_QUOTA", `{"quota_configs":[{"role":"a"},{"role":"b"}]}`)},
			{`UPDATE_MAINTENANCE_SCHEDULE hits machine h1 and machine h2 and machine h3 and 1 more` + at,
				operator("UPDATE_MAINTENANCE_SCHEDULE", `{"schedule":{"windows":[{"machine_ids":[{"hostname":"h1"},{"hostname":"h2"}]},{"machine_ids":[{"hostname":"h3"},{"hostname":"h4"}]}]}}`)},
			{`DESTROY_VOLUMES hits volume v` + at, operator("DESTROY_VOLUMES", `{"agent_id":{"value":"S7"},"volumes":[{"disk":{"persistence":{"id":"v"}}}]}`)},
			{`ACCEPT hits volume v` + at, post(`{"type":"ACCEPT","accept":{"offer_ids":[],"operations":[{"type":"DESTROY","destroy":{"volumes":[{"disk":{"persistence":{"id":"v"}}}]}}]}}`)},
			{`FROM_THE_FUTURE hits the cluster` + at, operator("FROM_THE_FUTURE", `{}`)},
			{`POST hits the cluster (/machine/down)` + at, func() (session.Answer, error) {
				return b.s.PostURL(b.ctx, "http://m1:5050/machine/down", []byte(`{}`))
			}},

			{"", post(`{"type":"KILL","kill":{"task_id":{"value":"t1"}}}`)},
			{"", post(`{"type":"ACCEPT","accept":{"offer_ids":[],"operations":[{"type":"CREATE","create":{"volumes":[{"disk":{"persistence":{"id":"mine"}}}]}}]}}`)},
			{"", post(`{"type":"ACCEPT","accept":{"offer_ids":[],"operations":[{"type":"DESTROY","destroy":{"volumes":[{"disk":{"persistence":{"id":"mine"}}}]}}]}}`)},
			{"", operator("GET_STATE", "")},
			{"", operator("CREATE_VOLUMES", `{"agent_id":{"value":"S7"},"volumes":[]}`)},
			{"", operator("TEARDOWN", `{"framework_id":{"value":"fw-0000"}}`)},
		} {
			seen.hits = nil
			_, err := c.send()
			var got string
			for _, h := range seen.hits {
				got += h.String()
			}
			if got != c.want || (got != "") != errors.Is(err, errNo) {
				t.Errorf("asked %q, want %q; error %v", got, c.want, err)
			}
			for len(b.master.calls) > 0 {
				if call := <-b.master.calls; got != "" && call.kind() != "" {
					t.Errorf("%s was sent before the answer", call.kind())
				}
			}
		}
	}, seen.option)
}

// A session that another id was given to is asked about each thing it ends.
func TestConfirmTakenOver(t *testing.T) {
	var seen asked
	allow := true
	inBubble(t, func(b *bench) {
		go b.s.Subscribe(b.ctx, []byte(strings.Replace(subscribeBody, `{`, `{"framework_id":{"value":"fw-0000"},`, 1)))
		st := b.master.accept()
		b.wantState(session.Subscribed)
		allow = false
		st.send(offerRecord)
		b.s.WaitForOffers(b.ctx, 1)
		b.s.Launch(b.ctx, []byte(acceptBody))
		if _, err := b.s.Kill(b.ctx, "t1", "", 0); err != nil {
			t.Errorf("kill of its own task: %v", err)
		}
		if _, err := b.s.Kill(b.ctx, "t2", "", 0); !errors.Is(err, errNo) {
			t.Errorf("kill of another's task: %v", err)
		}
		if _, err := b.s.Teardown(b.ctx); !errors.Is(err, errNo) {
			t.Errorf("teardown of another's framework: %v", err)
		}
		if len(seen.hits) != 3 {
			t.Errorf("asked %v", seen.hits)
		}
	}, func(o *session.Options) {
		o.Confirm = func(_ context.Context, h session.Hit) error {
			seen.hits = append(seen.hits, h)
			if allow {
				return nil
			}
			return errNo
		}
	})
}

// What an earlier run of a resumed session has started is its own.
func TestConfirmAfterResume(t *testing.T) {
	var seen asked
	dir := t.TempDir()
	inBubble(t, func(b *bench) {
		b.subscribe()
		b.s.Operator(b.ctx, "http://agent:5051", "LAUNCH_CONTAINER", []byte(`{"container_id":{"value":"c1"}}`))
		b.s.Operator(b.ctx, "", "CREATE_VOLUMES", []byte(`{"agent_id":{"value":"S0"},"volumes":[{"disk":{"persistence":{"id":"mine"}}}]}`))
		b.s.Close()
		b.open(seen.option, func(o *session.Options) { o.Dir = dir })
		go b.s.Resubscribe(b.ctx)
		b.master.accept()
		b.wantState(session.Subscribed)
		b.s.Operator(b.ctx, "", "DESTROY_VOLUMES", []byte(`{"agent_id":{"value":"S0"},"volumes":[{"disk":{"persistence":{"id":"mine"}}}]}`))
		b.s.Kill(b.ctx, "t1", "", 0)
		b.s.Teardown(b.ctx)
		if len(seen.hits) != 0 {
			t.Errorf("asked about its own: %v", seen.hits)
		}
	}, seen.option, func(o *session.Options) { o.Dir = dir })
}
