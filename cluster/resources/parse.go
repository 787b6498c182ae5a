package resources

import (
	"fmt"
	"strconv"
	"strings"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Parse reads what Mesos' agent takes as --resources:
// "cpus:2;mem:496;ports:[9000-10000];disks(role):{a,b}". The order is kept.
// Each resource comes unreserved, or statically reserved for the role given.
func Parse(text string) ([]*v1.Resource, error) {
	var out []*v1.Resource
	for _, part := range splitPairs(text) {
		p, err := parseResource(part)
		if err != nil {
			return nil, fmt.Errorf("parse resource %q: %w (want NAME:VALUE;..., as in cpus:2;mem:496;ports:[9000-10000])", part, err)
		}
		out = append(out, p)
	}
	if err := Validate(out); err != nil {
		return nil, fmt.Errorf("parse resources %q: %w", text, err)
	}
	return out, nil
}

func parseResource(part string) (*v1.Resource, error) {
	name, value, ok := strings.Cut(part, ":")
	if !ok {
		return nil, fmt.Errorf("no colon")
	}
	name, role := strings.TrimSpace(name), "*"
	if before, after, ok := strings.Cut(name, "("); ok {
		inner, found := strings.CutSuffix(after, ")")
		if !found {
			return nil, fmt.Errorf("role without closing parenthesis")
		}
		name, role = strings.TrimSpace(before), strings.TrimSpace(inner)
	}
	v, err := parseValue(value)
	if err != nil {
		return nil, err
	}
	if v.GetType() == v1.Value_TEXT {
		return nil, fmt.Errorf("%q is neither a number nor [BEGIN-END] nor {A,B}", strings.TrimSpace(value))
	}
	p := &v1.Resource{Name: proto.String(name), Type: v.Type, Scalar: v.Scalar, Ranges: v.Ranges, Set: v.Set}
	if role != "*" {
		p.Reservations = []*v1.Resource_ReservationInfo{{Type: v1.Resource_ReservationInfo_STATIC.Enum(), Role: proto.String(role)}}
	}
	return p, nil
}

// ParseAttributes reads what Mesos' agent takes as --attributes:
// "rack:r2d2;pod:demo,dev". Numbers from zero on become scalars, [BEGIN-END]
// ranges, everything else text; blanks go (common/values.cpp). Sets are refused.
// The order is kept.
func ParseAttributes(text string) ([]*v1.Attribute, error) {
	var out []*v1.Attribute
	for _, part := range splitPairs(text) {
		name, value, ok := strings.Cut(part, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("parse attribute %q: want NAME:VALUE, as in rack:r2d2", part)
		}
		value = strings.ReplaceAll(value, " ", "")
		v, err := parseValue(value)
		switch {
		case err != nil:
			return nil, fmt.Errorf("parse attribute %q: %w", part, err)
		case v.GetType() == v1.Value_SET:
			return nil, fmt.Errorf("parse attribute %q: Mesos knows no attributes that are sets; give a text, as in pod:demo,dev", part)
		case v.GetScalar().GetValue() < 0:
			v = textValue(value)
		}
		out = append(out, &v1.Attribute{
			Name: proto.String(strings.TrimSpace(name)), Type: v.Type,
			Scalar: v.Scalar, Ranges: v.Ranges, Text: v.Text,
		})
	}
	return out, nil
}

func splitPairs(text string) []string {
	return strings.FieldsFunc(strings.TrimSpace(text), func(c rune) bool { return c == ';' || c == '\n' })
}

func parseValue(text string) (*v1.Value, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, fmt.Errorf("no value")
	case text[0] == '[':
		rs, err := parseRanges(text)
		return &v1.Value{Type: v1.Value_RANGES.Enum(), Ranges: rs}, err
	case text[0] == '{':
		items, err := parseItems(text, "{", "}")
		return &v1.Value{Type: v1.Value_SET.Enum(), Set: &v1.Value_Set{Item: items}}, err
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil && v-v == 0 {
		return &v1.Value{Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(v)}}, nil
	}
	return textValue(text), nil
}

func textValue(text string) *v1.Value {
	return &v1.Value{Type: v1.Value_TEXT.Enum(), Text: &v1.Value_Text{Value: proto.String(text)}}
}

func parseRanges(text string) (*v1.Value_Ranges, error) {
	items, err := parseItems(text, "[", "]")
	if err != nil {
		return nil, err
	}
	out := &v1.Value_Ranges{}
	for _, item := range items {
		from, to, ok := strings.Cut(item, "-")
		begin, err1 := strconv.ParseUint(strings.TrimSpace(from), 10, 64)
		end, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 64)
		if !ok || err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%q is not BEGIN-END", item)
		}
		out.Range = append(out.Range, &v1.Value_Range{Begin: proto.Uint64(begin), End: proto.Uint64(end)})
	}
	return out, nil
}

func parseItems(text, open, closing string) ([]string, error) {
	inner, ok := strings.CutSuffix(strings.TrimPrefix(text, open), closing)
	if !ok {
		return nil, fmt.Errorf("%q does not end with %s", text, closing)
	}
	var out []string
	for item := range strings.SplitSeq(inner, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out, nil
}
