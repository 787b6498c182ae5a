package kernel

import (
	"fmt"
	"go/types"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mesosbook/internal/race"
)

// tagKey is the key of the struct tag that holds a type's number.
const tagKey = "cell"

// host is what lowered code calls, under the name rt_. It is the only part of
// the kernel that runs on goroutines of cells.
type host struct {
	k *Kernel

	stop    bool                          // read by lowered code, without order (under the race detector through a call); see halt
	halting atomic.Bool                   // the same for the host
	waker   atomic.Pointer[chan struct{}] // closed to wake blocked channel operations
	running atomic.Int64                  // id of the running cell's goroutine, 0 between cells
	current atomic.Int64                  // the running cell
	dead    sync.Map                      // ids of goroutines of abandoned cells
	abandon atomic.Int64                  // how many there are

	goroutines sync.Map // id to cell, of goroutines that cells started
	alive      atomic.Int64
	calls      atomic.Int64 // of Depth
	place      atomic.Int64 // where the cell is, under the race detector
	panicking  sync.Map     // goroutine id to *recovery
	reason     atomic.Pointer[stopReason]

	mu      sync.Mutex
	table   []hostType
	methods map[methodKey]any
	static  []types.Type
	ids     map[types.Type]int
}

// hostType is a session type that lowered code has under a tag.
type hostType struct {
	name string
	typ  types.Type
}

type methodKey struct {
	tag  int
	ptr  bool
	name string
}

// stopReason is why the host ended the goroutine of a cell.
type stopReason struct {
	kind ErrorKind
	text string
}

// end ends the goroutine at hand; when it is the running cell's own, with
// reason. It runs the deferred calls, but nothing can recover from it. A panic
// would do as well, but Yaegi catches and repeats a panic in each function,
// which takes quadratic time in deep recursions.
func (h *host) end(reason stopReason) {
	if h.foreground() {
		h.reason.CompareAndSwap(nil, &reason)
	} else if reason.kind != InterruptError {
		h.k.out.print(Stderr, reason.text+" in a goroutine: it is ended\n")
	}
	runtime.Goexit()
}

func newHost(k *Kernel) *host {
	h := &host{k: k, methods: map[methodKey]any{}, ids: map[types.Type]int{}, table: make([]hostType, 1), static: make([]types.Type, 1)}
	c := make(chan struct{})
	h.waker.Store(&c)
	return h
}

// symbols is the package rt_ of lowered code.
func (h *host) symbols() map[string]reflect.Value {
	s := map[string]any{
		"Cell": func(f func()) { h.k.cellFunc = f }, "Step": h.step, "At": func(p int) { h.place.Store(int64(p)) },
		"Stop": &h.stop, "Interrupted": h.halting.Load, "Check": h.check, "Recv": h.recv, "Send": h.send, "Select": h.selectOne,
		"Depth": h.depth, "Go": h.goStart, "Defers": func() any { return &deferStack{} },
		"Defer": func(d any, f func()) { s := d.(*deferStack); s.calls = append(s.calls, f) },
		"Run":   func(d any, f func()) { d.(*deferStack).run(h, f) }, "Recover": h.recover, "Panic": h.panicValue,
		"Show": h.show, "Out": h.out, "Carry": h.carry, "Clear": func(v any) { reflect.ValueOf(v).Clear() },
		"Print": h.print, "Println": h.println, "Typed": h.typed, "Dynamic": h.dynamic, "TypeName": h.typeName,
		"Err": func(v any) error { return sessionError{h, v} }, "Stringer": func(v any) fmt.Stringer { return sessionStringer{h, v} },
		"Unwrap": tested, "IsEmpty": isEmpty, "IsNil": isNil, "Plain": plainValue, "Any": func(v any) any { return v }, "Equal": h.equal, "AsFunc": h.asFunc, "Methods": h.fillMethods, "Format": h.format,
		"NotType": h.notType, "Index": h.index, "Shift": h.shift, "Runes": runes, "Low": h.low, "High": h.high, "JSON": h.json, "Decode": h.decodeWith,
		"MethodText":   func(tag int, ptr bool, name string, f func(any) string) { h.setMethod(tag, ptr, name, f) },
		"MethodBytes":  func(tag int, ptr bool, name string, f func(any) ([]byte, error)) { h.setMethod(tag, ptr, name, f) },
		"MethodSet":    func(tag int, ptr bool, name string, f func(any, []byte) error) { h.setMethod(tag, ptr, name, f) },
		"MethodError":  func(tag int, ptr bool, name string, f func(any) error) { h.setMethod(tag, ptr, name, f) },
		"MethodErrors": func(tag int, ptr bool, name string, f func(any) []error) { h.setMethod(tag, ptr, name, f) },
		"MethodFormat": func(tag int, ptr bool, name string, f func(any, fmt.State, rune)) { h.setMethod(tag, ptr, name, f) },
		"MethodIs":     func(tag int, ptr bool, name string, f func(any, error) bool) { h.setMethod(tag, ptr, name, f) },
	}
	out := map[string]reflect.Value{}
	for n, v := range s {
		out[n] = reflect.ValueOf(v)
	}
	return out
}

// addType gives a type its number.
func (h *host) addType(name string, t types.Type) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.table = append(h.table, hostType{name, t})
	return len(h.table) - 1
}

// retype puts the type as it was checked again in the place of number tag.
func (h *host) retype(tag int, t types.Type) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.table[tag].typ = t
}

// sessionTypes lists the types that lowered code has, each once.
func (h *host) sessionTypes() []*types.Named {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*types.Named
	for _, t := range h.table {
		if n, ok := t.typ.(*types.Named); ok && isPackageLevel(n.Obj()) {
			out = append(out, n)
		}
	}
	return out
}

