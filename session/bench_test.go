package session

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"mesosbook/mesos/recordio"

	"github.com/tidwall/gjson"
)

// bigOffers is an OFFERS event of 200 agents with 10 attributes each.
func bigOffers() string {
	var b strings.Builder
	b.WriteString(`{"type":"OFFERS","offers":{"offers":[`)
	for i := range 200 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":{"value":"01578e58-656e-4dd6-a8b4-2d0b181f7f52-O%d"},"framework_id":{"value":"01578e58-656e-4dd6-a8b4-2d0b181f7f52-0000"},"agent_id":{"value":"01578e58-656e-4dd6-a8b4-2d0b181f7f52-S%d"},"hostname":"agent%d.example.com","url":{"scheme":"http","address":{"hostname":"agent%d.example.com","ip":"10.0.0.%d","port":5051},"path":"/slave(1)"},"resources":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":31000,"end":32000}]},"role":"*"},{"name":"cpus","type":"SCALAR","scalar":{"value":32.0},"role":"*"},{"name":"mem","type":"SCALAR","scalar":{"value":130048.0},"role":"*"},{"name":"disk","type":"SCALAR","scalar":{"value":493000.0},"role":"*"}],"attributes":[`, i, i, i, i, i)
		for a := range 10 {
			if a > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"name":"attribute%d","type":"TEXT","text":{"value":"value-%d-%d"}}`, a, i, a)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`]}}`)
	return b.String()
}

// BenchmarkOffersTracked reads OFFERS records off a stream and files their offers.
func BenchmarkOffersTracked(b *testing.B) {
	record := bigOffers()
	s, err := New(Options{MaxEventBytes: 4 << 20})
	if err != nil {
		b.Fatal(err)
	}
	stream := fmt.Sprintf("%d\n%s", len(record), record)
	ch := &channel{}
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	r := &repeat{text: stream}
	source := s.newRecordSource(r)
	for b.Loop() {
		raw, err := source.next()
		if err != nil {
			b.Fatal(err)
		}
		s.offers.clear()
		s.ingest(ch, parseEvent(raw))
	}
	if s.offers.len() != 200 {
		b.Fatalf("%d offers", s.offers.len())
	}
}

// BenchmarkOffersValid is the yardstick: the same bytes are only checked.
func BenchmarkOffersValid(b *testing.B) {
	record := []byte(bigOffers())
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		if !gjson.ValidBytes(record) {
			b.Fatal("not valid")
		}
	}
}

// BenchmarkOffersStructs is the other yardstick: encoding/json into structs.
func BenchmarkOffersStructs(b *testing.B) {
	type value struct{ Value string }
	type scalar struct{ Value float64 }
	type ranges struct{ Range []struct{ Begin, End int } }
	type resource struct {
		Name, Type, Role string
		Scalar           *scalar
		Ranges           *ranges
	}
	type attribute struct {
		Name, Type string
		Text       *value
		Scalar     *scalar
		Ranges     *ranges
	}
	type offer struct {
		ID          value
		FrameworkID value `json:"framework_id"`
		AgentID     value `json:"agent_id"`
		Hostname    string
		URL         struct {
			Scheme, Path string
			Address      struct {
				Hostname, IP string
				Port         int
			}
		}
		Resources  []resource
		Attributes []attribute
	}
	type event struct {
		Type   string
		Offers struct{ Offers []offer }
	}
	record := bigOffers()
	r := recordio.NewReader(&repeat{text: fmt.Sprintf("%d\n%s", len(record), record)}, recordio.ReaderOptions{})
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		raw, err := r.ReadRecord(buf[:0])
		if err != nil {
			b.Fatal(err)
		}
		var e event
		if err := json.Unmarshal(raw, &e); err != nil || len(e.Offers.Offers) != 200 {
			b.Fatal(err)
		}
		buf = raw
	}
}

// repeat gives a text again and again.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		r.at = 0
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}
