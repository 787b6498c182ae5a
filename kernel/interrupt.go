package kernel

import (
	"fmt"
	"runtime"
	"strings"
)

// blockedIn names the function of the standard library or a helper that the
// goroutine is blocked in; empty when that is not known.
func blockedIn(id int64) string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	prefix := fmt.Sprintf("goroutine %d ", id)
	for _, g := range strings.Split(string(buf), "\n\n") {
		if strings.HasPrefix(g, prefix) {
			return outermostNative(strings.Split(g, "\n"))
		}
	}
	return ""
}

// outermostNative finds the function that interpreted code called: the last
// one before package reflect and the interpreter begin.
func outermostNative(stack []string) string {
	name := ""
	for _, line := range stack[1:] {
		if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "runtime.") || strings.HasPrefix(line, "internal/") {
			continue
		}
		if strings.HasPrefix(line, "reflect.") || strings.Contains(line, "yaegi/interp") {
			break
		}
		if i := strings.LastIndexByte(line, '('); i > 0 {
			name = line[:i]
		}
	}
	return name
}

// maxPlaces is how many functions of a panicking stack are kept: after a
// runaway recursion there are very many.
const maxPlaces = 20

// stderrLines takes what Yaegi writes about a panic while the stack unwinds:
// one line for each function, innermost first.
type stderrLines struct{ k *Kernel }

func (w stderrLines) Write(p []byte) (int, error) {
	k := w.k
	k.frameMu.Lock()
	enough := len(k.frames) >= maxPlaces
	k.frameMu.Unlock()
	if enough || !k.host.foreground() {
		return len(p), nil
	}
	if m := interpPlace.FindStringSubmatch(string(p)); m != nil && strings.Contains(m[4], "panic: ") {
		cell, _ := cellOf(m[1])
		line := 0
		_, _ = fmt.Sscan(m[2], &line)
		k.frameMu.Lock()
		k.frames = append(k.frames, cell*placeLines+line)
		k.frameMu.Unlock()
	}
	return len(p), nil
}
