package master

import (
	"context"
	"errors"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"
)

// stopTimeout is how long Stop waits for a subscriber to take the last events.
const stopTimeout = time.Second

// serveStream answers a SUBSCRIBE: it opens the stream, writes until it ends,
// and says that it did. The handler's goroutine is the writer.
func (m *Master) serveStream(req *request, s *stream, beat proto.Message, begin, ended func()) {
	m.mu.Lock()
	if m.stopped {
		m.mu.Unlock()
		req.fail(http.StatusServiceUnavailable, "")
		return
	}
	m.running.Add(1)
	m.mu.Unlock()
	defer m.running.Done()

	s.silent = &m.silent
	media := mediaJSON
	if s.protobuf {
		media = mediaProtobuf
	}
	req.w.Header().Set("Content-Type", media)
	req.w.WriteHeader(http.StatusOK)
	// A subscriber that does not read holds up neither Stop nor its own end.
	deadline := http.NewResponseController(req.w).SetWriteDeadline
	unhook := context.AfterFunc(m.ctx, func() { _ = deadline(time.Now().Add(stopTimeout)) })
	defer unhook()
	s.abort = func() { _ = deadline(time.Now()) }
	begin()
	defer ended()
	if err := s.write(req.r.Context(), req.w, beat); errors.Is(err, errCut) || s.wasCut() {
		if s.slow != "" {
			m.warnf("Closing the connection of a subscriber that is too far behind: %s", s.slow)
		}
		panic(http.ErrAbortHandler) // breaks the connection without a final chunk
	}
}
