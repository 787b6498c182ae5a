package agent

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "mesosbook/mesos/v1"
)

func uris(list ...*v1.CommandInfo_URI) func(*v1.TaskInfo) {
	return func(t *v1.TaskInfo) { t.Command.Uris = list }
}

func uri(value string) *v1.CommandInfo_URI { return &v1.CommandInfo_URI{Value: proto.String(value)} }

// hangingServer answers nothing until release.
func hangingServer(t *testing.T) (url string, release func()) {
	t.Helper()
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	return s.URL, func() { close(done); s.Close() }
}

type entry struct{ name, body, link string }

func tarball(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o640, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func zipped(t *testing.T, name, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte(body))
	w.Close()
	return b.Bytes()
}

// through compresses with a program of the machine.
func through(t *testing.T, tool string, data []byte) []byte {
	t.Helper()
	cmd := exec.Command(tool, "-c")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("%s: %v", tool, err)
	}
	return out
}

func TestFetch(t *testing.T) {
	site := tarball(t, entry{name: "site/index.html", body: "hello\n"})
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"a.tar": site, "a.tgz": gzipped(site), "a.tar.gz": gzipped(site), "a.tar.bz2": through(t, "bzip2", site), "a.tar.xz": through(t, "xz", site),
		"a.zip": zipped(t, "site/index.html", "hello\n"), "page.gz": gzipped([]byte("hello\n")), "run.sh": []byte("#!/bin/sh\necho ran\n"), "a.TAR.GZ": gzipped(site),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.StripPrefix("/files", http.FileServer(http.Dir(dir))))
	defer server.Close()
	a, m := startAgent(t)
	yes, no := proto.Bool(true), proto.Bool(false)
	for id, c := range map[string]struct {
		uri     *v1.CommandInfo_URI
		command string
		log     string
	}{
		"tar":     {uri("file://" + dir + "/a.tar"), "grep hello site/index.html && test -f a.tar", "Fetched '"},
		"tgz":     {uri(dir + "/a.tgz"), "grep hello site/index.html && test -f a.tgz", "Fetched '"},
		"targz":   {uri(server.URL + "/files/a.tar.gz"), "grep hello site/index.html", "Downloading resource from '"},
		"bz2":     {uri(dir + "/a.tar.bz2"), "grep hello site/index.html", "Fetched '"},
		"xz":      {uri(dir + "/a.tar.xz"), "grep hello site/index.html", "Fetched '"},
		"zip":     {uri(dir + "/a.zip"), "grep hello site/index.html", "Fetched '"},
		"gz":      {uri(dir + "/page.gz"), "grep hello page && test -f page.gz", "Extracted '"},
		"upper":   {uri(dir + "/a.TAR.GZ"), "test ! -e site && test -f a.TAR.GZ", "does not seem to be an archive"},
		"exec":    {&v1.CommandInfo_URI{Value: proto.String(dir + "/run.sh"), Executable: yes}, "test $(./run.sh) = ran", "Fetched '"},
		"asis":    {&v1.CommandInfo_URI{Value: proto.String(dir + "/a.tgz"), Extract: no}, "test ! -e site && test -f a.tgz", "Fetched '"},
		"rename":  {&v1.CommandInfo_URI{Value: proto.String(dir + "/run.sh"), OutputFile: proto.String("x/y/z.sh")}, "test -f x/y/z.sh", "Fetched '"},
		"renamed": {&v1.CommandInfo_URI{Value: proto.String(dir + "/a.TAR.GZ"), OutputFile: proto.String("b.tar.gz")}, "grep hello site/index.html", "Fetched '"},
		"query":   {uri(server.URL + "/files/run.sh?v=1"), "test -f 'run.sh?v=1'", "Fetched '"},
		"blanks":  {uri("  " + dir + "/run.sh"), "test -f run.sh", "Fetched '"},
	} {
		m.run(taskInfo(id, c.command, uris(c.uri)))
		all := m.until(t, id, v1.TaskState_TASK_FINISHED)
		if got := statesOf(all); got != "STARTING RUNNING FINISHED" {
			t.Errorf("%s: %s", id, got)
		}
		if log := read(t, sandboxOf(a, id), "stderr"); !strings.Contains(log, c.log) || !strings.Contains(log, "Fetcher Info: {") {
			t.Errorf("%s: %q is not in the log\n%s", id, c.log, log)
		}
	}
}

