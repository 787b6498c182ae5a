package recordio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// oneConn is a listener that has one connection to give.
type oneConn struct {
	conn   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// get serves one request to handler over a pipe, and gives the answer's body and
// a copy of all bytes the server sent so far.
func get(t *testing.T, handler http.HandlerFunc) (io.Reader, *bytes.Buffer) {
	t.Helper()
	client, server := net.Pipe()
	l := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conn <- server
	srv := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() { // ends when the cleanup closes srv
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		client.Close()
		srv.Close()
		<-done
	})
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: master\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	var sent bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(client, &sent)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Body, &sent
}

// Each record is one chunk, there before the next is written; the handler's
// return is the end of the stream.
func TestRecordsOverHTTP(t *testing.T) {
	next := make(chan string)
	body, sent := get(t, func(w http.ResponseWriter, _ *http.Request) {
		out := NewWriter(w, WriterOptions{Flush: http.NewResponseController(w).Flush})
		http.NewResponseController(w).Flush()
		for record := range next {
			if err := out.WriteRecord([]byte(record)); err != nil {
				t.Error(err)
			}
		}
	})
	r := NewReader(body, ReaderOptions{})
	for _, record := range []string{`{"type":"HEARTBEAT"}`, "", strings.Repeat("x", 300)} {
		next <- record
		got, err := r.ReadRecord(nil)
		if err != nil || string(got) != record {
			t.Fatalf("got %q, %v, want %q", got, err, record)
		}
	}
	close(next)
	if _, err := r.ReadRecord(nil); err != io.EOF {
		t.Errorf("at the end: got %v, want io.EOF", err)
	}
	_, chunks, _ := strings.Cut(sent.String(), "\r\n\r\n")
	want := "17\r\n20\n{\"type\":\"HEARTBEAT\"}\r\n2\r\n0\n\r\n130\r\n300\n" + strings.Repeat("x", 300) + "\r\n0\r\n\r\n"
	if chunks != want {
		t.Errorf("chunks:\n got %q\nwant %q", chunks, want)
	}
}

// A server that breaks off between two records has not ended the stream.
func TestServerBreaksOff(t *testing.T) {
	body, _ := get(t, func(w http.ResponseWriter, _ *http.Request) {
		out := NewWriter(w, WriterOptions{Flush: http.NewResponseController(w).Flush})
		if err := out.WriteRecord([]byte("a")); err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	})
	got, err := readAll(NewReader(body, ReaderOptions{}))
	var broken *Error
	if len(got) != 1 || !errors.As(err, &broken) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v", got, err)
	}
}
