package mesos

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may nest (STOUT_JSON_MAX_DEPTH).
const maxDepth = 200

// outOfRange is the text for a number that no double can hold.
const outOfRange = "Value out of range"

// A parser reads one text. Its methods report false on a fault, with pos at the
// first byte that the error text shows.
type parser struct {
	document
	pos   int
	depth int
	pend  []value // kids of the containers being read, innermost last

	overflow bool // a number was out of range: the text of the error is another
	eaten    bool // the fault was in the byte before pos
}

func (p *parser) syntaxError() error {
	if p.overflow {
		return &SyntaxError{outOfRange}
	}
	// picojson counts a line when it reads the byte after the line's end.
	before := min(p.pos, max(len(p.data)-1, 0))
	if p.eaten {
		before = p.pos - 1
	}
	line := 1 + bytes.Count(p.data[:before], []byte{'\n'})
	rest, _, _ := bytes.Cut(p.data[p.pos:], []byte{'\n'})
	shown := slices.DeleteFunc(bytes.Clone(rest), func(c byte) bool { return c < ' ' })
	return &SyntaxError{fmt.Sprintf("syntax error at line %d near: %s", line, shown)}
}

// peek is the next byte, or 0 at the end: no rule accepts a NUL.
func (p *parser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *parser) skipSpace() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// expect skips white space and takes c if it comes next.
func (p *parser) expect(c byte) bool {
	p.skipSpace()
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

// literal takes word, byte by byte: a fault shows what follows the part that matched.
func (p *parser) literal(word string) bool {
	for i := range len(word) {
		if p.peek() != word[i] {
			return false
		}
		p.pos++
	}
	return true
}

func (p *parser) value() (value, bool) {
	p.skipSpace()
	switch c := p.peek(); c {
	case 'n':
		return value{kind: kindNull}, p.literal("null")
	case 't':
		return value{kind: kindBool, bits: 1}, p.literal("true")
	case 'f':
		return value{kind: kindBool}, p.literal("false")
	case '"':
		p.pos++
		text, ok := p.string()
		return value{kind: kindString, bits: pack(int(text.from), int(text.to))}, ok
	case '[', '{':
		p.pos++
		return p.container(c)
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return p.number()
		}
		return value{}, false
	}
}

func (p *parser) container(open byte) (value, bool) {
	if p.depth >= maxDepth {
		return value{}, false
	}
	p.depth++
	mark := len(p.pend)
	v, ok := value{kind: kindObject}, false
	if open == '{' {
		ok = p.members()
	} else {
		v.kind, ok = kindArray, p.items()
	}
	if !ok {
		return value{}, false
	}
	p.depth--
	kids := p.pend[mark:]
	if open == '{' {
		kids = p.sortMembers(kids)
	}
	v.bits = pack(len(p.kids), len(p.kids)+len(kids))
	p.kids = append(p.kids, kids...)
	p.pend = p.pend[:mark]
	return v, true
}

func (p *parser) items() bool {
	if p.expect(']') {
		return true
	}
	for {
		item, ok := p.value()
		if !ok {
			return false
		}
		p.pend = append(p.pend, item)
		if !p.expect(',') {
			return p.expect(']')
		}
	}
}

func (p *parser) members() bool {
	if p.expect('}') {
		return true
	}
	for {
		if !p.expect('"') {
			return false
		}
		key, ok := p.string()
		if !ok || !p.expect(':') {
			return false
		}
		member, ok := p.value()
		if !ok {
			return false
		}
		member.key = key
		p.pend = append(p.pend, member)
		if !p.expect(',') {
			return p.expect('}')
		}
	}
}

// sortMembers sorts by key and keeps the last of equal keys, as a std::map that
// is assigned to does.
func (p *parser) sortMembers(members []value) []value {
	byKey := func(a, b value) int { return bytes.Compare(p.text(a.key), p.text(b.key)) }
	slices.SortStableFunc(members, byKey)
	kept := members[:0]
	for i, m := range members {
		if i+1 == len(members) || byKey(m, members[i+1]) != 0 {
			kept = append(kept, m)
		}
	}
	return kept
}

// number takes every byte that can be part of a number and then asks whether
// all of it is one, as strtoimax and strtod would: 007, 1. and -.5 are.
func (p *parser) number() (value, bool) {
	start, integer := p.pos, true
	for p.pos < len(p.data) && isNumberByte(p.data[p.pos]) {
		c := p.data[p.pos]
		integer = integer && c != '.' && c != 'e' && c != 'E'
		p.pos++
	}
	text := string(p.data[start:p.pos])
	if integer {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value{kind: kindInteger, bits: uint64(i)}, true
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if math.IsInf(f, 0) {
		p.overflow = true
		return value{}, false
	}
	return value{kind: kindDouble, bits: math.Float64bits(f)}, err == nil
}

func isNumberByte(c byte) bool {
	return '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E'
}

// string reads what follows an opening quote, with the closing one.
func (p *parser) string() (span, bool) {
	start := p.pos
	for ; p.pos < len(p.data); p.pos++ {
		switch c := p.data[p.pos]; {
		case c == '"':
			p.pos++
			return span{uint32(start), uint32(p.pos - 1)}, true
		case c == '\\':
			from := len(p.extra)
			p.extra = append(p.extra, p.data[start:p.pos]...)
			ok := p.escapedString()
			n := len(p.data)
			return span{uint32(n + from), uint32(n + len(p.extra))}, ok
		case c < ' ':
			return span{}, false
		}
	}
	return span{}, false
}

// escapedString reads the rest of a string, with the closing quote, to the end of extra.
func (p *parser) escapedString() bool {
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		if c < ' ' {
			return false
		}
		p.pos++
		switch c {
		case '"':
			return true
		case '\\':
			var ok bool
			if p.extra, ok = p.escape(p.extra); !ok {
				return false
			}
		default:
			p.extra = append(p.extra, c)
		}
	}
	return false
}

func (p *parser) escape(text []byte) ([]byte, bool) {
	if p.pos == len(p.data) {
		return nil, false
	}
	c := p.data[p.pos]
	p.pos++
	switch c {
	case '"', '\\', '/':
		return append(text, c), true
	case 'b':
		return append(text, '\b'), true
	case 'f':
		return append(text, '\f'), true
	case 'n':
		return append(text, '\n'), true
	case 'r':
		return append(text, '\r'), true
	case 't':
		return append(text, '\t'), true
	case 'u':
		r, ok := p.codepoint()
		return utf8.AppendRune(text, r), ok
	}
	p.eaten = true
	return nil, false
}

// codepoint reads the four digits after \u, and the second half of a pair.
func (p *parser) codepoint() (rune, bool) {
	r, ok := p.hex4()
	switch {
	case !ok || 0xdc00 <= r && r <= 0xdfff:
		return 0, false
	case r < 0xd800 || r > 0xdfff:
		return r, true
	}
	if !p.literal(`\u`) {
		return 0, false
	}
	low, ok := p.hex4()
	if !ok || low < 0xdc00 || low > 0xdfff {
		return 0, false
	}
	return 0x10000 + (r-0xd800)<<10 + (low - 0xdc00), true
}

func (p *parser) hex4() (rune, bool) {
	var r rune
	for range 4 {
		switch c := p.peek(); {
		case '0' <= c && c <= '9':
			r = r<<4 + rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 + rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 + rune(c-'A'+10)
		default:
			return 0, false
		}
		p.pos++
	}
	return r, true
}
