package session_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mesosbook/internal/simtime"
	"mesosbook/session"

	"github.com/tidwall/gjson"
)

// copyDir takes the log as a crash at this moment would leave it.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// A session that is opened on the log of one that was killed has its framework,
// tasks and events, reconciles, and does not show a retransmission as new.
func TestResumeAfterACrash(t *testing.T) {
	dir := t.TempDir()
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(offerRecord)
		b.s.WaitForOffers(b.ctx, 1)
		b.s.Launch(b.ctx, []byte(acceptBody))
		st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		b.master.next("ACKNOWLEDGE")
		simtime.Wait()
		before := b.s.Events(nil)

		crashed := copyDir(t, dir)
		f, err := os.OpenFile(filepath.Join(crashed, "events.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"k":"event","n":99,"t":"2026-`) // a line that the crash tore
		f.Close()
		if id, err := session.Resumable(crashed); id != "fw-0000" || err != nil {
			t.Errorf("resumable: %q, %v", id, err)
		}
		b.s.Close()

		b.open(func(o *session.Options) { o.Dir = crashed })
		if id := b.s.FrameworkID(); id != "fw-0000" {
			t.Errorf("framework id %q", id)
		}
		after := b.s.Events(nil)
		if len(after) != len(before) || string(after[2].JSON()) != string(before[2].JSON()) || !after[2].Time.Equal(before[2].Time) {
			t.Errorf("%d events came back, want %d", len(after), len(before))
		}
		if st := b.s.Status(); st.Updates != 1 || st.Acknowledged != 1 {
			t.Errorf("%d updates, %d acknowledged came back", st.Updates, st.Acknowledged)
		}
		task, ok := b.s.Task("t1")
		if !ok || task.State() != session.TaskRunning || task.Name() != "n" || task.AgentID() != "S0" {
			t.Fatalf("task came back as %v", task)
		}
		go b.s.Resubscribe(b.ctx)
		again := b.master.accept()
		if id := gjson.Get(again.call.body, "framework_id.value").String(); id != "fw-0000" {
			t.Errorf("resumed as %q", id)
		}
		b.master.next("RECONCILE")
		again.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		b.master.next("ACKNOWLEDGE")
		again.send(update("t1", "TASK_FINISHED", "1YFalHMgQWKSR45v3QNUZA=="))
		if err := task.Wait(b.ctx); err != nil {
			t.Error(err)
		}
		var all []session.Event
		if err := b.s.History(func(e session.Event) bool { all = append(all, e); return true }); err != nil {
			t.Error(err)
		}
		for i, e := range all {
			if e.Seq != uint64(i+1) {
				t.Fatalf("event %d has position %d", i+1, e.Seq)
			}
		}
		last := b.s.Events(func(e session.Event) bool { return e.Type == session.EventUpdate })
		if len(last) != 3 || !last[1].Duplicate || last[2].Duplicate {
			t.Errorf("updates %v", last)
		}
	}, func(o *session.Options) { o.Dir = dir })
}

// The update is on disk before it is acknowledged.
func TestNoAcknowledgementBeforeTheLog(t *testing.T) {
	dir := t.TempDir()
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		st.send(update("t1", "TASK_RUNNING", "2tr7gpsxR1GdzhLr9WgbTw=="))
		b.master.next("ACKNOWLEDGE")
		text, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
		if err != nil || !strings.Contains(string(text), "2tr7gpsxR1GdzhLr9WgbTw==") {
			t.Errorf("acknowledged and not in the log: %v", err)
		}
	}, func(o *session.Options) { o.Dir = dir })
}

func TestTornDownCannotBeResumed(t *testing.T) {
	dir := t.TempDir()
	if _, err := session.Resumable(dir); err == nil || !strings.Contains(err.Error(), "no session was subscribed there") {
		t.Errorf("empty directory: %v", err)
	}
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		go func() { b.master.next("TEARDOWN"); st.finish() }()
		if _, err := b.s.Teardown(b.ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := session.Resumable(dir); err == nil || !strings.Contains(err.Error(), "was torn down") {
			t.Errorf("after a teardown: %v", err)
		}
	}, func(o *session.Options) { o.Dir = dir })
}

func TestLogBelongsToOneSession(t *testing.T) {
	dir := t.TempDir()
	one, err := session.New(session.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.New(session.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use by another session") {
		t.Errorf("second session: %v", err)
	}
	one.Close()
	two, err := session.New(session.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	two.Close()
	if _, err := session.New(session.Options{Dir: "/dev/null/x"}); !errors.Is(err, fs.ErrNotExist) && err == nil {
		t.Error("a directory that cannot be made was taken")
	}
}
