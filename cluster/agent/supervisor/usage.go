package supervisor

import "time"

// Usage is what a tree of processes has used of the CPUs, and its resident memory
// in bytes.
type Usage struct {
	User, System time.Duration
	RSS          uint64
}
