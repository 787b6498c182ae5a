package session

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A record of 64 MiB, the largest there may be, is read, written to the event log
// and kept with no more than two copies of it set aside on the whole way: the
// buffer that grows to it, and what it grew from. A third one anywhere fails.
func TestLargestRecord(t *testing.T) {
	const size = 64 << 20
	dir := t.TempDir()
	s, err := New(Options{Dir: dir, MaxEventBytes: 2 * size})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	head, tail := `{"type":"MESSAGE","message":{"data":"`, `"}}`
	body := io.MultiReader(strings.NewReader(fmt.Sprintf("%d\n%s", size, head)),
		io.LimitReader(zeros{}, size-int64(len(head)+len(tail))), strings.NewReader(tail))
	source := s.newRecordSource(body)

	var before, after, kept runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	raw, err := source.next()
	if err != nil {
		t.Fatal(err)
	}
	s.ingest(&channel{}, parseEvent(raw))
	raw = ""
	runtime.ReadMemStats(&after)
	runtime.GC()
	runtime.ReadMemStats(&kept)

	copies := float64(after.TotalAlloc-before.TotalAlloc) / size
	t.Logf("%.2f copies set aside, %.2f kept", copies, float64(kept.HeapAlloc-before.HeapAlloc)/size)
	if copies > 2.1 {
		t.Errorf("%.2f copies were set aside, want at most 2", copies)
	}
	if kept.HeapAlloc-before.HeapAlloc > size+size/16 {
		t.Errorf("%d bytes are kept of a record of %d", kept.HeapAlloc-before.HeapAlloc, size)
	}
	if e := s.Events(nil)[0]; e.Type != EventMessage || len(e.raw) != size {
		t.Errorf("read %s, %d bytes", e.Type, len(e.raw))
	}
	if info, err := os.Stat(filepath.Join(dir, journalName)); err != nil || info.Size() < size {
		t.Errorf("event log: %v, %v", info, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
