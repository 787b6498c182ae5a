package session_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

// wireLog keeps what crosses the wire.
type wireLog struct {
	mu    sync.Mutex
	lines []string
}

func (w *wireLog) add(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, line)
}

// with lists the lines that hold text.
func (w *wireLog) with(text string) (found []string) {
	simtime.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.lines {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// On the wire every record stands once, those of the operator's stream as well, and
// a long answer is cut.
func TestWire(t *testing.T) {
	inBubble(t, func(b *bench) {
		var wire wireLog
		b.s.SetWire(wire.add)
		st := b.subscribe()
		if got := wire.with(`<- {"type":"SUBSCRIBED"`); len(got) != 1 || len(wire.with("SUBSCRIBED")) != 1 {
			t.Errorf("SUBSCRIBED stands %d times: %q", len(wire.with("SUBSCRIBED")), wire.with(""))
		}
		if got := wire.with("<- 200 stream " + st.id); len(got) != 1 {
			t.Errorf("the answer to SUBSCRIBE: %q", wire.with("<- "))
		}
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			switch {
			case c.kind() == "SUBSCRIBE":
				fmt.Fprint(w, "23\n{\"type\":\"HEARTBEAT_OP\"}")
			default:
				fmt.Fprint(w, strings.Repeat("x", 10_000))
			}
			return true
		})
		b.s.Watch(b.ctx, func(session.Event) bool { return false })
		b.s.Get(b.ctx, "/state")
		if got := wire.with("<- 200 xxx"); len(got) != 1 || !strings.HasSuffix(got[0], "xxx... (10000 bytes)") {
			t.Errorf("the long answer: %q", got)
		}
		if got := wire.with(`<- {"type":"HEARTBEAT_O`); len(got) != 1 {
			t.Errorf("the operator's stream: %q", wire.with("HEARTBEAT_"))
		}
	})
}

// Calls and Curl number alike: back from the last, the session's own apart.
func TestCallsAreNumberedAsForCurl(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.s.Suppress(b.ctx)
		st.send(update("t1", "TASK_RUNNING", "aOtO7I3wRqqTBoY/rFsd5w=="))
		b.master.next("ACKNOWLEDGE")
		st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		b.master.next("ACKNOWLEDGE")
		b.s.Revive(b.ctx)
		simtime.Wait()
		var listed []string
		for _, c := range b.s.Calls() {
			listed = append(listed, strings.Fields(c.String())[0]+" "+c.Type())
			curl, err := b.s.Curl(c.Back, c.Auto)
			if err != nil || !strings.Contains(curl, string(c.Body)) {
				t.Errorf("%v: curl %s, %v", c, curl, err)
			}
		}
		if got, want := strings.Join(listed, ", "), "3 SUBSCRIBE, 2 SUPPRESS, a2 ACKNOWLEDGE, a1 ACKNOWLEDGE, 1 REVIVE"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if _, err := b.s.Curl(3, true); err == nil || !strings.Contains(err.Error(), "there are 2 calls") {
			t.Errorf("curl a3: %v", err)
		}
	})
}

// What belongs to a subscription does not outlive it in the status.
func TestStatusWithoutASubscription(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		b.wantState(session.Subscribed)
		if text := b.s.Status().String(); !strings.Contains(text, "\nstream ") || !strings.Contains(text, "\nheartbeat ") {
			t.Errorf("subscribed:\n%s", text)
		}
		b.s.CloseChannel()
		if text := b.s.Status().String(); strings.Contains(text, "\nstream ") || strings.Contains(text, "\nheartbeat ") || !strings.Contains(text, "framework  fw-0000") {
			t.Errorf("disconnected:\n%s", text)
		}
	})
}

// UPDATE_FRAMEWORK names the framework in two places; both are filled.
func TestUpdateFrameworkIsFilledIn(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		for _, info := range []string{`{"user":"root","name":"n"}`, `{"user":"root","name":"n","id":null}`, `{"user":"root","name":"n","id":{"value":"fw-0000"}}`} {
			b.s.Post(b.ctx, []byte(`{"type":"UPDATE_FRAMEWORK","framework_id":null,"update_framework":{"framework_info":`+info+`}}`))
			body := b.master.next("UPDATE_FRAMEWORK").body
			if gjson.Get(body, "framework_id.value").Str != "fw-0000" || gjson.Get(body, "update_framework.framework_info.id.value").Str != "fw-0000" {
				t.Errorf("%s: sent %s", info, body)
			}
		}
		b.s.Call(b.ctx, "UPDATE_FRAMEWORK", nil)
		if body := b.master.next("UPDATE_FRAMEWORK").body; body != `{"type":"UPDATE_FRAMEWORK","framework_id":{"value":"fw-0000"}}` {
			t.Errorf("a body without framework_info: %s", body)
		}
	})
}

