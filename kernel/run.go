package kernel

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mesosbook/internal/race"
)

// Run evaluates one cell. It returns when the cell has ended, or has been
// abandoned after ctx ended. Only one Run at a time; a second one waits.
func (k *Kernel) Run(ctx context.Context, code string) Result {
	k.run.Lock()
	defer k.run.Unlock()
	k.cell++
	start := time.Now()
	r := Result{Cell: k.cell}
	k.sources[k.cell] = strings.Split(code, "\n")
	r.Values, r.Notes, r.Err = k.evaluate(ctx, code)
	r.Duration = time.Since(start)
	return r
}

func (k *Kernel) evaluate(ctx context.Context, code string) ([]Value, []string, error) {
	u := k.parse(k.cell, code)
	if len(u.errs) > 0 {
		return nil, nil, &Error{Cell: k.cell, Kind: SyntaxError, Diagnostics: u.errs[:min(len(u.errs), maxDiagnostics)]}
	}
	c := k.check(u)
	if len(u.errs) > 0 {
		kind := TypeError
		if c.failed {
			kind = UnsupportedError
		}
		return nil, nil, &Error{Cell: k.cell, Kind: kind, Diagnostics: u.errs}
	}
	if k.opts.Before != nil {
		if err := k.opts.Before(ctx, code); err != nil {
			return nil, nil, &Error{Cell: k.cell, Kind: HelperError, Diagnostics: []Diagnostic{{Message: err.Error()}}}
		}
	}
	lw, err := k.prepare(c)
	if err != nil {
		return nil, nil, k.unsupported(u, err)
	}
	undo := k.commit(lw)
	values, err := k.execute(ctx, c)
	if err != nil {
		undo()
	}
	return values, u.notes, err
}

// prepare lowers c and has the interpreter compile it: afterwards k.cellFunc
// runs the cell. Nothing of the session is changed.
func (k *Kernel) prepare(c *checked) (lw *lowering, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	lw = k.lower(c)
	program := lw.program()
	if k.trace != nil {
		k.trace(strings.Join(lw.imports, "\n") + "\n" + program)
	}
	for _, line := range lw.imports {
		if err := k.eval(line); err != nil {
			return nil, err
		}
	}
	for p := range c.importsOf(lw.imports) {
		k.imported[p] = true
	}
	k.cellFunc = nil
	if err := k.eval(program); err != nil {
		return nil, err
	}
	if k.cellFunc == nil {
		return nil, errors.New("the cell was not compiled")
	}
	return lw, nil
}

// importsOf gives the import paths of import lines.
func (c *checked) importsOf(lines []string) map[string]bool {
	out := map[string]bool{}
	for _, l := range lines {
		if p, err := strconv.Unquote(l[strings.IndexByte(l, '"'):]); err == nil {
			out[p] = true
		}
	}
	return out
}

var (
	slotSuffix  = regexp.MustCompile(`([\pL_][\pL\pN_]*?)__\d+`)
	interpPlace = regexp.MustCompile(`^(In\[\d+\])/_\.go:(\d+):(\d+): (.*)`)
)

// unsupported makes an error of the interpreter's refusal.
func (k *Kernel) unsupported(u *unit, err error) error {
	msg := slotSuffix.ReplaceAllString(err.Error(), "$1")
	p := token.Position{}
	if m := interpPlace.FindStringSubmatch(msg); m != nil {
		p.Filename = m[1]
		p.Line, _ = strconv.Atoi(m[2])
		p.Column, _ = strconv.Atoi(m[3])
		msg = m[4]
	}
	if msg, _, _ = strings.Cut(msg, "\n"); strings.Contains(msg, recursiveMark) {
		msg = recursiveFunc
	}
	d := u.diagnose(p, "not supported by the interpreter: "+msg)
	return &Error{Cell: k.cell, Kind: UnsupportedError, Diagnostics: []Diagnostic{d}}
}

// commit puts the cell's definitions into the session. undo takes back the
// variables that the cell did not get to, when it failed.
func (k *Kernel) commit(lw *lowering) (undo func()) {
	s, c := k.ses, lw.c
	before := map[string]*entry{}
	for n := range c.dropped {
		if !c.defined[n] {
			delete(s.entries, n)
		}
	}
	for n, e := range lw.entries {
		before[n] = s.entries[n]
		s.entries[n] = e
	}
	s.imports, s.dots = c.imports, c.dots
	maps.Copy(s.slots, lw.slots)
	maps.Copy(s.memo, lw.memo)
	maps.Copy(s.convs, lw.convs)
	return func() { k.takeBack(c, before) }
}

