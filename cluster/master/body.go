package master

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"time"

	"mesosbook/cluster/libprocess"
	"mesosbook/mesos"

	"google.golang.org/protobuf/proto"
)

const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/x-protobuf"
)

// bodyTimeout is how long a request may take for its body.
const bodyTimeout = time.Minute

// readBody reads what a request sent, at most m.opts.MaxBody bytes in bodyTimeout,
// and answers itself when that fails.
func (m *Master) readBody(req *request) ([]byte, bool) {
	deadline := http.NewResponseController(req.w).SetReadDeadline // not every writer can
	_ = deadline(time.Now().Add(bodyTimeout))
	var in io.Reader = http.MaxBytesReader(req.w, req.r.Body, m.opts.MaxBody)
	coding, _ := libprocess.LastOf(req.r.Header, "Content-Encoding")
	zipped := coding == "gzip"
	if zipped {
		z, err := gzip.NewReader(in)
		if err != nil {
			req.fail(http.StatusInternalServerError, zipFault(err))
			return nil, false
		}
		in = io.LimitReader(z, m.opts.MaxBody+1)
	}
	data, err := io.ReadAll(in)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), int64(len(data)) > m.opts.MaxBody:
		req.fail(http.StatusRequestEntityTooLarge, "")
	case zipped && err != nil:
		req.fail(http.StatusInternalServerError, zipFault(err))
	case err != nil:
		req.fail(http.StatusBadRequest, "Failed to read body: "+err.Error())
	default:
		_ = deadline(time.Time{}) // otherwise it also bounds what the server reads of the rest
		return data, true
	}
	return nil, false
}

// zipFault is what libprocess says of a body that is no gzip: it ends too early,
// or is something else.
func zipFault(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "Failed to decompress body"
	}
	return "failed to decode body"
}

// readCall reads a call of either content type into call, and answers itself
// when that fails (facts 1.3, rows 6 to 11).
func (m *Master) readCall(req *request, call proto.Message) bool {
	if !req.allow(http.MethodPost) {
		return false
	}
	kind, there := libprocess.LastOf(req.r.Header, "Content-Type")
	if !there {
		req.fail(http.StatusBadRequest, "Expecting 'Content-Type' to be present")
		return false
	}
	data, ok := m.readBody(req)
	if !ok {
		return false
	}
	switch kind {
	case mediaProtobuf:
		if err := mesos.UnmarshalBinary(data, call); err != nil {
			req.fail(http.StatusBadRequest, "Failed to parse body into Call protobuf")
			return false
		}
	case mediaJSON:
		if err := mesos.Unmarshal(data, call); err != nil {
			req.fail(http.StatusBadRequest, mesos.BodyRefusal(err, "Call"))
			return false
		}
	default:
		req.fail(http.StatusUnsupportedMediaType, "Expecting 'Content-Type' of application/json or application/x-protobuf")
		return false
	}
	return true
}

// answerType is what the caller wants to read, JSON if it may; ok is false,
// and the request answered, when it takes neither.
func answerType(req *request) (protobuf, ok bool) {
	switch {
	case libprocess.AcceptsMedia(req.r.Header, "Accept", mediaJSON):
		return false, true
	case libprocess.AcceptsMedia(req.r.Header, "Accept", mediaProtobuf):
		return true, true
	}
	req.fail(http.StatusNotAcceptable, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'")
	return false, false
}
