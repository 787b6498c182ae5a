package session

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func fill(t *testing.T, dir string, from, n, size int) {
	t.Helper()
	j, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	j.part = 32 << 10
	for i := range n {
		j.add(fmt.Sprintf(`{"k":"event","n":%d,"raw":{"type":"X","pad":%q}}`, from+i, strings.Repeat("x", size)))
		if err := j.flush(); err != nil {
			t.Fatal(err)
		}
	}
}

func lines(t *testing.T, dir string) (all []int64) {
	t.Helper()
	if err := eachLine(dir, func(l gjson.Result) bool { all = append(all, l.Get("n").Int()); return true }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestJournalRotates(t *testing.T) {
	dir := t.TempDir()
	const size, part = 1 << 10, 32 << 10
	perPart := part/size - 2
	n := perPart * (journalParts + 4)
	fill(t, dir, 1, n, size)
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if len(files) != journalParts+1 {
		t.Errorf("%d files, want %d", len(files), journalParts+1)
	}
	for _, f := range files {
		if info, _ := os.Stat(f); info.Size() > part {
			t.Errorf("%s has %d bytes", f, info.Size())
		}
	}
	all := lines(t, dir)
	for i, got := range all {
		if want := int64(n - len(all) + 1 + i); got != want {
			t.Fatalf("line %d is event %d, want %d", i, got, want)
		}
	}
}

// A line is cut at every byte: what was whole before stays, the rest is gone, and
// the log goes on behind it.
func TestJournalTornAtEveryByte(t *testing.T) {
	whole := t.TempDir()
	fill(t, whole, 1, 3, 20)
	text, err := os.ReadFile(filepath.Join(whole, journalName))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(text) + 1 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalName), text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		kept := strings.Count(string(text[:cut]), "\n")
		fill(t, dir, kept+1, 1, 5)
		if got := lines(t, dir); len(got) != kept+1 || got[kept] != int64(kept+1) {
			t.Fatalf("cut at %d: lines %v, want %d", cut, got, kept+1)
		}
	}
}

// Broken lines in the middle, as a bad disk leaves them, are passed over.
func TestJournalWithBrokenLines(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 1, 2, 5)
	f, _ := os.OpenFile(filepath.Join(dir, journalName), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString("\x00\x00garbage\n\n{\"k\":\n")
	f.Close()
	fill(t, dir, 3, 1, 5)
	if got := lines(t, dir); len(got) != 3 {
		t.Errorf("lines %v, want 3", got)
	}
	s, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Position() != 3 {
		t.Errorf("position %d, want 3", s.Position())
	}
}

// A log that cannot be written is told once, and updates are not acknowledged.
func TestJournalFailure(t *testing.T) {
	s, err := New(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.journal.file.Close()
	ch := &channel{}
	ch.acks.wake = make(chan struct{}, 1)
	s.ingest(ch, parseEvent(`{"type":"UPDATE","update":{"status":{"task_id":{"value":"t"},"state":"TASK_RUNNING","uuid":"x"}}}`))
	if err := s.syncJournal(); err == nil {
		t.Error("a log that was not written is called safe")
	}
	if err := s.LastError(); err == nil || !strings.Contains(err.Error(), "event log") {
		t.Errorf("last error %v", err)
	}
	if len(s.Events(nil)) != 1 {
		t.Error("the event is not in memory")
	}
	s.Close()
}

// A line of any length comes back as it was, in order with the queued ones, and
// newlines between tokens do not break it into several.
func TestLinesOfAnyLength(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	long := `"` + strings.Repeat("x", journalDirect) + `"`
	j.add(`{"n":1}`)
	if err := j.write(append([]string{`{"n":2,"raw":`}, append(pieces("[\r\n"+long+",\n1]\n"), "}")...)...); err != nil {
		t.Fatal(err)
	}
	j.add(`{"n":3}`)
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, journalName))
	want := "{\"n\":1}\n{\"n\":2,\"raw\":[" + long + ",1]}\n{\"n\":3}\n"
	if err != nil || string(text) != want {
		t.Errorf("%d bytes were written, want %d: %.60q", len(text), len(want), text)
	}
}

// A clock that is set back does not change the order of the parts.
func TestJournalRotatesWhileTheClockIsSet(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	j.part = 1
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	j.now = func() time.Time { return now }
	for n, step := range []time.Duration{0, -time.Hour, 0, -24 * 365 * time.Hour, time.Minute, 48 * 365 * time.Hour, -time.Second} {
		now = now.Add(step)
		if err := j.write(fmt.Sprintf(`{"n":%d}`, n)); err != nil {
			t.Fatal(err)
		}
	}
	j.close()
	var got []int64
	if err := eachLine(dir, func(v gjson.Result) bool { got = append(got, v.Get("n").Int()); return true }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []int64{0, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("lines come back as %v", got)
	}
}