// takeBack undoes the definitions of variables whose statement was not done,
// as far as nothing else of the session has come to depend on them.
func (k *Kernel) takeBack(c *checked, before map[string]*entry) {
	for i, t := range c.stmts {
		if t.def == nil || i < int(k.progress.Load()) {
			continue
		}
		for _, id := range t.def.names {
			e := k.ses.entries[id.Name]
			if e == nil || e.cell != c.cell || len(k.ses.dependents(map[string]bool{id.Name: true})) > 0 {
				continue
			}
			if old := before[id.Name]; old != nil {
				k.ses.entries[id.Name] = old
			} else {
				delete(k.ses.entries, id.Name)
			}
		}
	}
}

// ending is how the goroutine of a cell ended.
type ending struct {
	panicked any
	returned bool
	halted   bool // it was interrupted before, even if it ended by itself then
}

// execute runs the prepared cell until it ends or ctx does.
func (k *Kernel) execute(ctx context.Context, c *checked) ([]Value, error) {
	h := k.host
	k.shown = nil
	k.frameMu.Lock() // a goroutine of an earlier cell may panic now
	k.frames = nil
	k.frameMu.Unlock()
	*k.at = 0
	h.place.Store(0)
	h.reason.Store(nil)
	k.line.Store(int64(k.cell * placeLines))
	k.progress.Store(0)
	h.current.Store(int64(k.cell))
	// Callers cancel ctx when Run has returned; what the cell opened lives on.
	cellCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k.setContext(cellCtx)
	f := k.cellFunc
	started, done := make(chan int64, 1), make(chan ending, 1)
	// Ends when the cell does; may block in anything that the cell calls.
	go func() {
		var e ending
		id := goid()
		h.running.Store(id)
		started <- id
		defer func() {
			if _, dead := h.dead.LoadAndDelete(id); dead {
				if h.abandon.Add(-1) == 0 {
					h.stop = false
				}
			}
			done <- e
		}()
		defer func() { e.panicked = recover() }()
		f()
		e.returned = true
	}()
	id := <-started
	end, ended := k.await(ctx, cancel, done)
	k.out.flush()
	h.running.Store(0)
	k.setContext(context.Background())
	if !ended {
		cancel()
		return nil, k.abandoned(ctx, id)
	}
	if end.halted || end.panicked != nil {
		cancel()
	}
	k.keepContext(cancel)
	if end.returned && !end.halted {
		return k.values(), nil
	}
	return nil, k.failure(ctx, c, end)
}

// defaultPatience is how long an interrupted cell has to end before it is given up.
const defaultPatience = 400 * time.Millisecond

// await waits for the cell; when ctx ends it interrupts it and cancels what it
// waits for.
func (k *Kernel) await(ctx context.Context, cancel func(), done <-chan ending) (ending, bool) {
	select {
	case e := <-done:
		return e, true
	case <-ctx.Done():
	}
	k.host.halt()
	cancel()
	defer k.host.resume()
	t := time.NewTimer(k.patience)
	defer t.Stop()
	select {
	case e := <-done:
		e.halted = true
		return e, true
	case <-t.C:
		return ending{}, false
	}
}

// failure tells why the cell ended early.
func (k *Kernel) failure(ctx context.Context, c *checked, end ending) error {
	top := k.diagnosis(c, int(k.line.Load()), "called from here")
	fail := func(kind ErrorKind, place int, msg string) error {
		d := k.diagnosis(c, place, msg)
		e := &Error{Cell: k.cell, Kind: kind, Diagnostics: []Diagnostic{d}}
		if top.Line > 0 && (top.Cell != d.Cell || top.Line != d.Line) {
			e.Diagnostics = append(e.Diagnostics, top)
		}
		return e
	}
	if end.panicked == nil {
		switch r := k.host.reason.Load(); {
		case r == nil && end.halted:
			return k.stopped(ctx, fail, "")
		case r == nil:
			return fail(ExitError, k.where(), "runtime.Goexit was called")
		case r.kind == InterruptError:
			return k.stopped(ctx, fail, "")
		default:
			return fail(r.kind, k.where(), r.text)
		}
	}
	var helper CellError
	if x, ok := goValue(end.panicked).(error); ok {
		if ctx.Err() != nil && !isRuntimeError(x) {
			return k.stopped(ctx, fail, "")
		}
		if errors.As(x, &helper) {
			return fail(HelperError, k.where(), helper.Error())
		}
	}
	return fail(PanicError, k.where(), "panic: "+k.host.panicText(end.panicked))
}

