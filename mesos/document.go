package mesos

import (
	"bytes"
	"fmt"
	"math"
)

// space is what both picojson and stout take for white space.
const space = " \t\n\r"

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindInteger // fits an int64 and was written without point and exponent
	kindDouble
	kindString
	kindArray
	kindObject
)

// String is the name that Mesos' errors use.
func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "number", "string", "array", "object"}[k]
}

// A document is one JSON text that was read. It holds the input, which must stay
// as it is meanwhile.
type document struct {
	data  []byte
	extra []byte  // the strings that held an escape, without it
	kids  []value // the items and members of all containers
	root  value
}

// A value is one JSON value of a document: without pointers, so that large texts
// cost the garbage collector nothing.
type value struct {
	kind kind
	key  span // the name, for a member of an object
	// bits is 0 or 1 for kindBool, the int64 for kindInteger, the float64's bits
	// for kindDouble, and for the rest a packed span: of the text, or of the kids.
	bits uint64
}

// A span is a part of a document: of the kids, or of the input with the extra
// strings behind it.
type span struct{ from, to uint32 }

// maxText is the longest text that spans can tell, with as much extra.
const maxText = math.MaxInt32

func pack(from, to int) uint64 { return uint64(from)<<32 | uint64(to) }

func (v value) span() span { return span{uint32(v.bits >> 32), uint32(v.bits)} }

// text is the bytes of a string or key.
func (d *document) text(s span) []byte {
	if n := uint32(len(d.data)); s.from >= n {
		return d.extra[s.from-n : s.to-n]
	}
	return d.data[s.from:s.to]
}

// parts are the items of an array, or the members of an object: sorted by key,
// each key once.
func (d *document) parts(v value) []value {
	s := v.span()
	return d.kids[s.from:s.to]
}

// parse reads data as one JSON text, as picojson 1.3 inside stout does. The
// error is a *SyntaxError.
func parse(data []byte) (*document, error) {
	if len(data) > maxText {
		return nil, &SyntaxError{fmt.Sprintf("text of %d bytes is too long", len(data))}
	}
	p := parser{document: document{data: data}}
	v, ok := p.value()
	if !ok {
		return nil, p.syntaxError()
	}
	if v.kind == kindInteger || v.kind == kindDouble {
		// picojson 1.3 does not give back the byte that ended the number, so
		// that "5x" is read as 5 and "5 " is refused.
		p.pos = min(p.pos+1, len(data))
	}
	if end := len(bytes.TrimRight(data, space)); p.pos != end {
		rest := data[p.pos:]
		if p.pos < end {
			rest = data[p.pos:end]
		}
		return nil, &SyntaxError{"Parsed JSON included non-whitespace trailing characters: " + string(rest)}
	}
	p.root = v
	return &p.document, nil
}