// An update counts as acknowledged once, however often its acknowledgement is sent.
func TestAcknowledgedCountsOnce(t *testing.T) {
	const operation = `{"type":"UPDATE_OPERATION_STATUS","update_operation_status":{"status":{"operation_id":{"value":"op"},"state":"OPERATION_FINISHED","uuid":{"value":"2tr7gpsxR1GdzhLr9WgbTw=="},"agent_id":{"value":"S0"}}}}`
	dir := t.TempDir()
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(update("t1", "TASK_RUNNING", "aOtO7I3wRqqTBoY/rFsd5w=="))
		e, _ := b.s.Await(b.ctx, func(e session.Event) bool { return e.Type == "UPDATE" })
		b.master.next("ACKNOWLEDGE")
		b.s.Acknowledge(b.ctx, e)
		st.send(operation)
		sent := b.master.next("ACKNOWLEDGE_OPERATION_STATUS").body
		if want := `{"agent_id":{"value":"S0"},"operation_id":{"value":"op"},"uuid":"2tr7gpsxR1GdzhLr9WgbTw=="}`; gjson.Get(sent, "acknowledge_operation_status").Raw != want {
			t.Errorf("sent %s, want %s", sent, want)
		}
		st.send(operation)
		b.master.next("ACKNOWLEDGE_OPERATION_STATUS")
		simtime.Wait()
		if text := b.s.Status().String(); !strings.Contains(text, "(2 updates, 2 acknowledged, 0 waiting)") {
			t.Errorf("status:\n%s", text)
		}
		st.send(update("t1", "TASK_RUNNING", ""))
		b.s.Await(b.ctx, func(e session.Event) bool { return e.Type == "UPDATE" && !e.Get("update.status.uuid").Exists() })
		if text := b.s.Status().String(); !strings.Contains(text, "(3 updates, 2 acknowledged, 0 waiting, 1 need none)") {
			t.Errorf("status:\n%s", text)
		}
		last := b.s.Events(func(e session.Event) bool { return e.Type == "UPDATE_OPERATION_STATUS" })
		if len(last) != 2 || last[0].Duplicate || !strings.HasSuffix(last[1].String(), "(sent again)") {
			t.Errorf("events %v", last)
		}
		b.s.Close()
		b.open(func(o *session.Options) { o.Dir = dir })
		if st := b.s.Status(); st.Updates != 3 || st.Plain != 1 || st.Acknowledged != 2 {
			t.Errorf("after a resume %d updates, %d without need, %d acknowledged; want 3, 1 and 2", st.Updates, st.Plain, st.Acknowledged)
		}
	}, func(o *session.Options) { o.Dir = dir })
}

// A call of a type that the master does not know is most likely misspelled.
func TestMisspelledCall(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.subscribe()
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			http.Error(w, "Failed to validate scheduler::Call: Expecting 'type' to be present", http.StatusBadRequest)
			return true
		})
		a, err := b.s.Call(b.ctx, "REVIEV", nil)
		if want := "no call of this type: is it spelled right?)"; err != nil || !strings.HasSuffix(a.String(), want) || !strings.HasSuffix(a.Err().Error(), want) {
			t.Errorf("%v; %v, %v", a, a.Err(), err)
		}
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			http.Error(w, "FrameworkInfo update is not valid: Changing framework's principal is not allowed.", http.StatusBadRequest)
			return true
		})
		a, err = b.s.UpdateFramework(b.ctx, []byte(`{"framework_info":{}}`))
		if want := "(framework_info needs the principal that the framework subscribed with)"; err != nil || !strings.HasSuffix(a.String(), want) {
			t.Errorf("%v, %v", a, err)
		}
		a, err = b.s.Post(b.ctx, []byte(`{}`))
		if err != nil || strings.Contains(a.String(), "spelled") {
			t.Errorf("a body without a type: %v, %v", a, err)
		}
	})
}

// A failure to connect names what was to be there.
func TestNobodyListens(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(offerRecord)
		b.s.WaitForOffers(b.ctx, 1)
		b.master.stop()
		for url, want := range map[string]string{
			"http://m1:5050/state":        "is a master running there?",
			"http://127.0.0.1:5051/state": "is the agent still running there?",
			"http://elsewhere:1/":         "is a server running there?",
		} {
			if _, err := b.s.Get(b.ctx, url); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s: %v, want %q", url, err, want)
			}
		}
	})
}

