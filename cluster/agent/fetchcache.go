package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	v1 "mesosbook/mesos/v1"
)

// What a fetcher does with a URI (include/mesos/fetcher/fetcher.proto).
const (
	bypassCache      = "BYPASS_CACHE"
	downloadAndCache = "DOWNLOAD_AND_CACHE"
	fromTheCache     = "RETRIEVE_FROM_CACHE"
)

// fetchCache keeps fetched files for the next task that wants them, by user and
// URI. Files that nobody uses make room for new ones, oldest first.
type fetchCache struct {
	dir   string
	limit int64 // bytes

	mu      sync.Mutex // guards what follows
	used    int64
	serial  int
	entries []*cacheEntry // least recently used first
}

// cacheEntry is a file of the cache. The first to ask fetches it; the others wait.
type cacheEntry struct {
	key, file string
	size      int64
	users     int
	ready     chan struct{} // closed when err and file are there
	err       error
}

func newFetchCache(dir string, limit int64) *fetchCache { return &fetchCache{dir: dir, limit: limit} }

func (c *fetchCache) dirOf(user string) string { return filepath.Join(c.dir, user) }

// bytes in use, for the metrics.
func (c *fetchCache) bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// fetchPlan says how to get one URI.
type fetchPlan struct {
	uri    *v1.CommandInfo_URI
	action string
	entry  *cacheEntry // nil when the cache is bypassed
	cache  *fetchCache
}

// plan reserves a place in the cache where the URI asks for it and its size is
// known and fits.
func (f *fetcher) plan(ctx context.Context, uri *v1.CommandInfo_URI) fetchPlan {
	p := fetchPlan{uri: uri, action: bypassCache, cache: f.agent.cache}
	if !uri.GetCache() {
		return p
	}
	key := f.userName + "\x00" + uri.GetValue()
	if p.entry = p.cache.hold(key); p.entry != nil {
		p.action = fromTheCache
		return p
	}
	size, err := f.size(ctx, uri.GetValue())
	if err != nil {
		f.agent.warnf("Reverting to fetching directly into the sandbox for '%s', due to failure to determine its size: %v", uri.GetValue(), err)
		return p
	}
	base, _ := uriBase(uri.GetValue())
	p.entry, p.action = p.cache.reserve(key, p.cache.dirOf(f.userName), base, size)
	return p
}

// release lets the cache drop the file again.
func (p fetchPlan) release() {
	if p.entry != nil {
		p.cache.mu.Lock()
		defer p.cache.mu.Unlock()
		p.entry.users--
	}
}

// hold finds an entry and keeps it from being dropped.
func (c *fetchCache) hold(key string) *cacheEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.entries {
		if e.key == key {
			e.users++
			c.entries = append(append(c.entries[:i:i], c.entries[i+1:]...), e)
			return e
		}
	}
	return nil
}

// reserve makes an entry of that size, or gives none when it does not fit.
func (c *fetchCache) reserve(key, dir, base string, size int64) (*cacheEntry, string) {
	if e := c.hold(key); e != nil {
		return e, fromTheCache
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.makeRoomLocked(size)
	if c.used+size > c.limit {
		return nil, bypassCache
	}
	c.serial++
	e := &cacheEntry{key: key, file: filepath.Join(dir, fmt.Sprintf("c%d-%s", c.serial, base)), size: size, users: 1, ready: make(chan struct{})}
	c.used += size
	c.entries = append(c.entries, e)
	return e, downloadAndCache
}

func (c *fetchCache) makeRoomLocked(size int64) {
	kept := c.entries[:0:0]
	for _, e := range c.entries {
		if e.users == 0 && c.used+size > c.limit {
			c.used -= e.size
			_ = os.Remove(e.file) // a file that stays costs room alone
			continue
		}
		kept = append(kept, e)
	}
	c.entries = kept
}

// settle tells those who wait how the fetch of an entry ended. A failed one is
// forgotten.
func (c *fetchCache) settle(e *cacheEntry, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.err = err
	if err != nil {
		_ = os.Remove(e.file)
		for i, x := range c.entries {
			if x == e {
				c.entries = append(c.entries[:i:i], c.entries[i+1:]...)
				c.used -= e.size
				break
			}
		}
	} else if info, err := os.Stat(e.file); err == nil {
		c.used += info.Size() - e.size
		e.size = info.Size()
	}
	close(e.ready)
}

// fromCache fetches into the cache if that is to be done, and from there into the
// sandbox: an archive's content alone, or a copy.
func (f *fetcher) fromCache(ctx context.Context, p fetchPlan, name string) (string, error) {
	if p.action == downloadAndCache {
		p.cache.settle(p.entry, f.fillCache(ctx, p.entry, p.uri.GetValue(), name))
	}
	select {
	case <-p.entry.ready:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if p.entry.err != nil {
		return "", p.entry.err
	}
	f.infof("fetcher.cpp:349", "Fetching URI '%s' from cache", p.uri.GetValue())
	if p.uri.GetExtract() && !p.uri.GetExecutable() {
		archive, err := os.Open(p.entry.file)
		if err != nil {
			return "", err
		}
		defer archive.Close()
		if known, err := f.extract(ctx, archive, p.entry.file, p.uri); err != nil || known {
			return f.ex.dir, err
		}
	}
	if err := f.copyCached(ctx, p.entry.file, name); err != nil {
		return "", err
	}
	if p.uri.GetExecutable() {
		return f.unpack(ctx, p.uri, name)
	}
	return filepath.Join(f.ex.dir, name), nil
}

// fillCache downloads by way of the sandbox, where the task's user may write.
func (f *fetcher) fillCache(ctx context.Context, e *cacheEntry, value, name string) error {
	if err := os.MkdirAll(filepath.Dir(e.file), 0o755); err != nil {
		return err
	}
	temporary := name + ".fetching"
	if err := f.download(ctx, value, temporary); err != nil {
		_ = f.root.Remove(temporary)
		return err
	}
	return os.Rename(filepath.Join(f.ex.dir, temporary), e.file)
}

func (f *fetcher) copyCached(ctx context.Context, file, name string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := f.root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, reader{ctx, in})
	return err
}

// size of what a URI gives, in bytes.
func (f *fetcher) size(ctx context.Context, value string) (int64, error) {
	value = strings.TrimLeft(value, " \t\r\n")
	file, local, err := localPath(value)
	if err != nil {
		return 0, err
	}
	if local {
		info, err := os.Stat(file)
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	}
	if !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") {
		return 0, errors.New("no size before the download for this scheme")
	}
	ctx, cancel := context.WithTimeout(ctx, f.agent.opts.FetchStall)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, value, nil)
	if err != nil {
		return 0, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return 0, err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ContentLength <= 0 {
		return 0, fmt.Errorf("HEAD: status %d, length %d", res.StatusCode, res.ContentLength)
	}
	return res.ContentLength, nil
}
