package libprocess

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Level is the verbosity of logging, 0 unless somebody raised it for a while
// (logging.cpp). The zero value is ready; it may be used by many goroutines.
type Level struct {
	mu    sync.Mutex
	level uint32
	until time.Time
}

// Get gives the level that holds now.
func (l *Level) Get() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !time.Now().Before(l.until) {
		l.level = 0
	}
	return l.level
}

// Set raises the level for d; level 0 ends that at once.
func (l *Level) Set(level uint32, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.level, l.until = level, time.Now().Add(d)
}

// Toggle answers /logging/toggle?level=N&duration=5mins.
func (l *Level) Toggle(q Query) Answer {
	level, hasLevel := q.Get("level")
	duration, hasDuration := q.Get("duration")
	switch {
	case !hasLevel && !hasDuration:
		return text(http.StatusOK, strconv.FormatUint(uint64(l.Get()), 10)+"\n")
	case !hasDuration:
		return badRequest("Expecting 'duration=value' in query.\n")
	case !hasLevel:
		return badRequest("Expecting 'level=value' in query.\n")
	}
	n, err := ParseInt(level, 32)
	if err != nil {
		return badRequest(err.Error() + ".\n")
	}
	if n < 0 {
		return badRequest("Invalid level '" + strconv.FormatInt(n, 10) + "'.\n")
	}
	d, err := ParseDuration(duration)
	if err != nil {
		return badRequest(err.Error() + ".\n")
	}
	l.Set(uint32(n), d)
	return Answer{Status: http.StatusOK}
}
