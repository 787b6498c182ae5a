package session

import (
	"math"
	"math/bits"
	"strings"
	"unsafe"
)

// The functions here go over JSON text (RFC 8259) once, from front to back: they
// check all of it and hand out members and elements on the way. Bytes that are not
// UTF-8 may stand in strings. Each takes the position where something is to begin,
// gives the position behind it, and passes bad on.

const (
	// bad is the position behind what is not JSON: behind every text.
	bad = math.MaxInt / 2

	// maxDepth is how deep objects and arrays may stand in each other. encoding/json
	// draws the same line; gjson draws none, and 64 MiB of brackets use up its stack,
	// which ends the program.
	maxDepth = 10_000
)

// validJSON tells whether text is one JSON value.
func validJSON(text string) bool { return skipSpace(text, skipValue(text, 0, 0)) == len(text) }

// validBytes is validJSON without a copy of the text.
func validBytes(text []byte) bool { return validJSON(unsafe.String(unsafe.SliceData(text), len(text))) }

// byteAt is the byte at a position; 0 at the end and for bad.
func byteAt(text string, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}

// skipSpace passes over white space, of which masters write none.
func skipSpace(text string, i int) int {
	if i < len(text) && text[i] > ' ' {
		return i
	}
	return skipBlanks(text, i)
}

func skipBlanks(text string, i int) int {
	for c := byteAt(text, i); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = byteAt(text, i) {
		i++
	}
	return i
}

// skipValue passes over a value of any kind, and white space before it.
func skipValue(text string, i, depth int) int {
	i = skipSpace(text, i)
	switch byteAt(text, i) {
	case '"':
		return skipString(text, i)
	case '{':
		return eachMember(text, i, depth, nil)
	case '[':
		return eachElement(text, i, depth, nil)
	case 't':
		return skipWord(text, i, "true")
	case 'f':
		return skipWord(text, i, "false")
	case 'n':
		return skipWord(text, i, "null")
	}
	return skipNumber(text, i)
}

// eachMember passes over an object. visit gets the key as it is written and the
// position of the value, which it must pass over; nil does that.
func eachMember(text string, i, depth int, visit func(key string, i int) int) int {
	if byteAt(text, i) != '{' || depth == maxDepth {
		return bad
	}
	i = skipSpace(text, i+1)
	if byteAt(text, i) == '}' {
		return i + 1
	}
	for {
		begin := i
		end := skipString(text, i)
		i = skipSpace(text, end)
		switch {
		case byteAt(text, i) != ':':
			return bad
		case visit == nil:
			i = skipValue(text, i+1, depth+1)
		default:
			i = visit(text[begin+1:end-1], skipSpace(text, i+1))
		}
		i = skipSpace(text, i)
		switch byteAt(text, i) {
		case ',':
			i = skipSpace(text, i+1)
		case '}':
			return i + 1
		default:
			return bad
		}
	}
}

// eachElement passes over an array. visit gets the position of each element, which
// it must pass over; nil does that.
func eachElement(text string, i, depth int, visit func(i int) int) int {
	if byteAt(text, i) != '[' || depth == maxDepth {
		return bad
	}
	i = skipSpace(text, i+1)
	if byteAt(text, i) == ']' {
		return i + 1
	}
	for {
		if visit == nil {
			i = skipValue(text, i, depth+1)
		} else {
			i = visit(i)
		}
		i = skipSpace(text, i)
		switch byteAt(text, i) {
		case ',':
			i = skipSpace(text, i+1)
		case ']':
			return i + 1
		default:
			return bad
		}
	}
}

// skipString passes over a string.
func skipString(text string, i int) int {
	if byteAt(text, i) != '"' {
		return bad
	}
	i = skipPlain(text, i+1)
	for byteAt(text, i) == '\\' {
		i = skipPlain(text, skipEscape(text, i))
	}
	if byteAt(text, i) != '"' {
		return bad
	}
	return i + 1
}

// skipPlain gives the position of the first byte that means something in a string:
// a quote, a backslash or a control character; len(text) without one. It looks at
// eight bytes at once: less, with n in each byte, leaves the high bit set in bytes
// below n, and certainly so in the first of them.
func skipPlain(text string, i int) int {
	const ones = 0x0101010101010101
	less := func(x, n uint64) uint64 { return (x - n*ones) &^ x }
	for ; i+8 <= len(text); i += 8 {
		b := text[i : i+8]
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		if hit := (less(x, ' ') | less(x^('"'*ones), 1) | less(x^('\\'*ones), 1)) & (0x80 * ones); hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(text) && text[i] >= ' ' && text[i] != '"' && text[i] != '\\'; i++ {
	}
	return i
}

// skipEscape passes over a backslash and what belongs to it.
func skipEscape(text string, i int) int {
	c := byteAt(text, i+1)
	if c != 'u' {
		if c == 0 || strings.IndexByte(`"\/bfnrt`, c) < 0 {
			return bad
		}
		return i + 2
	}
	for n := range 4 {
		if c := byteAt(text, i+2+n); (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return bad
		}
	}
	return i + 6
}

func skipWord(text string, i int, word string) int {
	if !strings.HasPrefix(text[i:], word) {
		return bad
	}
	return i + len(word)
}

// skipNumber passes over [-]int[.digits][e[+-]digits], where int has no leading zero.
func skipNumber(text string, i int) int {
	if byteAt(text, i) == '-' {
		i++
	}
	first := byteAt(text, i)
	begin := i
	if i = skipDigits(text, i); i == bad || (first == '0' && i > begin+1) {
		return bad
	}
	if byteAt(text, i) == '.' {
		i = skipDigits(text, i+1)
	}
	if c := byteAt(text, i); c != 'e' && c != 'E' {
		return i
	}
	if c := byteAt(text, i+1); c == '+' || c == '-' {
		i++
	}
	return skipDigits(text, i+1)
}

// skipDigits passes over one or more decimal digits.
func skipDigits(text string, i int) int {
	begin := i
	for c := byteAt(text, i); '0' <= c && c <= '9'; c = byteAt(text, i) {
		i++
	}
	if i == begin {
		return bad
	}
	return i
}
