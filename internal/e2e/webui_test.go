package e2e_test

import (
	"fmt"
	"net/url"
	"testing"

	"mesosbook/cluster"
	"mesosbook/session"

	"github.com/chromedp/chromedp"
	"github.com/tidwall/sjson"
)

// Ports to look for free ones from: a browser opens no page of 5060 and 5061, which
// lie above Mesos' own.
const webMaster, webAgent = 15050, 15150

// run is a task to launch for the web UI to show.
type run struct {
	id, name, command string
	cpus, memMB       float64
}

func (p *pair) start(r run) *session.Task {
	p.Helper()
	offers, err := p.s.WaitForOffers(p.ctx, 1)
	if err != nil {
		p.Fatal(err)
	}
	o := offers[0]
	body := `{"type":"ACCEPT","accept":{"offer_ids":[{}],"operations":[{"type":"LAUNCH","launch":{"task_infos":[{"command":{"shell":true}}]}}],"filters":{"refuse_seconds":0}}}`
	const task = "accept.operations.0.launch.task_infos.0."
	for path, value := range map[string]any{
		"framework_id": nil, "accept.offer_ids.0.value": string(o.ID),
		task + "name": r.name, task + "task_id.value": r.id, task + "agent_id.value": string(o.AgentID), task + "command.value": r.command,
		task + "resources.0": map[string]any{"name": "cpus", "type": "SCALAR", "scalar": map[string]any{"value": r.cpus}},
		task + "resources.1": map[string]any{"name": "mem", "type": "SCALAR", "scalar": map[string]any{"value": r.memMB}},
	} {
		if body, err = sjson.Set(body, path, value); err != nil {
			p.Fatal(err)
		}
	}
	tasks, err := p.s.Launch(p.ctx, []byte(body))
	if err != nil {
		p.Fatal(err)
	}
	return tasks[0]
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.run(chromedp.Click(chromedp.CSS(selector)))
}

// texts are those of all elements of a selector.
func (b *browser) texts(selector string) []string {
	b.t.Helper()
	return eval[[]string](b, fmt.Sprintf("[...document.querySelectorAll(%q)].map((e) => e.innerText)", selector))
}

// Whatever users named something is shown as they wrote it, and is never run.
func TestWebUIShowsNamesAsText(t *testing.T) {
	const img, script = `<img src=x onerror="window.hacked='img'">`, `</script><script>window.hacked='script'</script>`
	p := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent}, func(o *session.Options) { o.Name = script })
	body, err := sjson.Set(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"checkpoint":true}}}`, "subscribe.framework_info.webui_url", "javascript:window.hacked='url'")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := p.s.Subscribe(p.ctx, []byte(body)); err != nil || a.Err() != nil {
		t.Fatal(a, err)
	}
	id := `"><svg onload=alert(1)>`
	task := p.start(run{id, img, `touch '<b onclick=alert(1)>.txt'; echo '<img src=x onerror="window.hacked=1">'; sleep 1000`, 0.1, 32})
	p.wait(task, session.TaskRunning)
	framework := string(p.s.FrameworkID())
	offers, err := p.s.WaitForOffers(p.ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	sandbox := fmt.Sprintf("/frameworks/%s/executors/%s/runs/latest", framework, id)
	b := newBrowser(t)
	for route, want := range map[string]string{
		"/": img, "/frameworks": script, "/frameworks/" + framework: script, "/frameworks/" + framework + "/tasks/" + url.PathEscape(id): img,
		"/agents/" + string(offers[0].AgentID): id, "/agents/" + string(offers[0].AgentID) + "/browse?path=" + url.QueryEscape(sandbox): "<b onclick=alert(1)>.txt",
		"/agents/" + string(offers[0].AgentID) + "/read?path=" + url.QueryEscape(sandbox+"/stdout"): `<img src=x onerror="window.hacked=1">`,
		"/roles": script, "/offers": script,
	} {
		b.open(p.cluster.MasterURL() + "/#" + route)
		b.awaitText(want)
		if n := eval[int](b, `document.querySelectorAll('#content :is(img, script, svg, [onerror], [onload], [onclick], [href^="javascript:"])').length`); n != 0 {
			t.Errorf("%s: %d elements made from names", route, n)
		}
	}
	if hacked := eval[bool](b, "window.hacked !== undefined"); hacked {
		t.Error("a name was run as a script")
	}
}

