package supervisor

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// marker in the environment makes an execution of the binary the supervisor.
const marker = "MESOSBOOK_SUPERVISOR"

// name is what ps(1) shows.
const name = "task-supervisor"

// init is the second execution's main: it must come before the program's own main,
// which knows nothing of it, and it never returns there.
func init() {
	if os.Getenv(marker) == "" {
		return
	}
	runtime.LockOSThread() // a parent-death signal is bound to the thread that forked
	serve(os.Stdin, os.Stdout)
	os.Exit(0)
}

// secondSelf is this binary again, in a session of its own so that signals to the
// program's process group do not reach it.
func secondSelf() (*exec.Cmd, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{name}
	cmd.Env = []string{marker + "=1", "GOMAXPROCS=2"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, nil
}

// server is the supervisor process: one loop owns all of it.
type server struct {
	out      *json.Encoder
	files    int          // the socket for files
	children map[int]bool // started by Spawn and not yet reported
	remove   []string     // directories, at the end
}

func serve(in io.Reader, out io.Writer) {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0)
	// Caught and dropped: an ignored signal would be inherited by the tasks.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	unix.CloseOnExec(filesFD)
	requests := make(chan request)
	go readRequests(in, requests) // ends with the pipe; the process ends then

	s := &server{out: json.NewEncoder(out), files: filesFD, children: map[int]bool{}}
	for {
		select {
		case r, ok := <-requests:
			if !ok {
				killEverything()
				for _, dir := range s.remove {
					_ = os.RemoveAll(dir) // there is nobody left to tell
				}
				return
			}
			s.answer(r)
		case <-ended:
			s.reap()
		}
	}
}

func readRequests(in io.Reader, requests chan<- request) {
	defer close(requests)
	dec := json.NewDecoder(bufio.NewReader(in))
	for {
		var r request
		if err := dec.Decode(&r); err != nil {
			return
		}
		requests <- r
	}
}

func (s *server) answer(r request) {
	switch {
	case r.Remove != "":
		s.remove = append(s.remove, r.Remove)
	case r.Spawn != nil:
		a := s.spawnWith(*r.Spawn)
		a.Seq = r.Spawn.Seq
		_ = s.out.Encode(report{Spawned: &a})
	case r.Signal != nil && r.Signal.Alone:
		if s.children[r.Signal.PID] { // a number that was not given away again
			_ = syscall.Kill(r.Signal.PID, syscall.Signal(r.Signal.Signal))
		}
	case r.Signal != nil:
		signalTree(*r.Signal)
	}
}

// spawnWith takes in the files that came for the command, and starts it.
func (s *server) spawnWith(r spawnRequest) spawned {
	if r.Files > 0 {
		files, err := receiveFiles(s.files, r.Files)
		if err != nil {
			return refused("receive files", err)
		}
		r.Command.Stdio = files
	}
	return s.spawn(r.Command)
}

func (s *server) spawn(c Command) spawned {
	files, stderr, err := openFiles(c)
	if err != nil {
		return refused("open output", err)
	}
	defer func() { closeAll(files) }()
	if c.Gate {
		r, w, err := os.Pipe()
		if err != nil {
			return refused("pipe", err)
		}
		files = append(files, r)
		defer w.Close() // after the rest
	}
	fds := make([]uintptr, len(files))
	for i, f := range files {
		fds[i] = f.Fd()
	}
	attr := &syscall.ProcAttr{Dir: c.Dir, Env: c.Env, Files: fds,
		Sys: &syscall.SysProcAttr{Setsid: true, Setctty: c.Terminal, Pdeathsig: syscall.SIGKILL}}
	if c.User != nil {
		attr.Sys.Credential = &syscall.Credential{Uid: c.User.UID, Gid: c.User.GID, Groups: c.User.Groups}
	}
	pid, err := syscall.ForkExec(c.Path, c.Args, attr)
	if err != nil {
		return refused("exec "+c.Path, err)
	}
	for _, l := range c.Limits {
		_ = unix.Prlimit(pid, l.Resource, &unix.Rlimit{Cur: l.Soft, Max: l.Hard}, nil)
	}
	if c.Note != "" {
		fmt.Fprintf(stderr, c.Note, pid)
	}
	s.children[pid] = true
	return spawned{PID: pid}
}

func refused(op string, err error) spawned {
	var errno syscall.Errno
	errors.As(err, &errno)
	return spawned{Errno: int(errno), Error: op}
}

// openFiles gives stdin, stdout and stderr. The files belong to a task that may
// have replaced them: no link is followed.
func openFiles(c Command) (files []*os.File, stderr *os.File, err error) {
	if len(c.Stdio) > 0 {
		return c.Stdio, c.Stdio[len(c.Stdio)-1], nil
	}
	open := func(path string, flag int) {
		if err != nil {
			return
		}
		var f *os.File
		if f, err = os.OpenFile(path, flag, 0o644); err == nil {
			files = append(files, f)
		}
	}
	open(os.DevNull, os.O_RDONLY)
	for _, path := range []string{c.Stdout, c.Stderr} {
		if path == "" {
			open(os.DevNull, os.O_WRONLY)
		} else {
			open(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW)
		}
	}
	if err != nil {
		closeAll(files)
		return nil, nil, err
	}
	return files, files[2], nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// reap collects what has ended: the started ones are reported, orphans that the
// subreaper inherited are forgotten.
func (s *server) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if s.children[pid] {
			delete(s.children, pid)
			_ = s.out.Encode(report{Exited: &exited{PID: pid, Status: int(status)}})
		}
	}
}

// killEverything ends all processes below this one. A process that is being
// forked while the list is read is seen in the next round.
func killEverything() {
	for {
		for _, p := range below(os.Getpid(), processTable()) {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if err == syscall.ECHILD {
				return
			}
			if err != nil || pid <= 0 {
				break
			}
		}
		time.Sleep(time.Millisecond)
	}
}
