// Package guard holds the tests that keep the house in order: which package
// may import which, and that each one says what it is.
package guard
