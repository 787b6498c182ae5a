package kernel

import "strings"

// Declarations gives the part of a cell that can be run again without effects:
// its imports, functions, methods, types and constants, one after the other. It
// is empty for a cell of statements and variables.
func Declarations(code string) string {
	chunks, _ := split(code)
	var kept []string
	for _, c := range chunks {
		switch c.kind {
		case chunkImport, chunkFunc, chunkType, chunkConst:
			kept = append(kept, c.text)
		}
	}
	return strings.Join(kept, "\n")
}
