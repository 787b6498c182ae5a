package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"mesosbook/internal/memnet"
	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const subscribeBody = `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"test","failover_timeout":60}}}`

// fakeMaster answers the scheduler API by script. It records every request; a
// test waits for streams and calls instead of sleeping.
type fakeMaster struct {
	t       *testing.T
	net     *memnet.Net
	addr    string
	streams chan *fakeStream
	calls   chan fakeCall
	answer  func(w http.ResponseWriter, c fakeCall) bool // true when it has answered
	newID   string                                       // framework id given to a body without one

	mu     sync.Mutex
	server *http.Server
	count  int
}

type fakeCall struct {
	method, path string
	header       http.Header
	body         string
}

func (c fakeCall) kind() string { return gjson.Get(c.body, "type").String() }

// fakeStream is one subscription's response.
type fakeStream struct {
	call fakeCall
	id   string
	fid  string
	out  chan string   // written by the handler's goroutine
	end  chan error    // nil: orderly end; else the connection breaks
	done chan struct{} // closed when the handler has returned
}

func newFakeMaster(t *testing.T, n *memnet.Net, addr string) *fakeMaster {
	m := &fakeMaster{t: t, net: n, addr: addr, newID: "fw-0000", streams: make(chan *fakeStream, 100), calls: make(chan fakeCall, 10_000)}
	m.start()
	t.Cleanup(m.stop)
	return m
}

func (m *fakeMaster) start() {
	l, err := m.net.Listen(m.addr)
	if err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	m.server = &http.Server{Handler: m}
	srv := m.server
	m.mu.Unlock()
	go srv.Serve(l)
}

// stop breaks all connections and refuses new ones, as kill -9 does.
func (m *fakeMaster) stop() {
	m.mu.Lock()
	srv := m.server
	m.mu.Unlock()
	srv.Close()
}

func (m *fakeMaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c := fakeCall{r.Method, r.URL.RequestURI(), r.Header.Clone(), string(body)}
	m.mu.Lock()
	answer := m.answer
	m.mu.Unlock()
	if answer != nil && answer(w, c) {
		m.calls <- c
		return
	}
	if c.kind() != "SUBSCRIBE" {
		w.WriteHeader(http.StatusAccepted)
		m.calls <- c
		return
	}
	m.stream(w, r, c)
}

