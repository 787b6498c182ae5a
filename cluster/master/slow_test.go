package master

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"
	v1 "mesosbook/mesos/v1"
)

// subscribers that never read what they are sent.
const slowSubscribers = 1000

// ignore opens a subscription and reads nothing of it, not even the header.
func (r *rig) ignore(path, body string) net.Conn {
	r.t.Helper()
	c, err := r.net.Dial(context.Background(), "tcp", "master:5050")
	if err != nil {
		r.t.Fatal(err)
	}
	text := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: master\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	if _, err := io.WriteString(c, text); err != nil {
		r.t.Fatal(err)
	}
	return c
}

// A thousand schedulers that do not read are gone after writeTimeout; until then
// nobody waits for them.
func TestSilentSchedulersAreDropped(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		before := runtime.NumGoroutine()
		for range slowSubscribers {
			defer r.ignore("/api/v1/scheduler", `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"slow"}}}`).Close()
		}
		simtime.Wait()
		if got := r.frameworksNow(); got != slowSubscribers+1 {
			t.Fatalf("%d frameworks, want %d", got, slowSubscribers+1)
		}
		start := time.Now()
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		ag.update(s.id, "t", v1.TaskState_TASK_FINISHED)
		s.acknowledge(s.status())
		if took := time.Since(start); took != 0 {
			t.Errorf("a task took %s beside them", took)
		}
		time.Sleep(writeTimeout)
		simtime.Wait()
		if got := r.frameworksNow(); got != 1 {
			t.Errorf("%d frameworks after %s, want 1", got, writeTimeout)
		}
		if got := runtime.NumGoroutine(); got > before+10 {
			t.Errorf("%d goroutines, %d before", got, before)
		}
	})
}

func (r *rig) frameworksNow() (n int) {
	r.m.locked(func() { n = len(r.m.frameworks) })
	return n
}

// A thousand watchers that fall behind are cut off as soon as too much waits for
// them, and nobody waits for them.
func TestSlowWatchersAreCut(t *testing.T) {
	const queue = 20
	bubble(t, Options{MaxQueue: queue, MaxOperatorSubscribers: slowSubscribers}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		before := runtime.NumGoroutine()
		for range slowSubscribers {
			defer r.ignore("/api/v1", `{"type":"SUBSCRIBE"}`).Close()
		}
		simtime.Wait()
		if got := r.watchersNow(); got != slowSubscribers {
			t.Fatalf("%d watchers, want %d", got, slowSubscribers)
		}
		start := time.Now()
		var tasks []string
		for i := range queue + 1 {
			tasks = append(tasks, taskJSON(fmt.Sprint("t", i), ag.id, "resources.0.scalar.value", 0.01, "resources.1.scalar.value", 1))
		}
		s.launch(s.offer(), 0, strings.Join(tasks, ",")) // each is an event
		simtime.Wait()
		if got := r.watchersNow(); got != 0 {
			t.Errorf("%d watchers are still there", got)
		}
		for i := range queue + 1 {
			ag.update(s.id, fmt.Sprint("t", i), v1.TaskState_TASK_FINISHED)
			s.acknowledge(s.status())
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("%d tasks took %s beside them", queue+1, took)
		}
		time.Sleep(time.Second) // the server lingers on closed connections
		if got := runtime.NumGoroutine(); got > before+10 {
			t.Errorf("%d goroutines, %d before", got, before)
		}
	})
}

func (r *rig) watchersNow() (n int) {
	r.m.locked(func() { n = len(r.m.operators) })
	return n
}

// A body that does not come is waited for a minute, and no other request waits.
func TestSlowBody(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		c, err := r.net.Dial(context.Background(), "tcp", "master:5050")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		start := time.Now()
		if _, err := io.WriteString(c, "POST /api/v1 HTTP/1.1\r\nHost: master\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		if r.get("/version"); time.Since(start) != 0 {
			t.Errorf("another request took %s", time.Since(start))
		}
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
			t.Errorf("got %q, %v", answer, err)
		}
		if took := time.Since(start); took < bodyTimeout || took > bodyTimeout+time.Second {
			t.Errorf("answered after %s, want %s", took, bodyTimeout)
		}
	})
}
