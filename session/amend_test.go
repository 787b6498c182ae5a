package session

import "testing"

// Later subscriptions ask for offers for the same roles as the calls before them did.
func TestSuppressedRolesOfLaterSubscriptions(t *testing.T) {
	const (
		one     = `{"subscribe":{"framework_info":{"name":"n"}}}`
		several = `{"subscribe":{"framework_info":{"roles":["a","b","c"],"capabilities":[{"type":"GPU_RESOURCES"},{"type":"MULTI_ROLE"}]}}}`
	)
	for _, tt := range []struct {
		body  string
		calls []string // kind and roles
		want  string
	}{
		{one, nil, ``},
		{one, []string{`{"type":"SUPPRESS"}`}, `["*"]`},
		{one, []string{`{"type":"SUPPRESS"}`, `{"type":"REVIVE"}`}, ``},
		{one, []string{`{"type":"SUPPRESS","suppress":{"roles":["other"]}}`}, ``}, // the master would refuse it in a SUBSCRIBE
		{`{"subscribe":{"framework_info":{"role":"r"}}}`, []string{`{"type":"SUPPRESS","suppress":{}}`}, `["r"]`},
		{several, []string{`{"type":"SUPPRESS","suppress":{"roles":["b"]}}`}, `["b"]`},
		{several, []string{`{"type":"SUPPRESS"}`, `{"type":"REVIVE","revive":{"roles":["b"]}}`}, `["a","c"]`},
		{several, []string{`{"type":"SUPPRESS","suppress":{"roles":["c"]}}`, `{"type":"SUPPRESS","suppress":{"roles":["a","c"]}}`}, `["a","c"]`},
		{several, []string{`{"type":"SUPPRESS","suppress":{"roles":["c"]}}`, `{"type":"REVIVE","revive":{"roles":["a"]}}`}, `["c"]`},
		{several, []string{`{"type":"SUPPRESS"}`, `{"type":"REVIVE"}`}, ``},
	} {
		body := []byte(tt.body)
		for _, text := range tt.calls {
			c, err := parseCall([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			body = withSuppressed(body, c)
		}
		want := tt.body
		if tt.want != "" {
			want = string(setRaw([]byte(want), "subscribe.suppressed_roles", tt.want))
		}
		if string(body) != want {
			t.Errorf("%s after %v:\ngot  %s\nwant %s", tt.body, tt.calls, body, want)
		}
	}
}

// An UPDATE_FRAMEWORK clears what it leaves out.
func TestUpdatedSubscription(t *testing.T) {
	body := []byte(`{"framework_id":{"value":"f"},"subscribe":{"framework_info":{"name":"n","id":{"value":"f"}},"suppressed_roles":["a"],"offer_constraints":{}}}`)
	got := string(withFramework(body, []byte(`{"update_framework":{"framework_info":{"name":"m"},"suppressed_roles":["b"]}}`)))
	if want := `{"framework_id":{"value":"f"},"subscribe":{"framework_info":{"name":"m","id":{"value":"f"}},"suppressed_roles":["b"]}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got = string(withFramework([]byte(got), []byte(`{"update_framework":{"framework_info":{"name":"o"}}}`)))
	if want := `{"framework_id":{"value":"f"},"subscribe":{"framework_info":{"name":"o","id":{"value":"f"}}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
