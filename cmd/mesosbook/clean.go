package main

import (
	"bytes"
	"io"
	"sync"
	"unicode"
	"unicode/utf8"
)

// cleanWriter passes text on without the control characters that could drive a
// terminal: a notebook, or what came from the wire, may hold any. Line ends and
// tabs stay. A character may be split over two writes. Any goroutine may write.
type cleanWriter struct {
	to   io.Writer
	mu   sync.Mutex
	rest []byte // a character begun
}

func (w *cleanWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := append(w.rest, p...)
	out := make([]byte, 0, len(in))
	for len(in) > 0 && (utf8.FullRune(in) || len(in) >= utf8.UTFMax) {
		r, n := utf8.DecodeRune(in)
		if r == '\n' || r == '\t' || !unicode.IsControl(r) {
			out = utf8.AppendRune(out, r)
		}
		in = in[n:]
	}
	w.rest = bytes.Clone(in)
	if len(out) == 0 {
		return len(p), nil
	}
	if _, err := w.to.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
