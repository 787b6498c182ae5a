package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	v1 "mesosbook/mesos/v1"
)

// prober does single checks of a task (checks/checker_process.cpp).
type prober struct {
	agent *Agent
	ex    *executor
	info  *v1.TaskInfo
	user  *supervisor.User
	dir   string // the task's sandbox
	env   map[string]string
	log   taskLog

	last *string // sandbox of the check before this one, of a task in a group
}

// probe is what health checks and checks have in common. The field of its type is
// set.
type probe struct {
	kind    v1.CheckInfo_Type
	timeout time.Duration
	command *v1.CommandInfo
	url     string
	port    uint32
}

// found is the result of a check: an empty status if there is none, and problem
// says why.
type found struct {
	status      *v1.CheckStatusInfo
	problem     string
	unavailable bool // as if the check had not been made
	abort       bool // Mesos' executor aborts over a command that a signal has ended
}

func probeOf(ck *v1.CheckInfo) probe {
	return probe{kind: ck.GetType(), timeout: duration(ck.GetTimeoutSeconds()), command: ck.GetCommand().GetCommand(),
		url: urlOf("http", localhost, ck.GetHttp().GetPort(), ck.GetHttp().GetPath()), port: ck.GetTcp().GetPort()}
}

// probeOfHealth makes a check of a health check; the protocol of a TCP check is
// lost on the way, as in Mesos.
func probeOfHealth(hc *v1.HealthCheck) probe {
	h := hc.GetHttp()
	scheme, host := h.GetScheme(), localhost
	if scheme == "" {
		scheme = "http"
	}
	if h.GetProtocol() == v1.NetworkInfo_IPv6 {
		host = "::1"
	}
	kinds := map[v1.HealthCheck_Type]v1.CheckInfo_Type{v1.HealthCheck_COMMAND: v1.CheckInfo_COMMAND, v1.HealthCheck_HTTP: v1.CheckInfo_HTTP, v1.HealthCheck_TCP: v1.CheckInfo_TCP}
	return probe{kind: kinds[hc.GetType()], timeout: duration(hc.GetTimeoutSeconds()), command: hc.GetCommand(),
		url: urlOf(scheme, host, h.GetPort(), h.GetPath()), port: hc.GetTcp().GetPort()}
}

// localhost is where Mesos looks for the task's ports.
const localhost = "127.0.0.1"

func urlOf(scheme, host string, port uint32, path string) string {
	return scheme + "://" + net.JoinHostPort(host, strconv.FormatUint(uint64(port), 10)) + path
}

// problemOf says why a result means that the task is not healthy, "" if it is
// (checks/health_checker.cpp: interpretCheckStatusInfo).
func problemOf(f found) string {
	s := f.status
	switch {
	case f.problem != "" || f.unavailable || f.abort:
		return f.problem
	case s.GetCommand().GetExitCode() != 0:
		return fmt.Sprintf("Command exited with status %d", s.Command.GetExitCode())
	case s.Http != nil && (s.Http.GetStatusCode() < 200 || s.Http.GetStatusCode() >= 400):
		code := int(s.Http.GetStatusCode())
		return fmt.Sprintf("Unexpected HTTP response code: %d %s", code, http.StatusText(code))
	case s.Tcp != nil && !s.Tcp.GetSucceeded():
		return "TCP connection failed"
	}
	return ""
}

// check does one check. A timeout of zero means none; ctx still ends it with the
// task.
func (p prober) check(ctx context.Context, what probe, log checkLog) found {
	if what.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, what.timeout)
		defer cancel()
	}
	f := found{status: emptyCheckStatus(what.kind)}
	switch what.kind {
	case v1.CheckInfo_COMMAND:
		p.command(ctx, what, &f, log)
	case v1.CheckInfo_HTTP:
		code, err := get(ctx, what.url)
		if err == nil {
			f.status.Http.StatusCode = proto.Uint32(uint32(code))
			log.returned(strconv.Itoa(code))
		} else if f.problem = "curl exited with status " + err.Error(); ctx.Err() != nil {
			f.problem = "curl timed out after " + durationText(what.timeout)
		}
	case v1.CheckInfo_TCP:
		ok := connects(ctx, what.port)
		if f.problem = "mesos-tcp-connect timed out after " + durationText(what.timeout); ctx.Err() == nil {
			f.problem = ""
			f.status.Tcp.Succeeded = proto.Bool(ok)
			log.returned(map[bool]string{true: "1", false: "0"}[ok])
		}
	}
	return f
}

// command runs a check's command: beside a command task with its output on the
// task's stderr, in a container of its own for a task in a group.
func (p prober) command(ctx context.Context, what probe, f *found, log checkLog) {
	env := maps.Clone(p.env)
	overlay(env, what.command)
	s := start{command: what.command, env: env, user: p.user, dir: p.dir, guest: true, toStderr: true}
	if p.log.inGroup() {
		dir, err := p.checkSandbox()
		if err != nil {
			f.unavailable = true
			return
		}
		s.out, s.toStderr = dir, false
		defer log.output(dir)
	} else {
		delete(env, "MESOS_ALLOCATION_ROLE") // of the task alone, not of its executor
	}
	proc, err := p.agent.spawn(p.ex, s)
	if err != nil {
		f.problem = "Failed to create subprocess: " + err.Error()
		return
	}
	defer p.agent.release(p.ex, proc)
	select {
	case <-proc.Done():
		p.commandEnded(proc, what.command, f, log)
	case <-ctx.Done():
		_ = proc.Signal(syscall.SIGKILL)
		<-proc.Done()
		f.problem = "Command timed out after " + durationText(what.timeout)
	}
}

func (p prober) commandEnded(proc process, command *v1.CommandInfo, f *found, log checkLog) {
	ws, known := proc.Status()
	switch {
	case !known:
		f.problem = "Failed to reap the command process"
	case ws.Signaled() && ws.Signal() == syscall.SIGKILL && p.log.inGroup():
		f.unavailable = true
		log.unavailable()
	case ws.Signaled():
		f.abort = true
	default:
		f.status.Command.ExitCode = proto.Int32(int32(ws.ExitStatus()))
		log.returned(strconv.Itoa(ws.ExitStatus()))
	}
}

// checkSandbox makes the sandbox of a check's container; that of the check before
// goes.
func (p prober) checkSandbox() (string, error) {
	if *p.last != "" {
		_ = os.RemoveAll(*p.last) // what stays goes with the task's sandbox
	}
	*p.last = filepath.Join(p.dir, "containers", "check-"+uuid.NewString())
	return *p.last, makeNested(*p.last, p.user)
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

// maxRedirects is how many redirects curl follows.
const maxRedirects = 50

// get gives the status that a GET ends with. As with curl -k -L, certificates are
// not checked and redirects are followed. The error begins with curl's exit code.
func get(ctx context.Context, url string) (status int, err error) {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	client := &http.Client{Transport: transport, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errTooManyRedirects
		}
		return nil
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, fmt.Errorf("3: curl: (3) %w", err)
	}
	res, err := client.Do(req)
	switch {
	case errors.Is(err, errTooManyRedirects):
		return 0, fmt.Errorf("47: curl: (47) Maximum (%d) redirects followed", maxRedirects)
	case err != nil:
		return 0, fmt.Errorf("7: curl: (7) %w", err)
	}
	res.Body.Close()
	return res.StatusCode, nil
}

var errTooManyRedirects = errors.New("too many redirects")

func connects(ctx context.Context, port uint32) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(localhost, strconv.FormatUint(uint64(port), 10)))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
