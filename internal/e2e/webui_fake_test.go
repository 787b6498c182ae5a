package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mesosbook/cluster/webui"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// fake serves the web UI and pages given as text.
func fake(t *testing.T, pages map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	ui := webui.Handler()
	mux := http.NewServeMux()
	mux.Handle("/", ui)
	mux.HandleFunc("/metrics/snapshot", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	for path, page := range pages {
		mux.HandleFunc(path, page)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

const oneAgent = `{"version":"1.12.0","id":"m","start_time":1,"slaves":[{"id":"S0","hostname":"127.0.0.1","pid":"slave(1)@127.0.0.1:%s","attributes":{},"active":true,"deactivated":false,
"registered_time":1,"version":"1.12.0","resources":{"cpus":1,"mem":1,"disk":1,"gpus":0},"used_resources":{"cpus":0,"mem":0,"disk":0,"gpus":0},"offered_resources":{"cpus":0,"mem":0,"disk":0,"gpus":0}}],
"frameworks":[],"completed_frameworks":[]}`

// An agent's answer is a script. It reaches neither the page, nor the master, nor
// any other host; what it says is data.
func TestWebUIHostileAgent(t *testing.T) {
	var elsewhere, calls atomic.Int32
	third := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer third.Close()
	var master *httptest.Server
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `for (const f of [
			() => { parent.hacked = 1 }, () => { top.document.title = 'hacked' }, () => { parent.document.body.remove() },
			() => { top.location = %[1]q }, () => { new Image().src = %[1]q }, () => { fetch(%[1]q, {mode: 'no-cors'}) },
			() => { fetch(%[2]q + '/api/v1', {method: 'POST', mode: 'no-cors', body: '{"type":"TEARDOWN"}'}) },
			() => { const s = document.createElement('script'); s.src = %[1]q; document.documentElement.append(s) },
			() => { parent.postMessage({id: 1, data: {version: '<img src=x onerror=hacked=1>'}}, '*') },
			() => { parent.postMessage(null, '*') }, () => { parent.postMessage('x', '*') },
		]) { try { f() } catch (e) {} }
		%[3]s({"flags":{"work_dir":"<img src=x onerror=hacked=1>"},"frameworks":[],"completed_frameworks":[],"start_time":"soon"})`, third.URL, master.URL, r.URL.Query().Get("jsonp"))
	}))
	defer agent.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(agent.URL, "http://"))
	master = fake(t, map[string]http.HandlerFunc{
		"/state":  text(fmt.Sprintf(oneAgent, port)),
		"/api/v1": func(http.ResponseWriter, *http.Request) { calls.Add(1) },
	})
	b := newBrowser(t, "violates", "Unsafe attempt", "Blocked a frame", "sandboxed", "Content Security Policy")
	b.open(master.URL + "/#/agents/S0")
	b.awaitText("<img src=x onerror=hacked=1>")
	b.settle()
	if got := eval[bool](b, "window.hacked === undefined && document.title !== 'hacked' && location.origin === '"+master.URL+"'"); !got {
		t.Error("the agent's script reached the page")
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another host had %d requests", n)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("the master had %d calls", n)
	}
}

// A master that does not lead sends the browser to the one that does, to the same page.
func TestWebUIGoesToTheLeader(t *testing.T) {
	leader := fake(t, map[string]http.HandlerFunc{"/state": text(fmt.Sprintf(oneAgent, "1"))})
	to := func(path string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", strings.TrimPrefix(leader.URL, "http:")+path)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}
	other := fake(t, map[string]http.HandlerFunc{"/state": to("/master/state"), "/redirect": to("")})
	b := newBrowser(t)
	// The other page arrives while the first one may still be asked something.
	arrived := b.loads(leader.URL + "/")
	b.run(chromedp.Navigate(other.URL + "/#/agents"))
	b.awaitText("This master does not lead")
	select {
	case <-arrived:
	case <-time.After(stepTimeout):
		t.Fatal("the browser did not go to the leader")
	}
	b.awaitText("Registered agents")
	if got := eval[string](b, "location.href"); got != leader.URL+"/#/agents" {
		t.Errorf("the browser is at %s, want %s/#/agents", got, leader.URL)
	}
}

// A large cluster is drawn in a time that leaves the browser usable.
func TestWebUIManyTasks(t *testing.T) {
	const tasks = 20000
	var s strings.Builder
	for i := range tasks {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"id":"t%[1]d","name":"task %[1]d","framework_id":"F","executor_id":"","slave_id":"S0","state":"TASK_RUNNING","role":"*","resources":{"cpus":1,"mem":1},"statuses":[{"state":"TASK_RUNNING","timestamp":%[1]d}]}`, i)
	}
	framework := `"frameworks":[{"id":"F","name":"f","active":true,"roles":["*"],"offers":[],"unreachable_tasks":[],"completed_tasks":[],"executors":[],"tasks":[` + s.String() + `]}]`
	state := strings.Replace(fmt.Sprintf(oneAgent, "1"), `"frameworks":[]`, framework, 1)
	srv := fake(t, map[string]http.HandlerFunc{"/state": text(state)})
	b := newBrowser(t)
	b.open(srv.URL)
	b.awaitText("The first 200 of 20000")
	// The time that a press of a header takes, until the new order is on screen.
	ms := eval[float64](b, `(async () => {
		const began = performance.now();
		document.querySelector('th.name button').click();
		await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
		return performance.now() - began;
	})()`)
	t.Logf("sorting %d tasks took %.0f ms", tasks, ms)
	if ms > 3000 {
		t.Errorf("sorting %d tasks took %.0f ms", tasks, ms)
	}
}

// loads gives a channel that is closed once the tab has loaded a page of that address.
func (b *browser) loads(url string) <-chan struct{} {
	b.t.Helper()
	arrived := make(chan struct{})
	there := false
	var once sync.Once
	err := chromedp.Listen(b.ctx, func(event any) {
		switch e := event.(type) {
		case *page.EventFrameNavigated:
			if e.Frame.ParentID == "" {
				there = e.Frame.URL == url
			}
		case *page.EventLoadEventFired:
			if there {
				once.Do(func() { close(arrived) })
			}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return arrived
}

// An agent that asks for credentials cannot be read from here: the page says so and
// names the place where it can.
func TestWebUIAgentWithCredentials(t *testing.T) {
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/version" {
			w.Header().Set("WWW-Authenticate", `Basic realm="mesos-agent-readonly"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `%s({})`, r.URL.Query().Get("jsonp"))
	}))
	defer agent.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(agent.URL, "http://"))
	master := fake(t, map[string]http.HandlerFunc{"/state": text(fmt.Sprintf(oneAgent, port))})
	b := newBrowser(t, "401 (Unauthorized)")
	b.open(master.URL + "/#/agents/S0")
	b.awaitText("This agent wants you to sign in")
	if got := eval[string](b, "document.querySelector('.notice a').href"); got != agent.URL+"/state" {
		t.Errorf("the link leads to %s", got)
	}
	b.open(master.URL + "/#/agents/S0/browse?path=/a")
	b.awaitText("This agent wants you to sign in")
	b.open(master.URL + "/#/agents/S0/read?path=/a/b")
	b.awaitText("the agent wants you to sign in")
}
