package snippets

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	const fw = "01578e58-656e-4dd6-a8b4-2d0b181f7f52-0000"
	for _, tt := range []struct {
		name, expected, actual string
		want                   bool
	}{
		{"same", "a\nb", "a\nb\n", true},
		{"empty", "", "\n", true},
		{"something for nothing", "", "a", false},
		{"nothing for something", "a", "", false},
		{"trailing blanks", "a  \nb", "a\nb\t\n\n", true},
		{"carriage returns", "a\nb", "a\r\nb\r\n", true},
		{"indentation counts", "  a", " a", false},
		{"dots in a line", "took ... s", "took 1.25 s", true},
		{"dots for nothing", "a...b", "ab", true},
		{"dots stay in the line", "a...b", "a\nb", false},
		{"any lines", "a\n...\nd", "a\nb\nc\nd", true},
		{"no lines", "a\n...\nb", "a\nb", true},
		{"any lines at the end", "a\n...", "a\nb\nc", true},
		{"any lines, then a line that comes twice", "...\nb\nc", "b\nb\nc", true},
		{"any lines do not hide a missing one", "a\n...\nd", "a\nb\nc", false},
		{"indented dots", "a\n  ...\nd", "a\nb\nd", true},
		{"uuid", "Stream-id <UUID>", "Stream-id 457f6646-fb66-4be6-aff6-49669146197c", true},
		{"no uuid", "Stream-id <UUID>", "Stream-id 457f6646", false},
		{"framework id", "<ID>", fw, true},
		{"offer id", "<ID>", "01578e58-656e-4dd6-a8b4-2d0b181f7f52-O12", true},
		{"numbers", "<INT> <NUM>", "-12 0.25", true},
		{"not an integer", "<INT>", "1.5", false},
		{"duration and time", "<DURATION> at <TIME>", "1m2.5s at 2026-11-22T18:00:01Z", true},
		{"unknown name is literal", "<TITLE>", "<TITLE>", true},
		{"lower case is literal", "<title>", "<title>", true},
		{"regular expressions are literal", "a.c [x]+ (y)", "a.c [x]+ (y)", true},
		{"and do not match", "a.c", "abc", false},
		{"columns", "id   state", "id             state", true},
		{"columns need a blank", "id   state", "idstate", false},
		{"one blank is one", "id state", "id  state", false},
		{"same label, same value", "<ID:f>\n<ID:f>", fw + "\n" + fw, true},
		{"same label, other value", "<ID:f>\n<ID:f>", fw + "\n" + strings.Replace(fw, "0000", "0001", 1), false},
	} {
		if got := Match(tt.expected, tt.actual, Values{}); got != tt.want {
			t.Errorf("%s: Match(%q, %q) = %v, want %v", tt.name, tt.expected, tt.actual, got, tt.want)
		}
	}
}

func TestLabelsLiveAcrossMatches(t *testing.T) {
	values := Values{}
	if !Match("task <INT:task>", "task 82", values) || values["task"] != "82" {
		t.Fatalf("got %v", values)
	}
	if Match("x <INT:task>", "x 83", values) {
		t.Error("another value matched")
	}
	if Match("<INT:new>\nb", "1\nc", values); values["new"] != "" {
		t.Error("a label was bound by a text that does not match")
	}
	if !Match("x <INT:task>", "x 82", values) {
		t.Error("the same value did not match")
	}
}

func TestRender(t *testing.T) {
	expected := "1\n2\n3\n4\n5\n6 <INT>\n7\n..."
	ops, ok := compare(expected, "1\n2\n3\n4\n5\n6 x\n7\n8\n", Values{})
	if ok {
		t.Fatal("matched")
	}
	text, first := render(ops)
	want := "  (…)\n  3\n  4\n  5\n- 6 <INT>\n+ 6 x\n  7\n  ...\n"
	if text != want || first != 5 {
		t.Errorf("got line %d and\n%s, want 5 and\n%s", first, text, want)
	}
}

func TestLongOutputIsCutNotHung(t *testing.T) {
	expected := strings.Repeat("a\n", 1000)
	if Match(expected, strings.Repeat("b\n", 1_000_000), nil) {
		t.Error("matched")
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{{"a ... <INT:n> <INT:n>", "a b 1 1"}, {"...\n<UUID>\n...", "x\n\ny"}, {"  a   b", "  a b"}, {"<ID:x>...<X>", "("}, {"<A>\xaa", "0"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, expected, actual string) {
		if len(expected)+len(actual) > 2000 {
			return
		}
		values := Values{}
		ops, ok := compare(expected, actual, values)
		if ok != Match(expected, actual, Values{}) {
			t.Fatalf("compare says %v and Match the contrary", ok)
		}
		text, _ := render(ops)
		if differs := strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "+ ") || strings.Contains(text, "\n- ") || strings.Contains(text, "\n+ ") || strings.HasPrefix(text, "-\n") || strings.HasPrefix(text, "+\n") || strings.Contains(text, "\n-\n") || strings.Contains(text, "\n+\n"); differs == ok {
			t.Fatalf("match is %v, and the diff is\n%s", ok, text)
		}
	})
}
