package kernel

import (
	"reflect"
	"regexp"
	"strings"
)

// plainNames writes types in texts for people as the author of a cell does:
// Offer where the checker says session.Offer, any where it says interface{}.
type plainNames struct{ helperType *regexp.Regexp }

func newPlainNames(helpers map[string]reflect.Value) plainNames {
	var types []string
	for name, v := range helpers {
		if v.Kind() == reflect.Pointer && v.IsNil() && !v.CanAddr() && v.Type().Elem().Name() == name {
			types = append(types, regexp.QuoteMeta(v.Type().Elem().String()))
		}
	}
	if len(types) == 0 {
		return plainNames{}
	}
	return plainNames{regexp.MustCompile(`\b(?:` + strings.Join(types, "|") + `)\b`)}
}

func (p plainNames) in(text string) string {
	text = strings.ReplaceAll(text, "interface{}", "any")
	if p.helperType == nil {
		return text
	}
	return p.helperType.ReplaceAllStringFunc(text, func(name string) string { return name[strings.IndexByte(name, '.')+1:] })
}

func (p plainNames) of(d Description) Description {
	d.Type = p.in(d.Type)
	return d
}
