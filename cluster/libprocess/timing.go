package libprocess

import (
	"slices"
	"time"
)

// maxSamples is how many of the last times a Timing keeps, as many as
// libprocess does by default (metrics/metric.hpp).
const maxSamples = 1000

// Timing is a metric of how long something took. The zero value is ready; it is
// for one goroutine at a time.
type Timing struct{ samples []time.Duration }

// Note takes down one time.
func (t *Timing) Note(d time.Duration) {
	if len(t.samples) == maxSamples {
		t.samples = append(t.samples[:0], t.samples[1:]...)
	}
	t.samples = append(t.samples, d)
}

// Values writes the last time in milliseconds below name, and from two times on
// how many there were, their bounds and percentiles.
func (t *Timing) Values(name string, out map[string]float64) {
	n := len(t.samples)
	if n == 0 {
		return
	}
	out[name] = millis(t.samples[n-1])
	if n < 2 {
		return
	}
	sorted := slices.Sorted(slices.Values(t.samples))
	out[name+"/count"], out[name+"/min"], out[name+"/max"] = float64(n), millis(sorted[0]), millis(sorted[n-1])
	for suffix, share := range map[string]float64{"p50": .5, "p90": .9, "p95": .95, "p99": .99, "p999": .999, "p9999": .9999} {
		out[name+"/"+suffix] = percentile(sorted, share)
	}
}

// percentile lies between two times where share does.
func percentile(sorted []time.Duration, share float64) float64 {
	at := share * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return millis(sorted[len(sorted)-1])
	}
	low, high := millis(sorted[i]), millis(sorted[i+1])
	return low + (at-float64(i))*(high-low)
}

func millis(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
