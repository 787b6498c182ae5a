package session_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

// An ACCEPT without an answer may have launched its tasks: they are known, and the
// master is asked about them. One that was not sent leaves nothing behind.
func TestAcceptWithoutAnAnswer(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(offerRecord)
		b.s.WaitForOffers(b.ctx, 1)
		ended, cancel := context.WithCancel(b.ctx)
		cancel()
		if _, err := b.s.Launch(ended, []byte(acceptBody)); !errors.Is(err, context.Canceled) || len(b.s.Tasks()) != 0 {
			t.Errorf("a call that was not sent: %v, tasks %v", err, b.s.Tasks())
		}
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.kind() == "ACCEPT" {
				time.Sleep(time.Minute)
			}
			return c.kind() == "ACCEPT"
		})
		if _, err := b.s.Launch(b.ctx, []byte(acceptBody)); err == nil || !strings.Contains(err.Error(), "no answer for 15s") {
			t.Errorf("no answer: %v", err)
		}
		task, ok := b.s.Task("t1")
		if !ok {
			t.Fatal("the task is not known")
		}
		if offers := b.s.Offers(); len(offers) != 0 {
			t.Errorf("the offer may be used and is listed: %v", offers)
		}
		back := b.master.next("DECLINE")
		if got := gjson.Get(back.body, "decline.offer_ids").Raw; got != `[{"value":"O1"}]` || !strings.Contains(b.said(), "an ACCEPT got no answer: its 1 offers are given back") {
			t.Errorf("given back: %s; notices:\n%s", got, b.said())
		}
		ask := b.master.next("RECONCILE")
		if id := gjson.Get(ask.body, "reconcile.tasks.0.task_id.value").String(); id != "t1" {
			t.Errorf("asked %s", ask.body)
		}
		st.send(update("t1", "TASK_LOST", ""))
		if err := task.Wait(b.ctx, session.TaskLost); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
	})
}

// After a failed attempt waiting says that there is none now, and why it failed; the
// next one that succeeds leaves nothing of it.
func TestCauseOfAFailedAttempt(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.master.stop()
		b.s.Subscribe(b.ctx, []byte(subscribeBody))
		_, err := b.s.WaitForOffers(b.ctx, 1)
		want := "wait for offers: not subscribed: subscribe first; the last attempt failed: post SUBSCRIBE http://m1:5050: dial tcp m1:5050: connect: connection refused; is a master running there?"
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		b.master.start()
		b.subscribe()
		b.s.CloseChannel()
		if _, err := b.s.WaitForOffers(b.ctx, 1); err == nil || err.Error() != "wait for offers: not subscribed: channel closed" {
			t.Errorf("after it was closed: %v", err)
		}
	})
}

// A large file over a slow link takes as long as it takes, while something comes of
// it every 15 s; an agent that stops in the middle is given up.
func TestSlowSandbox(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(strings.ReplaceAll(offerRecord, "127.0.0.1", "s0"))
		st.send(update("t1", "TASK_RUNNING", ""))
		agent := newFakeMaster(t, &b.net, "s0:5051")
		defer agent.stop()
		parts, pause := 100, 10*time.Second
		agent.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			for range parts {
				io.WriteString(w, strings.Repeat("x", 1000))
				w.(http.Flusher).Flush()
				time.Sleep(pause)
			}
			return true
		})
		simtime.Wait()
		task, _ := b.s.Task("t1")
		start := time.Now()
		text, err := task.Stdout(b.ctx)
		within(t, "reading", 1000*time.Second, time.Since(start))
		if err != nil || len(text) != 100_000 {
			t.Errorf("%d bytes, %v", len(text), err)
		}
		var copied strings.Builder
		if err := task.CopyFile(b.ctx, &copied, "stdout"); err != nil || copied.Len() != 100_000 {
			t.Errorf("copied %d bytes, %v", copied.Len(), err)
		}
		parts, pause = 2, 20*time.Second
		start = time.Now()
		if _, err := task.Stdout(b.ctx); err == nil || !strings.Contains(err.Error(), "nothing more came for 15s") {
			t.Errorf("an agent that stops: %v", err)
		}
		within(t, "giving up", 15*time.Second, time.Since(start))
		time.Sleep(time.Minute) // the agent's handler ends
	}, func(o *session.Options) { o.HeartbeatsMissed = 1e6 })
}
