package repl

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode/utf8"
)

// highlight gives the class of each rune of a cell. What the Go scanner
// refuses stays plain; ':' and '!' lines are no Go.
func highlight(code string) []class {
	classes := make([]class, utf8.RuneCountInString(code))
	if isCommand(code) {
		return classes
	}
	file := token.NewFileSet().AddFile("", -1, len(code))
	var s scanner.Scanner
	s.Init(file, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	runes, bytes := 0, 0 // the place up to which runes are counted
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return classes
		}
		c := tokenClass(tok)
		if c == plain {
			continue
		}
		if lit == "" {
			lit = tok.String()
		}
		offset := file.Offset(pos)
		runes += utf8.RuneCountInString(code[bytes:offset])
		end := min(offset+len(lit), len(code))
		bytes = end
		for range utf8.RuneCountInString(code[offset:end]) {
			if runes < len(classes) {
				classes[runes] = c
			}
			runes++
		}
	}
}

func tokenClass(tok token.Token) class {
	switch {
	case tok.IsKeyword():
		return keywordText
	case tok == token.STRING, tok == token.CHAR:
		return stringText
	case tok == token.INT, tok == token.FLOAT, tok == token.IMAG:
		return numberText
	case tok == token.COMMENT:
		return commentText
	}
	return plain
}

// isCommand tells whether a text is a ':' command or a '!' shell line.
func isCommand(text string) bool {
	text = strings.TrimLeft(text, " \t")
	return strings.HasPrefix(text, ":") || strings.HasPrefix(text, "!")
}