func TestFetchFails(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	a, m := startAgent(t)
	for id, c := range map[string]struct{ value, log string }{
		"missing": {dir + "/nope.tar.gz", "EXIT with status 1: Failed to fetch '" + dir + "/nope.tar.gz': No such file or directory"},
		"404":     {server.URL + "/x", "Error downloading resource, received HTTP return code 404"},
		"refused": {"http://127.0.0.1:1/x.tar.gz", "Error downloading resource: Couldn't connect to server"},
		"scheme":  {"gopher://x/y", "Failed to create HDFS client: Hadoop client is not available"},
		"folder":  {dir, "is not a regular file"},
		"rel":     {"x/y", "A relative path was passed for the resource"},
		"broken":  {write("broken.tar.gz", []byte("no gzip")), "Failed to extract archive"},
		"cut":     {write("cut.tar", tarball(t, entry{name: "x", body: strings.Repeat("y", 5000)})[:2000]), "Failed to extract archive"},
		"dots":    {write("dots.tar", tarball(t, entry{name: "../../evil", body: "x"})), "Path contains '..'"},
		"link":    {write("link.tar", tarball(t, entry{name: "l", link: dir}, entry{name: "l/evil", body: "x"})), "Failed to extract archive"},
	} {
		m.run(taskInfo(id, "exit 0", uris(uri(c.value))))
		all := m.until(t, id, v1.TaskState_TASK_FAILED)
		s := all[0].Status
		if statesOf(all) != "FAILED" || s.GetReason() != v1.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED || s.GetSource() != v1.TaskStatus_SOURCE_AGENT ||
			!strings.HasPrefix(s.GetMessage(), "Failed to launch container: Failed to fetch all URIs for container '") || !strings.HasSuffix(s.GetMessage(), "': exited with status 1") {
			t.Errorf("%s: got %v", id, s)
		}
		if log := read(t, sandboxOf(a, id), "stderr"); !strings.Contains(log, c.log) {
			t.Errorf("%s: %q is not in the log\n%s", id, c.log, log)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
		t.Error("an archive wrote out of the sandbox")
	}
	for id, c := range map[string]*v1.CommandInfo_URI{
		"Malformed URI (missing path)":        uri("http://host"),
		"Illegal characters in URI":           uri("http://host/a'b"),
		"URI output file path is empty":       {Value: proto.String("/etc/passwd"), OutputFile: proto.String("")},
		"URI output file must be within":      {Value: proto.String("/etc/passwd"), OutputFile: proto.String("../x")},
		"URI output file must be within the ": {Value: proto.String("/etc/passwd"), OutputFile: proto.String("/x")},
	} {
		m.run(taskInfo(id, "exit 0", uris(c)))
		if got := m.until(t, id, v1.TaskState_TASK_FAILED)[0].Status.GetMessage(); !strings.HasPrefix(got, "Failed to launch container: Could not fetch: "+id) {
			t.Errorf("got %q, want %q in it", got, id)
		}
	}
}

func TestFetchCache(t *testing.T) {
	var served atomic.Int32
	site := gzipped(tarball(t, entry{name: "site/index.html", body: "hello\n"}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			served.Add(1)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(site))
	}))
	defer server.Close()
	a, m := startAgent(t, func(o *Options) { o.CacheSize = int64(len(site)) + 10 })
	cached := func(path string) *v1.CommandInfo_URI {
		return &v1.CommandInfo_URI{Value: proto.String(server.URL + path), Cache: proto.Bool(true)}
	}
	for _, id := range []string{"c1", "c2", "c3"} {
		m.run(taskInfo(id, "grep hello site/index.html && test ! -e a.tgz", uris(cached("/a.tgz"))))
		m.until(t, id, v1.TaskState_TASK_FINISHED)
		if log := read(t, sandboxOf(a, id), "stderr"); !strings.Contains(log, "Fetching URI '"+server.URL+"/a.tgz' from cache\n") {
			t.Errorf("log of %s:\n%s", id, log)
		}
	}
	if got := served.Load(); got != 1 {
		t.Errorf("downloaded %d times, want 1", got)
	}
	m.run(taskInfo("other", "grep hello site/index.html", uris(cached("/b.tgz")))) // the first makes room
	m.until(t, "other", v1.TaskState_TASK_FINISHED)
	if got := a.cache.bytes(); got != int64(len(site)) {
		t.Errorf("cache holds %d bytes, want %d", got, len(site))
	}
	if got := served.Load(); got != 2 {
		t.Errorf("downloaded %d times, want 2", got)
	}
	files, _ := filepath.Glob(filepath.Join(a.cache.dir, "root", "*"))
	if len(files) != 1 {
		t.Errorf("cache files %v", files)
	}
}

// FuzzUntar: whatever an archive says, nothing is written outside.
func FuzzUntar(f *testing.F) {
	t := &testing.T{}
	f.Add(tarball(t, entry{name: "a/b", body: "x"}))
	f.Add(tarball(t, entry{name: "../evil", body: "x"}))
	f.Add(tarball(t, entry{name: "l", link: "../.."}, entry{name: "l/evil", body: "x"}))
	f.Add(tarball(t, entry{name: "/abs", body: "x"}, entry{name: "abs", link: "/"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "sandbox")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		_ = untar(io.LimitReader(bytes.NewReader(data), 1<<20), root)
		entries, err := os.ReadDir(parent)
		if err != nil || len(entries) != 1 {
			t.Fatalf("beside the sandbox: %v %v", entries, err)
		}
	})
}
