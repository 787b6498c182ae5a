package master

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"mesosbook/mesos"
	"mesosbook/mesos/recordio"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// writeTimeout is how long a subscriber may take for one event before it counts
// as dead.
const writeTimeout = 30 * time.Second

// maxUnread is how many bytes of events, as protobuf, may wait for a subscriber
// behind the first. That one may be of any size: the state at the beginning of an
// operator's stream is large.
const maxUnread = 64 << 20

// errCut ends the writer of a stream that was cut: by a fault, or because the
// subscriber fell too far behind.
var errCut = errors.New("stream cut")

// stream is the answer to a SUBSCRIBE: a queue of events and, in the handler
// that opened it, a writer. send, finish and cut never block and may be called
// from any goroutine. mu guards pending and end.
type stream struct {
	id       string       // Mesos-Stream-Id, of schedulers only
	protobuf bool         // records are protobuf, otherwise JSON
	limit    int          // events that may wait
	room     int          // bytes that may wait
	abort    func()       // ends a write under way at once; nil before there is a writer
	silent   *atomic.Bool // heartbeats are held; nil: never

	mu      sync.Mutex
	pending []proto.Message
	waiting int // bytes in pending, without the first
	end     streamEnd
	slow    string        // how far behind it was cut, if it was for that
	ready   chan struct{} // one slot, filled when there is something to see
}

type streamEnd int

const (
	streamOpen     streamEnd = iota
	streamFinished           // the rest is written, then the answer ends
	streamCut                // the connection breaks at once
)

func newStream(id string, protobuf bool, limit int) *stream {
	return &stream{id: id, protobuf: protobuf, limit: limit, room: maxUnread, ready: make(chan struct{}, 1)}
}

// send queues an event. A stream that is full is cut.
func (s *stream) send(event proto.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != streamOpen {
		return
	}
	n, size := len(s.pending), 0
	if n > 0 { // who keeps up is not measured
		size = proto.Size(event)
	}
	if n >= s.limit || s.waiting+size > s.room {
		s.slow = fmt.Sprintf("%d events, %d bytes", n, s.waiting)
		s.cutLocked()
		return
	}
	s.pending, s.waiting = append(s.pending, event), s.waiting+size
	s.wake()
}

// finish lets the writer end in good order after what is queued.
func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == streamOpen {
		s.end = streamFinished
	}
	s.wake()
}

// cut breaks the connection; what is queued is lost.
func (s *stream) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutLocked()
}

func (s *stream) cutLocked() {
	s.pending, s.waiting, s.end = nil, 0, streamCut
	if s.abort != nil {
		s.abort()
	}
	s.wake()
}

func (s *stream) wasCut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end == streamCut
}

func (s *stream) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

func (s *stream) take() ([]proto.Message, streamEnd) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.pending
	s.pending, s.waiting = nil, 0
	return out, s.end
}

// write sends what is queued to w, and beat each 15 s, until the stream ends,
// ctx does (the subscriber left) or w fails.
func (s *stream) write(ctx context.Context, w http.ResponseWriter, beat proto.Message) error {
	flush := http.NewResponseController(w)
	_ = flush.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer can
	_ = flush.Flush()                                        // the headers go out before there is an event
	hearts := time.NewTicker(heartbeatInterval)
	defer hearts.Stop()
	for {
		events, end := s.take()
		if end == streamCut {
			return errCut
		}
		if len(events) > 0 {
			if err := s.records(w, flush, events); err != nil {
				return err
			}
			continue
		}
		if end == streamFinished {
			_ = flush.SetWriteDeadline(time.Time{})
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.ready:
		case <-hearts.C:
			if s.silent == nil || !s.silent.Load() {
				s.send(beat)
			}
		}
	}
}

// records writes each event as a record of its own chunk.
func (s *stream) records(w http.ResponseWriter, flush *http.ResponseController, events []proto.Message) error {
	for _, e := range events {
		data, err := s.encode(e)
		if err != nil {
			return err
		}
		if s.wasCut() {
			return errCut
		}
		_ = flush.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := w.Write(recordio.Append(nil, data)); err != nil {
			return err
		}
		if err := flush.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) encode(e proto.Message) ([]byte, error) {
	if raw, ok := e.(*jsonEvent); ok && !s.protobuf {
		return raw.json, nil
	} else if ok {
		e = raw.Message
	}
	if s.protobuf {
		return proto.MarshalOptions{AllowPartial: true}.Marshal(e)
	}
	return mesos.Marshal(e)
}

// jsonEvent is an event whose JSON is written by hand: the operator API's
// differs from that of its message.
type jsonEvent struct {
	proto.Message
	json []byte
}

// schedulerBeat is the HEARTBEAT of a scheduler's stream.
func schedulerBeat() proto.Message {
	return &schedulerv1.Event{Type: schedulerv1.Event_HEARTBEAT.Enum()}
}
