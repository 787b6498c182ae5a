package master

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// maxLogBytes is how much may wait to be written; lines beyond that are lost,
// and the loss is told.
const maxLogBytes = 1 << 20

// logger writes lines in the form of glog, as Mesos' own log has them. Lines
// are queued, so that nobody waits for a terminal or a disk. mu guards pending
// and lost.
type logger struct {
	out  io.Writer // io.Discard: nothing is formatted
	wake chan struct{}

	mu      sync.Mutex
	pending []byte
	lost    int
}

func newLogger(out io.Writer) *logger { return &logger{out: out, wake: make(chan struct{}, 1)} }

func (l *logger) printf(level byte, format string, args ...any) {
	if l.out == io.Discard {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) > maxLogBytes {
		l.lost++
		return
	}
	l.pending = time.Now().AppendFormat(append(l.pending, level), "0102 15:04:05.000000 master] ")
	l.pending = append(fmt.Appendf(l.pending, format, args...), '\n')
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run writes what is queued until ctx ends, and the rest then. It blocks on
// the writer alone.
func (l *logger) run(ctx context.Context) {
	for {
		select {
		case <-l.wake:
			l.flush()
		case <-ctx.Done():
			l.flush()
			return
		}
	}
}

func (l *logger) flush() {
	l.mu.Lock()
	text, lost := l.pending, l.lost
	l.pending, l.lost = nil, 0
	l.mu.Unlock()
	if lost > 0 {
		text = fmt.Appendf(text, "... %d lines lost: the log is written too slowly\n", lost)
	}
	if len(text) > 0 {
		_, _ = l.out.Write(text) // there is nobody to tell
	}
}

func (m *Master) logf(format string, args ...any)  { m.log.printf('I', format, args...) }
func (m *Master) warnf(format string, args ...any) { m.log.printf('W', format, args...) }
