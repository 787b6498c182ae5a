package resources

import (
	"cmp"
	"slices"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Range is Begin to End, both included.
type Range struct{ Begin, End uint64 }

// Len is the number of values, bounded by the largest uint64.
func (r Range) Len() uint64 {
	if n := r.End - r.Begin + 1; n != 0 {
		return n
	}
	return r.End
}

func fromProtoRanges(p *v1.Value_Ranges) []Range {
	out := make([]Range, 0, len(p.GetRange()))
	for _, r := range p.GetRange() {
		if r.GetBegin() <= r.GetEnd() {
			out = append(out, Range{r.GetBegin(), r.GetEnd()})
		}
	}
	return out
}

func toProtoRanges(rs []Range) *v1.Value_Ranges {
	out := &v1.Value_Ranges{Range: make([]*v1.Value_Range, len(rs))}
	for i, r := range rs {
		out.Range[i] = &v1.Value_Range{Begin: proto.Uint64(r.Begin), End: proto.Uint64(r.End)}
	}
	return out
}

// mergeRanges sorts rs, which it may change, and joins what overlaps or touches.
func mergeRanges(rs []Range) []Range {
	if len(rs) < 2 {
		return rs
	}
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.Begin, b.Begin) })
	out := rs[:1]
	for _, r := range rs[1:] {
		last := &out[len(out)-1]
		if last.End == ^uint64(0) || r.Begin <= last.End+1 {
			last.End = max(last.End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// subtractRanges is a without b; both are merged.
func subtractRanges(a, b []Range) []Range {
	if len(a) == 0 || len(b) == 0 {
		return a
	}
	var out []Range
	for _, r := range a {
		for _, cut := range b {
			if cut.End < r.Begin || cut.Begin > r.End {
				continue
			}
			if cut.Begin > r.Begin {
				out = append(out, Range{r.Begin, cut.Begin - 1})
			}
			if cut.End >= r.End {
				r.Begin, r.End = 1, 0
				break
			}
			r.Begin = cut.End + 1
		}
		if r.Begin <= r.End {
			out = append(out, r)
		}
	}
	return out
}

// containsRanges says whether every value of b is in a; both are merged.
func containsRanges(a, b []Range) bool {
	return !slices.ContainsFunc(b, func(want Range) bool {
		return !slices.ContainsFunc(a, func(have Range) bool {
			return have.Begin <= want.Begin && want.End <= have.End
		})
	})
}
