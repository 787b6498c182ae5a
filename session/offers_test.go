package session

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// rawOffers is what gjson finds of objects in an OFFERS record.
func rawOffers(record string) (texts []string) {
	gjson.Get(record, "offers.offers").ForEach(func(_, o gjson.Result) bool {
		if o.IsObject() {
			texts = append(texts, o.Raw)
		}
		return true
	})
	return texts
}

func raws(offers []offerText) (texts []string) {
	for _, o := range offers {
		texts = append(texts, o.raw)
	}
	return texts
}

// However a record is written, its offers are those that gjson finds.
func TestOffersOfARecord(t *testing.T) {
	for name, record := range map[string]string{
		"usual":        bigOffers(),
		"one":          `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"},"x":1}]}}`,
		"braces":       `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a{"}},{"id":{"value":"b"}}]}}`,
		"nested":       `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"},"n":[{"m":1},{"id":{"value":"z"}}]},{"id":{"value":"b"}}]}}`,
		"quoted":       `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"},"t":",{\"id\":{\"value\":\""},{"id":{"value":"b"}}]}}`,
		"escaped id":   `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a\"\u0041"},"agent_id":{"value":"\/"}}]}}`,
		"escaped type": `{"type":"OFF\u0045RS","offers":{"offers":[{"id":{"value":"a"}}]}}`,
		"order":        `{"type":"OFFERS","offers":{"offers":[{"x":1,"agent_id":{"value":"s"},"id":{"value":"a"}},{"id":{"value":"b"}}]}}`,
		"spaces":       "\n{ \"type\" : \"OFFERS\" , \"offers\" : { \"offers\" : [ {\"id\" : {\"value\":\"a\"}} , {\"id\":{\"value\":\"b\"}} ]\t}}\r\n",
		"keys":         `{"offers":{"offers":[{"id":{"value":"a"}}]},"type":"OFFERS"}`,
		"none":         `{"type":"OFFERS","offers":{"offers":[]}}`,
		"no list":      `{"type":"OFFERS","offers":7}`,
		"no objects":   `{"type":"OFFERS","offers":{"offers":[7,"x",null,[{}]]}}`,
		"twice":        `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"}}],"offers":[{}]},"offers":{"offers":[{},{}]}}`,
		"more":         `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"}}]},"new":{"x":[{}]}}`,
		"in another":   `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"a"}}],"x":[{},{"id":{"value":"b"}}]}}`,
	} {
		e := parseEvent(record)
		if want := rawOffers(record); e.Type != EventOffers || !slices.Equal(raws(e.offers), want) {
			t.Errorf("%s: %s, %d offers %.200q, want %d %.200q", name, e.Type, len(e.offers), raws(e.offers), len(want), want)
		}
		for _, o := range e.offers {
			id, agent := gjson.Get(o.raw, "id.value").Str, gjson.Get(o.raw, "agent_id.value").Str
			if string(o.id) != id || string(o.agent) != agent {
				t.Errorf("%s: offer %q of agent %q, want %q of %q", name, o.id, o.agent, id, agent)
			}
		}
	}
}

// A few offers that nobody uses do not keep the large records that they came in.
func TestOffersLeaveTheirRecords(t *testing.T) {
	s, err := New(Options{MaxEvents: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ch := &channel{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const records = 100
	for n := range records {
		e := parseEvent(strings.ReplaceAll(bigOffers(), `7f52-O`, fmt.Sprintf(`7f52-O%d-`, n)))
		var ids []OfferID
		for _, o := range e.offers[1:] {
			ids = append(ids, o.id)
		}
		s.ingest(ch, e)
		s.offers.remove(ids...)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := after.HeapAlloc - before.HeapAlloc; kept > 2*pinnedSlack {
		t.Errorf("%d offers keep %d bytes in memory", s.offers.len(), kept)
	}
	offers := s.Offers()
	if len(offers) != records || s.offers.used != len(offers[0].raw)*10+len(offers[10].raw)*90 {
		t.Fatalf("%d offers of %d bytes", len(offers), s.offers.used)
	}
	for n, o := range offers {
		if want := OfferID(fmt.Sprintf("01578e58-656e-4dd6-a8b4-2d0b181f7f52-O%d-0", n)); o.ID != want {
			t.Errorf("offer %d is %s, want %s", n, o.ID, want)
		}
	}
}
