package repl

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// settings are what `:set` changes.
type settings struct {
	paging bool // show long values a window at a time
	hints  bool // show the signature of the function being called below the line
	time   bool // show how long each cell took
	lines  int  // cut values after so many lines when they are not paged; 0 never
}

func (s *settings) print(out io.Writer) {
	fmt.Fprintf(out, "paging %s   show long values a window at a time\n", onOff(s.paging))
	fmt.Fprintf(out, "hints %s    show the signature of the function being called below the line\n", onOff(s.hints))
	fmt.Fprintf(out, "time %s     show how long each cell took\n", onOff(s.time))
	fmt.Fprintf(out, "lines %d    cut values after so many lines when they are not paged; 0 never\n", s.lines)
}

// set changes one setting.
func (s *settings) set(name, value string) error {
	switch name {
	case "paging":
		return parseSwitch(name, value, &s.paging)
	case "hints":
		return parseSwitch(name, value, &s.hints)
	case "time":
		return parseSwitch(name, value, &s.time)
	case "lines":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf(":set lines %s: want a number of lines, or 0 for all", value)
		}
		s.lines = n
		return nil
	}
	return fmt.Errorf(":set %s: no such setting; there are paging, hints, time and lines", name)
}

func parseSwitch(name, value string, to *bool) error {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		*to = true
	case "off", "false", "no", "0":
		*to = false
	case "":
		*to = !*to
	default:
		return fmt.Errorf(":set %s %s: want on or off", name, value)
	}
	return nil
}

func onOff(b bool) string {
	if b {
		return "on "
	}
	return "off"
}
