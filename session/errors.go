package session

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Errors that a caller may have to tell apart, with errors.Is.
var (
	// ErrClosed: the session was closed.
	ErrClosed = errors.New("session closed")
	// ErrNotSubscribed: there is no subscription and none under way.
	ErrNotSubscribed = errors.New("not subscribed")
	// ErrAlreadySubscribed: a channel is open.
	ErrAlreadySubscribed = errors.New("already subscribed")
	// ErrFailedOver: another scheduler subscribed with this framework id.
	ErrFailedOver = errors.New("framework failed over to another session")
	// ErrRemoved: the master has removed the framework.
	ErrRemoved = errors.New("framework has been removed")
	// ErrReadOnly: Options.ReadOnly refused the call.
	ErrReadOnly = errors.New("read-only session")
	// ErrChannelClosed: CloseChannel was called.
	ErrChannelClosed = errors.New("channel closed")
	// ErrTornDown: this session tore its framework down.
	ErrTornDown = errors.New("framework torn down")
)

// AnswerError is an answer outside 2xx.
type AnswerError struct {
	Op     string // "post ACCEPT"
	Status int
	Text   string // the server's text, clipped at 200 bytes
	Hint   string // what it means and what to do next; may be empty
}

// Error is one line.
func (e *AnswerError) Error() string {
	status := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	text := e.Op + ": " + status
	if e.Text != "" && strings.TrimSuffix(e.Text, ".") != status { // Mesos' routes say "404 Not Found."
		text += ": " + e.Text
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// unknownType is what a master says to a call of a type that it does not know.
const unknownType = "Expecting 'type' to be present"

// changedPrincipal is what it says to an UPDATE_FRAMEWORK without the principal that it
// has itself filled in at SUBSCRIBE.
const changedPrincipal = "Changing framework's principal"

// hintFor says what an answer of the master means and what to do next. The texts
// are those of Mesos 1.12 (master/http.cpp).
func hintFor(op string, status int, text string) string {
	switch {
	case strings.Contains(text, "agent::Call"):
		return "this is an agent: the scheduler API is the master's, on port 5050 by default"
	case status == http.StatusUnauthorized:
		return "credentials are wanted, or wrong: --principal, with --secret-file or MESOSBOOK_SECRET"
	case status == http.StatusForbidden && strings.Contains(text, "not subscribed"):
		return "the master lost this framework's channel: subscribe again"
	case status == http.StatusForbidden:
		return "the principal may not do this: see the master's ACLs, and --principal for who asks"
	case op != "post" && strings.Contains(text, unknownType):
		return "the master knows no call of this type: is it spelled right?"
	case strings.Contains(text, changedPrincipal):
		return "framework_info needs the principal that the framework subscribed with"
	case strings.Contains(text, "Framework cannot be found"):
		return "the master does not know this framework id: subscribe first, or it was torn down"
	case strings.Contains(text, "stream ID"):
		return "each subscription has its own stream id, and a newer one replaces it"
	case strings.Contains(text, "All non-subscribe calls should include"):
		return "send the Mesos-Stream-Id header that the SUBSCRIBE answer had"
	case strings.Contains(text, "does not match principal"):
		return "framework_info.principal must be the principal you authenticate as"
	case status == http.StatusServiceUnavailable:
		return "the master is starting or no leader is elected: try again"
	case status == http.StatusUnsupportedMediaType:
		return "the Content-Type must be exactly application/json"
	case !knowsMesos(op, status, text):
		return "is this a Mesos master?"
	}
	return ""
}

// knowsMesos is false for an answer that no Mesos master gives: a page of HTML,
// or the lack of a page that each of them has.
func knowsMesos(op string, status int, text string) bool {
	if strings.HasPrefix(text, "<") {
		return false
	}
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		page := strings.TrimPrefix(op, "get ")
		return op != "post SUBSCRIBE" && page != "/slaves" && page != "/state" && page != "/frameworks" && page != "/version"
	}
	return true
}

// clip cuts text at 200 bytes on a character's edge and makes it one line.
func clip(text string) string {
	const limit = 200
	text = strings.TrimSpace(text)
	if len(text) <= limit {
		return line(text)
	}
	end := limit
	for end > limit-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return line(text[:end]) + "..."
}

// line makes text from outside one line of valid UTF-8 without control characters,
// which could drive a terminal.
func line(text string) string {
	clean := func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}
	return strings.Map(clean, strings.ToValidUTF8(text, string(utf8.RuneError)))
}

// plainCause strips net/http's wrapping, which repeats the URL.
func plainCause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
