package e2e_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium without a window. What the pages report as an error
// (a script's exception, a breach of their policy) fails the test, unless it
// contains one of expected.
type browser struct {
	t        *testing.T
	ctx      context.Context
	expected []string
}

// stepTimeout bounds one step in the browser, for a machine under load.
const stepTimeout = 30 * time.Second

func newBrowser(t *testing.T, expected ...string) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium: install it (Debian: apt-get install chromium) to test the web UI in a browser")
	}
	opts := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.WSURLReadTimeout(stepTimeout),
	}, flags("disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars")...)
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	b := &browser{t, ctx, expected}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("end the browser: %v", err)
		}
		cancel()
		stop()
	})
	chromedp.ListenTarget(ctx, b.watch())
	b.run(chromedp.EmulateViewport(1280, 800))
	return b
}

func flags(names ...string) (out []chromedp.ExecAllocatorOption) {
	for _, name := range names {
		out = append(out, chromedp.Flag(name, true))
	}
	return out
}

// watch gives the function that hears what the browser reports. It is called from
// the browser's goroutine, also after the test, when nothing counts any more.
func (b *browser) watch() func(any) {
	var mu sync.Mutex
	over := false
	b.t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	})
	return func(event any) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.report(e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError {
				b.report(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	}
}

func (b *browser) report(text string) {
	for _, e := range b.expected {
		if strings.Contains(text, e) {
			return
		}
	}
	b.t.Errorf("the browser reports: %s", text)
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	// The first run starts the browser, which then lives as long as its context.
	if chromedp.FromContext(b.ctx).Browser == nil {
		ctx = b.ctx
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval gives the value of an expression.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	var out T
	b.run(chromedp.Evaluate(expression, &out))
	return out
}

// await waits until an expression is true.
func (b *browser) await(expression string) {
	b.t.Helper()
	err := chromedp.Run(b.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(stepTimeout), chromedp.WithPollingInterval(50*time.Millisecond)))
	if err != nil {
		b.t.Fatalf("await %s: %v; the page shows:\n%s", expression, err, eval[string](b, "document.body.innerText"))
	}
}

// awaitText waits until the text is on the page.
func (b *browser) awaitText(text string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// open goes to a page of the UI and waits for its heading.
func (b *browser) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
	b.await("document.querySelector('#content h1, #content .log, #content .notice') !== null")
}
