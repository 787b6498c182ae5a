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
		indented = pretty.Color(indented, &pretty.Style{
			Key:      [2]string{"\x1b[34m", "\x1b[0m"},
			String:   [2]string{"\x1b[33m", "\x1b[0m"},
			Number:   [2]string{"\x1b[36m", "\x1b[0m"},
			True:     [2]string{"\x1b[35m", "\x1b[0m"},
			False:    [2]string{"\x1b[35m", "\x1b[0m"},
			Null:     [2]string{"\x1b[2m", "\x1b[0m"},
			Escape:   [2]string{"\x1b[33m", "\x1b[0m"},
			Brackets: [2]string{"", ""},
			Append:   func(dst []byte, c byte) []byte { return append(dst, c) },
		})
	}
	return string(indented)
}
