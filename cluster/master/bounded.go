package master

// bounded keeps the last few things in the order in which they came.
type bounded[T any] struct {
	items []T // a ring once it is full
	first int
	limit int
}

func newBounded[T any](limit int) *bounded[T] { return &bounded[T]{limit: limit} }

// add appends v and gives what had to leave for it.
func (b *bounded[T]) add(v T) (gone T, full bool) {
	if b.limit <= 0 {
		return v, true
	}
	if len(b.items) < b.limit {
		b.items = append(b.items, v)
		return gone, false
	}
	gone, b.items[b.first] = b.items[b.first], v
	b.first = (b.first + 1) % b.limit
	return gone, true
}

// all, oldest first.
func (b *bounded[T]) all() []T {
	out := make([]T, 0, len(b.items))
	out = append(out, b.items[b.first:]...)
	return append(out, b.items[:b.first]...)
}

// remove takes out what drop accepts.
func (b *bounded[T]) remove(drop func(T) bool) {
	kept := make([]T, 0, len(b.items))
	for _, v := range b.all() {
		if !drop(v) {
			kept = append(kept, v)
		}
	}
	b.items, b.first = kept, 0
}

func (b *bounded[T]) len() int { return len(b.items) }
