package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"mesosbook/internal/zkurl"
)

const (
	defaultMaster = "http://127.0.0.1:5050"
	defaultPort   = "5050" // --port of mesos-master
	schedulerPath = "/api/v1/scheduler"
	operatorPath  = "/api/v1"
)

// detector tells where the leading master may be found.
type detector interface {
	// candidates gives base URLs to ask, the likeliest first. It may wait for one
	// until ctx ends, and gives at least one or an error.
	candidates(ctx context.Context) ([]string, error)
	// String is what was asked for, without credentials.
	String() string
}

// fixedMasters is a detector over a list of base URLs.
type fixedMasters []string

func (m fixedMasters) candidates(context.Context) ([]string, error) { return m, nil }
func (m fixedMasters) String() string                               { return strings.Join(m, ",") }

// credentials are sent as Basic authentication when the principal is not empty.
type credentials struct{ principal, secret string }

// parseMasters reads Options.Master. Credentials in an http URL are given back
// beside it, so that the URL can be shown.
func parseMasters(text string) (fixedMasters, credentials, error) {
	var masters fixedMasters
	var cred credentials
	if strings.TrimSpace(text) == "" {
		text = defaultMaster
	}
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		base, c, err := parseMaster(part)
		if err != nil {
			return nil, cred, err
		}
		if c.principal != "" {
			cred = c
		}
		masters = append(masters, base)
	}
	if len(masters) == 0 {
		return nil, cred, fmt.Errorf("master %q: no address; give a URL, host:port or zk://hosts/path", text)
	}
	return masters, cred, nil
}

// parseMaster turns one address into a base URL without a path.
func parseMaster(text string) (string, credentials, error) {
	var none credentials
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", none, errors.New("master address: not a URL; give http://host:port, host:port or zk://hosts/path")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", none, fmt.Errorf("master %s: scheme %q, want http, https or zk", u.Redacted(), u.Scheme)
	}
	if u.Hostname() == "" {
		return "", none, fmt.Errorf("master %s: no host", u.Redacted())
	}
	cred := none
	if u.User != nil {
		cred.principal = u.User.Username()
		cred.secret, _ = u.User.Password()
	}
	return u.Scheme + "://" + withPort(u), cred, nil
}

// withPort is the URL's host with the master's default port where it has none.
func withPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), defaultPort)
}

// redirectBase reads the Location of a master's 307, which has no scheme
// ("//host:5050/master/api/v1/scheduler", master/http.cpp), as a base URL.
func redirectBase(from, location string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", fmt.Errorf("redirect from %s: %w", from, err)
	}
	to, err := base.Parse(location)
	if err != nil || to.Hostname() == "" || (to.Scheme != "http" && to.Scheme != "https") {
		return "", fmt.Errorf("redirect from %s: cannot follow Location %q", from, clip(location))
	}
	if base.Scheme == "https" && to.Scheme == "http" {
		return "", fmt.Errorf("redirect from %s: to %s without TLS; not followed", from, clip(location))
	}
	return to.Scheme + "://" + withPort(to), nil
}

// newDetector reads Options.Master.
func newDetector(o Options) (detector, credentials, error) {
	if strings.HasPrefix(o.Master, zkurl.Scheme) {
		z, err := newZKMasters(o)
		return z, credentials{}, err // ZooKeeper's credentials are not the masters'
	}
	return parseMasters(o.Master)
}
