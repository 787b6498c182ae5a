package session

import (
	"context"
	"crypto/tls"
	"net"
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
	// TLS is used for https masters and agents; nil is Go's default.
	TLS *tls.Config
	// Principal and Secret are sent as Basic authentication to masters and
	// agents when Principal is not empty.
	Principal, Secret string

	// MaxRecord bounds one record and one answer, in bytes; 0 is 64 MiB.
	MaxRecord int
	// HeartbeatsMissed is the number of heartbeat intervals without any record
	// after which the subscription counts as lost; 0 is 5 (scheduler HTTP API,
	// "network partitions").
	HeartbeatsMissed int
	// BackoffMin and BackoffMax bound the wait before subscribing again; 0 is
	// 0.5 s and 15 s.
	BackoffMin, BackoffMax time.Duration
	// CallTimeout bounds one call from its request to the end of its answer,
	// the wait for a subscription that is being renewed, and the time from
	// SUBSCRIBE to its first record; 0 is 15 s.
	CallTimeout time.Duration

	// Ack is AckAuto when empty.
	Ack AckMode
	// ReadOnly refuses every call that changes something on the cluster,
	// SUBSCRIBE included.
	ReadOnly bool

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
}
