package session

import (
	"math/rand/v2"
	"time"
)

// backoff doubles up to max; each wait is a random one from the upper half of its
// step, so that many schedulers do not return to a new master at one moment.
type backoff struct{ min, max, step time.Duration }

func (b *backoff) reset() { b.step = 0 }

// next is between min and 2 min at first, and between half of max and max in the end.
func (b *backoff) next() time.Duration {
	b.step = min(max(b.step, b.min)*2, max(b.max, b.min))
	half := max(b.step/2, b.min)
	return half + rand.N(b.step-half+1)
}
