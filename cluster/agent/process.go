package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"mesosbook/cluster/agent/supervisor"
	v1 "mesosbook/mesos/v1"
)

// process is a started command: one of package supervisor, or a simulated one.
type process interface {
	ID() int
	Done() <-chan struct{}
	// Status is the wait status after Done, false where nobody knows it.
	Status() (syscall.WaitStatus, bool)
	// Signal reaches the whole tree of the process.
	Signal(syscall.Signal) error
	// SignalAlone reaches the process alone.
	SignalAlone(syscall.Signal) error
}

// start describes a command to start in an executor's sandbox.
type start struct {
	command *v1.CommandInfo
	env     map[string]string
	user    *supervisor.User
	limits  []supervisor.Limit
	dir     string // working directory
	out     string // where stdout and stderr are; dir if empty

	toStderr bool   // stdout goes to stderr's file
	note     string // goes to stderr with the process id for %d

	// guest says that the command runs in a container that is another's: its end
	// does not reach beyond its own descendants.
	guest bool

	board         *switchboard // takes the place of stdout and stderr; nil for none
	waitForReader bool         // of board
}

// spawn starts a command as Mesos' launch helper does: through a shell, or by
// execvp(3) with the arguments as argv. A program that cannot be executed gives a
// process that says so on stderr and exits with 1.
func (a *Agent) spawn(ex *executor, s start) (process, error) {
	if a.opts.Simulate {
		return a.keep(ex, simulate(firstSimulatedID+int(a.simulated.Add(1)), s.command)), nil
	}
	sv, err := a.supervisor()
	if err != nil {
		return nil, err
	}
	out := s.out
	if out == "" {
		out = s.dir
	}
	c := supervisor.Command{Env: environ(s.env), Dir: s.dir, Note: s.note, User: s.user, Limits: s.limits,
		Stdout: filepath.Join(out, "stdout"), Stderr: filepath.Join(out, "stderr")}
	if s.toStderr {
		c.Stdout = c.Stderr
	}
	if s.board != nil {
		c.Note, c.Stdio, c.Terminal = "", s.board.theirs, s.board.terminal
	}
	if s.command.GetShell() {
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", s.command.GetValue()}
		if c.Gate = c.Note != "" || len(s.limits) > 0; c.Gate {
			c.Args = []string{"sh", "-c", gated, s.command.GetValue()}
		}
	} else {
		c.Args = s.command.GetArguments()
		c.Path = lookPath(s.command.GetValue(), s.dir, s.env["PATH"])
	}
	mark := ""
	if !s.guest {
		mark = sandboxMark(out)
	}
	p, err := sv.Spawn(c, mark)
	var errno syscall.Errno
	if errors.As(err, &errno) && !s.command.GetShell() {
		p, err = sv.Spawn(s.notExecuted(c, errno), mark)
	}
	if s.board != nil {
		if err != nil {
			s.board.close()
			return nil, err
		}
		s.board.run(out, s.waitForReader)
	}
	if err != nil {
		return nil, err
	}
	return a.keep(ex, supervised{p}), nil
}

// notExecuted stands for a program that cannot be executed: it says so. A check
// beside a command task exits with the error's number, as libprocess' children do.
func (s start) notExecuted(c supervisor.Command, errno syscall.Errno) supervisor.Command {
	text, code := fmt.Sprintf("Failed to execute '%s': %s", s.command.GetValue(), strerror(errno)), 1
	if s.toStderr {
		text, code = fmt.Sprintf("EXIT with status %d: Failed to os::execvpe on path '%s': %d", errno, s.command.GetValue(), errno), int(errno)
	}
	c.Path = "/bin/sh"
	c.Args = []string{"sh", "-c", `echo "$0" >&2; exit "$1"`, text, strconv.Itoa(code)}
	return c
}

// gated is a shell that waits for the supervisor's gate before it becomes the
// task's: limits hold from its first command on, and its output comes after the
// line that tells of the fork.
const gated = `read -r _ <&3; exec 3<&-; exec /bin/sh -c "$0"`

type supervised struct{ *supervisor.Process }

func (p supervised) ID() int { return p.PID }

// keep remembers the process, to be killed with the executor.
func (a *Agent) keep(ex *executor, p process) process {
	a.mu.Lock()
	ex.processes = append(slices.Clone(ex.processes), p)
	closed := a.closed
	a.mu.Unlock()
	if closed {
		_ = p.Signal(syscall.SIGKILL)
	}
	return p
}

