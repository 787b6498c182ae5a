package resources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/tidwall/gjson"
	"github.com/tidwall/pretty"
	"github.com/tidwall/sjson"
)

// Document is a JSON document that is read and changed by paths, or a reference
// to a part of one (see At). Key order stays as it was read.
//
// Paths are those of gjson: keys and indexes joined by dots
// ("accept.operations.0.launch.task_infos"), a dot within a key as `\.`, and
// queries such as `resources.#(name=="cpus").scalar.value`, which lead to their
// first match. "" is the document itself.
//
// The methods that can fail panic with an *Error, so that a cell ends with one
// clear line; the document is then as it was. Code that wants an error instead
// uses Try. A Document may be used by several goroutines.
type Document struct {
	root *root
	base string // path of the part; "" the whole
}

// root is the text that a document and the references into it share.
type root struct {
	mu  sync.Mutex
	raw string // valid JSON; guarded by mu
}

// Parse reads JSON text. The error is an *Error with line and column.
func Parse(data []byte) (*Document, error) {
	if err := validate(data); err != nil {
		return nil, &Error{"parse_json", "", err}
	}
	return &Document{root: &root{raw: string(data)}}, nil
}

// New makes a document of a value; it takes what Set takes.
func New(v any) (*Document, error) {
	raw, err := encoded(v)
	if err != nil {
		return nil, &Error{"new document", "", err}
	}
	return &Document{root: &root{raw: raw}}, nil
}

// Try runs edit and gives the *Error with which a document in it panicked, or nil.
func Try(edit func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Error:
			err = p
		default:
			panic(p)
		}
	}()
	edit()
	return nil
}

// Get gives the value at path; its Exists method is false when there is none.
// Of a nil Document it panics with *Error, as all methods but String do.
func (d *Document) Get(path string) gjson.Result {
	d.mustExist("get", path)
	whole := gjson.Parse(d.text())
	if path == "" {
		return whole
	}
	return whole.Get(path)
}

// Set puts a value at path. Missing objects on the way are made, null becomes
// one. The value is a Go value that encoding/json can write, a *Document or
// gjson.Result (copied), a []byte or json.RawMessage of JSON text, or anything
// with a method JSON() []byte. It panics with *Error.
func (d *Document) Set(path string, v any) {
	d.edit("set", path, func(raw string, at place) (string, error) {
		value, err := encoded(v)
		if err != nil || at.path == "" {
			return value, err
		}
		return sjson.SetRaw(raw, at.path, value)
	})
}

// Append adds a value (as of Set) to the array at path; null becomes an array.
// It panics with *Error.
func (d *Document) Append(path string, v any) {
	d.edit("append to", path, func(raw string, at place) (string, error) {
		value, err := encoded(v)
		switch {
		case err != nil:
			return "", err
		case !at.value.Exists():
			return "", missing(raw, at.path)
		case at.value.IsArray():
			return sjson.SetRaw(raw, join(at.path, "-1"), value)
		case at.value.Type == gjson.Null && at.path == "":
			return "[" + value + "]", nil
		case at.value.Type == gjson.Null:
			return sjson.SetRaw(raw, at.path, "["+value+"]")
		}
		return "", fmt.Errorf("%s is %s, not an array; Set replaces it", here(at.path), describe(at.value))
	})
}

// Delete removes the key or the element at path. It panics with *Error, also
// when there is nothing.
func (d *Document) Delete(path string) {
	d.edit("delete", path, func(raw string, at place) (string, error) {
		if at.path == "" {
			return "", errors.New("a document cannot delete itself; Set(\"\", v) replaces it")
		}
		if !at.value.Exists() {
			return "", missing(raw, at.path)
		}
		return sjson.Delete(raw, at.path)
	})
}

// mustExist panics with *Error when there is no document: a helper that finds
// nothing gives nil.
func (d *Document) mustExist(op, path string) {
	if d == nil || d.root == nil {
		panic(&Error{op, path, errors.New("there is no document: it is nil; compare with nil before using it")})
	}
}

// edit changes the text at path under the lock; it panics with *Error.
func (d *Document) edit(op, path string, change func(raw string, at place) (string, error)) {
	d.mustExist(op, path)
	d.root.mu.Lock()
	defer d.root.mu.Unlock()
	full := join(d.base, path)
	at, err := locate(d.root.raw, full)
	var raw string
	if err == nil {
		raw, err = change(d.root.raw, at)
	}
	if err == nil && !gjson.Valid(raw) { // sjson does not escape every key
		err = errors.New("the path makes a key that cannot be written; use letters, digits, _ and -")
	}
	if err != nil {
		panic(&Error{op, full, err})
	}
	d.root.raw = raw
}

// At gives a reference to the part at path of the same document: what is
// changed through it changes the document. It names a place: after a Delete
// before it, it refers to what lies there then. It panics with *Error when
// there is nothing.
func (d *Document) At(path string) *Document {
	d.mustExist("at", path)
	d.root.mu.Lock()
	defer d.root.mu.Unlock()
	full := join(d.base, path)
	at, err := locate(d.root.raw, full)
	if err == nil && !at.value.Exists() {
		err = missing(d.root.raw, full)
	}
	if err != nil {
		panic(&Error{"at", full, err})
	}
	return &Document{root: d.root, base: at.path}
}

// Len counts the elements of an array or the keys of an object; 0 for others.
func (d *Document) Len() int { return len(d.Each()) }

// Each gives a reference to every element of an array, or to the value of every
// key of an object, in order.
func (d *Document) Each() []*Document {
	whole := d.Get("")
	var parts []*Document
	switch {
	case whole.IsArray():
		for i := range whole.Array() {
			parts = append(parts, &Document{d.root, join(d.base, strconv.Itoa(i))})
		}
	case whole.IsObject():
		for _, key := range keysOf(whole) {
			parts = append(parts, &Document{d.root, join(d.base, gjson.Escape(key))})
		}
	}
	return parts
}

// Keys lists the keys of an object in order; none for others.
func (d *Document) Keys() []string { return keysOf(d.Get("")) }

// Copy gives a document of its own with the same content.
func (d *Document) Copy() *Document { return &Document{root: &root{raw: d.text()}} }

// JSON gives the text without white space.
func (d *Document) JSON() []byte { return []byte(d.text()) }

// MarshalJSON makes a document part of what encoding/json writes.
func (d *Document) MarshalJSON() ([]byte, error) { return d.JSON(), nil }

// String gives the text indented by two blanks; short arrays stay on a line.
func (d *Document) String() string {
	if d == nil || d.root == nil {
		return "nil"
	}
	text := pretty.PrettyOptions([]byte(d.text()), &pretty.Options{Width: 80, Indent: "  "})
	for n := len(text); n > 0 && text[n-1] == '\n'; n = len(text) {
		text = text[:n-1]
	}
	return string(text)
}

// Save writes the document to file, indented, whole or not at all. A folder
// that is missing is made. It panics with *Error.
func (d *Document) Save(file string) {
	if err := save(file, d.String()+"\n"); err != nil {
		panic(&Error{"save", file, bare(err)})
	}
}

func save(file, text string) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".save-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already when all went well
	_, err = tmp.WriteString(text)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// text is the compact JSON of the part; "null" when it is no longer there.
func (d *Document) text() string {
	d.mustExist("read", "")
	d.root.mu.Lock()
	raw := d.root.raw
	d.root.mu.Unlock()
	if d.base != "" {
		raw = gjson.Get(raw, d.base).Raw
	}
	if raw == "" {
		return "null"
	}
	return string(pretty.Ugly([]byte(raw)))
}
