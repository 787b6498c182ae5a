package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/memnet"
	"mesosbook/internal/simtime"
	"mesosbook/session"
)

// elect runs f with two masters, of which m1 was elected.
func elect(t *testing.T, f func(b *bench, e *session.Election, m2 *fakeMaster)) {
	t.Helper()
	inBubble(t, func(b *bench) {
		m2 := newFakeMaster(t, &b.net, "m2:5050")
		defer m2.stop()
		e := &session.Election{}
		e.Elect(leader("m1:5050", "m"))
		e.Use(b.s)
		f(b, e, m2)
	})
}

func leader(addr, id string) session.Master {
	return session.Master{URL: "http://" + addr, Info: []byte(fmt.Sprintf(`{"id":%q}`, id))}
}

// A ZooKeeper that is not there is told at once.
func TestNoZooKeeper(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		var nobody memnet.Net
		_, err := session.Masters(t.Context(), session.Options{Master: "zk://u:hush@10.0.0.1,10.0.0.2/mesos", Dial: nobody.Dial})
		want := "zookeeper zk://10.0.0.1:2181,10.0.0.2:2181/mesos: zk: could not connect to a server; is ZooKeeper running there?"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

// A session leaves a master that is silent as soon as another one leads, and goes
// on there as the same framework.
func TestNewLeaderWhileTheOldOneIsSilent(t *testing.T) {
	elect(t, func(b *bench, e *session.Election, m2 *fakeMaster) {
		b.subscribe()
		time.Sleep(20 * time.Second)
		start := time.Now()
		e.Elect(leader("m2:5050", "n"))
		again := m2.accept()
		if took := time.Since(start); took > 500*time.Millisecond {
			t.Errorf("the new leader was asked after %v", took)
		}
		b.wantState(session.Subscribed)
		if st := b.s.Status(); st.Leader != "http://m2:5050" || st.Losses != 1 || string(st.FrameworkID) != again.fid {
			t.Errorf("status:\n%v", st)
		}
		if said := b.said(); !strings.Contains(said, "connection to the master lost: another master leads: http://m2:5050; subscribing again") {
			t.Errorf("notices:\n%s", said)
		}
		b.s.CloseChannel()
		if e.Watches() != 0 {
			t.Error("the watch stands while nothing is subscribed")
		}
	})
}

// The leader is known by its id: the same one under another name is no new one, and
// one that was started again at its address is.
func TestLeaderIsKnownByItsID(t *testing.T) {
	elect(t, func(b *bench, e *session.Election, m2 *fakeMaster) {
		b.subscribe()
		e.Elect(leader("10.0.0.1:5050", "m"))
		e.Elect(leader("m1:5050", "m"))
		b.wantState(session.Subscribed)
		if st := b.s.Status(); st.Losses != 0 {
			t.Errorf("%d losses by another name of the same leader", st.Losses)
		}
		e.Elect(leader("m1:5050", "m-restarted"))
		b.master.accept()
		b.wantState(session.Subscribed)
		if st := b.s.Status(); st.Losses != 1 {
			t.Errorf("%d losses when the leader was started again", st.Losses)
		}
	})
}

// A leader that is elected while the session subscribes at the former one is
// followed as soon as that one has answered.
func TestElectionWhileSubscribing(t *testing.T) {
	elect(t, func(b *bench, e *session.Election, m2 *fakeMaster) {
		got := make(chan error, 1)
		go func() { _, err := b.s.Subscribe(b.ctx, []byte(subscribeBody)); got <- err }()
		st := <-b.master.streams
		simtime.Wait()
		e.Elect(leader("m2:5050", "n"))
		st.send(b.master.subscribed(st.fid))
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		m2.accept()
		if took := time.Since(start); took > time.Second { // not by the silence of the former
			t.Errorf("the new leader was asked after %v", took)
		}
		b.wantState(session.Subscribed)
		if got := b.s.MasterURL(); got != "http://m2:5050" {
			t.Errorf("subscribed at %s", got)
		}
	})
}
