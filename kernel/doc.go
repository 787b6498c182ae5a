// Package kernel runs cells: a cell is a piece of Go (imports, declarations and
// statements in any order) that is checked and evaluated as a whole in one live
// session on top of Yaegi.
package kernel
