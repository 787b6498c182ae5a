package session_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
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
		if err := appendTo(filepath.Join(crashed, "events.jsonl"), `{"k":"event","n":99,"t":"2026-`); err != nil { // a line that the crash tore
			t.Fatal(err)
		}
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

// What became of an ACCEPT is known after a crash: a refused one has left no tasks, one
// without an answer may have launched them. Calls go on being numbered, and only the
// last framework's tasks come back.
func TestResumeKnowsTheOutcomeOfCalls(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		known  bool
	}{
		"taken":     {func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) }, true},
		"refused":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadRequest) }, false},
		"no answer": {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			inBubble(t, func(b *bench) {
				b.master.newID = "fw-first"
				st := b.subscribe()
				st.send(update("old", "TASK_RUNNING", uuid1))
				b.master.next("ACKNOWLEDGE")
				b.s.CloseChannel()
				b.master.newID = "fw-0000"
				st = b.subscribe()
				st.send(offerRecord)
				b.s.WaitForOffers(b.ctx, 1)
				b.master.setAnswer(func(w http.ResponseWriter, got fakeCall) bool {
					if got.kind() == "ACCEPT" {
						c.answer(w)
					}
					return got.kind() == "ACCEPT"
				})
				b.s.Post(b.ctx, []byte(acceptBody))
				calls := b.s.Calls()
				crashed := copyDir(t, dir)
				b.s.Close()

				b.open(func(o *session.Options) { o.Dir = crashed })
				if _, known := b.s.Task("t1"); known != c.known || len(b.s.Tasks()) > 1 {
					t.Errorf("tasks %v; t1 known: %t, want %t", b.s.Tasks(), known, c.known)
				}
				b.s.Get(b.ctx, "/state")
				if n, last := b.s.Calls()[0].N, calls[len(calls)-1].N; n <= last {
					t.Errorf("the first call after the crash is number %d, the last before it %d", n, last)
				}
				if e, err := b.s.Await(canceled(), nil); err == nil {
					t.Errorf("an event of the earlier run came as new: %v", e)
				}
			}, func(o *session.Options) { o.Dir = dir })
		})
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// The log is resumed over its rotated parts, also when the crash tore the last line and
// came between the two steps of a rotation.
func TestResumeOverRotatedParts(t *testing.T) {
	dir := t.TempDir()
	inBubble(t, func(b *bench) {
		session.RotateAt(b.s, 4<<10)
		st := b.subscribe()
		const n = 60
		for i := range n {
			st.send(update(fmt.Sprint("t", i), "TASK_RUNNING", fmt.Sprintf("%022d==", i)))
		}
		b.s.Await(b.ctx, func(e session.Event) bool { return e.TaskID() == "t59" })
		simtime.Wait()
		before := b.s.Position()
		for name, crash := range map[string]func(dir string) error{
			"whole": func(string) error { return nil },
			"torn":  func(dir string) error { return appendTo(filepath.Join(dir, "events.jsonl"), `{"k":"event","n":999,`) },
			"rotated": func(dir string) error {
				return os.Rename(filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "events-29991231T235959.000000000.jsonl"))
			},
		} {
			crashed := copyDir(t, dir)
			if parts, _ := filepath.Glob(filepath.Join(crashed, "events-*.jsonl")); len(parts) < 3 {
				t.Fatalf("%d parts", len(parts))
			}
			if err := crash(crashed); err != nil {
				t.Fatal(err)
			}
			s, err := session.New(session.Options{Dir: crashed})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			events := s.Events(nil)
			for i, e := range events {
				if want := before - uint64(len(events)-1-i); e.Seq != want {
					t.Fatalf("%s: event %d is number %d, want %d", name, i, e.Seq, want)
				}
			}
			if len(events) < 10 || s.FrameworkID() != "fw-0000" || s.Status().Tasks == 0 {
				t.Errorf("%s: %d events came back:\n%v", name, len(events), s.Status())
			}
			s.Close()
		}
	}, func(o *session.Options) { o.Dir = dir })
}

func appendTo(name, text string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
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
		b.s.Close()
		b.open(func(o *session.Options) { o.Dir = dir })
		if _, err := b.s.Resubscribe(b.ctx); !errors.Is(err, session.ErrNotSubscribed) {
			t.Errorf("subscribing as the framework that was torn down: %v", err)
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
