package mesos_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/scheduler"
)

// offersEvent is an OFFERS event of n offers with the tutorial agent's resources,
// about 0.8 KB each.
func offersEvent(tb testing.TB, n int) *scheduler.Event {
	tb.Helper()
	event := &scheduler.Event{Type: scheduler.Event_OFFERS.Enum(), Offers: &scheduler.Event_Offers{}}
	var one scheduler.Event
	lines(tb, "scheduler_events.jsonl", func(line []byte) {
		var e scheduler.Event
		if err := mesos.Unmarshal(line, &e); err != nil {
			tb.Fatal(err)
		}
		if len(e.GetOffers().GetOffers()) > 0 {
			one.Offers = e.Offers
		}
	})
	for i := range n {
		offer := proto.Clone(one.Offers.Offers[0]).(*v1.Offer)
		offer.Id.Value = proto.String(fmt.Sprintf("01578e58-656e-4dd6-a8b4-2d0b181f7f52-O%d", i))
		event.Offers.Offers = append(event.Offers.Offers, offer)
	}
	return event
}

func marshalLoop(b *testing.B, marshal func(dst []byte, m proto.Message) ([]byte, error)) {
	event := offersEvent(b, 200)
	buf, err := marshal(nil, event)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = marshal(buf[:0], event); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshalOffers(b *testing.B) {
	b.Run("mesos", func(b *testing.B) { marshalLoop(b, mesos.Append) })
	b.Run("protojson", func(b *testing.B) {
		marshalLoop(b, protojson.MarshalOptions{UseProtoNames: true}.MarshalAppend)
	})
	b.Run("encodingjson", func(b *testing.B) {
		marshalLoop(b, func(_ []byte, m proto.Message) ([]byte, error) { return json.Marshal(m) })
	})
}

func BenchmarkUnmarshalOffers(b *testing.B) {
	text, err := mesos.Marshal(offersEvent(b, 200))
	if err != nil {
		b.Fatal(err)
	}
	for name, unmarshal := range map[string]func([]byte, proto.Message) error{"mesos": mesos.Unmarshal, "protojson": protojson.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var event scheduler.Event
				if err := unmarshal(text, &event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
