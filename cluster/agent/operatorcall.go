package agent

import (
	"bufio"
	"errors"
	"io"
	"net/http"

	"mesosbook/mesos"
	"mesosbook/mesos/recordio"
	"mesosbook/mesos/v1/agent"
)

const (
	mediaRecordIO      = "application/recordio"
	messageContentType = "Message-Content-Type"
	messageAccept      = "Message-Accept"
	oneOfThree         = mediaJSON + " or " + mediaProtobuf + " or " + mediaRecordIO
	oneOfTwo           = mediaJSON + " or " + mediaProtobuf
)

// mediaTypes are what the headers of an operator call agree on: the types of the
// request and of its answer and, where one is a stream of records, of the records.
type mediaTypes struct {
	content, messageContent string
	accept, messageAccept   string
}

// streaming says whether a type is one of streams alone.
func streaming(media string) bool { return media == mediaRecordIO }

// records is the type of the messages in a streamed answer, which also JSON and
// protobuf clients get as RecordIO.
func (m mediaTypes) records() string {
	if streaming(m.accept) {
		return m.messageAccept
	}
	return m.accept
}

// refusal is an answer that is no 2xx.
type refusal struct {
	status int
	text   string
}

// negotiate reads the headers of a call (slave/http.cpp: api).
func negotiate(r *http.Request) (m mediaTypes, no *refusal) {
	kinds, there := r.Header["Content-Type"]
	if !there {
		return m, &refusal{http.StatusBadRequest, "Expecting 'Content-Type' to be present"}
	}
	m.content = kinds[0]
	if m.content != mediaJSON && m.content != mediaProtobuf && m.content != mediaRecordIO {
		return m, &refusal{http.StatusUnsupportedMediaType, "Expecting 'Content-Type' of " + oneOfThree}
	}
	of, there := r.Header[messageContentType]
	switch {
	case !streaming(m.content) && there:
		return m, &refusal{http.StatusUnsupportedMediaType, "Expecting '" + messageContentType + "' to be not set for non-streaming requests"}
	case streaming(m.content) && !there:
		return m, &refusal{http.StatusBadRequest, "Expecting '" + messageContentType + "' to be set for streaming requests"}
	case streaming(m.content) && of[0] != mediaJSON && of[0] != mediaProtobuf:
		return m, &refusal{http.StatusUnsupportedMediaType, "Expecting '" + messageContentType + "' of " + oneOfTwo}
	case there:
		m.messageContent = of[0]
	}
	m.accept = firstAccepted(r, "Accept", mediaJSON, mediaProtobuf, mediaRecordIO)
	if m.accept == "" {
		return m, &refusal{http.StatusNotAcceptable, "Expecting 'Accept' to allow " + oneOfThree}
	}
	if !streaming(m.accept) {
		if _, there := r.Header[messageAccept]; there {
			return m, &refusal{http.StatusNotAcceptable, "Expecting '" + messageAccept + "' to be not set for non-streaming responses"}
		}
		return m, nil
	}
	m.messageAccept = firstAccepted(r, messageAccept, mediaJSON, mediaProtobuf)
	if m.messageAccept == "" {
		return m, &refusal{http.StatusNotAcceptable, "Expecting '" + messageAccept + "' to allow " + oneOfTwo}
	}
	return m, nil
}

// fits says whether a call may come and be answered with these types.
func (m mediaTypes) fits(t agent.Call_Type) *refusal {
	input := t == agent.Call_ATTACH_CONTAINER_INPUT
	output := t == agent.Call_ATTACH_CONTAINER_OUTPUT || t == agent.Call_LAUNCH_NESTED_CONTAINER_SESSION
	switch {
	case streaming(m.content) && !input:
		return &refusal{http.StatusUnsupportedMediaType, "Streaming 'Content-Type' " + m.content + " is not supported for " + t.String() + " call"}
	case !streaming(m.content) && input:
		return &refusal{http.StatusUnsupportedMediaType, "Expecting 'Content-Type' to be " + mediaRecordIO + " for " + t.String() + " call"}
	case streaming(m.accept) && !output:
		return &refusal{http.StatusNotAcceptable, "Streaming response is not supported for " + t.String() + " call"}
	}
	return nil
}

// callReader reads the calls of a request: one, or the records of a stream.
type callReader struct {
	media   mediaTypes
	records *recordio.Reader // nil where the body is one call
}

// readFirst gives the first call of a request.
func readFirst(w http.ResponseWriter, r *http.Request, m mediaTypes) (*callReader, *agent.Call, *refusal) {
	in := &callReader{media: m}
	if streaming(m.content) {
		in.records = recordio.NewReader(bufio.NewReader(r.Body), recordio.ReaderOptions{})
		call, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil, &refusal{http.StatusBadRequest, "Received EOF while reading request body"}
		case err != nil:
			return nil, nil, &refusal{http.StatusBadRequest, err.Error()}
		}
		return in, call, nil
	}
	data, err := readBody(w, r)
	if err != nil {
		return nil, nil, &refusal{http.StatusRequestEntityTooLarge, err.Error()}
	}
	call, err := parseCall(data, m.content)
	if err != nil {
		return nil, nil, &refusal{http.StatusBadRequest, err.Error()}
	}
	return in, call, nil
}

// next gives the next call of a stream, io.EOF after the last.
func (c *callReader) next() (*agent.Call, error) {
	record, err := c.records.ReadRecord(nil)
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, mesosErrorf("Decoder failure: %w", err)
	}
	return parseCall(record, c.media.messageContent)
}

// parseCall reads a call and checks it (common/http.hpp: deserialize). The error
// is the text of the 400.
func parseCall(data []byte, media string) (*agent.Call, error) {
	var call agent.Call
	if media == mediaProtobuf {
		if mesos.UnmarshalBinary(data, &call) != nil {
			return nil, mesosErrorf("Failed to parse body into a protobuf object")
		}
	} else if err := mesos.Unmarshal(data, &call); err != nil {
		var syntax *mesos.SyntaxError
		if errors.As(err, &syntax) {
			return nil, mesosErrorf("Failed to parse body into JSON: %s", syntax.Text)
		}
		return nil, err
	}
	if why := validateCall(&call); why != "" {
		return nil, mesosErrorf("Failed to validate agent::Call: %s", why)
	}
	return &call, nil
}
