package session_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

const (
	uuid1 = "aOtO7I3wRqqTBoY/rFsd5w=="
	uuid2 = "2tr7gpsxR1GdzhLr9WgbTw=="
)

// An acknowledgement that got no answer is sent again.
func TestAcknowledgementWithoutAnAnswer(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.kind() == "ACKNOWLEDGE" {
				b.master.setAnswer(nil)
				time.Sleep(time.Minute)
			}
			return c.kind() == "ACKNOWLEDGE"
		})
		go func() { // the watchdog must not bite meanwhile
			for range 5 {
				time.Sleep(15 * time.Second)
				st.send(`{"type":"HEARTBEAT"}`)
			}
		}()
		st.send(update("t1", "TASK_RUNNING", uuid1))
		for range 2 {
			if got := gjson.Get(b.master.next("ACKNOWLEDGE").body, "acknowledge.uuid").Str; got != uuid1 {
				t.Errorf("acknowledged %s", got)
			}
		}
		time.Sleep(2 * time.Minute)
		if st := b.s.Status(); st.Acknowledged != 1 || st.PendingAcks != 0 {
			t.Errorf("status:\n%v", st)
		}
	})
}

// An update that was read before a long loss is acknowledged after it.
func TestAcknowledgementWaitsForTheSubscription(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		simtime.Wait()
		b.master.stop() // the update is read, and the connection gone, before it can be acknowledged
		st.cut()
		b.wantState(session.Lost)
		session.Ingest(b.s, update("t1", "TASK_RUNNING", uuid1))
		time.Sleep(5 * time.Minute)
		if n := b.s.Status().PendingAcks; n != 1 {
			t.Errorf("%d acknowledgements wait, want 1", n)
		}
		b.master.start()
		b.master.accept()
		if got := gjson.Get(b.master.next("ACKNOWLEDGE").body, "acknowledge.uuid").Str; got != uuid1 {
			t.Errorf("acknowledged %s", got)
		}
	})
}

// CloseChannel lets acknowledgements under way arrive, and waits for nothing else.
func TestCloseChannelAcknowledgesFirst(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.kind() == "ACKNOWLEDGE" {
				time.Sleep(500 * time.Millisecond)
			}
			return false
		})
		for i := range 20 { // more than go out at once
			st.send(update(fmt.Sprint("t", i), "TASK_RUNNING", fmt.Sprintf("%022d==", i)))
		}
		b.s.Await(b.ctx, func(e session.Event) bool { return e.TaskID() == "t19" })
		for range 2 {
			b.s.CloseChannel()
		}
		if n := b.s.Status().Acknowledged; n < 8 {
			t.Errorf("%d acknowledged before the channel was closed, want those under way", n)
		}
		b.master.setAnswer(nil)
		b.subscribe()
		simtime.Wait()
		start := time.Now()
		b.s.CloseChannel()
		if took := time.Since(start); took != 0 {
			t.Errorf("closing with nothing to acknowledge took %v", took)
		}
		time.Sleep(time.Second) // the answers to what was given up
	})
}

// What is not on disk is not acknowledged.
func TestNoAcknowledgementWithoutALog(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		session.BreakLog(b.s)
		st.send(update("t1", "TASK_RUNNING", uuid1))
		b.s.Await(b.ctx, func(e session.Event) bool { return e.TaskID() == "t1" })
		time.Sleep(time.Minute)
		if n := len(b.master.calls); n != 0 {
			t.Errorf("the master got %d calls", n)
		}
		if st := b.s.Status(); st.Acknowledged != 0 || st.PendingAcks != 0 {
			t.Errorf("status:\n%v", st)
		}
		if b.s.Close() == nil {
			t.Error("Close says nothing of the log")
		}
		b.open() // another one, without a log, for the bubble's end
	}, func(o *session.Options) { o.Dir = t.TempDir() })
}

// The status of an operation is acknowledged to whom it came from.
func TestAcknowledgementOfAnOperation(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		for from, want := range map[string]string{
			``:                                      `{"operation_id":{"value":"op"},"uuid":"` + uuid1 + `"}`,
			`,"agent_id":{"value":"S0"}`:            `{"agent_id":{"value":"S0"},"operation_id":{"value":"op"},"uuid":"` + uuid1 + `"}`,
			`,"resource_provider_id":{"value":"P"}`: `{"operation_id":{"value":"op"},"resource_provider_id":{"value":"P"},"uuid":"` + uuid1 + `"}`,
		} {
			st.send(`{"type":"UPDATE_OPERATION_STATUS","update_operation_status":{"status":{"operation_id":{"value":"op"},"state":"OPERATION_FINISHED","uuid":{"value":"` + uuid1 + `"}` + from + `}}}`)
			if got := gjson.Get(b.master.next("ACKNOWLEDGE_OPERATION_STATUS").body, "acknowledge_operation_status").Raw; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}
