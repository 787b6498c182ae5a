package recordio

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/tidwall/gjson"
)

// offersEvent is an OFFERS event as a master sends it, of n offers with the
// tutorial agent's resources.
func offersEvent(n int) []byte {
	const master = "01578e58-656e-4dd6-a8b4-2d0b181f7f52"
	var b bytes.Buffer
	b.WriteString(`{"type":"OFFERS","offers":{"offers":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":{"value":"%[1]s-O%[2]d"},"framework_id":{"value":"%[1]s-0000"},"agent_id":{"value":"%[1]s-S%[2]d"},"hostname":"agent-%[2]d.example","url":{"scheme":"http","address":{"hostname":"agent-%[2]d.example","ip":"127.0.0.1","port":5051},"path":"/slave(1)"},"resources":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":9000,"end":10000}]},"role":"*"},{"name":"cpus","type":"SCALAR","scalar":{"value":2.0},"role":"*"},{"name":"mem","type":"SCALAR","scalar":{"value":496.0},"role":"*"},{"name":"disk","type":"SCALAR","scalar":{"value":4930.0},"role":"*"}],"attributes":[{"name":"rack","type":"TEXT","text":{"value":"r2d2"}},{"name":"pod","type":"TEXT","text":{"value":"demo,dev"}}]}`, master, i)
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}

// endless gives the same bytes again and again.
type endless struct {
	data []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.data[e.at:])
	e.at = (e.at + n) % len(e.data)
	return n, nil
}

// What a session does with an OFFERS event of 200 offers, beside the yardstick of
// merely validating the same bytes with gjson:
//
//	go test -bench Offers ./mesos/recordio
func BenchmarkReadOffers(b *testing.B) {
	event := offersEvent(200)
	r := NewReader(&endless{data: Append(nil, event)}, ReaderOptions{})
	var record []byte
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if record, err = r.ReadRecord(record); err != nil {
			b.Fatal(err)
		}
		if offers := readOffers(record); offers != 200 {
			b.Fatalf("read %d offers", offers)
		}
	}
}

// readOffers reads the id, agent, host and cpus of each offer.
func readOffers(record []byte) int {
	n := 0
	gjson.GetBytes(record, "offers.offers").ForEach(func(_, offer gjson.Result) bool {
		id, agent, host := offer.Get("id.value"), offer.Get("agent_id.value"), offer.Get("hostname")
		cpus := offer.Get(`resources.#(name=="cpus").scalar.value`)
		if id.Exists() && agent.Exists() && host.Exists() && cpus.Float() == 2 {
			n++
		}
		return true
	})
	return n
}

func BenchmarkValidOffers(b *testing.B) {
	event := offersEvent(200)
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if !gjson.ValidBytes(event) {
			b.Fatal("not valid")
		}
	}
}

func BenchmarkReadRecordOnly(b *testing.B) {
	event := offersEvent(200)
	r := NewReader(&endless{data: Append(nil, event)}, ReaderOptions{})
	var record []byte
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if record, err = r.ReadRecord(record); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteRecord(b *testing.B) {
	event := offersEvent(200)
	w := NewWriter(io.Discard, WriterOptions{})
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteRecord(event); err != nil {
			b.Fatal(err)
		}
	}
}
