package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"mesosbook/cluster"
	"mesosbook/kernel"
	"mesosbook/kernel/names"
	"mesosbook/session"
)

// notebookFlags are the settings of everything that runs cells.
type notebookFlags struct {
	cluster         clusterFlags
	master          string
	noCluster       bool
	user, name      string
	failoverTimeout time.Duration
	timeout         time.Duration
	ack             string
	readOnly        bool
	principal       string
	secretFile      string
}

// secretVariable is where a secret is taken from when no file is named; a flag
// would show it to everybody who can list processes.
const secretVariable = "MESOSBOOK_SECRET"

func (f *notebookFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.master, "master", "", "use this Mesos cluster instead of the embedded one: URL or host:port, several separated by commas")
	flags.BoolVar(&f.noCluster, "no-cluster", false, "start no embedded cluster: plain Go cells")
	flags.StringVar(&f.user, "user", "root", "user of the framework where a SUBSCRIBE names none")
	flags.StringVar(&f.name, "name", "mesosbook", "name of the framework where a SUBSCRIBE has none")
	flags.DurationVar(&f.failoverTimeout, "failover-timeout", 0, "how long a master keeps the framework after its connection is lost, where a SUBSCRIBE does not say (default 1h with --master, else 0)")
	flags.DurationVar(&f.timeout, "timeout", 0, "bound on each cell (default none; a minute in `run`)")
	flags.StringVar(&f.ack, "ack", string(session.AckAuto), "who acknowledges status updates: auto or manual")
	flags.BoolVar(&f.readOnly, "read-only", false, "refuse every call that changes something on the cluster")
	flags.StringVar(&f.principal, "principal", "", "principal for Basic authentication; its secret comes from --secret-file or "+secretVariable)
	flags.StringVar(&f.secretFile, "secret-file", "", "file that holds the principal's secret")
	f.cluster.register(flags)
}

// sessionOptions checks the flags; master is where the session subscribes.
func (f *notebookFlags) sessionOptions(master string) (session.Options, error) {
	ack := session.AckMode(f.ack)
	if ack != session.AckAuto && ack != session.AckManual {
		return session.Options{}, usageError{fmt.Errorf("--ack %q is neither auto nor manual", f.ack)}
	}
	secret, err := f.secret()
	if err != nil {
		return session.Options{}, err
	}
	failover := f.failoverTimeout
	if failover == 0 && f.master != "" {
		failover = time.Hour
	}
	return session.Options{
		Master: master, User: f.user, Name: f.name, FailoverTimeout: failover,
		Ack: ack, ReadOnly: f.readOnly, Principal: f.principal, Secret: secret,
	}, nil
}

