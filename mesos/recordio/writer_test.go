package recordio

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A journal notes what is done to a stream; it fails once fail is set.
type journal struct {
	calls []string
	fail  error
	short bool
}

func (l *journal) Write(p []byte) (int, error) {
	l.calls = append(l.calls, "write "+string(p))
	if l.short {
		return len(p) - 1, nil
	}
	return len(p), l.fail
}

func (l *journal) flush() error {
	l.calls = append(l.calls, "flush")
	return l.fail
}

func TestOneWriteAndOneFlushPerRecord(t *testing.T) {
	var l journal
	w := NewWriter(&l, WriterOptions{Flush: l.flush})
	for _, record := range []string{"hello", "", "é"} {
		if err := w.WriteRecord([]byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteFramed(Append(nil, []byte("shared"))); err != nil {
		t.Fatal(err)
	}
	want := []string{"write 5\nhello", "flush", "write 0\n", "flush", "write 2\né", "flush", "write 6\nshared", "flush"}
	if diff := cmp.Diff(want, l.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestWriteErrorsStay(t *testing.T) {
	gone := errors.New("client gone")
	for name, test := range map[string]struct {
		log  journal
		want error
	}{
		"error": {journal{fail: gone}, gone},
		"short": {journal{short: true}, io.ErrShortWrite},
	} {
		w := NewWriter(&test.log, WriterOptions{})
		for range 2 {
			if err := w.WriteRecord([]byte("a")); err != test.want {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
		}
		if err := w.WriteFramed([]byte("1\na")); err != test.want {
			t.Errorf("%s: framed: got %v, want %v", name, err, test.want)
		}
		if len(test.log.calls) != 1 {
			t.Errorf("%s: written to after the error: %q", name, test.log.calls)
		}
	}
}

func TestFlushErrorIsTheWriters(t *testing.T) {
	gone := errors.New("client gone")
	var l journal
	w := NewWriter(&l, WriterOptions{Flush: func() error { return gone }})
	if err := w.WriteRecord([]byte("a")); err != gone {
		t.Errorf("got %v, want %v", err, gone)
	}
}

func TestWriterLetsGoOfLargeBuffers(t *testing.T) {
	w := NewWriter(io.Discard, WriterOptions{})
	if err := w.WriteRecord([]byte(strings.Repeat("x", keptBuffer))); err != nil || cap(w.buf) > keptBuffer {
		t.Errorf("got %v, buffer of %d bytes kept", err, cap(w.buf))
	}
	if err := w.WriteRecord([]byte("small")); err != nil || cap(w.buf) == 0 {
		t.Errorf("got %v, buffer of %d bytes kept", err, cap(w.buf))
	}
}
