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
	return quality(r.Header.Get("Accept-Encoding"), "gzip") > 0
}

// accepts says whether a header such as Accept allows a media type; none
// allows everything. "q=0" is honoured.
func accepts(header, media string) bool {
	if strings.TrimSpace(header) == "" {
		return true
	}
	major, _, _ := strings.Cut(media, "/")
	for _, pattern := range []string{media, major + "/*", "*/*"} {
		if q := quality(header, pattern); q >= 0 {
			return q > 0
		}
	}
	return false
}

// quality of an exact name in a list with q values, -1 when it is not there.
func quality(header, name string) float64 {
	for item := range strings.SplitSeq(header, ",") {
		value, params, _ := strings.Cut(item, ";")
		if strings.TrimSpace(value) != name {
			continue
		}
		for p := range strings.SplitSeq(params, ";") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				if q, err := strconv.ParseFloat(v, 64); err == nil {
					return q
				}
			}
		}
		return 1
	}
	return -1
}
