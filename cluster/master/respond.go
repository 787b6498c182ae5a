package master

import (
	"compress/gzip"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// gzipFrom is the body size, in bytes, from which answers are compressed for
// who can read that (libprocess encoder.hpp:35).
const gzipFrom = 1024

// fail answers with a status and a text; "" is what Mesos says by default,
// "404 Not Found." and so on.
func (req *request) fail(status int, text string) {
	if text == "" {
		text = strconv.Itoa(status) + " " + http.StatusText(status) + "."
	}
	req.text(status, text)
}

func (req *request) text(status int, text string) {
	req.body(status, "text/plain; charset=utf-8", []byte(text))
}

func (req *request) empty(status int) { req.w.WriteHeader(status) }

func (req *request) redirect(location string) {
	req.w.Header().Set("Location", location)
	req.empty(http.StatusTemporaryRedirect)
}

// callbackName is what a jsonp parameter may be: a path of names.
var callbackName = regexp.MustCompile(`^([A-Za-z_$][\w$.]*)?$`)

// json answers with JSON, or with a call of the function named by ?jsonp=.
func (req *request) json(data []byte) {
	cb, wanted := req.query.Get("jsonp")
	if !wanted {
		req.body(http.StatusOK, "application/json", data)
		return
	}
	if !callbackName.MatchString(cb) {
		req.fail(http.StatusBadRequest, "Invalid 'jsonp' callback name")
		return
	}
	req.body(http.StatusOK, "text/javascript", append(append([]byte(cb+"("), data...), ')'))
}

func (req *request) body(status int, contentType string, data []byte) {
	h := req.w.Header()
	h.Set("Content-Type", contentType)
	if len(data) >= gzipFrom && acceptsGzip(req.r) {
		h.Set("Content-Encoding", "gzip")
		req.w.WriteHeader(status)
		if req.r.Method != http.MethodHead {
			z := gzip.NewWriter(req.w)
			_, _ = z.Write(data) // a client that left is no error of ours
			_ = z.Close()
		}
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	req.w.WriteHeader(status)
	_, _ = req.w.Write(data)
}

func acceptsGzip(r *http.Request) bool {
	header, there := lastOf(r.Header, "Accept-Encoding")
	return there && accepts(header, "gzip", "*")
}

// acceptsMedia says whether the Accept header allows a media type; none allows
// everything, an empty one nothing.
func acceptsMedia(r *http.Request, media string) bool {
	header, there := lastOf(r.Header, "Accept")
	major, _, _ := strings.Cut(media, "/")
	return !there || accepts(header, media, major+"/*", "*/*")
}

// lastOf gives the value of a header; of several libprocess keeps the last.
func lastOf(h http.Header, name string) (value string, there bool) {
	list := h.Values(name)
	if len(list) == 0 {
		return "", false
	}
	return list[len(list)-1], true
}

// accepts looks for the first of names that a header has, in whatever case, and
// says whether its q is above 0. Of q that is there twice, or not of the form
// q=N, nothing is thought; one that is no number refuses (libprocess http.cpp:301-444).
func accepts(header string, names ...string) bool {
	header = strings.NewReplacer(" ", "", "\t", "", "\n", "").Replace(header)
	for _, name := range names {
		for item := range strings.SplitSeq(header, ",") {
			params := strings.FieldsFunc(item, func(c rune) bool { return c == ';' })
			if len(params) == 0 || !strings.EqualFold(params[0], name) {
				continue
			}
			q := qualities(params)
			if len(q) != 1 {
				return true
			}
			n, err := strconv.ParseFloat(q[0], 64)
			return err == nil && n > 0
		}
	}
	return false
}

func qualities(params []string) []string {
	var out []string
	for _, p := range params {
		pair := strings.FieldsFunc(p, func(c rune) bool { return c == '=' })
		if len(pair) == 2 && pair[0] == "q" {
			out = append(out, pair[1])
		}
	}
	return out
}
