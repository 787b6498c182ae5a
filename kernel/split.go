package kernel

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// chunkKind tells what a chunk of a cell is.
type chunkKind int

const (
	chunkStmt chunkKind = iota
	chunkImport
	chunkFunc
	chunkType
	chunkConst
	chunkVar
)

// chunk is one top-level piece of a cell: a declaration or a statement.
type chunk struct {
	kind      chunkKind
	text      string
	line, col int // where text begins in the cell, from 1, col in bytes
}

// splitter cuts a cell at its top-level semicolons with nothing but the
// scanner, so that imports, declarations and statements may come in any order.
type splitter struct {
	src    string
	file   *token.File
	chunks []chunk

	start         int // offset of the chunk at hand, -1 between chunks
	tokens        int // how many it has so far
	first, second token.Token
	last          token.Token
	depth         int  // open brackets
	open          bool // a comment or raw string runs over the end
	ended         bool // the last token ended its statement
}

// split cuts src; incomplete tells that more lines must follow.
func split(src string) (chunks []chunk, incomplete bool) {
	sp := &splitter{src: src, start: -1, ended: true}
	sp.file = token.NewFileSet().AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(sp.file, []byte(src), func(_ token.Position, msg string) {
		if msg == "comment not terminated" || msg == "raw string literal not terminated" {
			sp.open = true
		}
	}, 0)
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			break
		}
		sp.add(sp.file.Offset(pos), tok, lit)
	}
	unfinished := sp.start >= 0 && !sp.ended && !sp.pythonic()
	sp.flush(len(strings.TrimRight(src, " \t\r\n")))
	return sp.chunks, sp.open || sp.depth > 0 || unfinished
}

// pythonic tells a line that ends in a colon and is no label: no Go goes on from
// there, so it is better told at once than waited upon.
func (sp *splitter) pythonic() bool { return sp.last == token.COLON && sp.depth == 0 && sp.tokens > 2 }

func (sp *splitter) add(offset int, tok token.Token, lit string) {
	sp.ended = tok == token.SEMICOLON
	sp.last = tok
	if tok == token.SEMICOLON && sp.depth <= 0 {
		if sp.start >= 0 && !(lit == ";" && sp.inHeader(offset)) {
			sp.flush(offset)
		}
		return
	}
	if sp.start < 0 {
		sp.start, sp.first, sp.second, sp.tokens = offset, tok, token.ILLEGAL, 0
	}
	if sp.tokens++; sp.tokens == 2 {
		sp.second = tok
	}
	switch tok {
	case token.LPAREN, token.LBRACK, token.LBRACE:
		sp.depth++
	case token.RPAREN, token.RBRACK, token.RBRACE:
		sp.depth--
	}
}

// inHeader: a ";" in the header of a for, if or switch does not end the
// statement; what stands before it does not parse by itself.
func (sp *splitter) inHeader(end int) bool {
	switch sp.first {
	case token.FOR, token.IF, token.SWITCH:
	default:
		if sp.second != token.COLON {
			return false
		}
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {\n"+sp.src[sp.start:end]+"\n}", parser.SkipObjectResolution)
	return err != nil
}

func (sp *splitter) flush(end int) {
	if sp.start < 0 {
		return
	}
	text, first := sp.src[sp.start:max(end, sp.start)], sp.first
	p := sp.file.Position(sp.file.Pos(sp.start))
	sp.start = -1
	kind := chunkStmt
	switch first {
	case token.PACKAGE:
		return
	case token.IMPORT:
		kind = chunkImport
	case token.TYPE:
		kind = chunkType
	case token.CONST:
		kind = chunkConst
	case token.VAR:
		kind = chunkVar
	case token.FUNC:
		if sp.second == token.IDENT || isMethod(text) {
			kind = chunkFunc
		}
	}
	sp.chunks = append(sp.chunks, chunk{kind, text, p.Line, p.Column})
}

// isMethod tells "func (t T) M() {...}" from "func() {...}()".
func isMethod(text string) bool {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+text, parser.SkipObjectResolution)
	if f == nil || len(f.Decls) == 0 {
		return false
	}
	_, ok := f.Decls[0].(*ast.FuncDecl)
	return ok && (err == nil || !isStatement(text))
}

func isStatement(text string) bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {\n"+text+"\n}", parser.SkipObjectResolution)
	return err == nil
}

// completeness tells whether code can be run as it stands.
func completeness(code string) Completeness {
	if _, incomplete := split(code); incomplete {
		return Incomplete
	}
	return Complete
}
