package repl

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAskTakesTheAnswer(t *testing.T) {
	for keys, want := range map[string]string{
		"y\r":             "kill it! [y/N] y\ntrue <nil>",
		"YES\r":           "kill it! [y/N] YES\ntrue <nil>",
		"n\r":             "kill it! [y/N] n\nfalse <nil>",
		"\r":              "kill it! [y/N]\nfalse <nil>",
		"\x04":            "kill it! [y/N]\nfalse <nil>",
		"yx\x7f\r":        "kill it! [y/N] y\ntrue <nil>",
		"yy\r":            "kill it! [y/N] yy\nfalse <nil>",
		"\x1b[A\x1b[Cy\n": "kill it! [y/N] y\ntrue <nil>",
		"\x03":            "kill it! [y/N] ^C\nfalse interrupted",
	} {
		t.Run(want+keys, func(t *testing.T) {
			c := newConsole(t, 40, 10, nil)
			c.keysTyped("ask kill it!\r")
			c.sees("[1] ask kill it!\nkill it! [y/N] ▏")
			c.keysTyped(keys)
			c.sees("[1] ask kill it!\n" + want + "\n[2] ▏")
		})
	}
}

// What was typed ahead of a question is the next cell, and no answer.
func TestAskLeavesTypeAheadAlone(t *testing.T) {
	c := newConsole(t, 40, 10, nil)
	ctx, goOn := context.WithCancel(t.Context())
	ask := c.kernel.ask
	c.kernel.ask = func(cell context.Context, question string) (bool, error) {
		<-ctx.Done()
		return ask(cell, question)
	}
	c.keysTyped("ask sure!\r")
	c.shows("sure!\n")
	c.keysTyped("y\r")
	goOn()
	c.shows("sure! [y/N] ▏")
	c.repl.Notice("an event came")
	c.sees("[1] ask sure!\nan event came\nsure! [y/N] ▏")
	c.keysTyped("n\r")
	c.shows("[2] y\n[3] ▏")
}

func TestAskOnADumbTerminal(t *testing.T) {
	c := newConsole(t, 60, 10, func(o *Options) { o.Dumb = true })
	c.keysTyped("ask sure!\n")
	c.shows("sure! [y/N]")
	c.keysTyped("yes\n")
	c.shows("true <nil>")
}

// Without a terminal, or while nothing runs, there is nobody to ask.
func TestAskNobody(t *testing.T) {
	k := &fakeKernel{}
	var out strings.Builder
	r, err := New(Options{Kernel: k, In: strings.NewReader("ask sure!\n"), Out: &out, Err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	k.output, k.ask = r.Output, r.Ask
	if err := r.Run(t.Context()); err != nil || !strings.Contains(out.String(), "false there is nobody to ask") {
		t.Errorf("printed %q, error %v", out.String(), err)
	}
	c := newConsole(t, 40, 10, nil)
	c.sees("[1] ▏")
	if yes, err := c.repl.Ask(t.Context(), "sure!"); yes || !errors.Is(err, errNobody) {
		t.Errorf("at the prompt: %v, %v", yes, err)
	}
}
