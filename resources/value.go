package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// encoded turns a value of a cell into JSON text. It takes what Set documents.
func encoded(v any) (string, error) {
	switch v := v.(type) {
	case *Document:
		if v == nil {
			return "", errors.New("the document is nil")
		}
		return v.text(), nil
	case gjson.Result:
		if !v.Exists() {
			return "", errors.New("the value was taken from a path where there is nothing; check that path with Exists()")
		}
		return strings.TrimSpace(v.Raw), nil
	case json.RawMessage:
		return checked(v)
	case []byte:
		return checked(v)
	case interface{ JSON() []byte }:
		return checked(v.JSON())
	}
	plain, err := written(v)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain); err != nil {
		return "", fmt.Errorf("a %T has no JSON form: %w", v, err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// written replaces what encoding/json would write in another way than encoded
// does by its JSON text, also deep in maps and slices.
func written(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			text, err := encoded(e)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", key, err)
			}
			out[key] = json.RawMessage(text)
		}
		return out, nil
	case []any:
		return writtenList(v)
	case []gjson.Result:
		return writtenList(v)
	}
	return v, nil
}

func writtenList[T any](list []T) (any, error) {
	out := make([]json.RawMessage, 0, len(list))
	for i, e := range list {
		text, err := encoded(e)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		out = append(out, json.RawMessage(text))
	}
	return out, nil
}

func checked(data []byte) (string, error) {
	if err := validate(data); err != nil {
		return "", err
	}
	return string(bytes.TrimSpace(data)), nil
}

// validate gives the place of the first syntax error as "line:column: text".
func validate(data []byte) error {
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	if err == nil {
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("is empty; a JSON document has at least {} or []")
	}
	offset := len(data)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && !strings.HasPrefix(syntax.Error(), "unexpected end") {
		offset = max(0, min(int(syntax.Offset)-1, len(data)))
	}
	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := offset - bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("broken JSON at %d:%d: %w", line, column, err)
}

// describe names a JSON value for an error text.
func describe(r gjson.Result) string {
	switch {
	case r.IsObject():
		return "an object"
	case r.IsArray():
		return fmt.Sprintf("an array of %d", len(r.Array()))
	case r.Type == gjson.String:
		return "the string " + clip(r.Raw)
	case r.Type == gjson.Number:
		return "the number " + clip(r.Raw)
	}
	return strings.TrimSpace(r.Raw) // true, false, null
}

func clip(s string) string {
	const most = 40 // enough to recognise a value in a one-line error
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
