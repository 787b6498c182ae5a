package libprocess

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseInt reads a whole number of so many bits, also as "0x1f"
// (stout/numify.hpp). The error is "Failed to convert 'x' to number".
func ParseInt(s string, bits int) (int64, error) {
	digits, negative := strings.CutPrefix(s, "-")
	if hex, ok := cutHex(digits); ok {
		// Hexadecimal digits stand for the bits: only "-" makes them negative.
		if n, err := strconv.ParseInt(hex, 16, bits); err == nil && isHex(hex[0]) {
			if negative {
				n = -n
			}
			return n, nil
		}
		return 0, notNumber(s)
	}
	if strings.Contains(s, "_") {
		return 0, notNumber(s)
	}
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		return 0, notNumber(s)
	}
	return n, nil
}

func cutHex(s string) (string, bool) {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return s[2:], true
	}
	return "", false
}

func notNumber(s string) error { return fmt.Errorf("Failed to convert '%s' to number", s) }

// units of a duration by name (stout/duration.hpp).
var units = []struct {
	name string
	size time.Duration
}{
	{"ns", 1}, {"us", time.Microsecond}, {"ms", time.Millisecond}, {"secs", time.Second}, {"mins", time.Minute},
	{"hrs", time.Hour}, {"days", 24 * time.Hour}, {"weeks", 7 * 24 * time.Hour},
}

// ParseDuration reads "5secs" or "1.5mins". The error has Mesos' text.
func ParseDuration(s string) (time.Duration, error) {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		return 0, fmt.Errorf("Invalid duration '%s'", s)
	}
	number, name := s[:end], s[end:]
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, notNumber(number)
	}
	for _, u := range units {
		if u.name != name {
			continue
		}
		nanos := value * float64(u.size)
		if nanos > math.MaxInt64 {
			return 0, errors.New("Argument out of the range that a Duration can represent due to int64_t's size limit")
		}
		return time.Duration(min(nanos, math.Nextafter(math.MaxInt64, 0))), nil
	}
	return 0, fmt.Errorf("Unknown duration unit '%s'; supported units are 'ns', 'us', 'ms', 'secs', 'mins', 'hrs', 'days', and 'weeks'", name)
}
