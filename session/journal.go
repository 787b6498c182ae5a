package session

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	journalName   = "events.jsonl"
	journalPart   = 32 << 20 // bytes
	journalParts  = 8        // older files kept
	journalPrefix = "events-"
	journalDirect = 1 << 20 // bytes of a line that is written without a copy of it
)

// journal is the event log on disk: JSON lines, appended and never changed.
//
//	{"k":"event","n":SEQ,"t":TIME,"raw":RECORD}        a record of the stream
//	{"k":"call","n":N,"t":TIME,"method":M,"url":U,"header":H,"body":BODY}
//	{"k":"answer","n":N,"t":TIME,"status":S,"body":TEXT,"error":E}
//	{"k":"state","t":TIME,"state":S,"cause":C}
//
// A record or body that is not JSON stands as base64 in "bytes". Lines are queued
// by add, which does no I/O and may be called under the session's lock, and
// written by flush. A nil journal takes everything and keeps nothing.
type journal struct {
	dir  string
	part int64            // bytes of one file before it is rotated
	now  func() time.Time // names the parts
	lock *os.File

	mu      sync.Mutex // guards pending; held for copying only
	pending []byte

	writing sync.Mutex // guards what follows; held over I/O
	file    *os.File
	size    int64
	broken  error // the first write error; nothing is written after it
}

// openJournal takes the directory for this process, cuts off a torn last line and
// opens the log for appending.
func openJournal(dir string) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("event log %s: in use by another session; name another directory", dir)
	}
	j := &journal{dir: dir, part: journalPart, now: time.Now, lock: lock}
	if err := j.openFile(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("event log: %w", err)
	}
	return j, nil
}

func (j *journal) openFile() error {
	name := filepath.Join(j.dir, journalName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	size, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, 0)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", name, err)
	}
	j.file, j.size = f, size
	return nil
}

// wholeLines is the length of the file up to its last newline.
func wholeLines(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	const block = 64 << 10
	buf := make([]byte, block)
	for end := info.Size(); end > 0; {
		start := max(0, end-block)
		n, err := f.ReadAt(buf[:end-start], start)
		if err != nil && int64(n) < end-start {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

// add queues one line.
func (j *journal) add(parts ...string) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, p := range parts {
		j.pending = append(j.pending, p...)
	}
	j.pending = append(j.pending, '\n')
}

// flush writes what is queued to the file, without waiting for the disk.
func (j *journal) flush() error {
	if j == nil {
		return nil
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.flushLocked()
}

// flushLocked runs under writing.
func (j *journal) flushLocked() error {
	j.mu.Lock()
	lines := j.pending
	j.pending = nil
	j.mu.Unlock()
	if j.broken != nil || len(lines) == 0 {
		return j.broken
	}
	if err := j.makeRoomLocked(int64(len(lines))); err != nil {
		return err
	}
	return j.putLocked(unsafe.String(&lines[0], len(lines)))
}

// write is add and flush in one; of a line longer than journalDirect it makes no
// copy. The caller holds no lock.
func (j *journal) write(parts ...string) error {
	if j == nil {
		return nil
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if size <= journalDirect {
		j.add(parts...)
		return j.flush()
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.flushLocked(); err != nil {
		return err
	}
	if err := j.makeRoomLocked(int64(size) + 1); err != nil {
		return err
	}
	for _, p := range append(parts, "\n") {
		if err := j.putLocked(p); err != nil {
			return err
		}
	}
	return nil
}

// makeRoomLocked rotates when the file would become too long. It runs under writing.
func (j *journal) makeRoomLocked(more int64) error {
	if j.broken == nil && j.size > 0 && j.size+more > j.part {
		j.broken = j.rotate()
	}
	return j.broken
}

// putLocked writes text to the file. It runs under writing.
func (j *journal) putLocked(text string) error {
	n, err := j.file.WriteString(text)
	j.size += int64(n)
	if err != nil {
		j.broken = fmt.Errorf("event log: %w", err)
	}
	return j.broken
}

// sync returns once all that was added is on disk.
func (j *journal) sync() error {
	if j == nil {
		return nil
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.flushLocked(); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("event log: %w", err)
	}
	return j.broken
}

// rotate gives the full file a name of its own and drops the oldest.
func (j *journal) rotate() error {
	err := errors.Join(j.file.Sync(), j.file.Close())
	parts, globErr := journalFiles(j.dir)
	if err = errors.Join(err, globErr); err == nil {
		parts = append(parts, filepath.Join(j.dir, partName(j.now(), parts)))
		err = os.Rename(filepath.Join(j.dir, journalName), parts[len(parts)-1])
	}
	if err == nil {
		err = j.openFile()
	}
	if err != nil {
		return fmt.Errorf("event log: rotate: %w", err)
	}
	for len(parts) > journalParts && err == nil {
		err = os.Remove(parts[0])
		parts = parts[1:]
	}
	return err
}

// partName names a full file by the time, or by the moment after the last part's
// when the clock was set back: the names sort in the order of the parts.
func partName(now time.Time, parts []string) string {
	const layout = journalPrefix + "20060102T150405.000000000.jsonl"
	if len(parts) > 0 {
		if last, err := time.Parse(layout, filepath.Base(parts[len(parts)-1])); err == nil && !now.After(last) {
			now = last.Add(1)
		}
	}
	return now.UTC().Format(layout)
}

// journalFiles lists the full files, oldest first.
func journalFiles(dir string) ([]string, error) {
	return filepath.Glob(filepath.Join(dir, journalPrefix+"*.jsonl")) // Glob sorts
}

// close writes the rest and gives the directory back.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	err := j.sync()
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.file != nil {
		err = errors.Join(err, j.file.Close(), j.lock.Close())
		j.file, j.broken = nil, errors.New("event log: closed")
	}
	return err
}

// jsonMember renders a body as the member "name", or as base64 in "bytes".
func jsonMember(name string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	if err := checkJSON(body); err != nil {
		return fmt.Sprintf(`,"bytes":%q`, base64.StdEncoding.EncodeToString(body))
	}
	return fmt.Sprintf(",%q:%s", name, oneLine(string(body)))
}

// oneLine takes the newlines, which JSON allows between its tokens, out of a text.
func oneLine(text string) string { return strings.Join(pieces(text), "") }

// pieces is what stands between a text's newlines, without a copy.
func pieces(text string) []string {
	if strings.IndexByte(text, '\n') < 0 && strings.IndexByte(text, '\r') < 0 {
		return []string{text}
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}
