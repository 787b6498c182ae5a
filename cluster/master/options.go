package master

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"mesosbook/cluster/registry"
	"mesosbook/cluster/resources"
)

// Options of a master. The zero value of each field is Mesos' own default
// unless it says otherwise; durations of zero are the default too.
type Options struct {
	IP       string // default 127.0.0.1
	Hostname string // default IP
	Port     int    // default 5050; what /state, redirects and MasterInfo tell
	Cluster  string // name shown in /state, default none

	// Log gets the log lines; nil drops them. LogPath is the file behind
	// /master/log of the files API, empty for none.
	Log     io.Writer
	LogPath string
	WorkDir string // shown in /flags

	// WebUI answers /, /app and /assets; nil gives 404 there.
	WebUI http.Handler

	AllocationInterval     time.Duration // 1 s
	OfferTimeout           time.Duration // 0: offers do not expire
	AgentPingTimeout       time.Duration // 15 s
	MaxAgentPingTimeouts   int           // 5
	AgentReregisterTimeout time.Duration // 10 min
	MinAllocatable         []resources.Quantities

	MaxCompletedFrameworks        int // 50
	MaxCompletedTasksPerFramework int // 1000
	MaxUnreachableTasks           int // 1000 per framework
	MaxOperatorSubscribers        int // 1000

	// Credentials by principal; with any, requests have to authenticate.
	Credentials map[string]string
	// Roles that frameworks may have; empty is any.
	Roles []string
	// Weights by role; 1 is the default.
	Weights map[string]float64

	// Registry is what outlives the master; nil keeps nothing (--registry=in_memory).
	Registry *registry.File

	// Leader tells which master leads: its "host:port", whether that is this
	// one, and whether it is known at all. nil: this one leads. Where it is set, Lead
	// has to be called as soon as it tells that this one does.
	Leader func() (addr string, self, known bool)

	// MaxBody bounds a request body in bytes, 64 MiB.
	MaxBody int64
	// MaxQueue bounds what a subscriber may have unread, in events: 16384. One
	// that falls behind further, or by 64 MiB, is cut off.
	MaxQueue int

	// Flags are shown in /flags in addition to, or in place of, the usual ones.
	Flags map[string]string
}

// heartbeatInterval is fixed in Mesos (master/constants.hpp:61).
const heartbeatInterval = 15 * time.Second

func (o Options) withDefaults() (Options, error) {
	setDefault(&o.IP, "127.0.0.1")
	setDefault(&o.Hostname, o.IP)
	setDefault(&o.Port, 5050)
	setDefault(&o.AllocationInterval, time.Second)
	setDefault(&o.AgentPingTimeout, 15*time.Second)
	setDefault(&o.MaxAgentPingTimeouts, 5)
	setDefault(&o.AgentReregisterTimeout, 10*time.Minute)
	setDefault(&o.MaxCompletedFrameworks, 50)
	setDefault(&o.MaxCompletedTasksPerFramework, 1000)
	setDefault(&o.MaxUnreachableTasks, 1000)
	setDefault(&o.MaxOperatorSubscribers, 1000)
	setDefault(&o.MaxBody, 64<<20)
	setDefault(&o.MaxQueue, 16384)
	if o.Log == nil {
		o.Log = io.Discard
	}
	if ip := net.ParseIP(o.IP); ip == nil || ip.To4() == nil {
		return o, fmt.Errorf("master options: IP %q is not an IPv4 address", o.IP)
	}
	if o.Port < 1 || o.Port > 65535 {
		return o, fmt.Errorf("master options: port %d is not between 1 and 65535", o.Port)
	}
	for _, d := range []time.Duration{o.AllocationInterval, o.OfferTimeout, o.AgentPingTimeout, o.AgentReregisterTimeout} {
		if d < 0 {
			return o, fmt.Errorf("master options: a duration is negative: %s", d)
		}
	}
	for _, role := range o.Roles {
		if err := resources.ValidateRole(role); err != nil {
			return o, fmt.Errorf("master options: roles: %w", err)
		}
	}
	for role, w := range o.Weights {
		if w <= 0 {
			return o, fmt.Errorf("master options: weight of role %s: %v is not above 0", role, w)
		}
	}
	return o, nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// address is "host:port" as redirects tell it.
func (o Options) address() string { return net.JoinHostPort(o.Hostname, strconv.Itoa(o.Port)) }

// pid is the libprocess address, "master@127.0.0.1:5050".
func (o Options) pid() string { return "master@" + net.JoinHostPort(o.IP, strconv.Itoa(o.Port)) }
