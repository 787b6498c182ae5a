//go:build race

package kernel

// raceDetector: the stop flag and the line marks are plain memory that the
// host and interpreted code share without order. Under the race detector they
// go through host calls instead.
const raceDetector = true
