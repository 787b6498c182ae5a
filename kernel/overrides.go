package kernel

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib/unrestricted"
)

// overrides are the functions and variables of the standard library that cells
// get in another form: what would end the program, print past Options.Output,
// wait past an interrupt, or not see through interpreted values.
func (k *Kernel) overrides() (interp.Exports, error) {
	stdout, err := k.out.file(Stdout)
	if err != nil {
		return nil, err
	}
	stderr, err := k.out.file(Stderr)
	if err != nil {
		return nil, err
	}
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("open stdin: %w", err)
	}
	k.stdin = stdin
	h := k.host
	return interp.Exports{
		"net/http/http": symbols(k.httpFuncs(), nil),
		"os/exec/exec": symbols(map[string]any{
			"Command": func(name string, args ...string) *exec.Cmd {
				return exec.CommandContext(k.waitContext(), name, args...)
			},
		}, unrestricted.Symbols["os/exec/exec"]),
		"os/os": symbols(map[string]any{
			"Exit": func(code int) { h.end(stopReason{ExitError, fmt.Sprintf("os.Exit(%d) was called", code)}) },
		}, map[string]reflect.Value{
			"Stdout": reflect.ValueOf(&stdout).Elem(), "Stderr": reflect.ValueOf(&stderr).Elem(), "Stdin": reflect.ValueOf(&stdin).Elem(),
		}),
		"log/log":            symbols(k.logger(), nil),
		"time/time":          symbols(map[string]any{"Sleep": h.sleep}, nil),
		"encoding/json/json": symbols(map[string]any{"Marshal": marshal, "MarshalIndent": marshalIndent}, nil),
		"errors/errors":      symbols(map[string]any{"Is": h.errorsIs, "As": h.errorsAs, "Unwrap": h.errorsUnwrap}, nil),
	}, nil
}

// symbols makes a symbol table; values win over more.
func symbols(values map[string]any, more map[string]reflect.Value) map[string]reflect.Value {
	out := maps.Clone(more)
	if out == nil {
		out = map[string]reflect.Value{}
	}
	for n, v := range values {
		out[n] = reflect.ValueOf(v)
	}
	return out
}

// waitContext is what a call under way waits under: the cell's context for the
// cell itself, so that an interrupt ends it, and none for goroutines, which
// live on.
func (k *Kernel) waitContext() context.Context {
	if k.host.foreground() {
		return k.Context()
	}
	return context.Background()
}

// httpFuncs gives the functions of net/http that make a request; those of
// cells can be interrupted.
func (k *Kernel) httpFuncs() map[string]any {
	newRequest := func(method, url string, body io.Reader) (*http.Request, error) {
		return http.NewRequestWithContext(k.waitContext(), method, url, body)
	}
	do := func(method, url, contentType string, body io.Reader) (*http.Response, error) {
		req, err := newRequest(method, url, body)
		if err != nil {
			return nil, err
		}
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		return http.DefaultClient.Do(req)
	}
	return map[string]any{
		"NewRequest": newRequest,
		"Get":        func(url string) (*http.Response, error) { return do(http.MethodGet, url, "", nil) },
		"Head":       func(url string) (*http.Response, error) { return do(http.MethodHead, url, "", nil) },
		"Post": func(url, contentType string, body io.Reader) (*http.Response, error) {
			return do(http.MethodPost, url, contentType, body)
		},
		"PostForm": func(u string, data url.Values) (*http.Response, error) {
			return do(http.MethodPost, u, "application/x-www-form-urlencoded", strings.NewReader(data.Encode()))
		},
	}
}

// logger gives the functions of package log on a logger of the session's own.
func (k *Kernel) logger() map[string]any {
	l := log.New(streamWriter{k.out, Stderr}, "", log.LstdFlags)
	fatal := func(text string) {
		_ = l.Output(3, text) // a write that fails has nowhere to be reported
		k.host.end(stopReason{ExitError, "log.Fatal was called: " + strings.TrimSpace(text)})
	}
	return map[string]any{
		"Fatal":   func(v ...any) { fatal(fmt.Sprint(v...)) },
		"Fatalf":  func(f string, v ...any) { fatal(fmt.Sprintf(f, v...)) },
		"Fatalln": func(v ...any) { fatal(fmt.Sprintln(v...)) },
		"Panic":   l.Panic, "Panicf": l.Panicf, "Panicln": l.Panicln,
		"Print": l.Print, "Printf": l.Printf, "Println": l.Println,
		"Flags": l.Flags, "SetFlags": l.SetFlags, "Prefix": l.Prefix, "SetPrefix": l.SetPrefix,
		"Writer": l.Writer, "SetOutput": l.SetOutput, "Output": l.Output,
	}
}
