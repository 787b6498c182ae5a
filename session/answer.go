package session

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// Answer is what a server said to one request.
type Answer struct {
	Op     string      // what was asked: "post ACCEPT", "get /state"
	Status int         // HTTP status code; 0 when DryRun is set
	Header http.Header // as received
	Body   []byte      // decoded body, at most MaxRecord bytes; for SUBSCRIBE the SUBSCRIBED event
	URL    string      // who answered
	DryRun string      // the curl command that was shown instead of being sent; else empty
}

// String is "Result: 202", with the body's text behind it when the answer is an
// error or has a text body.
func (a Answer) String() string {
	if a.DryRun != "" {
		return "Not sent: " + a.DryRun
	}
	text := fmt.Sprintf("Result: %d", a.Status)
	if a.Status == http.StatusTemporaryRedirect {
		return text + ", leader at " + a.Header.Get("Location")
	}
	if len(a.Body) == 0 || (a.OK() && a.JSON() != nil) {
		return text
	}
	said := clip(string(a.Body))
	text += ", " + said
	if hint := hintFor(a.Op, a.Status, said); hint != "" && (a.Status == http.StatusUnauthorized || strings.Contains(said, unknownType) || strings.Contains(said, changedPrincipal)) {
		text += " (" + hint + ")"
	}
	return text
}

// OK tells whether the status is 2xx.
func (a Answer) OK() bool { return isSuccess(a.Status) }

func isSuccess(status int) bool { return status >= 200 && status < 300 }

// Err is nil for 2xx and for a dry run, else an *AnswerError that says what the
// status means and what to do next.
func (a Answer) Err() error {
	if a.OK() || a.DryRun != "" {
		return nil
	}
	text := clip(string(a.Body))
	return &AnswerError{Op: a.Op, Status: a.Status, Text: text, Hint: hintFor(a.Op, a.Status, text)}
}

// Get reads a field of a JSON body by its gjson path.
func (a Answer) Get(path string) gjson.Result { return gjson.GetBytes(a.Body, path) }

// JSON is the body when it is valid JSON, else nil.
func (a Answer) JSON() []byte {
	if !validBytes(a.Body) {
		return nil
	}
	return a.Body
}

// Text is the body as text, invalid UTF-8 replaced.
func (a Answer) Text() string { return strings.ToValidUTF8(string(a.Body), "\uFFFD") }
