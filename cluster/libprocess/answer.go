package libprocess

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Answer is what to answer a request with. Type is the Content-Type; an empty
// Body has none.
type Answer struct {
	Status int
	Type   string
	Body   []byte
}

// plain is the Content-Type of texts.
const plain = "text/plain; charset=utf-8"

// callbackName is what a jsonp parameter may be: a path of names. Mesos takes
// anything, which lets others put script into the answer.
var callbackName = regexp.MustCompile(`^([A-Za-z_$][\w$.]*)?$`)

// JSON answers with body, as a call of the function jsonp if the query asks so.
func JSON(q Query, body []byte) Answer {
	callback, wanted := q.Get("jsonp")
	switch {
	case !wanted:
		return Answer{http.StatusOK, "application/json", body}
	case !callbackName.MatchString(callback):
		return badRequest("Invalid 'jsonp' callback name")
	}
	return Answer{http.StatusOK, "text/javascript", slices.Concat([]byte(callback+"("), body, []byte(")"))}
}

func text(status int, body string) Answer { return Answer{status, plain, []byte(body)} }

func badRequest(body string) Answer { return text(http.StatusBadRequest, body) }

// Profiler answers /profiler/start and /profiler/stop: as a libprocess without
// gperftools does (profiler.cpp).
func Profiler() Answer {
	return badRequest("Perftools is disabled. To enable perftools, configure libprocess with --enable-perftools.\n")
}

// Relative says whether a path is refused with 404 because it could lead
// upwards (process.cpp: ProcessManager::handle).
func Relative(path string) bool { return strings.Contains(path, "/..") }

// Processes answers /__processes__: each process with the events that wait for
// it, none, as there are no actors here.
func Processes(names []string) Answer {
	type one struct {
		Events []string `json:"events"`
		ID     string   `json:"id"`
	}
	all := []one{}
	for _, name := range names {
		all = append(all, one{[]string{}, name})
	}
	body, err := json.Marshal(all)
	if err != nil {
		return text(http.StatusInternalServerError, err.Error()) // strings alone cannot fail
	}
	return Answer{http.StatusOK, "application/json", body}
}
