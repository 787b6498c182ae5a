package kernel

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// output carries what cells print to Options.Output, in the order in which it
// was printed. fmt's functions and the builtin print write straight to it; for
// os.Stdout and os.Stderr, which must be files, there is a pipe each. Whoever
// writes first takes what is already in the pipes, so the order holds across
// both ways.
type output struct {
	emit func(Output)
	who  func() (cell int, late bool) // who prints

	mu    sync.Mutex
	pipes []*pipe
}

// pipe is the file that cells see as os.Stdout or os.Stderr.
type pipe struct {
	stream Stream
	r, w   *os.File
	rfd    int
	ended  chan struct{}
}

func newOutput(emit func(Output), who func() (int, bool)) *output {
	if emit == nil {
		emit = func(Output) {}
	}
	return &output{emit: emit, who: who}
}

// file opens the pipe for stream. Its reader goroutine is ended by close; it
// blocks on the pipe and in emit.
func (o *output) file(stream Stream) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", stream, err)
	}
	raw, err := r.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", stream, err)
	}
	p := &pipe{stream: stream, r: r, w: w, ended: make(chan struct{})}
	if err := raw.Control(func(fd uintptr) { p.rfd = int(fd) }); err != nil {
		return nil, fmt.Errorf("open %s: %w", stream, err)
	}
	o.mu.Lock()
	o.pipes = append(o.pipes, p)
	o.mu.Unlock()
	go func() {
		defer close(p.ended)
		// The callback is called each time the pipe may be readable.
		_ = raw.Read(func(uintptr) bool {
			o.mu.Lock()
			defer o.mu.Unlock()
			return o.drainLocked(p)
		})
	}()
	return w, nil
}

// drainLocked emits what p holds without waiting; it tells whether p has ended.
func (o *output) drainLocked(p *pipe) (eof bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := syscall.Read(p.rfd, buf)
		switch {
		case n > 0:
			o.emitLocked(p.stream, string(buf[:n]))
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return false
		default:
			return true
		}
	}
}

func (o *output) emitLocked(s Stream, text string) {
	if text == "" {
		return
	}
	cell, late := o.who()
	o.emit(Output{Cell: cell, Stream: s, Text: text, Late: late})
}

// print emits text after all that was printed before.
func (o *output) print(s Stream, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushLocked()
	o.emitLocked(s, text)
}

// flush emits what the pipes hold.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushLocked()
}

func (o *output) flushLocked() {
	for _, p := range o.pipes {
		o.drainLocked(p)
	}
}

// close ends the readers. What is printed through the files afterwards fails.
func (o *output) close() {
	o.mu.Lock()
	pipes := o.pipes
	o.pipes = nil
	o.mu.Unlock()
	for _, p := range pipes {
		p.w.Close()
		<-p.ended
		p.r.Close()
	}
}

// streamWriter is an io.Writer for one stream.
type streamWriter struct {
	o *output
	s Stream
}

func (w streamWriter) Write(p []byte) (int, error) {
	w.o.print(w.s, string(p))
	return len(p), nil
}
