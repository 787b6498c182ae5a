package master

// Faults on demand, for teaching and for tests of frameworks. Each is what a
// real master does too, only not when one wants it.

// RescindOffers takes the outstanding offers of a framework back, of all
// frameworks with "", and says how many those were.
func (m *Master) RescindOffers(framework string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, o := range sortedOffers(m.offers) {
		if framework == "" || o.framework.id == framework {
			m.rescindLocked(o)
			n++
		}
	}
	return n
}

// HoldHeartbeats stops the HEARTBEAT events of all streams, or resumes them:
// what a network that swallows everything looks like to a scheduler.
func (m *Master) HoldHeartbeats(hold bool) { m.silent.Store(hold) }

// CutStreams breaks the connections of a framework's subscription, of all
// subscribers with "", in the middle: without an ERROR and without an end of
// the answer. It says how many those were.
func (m *Master) CutStreams(framework string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, fw := range m.frameworks {
		if fw.stream != nil && (framework == "" || fw.id == framework) {
			fw.stream.cut()
			n++
		}
	}
	if framework == "" {
		for _, s := range m.operators {
			s.cut()
			n++
		}
	}
	return n
}
