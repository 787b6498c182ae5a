package snippets

import (
	"regexp"
	"slices"
	"strings"
)

// anyLines alone on a line of expected output stands for any number of lines.
const anyLines = "..."

// named are the patterns that can stand in expected output between < and >.
var named = []struct{ name, pattern string }{
	{"UUID", `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`},
	{"ID", `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?:\d{4,}|[SO]\d+)`}, // of frameworks, agents, offers (master/master.cpp, newFrameworkId)
	{"INT", `[-+]?\d+`},
	{"NUM", `[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?`},
	{"DURATION", `(?:\d+(?:\.\d+)?(?:h|ms|m|s|µs|us|ns))+`},
	{"TIME", `(?:\d{4}-\d{2}-\d{2}[T ])?\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[-+]\d{2}:?\d{2})?`},
	{"HOST", `[\w.:\[\]-]+`},
	{"WORD", `\S+`},
}

// special finds what is not literal in a line: ... and <NAME> or <NAME:label>,
// and gaps of two or more blanks.
var special = regexp.MustCompile(`\.\.\.|<([A-Z]+)(?::([a-z_]+))?>|  +`)

// Values holds what labelled patterns stood for so far (<ID:framework>): the
// first place binds the label, later ones must hold the same text.
type Values map[string]string

// Match tells whether the actual text is what the expected one describes.
// Trailing blanks and blank lines at the end are ignored. In the expected text
//
//   - ... stands for any text within a line, alone on a line for any lines;
//   - <UUID>, <ID>, <INT>, <NUM>, <DURATION>, <TIME>, <HOST> and <WORD> stand for one such value;
//     <ID:name> must be the same value wherever it stands with this name;
//   - two or more blanks within a line stand for one or more (columns of a table).
//
// Labels are looked up in values and, when the texts match, added to it.
func Match(expected, actual string, values Values) bool {
	_, ok := compare(expected, actual, values)
	return ok
}

// lines cuts a text as Match compares it: bytes that are no UTF-8 are the same
// on both sides, as they cannot stand in a regular expression.
func lines(text string) []string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	all := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := range all {
		all[i] = strings.TrimRight(all[i], " \t\r")
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// matcher is one line of expected output.
type matcher struct {
	text   string
	any    bool           // stands for any lines
	re     *regexp.Regexp // nil: the text itself
	labels []string       // of the groups of re; "" without label
}

func compile(expected string, values Values) []matcher {
	var ms []matcher
	for _, line := range lines(expected) {
		ms = append(ms, compileLine(line, values))
	}
	return ms
}

func compileLine(line string, values Values) matcher {
	m := matcher{text: line, any: strings.TrimSpace(line) == anyLines}
	places := special.FindAllStringSubmatchIndex(line, -1)
	if m.any || places == nil {
		return m
	}
	var b strings.Builder
	b.WriteString("^")
	last := 0
	for _, at := range places {
		b.WriteString(regexp.QuoteMeta(line[last:at[0]]))
		b.WriteString(m.pattern(line, at, values))
		last = at[1]
	}
	b.WriteString(regexp.QuoteMeta(line[last:]) + `[ \t]*$`)
	m.re = regexp.MustCompile(b.String())
	return m
}

// pattern gives the regular expression of one special place of the line.
func (m *matcher) pattern(line string, at []int, values Values) string {
	found := line[at[0]:at[1]]
	switch {
	case found == "...":
		return ".*"
	case found[0] == ' ' && at[0] == 0:
		return found // indentation counts
	case found[0] == ' ':
		return " +"
	}
	i := slices.IndexFunc(named, func(n struct{ name, pattern string }) bool { return n.name == line[at[2]:at[3]] })
	if i < 0 {
		return regexp.QuoteMeta(found)
	}
	label := ""
	if at[4] >= 0 {
		label = line[at[4]:at[5]]
	}
	if bound, ok := values[label]; ok && label != "" {
		return regexp.QuoteMeta(bound)
	}
	m.labels = append(m.labels, label)
	return "(" + named[i].pattern + ")"
}

func (m matcher) matches(line string) bool {
	if m.re == nil {
		return m.any || m.text == line
	}
	return m.re.MatchString(line)
}

// bind takes the values of the line's labels; it gives false when a label has
// another value already.
func (m matcher) bind(line string, values Values) bool {
	if len(m.labels) == 0 || values == nil {
		return true
	}
	groups := m.re.FindStringSubmatch(line)
	for i, label := range m.labels {
		if label == "" {
			continue
		}
		if bound, ok := values[label]; ok && bound != groups[i+1] {
			return false
		}
		values[label] = groups[i+1]
	}
	return true
}
