package supervisor

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of times in /proc: USER_HZ is 100 on all of Linux' ports
// that Go runs on.
const clockTick = 10 * time.Millisecond

// UsageOf adds up what the trees of some processes use now.
func UsageOf(roots []int) []Usage {
	out := make([]Usage, len(roots))
	if len(roots) == 0 {
		return out
	}
	table := processTable()
	for i, root := range roots {
		if root == 0 {
			continue
		}
		out[i].add(root)
		seen := map[int]bool{root: true}
		for _, p := range table {
			if p.session != root && p.pgrp != root || seen[p.pid] {
				continue
			}
			seen[p.pid] = true
			out[i].add(p.pid)
		}
		for _, p := range below(root, table) {
			if !seen[p.pid] {
				out[i].add(p.pid)
			}
		}
	}
	return out
}

// add reads /proc/PID/stat: utime is field 14, stime 15, rss in pages 24.
func (u *Usage) add(pid int) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return
	}
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(f) < 22 {
		return
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(string(f[i]), 10, 64)
		return n
	}
	u.User += time.Duration(number(11)) * clockTick
	u.System += time.Duration(number(12)) * clockTick
	u.RSS += uint64(number(21)) * uint64(os.Getpagesize())
}
