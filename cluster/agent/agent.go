package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	"mesosbook/cluster/glog"
	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// errClosed is the cause of the agent's context after Close.
var errClosed = errors.New("agent closed")

// Agent is one agent. Its methods may be called from any goroutine.
type Agent struct {
	opts    Options
	log     *glog.Logger
	started time.Time
	cache   *fetchCache

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup // everything that runs tasks

	simulated atomic.Int64 // processes made up so far
	level     libprocess.Level

	mu         sync.Mutex // guards everything below
	id         string     // empty until registered
	conn       *link.Conn // nil while there is no registration
	registered chan struct{}
	total      resources.Resources // with reservations and volumes made by operations
	frameworks []*framework        // with live executors
	completed  []*framework
	streams    streams
	operations operations
	drain      *v1.DrainConfig // nil while the agent does not drain
	drainStart time.Time
	journal    journal
	counters   counters
	own        *supervisor.Supervisor // started by this agent

	standalone map[string]*container // launched by the operator API, not nested
	recovered  bool                  // Start is done
	suspended  bool
	loop       *connectionLoop
	closed     bool
}

// New makes an agent; Start lets it run.
func New(opts Options) (*Agent, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	opts.Info = proto.CloneOf(opts.Info)
	resources.UpgradeAll(opts.Info.Resources)
	ctx, cancel := context.WithCancelCause(context.Background())
	a := &Agent{
		opts: opts, log: glog.New(opts.Log), started: time.Now(),
		ctx: ctx, cancel: cancel, registered: make(chan struct{}),
		total: resources.New(opts.Info.Resources),
	}
	a.cache = newFetchCache(filepath.Join(opts.WorkDir, "fetch"), opts.CacheSize)
	a.streams.init(opts.RetryMin, opts.RetryMax, a.resend)
	return a, nil
}

// Start prepares the work directory, takes up what an agent has left there, and
// begins to register. It fails where the options do not fit what was left. It
// returns at once; Registered tells when a master has taken the agent. ctx bounds
// nothing beyond the call: Close ends the agent.
func (a *Agent) Start(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("start agent: %w", err)
	}
	if err := os.MkdirAll(a.opts.WorkDir, 0o755); err != nil {
		return fmt.Errorf("start agent: %w", err)
	}
	if err := a.recover(); err != nil {
		return fmt.Errorf("recover agent in %s: %w", a.opts.WorkDir, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return fmt.Errorf("start agent: %w", errClosed)
	}
	a.recovered = true
	a.log.Start()
	if !a.opts.Temporary {
		a.tasks.Go(a.keepClean) // ends with Close
	}
	a.connectLocked()
	return nil
}

// Registered is closed once a master has taken the agent, for the first time.
func (a *Agent) Registered() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.registered
}

// ID is the agent's id, empty before the first registration.
func (a *Agent) ID() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.id
}

// Close ends the agent: every task process is killed, and when it returns nothing
// of the agent runs any more. Closing twice is safe.
func (a *Agent) Close() error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		a.tasks.Wait()
		return nil
	}
	a.closed = true
	a.streams.stop()
	loop, own := a.loop, a.own
	a.mu.Unlock()

	a.cancel(errClosed)
	loop.stop()
	var err error
	if own != nil {
		err = own.Close()
	} else {
		a.killAll()
	}
	a.tasks.Wait()
	a.mu.Lock()
	a.operations.stop()
	a.closeJournalLocked()
	a.mu.Unlock()
	a.log.Stop()
	return err
}

// killAll kills the processes of a supervisor that is shared with others.
func (a *Agent) killAll() {
	a.mu.Lock()
	var processes []process
	for _, f := range a.frameworks {
		for _, ex := range f.executors {
			processes = append(processes, ex.processes...)
		}
	}
	for _, c := range a.standalone {
		processes = append(processes, c.holder.processes...)
	}
	a.mu.Unlock()
	for _, p := range processes {
		_ = p.Signal(syscall.SIGKILL) // fails only when the supervisor, and so the process, is gone
	}
}

// supervisor gives the supervisor of the options, or one that is started now.
func (a *Agent) supervisor() (*supervisor.Supervisor, error) {
	if a.opts.Supervisor != nil {
		return a.opts.Supervisor, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, errClosed
	}
	if a.own == nil {
		own, err := supervisor.Start()
		if err != nil {
			return nil, err
		}
		a.own = own
	}
	return a.own, nil
}
