package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// AckMode tells who acknowledges status updates.
type AckMode string

// The acknowledgement modes.
const (
	AckAuto   AckMode = "auto"   // the session does, once the update is in the log
	AckManual AckMode = "manual" // the user does, with Acknowledge
)

// Options configures a Session. The zero value talks to 127.0.0.1:5050 without
// credentials and keeps its log in memory.
type Options struct {
	// Master is where to look for the leading master: a URL, "host:port",
	// several of these separated by commas, or
	// "zk://[user:pass@]host:port,.../path". Empty: "http://127.0.0.1:5050".
	Master string

	// User and Name fill framework_info where a SUBSCRIBE body has none.
	User, Name string
	// FailoverTimeout fills framework_info.failover_timeout where the body has
	// none: how long the master keeps the framework and its tasks after the
	// connection is lost. Zero leaves it out (the master then takes 0 s).
	FailoverTimeout time.Duration

	// Dial opens connections; nil is net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS is used for https masters and agents; nil is Go's default. With a zk://
	// address it also says that the masters speak https, which ZooKeeper does not tell.
	TLS *tls.Config
	// Principal and Secret are sent as Basic authentication to masters and
	// agents when Principal is not empty.
	Principal, Secret string

	// CurlFlags are what curl needs to connect as TLS says, such as "--cacert", FILE:
	// a tls.Config does not tell where it comes from.
	CurlFlags []string

	// MaxRecord bounds one record and one answer, in bytes; 0 is 64 MiB.
	MaxRecord int
	// HeartbeatsMissed is the number of heartbeat intervals without any record
	// after which the subscription counts as lost; 0 is 5 (scheduler HTTP API,
	// "network partitions").
	HeartbeatsMissed int
	// BackoffMin and BackoffMax bound the wait before subscribing again; 0 is
	// 0.5 s and 15 s.
	BackoffMin, BackoffMax time.Duration
	// CallTimeout bounds one call from its request to the end of its answer, the
	// wait for a subscription that is being renewed, and the time from SUBSCRIBE to
	// its first record; 0 is 15 s. Answers that may be large, as those of Get and
	// from sandboxes, may take longer while something of them comes.
	CallTimeout time.Duration

	// Ack is AckAuto when empty.
	Ack AckMode
	// ReadOnly refuses every call that changes something on the cluster,
	// SUBSCRIBE included.
	ReadOnly bool

	// Confirm is asked before a call that would end, take away or take over what
	// this session (or the one it resumes) did not start; its error refuses the
	// call. Calls of ReadOnly and dry sessions do not get that far. It is called
	// by the goroutine of the call, whose ctx it gets. Nil lets every call pass.
	Confirm func(ctx context.Context, h Hit) error

	// Dir is the directory of the event log; empty keeps the log in memory only.
	// It is created when missing and belongs to one Session at a time.
	Dir string
	// MaxEvents bounds the events kept in memory; 0 is 20,000.
	MaxEvents int
	// MaxEventBytes bounds the bytes of the events kept in memory; 0 is 64 MiB.
	// One event is always kept.
	MaxEventBytes int

	// Log receives one-line notices for people: state changes, losses,
	// takeovers. It is called by one goroutine of the session at a time, may
	// block without stalling the stream, and must not call Close. Nil discards.
	Log func(Notice)

	// clock gives the time that is shown and logged; nil is time.Now. Nothing waits
	// by it and no age comes from it: it may be set to another time at any moment.
	clock func() time.Time
}

// withDefaults fills in what is zero and refuses what makes no sense.
func (o Options) withDefaults() (Options, error) {
	setZero(&o.MaxRecord, 64<<20)
	setZero(&o.HeartbeatsMissed, 5)
	setZero(&o.BackoffMin, 500*time.Millisecond)
	setZero(&o.BackoffMax, 15*time.Second)
	setZero(&o.CallTimeout, 15*time.Second)
	setZero(&o.MaxEvents, 20_000)
	setZero(&o.MaxEventBytes, 64<<20)
	setZero(&o.Ack, AckAuto)
	if o.clock == nil {
		o.clock = time.Now
	}
	switch {
	case o.MaxRecord < 0 || o.HeartbeatsMissed < 0 || o.MaxEvents < 0 || o.MaxEventBytes < 0:
		return o, errors.New("options: MaxRecord, HeartbeatsMissed, MaxEvents and MaxEventBytes must not be negative")
	case o.BackoffMin < 0 || o.BackoffMax < o.BackoffMin:
		return o, fmt.Errorf("options: back-off from %v to %v, want 0 <= BackoffMin <= BackoffMax", o.BackoffMin, o.BackoffMax)
	case o.CallTimeout < 0 || o.FailoverTimeout < 0:
		return o, errors.New("options: CallTimeout and FailoverTimeout must not be negative")
	case o.Ack != AckAuto && o.Ack != AckManual:
		return o, fmt.Errorf("options: Ack %q, want auto or manual", o.Ack)
	case strings.Contains(o.Principal, ":"):
		return o, errors.New("options: the principal has a colon, which Basic authentication cannot carry")
	case o.Secret != "" && o.Principal == "":
		return o, errors.New("options: a secret without a principal")
	}
	return o, nil
}

// Check tells what New would refuse, without touching Dir.
func (o Options) Check() error {
	o, err := o.withDefaults()
	if err == nil {
		_, _, err = newDetector(o)
	}
	return err
}

func setZero[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
