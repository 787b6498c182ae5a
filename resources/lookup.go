package resources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Options says where Open and Read look. The zero value looks in ./resources,
// fetches URLs with http.DefaultClient and reads at most 64 MiB.
type Options struct {
	Dir      string       // the folder that is tried first; "" is "resources"
	Client   *http.Client // for names that are URLs; nil is http.DefaultClient
	MaxBytes int64        // limit of a resource's size; 0 is 64 MiB
}

func (o Options) withDefaults() Options {
	if o.Dir == "" {
		o.Dir = "resources"
	}
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	return o
}

// Resource is the text of a resource and where it was found.
type Resource struct {
	Data   []byte
	Source string // "resources/launch.json", a URL, or "embedded launch.json"
}

// Open looks name up and parses it as JSON. Errors are *Error: not found (with
// what there is), broken JSON (with line and column), too large, unreachable.
func Open(ctx context.Context, name string, opts Options) (*Document, error) {
	r, err := Read(ctx, name, opts)
	if err != nil {
		return nil, err
	}
	doc, err := Parse(r.Data)
	if err != nil {
		var bad *Error
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return nil, &Error{"get_json", r.Source, err}
	}
	return doc, nil
}

// Read looks name up in the order: folder of opts, path, URL, embedded. A path
// that ends in resources/NAME ("../resources/launch.json", as notebooks write
// it) finds the embedded NAME when there is no such file.
func Read(ctx context.Context, name string, opts Options) (Resource, error) {
	o := opts.withDefaults()
	if strings.TrimSpace(name) == "" {
		return Resource{}, &Error{"get_json", "", fmt.Errorf("the name is empty: %s", there(o.Dir))}
	}
	if strings.ContainsRune(name, 0) {
		return Resource{}, notFound(name, o.Dir)
	}
	if scheme, _, ok := strings.Cut(name, "://"); ok {
		return readURL(ctx, scheme, name, o)
	}
	for _, file := range candidates(name, o.Dir) {
		data, err := readFile(file, o.MaxBytes)
		switch {
		case err == nil:
			return Resource{data, filepath.ToSlash(file)}, nil
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid):
			return Resource{}, &Error{"get_json", file, err}
		}
	}
	if data, ok := readEmbedded(name); ok {
		return Resource{data, "embedded " + path.Base(filepath.ToSlash(name))}, nil
	}
	return Resource{}, notFound(name, o.Dir)
}

func candidates(name, dir string) []string {
	if filepath.IsAbs(name) {
		return []string{name}
	}
	return []string{filepath.Join(dir, name), name}
}

func readFile(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, bare(err)
	}
	if info.IsDir() {
		return nil, errors.New("is a folder; give the file in it")
	}
	if info.Size() > limit {
		return nil, tooLarge(limit)
	}
	data, err := os.ReadFile(file)
	return data, bare(err)
}

// bare takes the path out of an error of package os: it is in our own text.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func tooLarge(limit int64) error {
	return fmt.Errorf("is larger than %d MiB", limit>>20)
}

func readURL(ctx context.Context, scheme, name string, o Options) (Resource, error) {
	if scheme != "http" && scheme != "https" {
		return Resource{}, &Error{"get_json", name, fmt.Errorf("unknown scheme %q; use http:// or https://, or a path", scheme)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err != nil {
		return Resource{}, &Error{"get_json", name, err}
	}
	data, err := fetch(req, o)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return Resource{}, &Error{"get_json", req.URL.Redacted(), err}
	}
	return Resource{data, req.URL.Redacted()}, nil
}

func fetch(req *http.Request, o Options) ([]byte, error) {
	resp, err := o.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %s", resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, o.MaxBytes+1))
	if err == nil && int64(len(data)) > o.MaxBytes {
		err = tooLarge(o.MaxBytes)
	}
	return data, err
}

func readEmbedded(name string) ([]byte, bool) {
	dir, base := path.Split(filepath.ToSlash(filepath.Clean(name)))
	if dir != "" && path.Base(dir) != "resources" {
		return nil, false
	}
	data, err := embedded.ReadFile(base)
	return data, err == nil
}

func notFound(name, dir string) error {
	text := there(dir)
	if near, ok := Nearest(path.Base(filepath.ToSlash(name)), available(dir)); ok {
		text = fmt.Sprintf("did you mean %q?", near)
	}
	return &Error{"get_json", fmt.Sprintf("%q", name), errors.New("no such document; " + text)}
}

// there tells what can be asked for.
func there(dir string) string {
	own := ownFiles(dir)
	text := "there are " + strings.Join(Names(), ", ")
	if len(own) > 0 {
		text += ", and in ./" + filepath.ToSlash(dir) + " " + strings.Join(own, ", ")
	}
	return text + "; or give a path or a URL"
}

func available(dir string) []string { return append(ownFiles(dir), Names()...) }

// ownFiles lists the JSON files of the reader's own folder; none when there is
// no such folder.
func ownFiles(dir string) []string {
	found, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}
