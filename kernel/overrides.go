package kernel

import (
	"fmt"
	"log"
	"os"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"
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
		"os/os": symbols(map[string]any{
			"Exit": func(code int) { h.end(stopReason{ExitError, fmt.Sprintf("os.Exit(%d) was called", code)}) },
		}, map[string]reflect.Value{
			"Stdout": reflect.ValueOf(&stdout).Elem(), "Stderr": reflect.ValueOf(&stderr).Elem(), "Stdin": reflect.ValueOf(&stdin).Elem(),
		}),
		"log/log":       symbols(k.logger(), nil),
		"time/time":     symbols(map[string]any{"Sleep": h.sleep}, nil),
		"errors/errors": symbols(map[string]any{"Is": h.errorsIs, "As": h.errorsAs, "Unwrap": h.errorsUnwrap}, nil),
	}, nil
}

func symbols(values map[string]any, more map[string]reflect.Value) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for n, v := range values {
		out[n] = reflect.ValueOf(v)
	}
	for n, v := range more {
		out[n] = v
	}
	return out
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
