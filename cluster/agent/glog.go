package agent

import (
	"io"

	"mesosbook/cluster/glog"
)

// logLine writes a line to a sandbox, as Mesos' own executor and fetcher do.
func logLine(w io.Writer, severity byte, place, format string, args ...any) {
	_, _ = w.Write(glog.Append(nil, severity, place, format, args...)) // a full or lost sandbox shows in other ways
}

func (a *Agent) infof(format string, args ...any) { a.log.Print('I', format, args...) }

func (a *Agent) warnf(format string, args ...any) { a.log.Print('W', format, args...) }