func (m *fakeMaster) stream(w http.ResponseWriter, r *http.Request, c fakeCall) {
	m.mu.Lock()
	m.count++
	st := &fakeStream{call: c, id: fmt.Sprintf("stream-%s-%d", m.addr, m.count), out: make(chan string), end: make(chan error, 1), done: make(chan struct{})}
	m.mu.Unlock()
	defer close(st.done)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Mesos-Stream-Id", st.id)
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	st.fid = gjson.Get(c.body, "framework_id.value").String()
	if st.fid == "" {
		st.fid = m.newID
	}
	select {
	case m.streams <- st:
	case <-r.Context().Done():
		return
	}
	for {
		select {
		case text := <-st.out:
			io.WriteString(w, text)
			w.(http.Flusher).Flush()
		case err := <-st.end:
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (m *fakeMaster) setAnswer(f func(w http.ResponseWriter, c fakeCall) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = f
}

// accept takes the next SUBSCRIBE and answers SUBSCRIBED and HEARTBEAT.
func (m *fakeMaster) accept() *fakeStream {
	st := <-m.streams
	st.send(m.subscribed(st.fid))
	st.send(`{"type":"HEARTBEAT"}`)
	return st
}

func (m *fakeMaster) subscribed(fid string) string {
	host, port, _ := net.SplitHostPort(m.addr)
	return fmt.Sprintf(`{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":%q},"heartbeat_interval_seconds":15.0,"master_info":{"id":"m","ip":1,"port":%s,"hostname":%q,"version":"1.12.0","address":{"hostname":%q,"ip":"10.0.0.1","port":%s}}}}`, fid, port, host, host, port)
}

// next gives the next call of a type; others before it are passed over.
func (m *fakeMaster) next(kind string) fakeCall {
	for {
		c := <-m.calls
		if c.kind() == kind {
			return c
		}
	}
}

func (st *fakeStream) send(record string) {
	st.write(fmt.Sprintf("%d\n%s", len(record), record))
}

// write is dropped when the session has hung up.
func (st *fakeStream) write(text string) {
	select {
	case st.out <- text:
	case <-st.done:
	}
}

func (st *fakeStream) finish() { st.end <- nil }
func (st *fakeStream) cut()    { st.end <- errors.New("cut") }

const offerRecord = `{"type":"OFFERS","offers":{"offers":[{"id":{"value":"O1"},"framework_id":{"value":"fw-0000"},"agent_id":{"value":"S0"},"hostname":"127.0.0.1","url":{"scheme":"http","address":{"hostname":"127.0.0.1","ip":"127.0.0.1","port":5051},"path":"/slave(1)"},"resources":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":9000,"end":10000}]},"role":"*"},{"name":"cpus","type":"SCALAR","scalar":{"value":2.0},"role":"*"},{"name":"mem","type":"SCALAR","scalar":{"value":496.0},"role":"*"},{"name":"disk","type":"SCALAR","scalar":{"value":4930.0},"role":"*"}],"attributes":[{"name":"rack","type":"TEXT","text":{"value":"r2d2"}},{"name":"pod","type":"TEXT","text":{"value":"demo,dev"}}]}]}}`

const acceptBody = `{"framework_id":null,"type":"ACCEPT","accept":{"offer_ids":[{"value":"O1"}],"operations":[{"type":"LAUNCH","launch":{"task_infos":[{"name":"n","task_id":{"value":"t1"},"agent_id":{"value":"S0"},"resources":[],"command":{"value":"sleep 1"}}]}}]}}`

func update(task, state, uuid string) string {
	if uuid != "" {
		uuid = fmt.Sprintf(`,"uuid":%q`, uuid)
	}
	return fmt.Sprintf(`{"type":"UPDATE","update":{"status":{"task_id":{"value":%q},"state":%q,"source":"SOURCE_EXECUTOR","agent_id":{"value":"S0"},"executor_id":{"value":%q},"timestamp":1.5%s}}}`, task, state, task, uuid)
}

// bench is a session beside one fake master in a synctest bubble.
type bench struct {
	*testing.T
	net     memnet.Net
	master  *fakeMaster
	s       *session.Session
	ctx     context.Context
	mu      sync.Mutex
	notices bytes.Buffer
}

// inBubble runs f with a session that has not subscribed. Options may change what
// New gets.
func inBubble(t *testing.T, f func(b *bench), options ...func(*session.Options)) {
	t.Helper()
	simtime.Test(t, func(t *testing.T) {
		b := &bench{T: t, ctx: t.Context()}
		b.master = newFakeMaster(t, &b.net, "m1:5050")
		b.open(options...)
		f(b)
		if err := b.s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if n := session.InternalErrors(b.s); n != 0 {
			t.Errorf("%d invariants broken: %v", n, b.s.LastError())
		}
		b.master.stop()
		simtime.Wait()
	})
}

func (b *bench) open(options ...func(*session.Options)) {
	b.Helper()
	o := session.Options{Master: "m1:5050", Dial: b.net.Dial, Log: func(n session.Notice) {
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprintln(&b.notices, n.Text)
	}}
	for _, change := range options {
		change(&o)
	}
	s, err := session.New(o)
	if err != nil {
		b.Fatal(err)
	}
	b.s = s
}

func (b *bench) said() string {
	simtime.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.notices.String()
}

// subscribe opens the channel and gives the master's side of it.
func (b *bench) subscribe() *fakeStream {
	b.Helper()
	got := make(chan error, 1)
	go func() {
		_, err := b.s.Subscribe(b.ctx, []byte(subscribeBody))
		got <- err
	}()
	st := b.master.accept()
	if err := <-got; err != nil {
		b.Fatalf("subscribe: %v", err)
	}
	return st
}

func (b *bench) wantState(want session.State) {
	b.Helper()
	simtime.Wait()
	if got := b.s.State(); got != want {
		b.Errorf("state = %s, want %s (last error: %v)", got, want, b.s.LastError())
	}
}

func within(t *testing.T, what string, want, got time.Duration) {
	t.Helper()
	if got < want || got > want+want/10+time.Second {
		t.Errorf("%s took %v, want about %v", what, got, want)
	}
}
