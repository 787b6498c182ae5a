package session

import (
	"encoding/base64"
	"fmt"
	"time"
)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// journalEvent writes an event before it is acted on.
func (s *Session) journalEvent(e Event) {
	if s.journal == nil {
		return
	}
	parts := []string{fmt.Sprintf(`{"k":"event","n":%d,"t":"%s",`, e.Seq, stamp(e.Time))}
	if e.Type == EventInvalid {
		parts = append(parts, `"bytes":"`, base64.StdEncoding.EncodeToString([]byte(e.raw)), `"}`)
	} else {
		parts = append(append(append(parts, `"raw":`), pieces(e.raw)...), `}`)
	}
	s.journalDone(s.journal.write(parts...))
}

func (s *Session) journalCall(c CallRecord) {
	if s.journal == nil {
		return
	}
	s.journal.add(fmt.Sprintf(`{"k":"call","n":%d,"t":"%s","auto":%t,"method":%s,"url":%s,"header":%s`, c.N, stamp(c.Time), c.Auto,
		quoted(c.Method), quoted(c.URL), quoted(c.Header)), jsonMember("body", c.Body), "}")
	s.flushJournal()
}

func (s *Session) journalAnswer(c CallRecord) {
	if s.journal == nil {
		return
	}
	failure := ""
	if c.Err != nil {
		failure = c.Err.Error()
	}
	s.journal.add(fmt.Sprintf(`{"k":"answer","n":%d,"t":"%s","status":%d,"error":%s`, c.N, stamp(s.opt.clock()), c.Status, quoted(failure)),
		`,"text":`, quoted(string(c.Answer)), "}")
	s.flushJournal()
}

// journalStateLocked queues a change of state; what comes next writes it.
func (s *Session) journalStateLocked(st State, cause error) {
	if s.journal == nil {
		return
	}
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	s.journal.add(fmt.Sprintf(`{"k":"state","t":"%s","state":"%s","cause":%s}`, stamp(s.opt.clock()), st, quoted(text)))
}

// flushJournal writes what is queued.
func (s *Session) flushJournal() { s.journalDone(s.journal.flush()) }

// journalDone reports a log that cannot be written once.
func (s *Session) journalDone(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.journalBroken {
		s.journalBroken = true
		s.lastErrorLocked(err)
		s.noticeLocked("%v; updates are not acknowledged any more", err)
	}
}

// syncJournal returns once all that was read is on disk.
func (s *Session) syncJournal() error { return s.journal.sync() }
