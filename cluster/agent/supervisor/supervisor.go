package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// ErrEnded is returned once the supervisor has ended.
var ErrEnded = errors.New("supervisor ended")

// closeTimeout bounds how long Close waits for the last process to die. SIGKILL
// cannot be ignored; only a process in an uninterruptible system call takes longer.
const closeTimeout = time.Minute

// Supervisor is the program's end. Its methods may be called from any goroutine.
type Supervisor struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the supervisor process has ended

	sendMu sync.Mutex // one request at a time
	stdin  io.WriteCloser
	enc    *json.Encoder
	files  *os.File // the socket for files

	mu        sync.Mutex // guards the fields below
	seq       uint64
	waiting   map[uint64]chan spawned
	processes map[int]*Process
	early     map[int]syscall.WaitStatus // exits seen before Spawn returned
	ended     bool
}

// Start starts the supervisor process. Close ends it and everything below it.
func Start() (*Supervisor, error) {
	cmd, err := secondSelf()
	if err != nil {
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	files, theirs, err := filePair()
	if err != nil {
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	defer theirs.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	s, err := run(cmd)
	if err != nil {
		files.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	s.files = files
	return s, nil
}

// run starts the process and the goroutine that reads its reports.
func run(cmd *exec.Cmd) (*Supervisor, error) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Supervisor{
		cmd: cmd, done: make(chan struct{}), stdin: stdin, enc: json.NewEncoder(stdin),
		waiting: map[uint64]chan spawned{}, processes: map[int]*Process{}, early: map[int]syscall.WaitStatus{},
	}
	go s.receive(stdout) // ends with the supervisor process, whose stdout it reads
	return s, nil
}

// PID is the supervisor's process id.
func (s *Supervisor) PID() int { return s.cmd.Process.Pid }

// Done is closed when the supervisor has ended, by Close or because it was killed.
func (s *Supervisor) Done() <-chan struct{} { return s.done }

// Close kills every process below the supervisor and returns when all are gone.
// Closing twice is safe.
func (s *Supervisor) Close() error {
	s.sendMu.Lock()
	err := s.stdin.Close()
	s.files.Close() // nothing waits there
	s.sendMu.Unlock()
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close supervisor: %w", err)
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(closeTimeout):
		return fmt.Errorf("close supervisor: processes below %d still there after %v", s.PID(), closeTimeout)
	}
}

// Process is a started process.
type Process struct {
	PID int

	s      *Supervisor
	mark   string
	done   chan struct{}
	status syscall.WaitStatus
	known  bool
}

// Spawn starts a process. An error that wraps a syscall.Errno is what fork, exec
// or the change of user answered; mark is an environment entry of c ("KEY=value")
// by which Signal finds descendants that left the session.
func (s *Supervisor) Spawn(c Command, mark string) (*Process, error) {
	answer := make(chan spawned, 1)
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return nil, ErrEnded
	}
	s.seq++
	seq := s.seq
	s.waiting[seq] = answer
	s.mu.Unlock()

	if err := s.send(request{Spawn: &spawnRequest{Seq: seq, Command: c, Files: len(c.Stdio)}}); err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		return s.started(a, mark)
	case <-s.done:
		return nil, ErrEnded
	}
}

func (s *Supervisor) started(a spawned, mark string) (*Process, error) {
	if a.Errno != 0 {
		return nil, fmt.Errorf("%s: %w", a.Error, syscall.Errno(a.Errno))
	}
	if a.PID == 0 {
		return nil, errors.New(a.Error)
	}
	p := &Process{PID: a.PID, s: s, mark: mark, done: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if status, ok := s.early[p.PID]; ok {
		delete(s.early, p.PID)
		p.finish(status, true)
	} else if s.ended {
		p.finish(0, false)
	} else {
		s.processes[p.PID] = p
	}
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status is the wait status, after Done; false where it is not known because the
// supervisor was killed.
func (p *Process) Status() (syscall.WaitStatus, bool) { return p.status, p.known }

// Signal sends sig to the process and its whole tree, also after the process
// itself has ended: a descendant may still run.
func (p *Process) Signal(sig syscall.Signal) error {
	return p.s.send(request{Signal: &signalRequest{PID: p.PID, Signal: int(sig), Mark: p.mark}})
}

// SignalAlone sends sig to the process alone.
func (p *Process) SignalAlone(sig syscall.Signal) error {
	return p.s.send(request{Signal: &signalRequest{PID: p.PID, Signal: int(sig), Alone: true}})
}

func (p *Process) finish(status syscall.WaitStatus, known bool) {
	p.status, p.known = status, known
	close(p.done)
}

// RemoveAtEnd lets the supervisor remove a directory with all it holds, once every
// process is gone: also after the program was killed.
func (s *Supervisor) RemoveAtEnd(dir string) error { return s.send(request{Remove: dir}) }

func (s *Supervisor) send(r request) error {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if r.Spawn != nil && r.Spawn.Files > 0 {
		if err := sendFiles(s.files, r.Spawn.Command.Stdio); err != nil {
			return fmt.Errorf("%w: %w", ErrEnded, err)
		}
	}
	if err := s.enc.Encode(r); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return nil
}

// receive takes in the reports until the supervisor has ended, and then tells
// everybody who waits.
func (s *Supervisor) receive(stdout io.Reader) {
	dec := json.NewDecoder(stdout)
	for {
		var r report
		if err := dec.Decode(&r); err != nil {
			break
		}
		s.take(r)
	}
	_ = s.cmd.Wait() // its own exit status says nothing
	s.mu.Lock()
	s.ended = true
	for _, p := range s.processes {
		p.finish(0, false)
	}
	clear(s.processes)
	s.mu.Unlock()
	close(s.done)
}

func (s *Supervisor) take(r report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Spawned != nil:
		if answer, ok := s.waiting[r.Spawned.Seq]; ok {
			delete(s.waiting, r.Spawned.Seq)
			answer <- *r.Spawned
		}
	case r.Exited != nil:
		status := syscall.WaitStatus(r.Exited.Status)
		if p, ok := s.processes[r.Exited.PID]; ok {
			delete(s.processes, r.Exited.PID)
			p.finish(status, true)
		} else {
			s.early[r.Exited.PID] = status
		}
	}
}
