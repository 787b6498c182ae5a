package mesos

import "strings"

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeBase64 reads standard base64 as leniently as stout: white space is
// skipped, the first '=' ends the text, padding may be missing or wrong, and
// bits left over are dropped.
func decodeBase64(text []byte) ([]byte, error) {
	out := make([]byte, 0, len(text)*3/4)
	var acc uint32
	bits := 0
	for _, c := range text {
		if c == '=' {
			break
		}
		if c == ' ' || '\t' <= c && c <= '\r' {
			continue
		}
		digit := strings.IndexByte(base64Alphabet, c)
		if digit < 0 {
			return nil, convertError("Invalid character '" + string([]byte{c}) + "'")
		}
		acc = acc<<6 | uint32(digit)
		if bits += 6; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	return out, nil
}