// Torn down through the operator API, the framework's end is a wanted one.
func TestTeardownByTheOperatorAPI(t *testing.T) {
	for name, teardown := range map[string]func(b *bench) (session.Answer, error){
		"operator": func(b *bench) (session.Answer, error) {
			return b.s.Operator(b.ctx, "", "TEARDOWN", []byte(`{"framework_id":{"value":"fw-0000"}}`))
		},
		"url": func(b *bench) (session.Answer, error) {
			return b.s.PostURL(b.ctx, "http://m1:5050/api/v1", []byte(`{"type":"TEARDOWN","teardown":{"framework_id":{"value":"fw-0000"}}}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				st := b.subscribe()
				st.send(update("t1", "TASK_RUNNING", ""))
				b.s.Await(b.ctx, func(e session.Event) bool { return e.TaskID() == "t1" })
				b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
					if c.kind() == "TEARDOWN" {
						st.finish()
						simtime.Wait() // the stream's end is read before the answer
					}
					return false
				})
				if a, err := teardown(b); err != nil || !a.OK() {
					t.Fatal(a, err)
				}
				b.wantState(session.Disconnected)
				if n := b.s.Status().Tasks; n != 0 {
					t.Errorf("%d tasks run without a framework", n)
				}
				if said := b.said(); !strings.HasSuffix(said, "framework torn down: fw-0000\n") || strings.Contains(said, "lost") {
					t.Errorf("notices:\n%s", said)
				}
			})
		})
	}
}

// An orderly end of the stream is what a teardown by somebody else looks like.
func TestTeardownBySomebodyElse(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.s.Operator(b.ctx, "", "TEARDOWN", []byte(`{"framework_id":{"value":"other"}}`)) // not ours: nothing ends
		b.wantState(session.Subscribed)
		st.finish()
		again := <-b.master.streams
		again.send(`{"type":"ERROR","error":{"message":"Framework has been removed"}}`)
		again.finish()
		b.wantState(session.Disconnected)
		said := b.said()
		for _, want := range []string{"the master ended the stream, as it does when somebody tears the framework down; subscribing again\n", "subscription ended: framework has been removed: it was torn down"} {
			if !strings.Contains(said, want) {
				t.Errorf("notices without %q:\n%s", want, said)
			}
		}
	})
}

// Over https a curl command names the files of TLS.
func TestCurlOverTLS(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.s.Get(b.ctx, "https://m1:5050/state")
		b.s.Get(b.ctx, "http://m1:5050/state")
		curl, err := b.s.Curl(2, false)
		if want := `curl -sS -u 'alice:'"${MESOSBOOK_SECRET:?}" --cacert /etc/ca.pem --key '/my files/key' -H 'Accept: */*' 'https://m1:5050/state'`; err != nil || curl != want {
			t.Errorf("got  %s\nwant %s\n%v", curl, want, err)
		}
		if curl, _ := b.s.Curl(1, false); strings.Contains(curl, "cacert") || strings.Contains(curl, "alice") {
			t.Errorf("over http, to a stranger: %s", curl)
		}
	}, withSecret, func(o *session.Options) {
		o.Master = "https://m1:5050"
		o.CurlFlags = []string{"--cacert", "/etc/ca.pem", "--key", "/my files/key"}
	})
}

// What hangs up at once may want another kind of connection; a leader that did so
// has just died.
func TestServerThatHangsUp(t *testing.T) {
	for _, met := range []bool{false, true} {
		inBubble(t, func(b *bench) {
			if met {
				b.subscribe()
			}
			session.DialWith(b.s, func() (net.Conn, error) {
				client, server := net.Pipe()
				server.Close()
				return resetConn{client}, nil
			})
			_, err := b.s.Get(b.ctx, "http://m1:5050/state")
			if err == nil || strings.Contains(err.Error(), "connection reset by peer; it hung up: it may speak https, or want a client certificate") == met {
				t.Errorf("known: %t: %v", met, err)
			}
		})
	}
}

// resetConn fails as a connection does that the other side has reset.
type resetConn struct{ net.Conn }

func (resetConn) Read([]byte) (int, error)  { return 0, syscall.ECONNRESET }
func (resetConn) Write([]byte) (int, error) { return 0, syscall.ECONNRESET }
