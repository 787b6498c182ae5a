// Package glog writes log lines in the form of Google's glog, which is how Mesos
// 1.12 logs, as the recordings of a real one show:
//
//	I20261122 16:00:08.757079 26722 exec.cpp:164] Version: 1.12.0
//
// that is severity (I, W, E) and date, time, thread, file and line, and the text.
// In place of the thread stands the process; goroutines have no number to show.
package glog

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// maxPending is how much may wait to be written, in bytes; lines beyond that are
// lost, and the loss is told.
const maxPending = 1 << 20

// Logger queues lines for a writer, so that nobody who logs waits for a terminal or
// a disk: it may be used with a lock held, from any goroutine.
type Logger struct {
	out   io.Writer // io.Discard: nothing is formatted
	wake  chan struct{}
	quit  chan struct{}
	done  sync.WaitGroup
	begin sync.Once
	end   sync.Once

	mu      sync.Mutex // guards what follows
	pending []byte
	lost    int
}

// New makes a logger that writes to out from Start to Stop. nil drops everything.
func New(out io.Writer) *Logger {
	if out == nil {
		out = io.Discard
	}
	return &Logger{out: out, wake: make(chan struct{}, 1), quit: make(chan struct{})}
}

// Print queues a line that names the source line of the caller's caller: it is for
// methods such as infof. It never blocks.
func (l *Logger) Print(severity byte, format string, args ...any) {
	if l.out == io.Discard {
		return
	}
	at := Place(2)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) > maxPending {
		l.lost++
		return
	}
	l.pending = Append(l.pending, severity, at, format, args...)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Place is the source line of the caller's caller for 1, of whoever called that one
// for 2: "file.go:12".
func Place(above int) string {
	_, file, line, ok := runtime.Caller(above + 1)
	if !ok {
		return "unknown:0"
	}
	return filepath.Base(file) + ":" + strconv.Itoa(line)
}

// Start starts the goroutine that writes. It blocks on the writer alone, and ends
// with Stop.
func (l *Logger) Start() {
	l.begin.Do(func() {
		l.done.Go(func() {
			for {
				select {
				case <-l.wake:
					l.flush()
				case <-l.quit:
					l.flush()
					return
				}
			}
		})
	})
}

// Stop writes what is left and waits for that. Twice is fine.
func (l *Logger) Stop() {
	l.end.Do(func() { close(l.quit) })
	l.done.Wait()
}

func (l *Logger) flush() {
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

// Append adds a whole line to b; place is its "file:line".
func Append(b []byte, severity byte, place, format string, args ...any) []byte {
	b = append(b, Prefix(severity, place)...)
	return append(fmt.Appendf(b, format, args...), '\n')
}

// Prefix is everything before the text, with the space.
func Prefix(severity byte, place string) string {
	b := time.Now().AppendFormat([]byte{severity}, "20060102 15:04:05.000000")
	return fmt.Sprintf("%s %5d %s] ", b, os.Getpid(), place)
}
