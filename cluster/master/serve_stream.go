package master

import (
	"errors"
	"net/http"

	"google.golang.org/protobuf/proto"
)

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

	media := mediaJSON
	if s.protobuf {
		media = mediaProtobuf
	}
	req.w.Header().Set("Content-Type", media)
	req.w.WriteHeader(http.StatusOK)
	begin()
	defer ended()
	if err := s.write(req.r.Context(), req.w, beat); errors.Is(err, errSlow) {
		m.warnf("Closing the connection of a subscriber that is %d events behind", m.opts.MaxQueue)
		panic(http.ErrAbortHandler) // breaks the connection without a final chunk
	}
}
