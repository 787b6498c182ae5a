package cluster

import (
	"net/http"
	"strings"
	"testing"
)

// TestLastHeaderCounts sends two Accept headers, as mesos-go does for a stream.
func TestLastHeaderCounts(t *testing.T) {
	c := start(t, Options{Simulate: true})
	for _, url := range []string{c.MasterURL(), c.AgentURLs()[0]} {
		for _, accept := range [][]string{{"application/x-protobuf", "application/json"}, {"application/json", "application/x-protobuf"}} {
			req, err := http.NewRequest(http.MethodPost, url+"/api/v1", strings.NewReader(`{"type":"GET_HEALTH"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{"Content-Type": {"application/json"}, "Accept": accept}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if got := res.Header.Get("Content-Type"); got != accept[1] {
				t.Errorf("%s: Accept %v is answered with %s", url, accept, got)
			}
		}
	}
}
