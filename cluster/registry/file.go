// Package registry keeps what the masters of a cluster have to remember beyond
// their own end: which agents were admitted, which are unreachable or gone, planned
// maintenance, quotas and weights. It stands for the registrar and the replicated
// log of Apache Mesos 1.12 (src/master/registrar.cpp): one file in the work
// directory, shared by all masters of a cluster, that the leading one writes.
//
// As in the replicated log, a master that begins to lead becomes the only writer:
// whatever a former leader still has to say is refused.
package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"mesosbook/internal/atomicfile"
	"mesosbook/mesos"
	registryv1 "mesosbook/mesos/v1/registry"
)

// ErrSuperseded is the failure of a writer after another master has begun to lead.
var ErrSuperseded = errors.New("another master writes the registry")

// File is a registry on disk, in the JSON of registry.proto. Its methods may be
// called from any goroutine.
type File struct {
	path string

	mu     sync.Mutex // held while the file is read or written
	writer *Writer    // the one that may write
}

// Open names the file of a registry. It need not be there yet, its directory does.
func Open(path string) *File { return &File{path: path} }

// Path is the file's name.
func (f *File) Path() string { return f.path }

// Recover reads what was stored last, nothing at first, and makes its caller the
// only writer. A file that cannot be read is an error, and stays as it is.
func (f *File) Recover() (*registryv1.Registry, *Writer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stored := &registryv1.Registry{}
	data, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, nil, fmt.Errorf("read registry: %w", err)
	default:
		if err := mesos.Unmarshal(data, stored); err != nil {
			return nil, nil, fmt.Errorf("read registry %s: %w; move it away to begin with an empty one", f.path, err)
		}
	}
	f.writer = &Writer{file: f}
	return stored, f.writer, nil
}

// Writer is the right to write a registry, from Recover to the next Recover.
type Writer struct{ file *File }

// Store replaces the registry. When it returns without an error the new one is on
// disk; until then, and whatever happens, the file holds the former one. It fails
// with ErrSuperseded after another master's Recover. It gives the size in bytes.
func (w *Writer) Store(r *registryv1.Registry) (int, error) {
	data, err := mesos.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("write registry: %w", err)
	}
	f := w.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writer != w {
		return 0, fmt.Errorf("write registry: %w", ErrSuperseded)
	}
	if err := atomicfile.Replace(f.path, append(data, '\n')); err != nil {
		return 0, fmt.Errorf("write registry: %w", err)
	}
	return len(data), nil
}
