package pages

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"mesosbook/mesos"
)

// System tells how the machine is doing, under the names of /metrics/snapshot:
// processors, load averages, memory in bytes. What it does not tell is left out.
func System() map[string]float64 {
	m := map[string]float64{"system/cpus_total": float64(runtime.NumCPU())}
	load, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(load)); err == nil && len(f) >= 3 {
		for i, name := range []string{"1min", "5min", "15min"} {
			m["system/load_"+name], _ = strconv.ParseFloat(f[i], 64)
		}
	}
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(info)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "MemTotal:":
			m["system/mem_total_bytes"] = kb * 1024
		case "MemFree:":
			m["system/mem_free_bytes"] = kb * 1024
		}
	}
	return m
}

// SystemStats is the page /system/stats.json; what the machine does not tell is 0.
func SystemStats() []byte {
	m := System()
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	for _, name := range []string{"avg_load_15min", "avg_load_1min", "avg_load_5min"} {
		e.Key(name).Double(m["system/"+strings.TrimPrefix(name, "avg_")])
	}
	for _, name := range []string{"cpus_total", "mem_free_bytes", "mem_total_bytes"} {
		e.Key(name).Int(int64(m["system/"+name]))
	}
	e.EndObject()
	return e.Bytes()
}
