package master

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"mesosbook/mesos"
)

// system tells how the machine is doing; what the host does not tell is 0.
func system() map[string]float64 {
	out := map[string]float64{
		"cpus_total": float64(runtime.NumCPU()), "load_1min": 0, "load_5min": 0, "load_15min": 0,
		"mem_total_bytes": 0, "mem_free_bytes": 0,
	}
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		fields := strings.Fields(string(data))
		for i, name := range []string{"load_1min", "load_5min", "load_15min"} {
			if i < len(fields) {
				out[name], _ = strconv.ParseFloat(fields[i], 64)
			}
		}
	}
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			name, rest, _ := strings.Cut(line, ":")
			kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			switch name {
			case "MemTotal":
				out["mem_total_bytes"] = kb * 1024
			case "MemFree":
				out["mem_free_bytes"] = kb * 1024
			}
		}
	}
	return out
}

func (m *Master) systemPage(req *request) {
	s := system()
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	e.Key("avg_load_15min").Double(s["load_15min"])
	e.Key("avg_load_1min").Double(s["load_1min"])
	e.Key("avg_load_5min").Double(s["load_5min"])
	e.Key("cpus_total").Int(int64(s["cpus_total"]))
	e.Key("mem_free_bytes").Int(int64(s["mem_free_bytes"]))
	e.Key("mem_total_bytes").Int(int64(s["mem_total_bytes"]))
	e.EndObject()
	req.json(e.Bytes())
}
