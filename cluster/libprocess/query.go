package libprocess

import "strings"

// Query is what follows the "?" of a URL, or a form in a body: the last value of
// each name.
type Query map[string]string

// ParseQuery reads pairs between "&" or ";" (http.cpp: query::decode). The error
// has Mesos' text: "Malformed % escape in 'a%': '%'".
func ParseQuery(raw string) (Query, error) {
	q := Query{}
	for pair := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		key, err := unescape(name)
		if err != nil {
			return nil, err
		}
		if q[key], err = unescape(value); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// Get gives the value of a name, and whether the name is there at all.
func (q Query) Get(name string) (value string, there bool) {
	value, there = q[name]
	return value, there
}

// malformed is an escape that is none.
type malformed struct{ text, escape string }

func (e malformed) Error() string {
	return "Malformed % escape in '" + e.text + "': '" + e.escape + "'"
}

func unescape(s string) (string, error) {
	if !strings.ContainsAny(s, "%+") {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			out = append(out, ' ')
		case '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "", malformed{s, s[i:min(i+3, len(s))]}
			}
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return string(out), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// Escape writes s so that it can be a part of a path (http.cpp: encode).
func Escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x80 || strings.IndexByte(`$&+,/:;=?@"<>#%{}|\^~[]`+"`", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
