// Package display turns the value of a cell into text.
package display

import "mesosbook/kernel"

// Options says how a value is written. The zero value is plain text as a pipe
// or a notebook's output block has it.
type Options struct {
	Width int  // columns of the window; 0 is 80
	Color bool // JSON may be coloured
}

// Text is a value as a reader sees it, without a final newline.
func Text(v kernel.Value, o Options) string { return v.Text }
