package agent

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
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
	c := &checkers{health: make(chan healthResult), check: make(chan *v1.CheckStatusInfo), cancel: cancel}
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

// watchHealth follows checks/health_checker.cpp: failures before the first success
// and within the grace period do not count; the first success, every failure that
// counts, and a success after a failure are told.
func (c *checkers) watchHealth(ctx context.Context, p prober, hc *v1.HealthCheck) {
	graceEnd := time.Now().Add(duration(hc.GetGracePeriodSeconds()))
	initializing, failures := true, uint32(0)
	tell := func(r healthResult) {
		select {
		case c.health <- r:
		case <-ctx.Done():
		}
	}
	c.every(ctx, hc.GetDelaySeconds(), hc.GetIntervalSeconds(), func() {
		healthy := p.healthy(ctx, hc)
		switch {
		case ctx.Err() != nil:
		case healthy:
			if initializing || failures > 0 {
				tell(healthResult{healthy: true})
			}
			initializing, failures = false, 0
		case initializing && time.Now().Before(graceEnd):
		default:
			failures++
			tell(healthResult{kill: failures >= hc.GetConsecutiveFailures()})
		}
	})
}

// watchCheck follows checks/checker.cpp: a result is told when it differs from
// the one before. A check that timed out gives an empty one.
func (c *checkers) watchCheck(ctx context.Context, p prober, ck *v1.CheckInfo) {
	last := emptyCheckStatus(ck.GetType())
	c.every(ctx, ck.GetDelaySeconds(), ck.GetIntervalSeconds(), func() {
		now := p.result(ctx, ck)
		if ctx.Err() != nil || proto.Equal(now, last) {
			return
		}
		last = now
		select {
		case c.check <- now:
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

// prober does single checks of a task.
type prober struct {
	agent *Agent
	ex    *executor
	info  *v1.TaskInfo
	user  *supervisor.User
	dir   string // the task's sandbox
	env   map[string]string
}

// localhost is where Mesos looks for the task's ports.
const localhost = "127.0.0.1"

func (p prober) healthy(ctx context.Context, hc *v1.HealthCheck) bool {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout(hc.GetTimeoutSeconds()))
	defer cancel()
	switch hc.GetType() {
	case v1.HealthCheck_COMMAND:
		code, ok := p.command(ctx, hc.GetCommand())
		return ok && code == 0
	case v1.HealthCheck_HTTP:
		h := hc.GetHttp()
		scheme := h.GetScheme()
		if scheme == "" {
			scheme = "http"
		}
		code, ok := p.http(ctx, scheme, hostOf(h.GetProtocol()), h.GetPort(), h.GetPath())
		return ok && code >= 200 && code < 400
	case v1.HealthCheck_TCP:
		return p.tcp(ctx, hostOf(hc.GetTcp().GetProtocol()), hc.GetTcp().GetPort())
	}
	return false
}

func (p prober) result(ctx context.Context, ck *v1.CheckInfo) *v1.CheckStatusInfo {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout(ck.GetTimeoutSeconds()))
	defer cancel()
	s := emptyCheckStatus(ck.GetType())
	switch ck.GetType() {
	case v1.CheckInfo_COMMAND:
		if code, ok := p.command(ctx, ck.GetCommand().GetCommand()); ok {
			s.Command.ExitCode = proto.Int32(int32(code))
		}
	case v1.CheckInfo_HTTP:
		if code, ok := p.http(ctx, "http", localhost, ck.GetHttp().GetPort(), ck.GetHttp().GetPath()); ok {
			s.Http.StatusCode = proto.Uint32(uint32(code))
		}
	case v1.CheckInfo_TCP:
		ok := p.tcp(ctx, localhost, ck.GetTcp().GetPort())
		if ctx.Err() == nil {
			s.Tcp.Succeeded = proto.Bool(ok)
		}
	}
	return s
}

// checkTimeout of zero seconds means no timeout; ctx still ends it with the task.
func checkTimeout(s float64) time.Duration {
	if s <= 0 {
		return 24 * time.Hour
	}
	return duration(s)
}

func hostOf(p v1.NetworkInfo_Protocol) string {
	if p == v1.NetworkInfo_IPv6 {
		return "::1"
	}
	return localhost
}

// command gives the exit code, false when it had none in time.
func (p prober) command(ctx context.Context, c *v1.CommandInfo) (code int, ok bool) {
	env := maps.Clone(p.env)
	overlay(env, c)
	proc, err := p.agent.spawn(p.ex, start{command: c, env: env, user: p.user, dir: p.dir, guest: true})
	if err != nil {
		return 0, false
	}
	defer p.agent.release(p.ex, proc)
	select {
	case <-proc.Done():
		ws, known := proc.Status()
		if ws.Signaled() {
			return 128 + int(ws.Signal()), known
		}
		return ws.ExitStatus(), known
	case <-ctx.Done():
		_ = proc.Signal(syscall.SIGKILL)
		<-proc.Done()
		return 0, false
	}
}

// release forgets a process that has ended.
func (a *Agent) release(ex *executor, p process) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := make([]process, 0, len(ex.processes))
	for _, x := range ex.processes {
		if x != p {
			kept = append(kept, x)
		}
	}
	ex.processes = kept
}

// http gives the status of a GET. As with curl -k, certificates are not checked
// and redirects not followed.
func (p prober) http(ctx context.Context, scheme, host string, port uint32, path string) (status int, ok bool) {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	url := scheme + "://" + net.JoinHostPort(host, strconv.FormatUint(uint64(port), 10)) + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, false
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, false
	}
	res.Body.Close()
	return res.StatusCode, true
}

func (p prober) tcp(ctx context.Context, host string, port uint32) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.FormatUint(uint64(port), 10)))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
