// Package zkurl reads the address of an election in ZooKeeper as Mesos writes it,
// "zk://[user:password@]host[:port],.../path" (Mesos 1.12, --zk of mesos-master),
// for those who take part in one and those who look for its leader.
package zkurl

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Scheme is what such an address begins with.
const Scheme = "zk://"

// port is ZooKeeper's own.
const port = "2181"

// URL is a parsed address.
type URL struct {
	Servers        []string // host:port, at least one
	Path           string   // "/mesos": never "/" alone, nor with a slash at its end
	User, Password string   // both empty where the address has none
}

// Parse reads an address; its errors do not show credentials.
func Parse(text string) (URL, error) {
	var u URL
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok {
		return u, errors.New("zookeeper address: want zk://[user:password@]host:2181,host:2181/mesos")
	}
	hosts, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		var pair bool
		if u.User, u.Password, pair = strings.Cut(hosts[:at], ":"); !pair || u.User == "" {
			return URL{}, errors.New("zookeeper address: credentials must be user:password")
		}
		hosts = hosts[at+1:]
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host = strings.TrimSpace(host); host == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		u.Servers = append(u.Servers, host)
	}
	if len(u.Servers) == 0 {
		return URL{}, errors.New("zookeeper address: no host; want zk://host:2181,host:2181/mesos")
	}
	if u.Path = "/" + strings.Trim(path, "/"); u.Path == "/" {
		// Mesos: "Expecting a (chroot) path for ZooKeeper ('/' is not supported)".
		return URL{}, errors.New("zookeeper address: want a path behind the hosts, such as /mesos")
	}
	if strings.Contains(u.Path, "//") {
		return URL{}, fmt.Errorf("zookeeper address: path %s has an empty part", u.Path)
	}
	return u, nil
}

// String is the address without credentials.
func (u URL) String() string { return Scheme + strings.Join(u.Servers, ",") + u.Path }

// Digest is what ZooKeeper's scheme "digest" wants; nil without credentials.
func (u URL) Digest() []byte {
	if u.User == "" {
		return nil
	}
	return []byte(u.User + ":" + u.Password)
}
