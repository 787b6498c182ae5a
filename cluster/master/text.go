package master

import (
	"math"
	"strconv"
	"strings"
)

func fmtInt(n int64) string { return strconv.FormatInt(n, 10) }

// fmtFloat writes f as short as it can be read back.
func fmtFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// streamFloat writes f with six digits, as a C++ stream does: also "inf", "nan".
func streamFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', 6, 64)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		s = strings.ToLower(strings.TrimPrefix(s, "+"))
	}
	return s
}
