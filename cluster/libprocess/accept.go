package libprocess

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// LastOf gives the value of a header; of several libprocess keeps the last.
func LastOf(h http.Header, name string) (value string, there bool) {
	list := h.Values(name)
	if len(list) == 0 {
		return "", false
	}
	return list[len(list)-1], true
}

// AcceptsMedia says whether a header such as Accept allows a media type: the type
// itself decides, then "type/*", then "*/*". Without the header everything is
// allowed, an empty one allows nothing (http.cpp: _acceptsMediaType).
func AcceptsMedia(h http.Header, name, media string) bool {
	list, there := LastOf(h, name)
	major, _, _ := strings.Cut(media, "/")
	return !there || accepts(list, media, major+"/*", "*/*")
}

// acceptsGzip says whether a client reads compressed bodies; without the header it
// does not.
func acceptsGzip(h http.Header) bool {
	list, there := LastOf(h, "Accept-Encoding")
	return there && accepts(list, "gzip", "*")
}

// accepts looks for the first of names that a list has, in whatever case, and says
// whether its q is above 0. Of q that is there twice, or not of the form q=N,
// nothing is thought; one that is no number refuses.
func accepts(list string, names ...string) bool {
	list = strings.NewReplacer(" ", "", "\t", "", "\n", "").Replace(list)
	for _, name := range names {
		for item := range strings.SplitSeq(list, ",") {
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

// gzipFrom is the body size, in bytes, from which answers are compressed
// (encoder.hpp).
const gzipFrom = 1024

// Compress gives the body to send for body: compressed, with the header that says
// so, if it is long enough and the request takes that.
func Compress(w http.Header, r *http.Request, body []byte) []byte {
	if len(body) < gzipFrom || !acceptsGzip(r.Header) {
		return body
	}
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(body); err != nil {
		return body // memory does not fail
	}
	if err := z.Close(); err != nil {
		return body
	}
	w.Set("Content-Encoding", "gzip")
	return buf.Bytes()
}
