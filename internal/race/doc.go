// Package race tells whether the race detector is part of the program.
package race
