package supervisor

import "os"

// Command is a process to start.
type Command struct {
	Path   string   // absolute, or relative to Dir
	Args   []string // argv with argv[0]
	Env    []string // the whole environment, "KEY=value"
	Dir    string
	Stdout string // file, appended to; empty is /dev/null
	Stderr string // file, appended to; empty is /dev/null

	// Note is written to Stderr right after the fork, with %d as the process id.
	Note string

	// Gate gives the process a pipe as its file descriptor 3 that ends once Note is
	// written and Limits are set.
	Gate bool

	// Stdio, if there are three of them, are stdin, stdout and stderr in place of the
	// files named above. They stay the caller's, to be closed after Spawn.
	Stdio []*os.File `json:"-"`
	// Terminal makes the first of Stdio the process's controlling terminal.
	Terminal bool `json:",omitempty"`
	// User to run as; nil keeps the supervisor's.
	User *User

	Limits []Limit
}

// User is who a process runs as.
type User struct {
	UID, GID uint32
	Groups   []uint32
}

// Limit is a resource limit as in setrlimit(2).
type Limit struct {
	Resource   int // RLIMIT_ number
	Soft, Hard uint64
}

// request is one line to the supervisor: one of the pointers is set.
type request struct {
	Remove string         `json:",omitempty"` // a directory to remove at the end
	Spawn  *spawnRequest  `json:",omitempty"`
	Signal *signalRequest `json:",omitempty"`
}

// spawnRequest starts a command. Files of Stdio go over the socket beside the
// requests, before the request.
type spawnRequest struct {
	Seq     uint64
	Command Command
	Files   int
}

// signalRequest sends a signal to the tree of PID: its descendants, its session
// and process group, and whatever below the supervisor carries Mark in its
// environment. Alone lets it reach PID alone.
type signalRequest struct {
	PID    int
	Signal int
	Mark   string
	Alone  bool `json:",omitempty"`
}

// report is one line from the supervisor.
type report struct {
	Spawned *spawned `json:",omitempty"`
	Exited  *exited  `json:",omitempty"`
}

// spawned answers a spawnRequest: a PID or an errno.
type spawned struct {
	Seq   uint64
	PID   int
	Errno int
	Error string
}

// exited says that a started process has ended; Status is the raw wait status.
type exited struct {
	PID    int
	Status int
}
