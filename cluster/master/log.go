package master

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// logger writes lines in the form of glog, as Mesos' own log has them. mu
// guards out; lines are short and out is a file or a terminal.
type logger struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *logger) line(level byte, text string) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, "%c%s master] %s\n", level, now.Format("0102 15:04:05.000000"), text)
}

func (m *Master) logf(format string, args ...any)  { m.log.line('I', fmt.Sprintf(format, args...)) }
func (m *Master) warnf(format string, args ...any) { m.log.line('W', fmt.Sprintf(format, args...)) }