// lookPath finds a program as execvp does: a name with a slash is a path from the
// working directory, any other is looked for in PATH. What is not found is given
// back, for the error that exec answers.
func lookPath(name, dir, path string) string {
	if strings.Contains(name, "/") || name == "" {
		return name
	}
	for _, d := range filepath.SplitList(path) {
		file := filepath.Join(d, name)
		at := file
		if !filepath.IsAbs(at) {
			at = filepath.Join(dir, file)
		}
		if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return "/nonexistent/" + name
}

// strerror is an error's text as the C library has it.
func strerror(e syscall.Errno) string {
	text := e.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// errnoOf is the system's own error in err; EIO if there is none.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return errno
	case errors.Is(err, os.ErrClosed):
		return syscall.EBADF
	}
	return syscall.EIO
}

// statusText tells how a process ended (common/status_utils.hpp), as in "Command
// exited with status 0".
func statusText(ws syscall.WaitStatus) string {
	if ws.Signaled() {
		text := "terminated with signal " + signalName(ws.Signal())
		if ws.CoreDump() {
			text += " (core dumped)"
		}
		return text
	}
	return fmt.Sprintf("exited with status %d", ws.ExitStatus())
}

// signalNames are strsignal(3)'s, where Go's differ in more than the first letter.
var signalNames = map[syscall.Signal]string{
	syscall.SIGTRAP: "Trace/breakpoint trap", syscall.SIGABRT: "Aborted", syscall.SIGFPE: "Floating point exception",
	syscall.SIGUSR1: "User defined signal 1", syscall.SIGUSR2: "User defined signal 2",
	syscall.SIGALRM: "Alarm clock", syscall.SIGCONT: "Continued",
	syscall.SIGSTOP: "Stopped (signal)", syscall.SIGXCPU: "CPU time limit exceeded", syscall.SIGXFSZ: "File size limit exceeded",
	syscall.SIGVTALRM: "Virtual timer expired", syscall.SIGPROF: "Profiling timer expired", syscall.SIGSYS: "Bad system call",
	syscall.SIGURG: "Urgent I/O condition", syscall.SIGHUP: "Hangup",
}

func signalName(s syscall.Signal) string {
	if name, ok := signalNames[s]; ok {
		return name
	}
	text := s.String()
	return strings.ToUpper(text[:1]) + text[1:]
}

// rlimits are the numbers of setrlimit(2) on Linux.
var rlimits = map[v1.RLimitInfo_RLimit_Type]int{
	v1.RLimitInfo_RLimit_RLMT_CPU: 0, v1.RLimitInfo_RLimit_RLMT_FSIZE: 1, v1.RLimitInfo_RLimit_RLMT_DATA: 2,
	v1.RLimitInfo_RLimit_RLMT_STACK: 3, v1.RLimitInfo_RLimit_RLMT_CORE: 4, v1.RLimitInfo_RLimit_RLMT_RSS: 5,
	v1.RLimitInfo_RLimit_RLMT_NPROC: 6, v1.RLimitInfo_RLimit_RLMT_NOFILE: 7, v1.RLimitInfo_RLimit_RLMT_MEMLOCK: 8,
	v1.RLimitInfo_RLimit_RLMT_AS: 9, v1.RLimitInfo_RLimit_RLMT_LOCKS: 10, v1.RLimitInfo_RLimit_RLMT_SIGPENDING: 11,
	v1.RLimitInfo_RLimit_RLMT_MSGQUEUE: 12, v1.RLimitInfo_RLimit_RLMT_NICE: 13, v1.RLimitInfo_RLimit_RLMT_RTPRIO: 14,
	v1.RLimitInfo_RLimit_RLMT_RTTIME: 15,
}

// limitsOf are the resource limits of a container; one without values is infinite.
func limitsOf(c *v1.ContainerInfo) []supervisor.Limit {
	var out []supervisor.Limit
	for _, l := range c.GetRlimitInfo().GetRlimits() {
		number, ok := rlimits[l.GetType()]
		if !ok {
			continue
		}
		limit := supervisor.Limit{Resource: number, Soft: ^uint64(0), Hard: ^uint64(0)}
		if l.Soft != nil && l.Hard != nil {
			limit.Soft, limit.Hard = l.GetSoft(), l.GetHard()
		}
		out = append(out, limit)
	}
	return out
}
