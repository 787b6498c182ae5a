package main

import (
	"strings"
	"testing"
)

// However a text is cut into writes, what could drive a terminal is gone and
// the rest is as it was.
func TestCleanWriter(t *testing.T) {
	text := "a\x1b[31mé世\u009b2J\x07\r\n\tb\x00\xff!"
	want := "a[31mé世2J\n\tb\uFFFD!"
	for size := 1; size <= len(text); size++ {
		var got strings.Builder
		w := &cleanWriter{to: &got}
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			n, err := w.Write([]byte(rest[:min(size, len(rest))]))
			if err != nil || n != min(size, len(rest)) {
				t.Fatalf("write: %d, %v", n, err)
			}
		}
		if got.String() != want {
			t.Errorf("in pieces of %d: %q, want %q", size, got.String(), want)
		}
	}
}
