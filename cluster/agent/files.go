package agent

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"mesosbook/cluster/libprocess"
	"mesosbook/mesos"
)

// The files endpoints show sandboxes under virtual paths (files/files.cpp): a
// path is the longest attached one that it begins with, and what follows must
// stay inside the directory attached there.

// maxRead bounds one answer of /files/read: 16 pages.
const maxRead = 16 * 4096

// logPath is the virtual path of the agent's own log, a file.
const logPath = "/slave/log"

// errNotFound is a path that is not attached or not there.
var errNotFound = errors.New("no such file")

// attachedLocked maps the virtual paths to directories.
func (a *Agent) attachedLocked() map[string]string {
	paths := map[string]string{}
	if a.opts.LogPath != "" {
		paths[logPath] = a.opts.LogPath
	}
	for _, list := range [][]*framework{a.frameworks, a.completed} {
		for _, f := range list {
			for _, executors := range [][]*executor{f.completed, f.executors} { // the newest run of an id wins
				for _, ex := range executors {
					attach(paths, f, ex)
				}
			}
		}
	}
	return paths
}

func attach(paths map[string]string, f *framework, ex *executor) {
	short := "/frameworks/" + f.id() + "/executors/" + ex.id() + "/runs/latest"
	latest := filepath.Join(filepath.Dir(ex.dir), "latest")
	for _, base := range []string{ex.dir, latest, short} {
		paths[base] = ex.dir
		for task, nested := range ex.nested {
			paths[base+"/tasks/"+task] = filepath.Join(ex.dir, "containers", nested)
		}
	}
}

// place is a resolved path: a name below an opened directory.
type place struct {
	root *os.Root
	name string // from root
}

func (p place) close() { p.root.Close() }

// resolve finds the file of a virtual path. The error is errNotFound, or has the
// text for a 400.
func (a *Agent) resolve(path string) (place, error) {
	a.mu.Lock()
	paths := a.attachedLocked()
	a.mu.Unlock()
	path = strings.TrimRight(path, "/")
	if path == logPath && a.opts.LogPath != "" {
		return resolveIn(filepath.Dir(a.opts.LogPath), filepath.Base(a.opts.LogPath))
	}
	for prefix := path; prefix != ""; prefix = prefix[:max(0, strings.LastIndexByte(prefix, '/'))] {
		if dir, ok := paths[prefix]; ok {
			a.lookAt(dir)
			return resolveIn(dir, strings.TrimPrefix(path[len(prefix):], "/"))
		}
	}
	return place{}, errNotFound
}

// resolveIn follows the links of dir/suffix, which must end below dir, and opens
// dir in a way that no link leads out of any more, should a task change one now.
func resolveIn(dir, suffix string) (place, error) {
	top, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return place{}, errNotFound
	}
	full := dir
	if suffix != "" {
		full += "/" + suffix
	}
	real, err := filepath.EvalSymlinks(full)
	if err != nil {
		return place{}, errNotFound
	}
	name, err := filepath.Rel(top, real)
	if err != nil || !filepath.IsLocal(name) {
		return place{}, mesosErrorf("'%s' is inaccessible.", full)
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return place{}, errNotFound
	}
	return place{root, name}, nil
}

// open opens a file or a directory. O_NONBLOCK keeps a pipe that a task has made
// from blocking the agent.
func (p place) open() (*os.File, fs.FileInfo, error) {
	f, err := p.root.OpenFile(p.name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, errNotFound
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, errNotFound
	}
	return f, info, nil
}

// refusePath answers an error of resolve.
func refusePath(w http.ResponseWriter, err error) {
	if errors.Is(err, errNotFound) {
		text(w, http.StatusNotFound, "")
		return
	}
	badRequest(w, "%v\n", err)
}

func pathOf(w http.ResponseWriter, r *http.Request) (string, bool) {
	path, _ := query(r).Get("path")
	if path == "" {
		badRequest(w, "Expecting 'path=value' in query.\n")
		return "", false
	}
	return path, true
}

// fileInfo is an entry of a directory as the endpoints tell it.
type fileInfo struct {
	path        string
	info        fs.FileInfo
	nlink, size uint64
	uid, gid    string
}

// browse lists a directory, sorted by name; a file has no entries.
func (a *Agent) browse(path string) ([]fileInfo, error) {
	p, err := a.resolve(path)
	if err != nil {
		return nil, err
	}
	defer p.close()
	f, info, err := p.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !info.IsDir() {
		return nil, nil
	}
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, errNotFound
	}
	slices.SortFunc(entries, func(x, y fs.DirEntry) int { return strings.Compare(x.Name(), y.Name()) })
	names := map[string]string{}
	var list []fileInfo
	for _, e := range entries {
		if info := p.entry(e); info != nil {
			list = append(list, describe(strings.TrimRight(path, "/")+"/"+e.Name(), info, names))
		}
	}
	return list, nil
}

// entry tells what an entry is, links followed: nil for one that leads nowhere.
// One that leads out of the sandbox is told as the link that it is.
func (p place) entry(e fs.DirEntry) fs.FileInfo {
	name := filepath.Join(p.name, e.Name())
	if info, err := p.root.Stat(name); err == nil {
		return info
	}
	if _, err := os.Stat(filepath.Join(p.root.Name(), name)); err != nil {
		return nil
	}
	if info, err := e.Info(); err == nil {
		return info
	}
	return nil
}

