package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mesosbook/cluster/agent/supervisor"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// fetcher brings the URIs of a command into a sandbox, as mesos-fetcher does
// (launcher/fetcher.cpp), and tells of it in the sandbox's stderr. All names it
// writes are resolved inside the sandbox, also those of an archive.
type fetcher struct {
	agent    *Agent
	ex       *executor
	user     *supervisor.User
	userName string
	root     *os.Root // the sandbox
	log      io.Writer
}

// fetch fetches all URIs in order. The error is what the framework is told; the
// cause is in the sandbox's stderr and in the agent's log.
func (a *Agent) fetch(ctx context.Context, ex *executor, uris []*v1.CommandInfo_URI, u *supervisor.User) error {
	for _, uri := range uris {
		if err := validateURI(uri); err != nil {
			return mesosErrorf("Could not fetch: %w", err)
		}
	}
	root, err := os.OpenRoot(ex.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	log, err := root.OpenFile("stderr", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	f := &fetcher{agent: a, ex: ex, user: u, userName: ex.user, root: root, log: log}
	if err := f.fetchAll(ctx, uris); err != nil {
		a.countFetch(false)
		a.warnf("Failed to run mesos-fetcher: %v", err)
		return mesosErrorf("Failed to fetch all URIs for container '%s': exited with status 1", ex.container)
	}
	a.countFetch(true)
	return f.handOver()
}

func (a *Agent) countFetch(ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ok {
		a.counters.fetched++
	} else {
		a.counters.fetchesFailed++
	}
}

func (f *fetcher) fetchAll(ctx context.Context, uris []*v1.CommandInfo_URI) error {
	plans := make([]fetchPlan, len(uris))
	for i, uri := range uris {
		plans[i] = f.plan(ctx, uri)
		defer plans[i].release()
	}
	f.infof("fetcher.cpp:563", "Fetcher Info: %s", f.infoText(plans))
	for _, p := range plans {
		at, err := f.fetchOne(ctx, p)
		if err != nil {
			text := fmt.Sprintf("Failed to fetch '%s': %v", p.uri.GetValue(), err)
			logLine(f.log, 'E', "fetcher.cpp:613", "EXIT with status 1: %s", text)
			return errors.New(text)
		}
		f.infof("fetcher.cpp:618", "Fetched '%s' to '%s'", p.uri.GetValue(), at)
	}
	f.infof("fetcher.cpp:623", "Successfully fetched all URIs into '%s'", f.ex.dir)
	return nil
}

func (f *fetcher) infof(place, format string, args ...any) {
	logLine(f.log, 'I', place, format, args...)
}

// validateURI refuses what cannot become a file of the sandbox, before anything
// is fetched (slave/containerizer/fetcher.cpp).
func validateURI(uri *v1.CommandInfo_URI) error {
	value := uri.GetValue()
	if strings.ContainsAny(value, "\\'\x00") {
		return mesosErrorf("Illegal characters in URI")
	}
	if _, err := uriBase(value); err != nil {
		return err
	}
	switch out := uri.GetOutputFile(); {
	case uri.OutputFile == nil:
	case out == "":
		return errors.New("URI output file path is empty")
	case !filepath.IsLocal(out):
		return errors.New("URI output file must be within the sandbox directory")
	}
	return nil
}

// uriBase is the name of the file that a URI becomes: what follows the last
// slash, a query included.
func uriBase(value string) (string, error) {
	value = strings.TrimLeft(value, " \t\r\n")
	if i := strings.Index(value, "://"); i > 1 {
		rest := value[i+3:]
		if j := strings.IndexByte(rest, '/'); j < 0 || strings.TrimRight(rest[j:], "/") == "" {
			return "", mesosErrorf("Malformed URI (missing path): %s", value)
		}
	}
	base := path.Base(value)
	if base == "." || base == ".." || base == "/" {
		return "", mesosErrorf("Malformed URI (missing path): %s", value)
	}
	return base, nil
}

// fetchOne gives the path of what it made: a file, or the sandbox for an archive
// from the cache.
func (f *fetcher) fetchOne(ctx context.Context, p fetchPlan) (string, error) {
	uri := p.uri
	f.infof("fetcher.cpp:459", "Fetching URI '%s'", uri.GetValue())
	name := uri.GetOutputFile()
	if name == "" {
		name, _ = uriBase(uri.GetValue()) // validated before
	}
	if dir := filepath.Dir(name); dir != "." {
		if err := f.makeDirs(dir); err != nil {
			return "", mesosErrorf("Unable to create subdirectory %s in sandbox: %w", dir, err)
		}
	}
	if p.entry != nil {
		return f.fromCache(ctx, p, name)
	}
	f.infof("fetcher.cpp:290", "Fetching '%s' directly into the sandbox directory", uri.GetValue())
	if err := f.download(ctx, uri.GetValue(), name); err != nil {
		return "", err
	}
	return f.unpack(ctx, uri, name)
}

// makeDirs makes the directories of an output file, for the task's user.
func (f *fetcher) makeDirs(dir string) error {
	if err := f.root.MkdirAll(dir, 0o755); err != nil || f.user == nil {
		return err
	}
	for ; dir != "."; dir = filepath.Dir(dir) {
		if err := f.root.Lchown(dir, int(f.user.UID), int(f.user.GID)); err != nil {
			return err
		}
	}
	return nil
}

// unpack makes a fetched file executable, or extracts it into the sandbox.
func (f *fetcher) unpack(ctx context.Context, uri *v1.CommandInfo_URI, name string) (string, error) {
	at := filepath.Join(f.ex.dir, name)
	switch {
	case uri.GetExecutable():
		if err := f.root.Chmod(name, 0o755); err != nil {
			return "", mesosErrorf("Failed to chmod executable '%s': %w", at, err)
		}
	case uri.GetExtract():
		archive, err := f.root.Open(name)
		if err != nil {
			return "", err
		}
		defer archive.Close()
		if _, err := f.extract(ctx, archive, at, uri); err != nil {
			return "", err
		}
	}
	return at, nil
}

// extract unpacks an archive into the sandbox, or warns that it is none.
func (f *fetcher) extract(ctx context.Context, archive *os.File, at string, uri *v1.CommandInfo_URI) (bool, error) {
	known, err := extract(ctx, archive, at, f.root)
	if err != nil {
		return false, mesosErrorf("Failed to extract archive '%s' to '%s': %w", at, f.ex.dir, err)
	}
	switch {
	case known && archiveKind(at) == ".gz": // of others Mesos says nothing
		f.infof("fetcher.cpp:132", "Extracted '%s' into '%s'", at, f.ex.dir)
	case !known:
		logLine(f.log, 'W', "fetcher.cpp:332", "Copying instead of extracting resource from URI with 'extract' flag, because it does not seem to be an archive: %s", uri.GetValue())
	}
	return known, nil
}

// download brings one URI to a file of the sandbox.
func (f *fetcher) download(ctx context.Context, value, name string) error {
	value = strings.TrimLeft(value, " \t\r\n")
	at := filepath.Join(f.ex.dir, name)
	local, isLocal, err := localPath(value)
	switch {
	case err != nil:
		return err
	case isLocal:
		return f.copyLocal(ctx, local, name)
	case strings.HasPrefix(value, "http://"), strings.HasPrefix(value, "https://"):
		f.infof("fetcher.cpp:175", "Downloading resource from '%s' to '%s'", value, at)
		out, err := f.root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		defer out.Close()
		return download(ctx, value, out, f.agent.opts.FetchStall)
	case strings.HasPrefix(value, "ftp://"), strings.HasPrefix(value, "ftps://"):
		return mesosErrorf("Error downloading resource: Unsupported protocol")
	}
	return f.hadoop(ctx, value, name)
}

// localPath says whether a URI names a file of the agent's machine, and which.
func localPath(value string) (file string, local bool, err error) {
	if rest, ok := strings.CutPrefix(value, "file://"); ok {
		rest = strings.TrimPrefix(rest, "localhost")
		if !strings.HasPrefix(rest, "/") {
			return "", false, mesosErrorf("File URI only supports absolute paths")
		}
		return rest, true, nil
	}
	if strings.Contains(value, "://") {
		return "", false, nil
	}
	if !strings.HasPrefix(value, "/") {
		return "", false, mesosErrorf("A relative path was passed for the resource but the Mesos framework home was not specified. " +
			"Please either provide this config option or avoid using a relative path")
	}
	return value, true, nil
}

// copyLocal copies a file as the task's user: what that user may not read, the
// task does not get.
func (f *fetcher) copyLocal(ctx context.Context, file, name string) error {
	if f.user != nil {
		return f.copyAs(ctx, file, name)
	}
	in, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return pathText(err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return pathText(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("'%s' is not a regular file", file)
	}
	out, err := f.root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return pathText(err)
	}
	defer out.Close()
	_, err = io.Copy(out, reader{ctx, in})
	return err
}

func (f *fetcher) copyAs(ctx context.Context, file, name string) error {
	p, err := f.agent.spawn(f.ex, start{guest: true, user: f.user, dir: f.ex.dir, env: map[string]string{"PATH": defaultPath},
		command: argv("cp", "-f", "--", file, name)})
	if err != nil {
		return err
	}
	return waitFor(ctx, p, "cp")
}

// argv is a command without a shell.
func argv(args ...string) *v1.CommandInfo {
	shell := false
	return &v1.CommandInfo{Shell: &shell, Value: &args[0], Arguments: args}
}

// waitFor waits for a helper process; it dies with ctx.
func waitFor(ctx context.Context, p process, name string) error {
	select {
	case <-p.Done():
	case <-ctx.Done():
		_ = p.Signal(syscall.SIGKILL)
		<-p.Done()
		return context.Cause(ctx)
	}
	ws, _ := p.Status()
	if !ws.Exited() || ws.ExitStatus() != 0 {
		return fmt.Errorf("'%s' failed: %s", name, statusText(ws))
	}
	return nil
}

// hadoop takes everything that is neither local nor of the web, where the machine
// has a hadoop client.
func (f *fetcher) hadoop(ctx context.Context, value, name string) error {
	tool, err := exec.LookPath("hadoop")
	if err != nil {
		return mesosErrorf("Failed to create HDFS client: Hadoop client is not available, exit status: 32512")
	}
	f.infof("fetcher.cpp:149", "Downloading resource with Hadoop client from '%s' to '%s'", value, filepath.Join(f.ex.dir, name))
	p, err := f.agent.spawn(f.ex, start{guest: true, user: f.user, dir: f.ex.dir, env: map[string]string{"PATH": defaultPath},
		command: argv(tool, "fs", "-copyToLocal", value, name)})
	if err != nil {
		return err
	}
	if err := waitFor(ctx, p, "hadoop"); err != nil {
		return fmt.Errorf("HDFS copyToLocal failed: %w", err)
	}
	return nil
}

// download writes what a URL answers to out. It gives up when nothing arrives for
// stall.
func download(ctx context.Context, url string, out io.Writer, stall time.Duration) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stall, func() { cancel(os.ErrDeadlineExceeded) })
	defer watchdog.Stop()
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, DisableCompression: true}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return mesosErrorf("Error downloading resource: %w", err)
	}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return mesosErrorf("Error downloading resource: %s", netText(ctx, err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return mesosErrorf("Error downloading resource, received HTTP return code %d", res.StatusCode)
	}
	if _, err := io.Copy(out, progress{res.Body, func() { watchdog.Reset(stall) }}); err != nil {
		return mesosErrorf("Error downloading resource: %s", netText(ctx, err))
	}
	return nil
}

