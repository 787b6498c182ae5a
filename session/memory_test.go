package session

import (
	"io"
	"runtime"
	"strings"
	"testing"
)

// A record of 60 MiB is held once after it was read, and reading it sets aside no
// more than its buffer's growth and that one copy.
func TestLargeRecord(t *testing.T) {
	const size = 60 << 20
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	head, tail := `{"type":"MESSAGE","message":{"data":"`, `"}}`
	body := io.MultiReader(strings.NewReader("62914560\n"), strings.NewReader(head),
		io.LimitReader(zeros{}, size-int64(len(head)+len(tail))), strings.NewReader(tail))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	ch, source := &channel{}, s.newRecordSource(body)
	raw, err := source.next()
	if err != nil {
		t.Fatal(err)
	}
	s.ingest(ch, parseEvent(raw))
	raw = ""
	runtime.GC()
	runtime.ReadMemStats(&after)
	if e := s.Events(nil)[0]; e.Type != EventMessage || len(e.raw) != size {
		t.Errorf("read %s, %d bytes", e.Type, len(e.raw))
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > size+size/8 {
		t.Errorf("%d bytes are kept of a record of %d", kept, size)
	}
	if all := int64(after.TotalAlloc - before.TotalAlloc); all > 4*size {
		t.Errorf("%d bytes were set aside for a record of %d", all, size)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
