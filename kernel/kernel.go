// Package kernel runs cells: a cell is a piece of Go (imports, declarations and
// statements in any order) that is checked and evaluated as a whole in one live
// session on top of Yaegi.
package kernel

import (
	"context"
	"reflect"
	"time"
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

// Diagnostic is one message at a place of the cell.
type Diagnostic struct {
	Cell      int    // the cell that Line belongs to (an earlier one when a frame lies there); 0 unknown
	Line, Col int    // from 1, Col in bytes; 0 when unknown
	Source    string // the text of that line
	Message   string
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

// Interface is what the terminal and the snippet runner need of a Kernel; it
// documents the methods in one place.
type Interface interface {
	// Run evaluates one cell. It returns when the cell has ended or has been
	// abandoned after ctx ended. Only one Run at a time; a second one waits.
	Run(ctx context.Context, code string) Result
	// Context is that of the running cell, or a background one between cells;
	// helper names wait under it.
	Context() context.Context
	// Completeness tells whether code can be run as it stands.
	Completeness(code string) Completeness
	// Complete lists the candidates at byte offset cursor of code and the
	// offset at which the word to be replaced begins.
	Complete(code string, cursor int) (candidates []Completion, start int)
	// Describe tells what expr is (name, field path, package member).
	Describe(expr string) (Description, error)
	// Names lists the live names of the session, sorted.
	Names() []Description
	// Close ends background goroutines as far as possible and frees the output pipes.
	Close() error
}
