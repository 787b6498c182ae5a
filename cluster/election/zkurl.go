package election

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// zkURL is a parsed "zk://[user:password@]host[:port],.../path".
type zkURL struct {
	servers        []string // host:port
	path           string   // "/mesos"
	user, password string
}

// zkPort is ZooKeeper's own.
const zkPort = "2181"

func parseZK(text string) (zkURL, error) {
	var u zkURL
	rest, ok := strings.CutPrefix(text, "zk://")
	if !ok {
		return u, errors.New("zookeeper address: want zk://[user:password@]host:2181,host:2181/mesos")
	}
	hosts, path, _ := strings.Cut(rest, "/")
	if u.path = "/" + strings.Trim(path, "/"); u.path == "/" {
		// Mesos: "Expecting a (chroot) path for ZooKeeper ('/' is not supported)".
		return u, errors.New("zookeeper address: want a path behind the hosts, such as /mesos")
	}
	if strings.Contains(u.path, "//") {
		return u, fmt.Errorf("zookeeper address: path %s has an empty part", u.path)
	}
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		var pair bool
		if u.user, u.password, pair = strings.Cut(hosts[:at], ":"); !pair || u.user == "" {
			return u, errors.New("zookeeper address: credentials are user:password")
		}
		hosts = hosts[at+1:]
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host = strings.TrimSpace(host); host == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), zkPort)
		}
		u.servers = append(u.servers, host)
	}
	if len(u.servers) == 0 {
		return u, errors.New("zookeeper address: no host; want zk://host:2181/mesos")
	}
	return u, nil
}

// String is the address without credentials.
func (u zkURL) String() string { return "zk://" + strings.Join(u.servers, ",") + u.path }