// describe fills in owner and links; names remembers the ones looked up.
func describe(path string, info fs.FileInfo, names map[string]string) fileInfo {
	out := fileInfo{path: path, info: info, size: uint64(info.Size())}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return out
	}
	out.nlink = uint64(st.Nlink)
	uid, gid := strconv.FormatUint(uint64(st.Uid), 10), strconv.FormatUint(uint64(st.Gid), 10)
	if _, known := names["u"+uid]; !known {
		names["u"+uid] = uid
		if u, err := user.LookupId(uid); err == nil {
			names["u"+uid] = u.Username
		}
	}
	if _, known := names["g"+gid]; !known {
		names["g"+gid] = gid
		if g, err := user.LookupGroupId(gid); err == nil {
			names["g"+gid] = g.Name
		}
	}
	out.uid, out.gid = names["u"+uid], names["g"+gid]
	return out
}

func (a *Agent) serveBrowse(w http.ResponseWriter, r *http.Request) {
	path, ok := pathOf(w, r)
	if !ok {
		return
	}
	list, err := a.browse(path)
	if err != nil {
		refusePath(w, err)
		return
	}
	var e mesos.Encoder
	e.BeginArray()
	for _, f := range list {
		e.BeginObject()
		e.Key("gid").String(f.gid)
		e.Key("mode").String(modeText(f.info.Mode()))
		e.Key("mtime").Double(float64(f.info.ModTime().Unix()))
		e.Key("nlink").Uint(f.nlink)
		e.Key("path").String(f.path)
		e.Key("size").Uint(f.size)
		e.Key("uid").String(f.uid)
		e.EndObject()
	}
	e.EndArray()
	answerJSON(w, r, e.Bytes())
}

// modeText is a mode as ls(1) shows it.
func modeText(m fs.FileMode) string {
	b := []byte("-rwxrwxrwx")
	for i := range 9 {
		if m&(1<<(8-i)) == 0 {
			b[i+1] = '-'
		}
	}
	for _, k := range []struct {
		bit fs.FileMode
		c   byte
	}{{fs.ModeDir, 'd'}, {fs.ModeSymlink, 'l'}, {fs.ModeNamedPipe, 'p'}, {fs.ModeSocket, 's'}, {fs.ModeDevice, 'b'}, {fs.ModeCharDevice, 'c'}} {
		if m&k.bit != 0 {
			b[0] = k.c
		}
	}
	return string(b)
}

// readAt reads a piece of a file: an offset of -1 only asks for the size, a
// length of -1 for as much as there is, up to maxRead.
func (a *Agent) readAt(path string, offset, length int64) (data []byte, size int64, err error) {
	p, err := a.resolve(path)
	if err != nil {
		return nil, 0, err
	}
	defer p.close()
	f, info, err := p.open()
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if info.IsDir() {
		return nil, 0, mesosErrorf("Cannot read a directory.")
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errNotFound
	}
	size = info.Size()
	if offset == -1 || offset >= size {
		return nil, size, nil
	}
	n := size - offset
	if length >= 0 {
		n = min(n, length)
	}
	data = make([]byte, min(n, maxRead))
	got, err := f.ReadAt(data, offset)
	if err != nil && err != io.EOF {
		return nil, 0, errNotFound
	}
	return data[:got], size, nil
}

func (a *Agent) serveRead(w http.ResponseWriter, r *http.Request) {
	path, ok := pathOf(w, r)
	if !ok {
		return
	}
	offset, err := libprocess.FileNumber(query(r), "offset")
	if err != nil {
		badRequest(w, "%v", err)
		return
	}
	length, err := libprocess.FileNumber(query(r), "length")
	if err != nil {
		badRequest(w, "%v", err)
		return
	}
	data, size, err := a.readAt(path, offset, length)
	if err != nil {
		refusePath(w, err)
		return
	}
	if offset == -1 {
		offset = size
	}
	var e mesos.Encoder
	e.BeginObject().Key("data").String(string(data))
	e.Key("offset").Int(offset).EndObject()
	answerJSON(w, r, e.Bytes())
}

func (a *Agent) serveDownload(w http.ResponseWriter, r *http.Request) {
	path, ok := pathOf(w, r)
	if !ok {
		return
	}
	p, err := a.resolve(path)
	if errors.Is(err, errNotFound) {
		notFound(w)
		return
	}
	if err != nil {
		refusePath(w, err)
		return
	}
	defer p.close()
	f, info, err := p.open()
	if err != nil {
		notFound(w)
		return
	}
	defer f.Close()
	if info.IsDir() {
		badRequest(w, "Cannot download a directory.\n")
		return
	}
	if !info.Mode().IsRegular() {
		notFound(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", libprocess.ContentType(p.name))
	h.Set("Content-Disposition", "attachment; filename="+dispositionName(filepath.Base(p.name)))
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = io.CopyN(w, f, info.Size()) // the client may be gone, the file shorter
}

// dispositionName quotes a name that is no plain token.
func dispositionName(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\;,=`, r) }) {
		return strconv.QuoteToASCII(name)
	}
	return name
}

func (a *Agent) serveFilesDebug(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	paths := a.attachedLocked()
	a.mu.Unlock()
	var e mesos.Encoder
	writeMap(&e, paths)
	answerJSON(w, r, e.Bytes())
}
