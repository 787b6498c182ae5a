package repl

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxNotices wait to be shown; further ones are counted and dropped, so
	// that Notice never blocks.
	maxNotices = 500
	// maxLate bytes of output of ended cells wait to be shown; a goroutine that
	// prints more waits for the terminal.
	maxLate = 256 << 10
	// refresh is the shortest time between two prints above the line being
	// typed: a burst is shown at once, and the typed line redrawn 20 times a second.
	refresh = 50 * time.Millisecond
)

// background collects what is to be shown while something else goes on:
// notices, and the late output of cells that have ended. Its loop prints it.
type background struct {
	showNotice func(text string) // whole lines
	showLate   func(cell int, lines string)
	wake       chan struct{} // capacity 1
	showing    sync.Mutex    // held by flush, so that what came first is shown first

	mu      sync.Mutex
	room    sync.Cond // queue was emptied, or the loop has ended
	queue   []entry
	notices int            // of the entries
	bytes   int            // of late output among the entries
	dropped int            // notices that found no place
	partial map[int]string // by cell: the begun line of its late output
	looping bool
}

// entry is a notice, or whole lines of a cell's late output.
type entry struct {
	cell int // 0: a notice
	text string
}

func newBackground(showNotice func(string), showLate func(int, string)) *background {
	b := &background{showNotice: showNotice, showLate: showLate,
		wake: make(chan struct{}, 1), partial: map[int]string{}}
	b.room.L = &b.mu
	return b
}

// notice never blocks.
func (b *background) notice(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.notices >= maxNotices {
		b.dropped++
		return
	}
	b.notices++
	b.queue = append(b.queue, entry{text: text})
	b.rouse()
}

// late takes output of an ended cell. It blocks while maxLate bytes wait to be
// shown; without a loop it drops what comes beyond them.
func (b *background) late(cell int, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.bytes > maxLate {
		if !b.looping {
			return // before Run or after it: there is no reader to wait for
		}
		b.room.Wait()
	}
	text = b.partial[cell] + text
	end := strings.LastIndexByte(text, '\n') + 1
	b.partial[cell] = text[end:]
	if lines := text[:end]; lines != "" {
		b.bytes += len(lines)
		b.queue = append(b.queue, entry{cell, lines})
	}
	b.rouse()
}

func (b *background) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// loop prints what comes until ctx ends, then what is left.
func (b *background) loop(ctx context.Context) {
	b.mu.Lock()
	b.looping = true
	b.mu.Unlock()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for ctx.Err() == nil {
		select {
		case <-b.wake:
		case <-ctx.Done():
		}
		before := b.openLines()
		b.flush()
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
		pause.Reset(refresh)
		b.flushOpen(before)
	}
	b.mu.Lock()
	b.looping = false
	b.room.Broadcast()
	b.mu.Unlock()
	b.flushOpen(b.openLines())
}

// openLines gives the begun lines by cell.
func (b *background) openLines() map[int]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.partial)
}

// flushOpen shows begun lines that have not grown since they were looked at,
// and everything that waits.
func (b *background) flushOpen(since map[int]string) {
	b.mu.Lock()
	for _, cell := range slices.Sorted(maps.Keys(since)) {
		if text := since[cell]; b.partial[cell] == text {
			delete(b.partial, cell)
			if text != "" {
				b.queue = append(b.queue, entry{cell, text + "\n"})
			}
		}
	}
	if len(b.partial) > 0 {
		b.rouse()
	}
	b.mu.Unlock()
	b.flush()
}

// flush shows what waits.
func (b *background) flush() {
	b.showing.Lock()
	defer b.showing.Unlock()
	b.mu.Lock()
	queue, dropped := b.queue, b.dropped
	b.queue, b.notices, b.bytes, b.dropped = nil, 0, 0, 0
	b.room.Broadcast()
	b.mu.Unlock()
	if dropped > 0 {
		queue = append(queue, entry{text: fmt.Sprintf("(%d more notices came too fast to be shown)", dropped)})
	}
	for len(queue) > 0 {
		cell := queue[0].cell
		n := slices.IndexFunc(queue, func(e entry) bool { return e.cell != cell })
		if n < 0 {
			n = len(queue)
		}
		b.show(cell, queue[:n])
		queue = queue[n:]
	}
}

// show prints entries of one source as one piece.
func (b *background) show(cell int, entries []entry) {
	var text strings.Builder
	for _, e := range entries {
		text.WriteString(e.text)
		if !strings.HasSuffix(e.text, "\n") {
			text.WriteByte('\n')
		}
	}
	if cell == 0 {
		b.showNotice(text.String())
		return
	}
	b.showLate(cell, text.String())
}
