package e2e_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mesosbook/cluster"
	"mesosbook/session"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// demo fills a cluster with what a tutorial leaves behind.
func demo(t *testing.T) *pair {
	p := newPair(t, cluster.Options{MasterPort: 8050, AgentPort: 8051}, func(o *session.Options) { o.Name = "Example HTTP Framework" })
	p.subscribe()
	for _, r := range []run{
		{"demo-1", "DemoTask", `echo "hello from task $MESOS_EXECUTOR_ID"; seq 1 3; exit 0`, 0.2, 32},
		{"fetch-1", "FetchContent", `echo "fetching http://127.0.0.1:9/content.tar.gz" >&2; echo "curl: (7) Failed to connect" >&2; exit 7`, 0.1, 32},
	} {
		p.wait(p.start(r))
	}
	killed := p.start(run{"sleeper-1", "Sleeper", "sleep 1000", 0.1, 32})
	p.wait(killed, session.TaskRunning)
	if _, err := killed.Kill(p.ctx, 0); err != nil {
		t.Fatal(err)
	}
	p.wait(killed)
	for _, r := range []run{
		{"content-1", "ContentServer", `echo "Serving HTTP on port 9000"; i=0; while :; do i=$((i+1)); echo "127.0.0.1 GET / 200 (request $i)"; sleep 2; done`, 0.5, 64},
		{"demo-2", "DemoTask", `echo "hello from task $MESOS_EXECUTOR_ID"; sleep 1000`, 0.2, 32},
		{"worker-1", "Worker", `echo started; while :; do :; done & sleep 1000`, 0.3, 96},
	} {
		p.wait(p.start(r), session.TaskRunning)
	}
	return p
}

// TestWebUIPictures makes the picture of the documentation when it is told where to
// put it (docs/images/README.md), and with WEBUI_PAGES=home,task,... those of further
// pages: light, dark, and in a narrow window.
func TestWebUIPictures(t *testing.T) {
	dir := os.Getenv("WEBUI_PICTURES")
	if dir == "" {
		t.Skip("WEBUI_PICTURES does not name a directory for the pictures")
	}
	p := demo(t)
	b := newBrowser(t)
	offers, err := p.s.WaitForOffers(p.ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	agent := string(offers[0].AgentID)
	framework := p.s.FrameworkID()
	sandbox := fmt.Sprintf("/frameworks/%s/executors/content-1/runs/latest", framework)
	pages := map[string]string{
		"home": "/", "frameworks": "/frameworks", "framework": "/frameworks/" + string(framework), "agents": "/agents", "agent": "/agents/" + agent,
		"task": fmt.Sprintf("/frameworks/%s/tasks/content-1", framework), "failed": fmt.Sprintf("/frameworks/%s/tasks/fetch-1", framework),
		"executor": fmt.Sprintf("/agents/%s/frameworks/%s/executors/worker-1", agent, framework),
		"browse":   "/agents/" + agent + "/browse?path=" + url.QueryEscape(sandbox), "read": "/agents/" + agent + "/read?path=" + url.QueryEscape(sandbox+"/stdout"),
		"offers": "/offers", "roles": "/roles", "maintenance": "/maintenance", "log": "/log",
	}
	wanted := strings.Split(os.Getenv("WEBUI_PAGES"), ",")
	b.open(p.cluster.MasterURL())
	b.await("[...document.querySelectorAll('time')].some((e) => e.innerText === '10 s ago')")
	b.picture(filepath.Join(dir, "webui.png"))
	for _, look := range []struct {
		name, scheme  string
		width, height int64
	}{{"light", "light", 1280, 800}, {"dark", "dark", 1280, 800}, {"narrow", "light", 390, 844}} {
		b.run(chromedp.EmulateViewport(look.width, look.height),
			scheme(look.scheme))
		for name, route := range pages {
			if !slices.Contains(wanted, name) {
				continue
			}
			b.open(p.cluster.MasterURL() + "/#" + route)
			b.settle()
			b.await("(window.settled ??= performance.now() + 2000) < performance.now() && (delete window.settled, true)") // CPU use takes two answers
			b.picture(filepath.Join(dir, "webui-"+name+"-"+look.name+".png"))
		}
	}
}

// scheme makes the browser prefer "light" or "dark".
func scheme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
		return err
	})
}

// settle waits until a page that asks an agent has its answer.
func (b *browser) settle() {
	b.t.Helper()
	b.await("!/Asking the agent|Reading…|Asking the master/.test(document.body.innerText)")
}

func (b *browser) picture(file string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
