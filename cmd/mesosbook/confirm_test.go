package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"mesosbook/cluster"
	"mesosbook/session"
)

// theirs is a cluster that is not the notebook's own, with somebody's framework.
type theirs struct {
	master    string
	agent     string
	framework string
	session   *session.Session
}

func startTheirs(ctx context.Context, t testing.TB) theirs {
	c, err := cluster.Start(ctx, cluster.Options{Simulate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
	s, err := session.New(session.Options{Master: c.MasterURL(), User: "root", Name: "theirs"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Subscribe(ctx, []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"failover_timeout":60}}}`)); err != nil {
		t.Fatal(err)
	}
	return theirs{c.MasterURL(), c.AgentURLs()[0], string(s.FrameworkID()), s}
}

// TestMasterScripts plays testdata/master/*.txtar: the program on a cluster of
// somebody else, $MASTER, with $AGENT, where the framework $FRAMEWORK runs, and
// beside it a server that is no master, $WEBSITE.
func TestMasterScripts(t *testing.T) {
	website := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<html>no Mesos here</html>\n")
	}))
	t.Cleanup(website.Close) // after the scripts, which run in parallel
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/master",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			other := startTheirs(t.Context(), t)
			env.Setenv("MASTER", other.master)
			env.Setenv("AGENT", other.agent)
			env.Setenv("WEBSITE", website.URL)
			env.Setenv("FRAMEWORK", other.framework)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}

// ptyProgram is the program at a pseudo terminal.
type ptyProgram struct {
	*testing.T
	keys *os.File

	mu    sync.Mutex
	grown sync.Cond
	text  string // what it has written so far
}

// startPTY runs the program with a terminal until the test ends.
func startPTY(t *testing.T, args ...string) *ptyProgram {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	pty.Setsize(master, &pty.Winsize{Rows: 40, Cols: 200})
	p := &ptyProgram{T: t, keys: master}
	p.grown.L = &p.mu
	var copying sync.WaitGroup
	copying.Go(func() { io.Copy(p, master) })
	done := make(chan int, 1)
	go func() { done <- run(args, slave, slave, slave) }()
	t.Cleanup(func() {
		p.types("\x03") // ends what runs, and voids what was typed behind it
		again := time.NewTicker(time.Second)
		defer again.Stop()
		late := time.After(time.Minute)
		for ended := false; !ended; {
			p.types("\x04")
			select {
			case <-done:
				ended = true
			case <-again.C:
			case <-late:
				p.mu.Lock()
				defer p.mu.Unlock()
				t.Errorf("the program does not end; it shows\n%s", p.text)
				return // it still holds the terminal
			}
		}
		slave.Close() // which ends the copying
		copying.Wait()
		master.Close()
	})
	return p
}

func (p *ptyProgram) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text += string(b)
	p.grown.Broadcast()
	return len(b), nil
}

func (p *ptyProgram) types(keys string) {
	if _, err := io.WriteString(p.keys, keys); err != nil {
		p.Error(err)
	}
}

// shows waits until the program has written text, and forgets all up to it.
func (p *ptyProgram) shows(text string) {
	p.Helper()
	late := false
	timer := time.AfterFunc(time.Minute, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.grown.Broadcast()
	})
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if at := strings.Index(p.text, text); at >= 0 {
			p.text = p.text[at+len(text):]
			return
		}
		if late {
			p.Fatalf("the program has written\n%q\nwant %q", p.text, text)
		}
		p.grown.Wait()
	}
}

// The notebook at a terminal asks before it tears down somebody's framework.
func TestAskAtATerminal(t *testing.T) {
	other := startTheirs(t.Context(), t)
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	p := startPTY(t, "--master", other.master, "--history", "")
	question := `TEARDOWN hits framework "theirs" (` + other.framework + `, 0 tasks) at ` + other.master + `, which this session did not start.`
	teardown := "terminate_framework(\"" + other.framework + "\")\r"
	p.shows("[1] ")
	for _, c := range []struct{ keys, want string }{
		{"n\r", "operator TEARDOWN: not sent, as you said"},
		{"\r", "operator TEARDOWN: not sent, as you said"},
		{"\x03", "interrupted"},
	} {
		p.types(teardown)
		p.shows(question)
		p.shows("Send it? [y/N] ")
		p.types(c.keys)
		p.shows(c.want)
		p.shows("] ")
		if other.session.State() != session.Subscribed {
			t.Fatalf("%q tore it down", c.keys)
		}
	}
	p.types(teardown)
	p.shows(question)
	p.shows("Send it? [y/N] ")
	p.types("y\r")
	p.shows("Result: 200")
	for other.session.State() == session.Subscribed {
		select {
		case <-other.session.Changed():
		case <-time.After(time.Minute):
			t.Fatal("the framework is still subscribed")
		}
	}
}
