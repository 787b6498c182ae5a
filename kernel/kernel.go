package kernel

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"mesosbook/kernel/internal/hosttypes"
)

// Options configures a Kernel. The zero value is a kernel with the standard
// library and no other names.
type Options struct {
	// Names are there in every cell without an import, as if dot-imported.
	// A value is what Yaegi's Exports take: a func, a pointer to a variable,
	// or a typed nil pointer for a type.
	Names map[string]reflect.Value
	// Packages can be imported by cells beside the standard library:
	// import path to exported symbols, in the form of Names.
	Packages map[string]map[string]reflect.Value
	// Doc gives the one-line text for a helper name, for completion and
	// Describe. Nil gives none.
	Doc func(name string) string
	// Strings completes the string that is the first argument of a call of a
	// helper or of a method of a live variable: name is that of the function,
	// recv the variable's value (invalid for a helper), prefix what is typed
	// so far. Nil completes none.
	Strings func(name string, recv reflect.Value, prefix string) []string
	// Before is called with each cell that is about to run, after it was
	// checked; its error ends the cell as that of a helper. Nil does nothing.
	Before func(ctx context.Context, code string) error
	// Output receives what cells print, in order, one call at a time. It must
	// not call back into the kernel. Nil discards.
	Output func(Output)
}

// Stream names one of a cell's two output streams.
type Stream string

// The output streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Output is a piece of text that a cell printed.
type Output struct {
	Cell   int // execution count of the cell that printed it, from 1
	Stream Stream
	Text   string
	Late   bool // printed by a goroutine after its cell had ended
}

// Result tells how a cell ended.
type Result struct {
	Cell     int           // execution count, from 1
	Values   []Value       // what the last expression gave; empty when nothing is to be shown
	Err      error         // nil, or an *Error
	Notes    []string      // what else the user should know ("f follows the new T"), a line each
	Duration time.Duration // from start to end of the evaluation
}

// Value is one shown value of a cell's last expression.
type Value struct {
	V    reflect.Value // the live value as the interpreter holds it
	Type string        // its Go type as the cell's author would write it
	Text string        // fmt.Sprint of it, with the author's own type and field names
}

// ErrorKind tells what ended a cell.
type ErrorKind string

// The kinds of Error.
const (
	SyntaxError      ErrorKind = "syntax"      // go/parser refused the cell; nothing ran
	TypeError        ErrorKind = "type"        // go/types refused the cell; nothing ran
	UnsupportedError ErrorKind = "unsupported" // valid Go that the interpreter cannot run; nothing ran
	PanicError       ErrorKind = "panic"       // the cell panicked
	HelperError      ErrorKind = "helper"      // a helper name failed (its panic value has a CellError method): text is for people
	InterruptError   ErrorKind = "interrupt"   // the context of Run was cancelled
	TimeoutError     ErrorKind = "timeout"     // the deadline of Run passed
	ExitError        ErrorKind = "exit"        // the cell called os.Exit, log.Fatal or runtime.Goexit
)

// Error is the failure of a cell.
type Error struct {
	Cell        int
	Kind        ErrorKind
	Diagnostics []Diagnostic // at least one; at most ten
}

// Error gives every message with its place, a line each.
func (e *Error) Error() string {
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = d.place(e.Cell) + ": " + d.Message
	}
	return strings.Join(lines, "\n")
}

// Diagnostic is one message at a place of the cell.
type Diagnostic struct {
	Cell      int    // the cell that Line belongs to (an earlier one when a frame lies there); 0 unknown
	Line, Col int    // from 1, Col in bytes; 0 when unknown
	Source    string // the text of that line
	Message   string
}

// CellLine is the line of the failed cell that the error is about, from 1; 0
// when that is unknown or lies in another cell.
func (e *Error) CellLine() int {
	for _, d := range e.Diagnostics {
		if d.Cell == 0 || d.Cell == e.Cell {
			return d.Line
		}
	}
	return 0
}

// place is "[cell]:line:col" as far as it is known.
func (d Diagnostic) place(cell int) string {
	if d.Cell != 0 {
		cell = d.Cell
	}
	switch {
	case d.Line > 0 && d.Col > 0:
		return fmt.Sprintf("[%d]:%d:%d", cell, d.Line, d.Col)
	case d.Line > 0:
		return fmt.Sprintf("[%d]:%d", cell, d.Line)
	}
	return fmt.Sprintf("[%d]", cell)
}

// CellError is what a panic value of a helper implements when its text is
// meant for the author of the cell: it is shown without a stack.
type CellError interface {
	error
	CellError()
}

// Completeness tells whether a text can be run.
type Completeness int

// The values of Completeness.
const (
	Complete   Completeness = iota // can be run (it may still hold an error)
	Incomplete                     // needs more lines: open brackets, strings, comments, trailing operator
)

// Completion is one candidate for the name at the cursor.
type Completion struct {
	Text   string // the whole replacement of the word
	Detail string // its kind and type: "func(path string) gjson.Result", "package"; may be empty
	Doc    string // one line; may be empty
}

// Description is what is known of a name or an expression.
type Description struct {
	Name string
	Type string
	Doc  string
	Text string // the value, plain, when it is a variable
	Cell int    // the cell that defined it; 0 for helper and package names
}

