package session

import (
	"net"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

// agentURL is the base URL of the url member of an offer. Mesos writes "http"
// there even where agents speak TLS (master/master.cpp), so the scheme is that of
// the master.
func agentURL(u gjson.Result, scheme string) string {
	host := u.Get("address.hostname").String()
	if host == "" {
		host = u.Get("address.ip").String()
	}
	if host == "" {
		return ""
	}
	return scheme + "://" + hostPort(host, strconv.FormatInt(u.Get("address.port").Int(), 10))
}

func hostPort(host, port string) string { return net.JoinHostPort(host, port) }

// schemeOf is "https" for an https base URL, else "http".
func schemeOf(base string) string {
	if len(base) >= 6 && base[:6] == "https:" {
		return "https"
	}
	return "http"
}

func nanosDuration(v gjson.Result) string {
	if !v.Exists() {
		return "an unknown time"
	}
	return time.Duration(v.Int()).String()
}

func nanosTime(v gjson.Result) string {
	return time.Unix(0, v.Int()).Format("2006-01-02 15:04:05")
}
