package session

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// A text is valid when gjson says so; strings of every length put quotes, escapes
// and control characters at every place of the eight bytes that are looked at.
func TestValidJSON(t *testing.T) {
	texts := []string{"", " ", "{}", "[]", "[ ]", "{ }", "null", "nul", "true", "false", "truefalse", "nullx", `""`, `"`, "0", "-", "-0", "01", "1.", "1.5", ".5", "+1",
		"1e", "1e5", "1E+5", "1e-", "1.5e300", "-1.0E-1", `{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":}`, `{,}`, "[1,2]", "[1,]", "[,1]", "[1 2]", "[", "]", "}", "{", `{"a"`,
		`{"a":1]`, "[1}", "\xef\xbb\xbf{}", "\x00", "{}\x00", "{} {}", " \t\r\n{}\n", `"\u12"`, `"\u12g4"`, `"\uABcd"`, `"\x"`, `"\`, "1\n2", "\v1"}
	for _, inner := range []string{"", `\"`, `\\`, `\u00e9`, `\u00`, "\x1f", "\x7f", "\x80", "\xff", "\xa2\xdc", "é", `"`, `\`, "!", "#", "[", "]", "\n"} {
		for n := range 20 {
			for m := range 10 {
				texts = append(texts, `"`+strings.Repeat("x", n)+inner+strings.Repeat("y", m)+`"`)
			}
		}
	}
	for _, text := range texts {
		if got, want := validJSON(text), gjson.Valid(text); got != want {
			t.Errorf("%q: valid %v, want %v", text, got, want)
		}
	}
}

// A text of brackets alone does not use up the stack.
func TestDepthIsBounded(t *testing.T) {
	for _, c := range []struct {
		depth int
		valid bool
	}{{maxDepth, true}, {maxDepth + 1, false}, {64 << 20, false}} {
		for _, part := range []string{"[]", `{"":}`} {
			open, end := part[:len(part)-1], part[len(part)-1:]
			inner := ""
			if open == `{"":` {
				inner = "0"
			}
			n := min(c.depth, (64<<20)/len(part))
			if got := validJSON(strings.Repeat(open, n) + inner + strings.Repeat(end, n)); got != c.valid {
				t.Errorf("%d times %s: valid %v, want %v", n, part, got, c.valid)
			}
		}
	}
	if e := parseEvent(`{"type":"X","y":` + strings.Repeat("[", 1<<20)); e.Type != EventInvalid {
		t.Errorf("a record of brackets is %s", e.Type)
	}
}

func FuzzValidJSON(f *testing.F) {
	for _, seed := range []string{bigOffers()[:1200], `{"a":[1,-2.5e+3,true,false,null,"x\"\u00e9"]}`, ` [ ] `} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := validJSON(text), gjson.Valid(text); got != want {
			t.Errorf("valid: %v, want %v", got, want)
		}
	})
}