// The sandbox of a task is read from its agent, which is another origin; what the
// task goes on writing appears.
func TestWebUISandbox(t *testing.T) {
	p := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent})
	p.subscribe()
	task := p.start(run{"writer", "Writer", `mkdir sub; echo inner > sub/note; echo first line; while [ ! -e go ]; do sleep 0.05; done; echo "second line: grüße"; sleep 1000`, 0.1, 32})
	p.wait(task, session.TaskRunning)
	b := newBrowser(t, "404 (Not Found)") // of the file that is not there
	b.open(p.cluster.MasterURL())
	b.awaitText("Writer")
	b.run(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('td a')].find((a) => a.textContent === 'files').click()`))
	b.awaitText("sub/")
	b.run(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('td a')].find((a) => a.textContent === 'sub/').click()`))
	b.awaitText("note")
	if got := b.texts("td.name"); len(got) != 1 || got[0] != "note" {
		t.Errorf("files of sub: %q", got)
	}
	b.open(p.cluster.MasterURL() + "/#/frameworks/" + string(p.s.FrameworkID()) + "/tasks/writer")
	b.awaitText("first line")
	p.wait(p.start(run{"opener", "Opener", "touch ../../../writer/runs/latest/go", 0.1, 32})) // from its sandbox to the other
	b.awaitText("second line: grüße")
	link := eval[string](b, `[...document.querySelectorAll('.log a')].find((a) => a.textContent === 'Download').href`)
	if want := p.cluster.AgentURLs()[0] + "/files/download?path="; len(link) < len(want) || link[:len(want)] != want {
		t.Errorf("download link %q", link)
	}
	b.open(p.cluster.MasterURL() + "/#/agents/" + agentOf(p) + "/read?path=/no/such/file")
	b.awaitText("no such file")
	b.open(p.cluster.MasterURL() + "/#/agents/" + agentOf(p) + "/browse?path=/no/such")
	b.awaitText("There is no such directory")
}

func agentOf(p *pair) string {
	p.Helper()
	offers, err := p.s.WaitForOffers(p.ctx, 1)
	if err != nil {
		p.Fatal(err)
	}
	return string(offers[0].AgentID)
}

// Order, filter and focus are the user's: new data does not change them.
func TestWebUITablesLast(t *testing.T) {
	p := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent})
	p.subscribe()
	for _, name := range []string{"b-task", "d-task", "a-task"} {
		p.wait(p.start(run{name, name, "sleep 1000", 0.1, 16}), session.TaskRunning)
	}
	b := newBrowser(t)
	b.open(p.cluster.MasterURL())
	b.awaitText("d-task")
	names := `section[aria-label="Active tasks"] td.name`
	header := `section[aria-label="Active tasks"] th.name button`
	b.click(header)
	b.await(`document.querySelector('section[aria-label="Active tasks"] th.name').ariaSort === 'ascending'`)
	wantTexts(b, names, "a-task", "b-task", "d-task")
	for _, name := range []string{"c-task", "e-task", "f-task"} {
		p.wait(p.start(run{name, name, "sleep 1000", 0.1, 16}), session.TaskRunning)
	}
	b.awaitText("f-task")
	wantTexts(b, names, "a-task", "b-task", "c-task", "d-task", "e-task", "f-task")
	if focused := eval[bool](b, fmt.Sprintf("document.activeElement === document.querySelector(%q)", header)); !focused {
		t.Error("the header lost the focus")
	}
	b.click(header)
	wantTexts(b, names, "f-task", "e-task", "d-task", "c-task", "b-task", "a-task")

	b.run(chromedp.SendKeys(chromedp.CSS(`section[aria-label="Active tasks"] .filter`), "c-t"))
	wantTexts(b, names, "c-task")
	p.wait(p.start(run{"ac-task", "ac-task", "sleep 1000", 0.1, 16}), session.TaskRunning)
	b.awaitText("ac-task")
	wantTexts(b, names, "c-task", "ac-task")
	b.run(chromedp.Reload())
	b.awaitText("ac-task")
	wantTexts(b, names, "c-task", "ac-task") // also after a reload
}

// wantTexts waits until the elements have these texts.
func wantTexts(b *browser, selector string, want ...string) {
	b.t.Helper()
	b.await(fmt.Sprintf("JSON.stringify([...document.querySelectorAll(%q)].map((e) => e.innerText)) === JSON.stringify(%s)", selector, jsonText(want)))
}

