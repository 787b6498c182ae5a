package resources

import "strings"

// Nearest finds the entry of among that word was probably meant to be: equal
// but for case or file ending, or at most a third of its letters (and three)
// away. It is for "did you mean" texts.
func Nearest(word string, among []string) (string, bool) {
	w := stem(word)
	best, bestDistance := "", min(3, max(1, len(w)/3))+1
	for _, candidate := range among {
		c := stem(candidate)
		if c == w {
			return candidate, true
		}
		if d := distance(w, c); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best, best != ""
}

func stem(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".json") }

// distance counts the letters to insert, delete, change or swap with their
// neighbour to get from a to b (optimal string alignment).
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
