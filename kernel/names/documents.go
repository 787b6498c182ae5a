package names

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/pretty"

	"mesosbook/resources"
)

func (s *Set) documentNames() map[string]any {
	return map[string]any{
		"get_json":     s.getJSON,
		"parse_json":   parseJSON,
		"pretty":       prettyText,
		"resource_url": s.resourceURL,
		"set_timeout":  s.setTimeout,
	}
}

func (s *Set) getJSON(name string) *resources.Document {
	ctx, cancel := s.context(0)
	defer cancel()
	doc, err := resources.Open(ctx, name, s.o.Resources)
	if err != nil {
		fail("get_json", err)
	}
	return doc
}

// parseJSON takes JSON text, or any value that has a JSON form.
func parseJSON(v any) *resources.Document {
	doc, err := document(v)
	if err != nil {
		fail("parse_json", err)
	}
	return doc
}

// document makes a document of its own of JSON text or of a value.
func document(v any) (*resources.Document, error) {
	switch v := v.(type) {
	case nil:
		return nil, fmt.Errorf("got nil, want JSON text, a document or a value")
	case string:
		return resources.Parse([]byte(v))
	case []byte:
		return resources.Parse(v)
	}
	return resources.New(v)
}

// body is document for an argument that may also name a resource: what does
// not begin like JSON is looked up as get_json does.
func (s *Set) body(v any) (*resources.Document, error) {
	if name, ok := v.(string); ok && !looksLikeJSON(name) {
		ctx, cancel := s.context(0)
		defer cancel()
		return resources.Open(ctx, name, s.o.Resources)
	}
	return document(v)
}

func looksLikeJSON(text string) bool {
	t := strings.TrimSpace(text)
	return strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[")
}

// prettyText is a value as indented JSON; a text that is no JSON stays as it is.
func prettyText(v any) string {
	var text []byte
	switch v := v.(type) {
	case *resources.Document:
		if v == nil {
			return "null"
		}
		return v.String()
	case gjson.Result:
		text = []byte(v.Raw)
	case interface{ JSON() []byte }:
		text = v.JSON()
	case string:
		text = []byte(v)
	case []byte:
		text = v
	default:
		var err error
		if text, err = json.Marshal(v); err != nil {
			return fmt.Sprint(v)
		}
	}
	if !json.Valid(text) {
		return string(text)
	}
	return string(bytes.TrimSpace(pretty.Pretty(text)))
}

func (s *Set) setTimeout(d any) time.Duration {
	within, err := duration(d)
	if err != nil {
		fail("set_timeout", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timeout = within
	return within
}

// duration takes a time.Duration or its text. A bare number has no unit.
func duration(v any) (time.Duration, error) {
	var d time.Duration
	switch v := v.(type) {
	case time.Duration:
		d = v
	case string:
		var err error
		if d, err = time.ParseDuration(v); err != nil {
			return 0, fmt.Errorf("%q is no duration; write it like \"10s\"", v)
		}
	default:
		return 0, fmt.Errorf("got %s, want a duration such as 10*time.Second or \"10s\"", what(v))
	}
	if d <= 0 {
		return 0, fmt.Errorf("a duration of %s is no time to wait; write it like \"10s\"", d)
	}
	return d, nil
}

func readDocument(f fs.File) (*resources.Document, error) {
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return resources.Parse(data)
}
