// Package supervisor runs task processes so that none of them can outlive the
// program that asked for them.
//
// Start executes the running binary a second time as the supervisor: a process
// in a session of its own that forks every task, reports how each one ended, and
// is the "child subreaper" (prctl(2)) of all of them. Whatever a task does
// (setsid, nohup, a double fork, an empty environment), its processes stay below
// the supervisor. Requests arrive on the supervisor's standard input; when that
// pipe ends, because Close was called or because the program was killed with
// SIGKILL, the supervisor kills everything below itself until nothing is left.
//
// There is no hook to call in main: the package's init function turns the second
// execution into the supervisor before main begins, also in a test binary.
//
// If the supervisor itself is killed, the tasks' own processes get SIGKILL by
// their parent-death signal, and Done tells the program.
package supervisor
