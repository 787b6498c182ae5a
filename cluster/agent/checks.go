package agent

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "mesosbook/mesos/v1"
)

// healthResult is what a health check has to tell.
type healthResult struct {
	healthy bool
	kill    bool // it failed as often as it may
}

// checkers run the health check and the check of one task. Each is a goroutine
// that ends with stop.
type checkers struct {
	health chan healthResult
	check  chan *v1.CheckStatusInfo
	abort  chan struct{} // one of them takes its executor along
	paused atomic.Bool
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// stop ends the checks and waits for them.
func (c *checkers) stop() {
	c.cancel()
	c.done.Wait()
}

// pause lets no further check begin: the task is being killed.
func (c *checkers) pause() { c.paused.Store(true) }

func startChecks(ctx context.Context, p prober) *checkers {
	ctx, cancel := context.WithCancel(ctx)
	c := &checkers{health: make(chan healthResult), check: make(chan *v1.CheckStatusInfo), abort: make(chan struct{}), cancel: cancel}
	if hc := p.info.HealthCheck; hc != nil {
		c.done.Go(func() { c.watchHealth(ctx, p, hc) })
	}
	if ck := p.info.Check; ck != nil {
		c.done.Go(func() { c.watchCheck(ctx, p, ck) })
	}
	return c
}

// every calls f after delay and then after each interval, until ctx ends.
func (c *checkers) every(ctx context.Context, delay, interval float64, f func()) {
	t := time.NewTimer(duration(delay))
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if !c.paused.Load() {
				f()
			}
			t.Reset(duration(interval))
		case <-ctx.Done():
			return
		}
	}
}

// duration of a number of seconds.
func duration(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (c *checkers) tellAbort(ctx context.Context) {
	select {
	case c.abort <- struct{}{}:
	case <-ctx.Done():
	}
}

// watchHealth follows checks/health_checker.cpp: failures before the first success
// and within the grace period do not count; the first success, every failure that
// counts, and a success after a failure are told.
func (c *checkers) watchHealth(ctx context.Context, p prober, hc *v1.HealthCheck) {
	graceEnd := time.Now().Add(duration(hc.GetGracePeriodSeconds()))
	initializing, failures := true, uint32(0)
	p.last = new(string)
	tell := func(r healthResult) {
		select {
		case c.health <- r:
		case <-ctx.Done():
		}
	}
	log := checkLog{p.log, hc.GetType().String() + " health check"}
	c.every(ctx, hc.GetDelaySeconds(), hc.GetIntervalSeconds(), func() {
		found := p.check(ctx, probeOfHealth(hc), log)
		problem := problemOf(found)
		switch {
		case ctx.Err() != nil || found.unavailable:
		case found.abort:
			c.tellAbort(ctx)
		case problem == "":
			if initializing || failures > 0 {
				tell(healthResult{healthy: true})
			}
			initializing, failures = false, 0
		case initializing && time.Now().Before(graceEnd):
			log.failed(problem)
			log.inGrace()
		default:
			failures++
			log.failed(problem)
			log.counted(failures)
			tell(healthResult{kill: failures >= hc.GetConsecutiveFailures()})
		}
	})
}

// watchCheck follows checks/checker.cpp: a result is told when it differs from
// the one before. A check that timed out gives an empty one.
func (c *checkers) watchCheck(ctx context.Context, p prober, ck *v1.CheckInfo) {
	last := emptyCheckStatus(ck.GetType())
	p.last = new(string)
	log := checkLog{p.log, ck.GetType().String() + " check"}
	c.every(ctx, ck.GetDelaySeconds(), ck.GetIntervalSeconds(), func() {
		found := p.check(ctx, probeOf(ck), log)
		if ctx.Err() == nil && found.abort {
			c.tellAbort(ctx)
			return
		}
		if ctx.Err() != nil || found.unavailable || proto.Equal(found.status, last) {
			return
		}
		last = found.status
		select {
		case c.check <- last:
		case <-ctx.Done():
		}
	})
}

// emptyCheckStatus is a check's status before its first result.
func emptyCheckStatus(t v1.CheckInfo_Type) *v1.CheckStatusInfo {
	s := &v1.CheckStatusInfo{Type: t.Enum()}
	switch t {
	case v1.CheckInfo_COMMAND:
		s.Command = &v1.CheckStatusInfo_Command{}
	case v1.CheckInfo_HTTP:
		s.Http = &v1.CheckStatusInfo_Http{}
	case v1.CheckInfo_TCP:
		s.Tcp = &v1.CheckStatusInfo_Tcp{}
	}
	return s
}
