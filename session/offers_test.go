package session

import (
	"slices"
	"testing"

	"github.com/tidwall/gjson"
)

// However a record is cut into offers, they are those that reading it gives.
func TestEachOffer(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		fast bool
	}{
		"usual":      {bigOffers(), true},
		"one":        {`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"},"x":1}]}}`, true},
		"braces":     {`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a{"}},{"id":{"value":"b"}}]}}`, true},
		"nested":     {`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"},"n":[{"m":1},{"id":{"value":"z"}}]},{"id":{"value":"b"}}]}}`, false},
		"quoted":     {`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"},"t":",{\"id\":{\"value\":\""},{"id":{"value":"b"}}]}}`, true},
		"order":      {`{"type":"OFFERS","offers":{"offers":[{"x":1,"id":{"value":"a"}},{"id":{"value":"b"}}]}}`, false},
		"spaces":     {`{"type":"OFFERS","offers":{"offers":[ {"id":{"value":"a"}} , {"id":{"value":"b"}} ]}}`, false},
		"keys":       {`{"offers":{"offers":[{"id":{"value":"a"}}]},"type":"OFFERS"}`, false},
		"none":       {`{"type":"OFFERS","offers":{"offers":[]}}`, false},
		"no list":    {`{"type":"OFFERS","offers":7}`, false},
		"more":       {`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"}}]},"new":{"x":[{}]}}`, false},
		"in another": {`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"}}],"x":[{},{"id":{"value":"b"}}]}}`, false},
		"more too":   {`{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"}}],"x":[]}}`, false},
	} {
		var want, got []string
		gjson.Get(c.raw, "offers.offers").ForEach(func(_, o gjson.Result) bool { want = append(want, o.Raw); return true })
		e := parseEvent(c.raw)
		eachOffer(&e, func(raw string) { got = append(got, raw) })
		if e.Type != EventOffers || !slices.Equal(got, want) {
			t.Errorf("%s: %d offers %.200q, want %d %.200q", name, len(got), got, len(want), want)
		}
		if fast := splitOffers(c.raw) != nil; fast != c.fast {
			t.Errorf("%s: cut by text: %v, want %v", name, fast, c.fast)
		}
	}
}
