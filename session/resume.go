package session

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mesosbook/internal/atomicfile"

	"github.com/tidwall/gjson"
)

// subscriptionName is the file beside the event log that holds the last
// SUBSCRIBE body, with the framework id, so that it outlives rotation.
const subscriptionName = "session.json"

// saved is the content of that file.
type saved struct {
	Master    string          `json:"master"` // as asked for, without credentials
	Framework FrameworkID     `json:"framework_id"`
	Subscribe json.RawMessage `json:"subscribe"`
	TornDown  bool            `json:"torn_down,omitempty"` // nothing is left to resume
	Started   []FrameworkID   `json:"started,omitempty"`   // all frameworks that this session has registered
}

// saveSubscription writes the file anew; it is called when subscribed and torn down.
func (s *Session) saveSubscription(tornDown bool) {
	if s.journal == nil {
		return
	}
	s.mu.Lock()
	v := saved{Master: s.detector.String(), Framework: s.framework, Subscribe: s.lastSubscribe, TornDown: tornDown, Started: slices.Clone(s.own.frameworks)}
	s.mu.Unlock()
	text, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = atomicfile.Replace(filepath.Join(s.opt.Dir, subscriptionName), append(text, '\n'))
	}
	if err != nil {
		s.failed(fmt.Errorf("event log: %w", err))
	}
}

// Resumable tells what the event log in dir holds: the framework id of the last
// subscription, or an error that says why there is nothing to resume.
func Resumable(dir string) (FrameworkID, error) {
	v, err := loadSaved(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("resume %s: no session was subscribed there", dir)
	case err != nil:
		return "", fmt.Errorf("resume %s: %w", dir, err)
	case v.TornDown:
		return v.Framework, fmt.Errorf("resume %s: framework %s was torn down", dir, v.Framework)
	}
	return v.Framework, nil
}

func loadSaved(dir string) (saved, error) {
	var v saved
	text, err := os.ReadFile(filepath.Join(dir, subscriptionName))
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	return v, err
}

// restore reads the log of earlier runs: events, tasks, framework id.
func (s *Session) restore() error {
	v, err := loadSaved(s.opt.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("event log: %s: %w", subscriptionName, err)
	}
	open := map[int64]func(ok bool){} // what the answer of a call settles
	err = eachLine(s.opt.Dir, func(line gjson.Result) bool {
		switch n := line.Get("n").Int(); line.Get("k").Str {
		case "event":
			s.replay(lineEvent(line))
		case "call":
			s.calls.n = max(s.calls.n, int(n))
			if settle := s.replayCall(line.Get("body")); settle != nil {
				open[n] = settle
			}
		case "answer":
			if status := line.Get("status").Int(); open[n] != nil && status != 0 {
				open[n](isSuccess(int(status)))
			}
			delete(open, n)
		}
		return true
	})
	if v.Framework != "" && !v.TornDown {
		s.framework, s.lastSubscribe = v.Framework, v.Subscribe
	}
	s.own.frameworks = v.Started
	s.cursor = s.log.last
	return err
}

// replayCall takes in a call of an earlier run and gives what its answer settles.
func (s *Session) replayCall(body gjson.Result) (settle func(ok bool)) {
	switch body.Get("type").Str {
	case "ACCEPT":
		undo := s.expectTasks([]byte(body.Raw))
		return func(ok bool) {
			if !ok {
				undo()
				return
			}
			s.own.made(body)
		}
	case "ACKNOWLEDGE", "ACKNOWLEDGE_OPERATION_STATUS":
		return func(ok bool) {
			if ok {
				s.acknowledgedLocked(sentAck(body))
			}
		}
	}
	return func(ok bool) {
		if ok {
			s.own.made(body)
		}
	}
}

// replay takes in an event of an earlier run.
func (s *Session) replay(e Event) {
	if e.Type == EventSubscribed {
		id := FrameworkID(e.Get("subscribed.framework_id.value").String())
		s.forgetTasksOfOthersLocked(id)
		s.framework = id
	}
	switch e.Type {
	case EventUpdate:
		s.applyUpdateLocked(&e)
	case EventUpdateOperationStatus:
		s.applyOperationLocked(&e)
	}
	s.log.add(e)
}

func lineEvent(line gjson.Result) Event {
	raw := line.Get("raw").Raw
	if raw == "" {
		b, _ := base64.StdEncoding.DecodeString(line.Get("bytes").Str)
		raw = string(b)
	}
	e := parseEvent(raw)
	e.Seq = line.Get("n").Uint()
	e.Time, _ = time.Parse(time.RFC3339Nano, line.Get("t").Str)
	e.Time = e.Time.Local()
	return e
}

// History reads the event log on disk, oldest first, until yield gives false.
// Without a Dir it gives the events in memory.
func (s *Session) History(yield func(Event) bool) error {
	if s.journal == nil {
		for _, e := range s.Events(nil) {
			if !yield(e) {
				return nil
			}
		}
		return nil
	}
	if err := s.journal.flush(); err != nil {
		return err
	}
	return eachLine(s.opt.Dir, func(line gjson.Result) bool {
		return line.Get("k").Str != "event" || yield(lineEvent(line))
	})
}

// eachLine visits the lines of the log, oldest first, until visit gives false. A
// line that is not JSON, as a crash may leave at the end, is passed over.
func eachLine(dir string, visit func(gjson.Result) bool) error {
	files, err := journalFiles(dir)
	if err != nil {
		return err
	}
	for _, name := range append(files, filepath.Join(dir, journalName)) {
		more, err := eachLineOf(name, visit)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // it may be rotated away meanwhile
			return fmt.Errorf("event log: %w", err)
		}
		if !more {
			return nil
		}
	}
	return nil
}

func eachLineOf(name string, visit func(gjson.Result) bool) (more bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return true, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 256<<10)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return true, nil // what has no newline is torn
		}
		if err != nil {
			return true, err
		}
		if validBytes(line) && !visit(gjson.ParseBytes(line)) {
			return false, nil
		}
	}
}
