package agent

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// realm is a part of the endpoints that asks for credentials of its own.
type realm string

const (
	open      realm = ""
	readOnly  realm = "mesos-agent-readonly"
	readWrite realm = "mesos-agent-readwrite"
	executors realm = "mesos-agent-executor"
)

// authorized says whether a request may pass. With Options.Credentials everything
// but /health and /version asks for them; a framework's executors show the token
// from their environment instead. What is refused is answered with 401.
func (a *Agent) authorized(w http.ResponseWriter, r *http.Request, where realm) bool {
	if len(a.opts.Credentials) == 0 || where == open {
		return true
	}
	scheme, ok := "Basic", false
	if where == executors {
		scheme = "Bearer"
		ok = a.knownToken(r.Header.Get("Authorization"))
	} else {
		ok = a.knownSecret(r.Header.Get("Authorization"))
	}
	if !ok {
		w.Header().Set("WWW-Authenticate", scheme+` realm="`+string(where)+`"`)
		text(w, http.StatusUnauthorized, "401 Unauthorized.")
	}
	return ok
}

// knownSecret reads "Basic base64(principal:secret)"; a colon in either never
// matches (libprocess authenticator.cpp).
func (a *Agent) knownSecret(header string) bool {
	coded, basic := strings.CutPrefix(header, "Basic ")
	raw, err := base64.StdEncoding.DecodeString(coded)
	principal, secret, pair := strings.Cut(string(raw), ":")
	if !basic || err != nil || !pair || strings.Contains(secret, ":") {
		return false
	}
	want, known := a.opts.Credentials[principal]
	return known && subtle.ConstantTimeCompare([]byte(want), []byte(secret)) == 1
}

// newToken is what an executor shows when credentials are asked for, "" when not.
func (a *Agent) newToken() string {
	if len(a.opts.Credentials) == 0 {
		return ""
	}
	return rand.Text()
}

func (a *Agent) knownToken(header string) bool {
	token, bearer := strings.CutPrefix(header, "Bearer ")
	if !bearer || token == "" {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			if subtle.ConstantTimeCompare([]byte(ex.token), []byte(token)) == 1 {
				return true
			}
		}
	}
	return false
}
