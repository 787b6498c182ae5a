package repl

import (
	"go/scanner"
	"go/token"
	"strings"

	"mesosbook/kernel"
)

// hint is the signature of the function whose arguments are being typed, or on
// an empty line what Enter does; empty when there is nothing to say. The last answer is kept, as the question comes with every key.
func (r *REPL) hint(text string, cursor int) string {
	if text == "" {
		return r.stepHint()
	}
	if !r.settings.hints || isCommand(text) {
		return ""
	}
	open := openCall(text[:cursor])
	if open < 0 {
		return ""
	}
	if call := text[:open]; call != r.hinted.call {
		r.hinted.call, r.hinted.text = call, r.signature(text, cursor)
	}
	return r.hinted.text
}

func (r *REPL) signature(text string, cursor int) string {
	d, _, ok := r.o.Kernel.Signature(text, cursor)
	params, isFunc := strings.CutPrefix(d.Type, "func(")
	if !ok || !isFunc {
		return ""
	}
	hint := oneLine(d.Name + "(" + params)
	if written := r.helpSignature(d); written != "" {
		hint = written
	}
	if doc, _, _ := strings.Cut(d.Doc, "\n"); doc != "" {
		hint += "  // " + oneLine(doc)
	}
	return cleanText(hint)
}

// helpSignature is the first line of a helper's help page, which names its
// arguments; empty when there is none.
func (r *REPL) helpSignature(d kernel.Description) string {
	if r.o.Help == nil || d.Cell != 0 {
		return ""
	}
	page, ok := r.o.Help(d.Name)
	line, _, _ := strings.Cut(strings.TrimSpace(page), "\n")
	if !ok || !strings.HasPrefix(line, d.Name+"(") {
		return ""
	}
	return line
}

// openCall gives the offset of the parenthesis that is open at the end of code,
// -1 if there is none or another bracket is open within it.
func openCall(code string) int {
	file := token.NewFileSet().AddFile("", -1, len(code))
	var s scanner.Scanner
	s.Init(file, []byte(code), func(token.Position, string) {}, 0)
	var open []int // offsets; -1 for brackets that are no parentheses
	for {
		pos, tok, _ := s.Scan()
		switch tok {
		case token.LPAREN:
			open = append(open, file.Offset(pos))
		case token.LBRACE, token.LBRACK:
			open = append(open, -1)
		case token.RPAREN, token.RBRACE, token.RBRACK:
			open = open[:max(len(open)-1, 0)]
		case token.EOF:
			if len(open) == 0 {
				return -1
			}
			return open[len(open)-1]
		}
	}
}
