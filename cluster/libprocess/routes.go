package libprocess

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Routes are the endpoints of each process, by the name of the process and by
// their path below it without slashes at the ends: "master", "state".
type Routes[T any] map[string]map[string]T

// Place is where a request goes.
type Place struct {
	Process string
	Name    string // of the endpoint, "" where none was found
	Below   string // what follows the name, "" or beginning with a slash
}

// Path is the whole path, with the process.
func (p Place) Path() string {
	return "/" + strings.TrimSuffix(p.Process+"/"+p.Name, "/") + p.Below
}

// Find gives the endpoint that has the longest part of a path, by whole names.
// What begins with no process's name is looked up at the delegate
// (process.cpp: ProcessManager::handle, ProcessBase::consume). The path is as it
// was sent: escapes are undone in the name of the process alone.
func (rs Routes[T]) Find(path, delegate string) (route T, at Place, found bool) {
	rest := strings.Trim(path, "/")
	at.Process = delegate
	first, below, _ := strings.Cut(rest, "/")
	if id, err := url.PathUnescape(first); err == nil && rs[id] != nil {
		at.Process, rest = id, strings.Trim(below, "/")
	}
	for name := rest; ; {
		if route, found = rs[at.Process][name]; found {
			at.Name, at.Below = name, rest[len(name):]
			return route, at, true
		}
		i := strings.LastIndexByte(name, '/')
		if i <= 0 {
			at.Below = "/" + rest
			return route, at, false
		}
		name = name[:i]
	}
}

// AddHelp adds the route "help", which answers below each process's name too,
// and "__processes__".
func (rs Routes[T]) AddHelp(help, processes T) {
	below := map[string]T{"": help}
	for id := range rs {
		below[id] = help
	}
	rs["help"] = below
	rs["__processes__"] = map[string]T{"": processes}
}

// Names of the processes, sorted.
func (rs Routes[T]) Names() []string { return slices.Sorted(maps.Keys(rs)) }

// Pages are the help pages of all endpoints; briefs are by "process/name".
func (rs Routes[T]) Pages(briefs map[string]string, secret func(T) bool) []Page {
	var out []Page
	for id, routes := range rs {
		for name, route := range routes {
			out = append(out, Page{Process: id, Name: "/" + name, Brief: briefs[id+"/"+name], Secret: secret(route)})
		}
	}
	return out
}

// SharedBriefs are the lines of endpoints that master and agent both have.
func SharedBriefs() map[string]string {
	return map[string]string{
		"files/browse":      "Lists the directory named by path.",
		"files/read":        "Reads a part of the file named by path: offset and length in bytes.",
		"files/download":    "Gives the file named by path.",
		"files/debug":       "Which files the virtual paths stand for.",
		"metrics/snapshot":  "All metrics by name; timeout bounds the wait.",
		"logging/toggle":    "Raises the verbosity of the log: level for a duration.",
		"profiler/start":    "Starts the profiler of gperftools.",
		"profiler/stop":     "Stops the profiler of gperftools.",
		"system/stats.json": "Load, processors and memory of the machine.",
		"version/":          "Version and build.",
	}
}
