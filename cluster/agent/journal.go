package agent

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// journal is what an agent remembers of frameworks that checkpoint
// (FrameworkInfo.checkpoint), across its own end: one line of JSON for each thing
// that happens to their executors, tasks and updates, in order. It stands for the
// tree of files below meta/slaves/ID of Apache Mesos 1.12 (slave/paths.hpp), which
// holds the same facts in some ten files for each task. A start reads it, ends what
// has lost its processes, and writes it anew without what is long over.
//
// A line is one write(2), done while the agent's lock is held: what the master is
// told afterwards is on record, should the program be killed. Agent.mu guards it.
type journal struct {
	file *os.File
}

// journalEntry is one line: exactly one of its parts is set. Messages are in Mesos' JSON.
type journalEntry struct {
	Framework    json.RawMessage    `json:"framework,omitempty"` // new, or with a changed FrameworkInfo
	Executor     *executorEntry     `json:"executor,omitempty"`
	Task         *taskEntry         `json:"task,omitempty"`
	Update       *updateEntry       `json:"update,omitempty"`
	Acknowledged *acknowledgedEntry `json:"acknowledged,omitempty"`
	Ended        *endedEntry        `json:"ended,omitempty"`
	Removed      string             `json:"removed,omitempty"` // id of a framework that was torn down
	Drain        *drainEntry        `json:"drain,omitempty"`
}

type executorEntry struct {
	Framework string          `json:"framework_id"`
	Info      json.RawMessage `json:"info"`
	Container string          `json:"container_id"`
	Command   bool            `json:"command,omitempty"` // made up for a command task
	User      string          `json:"user,omitempty"`
}

type taskEntry struct {
	Framework string          `json:"framework_id"`
	Executor  string          `json:"executor_id"`
	Info      json.RawMessage `json:"info"`
}

type updateEntry struct {
	Framework string          `json:"framework_id"`
	Executor  string          `json:"executor_id"`
	Status    json.RawMessage `json:"status"`
}

type acknowledgedEntry struct {
	Framework string `json:"framework_id"`
	Task      string `json:"task_id"`
	UUID      []byte `json:"uuid"`
}

// endedEntry says that an executor has ended; its nested sandboxes are known then.
type endedEntry struct {
	Framework string            `json:"framework_id"`
	Executor  string            `json:"executor_id"`
	Nested    map[string]string `json:"nested,omitempty"`
}

// drainEntry is the beginning of a drain, or without a config its end.
type drainEntry struct {
	Config json.RawMessage `json:"config,omitempty"`
	Start  int64           `json:"start,omitempty"` // seconds since 1970
}

// rawMessage is a message as a part of an entry. What the agent holds was read
// from valid messages, so that it cannot fail.
func rawMessage(m proto.Message) json.RawMessage {
	data, err := mesos.Marshal(m)
	if err != nil {
		return json.RawMessage("null")
	}
	return data
}

// journalPath is where the journal of an agent is.
func (a *Agent) journalPath(id string) string {
	return filepath.Join(a.opts.WorkDir, "meta", "slaves", id, "journal")
}

// openJournal opens the journal of an agent's new id.
func (a *Agent) openJournal(id string) error {
	if a.opts.Temporary {
		return nil
	}
	f, err := os.OpenFile(a.journalPath(id), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closeJournalLocked()
	a.journal.file = f
	return nil
}

func (a *Agent) closeJournalLocked() {
	if a.journal.file != nil {
		a.journal.file.Close() // every line is written at once: there is nothing to lose
		a.journal.file = nil
	}
}

// noteLocked appends an entry. What cannot be written is told in the log: the
// tasks go on, and a restart knows less. What happens because the agent is being
// closed is not noted: the next one finds it out.
func (a *Agent) noteLocked(e journalEntry) {
	if a.journal.file == nil || a.closed {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = a.journal.file.Write(append(line, '\n'))
	}
	if err != nil {
		a.warnf("Failed to checkpoint: %v", err)
	}
}

// checkpoints says whether a framework's executors are remembered.
func (f *framework) checkpoints() bool { return f.info().GetCheckpoint() }

func (a *Agent) noteFrameworkLocked(f *framework) {
	if f.checkpoints() {
		a.noteLocked(journalEntry{Framework: rawMessage(f.info())})
	}
}

func (a *Agent) noteExecutorLocked(ex *executor) {
	if ex.framework.checkpoints() {
		a.noteLocked(journalEntry{Executor: &executorEntry{Framework: ex.framework.id(), Info: rawMessage(ex.info), Container: ex.container,
			Command: ex.command, User: ex.user}})
	}
}

func (a *Agent) noteTasksLocked(ex *executor, tasks []*v1.TaskInfo) {
	if !ex.framework.checkpoints() {
		return
	}
	for _, t := range tasks {
		a.noteLocked(journalEntry{Task: &taskEntry{Framework: ex.framework.id(), Executor: ex.id(), Info: rawMessage(t)}})
	}
}

// noteUpdateLocked notes the update of an executor that is known: others are made
// up for tasks that never reached one, and nothing is left of them after a restart.
func (a *Agent) noteUpdateLocked(ex *executor, s *v1.TaskStatus) {
	if ex.framework.checkpoints() && ex.framework.executor(ex.id()) == ex {
		a.noteStatusLocked(ex, s)
	}
}

func (a *Agent) noteStatusLocked(ex *executor, s *v1.TaskStatus) {
	a.noteLocked(journalEntry{Update: &updateEntry{Framework: ex.framework.id(), Executor: ex.id(), Status: rawMessage(s)}})
}

func (a *Agent) noteEndedLocked(ex *executor) {
	if ex.framework.checkpoints() {
		a.noteLocked(journalEntry{Ended: &endedEntry{Framework: ex.framework.id(), Executor: ex.id(), Nested: ex.nested}})
	}
}

// readJournal calls take with each entry of a journal. A last line that was cut
// off, as by a full disk, ends it; there need not be a journal.
func readJournal(path string, take func(journalEntry) error) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var e journalEntry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if err := take(e); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
}
