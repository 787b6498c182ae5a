package repl

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// waiter waits for a terminal to have input, or for a wake-up, whichever comes
// first: a plain read of a terminal cannot be called back.
type waiter struct {
	fd     int
	wakeup *os.File // written to by wake
	woken  *os.File // its reading end
}

// newWaiter gives nil when the pipe cannot be had: reads then just block.
func newWaiter(f *os.File) *waiter {
	r, w, err := os.Pipe()
	if err != nil {
		return nil
	}
	return &waiter{fd: int(f.Fd()), wakeup: w, woken: r}
}

// readable reports whether the terminal has input (or has ended); false means
// that wake was called.
func (w *waiter) readable() bool {
	fds := []unix.PollFd{
		{Fd: int32(w.fd), Events: unix.POLLIN},
		{Fd: int32(w.woken.Fd()), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return true // let the read tell what is wrong
		}
		if fds[1].Revents != 0 {
			var b [16]byte
			w.woken.Read(b[:])
			return false
		}
		return true
	}
}

func (w *waiter) wake() {
	if w != nil {
		w.wakeup.Write([]byte{0}) // fails only after close
	}
}

func (w *waiter) close() {
	if w != nil {
		w.wakeup.Close()
		w.woken.Close()
	}
}
