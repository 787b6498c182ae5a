package repl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
)

// inputMode tells what becomes of the keys that arrive.
type inputMode int

const (
	typing  inputMode = iota // they go to the line being typed
	holding                  // they wait for the next prompt
	running                  // a cell runs: Ctrl-C interrupts it, the rest waits
	asking                   // a running cell asks: as running, and keys go to the answer
	away                     // another program has the terminal: nothing is read
)

// input reads the terminal and hands its bytes out. Its pump goroutine is
// started by start and ends when In ends or, on a terminal, with close; on
// another reader it may stay behind in a Read that never returns.
type input struct {
	in        io.Reader
	wait      *waiter // nil: In cannot be waited for, reads block
	early     int     // bytes to come that were typed in the terminal's own mode, which makes Enter a newline
	interrupt func()  // Ctrl-C while running; called on the pump goroutine
	suspend   func()  // Ctrl-Z while running

	mu    sync.Mutex
	cond  sync.Cond // mode, queue or end changed
	mode  inputMode
	queue []byte
	idle  bool  // the pump holds no read: another program may
	end   error // why nothing more will come
}

// maxTypeAhead bounds what may be typed while a cell runs, in bytes.
const maxTypeAhead = 64 << 10

func newInput(in io.Reader) *input {
	i := &input{in: in, interrupt: func() {}, suspend: func() {}}
	i.cond.L = &i.mu
	if f, ok := in.(*os.File); ok {
		i.wait = newWaiter(f)
	}
	return i
}

func (i *input) start() { go i.pump() }

// pump moves bytes from In to the queue until In ends or close.
func (i *input) pump() {
	buf := make([]byte, 4096)
	for i.turn() {
		if i.wait != nil && !i.wait.readable() {
			continue // woken up: look at the mode again
		}
		n, err := i.in.Read(buf)
		i.take(buf[:n], err)
	}
	i.mu.Lock()
	i.idle = true
	i.cond.Broadcast()
	i.mu.Unlock()
	i.wait.close()
}

// turn waits until the terminal is ours to read; false ends the pump.
func (i *input) turn() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for i.mode == away && i.end == nil {
		i.idle = true
		i.cond.Broadcast()
		i.cond.Wait()
	}
	i.idle = false
	return i.end == nil
}

func (i *input) take(b []byte, err error) {
	i.mu.Lock()
	for n := range b[:min(i.early, len(b))] {
		if b[n] == '\n' {
			b[n] = '\r'
		}
	}
	i.early = max(i.early-len(b), 0)
	if len(i.queue)+len(b) <= maxTypeAhead || i.mode == typing {
		i.queue = append(i.queue, b...)
	}
	if err != nil && i.end == nil {
		i.end = err
	}
	act := i.scanLocked()
	i.cond.Broadcast()
	i.mu.Unlock()
	act()
}

// scanLocked looks for keys that act while a cell runs and gives what to do.
func (i *input) scanLocked() func() {
	if i.mode != running && i.mode != asking {
		return func() {}
	}
	if at := bytes.LastIndexByte(i.queue, 0x03); at >= 0 {
		i.queue = append(i.queue[:0], i.queue[at+1:]...) // what was typed before it is void
		return i.interrupt
	}
	if at := bytes.IndexByte(i.queue, 0x1a); at >= 0 {
		i.queue = append(i.queue[:at], i.queue[at+1:]...)
		return i.suspend
	}
	return func() {}
}

// setMode changes what becomes of the keys, those already typed included, and
// gives the mode before. For away it returns once the pump has let go of a
// terminal.
func (i *input) setMode(m inputMode) (before inputMode) {
	i.mu.Lock()
	before, i.mode = i.mode, m
	act := i.scanLocked()
	i.cond.Broadcast()
	if m == away && i.wait != nil {
		i.wait.wake()
		for !i.idle && i.end == nil {
			i.cond.Wait()
		}
	}
	i.mu.Unlock()
	act()
	return before
}

// Read hands out at most the bytes up to the next Enter: what follows may
// belong to a running cell.
func (i *input) Read(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.queue) == 0 || i.mode != typing {
		if i.end != nil && (len(i.queue) == 0 || i.mode != typing) {
			return 0, i.end
		}
		i.cond.Wait()
	}
	n := min(len(p), len(i.queue))
	if at := bytes.IndexByte(i.queue[:n], '\r'); at >= 0 {
		n = at + 1
	}
	copy(p, i.queue[:n])
	i.queue = append(i.queue[:0], i.queue[n:]...)
	return n, nil
}

// ask hands the keys that are typed from now on to key until it says that the
// answer is complete, or ctx ends. What was typed before waits for its turn. begin
// is called once keys count, which is when the question may be seen.
func (i *input) ask(ctx context.Context, begin func(), key func(rune) (done bool)) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.mode != running {
		return errNobody
	}
	earlier := i.queue
	i.mode, i.queue = asking, nil
	defer func() { i.mode, i.queue = running, append(earlier, i.queue...) }()
	stop := context.AfterFunc(ctx, func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.cond.Broadcast()
	})
	defer stop()
	begin()
	decoder := keyDecoder{} // pastes have nowhere to go
	for {
		for len(i.queue) == 0 && i.end == nil && ctx.Err() == nil {
			i.cond.Wait()
		}
		if ctx.Err() != nil {
			if errors.Is(context.Cause(ctx), errInterrupted) {
				earlier = nil // void as well
			}
			return context.Cause(ctx)
		}
		if len(i.queue) == 0 {
			return i.end
		}
		r, ok := decoder.next(i.queue[0])
		i.queue = i.queue[1:]
		if ok && key(r) {
			return nil
		}
	}
}

// close ends Read and the pump.
func (i *input) close() {
	i.mu.Lock()
	if i.end == nil {
		i.end = io.EOF
	}
	i.queue = nil
	i.cond.Broadcast()
	i.mu.Unlock()
	i.wait.wake()
}
