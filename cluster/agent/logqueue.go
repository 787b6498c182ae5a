package agent

import (
	"io"
	"sync"
)

// maxLogLines bounds the lines that wait to be written. When the writer is slower
// than that, lines are lost rather than the agent held up.
const maxLogLines = 4096

// logQueue hands lines to a writer from a goroutine of its own, so that lines can
// be logged while a lock is held.
type logQueue struct {
	out   io.Writer
	lines chan []byte
	quit  chan struct{}
	done  sync.WaitGroup
	begin sync.Once
	end   sync.Once
}

func newLogQueue(out io.Writer) *logQueue {
	return &logQueue{out: out, lines: make(chan []byte, maxLogLines), quit: make(chan struct{})}
}

// Write takes a whole line. It never blocks and never fails.
func (q *logQueue) Write(line []byte) (int, error) {
	select {
	case q.lines <- append([]byte(nil), line...):
	default:
	}
	return len(line), nil
}

// start starts the goroutine that writes; stop ends it.
func (q *logQueue) start() {
	q.begin.Do(func() {
		q.done.Go(func() {
			for {
				select {
				case line := <-q.lines:
					_, _ = q.out.Write(line) // a log that cannot be written has nobody to tell
				case <-q.quit:
					q.rest()
					return
				}
			}
		})
	})
}

// rest writes what is left.
func (q *logQueue) rest() {
	for {
		select {
		case line := <-q.lines:
			_, _ = q.out.Write(line) // see start
		default:
			return
		}
	}
}

// stop writes what is left and waits for that. Twice is fine.
func (q *logQueue) stop() {
	q.end.Do(func() { close(q.quit) })
	q.done.Wait()
}
