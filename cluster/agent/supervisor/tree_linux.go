package supervisor

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// process is a line of the process table.
type process struct {
	pid, ppid, pgrp, session int
}

// processTable reads /proc. Processes that end meanwhile are left out.
func processTable() []process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var table []process
	for _, n := range names {
		pid, err := strconv.Atoi(n)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + n + "/stat")
		if err != nil {
			continue
		}
		if p, ok := parseStat(pid, stat); ok {
			table = append(table, p)
		}
	}
	return table
}

// parseStat reads proc(5)'s "pid (comm) state ppid pgrp session ...". comm may
// hold spaces and brackets.
func parseStat(pid int, stat []byte) (process, bool) {
	i := bytes.LastIndexByte(stat, ')')
	if i < 0 {
		return process{}, false
	}
	f := bytes.Fields(stat[i+1:])
	if len(f) < 4 {
		return process{}, false
	}
	p := process{pid: pid}
	for j, to := range []*int{&p.ppid, &p.pgrp, &p.session} {
		n, err := strconv.Atoi(string(f[j+1]))
		if err != nil {
			return process{}, false
		}
		*to = n
	}
	return p, true
}

// below gives the descendants of root.
func below(root int, table []process) []process {
	children := map[int][]process{}
	for _, p := range table {
		children[p.ppid] = append(children[p.ppid], p)
	}
	var found []process
	next := []int{root}
	for len(next) > 0 {
		parent := next[0]
		next = next[1:]
		for _, c := range children[parent] {
			found = append(found, c)
			next = append(next, c.pid)
		}
		delete(children, parent)
	}
	return found
}

// signalTree stops the tree before it signals it, so that no member sees another
// one end and starts a third, and lets it go on afterwards.
func signalTree(r signalRequest) {
	mine := below(os.Getpid(), processTable())
	tree := map[int]bool{}
	for _, p := range mine {
		if p.pid == r.PID || p.pgrp == r.PID || p.session == r.PID || carries(p.pid, r.Mark) {
			tree[p.pid] = true
			for _, d := range below(p.pid, mine) {
				tree[d.pid] = true
			}
		}
	}
	sig := syscall.Signal(r.Signal)
	if sig == syscall.SIGKILL {
		if tree[r.PID] { // first, so that it does not see the others end
			_ = syscall.Kill(r.PID, sig)
		}
		killAll(tree, sig)
		return
	}
	killAll(tree, syscall.SIGSTOP)
	killAll(tree, sig)
	killAll(tree, syscall.SIGCONT)
}

func killAll(pids map[int]bool, sig syscall.Signal) {
	for pid := range pids {
		_ = syscall.Kill(pid, sig)
	}
}

// carries says whether the process's environment at its start held mark.
func carries(pid int, mark string) bool {
	if mark == "" {
		return false
	}
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	for _, e := range bytes.Split(env, []byte{0}) {
		if string(e) == mark {
			return true
		}
	}
	return false
}
