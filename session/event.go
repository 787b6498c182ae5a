package session

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// EventType is the type of an event as it stands on the wire. Types that this
// package does not know survive as they are.
type EventType string

// The event types of the scheduler API (scheduler.proto, Event.Type).
const (
	EventSubscribed            EventType = "SUBSCRIBED"
	EventOffers                EventType = "OFFERS"
	EventInverseOffers         EventType = "INVERSE_OFFERS"
	EventRescind               EventType = "RESCIND"
	EventRescindInverseOffer   EventType = "RESCIND_INVERSE_OFFER"
	EventUpdate                EventType = "UPDATE"
	EventUpdateOperationStatus EventType = "UPDATE_OPERATION_STATUS"
	EventMessage               EventType = "MESSAGE"
	EventFailure               EventType = "FAILURE"
	EventError                 EventType = "ERROR"
	EventHeartbeat             EventType = "HEARTBEAT"
	EventInvalid               EventType = "(invalid)" // a record that is not a JSON object with a type
)

// Event is one record of the stream as it was read.
type Event struct {
	Seq       uint64    // position in the log, from 1, also across a resume
	Time      time.Time // when it was read
	Type      EventType
	Duplicate bool // an update that was read before (a retransmission)
	raw       string
	offers    []offerText // of an OFFERS record, until it was applied
}

// newEvent is the event of a record that was read now.
func (s *Session) newEvent(raw string) Event {
	e := parseEvent(raw)
	e.Time = s.opt.clock()
	return e
}

// parseEvent reads what every record has. A record that is not valid JSON keeps
// its bytes and is an EventInvalid.
func parseEvent(raw string) Event {
	e := Event{Type: EventInvalid, raw: raw}
	r := recordScanner{text: raw}
	if !r.scan() {
		return e
	}
	e.offers = r.offers
	kind := gjson.Result{Type: gjson.String, Str: r.kind}
	if r.kind == "" || strings.Contains(r.kind, `\`) { // the rare ways to write it
		kind = gjson.Get(raw, "type")
	}
	if kind.Type == gjson.String {
		e.Type = EventType(kind.Str)
	}
	return e
}

// recordScanner checks a record and takes out its type and, of OFFERS, each offer
// with its ids, all in one go: on a large cluster that is most of the work of the
// stream. Of members with the same name the first counts, as for gjson. Its methods
// pass over what begins at a position, like the functions of scan.go.
type recordScanner struct {
	text   string
	kind   string
	offers []offerText
}

// scan is false when the record is not a JSON object.
func (r *recordScanner) scan() bool {
	return skipSpace(r.text, eachMember(r.text, skipSpace(r.text, 0), 0, r.member)) == len(r.text)
}

func (r *recordScanner) member(key string, i int) int {
	switch {
	case key == "type" && r.kind == "":
		return stringInto(&r.kind, r.text, i)
	case key == "offers" && r.offers == nil && byteAt(r.text, i) == '{':
		return eachMember(r.text, i, 1, r.offersMember)
	}
	return skipValue(r.text, i, 1)
}

func (r *recordScanner) offersMember(key string, i int) int {
	if key != "offers" || r.offers != nil || byteAt(r.text, i) != '[' {
		return skipValue(r.text, i, 2)
	}
	r.offers = []offerText{}
	return eachElement(r.text, i, 2, r.offer)
}

// offer takes one offer in.
func (r *recordScanner) offer(begin int) int {
	if byteAt(r.text, begin) != '{' {
		return skipValue(r.text, begin, 3)
	}
	var o offerText
	end := eachMember(r.text, begin, 3, func(key string, i int) int {
		switch {
		case key == "id" && o.id == "":
			return idInto(&o.id, r.text, i)
		case key == "agent_id" && o.agent == "":
			return idInto(&o.agent, r.text, i)
		}
		return skipValue(r.text, i, 4)
	})
	if end == bad {
		return bad
	}
	o.raw = r.text[begin:end]
	if strings.Contains(string(o.id), `\`) || strings.Contains(string(o.agent), `\`) {
		o.id, o.agent = OfferID(gjson.Get(o.raw, "id.value").Str), AgentID(gjson.Get(o.raw, "agent_id.value").Str)
	}
	r.offers = append(r.offers, o)
	return end
}

// idInto passes over the member {"value":ID} of an offer and keeps the id.
func idInto[T ~string](id *T, text string, i int) int {
	if byteAt(text, i) != '{' {
		return skipValue(text, i, 4)
	}
	return eachMember(text, i, 4, func(key string, i int) int {
		if key == "value" && *id == "" {
			return stringInto(id, text, i)
		}
		return skipValue(text, i, 5)
	})
}

// stringInto passes over a value and keeps it, as it is written, if it is a string.
func stringInto[T ~string](s *T, text string, i int) int {
	end := skipValue(text, i, 6)
	if end != bad && text[i] == '"' {
		*s = T(text[i+1 : end-1])
	}
	return end
}

// Get reads a field of the event by its gjson path; nothing from an EventInvalid.
func (e Event) Get(path string) gjson.Result {
	if e.Type == EventInvalid {
		return gjson.Result{}
	}
	return gjson.Get(e.raw, path)
}

// JSON is a copy of the record as it was on the wire.
func (e Event) JSON() []byte { return []byte(e.raw) }

// TaskID is the task that an UPDATE is about; else empty.
func (e Event) TaskID() TaskID { return TaskID(e.Get("update.status.task_id.value").String()) }

// TaskState is the state that an UPDATE tells; else empty.
func (e Event) TaskState() TaskState { return TaskState(e.Get("update.status.state").String()) }
