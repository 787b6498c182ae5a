package master

import "strconv"

func fmtInt(n int64) string { return strconv.FormatInt(n, 10) }

// fmtFloat writes f as short as it can be read back.
func fmtFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// streamFloat writes f with six digits, as a C++ stream does.
func streamFloat(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }
