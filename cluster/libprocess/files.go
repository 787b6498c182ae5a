package libprocess

//lint:file-ignore ST1005 the texts are those that Mesos sends

import "fmt"

// FileNumber reads the offset or length of a query to the files API: -1 when it
// is not there, as -1 itself (files.cpp: __read). The error is a whole body.
func FileNumber(q Query, name string) (int64, error) {
	text, there := q.Get(name)
	if !there {
		return -1, nil
	}
	n, err := ParseInt(text, 64)
	if err != nil {
		return 0, fmt.Errorf("Failed to parse %s: %w.\n", name, err)
	}
	if n < -1 {
		return 0, fmt.Errorf("Negative %s provided: %d.\n", name, n)
	}
	return n, nil
}