func jsonText(v any) string {
	text, err := sjson.Set("{}", "v", v)
	if err != nil {
		panic(err) // strings and lists of them
	}
	return text[len(`{"v":`) : len(text)-1]
}

// Without a master the last data stays, with a word on its age; with one again
// everything goes on. Of an agent that is gone the page says so.
func TestWebUIMasterAndAgentGone(t *testing.T) {
	p := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent})
	p.subscribe()
	p.wait(p.start(run{"t", "Survivor", "sleep 1000", 0.1, 16}), session.TaskRunning)
	agent := agentOf(p)
	b := newBrowser(t, "ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "ERR_SOCKET_NOT_CONNECTED", "503")
	b.open(p.cluster.MasterURL())
	b.awaitText("Survivor")
	if err := p.cluster.KillMaster(); err != nil {
		t.Fatal(err)
	}
	b.awaitText("The master does not answer")
	b.awaitText("Next try in")
	b.awaitText("Survivor")
	if err := p.cluster.RestartMaster(); err != nil {
		t.Fatal(err)
	}
	if err := p.cluster.AwaitAgents(p.ctx); err != nil {
		t.Fatal(err)
	}
	b.click(".banner button")
	b.await("document.querySelector('.banner') === null && document.querySelector('.status').innerText === 'Live'")
	b.awaitText("Survivor")

	b.open(p.cluster.MasterURL() + "/#/agents/" + agent)
	b.awaitText("Work directory")
	if err := p.cluster.KillAgent(0); err != nil {
		t.Fatal(err)
	}
	b.awaitText("refused or not reachable")
	if err := p.cluster.RestartAgent(0); err != nil {
		t.Fatal(err)
	}
	b.await("!document.body.innerText.includes('not reachable')")
}

// In a narrow window nothing is wider than the window.
func TestWebUINarrow(t *testing.T) {
	p := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent})
	p.subscribe()
	p.wait(p.start(run{"t", "ATaskWithAVeryLongNameThatHasNoPlaceToBreakAnywhereInIt_0123456789_0123456789", "echo x; sleep 1000", 0.1, 16}), session.TaskRunning)
	agent, framework := agentOf(p), string(p.s.FrameworkID())
	b := newBrowser(t)
	b.run(chromedp.EmulateViewport(360, 740))
	for _, route := range []string{"/", "/frameworks", "/frameworks/" + framework, "/frameworks/" + framework + "/tasks/t", "/agents", "/agents/" + agent,
		"/agents/" + agent + "/frameworks/" + framework + "/executors/t", "/roles", "/offers", "/maintenance", "/log", "/nothing"} {
		b.open(p.cluster.MasterURL() + "/#" + route)
		b.settle()
		if width := eval[int](b, "document.documentElement.scrollWidth"); width > 360 {
			t.Errorf("%s is %d pixels wide", route, width)
		}
	}
}

// In a window of middling width the menu has all its entries, and rows of tables are
// one line high: what has no room is reached by scrolling.
func TestWebUIMiddlingWidth(t *testing.T) {
	p := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent})
	p.subscribe()
	p.wait(p.start(run{"t", "Task", "sleep 1000", 0.1, 16}), session.TaskRunning)
	b := newBrowser(t)
	b.run(chromedp.EmulateViewport(800, 740))
	b.open(p.cluster.MasterURL())
	b.awaitText("Task")
	if missing := eval[int](b, "(n => n.scrollWidth - n.clientWidth)(document.querySelector('#header nav'))"); missing > 0 {
		t.Errorf("the menu lacks %d pixels", missing)
	}
	b.await("document.querySelector('tbody tr')")
	if height := eval[int](b, "Math.round(document.querySelector('tbody tr').getBoundingClientRect().height)"); height > 48 {
		t.Errorf("a row is %d pixels high", height)
	}
}

// A cluster with a work directory of its own keeps the master's log there, and the
// UI shows it.
func TestWebUIMasterLog(t *testing.T) {
	p := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent, WorkDir: t.TempDir()})
	without := newPair(t, cluster.Options{MasterPort: webMaster, AgentPort: webAgent})
	b := newBrowser(t)
	b.open(p.cluster.MasterURL() + "/#/log")
	b.awaitText("Registered agent")
	p.subscribe()
	b.awaitText("e2e") // the framework's name, in a line that came later
	b.open(without.cluster.MasterURL() + "/#/log")
	b.awaitText("writes no log file")
}
