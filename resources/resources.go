// Package resources holds the JSON request bodies of the tutorial and the
// document type with which cells fill them in.
//
// The bodies follow the v1 scheduler API of Apache Mesos 1.12
// (docs/scheduler-http-api.md there) and have null where a walk through the API
// fills in a value: framework id, offer ids, agent id, task id. A name is
// looked up in ./resources first, so that a reader's own version of a body
// wins, then as a path, then as a URL, then among the embedded ones.
//
// Functions return errors as usual. The methods of Document that change it
// panic with an *Error instead, because cells call them (see Document).
package resources

import (
	"embed"
	"io/fs"
	"slices"
)

// The archive is a small static site and a script that serves it.
//go:generate go test -run ^TestContentArchive$ . -args -update

//go:embed *.json content.tar.gz
var embedded embed.FS

// Names lists the embedded resources, sorted: the request bodies and
// content.tar.gz.
func Names() []string {
	entries, err := embedded.ReadDir(".")
	if err != nil {
		panic(err) // the embedded file system always has its root
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names
}

// FS gives the embedded resources as a file system, for serving them by HTTP.
func FS() fs.FS { return embedded }

// Error tells what a document or a look-up refused: op and subject name the
// call ("set", "accept.offer_ids.3"), Err the cause and what to do next.
type Error struct {
	Op, Subject string
	Err         error
}

func (e *Error) Error() string {
	if e.Subject == "" {
		return e.Op + ": " + e.Err.Error()
	}
	return e.Op + " " + e.Subject + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CellError marks the text as written for the author of a cell: a kernel shows
// it without a stack.
func (e *Error) CellError() {}
