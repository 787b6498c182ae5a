package session

import (
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
	offers    []string // of an OFFERS record, until it was applied; nil when not cut yet
}

// parseEvent reads what every record has. A record that is not valid JSON keeps
// its bytes and is an EventInvalid.
func parseEvent(raw string) Event {
	e := Event{Time: time.Now(), Type: EventInvalid, raw: raw}
	if e.offers = splitOffers(raw); e.offers != nil {
		e.Type = EventOffers
		return e
	}
	if !gjson.Valid(raw) {
		return e
	}
	if t := gjson.Get(raw, "type"); t.Type == gjson.String {
		e.Type = EventType(t.Str)
	}
	return e
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