// typeID gives a static type a number for Typed, Show and JSON.
func (h *host) typeID(t types.Type) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id, ok := h.ids[t]; ok {
		return id
	}
	h.static = append(h.static, t)
	h.ids[t] = len(h.static) - 1
	return len(h.static) - 1
}

func (h *host) staticType(id int) types.Type {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.static[id]
}

func (h *host) setMethod(tag int, ptr bool, name string, f any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.methods[methodKey{tag, ptr, name}] = f
}

// method gives the function for a method of a type of the table; nil when it
// has none of that name.
func (h *host) method(tag int, ptr bool, name string) any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.methods[methodKey{tag, ptr, name}]
}

// tagOf gives the number of the struct type t; 0 when it has none.
func tagOf(t reflect.Type) int {
	if t == nil || t.Kind() != reflect.Struct || t.NumField() == 0 {
		return 0
	}
	n, _ := strconv.Atoi(t.Field(0).Tag.Get(tagKey))
	return n
}

// lookup gives the table's entry for a static or a run-time type, and whether
// it is a pointer to it.
func (h *host) lookup(st types.Type, rt reflect.Type) (tag int, ptr bool) {
	if rt != nil && rt.Kind() == reflect.Pointer {
		rt, ptr = rt.Elem(), true
	}
	if n := tagOf(rt); n > 0 {
		return n, ptr
	}
	if st == nil {
		return 0, ptr
	}
	if p, ok := types.Unalias(st).(*types.Pointer); ok {
		st, ptr = p.Elem(), true
	} else {
		ptr = false
	}
	n, ok := types.Unalias(st).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "main" {
		return 0, ptr
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.table) - 1; i > 0; i-- {
		if types.Identical(h.table[i].typ, n) {
			return i, ptr
		}
	}
	return 0, ptr
}

// named gives the entry of the table for a number.
func (h *host) named(tag int) hostType {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.table[tag]
}

// goid gives the id of the goroutine at hand. It costs about a microsecond.
func goid() int64 {
	var b [64]byte
	s := strings.TrimPrefix(string(b[:runtime.Stack(b[:], false)]), "goroutine ")
	s, _, _ = strings.Cut(s, " ")
	id, _ := strconv.ParseInt(s, 10, 64)
	return id
}

// foreground tells whether the running cell's own goroutine asks.
func (h *host) foreground() bool { return goid() == h.running.Load() }

// step stands before each statement of a cell. A cell that was given up ends
// here when it wakes.
func (h *host) step(index, place int) {
	if h.abandon.Load() > 0 {
		h.checkDead()
	}
	h.k.progress.Store(int64(index))
	if place > 0 {
		h.k.line.Store(int64(place))
	}
}

func (h *host) checkDead() {
	if id := goid(); id != 0 {
		if _, dead := h.dead.Load(id); dead {
			runtime.Goexit()
		}
	}
}

// check ends the goroutine of an interrupted cell, and no other.
func (h *host) check() {
	if h.halting.Load() && h.foreground() {
		h.end(stopReason{kind: InterruptError})
	}
	if h.abandon.Load() > 0 {
		h.checkDead()
	}
}

// stopping gives the channel whose closing wakes a blocked operation; already
// closed for the cell that is being interrupted.
func (h *host) stopping() <-chan struct{} {
	if h.halting.Load() && h.foreground() {
		return closedChan
	}
	return *h.waker.Load()
}

var closedChan = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// halt interrupts the running cell at its next loop, channel operation or
// sleep; goroutines that it woke up on the way wait on.
func (h *host) halt() {
	h.halting.Store(true)
	h.stop = !race.Enabled
	c := make(chan struct{})
	close(*h.waker.Swap(&c))
}

// resume ends what halt began.
func (h *host) resume() {
	h.halting.Store(false)
	h.stop = false
}

// sleep is time.Sleep for cells.
func (h *host) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			return
		case <-h.stopping():
			h.check()
		}
	}
}

// maxFrames is how deep a cell may recurse, in Go frames (three for each
// call of a cell's function): far below what fills the 1 GB that a goroutine's
// stack may have.
const maxFrames = 60_000

// depthSample: looking at the stack takes time in proportion to its depth.
const depthSample = 512

// depth stands at the head of functions that may call themselves.
func (h *host) depth() {
	if h.calls.Add(1)%depthSample != 0 {
		return
	}
	var pc [1]uintptr
	if runtime.Callers(maxFrames, pc[:]) > 0 {
		h.end(stopReason{PanicError, "stack overflow: the recursion is too deep"})
	}
}

// goStart starts a goroutine for a cell's go statement. It ends when f does;
// a panic in it is printed and ends nothing else.
func (h *host) goStart(place int, f func()) {
	cell := place / placeLines
	h.alive.Add(1)
	go func() {
		id := goid()
		h.goroutines.Store(id, cell)
		defer func() {
			if p := recover(); p != nil {
				h.k.out.print(Stderr, fmt.Sprintf("panic in a goroutine started at [%d]:%d: %s\n", cell, place%placeLines, h.panicText(p)))
			}
			h.goroutines.Delete(id)
			h.alive.Add(-1)
		}()
		f()
	}()
}

// who tells which cell the goroutine at hand belongs to, for its output.
func (h *host) who() (cell int, late bool) {
	now := int(h.current.Load())
	if h.alive.Load() > 0 || h.abandon.Load() > 0 {
		id := goid()
		if c, ok := h.goroutines.Load(id); ok {
			return c.(int), c.(int) != now || h.running.Load() == 0
		}
		if c, ok := h.dead.Load(id); ok {
			return c.(int), true
		}
	}
	return now, h.running.Load() == 0
}
