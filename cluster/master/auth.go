package master

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// authenticator knows the secrets by principal. Without any everybody may do
// everything.
type authenticator struct{ secrets map[string]string }

// check gives the principal of a request; ok is false when it has to be
// refused (libprocess authenticator.cpp:89).
func (a authenticator) check(where realm, r *http.Request) (principal string, ok bool) {
	if where == open || len(a.secrets) == 0 {
		return "", true
	}
	coded, basic := strings.CutPrefix(r.Header.Get("Authorization"), "Basic ")
	if !basic {
		return "", false
	}
	raw, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return "", false
	}
	parts := strings.Split(string(raw), ":")
	if len(parts) != 2 { // a colon in either never matches
		return "", false
	}
	secret, known := a.secrets[parts[0]]
	same := subtle.ConstantTimeCompare([]byte(secret), []byte(parts[1])) == 1
	return parts[0], known && same
}
