package resources

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// place is where a path leads in a document.
type place struct {
	path  string       // of gjson and sjson, without queries; "" the whole document
	value gjson.Result // what is there; may not exist
}

var brackets = regexp.MustCompile(`\[(\d+)\]`)

// locate follows path from the root of raw. The last step may lead to a key
// that is not there yet; every step before it must lead into an object, an
// element of an array, or to null or nothing (an object to be made there).
func locate(raw, path string) (place, error) {
	root := gjson.Parse(raw)
	if path == "" {
		return place{"", root}, nil
	}
	if brackets.MatchString(path) {
		dotted := strings.TrimPrefix(brackets.ReplaceAllString(path, ".$1"), ".")
		return place{}, fmt.Errorf("indexes are written with a dot: %q", dotted)
	}
	if strings.ContainsAny(unescaped(path), "#*?|@") {
		return locateQuery(raw, path)
	}
	at, walked := root, ""
	for _, part := range split(path) {
		if part == "" {
			return place{}, errors.New("the path has an empty step; write it like accept.operations.0.launch")
		}
		if err := step(at, part, walked); err != nil {
			return place{}, err
		}
		at = at.Get(part)
		walked = join(walked, part)
	}
	return place{path, at}, nil
}

// locateQuery resolves a path with a query, such as
// resources.#(name=="cpus").scalar.value, to the plain path of its first match.
func locateQuery(raw, path string) (place, error) {
	r := gjson.Get(raw, path)
	if !r.Exists() {
		return place{}, errors.New("the query matches nothing")
	}
	plain := ""
	if r.Index > 0 {
		plain = r.Path(raw)
	}
	if plain == "" || plain == "@this" {
		return place{}, errors.New("the query gives a value that has no single place in the document; use a path that leads to one value")
	}
	return place{plain, r}, nil
}

// step says whether part can be a step down from at, which lies at walked.
func step(at gjson.Result, part, walked string) error {
	_, notIndex := strconv.Atoi(part)
	switch {
	case at.IsArray():
		n := len(at.Array())
		if notIndex != nil {
			return fmt.Errorf("%s is %s: its elements are %s", here(walked), describe(at), indexes(n))
		}
		if i, _ := strconv.Atoi(part); i < 0 || i >= n {
			return fmt.Errorf("index %s is out of range: %s has %s; Append adds one", part, here(walked), elements(n))
		}
	case at.IsObject():
	case !at.Exists() || at.Type == gjson.Null:
		if notIndex == nil {
			return fmt.Errorf("%s is not an array yet; Set(%q, []any{...}) makes one", here(walked), walked)
		}
	default:
		return fmt.Errorf("%s is %s, so nothing can lie in it", here(walked), describe(at))
	}
	return nil
}

// missing explains that nothing lies at path, with the keys that do.
func missing(raw, path string) error {
	parent, last := "", path
	if parts := split(path); len(parts) > 1 {
		parent, last = strings.Join(parts[:len(parts)-1], "."), parts[len(parts)-1]
	}
	at := gjson.Parse(raw)
	if parent != "" {
		at = at.Get(parent)
	}
	if !at.Exists() {
		return missing(raw, parent)
	}
	keys := keysOf(at)
	text := fmt.Sprintf("there is no %q in %s", last, here(parent))
	if near, ok := Nearest(last, keys); ok {
		return fmt.Errorf("%s; did you mean %q?", text, near)
	}
	if len(keys) > 0 {
		text += " (it has " + strings.Join(keys, ", ") + ")"
	}
	return errors.New(text)
}

func keysOf(r gjson.Result) []string {
	var keys []string
	if r.IsObject() {
		r.ForEach(func(k, _ gjson.Result) bool { keys = append(keys, k.String()); return true })
	}
	return keys
}

func here(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}

func indexes(n int) string {
	switch n {
	case 0:
		return "none yet; Append adds one"
	case 1:
		return "at 0"
	}
	return fmt.Sprintf("at 0 to %d", n-1)
}

func elements(n int) string {
	if n == 1 {
		return "1 element"
	}
	return fmt.Sprintf("%d elements", n)
}

// split cuts a path at its unescaped dots; the parts stay escaped.
func split(path string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '\\':
			i++
		case '.':
			parts = append(parts, path[start:i])
			start = i + 1
		}
	}
	return append(parts, path[start:])
}

// unescaped drops every escaped character, so that what is left of special
// characters is meant as such.
func unescaped(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' {
			i++
			continue
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}
