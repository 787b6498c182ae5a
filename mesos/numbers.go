package mesos

import "math"

// How stout turns a JSON number into a field's type: a static_cast. Where C++
// leaves the result open (a double that the integer cannot hold) these give
// what the x86-64 builds of Mesos give.

func (v value) double() float64 {
	if v.kind == kindInteger {
		return float64(int64(v.bits))
	}
	return math.Float64frombits(v.bits)
}

func (v value) int64() int64 {
	if v.kind == kindInteger {
		return int64(v.bits)
	}
	return truncate(math.Float64frombits(v.bits))
}

func (v value) uint64() uint64 {
	const half = 1 << 63
	if v.kind == kindInteger {
		return v.bits
	}
	f := math.Float64frombits(v.bits)
	if f >= half {
		return uint64(truncate(f-half)) ^ half
	}
	return uint64(truncate(f))
}

func (v value) int32() int32 {
	if v.kind == kindInteger {
		return int32(v.bits)
	}
	n := truncate(math.Float64frombits(v.bits))
	if n < math.MinInt32 || n > math.MaxInt32 {
		return math.MinInt32
	}
	return int32(n)
}

func (v value) uint32() uint32 { return uint32(v.int64()) }

// truncate cuts the fraction off; what no int64 holds becomes the least one.
func truncate(f float64) int64 {
	if f >= math.MinInt64 && f < -math.MinInt64 {
		return int64(f)
	}
	return math.MinInt64
}
