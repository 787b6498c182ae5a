package agent

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"mesosbook/mesos/recordio"
)

// TestInputEndsAfterItsAnswer is a client that ends its request when the output has
// ended, by which time the agent may have answered: the connection takes the end.
func TestInputEndsAfterItsAnswer(t *testing.T) {
	_, _, c, parent := sessionAgent(t)
	id := nestedID("short", parent)
	o := c.output(c.call(strings.NewReader(session(id, "read x; echo got $x", "")), "Content-Type", mediaJSON), false)
	at, err := url.Parse(c.url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n%s: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
		at.Path, at.Host, mediaRecordIO, messageContentType, mediaJSON)
	for _, attach := range []string{`{"type":"CONTAINER_ID","container_id":` + id + `}`,
		`{"type":"PROCESS_IO","process_io":{"type":"DATA","data":{"type":"STDIN","data":"aXQK"}}}`} {
		record := recordio.Append(nil, []byte(`{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":`+attach+`}`))
		fmt.Fprintf(conn, "%x\r\n%s\r\n", len(record), record)
	}
	o.all()
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("answer %v, %v", res, err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := r.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the answer: %v, want an open connection", err)
	}
	if _, err := io.WriteString(conn, "0\r\n\r\n"); err != nil {
		t.Error(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v, want a closed connection", err)
	}
}