func (k *Kernel) stopped(ctx context.Context, fail func(ErrorKind, int, string) error, more string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fail(TimeoutError, k.where(), "timeout: the time for the cell is over"+more)
	}
	return fail(InterruptError, k.where(), "interrupted"+more)
}

func (k *Kernel) diagnosis(c *checked, place int, msg string) Diagnostic {
	cell, line := place/placeLines, place%placeLines
	if line == 0 {
		return Diagnostic{Cell: cell, Message: msg}
	}
	return c.diagnose(token.Position{Filename: fileName(cell), Line: line}, msg)
}

// abandoned gives the goroutine of a cell up that is blocked in native code.
// It dies when it wakes.
func (k *Kernel) abandoned(ctx context.Context, id int64) error {
	k.host.dead.Store(id, k.cell)
	k.host.abandon.Add(1)
	k.host.stop = !race.Enabled
	more := "; the cell was given up, still blocked"
	if f := blockedIn(id); f != "" {
		more += " in " + f
	}
	return k.stopped(ctx, func(kind ErrorKind, place int, msg string) error {
		d := Diagnostic{Cell: k.cell, Line: place % placeLines, Message: msg}
		if place/placeLines == k.cell {
			d.Source = k.sourceLine(k.cell, d.Line)
		}
		return &Error{Cell: k.cell, Kind: kind, Diagnostics: []Diagnostic{d}}
	}, more)
}

// where gives the innermost place that is known.
func (k *Kernel) where() int {
	at := *k.at
	if race.Enabled {
		at = int(k.host.place.Load())
	}
	k.frameMu.Lock()
	defer k.frameMu.Unlock()
	if len(k.frames) == 0 || at == 0 {
		if at/placeLines == k.cell && at != 0 && len(k.frames) == 0 {
			return int(k.line.Load())
		}
		return int(k.line.Load())
	}
	inner := k.frames[0]
	if at/placeLines == inner/placeLines && at >= inner {
		return at
	}
	return inner
}

// values gives what the cell showed.
func (k *Kernel) values() []Value {
	var out []Value
	for _, s := range k.shown {
		v := s.ptr.Elem()
		var shown any
		if s.value != nil {
			shown = k.host.typed(s.value, k.host.typeID(s.typ))
			if types.IsInterface(s.typ) {
				shown = k.host.dynamic(s.value)
				v, _ = peel(reflect.ValueOf(unwrap(s.value)))
			} else if !(&lowering{}).mentionsSession(s.typ) {
				shown = k.host.dynamic(s.value)
			}
		}
		out = append(out, Value{V: v, Type: types.TypeString(s.typ, shortPkg), Text: fmt.Sprint(shown)})
	}
	if len(k.shown) == 1 {
		k.ses.outs[k.cell] = out1(k.shown[0])
		k.ses.last = k.cell
	}
	return out
}

func out1(s shownValue) out { return out{typ: s.typ, v: s.ptr} }

// shownValue is what the cell's last expression gave.
type shownValue struct {
	typ   types.Type
	ptr   reflect.Value
	value any
}

// show is called with the type, the address and the value of each result.
func (h *host) show(args ...any) {
	h.k.shown = nil
	for i := 0; i+2 < len(args); i += 3 {
		h.k.shown = append(h.k.shown, shownValue{h.staticType(args[i].(int)), reflect.ValueOf(args[i+1]), args[i+2]})
	}
}

// out copies what cell n showed to dst.
func (h *host) out(n int, dst any) {
	reflect.ValueOf(dst).Elem().Set(h.k.ses.outs[n].v.Elem())
}

func (h *host) print(args ...any) {
	var b strings.Builder
	for _, a := range args {
		fmt.Fprint(&b, a)
	}
	h.k.out.print(Stderr, b.String())
}

func (h *host) println(args ...any) { h.k.out.print(Stderr, fmt.Sprintln(args...)) }
