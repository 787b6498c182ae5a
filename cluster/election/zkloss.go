package election

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// loss tells when a session is over: by ZooKeeper's word, or because there was no
// connection for the session's time. Mesos counts that time itself, too: who cannot
// reach ZooKeeper cannot be told (zookeeper/group.cpp).
type loss struct {
	timeout time.Duration
	done    chan struct{} // closed when the session is over
	cause   error         // read after done

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	over  bool
}

func newLoss(timeout time.Duration) *loss { return &loss{timeout: timeout, done: make(chan struct{})} }

// event is called by the client for each change; it does not block.
func (l *loss) event(e zk.Event) {
	if e.Type != zk.EventSession {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.State {
	case zk.StateHasSession:
		if l.timer != nil {
			l.timer.Stop()
			l.timer = nil
		}
	case zk.StateExpired:
		l.endLocked(errors.New("the session has expired"))
	case zk.StateAuthFailed:
		l.endLocked(errors.New("the credentials are refused"))
	case zk.StateDisconnected, zk.StateConnecting:
		if l.timer == nil && !l.over {
			l.timer = time.AfterFunc(l.timeout, func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.endLocked(fmt.Errorf("no connection for %s", l.timeout))
			})
		}
	}
}

func (l *loss) endLocked(cause error) {
	if l.over {
		return
	}
	l.over, l.cause = true, cause
	close(l.done)
}

// stop ends the timer.
func (l *loss) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.timer != nil {
		l.timer.Stop()
	}
}
