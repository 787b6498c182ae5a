package e2e_test

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
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

	mu    sync.Mutex // guards heard
	heard []string
}

// stepTimeout bounds one step in the browser, for a machine under load.
const stepTimeout = 30 * time.Second

func newBrowser(t *testing.T, expected ...string) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no browser")
	}
	opts := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.WSURLReadTimeout(stepTimeout),
	}, flags("disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars")...)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	b := &browser{t: t, expected: expected}
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithListener(b.hear))
	b.ctx = ctx
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("end the browser: %v", err)
		}
		cancel()
		stop()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, text := range b.heard {
			t.Errorf("the browser reports: %s", text)
		}
	})
	if err := chromedp.Do(ctx); err != nil { // starts the browser, which lives as long as this context
		t.Fatal(err)
	}
	b.run(chromedp.EmulateViewport(1280, 800))
	return b
}

// chromium finds the program, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	t.Skip("no chromium: install it (Debian: apt-get install chromium) to test the web UI in a browser")
	return ""
}

func flags(names ...string) (out []chromedp.ExecAllocatorOption) {
	for _, name := range names {
		out = append(out, chromedp.Flag(name, true))
	}
	return out
}

// hear notes errors. It is called by the goroutine that reads from the browser.
func (b *browser) hear(event any) {
	var text string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			text = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if text == "" || slices.ContainsFunc(b.expected, func(x string) bool { return strings.Contains(text, x) }) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = append(b.heard, text)
}

func (b *browser) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval gives the value of an expression, or of the promise that it is.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// await waits until an expression is true. The page itself looks again and again.
func (b *browser) await(expression string) {
	b.t.Helper()
	seen := eval[bool](b, fmt.Sprintf(`new Promise((done) => {
		const until = performance.now() + %d;
		const look = () => { (%s) ? done(true) : performance.now() > until ? done(false) : setTimeout(look, 30); };
		look();
	})`, (stepTimeout*2/3).Milliseconds(), expression))
	if !seen {
		b.t.Fatalf("never true: %s; the page shows:\n%s", expression, eval[string](b, "document.body.innerText"))
	}
}

// awaitText waits until the text is on the page.
func (b *browser) awaitText(text string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// open goes to a page of the UI and waits for its content.
func (b *browser) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
	b.await("document.querySelector('#content h1, #content .log, #content .notice') !== null")
}
