package repl

import (
	"go/scanner"
	"go/token"
	"strings"
)

// hint is the signature of the function whose arguments are being typed; empty
// when there is none. The last answer is kept: it is asked for with every key.
func (r *REPL) hint(text string, cursor int) string {
	if !r.settings.hints || isCommand(text) {
		return ""
	}
	callee := calleeAt(text[:cursor])
	if callee == "" {
		return ""
	}
	if callee != r.hinted.callee {
		r.hinted.callee, r.hinted.text = callee, r.signature(callee)
	}
	return r.hinted.text
}

func (r *REPL) signature(callee string) string {
	d, err := r.o.Kernel.Describe(callee)
	if err != nil {
		return ""
	}
	params, isFunc := strings.CutPrefix(d.Type, "func(")
	if !isFunc {
		return ""
	}
	text := oneLine(callee + "(" + params)
	if doc, _, _ := strings.Cut(d.Doc, "\n"); doc != "" {
		text += "  // " + oneLine(doc)
	}
	return cleanText(text)
}

// calleeAt gives the name (a, a.b.c) before the innermost parenthesis that is
// open at the end of code; empty when there is none, or no name before it.
func calleeAt(code string) string {
	type element struct {
		tok token.Token
		lit string
	}
	var all []element
	var open []int // places of open brackets
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(code)), []byte(code), func(token.Position, string) {}, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		switch tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			open = append(open, len(all))
		case token.RPAREN, token.RBRACE, token.RBRACK:
			open = open[:max(len(open)-1, 0)]
		}
		all = append(all, element{tok, lit})
	}
	if len(open) == 0 {
		return ""
	}
	i := open[len(open)-1]
	if all[i].tok != token.LPAREN {
		return ""
	}
	name := ""
	for i--; i >= 0 && all[i].tok == token.IDENT; i -= 2 {
		name = all[i].lit + name
		if i == 0 || all[i-1].tok != token.PERIOD {
			if i > 0 && all[i-1].tok == token.FUNC {
				return "" // a declaration
			}
			return name
		}
		name = "." + name
	}
	return "" // a method of something longer than a name
}
