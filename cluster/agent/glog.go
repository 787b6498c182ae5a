package agent

import (
	"fmt"
	"io"
	"os"
	"time"
)

// logLine writes a line as glog does, which is how Mesos logs:
// "I20261122 16:00:08.757079 26722 exec.cpp:164] Version: 1.12.0".
func logLine(w io.Writer, severity byte, place, format string, args ...any) {
	fmt.Fprintf(w, "%s %s] %s\n", logPrefix(severity), place, fmt.Sprintf(format, args...))
}

// logPrefix is severity, date, time and thread.
func logPrefix(severity byte) string {
	return fmt.Sprintf("%c%s %d", severity, time.Now().Format("20060102 15:04:05.000000"), os.Getpid())
}

func (a *Agent) infof(format string, args ...any) {
	logLine(a.log, 'I', "agent", format, args...)
}

func (a *Agent) warnf(format string, args ...any) {
	logLine(a.log, 'W', "agent", format, args...)
}
