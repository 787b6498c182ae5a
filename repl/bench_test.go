package repl

import (
	"strings"
	"testing"
)

func BenchmarkDrawLongCell(b *testing.B) {
	text := []rune(strings.Repeat("\tfmt.Println(\"line\", x) // comment\n", 3000))
	v := view{prompt: "[1] ", more: "... ", text: text, cursor: len(text)}
	th := newTheme(true, false)
	for b.Loop() {
		layout(v, th, 80, 24)
	}
}

func BenchmarkDrawShortCell(b *testing.B) {
	v := view{prompt: "[1] ", more: "... ", text: []rune("for i := range 3 {\n\tfmt.Println(i)\n}"), cursor: 3}
	th := newTheme(true, false)
	for b.Loop() {
		layout(v, th, 80, 24)
	}
}