func (f *notebookFlags) secret() (string, error) {
	if f.secretFile == "" {
		if f.principal == "" {
			return "", nil
		}
		return os.Getenv(secretVariable), nil
	}
	if f.principal == "" {
		return "", usageError{errors.New("--secret-file needs --principal")}
	}
	data, err := os.ReadFile(f.secretFile)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

// notebook is a kernel with the names of Mesos, the session they use, and the
// embedded cluster where there is one. Session and cluster start when they are
// first asked for.
type notebook struct {
	*kernel.Kernel
	names  *names.Set
	flags  notebookFlags
	notice func(text string) // background lines for people
	// onSession is called with the session when it is made, before its use; may be nil.
	onSession func(*session.Session)

	mu       sync.Mutex // guards what follows; held while the cluster starts
	closed   bool
	embedded *cluster.Cluster
	live     *session.Session
}

// openNotebook makes a notebook whose cells print to output. Warnings and the
// background's lines go to log.
func openNotebook(flags notebookFlags, log io.Writer, output func(kernel.Output)) (*notebook, error) {
	return newNotebook(flags, output, func(text string) { fmt.Fprintln(log, text) })
}

func newNotebook(flags notebookFlags, output func(kernel.Output), notice func(string)) (*notebook, error) {
	if flags.noCluster && flags.master != "" {
		return nil, usageError{errors.New("--no-cluster and --master exclude each other")}
	}
	if _, err := flags.sessionOptions(flags.master); err != nil {
		return nil, err
	}
	if _, err := flags.cluster.options(io.Discard); err != nil {
		return nil, err
	}
	nb := &notebook{flags: flags, notice: notice}
	var err error
	if nb.names, err = names.New(names.Options{
		Session: nb.Session,
		Context: func() context.Context { return nb.Kernel.Context() },
		Out:     outputWriter(output),
	}); err != nil {
		return nil, err
	}
	nb.Kernel, err = kernel.New(kernel.Options{Names: nb.names.Values(), Output: output})
	if err != nil {
		return nil, fmt.Errorf("start the kernel: %w", err)
	}
	return nb, nil
}

// outputWriter is the cell's standard output for helpers that print.
type outputWriter func(kernel.Output)

func (w outputWriter) Write(p []byte) (int, error) {
	w(kernel.Output{Stream: kernel.Stdout, Text: string(p)})
	return len(p), nil
}

// Run evaluates a cell. One that names a setting of the cluster starts it.
func (nb *notebook) Run(ctx context.Context, code string) kernel.Result {
	if err := nb.names.Prepare(ctx, code); err != nil {
		return kernel.Result{Err: &kernel.Error{Kind: kernel.HelperError, Diagnostics: []kernel.Diagnostic{{Message: err.Error()}}}}
	}
	return nb.Kernel.Run(ctx, code)
}

// runBounded is Run with the bound of --timeout.
func (nb *notebook) runBounded(ctx context.Context, code string) kernel.Result {
	if nb.flags.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, nb.flags.timeout)
		defer cancel()
	}
	return nb.Run(ctx, code)
}

// Session gives the notebook's session, after starting the embedded cluster if
// there is to be one.
func (nb *notebook) Session(ctx context.Context) (*session.Session, error) {
	nb.mu.Lock()
	defer nb.mu.Unlock()
	if nb.live != nil {
		return nb.live, nil
	}
	if nb.closed {
		return nil, errors.New("the notebook is closed")
	}
	master := nb.flags.master
	if master == "" {
		if nb.flags.noCluster {
			return nil, errors.New("there is no cluster: start without --no-cluster, or with --master URL")
		}
		if err := nb.startCluster(ctx); err != nil {
			return nil, err
		}
		master = nb.embedded.MasterURL()
	}
	opts, err := nb.flags.sessionOptions(master)
	if err != nil {
		return nil, err
	}
	opts.Log = func(n session.Notice) { nb.notice(n.Text) }
	s, err := session.New(opts)
	if err != nil {
		return nil, err
	}
	nb.live = s
	if nb.onSession != nil {
		nb.onSession(s)
	}
	return s, nil
}

func (nb *notebook) startCluster(ctx context.Context) error {
	if nb.embedded != nil {
		return nil
	}
	opts, err := nb.flags.cluster.options(io.Discard)
	if err != nil {
		return err
	}
	c, err := cluster.Start(ctx, opts)
	if err != nil {
		return fmt.Errorf("start the embedded cluster: %w", err)
	}
	nb.embedded = c
	nb.notice(fmt.Sprintf("embedded cluster: master %s agent %s", c.MasterURL(), strings.Join(c.AgentURLs(), " ")))
	return nil
}

// Close ends the session, the kernel and the cluster, in this order.
func (nb *notebook) Close() error {
	nb.mu.Lock()
	defer nb.mu.Unlock()
	if nb.closed {
		return nil
	}
	nb.closed = true
	var errs []error
	if nb.live != nil {
		errs = append(errs, nb.live.Close())
	}
	errs = append(errs, nb.names.Close(), nb.Kernel.Close())
	if nb.embedded != nil {
		errs = append(errs, nb.embedded.Stop())
	}
	return errors.Join(errs...)
}
