// Package kernel runs cells: a cell is a piece of Go (imports, declarations and
// statements in any order) that is checked and evaluated as a whole in one live
// session on top of Yaegi v0.16.1.
//
// # How a cell runs
//
// The session is one Go package that is never finished. Each live name is an
// entry: its source, what go/types made of it, and its name inside the
// interpreter. A cell goes through these steps, and nothing of the session
// changes before the last two:
//
//   - split (split.go): the scanner cuts the cell at its top-level semicolons.
//   - parse (unit.go): each piece is parsed at its place in the cell. `x := e`
//     becomes a package-level variable for the checker and an assignment for
//     the interpreter, so that functions of the cell see it.
//   - check (check.go): go/types checks the cell, and of the session only what
//     depends on a name that the cell changes. Packages come from
//     internal/hosttypes, which derives them by reflection from the symbol
//     tables that the interpreter runs with: the checker accepts what can be
//     called, no more and no less.
//   - lower (lower*.go): what is new or changed is written out again as Go that
//     Yaegi runs correctly: constants folded, generic functions and types
//     instantiated, promotions spelled, per-iteration loop variables, range
//     over integers and functions, min, max, clear. Channel operations,
//     deferred calls and goroutines become calls of the host (host.go), where
//     an interrupt can end them and a panic can be caught.
//   - evaluate (run.go): one evaluation declares all of it and hands the cell's
//     function to the host; if Yaegi refuses, the error says so and nothing has
//     changed.
//   - execute (run.go): the cell's function runs on a goroutine of its own.
//
// # Rules kept
//
// A cell is atomic up to its first effect: any error of the checker or of the
// interpreter leaves the session as it was. A cell that panics leaves the
// definitions that it had reached.
//
// A redefinition is followed: functions, types and variables that depend on a
// changed name are checked and compiled again, and values of variables are
// carried over to their type's new version, field by field. What no longer
// compiles is noted and set aside; it comes back when what it needs does. A
// variable redefined with the same type keeps its place, so that closures made
// earlier see it.
//
// Ctrl-C (the context of Run) ends only the cell: its loops, channel
// operations, sleeps, requests and helper calls look at a flag, and its
// goroutine is ended with runtime.Goexit, from which nothing recovers.
// Goroutines and closures of earlier cells live on. A cell that is blocked in
// compiled code is given up after 400 ms and dies when it wakes, at its next
// statement, loop or channel operation.
//
// No cell ends the program: os.Exit, log.Fatal, runtime.Goexit, runaway
// recursion and panics in goroutines that cells start are contained. What
// cannot be is listed in docs/limits.md.
//
// # Names in lowered code
//
// rt_ is the host, xn_ the helper names, xt_ types that no package exports,
// p_... imported packages; what cells define has a number (f__12), x__... are
// temporaries.
package kernel
