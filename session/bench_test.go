package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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

// BenchmarkOffers reads OFFERS records off a stream and files their offers, and
// beside it, in turns, lets both yardsticks loose on the same bytes. The rates are
// those of each one's quickest round, which other programs disturb least.
func BenchmarkOffers(b *testing.B) {
	record := bigOffers()
	stream := fmt.Sprintf("%d\n%s", len(record), record)
	rounds := []func() error{trackOffers(b, stream), validateOffers(record), decodeOffers(stream)}
	turns := []int{20, 20, 2} // of about the same time
	best := make([]time.Duration, len(rounds))
	b.ReportAllocs()
	for b.Loop() {
		for i, round := range rounds {
			for range turns[i] { // in a row: none finds what the others left in the caches
				start := time.Now()
				if err := round(); err != nil {
					b.Fatal(err)
				}
				if took := time.Since(start); best[i] == 0 || took < best[i] {
					best[i] = took
				}
			}
		}
	}
	b.ReportMetric(float64(len(record))/1e6/best[0].Seconds(), "tracked-MB/s")
	b.ReportMetric(float64(best[1])/float64(best[0]), "x-gjson.ValidBytes")
	b.ReportMetric(float64(best[2])/float64(best[0]), "x-encoding/json")
}

// trackOffers is the session's whole way from the stream to its offers.
func trackOffers(b *testing.B, stream string) func() error {
	s, err := New(Options{MaxEventBytes: 4 << 20})
	if err != nil {
		b.Fatal(err)
	}
	ch, source := &channel{}, s.newRecordSource(&repeat{text: stream})
	return func() error {
		raw, err := source.next()
		if err != nil {
			return err
		}
		s.offers.clear()
		s.ingest(ch, parseEvent(raw))
		if n := s.offers.len(); n != 200 {
			return fmt.Errorf("%d offers", n)
		}
		return nil
	}
}

// validateOffers only checks the bytes.
func validateOffers(record string) func() error {
	raw := []byte(record)
	return func() error {
		if !gjson.ValidBytes(raw) {
			return errors.New("not valid")
		}
		return nil
	}
}

// decodeOffers is encoding/json into structs.
func decodeOffers(stream string) func() error {
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
	r := recordio.NewReader(&repeat{text: stream}, recordio.ReaderOptions{})
	var buf []byte
	return func() error {
		raw, err := r.ReadRecord(buf[:0])
		if err != nil {
			return err
		}
		buf = raw
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		if len(e.Offers.Offers) != 200 {
			return fmt.Errorf("%d offers", len(e.Offers.Offers))
		}
		return nil
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
