package kernel

import "reflect"

// Channel operations of cells run in the host: there an interrupt can end
// them, and Yaegi's own select shares its cases between goroutines.

// recv receives from the channel c into what dst points to.
func (h *host) recv(c, dst any) bool {
	ch := reflect.ValueOf(c)
	v, ok := ch.TryRecv()
	if !v.IsValid() {
		_, v, ok = h.choose([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: ch}})
	}
	reflect.ValueOf(dst).Elem().Set(v)
	return ok
}

// send sends what src points to on the channel c.
func (h *host) send(c, src any) {
	ch, v := reflect.ValueOf(c), reflect.ValueOf(src).Elem()
	if !ch.TrySend(v) {
		h.choose([]reflect.SelectCase{{Dir: reflect.SelectSend, Chan: ch, Send: v}})
	}
}

// selectOne makes one of the operations and gives its number from 1; 0 when
// none is ready and there is a default. An operation is the channel, a pointer
// to the value, and for a receive a pointer to the ok; nil for a send.
func (h *host) selectOne(hasDefault bool, ops ...any) int {
	var cases []reflect.SelectCase
	for i := 0; i+2 < len(ops); i += 3 {
		c := reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ops[i])}
		if ops[i+2] == nil {
			c.Dir, c.Send = reflect.SelectSend, reflect.ValueOf(ops[i+1]).Elem()
		}
		cases = append(cases, c)
	}
	var chosen int
	var v reflect.Value
	var ok bool
	if hasDefault {
		chosen, v, ok = reflect.Select(append(cases, reflect.SelectCase{Dir: reflect.SelectDefault}))
		if chosen == len(cases) {
			return 0
		}
	} else {
		chosen, v, ok = h.choose(cases)
	}
	if cases[chosen].Dir == reflect.SelectRecv {
		reflect.ValueOf(ops[chosen*3+1]).Elem().Set(v)
		*ops[chosen*3+2].(*bool) = ok
	}
	return chosen + 1
}

// choose waits until one of cases can go on. An interrupt ends the goroutine
// of the cell here; all others wait on.
func (h *host) choose(cases []reflect.SelectCase) (int, reflect.Value, bool) {
	n := len(cases)
	cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv})
	for {
		cases[n].Chan = reflect.ValueOf(h.stopping())
		chosen, v, ok := reflect.Select(cases)
		if chosen < n {
			return chosen, v, ok
		}
		h.check()
	}
}
