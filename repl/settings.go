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
	theme  theme
}

// settingNames are what `:set` knows, in the order in which it shows them.
var settingNames = [...]string{"paging", "hints", "time", "lines", "theme"}

func (s *settings) print(out io.Writer) {
	for _, name := range settingNames {
		fmt.Fprintln(out, s.line(name))
	}
}

// line is a setting with its value and what it is for; name is one of settingNames.
func (s *settings) line(name string) string {
	var value, about string
	switch name {
	case "paging":
		value, about = onOff(s.paging), "show long values a window at a time"
	case "hints":
		value, about = onOff(s.hints), "show the signature of the function being called below the line"
	case "time":
		value, about = onOff(s.time), "show how long each cell took"
	case "lines":
		value, about = strconv.Itoa(s.lines), "cut values after so many lines when they are not paged; 0 never"
	case "theme":
		value, about = s.theme.name(), "colours for a dark or a light window"
	}
	return fmt.Sprintf("%-12s %s", name+" "+value, about)
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
			return fmt.Errorf(":set lines: want a number of lines, or 0 for all, got %q", value)
		}
		s.lines = n
		return nil
	case "theme":
		if value != dark && value != light {
			return fmt.Errorf(":set theme: want %s or %s, got %q", dark, light, value)
		}
		s.theme.setLight(value == light)
		return nil
	}
	return fmt.Errorf(":set %s: no such setting; there are %s", name, strings.Join(settingNames[:], ", "))
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
		return "on"
	}
	return "off"
}
