package snippets

import (
	"maps"
	"slices"
	"strings"
)

// op is one line of an alignment of expected with actual output.
type op struct {
	kind byte   // ' ' as expected, '-' expected and missing, '+' printed and not expected
	text string // of the expected line, for '+' of the actual one
	exp  int    // index of the expected line that it is or stands before
	act  int    // index of the actual line; -1 for '-' and for the line "..."
}

// most bounds the table of align, in entries: 100 expected lines by 10,000 actual ones.
const most = 1_000_000

// align finds how the actual lines fit the expected ones, and how many lines are
// missing or too many; 0 is a match. What fits line by line at both ends, up to a
// line that stands for any, is taken as it is; between, the count is the lowest.
func align(expected []matcher, actual []string) ([]op, int) {
	head, tail := 0, 0
	for head < min(len(expected), len(actual)) && !expected[head].any && expected[head].matches(actual[head]) {
		head++
	}
	n, m := len(expected), len(actual)
	for tail < min(n, m)-head && !expected[n-1-tail].any && expected[n-1-tail].matches(actual[m-1-tail]) {
		tail++
	}
	middle, cost := alignMiddle(expected[head:n-tail], actual[head:m-tail])
	var ops []op
	for i := range head {
		ops = append(ops, op{' ', expected[i].text, i, i})
	}
	for _, o := range middle {
		o.exp += head
		if o.act >= 0 {
			o.act += head
		}
		ops = append(ops, o)
	}
	for k := tail; k > 0; k-- {
		ops = append(ops, op{' ', expected[n-k].text, n - k, m - k})
	}
	return ops, cost
}

// alignMiddle is align with the lowest count.
func alignMiddle(expected []matcher, actual []string) ([]op, int) {
	if limit := most / (len(expected) + 1); len(actual) > limit {
		actual = append(actual[:limit:limit], "(and more)")
	}
	cost := costs(expected, actual)
	var ops []op
	i, j := 0, 0
	for i < len(expected) || j < len(actual) {
		c := cost[i][j]
		switch {
		case i < len(expected) && expected[i].any && c == cost[i+1][j]:
			ops = append(ops, op{' ', expected[i].text, i, -1})
			i++
		case i < len(expected) && expected[i].any && c == cost[i][j+1]:
			j++ // one of the lines that ... stands for
		case i < len(expected) && j < len(actual) && c == cost[i+1][j+1] && expected[i].matches(actual[j]):
			ops = append(ops, op{' ', expected[i].text, i, j})
			i, j = i+1, j+1
		case i < len(expected) && c == cost[i+1][j]+1 && !(j < len(actual) && c == cost[i][j+1]+1 && missing(ops)):
			ops = append(ops, op{'-', expected[i].text, i, -1})
			i++
		default:
			ops = append(ops, op{'+', actual[j], i, j})
			j++
		}
	}
	return ops, cost[0][0]
}

// missing tells whether the alignment so far ends in a missing line: then a line
// too many is taken as what came instead of it.
func missing(ops []op) bool { return len(ops) > 0 && ops[len(ops)-1].kind == '-' }

// costs is the table of align: how many lines are wrong from expected i and
// actual j to the end.
func costs(expected []matcher, actual []string) [][]int {
	n, m := len(expected), len(actual)
	cost := make([][]int, n+1)
	for i := range cost {
		cost[i] = make([]int, m+1)
	}
	for j := m - 1; j >= 0; j-- {
		cost[n][j] = cost[n][j+1] + 1
	}
	for i := n - 1; i >= 0; i-- {
		e := expected[i]
		cost[i][m] = cost[i+1][m]
		if !e.any {
			cost[i][m]++
		}
		for j := m - 1; j >= 0; j-- {
			switch {
			case e.any:
				cost[i][j] = min(cost[i+1][j], cost[i][j+1])
			case e.matches(actual[j]):
				cost[i][j] = cost[i+1][j+1]
			default:
				cost[i][j] = 1 + min(cost[i+1][j], cost[i][j+1])
			}
		}
	}
	return cost
}

// compare is Match with the alignment. Labels are bound only when all fits.
func compare(expected, actual string, values Values) ([]op, bool) {
	ms, act := compile(expected, values), lines(actual)
	ops, cost := align(ms, act)
	bound := maps.Clone(values)
	if bound == nil {
		bound = Values{}
	}
	var out []op
	for _, o := range ops {
		if o.kind == ' ' && o.act >= 0 && !ms[o.exp].bind(act[o.act], bound) {
			out = append(out, op{'-', o.text, o.exp, -1}, op{'+', act[o.act], o.exp, o.act})
			cost += 2
			continue
		}
		out = append(out, o)
	}
	if cost == 0 && values != nil {
		maps.Copy(values, bound)
	}
	return out, cost == 0
}

// render shows an alignment with three lines around each difference, and gives
// the index of the first expected line that differs.
func render(ops []op) (text string, first int) {
	const context = 3
	var b strings.Builder
	first = -1
	shown := -1
	ops = grouped(ops)
	for k, o := range ops {
		if o.kind != ' ' && first < 0 {
			first = o.exp
		}
		if !near(ops, k, context) {
			continue
		}
		if shown >= 0 && shown < k-1 || shown < 0 && k > 0 {
			b.WriteString("  (…)\n")
		}
		shown = k
		b.WriteString(strings.TrimRight(string(o.kind)+" "+o.text, " ") + "\n")
	}
	return b.String(), max(first, 0)
}

// grouped puts the missing lines of each difference before those that came instead.
func grouped(ops []op) []op {
	out := slices.Clone(ops)
	for start := 0; start < len(out); {
		end := start + 1
		for end < len(out) && out[start].kind != ' ' && out[end].kind != ' ' {
			end++
		}
		slices.SortStableFunc(out[start:end], func(a, b op) int { return int(b.kind) - int(a.kind) })
		start = end
	}
	return out
}

func near(ops []op, k, context int) bool {
	for d := max(0, k-context); d <= min(len(ops)-1, k+context); d++ {
		if ops[d].kind != ' ' {
			return true
		}
	}
	return false
}
