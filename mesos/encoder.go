package mesos

import (
	"encoding/base64"
	"math"
	"strconv"
)

// An Encoder writes JSON text, compact and in the number and string forms of
// Mesos, to a buffer that grows. It sets the commas itself; the caller sees to
// it that each Begin has its End and each Key its value. The zero Encoder is
// ready to use. Methods that write give the Encoder back, so that a member is
// one line:
//
//	e.BeginObject()
//	e.Key("cpus").Double(2)
//	e.Key("name").String("demo")
//	e.EndObject()
//
// An Encoder is for one goroutine at a time.
type Encoder struct {
	buf     []byte
	start   int  // what was in buf before: no part of the text
	missing bool // a message lacked a required field
	err     error
}

// NewEncoder gives an Encoder that appends to buf, which may be nil.
func NewEncoder(buf []byte) *Encoder { return &Encoder{buf: buf, start: len(buf)} }

// Bytes is the text so far, behind what the buffer held at first. It is valid
// until the next write.
func (e *Encoder) Bytes() []byte { return e.buf }

// Err is the first error of Message, Members or [EncodeList], or nil: a page of
// many messages is written in one go and asked once at the end. After an error the
// text is of no use.
func (e *Encoder) Err() error { return e.err }

// sep writes the comma that a value or key needs after its predecessor. What is
// open ends in '{', '[' or ':', which no finished value ends in.
func (e *Encoder) sep() {
	if n := len(e.buf); n > e.start {
		switch e.buf[n-1] {
		case '{', '[', ':':
		default:
			e.buf = append(e.buf, ',')
		}
	}
}

// BeginObject opens an object.
func (e *Encoder) BeginObject() *Encoder {
	e.sep()
	e.buf = append(e.buf, '{')
	return e
}

// EndObject closes the object that is open.
func (e *Encoder) EndObject() *Encoder {
	e.buf = append(e.buf, '}')
	return e
}

// BeginArray opens an array.
func (e *Encoder) BeginArray() *Encoder {
	e.sep()
	e.buf = append(e.buf, '[')
	return e
}

// EndArray closes the array that is open.
func (e *Encoder) EndArray() *Encoder {
	e.buf = append(e.buf, ']')
	return e
}

// Key writes the name of a member; its value comes next.
func (e *Encoder) Key(name string) *Encoder {
	e.sep()
	e.buf = append(AppendString(e.buf, name), ':')
	return e
}

// String writes a string, see [AppendString].
func (e *Encoder) String(s string) *Encoder {
	e.sep()
	e.buf = AppendString(e.buf, s)
	return e
}

// Double writes a number with a point or an exponent, see [AppendDouble].
func (e *Encoder) Double(f float64) *Encoder {
	e.sep()
	e.buf = AppendDouble(e.buf, f)
	return e
}

// Int writes an integer.
func (e *Encoder) Int(n int64) *Encoder {
	e.sep()
	e.buf = strconv.AppendInt(e.buf, n, 10)
	return e
}

// Uint writes an integer.
func (e *Encoder) Uint(n uint64) *Encoder {
	e.sep()
	e.buf = strconv.AppendUint(e.buf, n, 10)
	return e
}

// Bool writes true or false.
func (e *Encoder) Bool(b bool) *Encoder {
	e.sep()
	e.buf = strconv.AppendBool(e.buf, b)
	return e
}

// Null writes null.
func (e *Encoder) Null() *Encoder { return e.Raw([]byte("null")) }

// Base64 writes data as a string in padded standard base64.
func (e *Encoder) Base64(data []byte) *Encoder {
	e.sep()
	e.buf = append(e.buf, '"')
	e.buf = base64.StdEncoding.AppendEncode(e.buf, data)
	e.buf = append(e.buf, '"')
	return e
}

// Raw writes text as it is: one JSON value, for instance from [Marshal].
func (e *Encoder) Raw(text []byte) *Encoder {
	e.sep()
	e.buf = append(e.buf, text...)
	return e
}

// AppendDouble appends f in the shortest form that reads back as f, as rapidjson
// lays it out: plain between 1e-6 and 1e21 and always with a point (15.0),
// otherwise with an exponent (1e21, 1.5e-7). (rapidjson's own digits are at times
// not the shortest, or differ in the last; they read back alike.) Infinities are the strings
// "Infinity" and "-Infinity", as Mesos patches rapidjson to do. NaN, which Mesos
// writes bare and no JSON parser reads, is the string "NaN".
func AppendDouble(dst []byte, f float64) []byte {
	abs := math.Abs(f)
	switch {
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case abs < 1e15 && f == math.Trunc(f) && (f != 0 || !math.Signbit(f)):
		return append(strconv.AppendInt(dst, int64(f), 10), ".0"...)
	case abs >= 1e21:
		return appendExponent(dst, f)
	case abs < 1e-6 && f != 0:
		return appendExponent(dst, f)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendExponent writes 1e+21 as 1e21 and 1.5e-07 as 1.5e-7.
func appendExponent(dst []byte, f float64) []byte {
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	at := len(dst) - 1
	for dst[at] != 'e' {
		at--
	}
	negative := dst[at+1] == '-'
	digits := dst[at+2:]
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	dst = dst[:at+1]
	if negative {
		dst = append(dst, '-')
	}
	return append(dst, digits...)
}

// AppendString appends s in quotes. Quote, backslash and control characters are
// escaped, the latter in the short form where there is one and else with upper
// case digits (\u001F). '/', 0x7F and what is beyond ASCII stay as they are, also
// bytes that are no UTF-8: Mesos does not check.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			dst = append(dst, s[done:i]...)
			dst = appendEscaped(dst, c)
			done = i + 1
		}
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	switch c {
	case '\b':
		c = 'b'
	case '\t':
		c = 't'
	case '\n':
		c = 'n'
	case '\f':
		c = 'f'
	case '\r':
		c = 'r'
	case '"', '\\':
	default:
		return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	return append(dst, '\\', c)
}
