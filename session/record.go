package session

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tidwall/gjson"
)

const (
	maxCalls      = 200
	maxCallAnswer = 4 << 10 // bytes
)

// CallRecord is one request that the session sent, without credentials.
type CallRecord struct {
	N        int // from 1
	Back     int // how far back, as Curl counts: 1 is the last of the user's, or of the session's own when Auto
	Time     time.Time
	Method   string
	URL      string
	Header   http.Header // Authorization is left out
	Body     []byte
	Status   int    // 0 while under way or without an answer
	Answer   []byte // the first 4 KiB of the answer's body
	Err      error
	Duration time.Duration
	Auto     bool // sent by the session itself: acknowledgements, reconciliation, re-subscription

	begun time.Time // Time, for the duration: the clock may be set meanwhile
}

// Type is the type of the call in the body; empty when it has none.
func (c CallRecord) Type() string { return gjson.GetBytes(c.Body, "type").String() }

// String is one line: number as of Curl, time, method, call type or URL, status,
// duration. The session's own calls are numbered apart: "a1" is their last.
func (c CallRecord) String() string {
	what := c.Type()
	if what == "" {
		what = c.URL
	}
	outcome := "under way"
	switch {
	case c.Err != nil:
		outcome = "failed: " + clip(c.Err.Error())
	case c.Status != 0:
		outcome = fmt.Sprintf("%d in %v", c.Status, c.Duration.Round(100*time.Microsecond))
	}
	number := fmt.Sprint(c.Back)
	if c.Auto {
		number = "a" + number
	}
	return fmt.Sprintf("%4s %s %s %s: %s", number, c.Time.Format("15:04:05.000"), c.Method, what, outcome)
}

// callLog holds the last calls of the user and of the session itself apart, so
// that acknowledgements do not push the user's calls out.
type callLog struct {
	n    int
	user []*CallRecord
	auto []*CallRecord
}

func (l *callLog) add(c *CallRecord) {
	l.n++
	c.N = l.n
	list := &l.user
	if c.Auto {
		list = &l.auto
	}
	*list = append(*list, c)
	if len(*list) > 2*maxCalls {
		*list = slices.Clone((*list)[len(*list)-maxCalls:])
	}
}

func last(list []*CallRecord) []*CallRecord { return list[max(0, len(list)-maxCalls):] }

// recordCall files a request that is about to be sent.
func (s *Session) recordCall(r request) *CallRecord {
	header := r.header.Clone()
	header.Del("Authorization")
	rec := &CallRecord{Time: s.opt.clock(), begun: time.Now(), Method: r.method, URL: r.url, Header: header, Body: r.body, Auto: r.auto}
	s.mu.Lock()
	s.calls.add(rec)
	s.mu.Unlock()
	s.journalCall(*rec)
	s.wireLine("-> %s %s %s", r.method, r.url, r.body)
	return rec
}

// finishCall files the outcome of a request and shows it on the wire.
func (s *Session) finishCall(rec *CallRecord, status int, body []byte, err error) {
	s.fileOutcome(rec, status, body, err)
	if err != nil {
		s.wireLine("<- %v", err)
		return
	}
	rest := ""
	if len(body) > maxCallAnswer {
		rest = fmt.Sprintf("... (%d bytes)", len(body))
	}
	s.wireLine("<- %d %s%s", status, body[:min(len(body), maxCallAnswer)], rest)
}

// fileOutcome is finishCall for what the wire has shown already.
func (s *Session) fileOutcome(rec *CallRecord, status int, body []byte, err error) {
	s.mu.Lock()
	rec.Status, rec.Err, rec.Duration = status, err, time.Since(rec.begun)
	rec.Answer = slices.Clone(body[:min(len(body), maxCallAnswer)])
	done := *rec
	if isSuccess(status) && !rec.Auto {
		s.own.made(gjson.ParseBytes(rec.Body))
	}
	s.mu.Unlock()
	s.journalAnswer(done)
}

