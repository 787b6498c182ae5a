package session

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// FuzzIngest gives any bytes as a record to a subscribed session.
func FuzzIngest(f *testing.F) {
	for _, seed := range []string{
		`{"type":"HEARTBEAT"}`, `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"O"}}]}}`, `{"type":"OFFERS","offers":{"offers":[`,
		`{"type":"OFFERS","offers":[1,"x",null]}`, `{"type":"UPDATE","update":{"status":{"task_id":{"value":"t"},"uuid":"x"}}}`,
		`{"type":"UPDATE","update":7}`, `{"type":"ERROR"}`, `{"type":"FAILURE","failure":{"agent_id":{"value":"S"}}}`, `[]`, "", "\xff",
		`{"type":"INVERSE_OFFERS","inverse_offers":{"inverse_offers":[{}]}}`, `{"type":"UPDATE_OPERATION_STATUS","update_operation_status":{"status":{"uuid":{"value":"x"}}}}`,
		`{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"f"},"heartbeat_interval_seconds":-1e308}}`, `{"type":"MESSAGE","message":{"data":3}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, record string) {
		if got, want := validJSON(record), gjson.Valid(record); got != want {
			t.Errorf("valid: %v, want %v", got, want)
		}
		if e := parseEvent(record); e.offers != nil && strings.Count(record, `"offers"`) == 2 && !strings.Contains(record, `\`) {
			if got, want := raws(e.offers), rawOffers(record); !slices.Equal(got, want) {
				t.Errorf("cut into %q, want %q", got, want)
			}
		}
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ch := &channel{}
		ch.acks.wake = make(chan struct{}, 1)
		for range 2 {
			s.ingest(ch, parseEvent(record))
		}
		e := s.Events(nil)[0]
		if string(e.JSON()) != record {
			t.Errorf("the record came back as %q", e.JSON())
		}
		text := e.String()
		if strings.ContainsAny(text, "\n\r") || !utf8.ValidString(text) {
			t.Errorf("text %q", text)
		}
		for _, o := range s.Offers() {
			_ = o.String()
		}
		for _, task := range s.Tasks() {
			_ = task.String()
		}
		for _, a := range ch.acks.take() {
			if _, err := parseCall(a.call().body); err != nil {
				t.Error(err)
			}
		}
	})
}
