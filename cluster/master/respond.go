package master

import (
	"net/http"
	"strconv"

	"mesosbook/cluster/libprocess"
)

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

// json answers with JSON, or with a call of the function named by ?jsonp=.
func (req *request) json(data []byte) { req.answer(libprocess.JSON(req.query, data)) }

func (req *request) body(status int, contentType string, data []byte) {
	h := req.w.Header()
	h.Set("Content-Type", contentType)
	data = libprocess.Compress(h, req.r, data)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	req.w.WriteHeader(status)
	_, _ = req.w.Write(data)
}