// Kernel runs cells in one live session.
type Kernel struct {
	opts     Options
	interp   *interp.Interpreter
	globals  *globals
	fset     *token.FileSet
	imp      *hosttypes.Importer
	host     *host
	out      *output
	trace    func(program string) // sees the lowered text of each cell, in tests
	patience time.Duration

	pkg         *types.Package // main, as the latest check left it
	helpers     *types.Package // the package of Options.Names
	helperNames map[string]types.Object
	plain       plainNames

	run       sync.Mutex // held by Run and by whatever looks at the session
	ses       *session
	cell      int
	sources   map[int][]string // lines of each cell
	temps     int
	imported  map[string]bool // import paths that the interpreter has imported
	hostTypes map[reflect.Type]string

	cellFunc func() // the prepared cell
	shown    []shownValue
	stdin    *os.File
	at       *int         // the interpreter's xat: place of the statement at hand
	line     atomic.Int64 // place of the cell's own statement at hand
	progress atomic.Int64 // its index
	frameMu  sync.Mutex
	frames   []int // places of the functions that a panic unwinds, innermost first

	ctxMu   sync.Mutex
	ctx     context.Context
	cancels []context.CancelFunc // of cells that have ended
}

// New starts a session. Close ends it.
func New(opts Options) (*Kernel, error) {
	k := &Kernel{
		opts: opts, fset: token.NewFileSet(), pkg: types.NewPackage("main", "main"), ses: newSession(), sources: map[int][]string{},
		imported: map[string]bool{}, hostTypes: map[reflect.Type]string{}, ctx: context.Background(), patience: defaultPatience,
	}
	k.plain = newPlainNames(opts.Names)
	k.host = newHost(k)
	k.out = newOutput(opts.Output, k.host.who)
	if err := k.start(); err != nil {
		k.out.close()
		return nil, fmt.Errorf("start kernel: %w", err)
	}
	return k, nil
}

// start makes the interpreter and the checker's view of its symbols.
func (k *Kernel) start() error {
	k.interp = interp.New(interp.Options{Env: os.Environ(), Stdin: strings.NewReader(""), Stdout: streamWriter{k.out, Stdout}, Stderr: stderrLines{k}})
	tables := []map[string]map[string]reflect.Value{stdlib.Symbols}
	if err := k.interp.Use(stdlib.Symbols); err != nil {
		return err
	}
	overrides, err := k.overrides()
	if err != nil {
		return err
	}
	packages := interp.Exports{}
	for p, syms := range k.opts.Packages {
		packages[p+"/"+path.Base(p)] = syms
	}
	for _, t := range []interp.Exports{overrides, packages} {
		tables = append(tables, t)
		if err := k.interp.Use(t); err != nil {
			return err
		}
	}
	k.imp = hosttypes.New(k.fset, tables...)
	k.use("cellhost/cellhost", k.host.symbols())
	k.use("hosttypes/hosttypes", map[string]reflect.Value{"None": reflect.Zero(reflect.TypeFor[*struct{}]())})
	k.use("helpers/helpers", k.bindHelpers())
	k.globals = newGlobals(k.interp)
	if err := k.eval("package main\nimport rt_ \"cellhost\"\nimport xt_ \"hosttypes\"\nimport xn_ \"helpers\"\nvar xat int"); err != nil {
		return err
	}
	k.at = k.interp.Globals()["xat"].Addr().Interface().(*int)
	return nil
}

func (k *Kernel) use(key string, syms map[string]reflect.Value) {
	// Use only fails for keys without a package name.
	_ = k.interp.Use(interp.Exports{key: syms})
}

// bindHelpers makes the names of Options known to the checker and gives what
// the interpreter gets for them: a variable is handed over by its address.
func (k *Kernel) bindHelpers() map[string]reflect.Value {
	k.helpers = types.NewPackage("helpers", "helpers")
	k.helperNames = map[string]types.Object{}
	syms := map[string]reflect.Value{"None": reflect.ValueOf(func() {})}
	for name, v := range k.opts.Names {
		switch {
		case v.Kind() == reflect.Pointer && !v.IsNil() && !v.CanAddr():
			syms[name], v = v, v.Elem()
		case v.CanAddr():
			syms[name] = v.Addr()
		default:
			syms[name] = v
		}
		if o := k.imp.Object(k.helpers, name, v); o != nil {
			k.helperNames[name] = o
			if o.Parent() == nil {
				k.helpers.Scope().Insert(o)
			}
		}
	}
	return syms
}

// helper gives the object of a helper name; nil when there is none.
func (k *Kernel) helper(name string) types.Object { return k.helperNames[name] }

// sourceLine gives a line of an earlier cell.
func (k *Kernel) sourceLine(cell, line int) string {
	if l := k.sources[cell]; line > 0 && line <= len(l) {
		return l[line-1]
	}
	return ""
}

// Context is that of the running cell, or a background one between cells.
// Helper names wait under it.
func (k *Kernel) Context() context.Context {
	k.ctxMu.Lock()
	defer k.ctxMu.Unlock()
	return k.ctx
}

func (k *Kernel) setContext(ctx context.Context) {
	k.ctxMu.Lock()
	defer k.ctxMu.Unlock()
	k.ctx = ctx
}

// keepContext leaves the context of a cell that has ended alive until Close:
// what it opened (a response body, a watch) may be used by later cells.
func (k *Kernel) keepContext(cancel context.CancelFunc) {
	k.ctxMu.Lock()
	defer k.ctxMu.Unlock()
	k.cancels = append(k.cancels, cancel)
}

// Completeness tells whether code can be run as it stands.
func (k *Kernel) Completeness(code string) Completeness { return completeness(code) }

// Close ends what cells opened under their context and frees the output
// pipes. Goroutines of cells that wait for nothing of ours go on.
func (k *Kernel) Close() error {
	k.ctxMu.Lock()
	for _, c := range k.cancels {
		c()
	}
	k.cancels = nil
	k.ctxMu.Unlock()
	k.out.close()
	return nil
}