// netText puts common failures as libcurl does.
func netText(ctx context.Context, err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(context.Cause(ctx), os.ErrDeadlineExceeded):
		return "Timeout was reached"
	case errors.As(err, &dns):
		return "Couldn't resolve host name"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Couldn't connect to server"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "Transferred a partial file"
	}
	return err.Error()
}

// pathText is a file error as the C library has it, without the operation.
func pathText(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errors.New(strerror(errno))
	}
	return err
}

// progress tells of each piece read.
type progress struct {
	io.Reader
	tell func()
}

func (p progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.tell()
	}
	return n, err
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(b)
}

// handOver gives everything fetched to the task's user.
func (f *fetcher) handOver() error {
	if f.user == nil {
		return nil
	}
	return filepath.WalkDir(f.ex.dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return chown(p, f.user)
	})
}

// infoText is the fetcher's task as Mesos logs it.
func (f *fetcher) infoText(plans []fetchPlan) []byte {
	var e mesos.Encoder
	e.BeginObject().Key("cache_directory").String(f.agent.cache.dirOf(f.userName))
	e.Key("items").BeginArray()
	for _, p := range plans {
		e.BeginObject().Key("action").String(p.action)
		if p.entry != nil {
			e.Key("cache_filename").String(filepath.Base(p.entry.file))
		}
		e.Key("uri").BeginObject()
		if p.uri.Cache != nil {
			e.Key("cache").Bool(p.uri.GetCache())
		}
		if p.uri.Executable != nil {
			e.Key("executable").Bool(p.uri.GetExecutable())
		}
		e.Key("extract").Bool(p.uri.GetExtract())
		if p.uri.OutputFile != nil {
			e.Key("output_file").String(p.uri.GetOutputFile())
		}
		e.Key("value").String(p.uri.GetValue()).EndObject().EndObject()
	}
	e.EndArray().Key("sandbox_directory").String(f.ex.dir)
	e.Key("stall_timeout").BeginObject().Key("nanoseconds").Int(int64(f.agent.opts.FetchStall)).EndObject()
	e.Key("user").String(f.userName).EndObject()
	return e.Bytes()
}
