package session

import "sync"

// feed hands values to one callback in order, in a goroutine of its own, without
// ever blocking the sender. Its goroutine is started by newFeed, ends by stop or
// when the queue overflows, and may block only in the callback.
type feed[T any] struct {
	f     func(T)
	limit int    // values that may wait
	cut   func() // called once by the sender when the queue overflows

	mu    sync.Mutex
	queue []T
	ended bool
	wake  chan struct{} // holds one token when there is something to do
	done  chan struct{} // closed when the goroutine has ended
}

func newFeed[T any](f func(T), limit int, cut func()) *feed[T] {
	fd := &feed[T]{f: f, limit: limit, cut: cut, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go fd.run()
	return fd
}

// push queues v; false when the feed has ended.
func (fd *feed[T]) push(v T) bool {
	fd.mu.Lock()
	if fd.ended {
		fd.mu.Unlock()
		return false
	}
	over := len(fd.queue) >= fd.limit
	if over {
		fd.ended, fd.queue = true, nil
	} else {
		fd.queue = append(fd.queue, v)
	}
	fd.mu.Unlock()
	fd.poke()
	if over {
		fd.cut()
	}
	return !over
}

// stop lets what is queued be delivered and ends the goroutine; it does not wait.
func (fd *feed[T]) stop() {
	fd.mu.Lock()
	fd.ended = true
	fd.mu.Unlock()
	fd.poke()
}

// drop forgets what is queued and ends the goroutine; it does not wait.
func (fd *feed[T]) drop() {
	fd.mu.Lock()
	fd.ended, fd.queue = true, nil
	fd.mu.Unlock()
	fd.poke()
}

func (fd *feed[T]) poke() {
	select {
	case fd.wake <- struct{}{}:
	default:
	}
}

func (fd *feed[T]) run() {
	defer close(fd.done)
	for range fd.wake {
		for {
			v, ok, ended := fd.take()
			if ended {
				return
			}
			if !ok {
				break
			}
			fd.f(v)
		}
	}
}

// take gives the oldest value; ended when there is none and none will come.
func (fd *feed[T]) take() (v T, ok, ended bool) {
	fd.mu.Lock()
	defer fd.mu.Unlock()
	if len(fd.queue) == 0 {
		return v, false, fd.ended
	}
	v = fd.queue[0]
	var zero T
	fd.queue[0] = zero
	fd.queue = fd.queue[1:]
	return v, true, false
}