// Calls lists the last requests, oldest first: 200 of the user's and 200 that the
// session sent by itself.
func (s *Session) Calls() []CallRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []CallRecord
	for _, list := range [][]*CallRecord{last(s.calls.user), last(s.calls.auto)} {
		for i, c := range list {
			known := *c
			known.Back = len(list) - i
			out = append(out, known)
		}
	}
	slices.SortFunc(out, func(a, b CallRecord) int { return a.N - b.N })
	return out
}

// Curl renders a call as a curl command that works when pasted into a POSIX shell:
// the n-th last that the session did not send by itself (1 is the last), or with
// auto that it did. The secret stands as $MESOSBOOK_SECRET.
func (s *Session) Curl(n int, auto bool) (string, error) {
	var list []CallRecord
	for _, c := range s.Calls() {
		if c.Auto == auto {
			list = append(list, c)
		}
	}
	switch {
	case n >= 1 && n <= len(list):
		return s.curl(list[len(list)-n]), nil
	case len(list) == 0:
		return "", fmt.Errorf("curl %d: no such call has been sent yet", n)
	}
	return "", fmt.Errorf("curl %d: there are %d calls; want 1 (the last) to %d", n, len(list), len(list))
}

// curl renders a call.
func (s *Session) curl(c CallRecord) string {
	args := []string{"curl", "-sS"}
	if c.Type() == "SUBSCRIBE" || c.Type() == launchSession {
		args = append(args, "-N")
	}
	if c.Method != http.MethodGet && c.Method != http.MethodPost {
		args = append(args, "-X", c.Method)
	}
	if s.cred.principal != "" && s.ours(c.URL) {
		args = append(args, "-u "+quoteShell(s.cred.principal+":")+`"${MESOSBOOK_SECRET:?}"`) // the shell tells when it is not set
	}
	if strings.HasPrefix(c.URL, "https:") {
		for _, flag := range s.opt.CurlFlags {
			args = append(args, shellWord(flag))
		}
	}
	if strings.HasPrefix(c.URL, "https:") && s.opt.TLS != nil && s.opt.TLS.InsecureSkipVerify {
		args = append(args, "-k")
	}
	var names []string
	for name := range c.Header {
		if name == "Authorization" {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range c.Header[name] {
			args = append(args, "-H", quoteShell(name+": "+v))
		}
	}
	if c.Method == http.MethodPost {
		args = append(args, "--data-binary", quoteShell(string(c.Body)))
	}
	return strings.Join(append(args, quoteShell(c.URL)), " ")
}

// shellWord is quoteShell for text that mostly needs no quotes.
func shellWord(text string) string {
	special := func(r rune) bool {
		return !strings.ContainsRune("-_./=:,+@%", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	if text != "" && strings.IndexFunc(text, special) < 0 {
		return text
	}
	return quoteShell(text)
}

// quoteShell makes text one word for a POSIX shell.
func quoteShell(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// maxWire is how many lines may wait for the function given to SetWire.
const maxWire = 10_000

// SetWire calls f with a line for each request, answer and record as it crosses;
// nil ends it. f runs in a goroutine of its own and is cut off when it falls
// 10,000 lines behind.
func (s *Session) SetWire(f func(line string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wire != nil {
		s.wire.stop()
		s.ending = append(s.ending, s.wire.done)
		s.wire = nil
	}
	if f == nil || s.state == Closed {
		return
	}
	s.wire = newFeed(f, maxWire, func() { s.notice("the wire log fell %d lines behind and was ended", maxWire) })
}

// wireLine shows one line; the text is rendered only when somebody looks.
func (s *Session) wireLine(format string, args ...any) {
	s.mu.Lock()
	wire := s.wire
	s.mu.Unlock()
	if wire != nil {
		wire.push(strings.ToValidUTF8(strings.TrimSpace(fmt.Sprintf(format, args...)), "\uFFFD"))
	}
}
