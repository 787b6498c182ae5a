package agent

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/libprocess"
	"mesosbook/mesos"
)

const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/x-protobuf"
)

// maxBody bounds the body of a call in bytes.
const maxBody = 64 << 20

// bodyTimeout is how long a request may take for its body.
const bodyTimeout = time.Minute

// readCall reads a call in either content type. It answers itself, in the order
// of Mesos' checks, and says false where the request is not one.
func readCall(w http.ResponseWriter, r *http.Request, call proto.Message) bool {
	if r.Method != http.MethodPost {
		methodNotAllowed(w, r, http.MethodPost)
		return false
	}
	kinds, there := r.Header["Content-Type"]
	if !there {
		badRequest(w, "Expecting 'Content-Type' to be present")
		return false
	}
	data, err := readBody(w, r)
	if err != nil {
		text(w, http.StatusRequestEntityTooLarge, err.Error())
		return false
	}
	switch kinds[0] {
	case mediaProtobuf:
		if err := mesos.UnmarshalBinary(data, call); err != nil {
			badRequest(w, "Failed to parse body into Call protobuf")
			return false
		}
	case mediaJSON:
		if err := mesos.Unmarshal(data, call); err != nil {
			badRequest(w, "%s", mesos.BodyRefusal(err, "Call"))
			return false
		}
	default:
		text(w, http.StatusUnsupportedMediaType, "Expecting 'Content-Type' of application/json or application/x-protobuf")
		return false
	}
	return true
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	deadline := http.NewResponseController(w).SetReadDeadline // not every writer can
	_ = deadline(time.Now().Add(bodyTimeout))
	var in io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = io.LimitReader(z, maxBody+1)
	}
	data, err := io.ReadAll(in)
	if err == nil && len(data) > maxBody {
		err = errors.New("the body is larger than 64 MiB")
	}
	if err == nil {
		_ = deadline(time.Time{}) // otherwise it also bounds what the server reads of the rest
	}
	return data, err
}

// accepted is the type of the answer, JSON where the client takes it; false, and
// answered with 406, where it takes neither.
func accepted(w http.ResponseWriter, r *http.Request) (protobuf, ok bool) {
	switch firstAccepted(r, "Accept", mediaJSON, mediaProtobuf) {
	case mediaJSON:
		return false, true
	case mediaProtobuf:
		return true, true
	}
	text(w, http.StatusNotAcceptable, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'")
	return false, false
}

// firstAccepted is the first of some types that a header allows, "" if it allows
// none.
func firstAccepted(r *http.Request, header string, media ...string) string {
	for _, m := range media {
		if libprocess.AcceptsMedia(r.Header, header, m) {
			return m
		}
	}
	return ""
}
