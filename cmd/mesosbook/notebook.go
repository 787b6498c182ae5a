package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"mesosbook/cluster"
	"mesosbook/kernel"
	"mesosbook/kernel/names"
	"mesosbook/repl/display"
	"mesosbook/session"
)

// notebookFlags are the settings of everything that runs cells.
type notebookFlags struct {
	masterFlags
	cluster         clusterFlags
	master          string
	noCluster       bool
	user, name      string
	failoverTimeout time.Duration
	timeout         time.Duration
	ack             string
	readOnly, yes   bool
}

func (f *notebookFlags) register(flags *pflag.FlagSet) {
	inGroup(flags, groupMaster, f.registerMaster)
	inGroup(flags, groupCluster, f.cluster.register)
	f.cluster.set = flags
	flags.StringVar(&f.user, "user", "root", "user of the framework where a SUBSCRIBE names none")
	flags.StringVar(&f.name, "name", "mesosbook", "name of the framework where a SUBSCRIBE has none")
	flags.DurationVar(&f.failoverTimeout, "failover-timeout", 0, "how long a master keeps the framework after its connection is lost, where a SUBSCRIBE does not say (default 1h with --master, else 0)")
	flags.DurationVar(&f.timeout, "timeout", 0, "bound on each cell (default none; a minute for run)")
	flags.StringVar(&f.ack, "ack", string(session.AckAuto), "who acknowledges status updates: auto or manual")
	flags.BoolVar(&f.noCluster, "no-cluster", false, "start no embedded cluster: plain Go cells")
}

// registerMaster adds the flags that say which cluster is used, and how carefully.
func (f *notebookFlags) registerMaster(flags *pflag.FlagSet) {
	flags.Var((*masterAddress)(&f.master), "master", "use this Mesos cluster instead of the embedded one: URL, host:port, several separated by commas, or zk://h1:2181,h2:2181/mesos")
	flags.BoolVar(&f.readOnly, "read-only", false, "refuse every call that changes something on the cluster")
	flags.BoolVarP(&f.yes, "yes", "y", false, "let calls through that hit what this session did not start on a --master; without it the notebook asks first, and refuses where nobody can be asked")
	f.masterFlags.register(flags)
}

// masterAddress is the value of --master. An empty one is a variable of the shell
// that is not set rather than the wish for an embedded cluster.
type masterAddress string

func (m *masterAddress) String() string { return string(*m) }
func (m *masterAddress) Type() string   { return "string" }

func (m *masterAddress) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty; leave it out for the embedded cluster")
	}
	*m = masterAddress(text)
	return nil
}

// sessionOptions checks the flags; master is where the session subscribes.
func (f *notebookFlags) sessionOptions(master string) (session.Options, error) {
	opts, err := f.masterFlags.options(master)
	if err != nil {
		return opts, err
	}
	opts.Ack = session.AckMode(f.ack)
	if opts.Ack != session.AckAuto && opts.Ack != session.AckManual {
		return opts, usageError{fmt.Errorf("--ack %q is neither auto nor manual", f.ack)}
	}
	opts.FailoverTimeout = f.failoverTimeout
	if opts.FailoverTimeout == 0 && f.master != "" {
		opts.FailoverTimeout = time.Hour
	}
	opts.User, opts.Name, opts.ReadOnly = f.user, f.name, f.readOnly
	return opts, nil
}

// check tells of settings with which no notebook can start.
func (f *notebookFlags) check() error {
	if f.noCluster && f.master != "" {
		return usageError{errors.New("--no-cluster and --master exclude each other")}
	}
	opts, err := f.sessionOptions(f.master)
	if err == nil {
		err = opts.Check()
	}
	if err != nil {
		return err
	}
	_, err = f.cluster.options(io.Discard)
	return err
}

// notebook is a kernel with the names of Mesos, the session they use, and the
// embedded cluster where there is one. Session and cluster start when they are
// first asked for.
type notebook struct {
	*kernel.Kernel
	names   *names.Set
	flags   notebookFlags
	notice  func(text string) // background lines for people
	store   *store            // what outlives the program; nil keeps nothing
	printed keptOutput        // by the running cell, for store
	// onSession is called with the session when it is made, before its use; may be nil.
	onSession func(*session.Session)
	ask       func(ctx context.Context, question string) (bool, error) // the person at the terminal; nil: there is none

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
	if err := flags.check(); err != nil {
		return nil, err
	}
	nb := &notebook{flags: flags, notice: notice}
	show := output
	output = func(o kernel.Output) {
		nb.printed.write(o)
		show(o)
	}
	var err error
	if nb.names, err = names.New(names.Options{
		Session: nb.Session,
		Context: func() context.Context { return nb.Kernel.Context() },
		Out:     outputWriter(output),
	}); err != nil {
		return nil, err
	}
	values := nb.names.Values()
	values["fault"] = reflect.ValueOf(nb.fault)
	nb.Kernel, err = kernel.New(kernel.Options{Names: values, Doc: names.Summary, Strings: names.Strings, Before: nb.names.Prepare, Output: output})
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

// Run keeps a cell and evaluates it.
func (nb *notebook) Run(ctx context.Context, code string) kernel.Result {
	if nb.store == nil {
		return nb.Kernel.Run(ctx, code)
	}
	nb.told(nb.store.begin(code))
	nb.printed.take()
	unsent := nb.unsent()
	res := nb.Kernel.Run(ctx, code)
	out := storedOutcome{Failed: res.Err != nil, Dry: nb.unsent() > unsent}
	out.Output, out.Cut = nb.printed.take()
	for _, v := range res.Values {
		if out.Output != "" && !strings.HasSuffix(out.Output, "\n") {
			out.Output += "\n"
		}
		out.Output += display.Text(v, display.Options{}) + "\n"
	}
	nb.told(nb.store.end(out))
	return res
}

// told shows what went wrong beside a cell.
func (nb *notebook) told(err error) {
	if err != nil {
		nb.notice(err.Error())
	}
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
		master = strings.Join(nb.embedded.MasterURLs(), ",")
	}
	opts, err := nb.flags.sessionOptions(master)
	if err != nil {
		return nil, err
	}
	if nb.store != nil {
		opts.Dir = nb.store.dir
	}
	opts.Confirm = nb.confirm
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
	nb.notice("embedded cluster: " + addresses(c))
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
	if nb.store != nil {
		errs = append(errs, nb.store.close())
	}
	return errors.Join(errs...)
}
