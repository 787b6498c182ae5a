package display

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/pretty"
)

// document indents a text that is a JSON object or array; other text stays as it is.
func document(text string, o Options) string {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") || !json.Valid([]byte(trimmed)) { // gjson looks to any depth, which uses up the stack
		return printable(text)
	}
	indented := []byte(printable(string(pretty.PrettyOptions([]byte(trimmed), &pretty.Options{Width: plainWidth, Indent: "  "}))))
	if o.Color {
		indented = pretty.Color(indented, jsonStyle(o.Light))
	}
	return string(indented)
}

// jsonStyle gives the colours of JSON, which are those of Go's strings and numbers at
// the prompt.
func jsonStyle(light bool) *pretty.Style {
	key, text, number, word, null := "94", "33", "36", "35", "2"
	if light {
		key, text, number, word, null = "34", "38;5;94", "38;5;25", "38;5;90", "38;5;242"
	}
	paint := func(code string) [2]string { return [2]string{"\x1b[" + code + "m", "\x1b[0m"} }
	return &pretty.Style{
		Key: paint(key), String: paint(text), Number: paint(number),
		True: paint(word), False: paint(word), Null: paint(null), Escape: paint(text),
		Brackets: [2]string{"", ""},
		Append:   func(dst []byte, c byte) []byte { return append(dst, c) },
	}
}
