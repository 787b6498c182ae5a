package kernel

import (
	"regexp"
	"strings"
)

// foreign knows how other languages write what a cell's author may have meant:
// many come from a Python notebook.
var foreign = []struct {
	line *regexp.Regexp
	hint string // with $1, ... of the line
}{
	{regexp.MustCompile(`^for\s+(\w+)\s+in\s+range\((\w+)\)\s*:?\s*\{?$`), `for $1 := range $2 {`},
	{regexp.MustCompile(`^for\s+(\w+)\s*,\s*(\w+)\s+in\s+(.+?)\s*:?\s*\{?$`), `for $1, $2 := range $3 {`},
	{regexp.MustCompile(`^for\s+(\w+)\s+in\s+(.+?)\s*:?\s*\{?$`), `for _, $1 := range $2 {`},
	{regexp.MustCompile(`^while\s+[Tt]rue\s*:?\s*\{?$`), `for {`},
	{regexp.MustCompile(`^while\s+(.+?)\s*:?\s*\{?$`), `for $1 {`},
	{regexp.MustCompile(`^if\s+(.+?)\s*:$`), `if $1 {`},
	{regexp.MustCompile(`^elif\s+(.+?)\s*:$`), `} else if $1 {`},
	{regexp.MustCompile(`^else\s*:$`), `} else {`},
	{regexp.MustCompile(`^(?:def|function)\s+(\w+)\s*\(`), `func $1(x int) int {`},
	{regexp.MustCompile(`^(?:try\s*[:{]|except\b)`), `a helper that fails ends its cell; other calls give an error to look at`},
	{regexp.MustCompile(`^let\s+(\w+)\s*=\s*(.+?);?$`), `$1 := $2`},
	{regexp.MustCompile(`^print\s+(["'].*)$`), `fmt.Println($1)`},
	{regexp.MustCompile(`^import\s+[\w.]+(?:\s+as\s+\w+)?$`), `import "net/http"; standard packages need no import`},
	{regexp.MustCompile(`^from\s+\S+\s+import\b`), `import "net/http"; standard packages need no import`},
	{regexp.MustCompile(`\blambda\s+(\w+)\s*:`), `func($1 int) int { return $1 }`},
	{regexp.MustCompile(`\bf["']`), `fmt.Sprintf("%v", x)`},
	{regexp.MustCompile(`^(\w+)\s*:?=\s*(.+)\s+if\s+(.+)\s+else\s+(.+)$`), `if $3 { $1 = $2 } else { $1 = $4 }`},
	{regexp.MustCompile(`=\s*\{\s*["']`), `map[string]any{"key": value}, or parse_json with JSON between backquotes`},
	{regexp.MustCompile(`=\s*\[\s*["'\d]`), `[]int{1, 2}, []string{"a", "b"}`},
}

// foreignHint gives "; in Go: ..." for a line that does not parse and looks like
// another language; empty for others.
func foreignHint(line, msg string) string {
	if strings.Contains(msg, "rune literal") {
		return "; text stands between double quotes"
	}
	line = strings.TrimSpace(line)
	for _, f := range foreign {
		if m := f.line.FindStringSubmatchIndex(line); m != nil {
			return "; in Go: " + string(f.line.ExpandString(nil, f.hint, line, m))
		}
	}
	return ""
}
