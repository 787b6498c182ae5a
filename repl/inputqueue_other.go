//go:build !linux

package repl

// inputQueue asks a terminal how many bytes wait to be read: FIONREAD, the same
// number on macOS and the BSDs.
const inputQueue = 0x4004667f
