package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mesosbook/session"

	"github.com/go-zookeeper/zk"
)

// zookeeper is a server of Debian's package zookeeper on a free port.
type zookeeper struct {
	t    *testing.T
	port int
	dir  string
	cmd  *exec.Cmd
}

func startZooKeeper(t *testing.T) *zookeeper {
	t.Helper()
	if _, err := os.Stat("/usr/share/java/zookeeper.jar"); err != nil {
		t.Skip("no ZooKeeper here: apt-get install zookeeper")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zookeeper{t: t, port: l.Addr().(*net.TCPAddr).Port, dir: t.TempDir()}
	l.Close()
	z.start()
	t.Cleanup(z.kill)
	return z
}

func (z *zookeeper) addr() string { return fmt.Sprintf("127.0.0.1:%d", z.port) }

func (z *zookeeper) start() {
	z.t.Helper()
	config := filepath.Join(z.dir, "zoo.cfg")
	text := fmt.Sprintf("tickTime=500\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nminSessionTimeout=1000\n", z.dir, z.port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		z.t.Fatal(err)
	}
	jars, _ := filepath.Glob("/usr/share/java/*.jar")
	z.cmd = exec.Command("java", "-Xmx128m", "-cp", "/etc/zookeeper/conf:"+strings.Join(jars, ":"), "org.apache.zookeeper.server.ZooKeeperServerMain", config)
	var log bytes.Buffer
	z.cmd.Stdout, z.cmd.Stderr = &log, &log
	if err := z.cmd.Start(); err != nil {
		z.t.Fatal(err)
	}
	conn := z.client()
	defer conn.Close()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-again.C {
		if _, _, err := conn.Exists("/"); err == nil {
			return
		}
		if time.Now().After(deadline) {
			z.kill()
			z.t.Fatalf("zookeeper does not answer: %s", log.String())
		}
	}
}

func (z *zookeeper) kill() {
	z.cmd.Process.Kill()
	z.cmd.Wait()
}

// forget removes what ZooKeeper has on disk.
func (z *zookeeper) forget() {
	if err := os.RemoveAll(filepath.Join(z.dir, "version-2")); err != nil {
		z.t.Fatal(err)
	}
}

// unregister takes a master out of the election.
func (z *zookeeper) unregister(base string) {
	conn := z.client()
	defer conn.Close()
	names, _, err := conn.Children("/mesos")
	for _, name := range names {
		if data, _, _ := conn.Get("/mesos/" + name); strings.Contains(string(data), base) {
			err = errors.Join(err, conn.Delete("/mesos/"+name, -1))
		}
	}
	if err != nil {
		z.t.Fatal(err)
	}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

func (z *zookeeper) client() *zk.Conn {
	conn, _, err := zk.Connect([]string{z.addr()}, 2*time.Second, zk.WithLogger(quiet{}))
	if err != nil {
		z.t.Fatal(err)
	}
	return conn
}

// mkdir makes a node that stays, if it is not there.
func (z *zookeeper) mkdir(path string) {
	z.t.Helper()
	conn := z.client()
	defer conn.Close()
	if _, err := conn.Create(path, nil, 0, zk.WorldACL(zk.PermAll)); err != nil && !errors.Is(err, zk.ErrNodeExists) {
		z.t.Fatal(err)
	}
}

// register takes part in the election as a master at a URL.
func (z *zookeeper) register(base string) *zk.Conn {
	z.t.Helper()
	u, _ := url.Parse(base)
	z.mkdir("/mesos")
	z.mkdir("/mesos/log_replicas")
	conn := z.client()
	info, _ := json.Marshal(map[string]any{"id": base, "hostname": u.Hostname(), "ip": 16777343, "port": json.Number(u.Port()),
		"address": map[string]any{"hostname": u.Hostname(), "ip": "127.0.0.1", "port": json.Number(u.Port())}})
	if _, err := conn.Create("/mesos/json.info_", info, zk.FlagEphemeral|zk.FlagSequence, zk.WorldACL(zk.PermAll)); err != nil {
		z.t.Fatal(err)
	}
	return conn
}

// scriptedMaster answers SUBSCRIBE and keeps its streams open until closed.
type scriptedMaster struct {
	*httptest.Server
	mu         sync.Mutex
	subscribes int
}

func startScriptedMaster(t *testing.T) *scriptedMaster {
	m := &scriptedMaster{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.subscribes++
		m.mu.Unlock()
		record := `{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"f"},"heartbeat_interval_seconds":15.0}}`
		w.Header().Set("Mesos-Stream-Id", "x")
		fmt.Fprintf(w, "%d\n%s", len(record), record)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(m.die)
	return m
}

func (m *scriptedMaster) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.subscribes
}

func (m *scriptedMaster) die() {
	m.CloseClientConnections()
	m.Close()
}

// The leader is found, its death leads to the next one, and ZooKeeper itself may
// be away in between.
func TestZooKeeperLeader(t *testing.T) {
	z := startZooKeeper(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	address := "zk://127.0.0.1:1," + z.addr() + "/mesos"

	_, err := session.Masters(ctx, session.Options{Master: address, CallTimeout: time.Hour})
	if want := "zookeeper " + address + ": no master is registered there: it has no node /mesos; is the path right?"; err == nil || err.Error() != want {
		t.Errorf("no node: got %v, want %s", err, want)
	}
	z.mkdir("/mesos")
	_, err = session.Masters(ctx, session.Options{Master: address, CallTimeout: time.Hour})
	if want := "no master is registered there: node /mesos lists none"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("no master registered: got %v, want %s", err, want)
	}

	one, two := startScriptedMaster(t), startScriptedMaster(t)
	first := z.register(one.URL)
	second := z.register(two.URL)
	defer second.Close()
	masters, err := session.Masters(ctx, session.Options{Master: address})
	if err != nil || len(masters) != 2 || masters[0].URL != one.URL || !masters[0].Leading || masters[1].Leading {
		t.Fatalf("masters %+v, %v", masters, err)
	}

	s, err := session.New(session.Options{Master: address, Log: func(n session.Notice) { t.Log(n) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if a, err := s.Subscribe(ctx, []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}}`)); err != nil || a.Err() != nil {
		t.Fatal(a, err)
	}
	if s.MasterURL() != one.URL {
		t.Errorf("subscribed at %s, want %s", s.MasterURL(), one.URL)
	}

	z.kill() // the session lives on without ZooKeeper
	first.Close()
	one.die()
	z.start()
	for s.MasterURL() != two.URL {
		select {
		case <-ctx.Done():
			t.Fatalf("still at %s: %v", s.MasterURL(), s.LastError())
		case <-s.Changed():
		}
	}
}

// While subscribed, ZooKeeper may die and forget everything: the subscription goes
// on. Once it answers again, a new leader is followed at once, though the old one
// still holds its connection open and says nothing.
func TestStandingWatch(t *testing.T) {
	z := startZooKeeper(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	one, two := startScriptedMaster(t), startScriptedMaster(t)
	first := z.register(one.URL)
	notices := make(chan string, 100)
	s, err := session.New(session.Options{Master: "zk://" + z.addr() + "/mesos", Log: func(n session.Notice) { notices <- n.Text }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if a, err := s.Subscribe(ctx, []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}}`)); err != nil || a.Err() != nil {
		t.Fatal(a, err)
	}
	heard := func(want string) string {
		t.Helper()
		for {
			select {
			case text := <-notices:
				if strings.Contains(text, want) {
					return text
				}
			case <-ctx.Done():
				t.Fatalf("no notice %q; status:\n%v", want, s.Status())
			}
		}
	}

	z.kill()
	heard("the subscription goes on without it")
	first.Close()
	z.forget()
	z.start()
	heard("answers again")
	defer z.register(one.URL).Close()
	if st := s.Status(); st.State != session.Subscribed || st.Losses != 0 || one.count() != 1 {
		t.Errorf("after ZooKeeper came back with nothing, subscribed %d times:\n%v", one.count(), st)
	}

	z.unregister(one.URL)
	defer z.register(two.URL).Close()
	start := time.Now()
	heard("connection to the master lost: another master leads: " + two.URL)
	heard("subscribed again as framework f at " + two.URL)
	if took := time.Since(start); took > 30*time.Second || s.MasterURL() != two.URL {
		t.Errorf("at %s after %v", s.MasterURL(), took)
	}
}
