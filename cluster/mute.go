package cluster

import (
	"net/http"
	"slices"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	"mesosbook/mesos/recordio"
	masterv1 "mesosbook/mesos/v1/master"
	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// muter keeps heartbeats from getting out of the master while it is on.
type muter struct{ on atomic.Bool }

// wrap gives a handler whose streams can be muted.
func (m *muter) wrap(h http.Handler) http.Handler {
	beats := heartbeats()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&mutedWriter{ResponseWriter: w, mute: m, beats: beats}, r)
	})
}

// heartbeats are the records that a master writes as heartbeats: of both APIs, in
// both types.
func heartbeats() []string {
	var records []string
	for _, e := range []proto.Message{
		&schedulerv1.Event{Type: schedulerv1.Event_HEARTBEAT.Enum()},
		&masterv1.Event{Type: masterv1.Event_HEARTBEAT.Enum()},
	} {
		for _, encode := range []func(proto.Message) ([]byte, error){mesos.Marshal, proto.Marshal} {
			if data, err := encode(e); err == nil {
				records = append(records, string(recordio.Append(nil, data)))
			}
		}
	}
	return records
}

// mutedWriter drops a write that is a heartbeat: the master writes each record
// with one call.
type mutedWriter struct {
	http.ResponseWriter
	mute  *muter
	beats []string
}

func (w *mutedWriter) Write(p []byte) (int, error) {
	if w.mute.on.Load() && slices.Contains(w.beats, string(p)) {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *mutedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
