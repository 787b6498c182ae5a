package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"mesosbook/cluster/agent/supervisor"
	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
)

// Version is the Mesos release whose behaviour this package follows.
const Version = link.Version

// Options say what an agent has and how it behaves. Info, WorkDir and Dial must
// be set; the zero value of every other field is Mesos' default.
type Options struct {
	// Info has hostname, port, resources and attributes; no id.
	Info *v1.AgentInfo
	// IP is the address that tasks and pages show; default 127.0.0.1.
	IP string
	// WorkDir holds the sandboxes; it is created if it is not there. A work
	// directory that an agent has used before gives it the same id again.
	WorkDir string
	// Temporary says that the work directory ends with the agent: nothing is written
	// down for a later one.
	Temporary bool
	// Dial connects to the leading master. It is called again, with a back-off,
	// whenever the connection ends.
	Dial func(context.Context) (*link.Conn, error)
	// Log takes the agent's own log lines, one at a call, from one goroutine; nil
	// drops them.
	Log io.Writer
	// LogPath is the file behind /slave/log in the files API; "" is none.
	LogPath string
	// Supervisor runs the processes; nil starts one of its own with the first task.
	Supervisor *supervisor.Supervisor
	// MasterHostname is shown in /state; default localhost.
	MasterHostname string
	// Flags are shown by /flags in place of or beside the defaults.
	Flags map[string]string
	// KeepUser runs every task as the user of this process (--no-switch_user).
	KeepUser bool
	// Credentials by principal; with any, the endpoints ask for them.
	Credentials map[string]string
	// Simulate runs command tasks without processes: "sleep N" takes that long,
	// "exit N" ends so, anything else runs until it is killed.
	Simulate bool

	RetryMin, RetryMax   time.Duration // resending of updates: 10 s, doubled up to 10 min
	RedialMin, RedialMax time.Duration // 50 ms, doubled up to 1 s
	PingTimeout          time.Duration // without a ping of the master for so long: 75 s
	KillGrace            time.Duration // SIGTERM to SIGKILL without a policy: 3 s
	ShutdownGrace        time.Duration // --executor_shutdown_grace_period: 5 s
	RegistrationTimeout  time.Duration // --executor_registration_timeout: 1 min
	Startup              time.Duration // what Mesos' own executors take to register: 50 ms, none with Simulate
	Linger               time.Duration // a command executor's stay after its task: 1 s
	HeartbeatInterval    time.Duration // executor API: 30 min
	SessionHeartbeat     time.Duration // --http_heartbeat_interval, to clients attached to a container: 30 s
	FetchStall           time.Duration // --fetcher_stall_timeout: 1 min
	CacheSize            int64         // --fetcher_cache_size in bytes: 2 GB
}

// withDefaults fills in what is not set and checks what must be.
func (o Options) withDefaults() (Options, error) {
	if o.Info == nil || o.Info.GetHostname() == "" {
		return o, errors.New("agent options: Info with a hostname is required")
	}
	if o.Dial == nil {
		return o, errors.New("agent options: Dial is required")
	}
	if o.WorkDir == "" {
		return o, errors.New("agent options: WorkDir is required")
	}
	dir, err := filepath.Abs(o.WorkDir)
	if err != nil {
		return o, fmt.Errorf("agent options: work directory: %w", err)
	}
	o.WorkDir = dir
	if o.IP == "" {
		o.IP = "127.0.0.1"
	}
	if o.MasterHostname == "" {
		o.MasterHostname = "localhost"
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	if os.Geteuid() != 0 {
		o.KeepUser = true
	}
	if o.CacheSize == 0 {
		o.CacheSize = 2 << 30
	}
	if o.Startup == 0 && !o.Simulate {
		o.Startup = 50 * time.Millisecond
	}
	for _, d := range []struct {
		value *time.Duration
		std   time.Duration
	}{
		{&o.RetryMin, 10 * time.Second}, {&o.RetryMax, 10 * time.Minute},
		{&o.PingTimeout, 75 * time.Second}, {&o.RedialMin, 50 * time.Millisecond}, {&o.RedialMax, time.Second},
		{&o.KillGrace, 3 * time.Second}, {&o.ShutdownGrace, 5 * time.Second},
		{&o.RegistrationTimeout, time.Minute}, {&o.Linger, time.Second},
		{&o.HeartbeatInterval, 30 * time.Minute}, {&o.SessionHeartbeat, 30 * time.Second}, {&o.FetchStall, time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.std
		}
	}
	return o, nil
}

// endpoint is the agent's "ip:port".
func (o *Options) endpoint() string {
	return o.IP + ":" + strconv.Itoa(int(o.Info.GetPort()))
}

// pid is the agent's libprocess address.
func (o *Options) pid() string { return "slave(1)@" + o.endpoint() }
