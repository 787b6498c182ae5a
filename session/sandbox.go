package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// File is one entry of a sandbox, from /files/browse of the agent.
type File struct {
	Name string // relative to the directory listed; directories end in "/"
	Size int64  // bytes
	Mode string // "-rw-r--r--"
	User string
	Time time.Time // of the last change
	Path string    // as /files/* of the agent takes it
}

// String is one line as "ls -l" prints it.
func (f File) String() string {
	return line(fmt.Sprintf("%s %-8s %9d %s %s", f.Mode, f.User, f.Size, f.Time.Format("2006-01-02 15:04"), f.Name))
}

// Stdout is the whole of the sandbox's file "stdout".
func (t *Task) Stdout(ctx context.Context) (string, error) {
	b, err := t.ReadFile(ctx, "stdout")
	return string(b), err
}

// Stderr is the whole of the sandbox's file "stderr".
func (t *Task) Stderr(ctx context.Context) (string, error) {
	b, err := t.ReadFile(ctx, "stderr")
	return string(b), err
}

// Sandbox lists the top level of the task's sandbox, or a directory in it.
func (t *Task) Sandbox(ctx context.Context, dir ...string) ([]File, error) {
	a, at, err := t.files(ctx, "browse", path.Join(dir...), nil)
	if err != nil {
		return nil, fmt.Errorf("sandbox of task %s: %w", t.ID, err)
	}
	var files []File
	gjson.ParseBytes(a.Body).ForEach(func(_, v gjson.Result) bool {
		f := File{Path: v.Get("path").String(), Size: v.Get("size").Int(), Mode: v.Get("mode").String(),
			User: v.Get("uid").String(), Time: time.Unix(v.Get("mtime").Int(), 0)}
		f.Name = strings.TrimPrefix(strings.TrimPrefix(f.Path, at), "/")
		if strings.HasPrefix(f.Mode, "d") {
			f.Name += "/"
		}
		files = append(files, f)
		return true
	})
	return files, nil
}

// ReadFile reads a whole file of the sandbox, at most MaxRecord bytes. It may take
// as long as something comes within each CallTimeout.
func (t *Task) ReadFile(ctx context.Context, name string) ([]byte, error) {
	a, _, err := t.files(ctx, "download", name, nil)
	if errors.Is(err, errTooLarge) {
		err = fmt.Errorf("%w; save it to a file instead", err)
	}
	if err != nil {
		return nil, fmt.Errorf("file %q of task %s: %w", name, t.ID, err)
	}
	return a.Body, nil
}

// CopyFile is ReadFile for a file of any size: it writes to w what comes as it
// comes. After an error a part may have been written.
func (t *Task) CopyFile(ctx context.Context, w io.Writer, name string) error {
	if _, _, err := t.files(ctx, "download", name, w); err != nil {
		return fmt.Errorf("file %q of task %s: %w", name, t.ID, err)
	}
	return nil
}

// URL is where the sandbox is listed by its agent; empty while the agent is unknown.
func (t *Task) URL() string {
	t.s.mu.Lock()
	base, dir := t.s.agents[t.agent], t.sandboxLocked()
	t.s.mu.Unlock()
	if base == "" {
		return ""
	}
	return base + "/files/browse?path=" + url.QueryEscape(dir)
}

// sandboxLocked is the sandbox's virtual path, which needs no knowledge of the
// agent's work_dir (slave/slave.cpp, Mesos 1.8).
func (t *Task) sandboxLocked() string {
	executor := t.executor
	if executor == "" {
		executor = ExecutorID(t.ID)
	}
	dir := fmt.Sprintf("/frameworks/%s/executors/%s/runs/latest", t.s.framework, executor)
	if t.grouped {
		dir += "/tasks/" + string(t.ID)
	}
	return dir
}

// files asks the files endpoint of the task's agent and gives the answer and the
// directory it looked in. An agent that does not know the virtual path is asked
// for the executor's directory.
func (t *Task) files(ctx context.Context, verb, name string, sink io.Writer) (Answer, string, error) {
	var agent AgentID
	var dir string
	t.locked(func() { agent, dir = t.agent, t.sandboxLocked() })
	if agent == "" {
		return Answer{}, "", fmt.Errorf("not launched on an agent yet (%s)", t.State())
	}
	ask := func(base string) (Answer, error) {
		return t.s.do(ctx, request{op: "get /files/" + verb, method: http.MethodGet, header: http.Header{},
			url: base + "/files/" + verb + "?path=" + url.QueryEscape(path.Join(dir, path.Clean("/"+name))), long: true, sink: sink})
	}
	base, a, err := t.s.askAgent(ctx, agent, ask)
	if err == nil && a.Status == http.StatusNotFound {
		if dir, err = t.directory(ctx, base); err == nil {
			a, err = ask(base)
		}
	}
	if err == nil && a.Status == http.StatusNotFound {
		err = fmt.Errorf("no such file in the sandbox %s at %s", dir, base)
	}
	if err == nil {
		err = a.Err()
	}
	return a, path.Join(dir, path.Clean("/"+name)), err
}

// askAgent asks an agent; one that does not answer where it was last seen is looked
// up again, as it may have come back on another port.
func (s *Session) askAgent(ctx context.Context, agent AgentID, ask func(base string) (Answer, error)) (base string, a Answer, err error) {
	for range 2 {
		if base, err = s.AgentURL(ctx, agent); err != nil {
			return "", Answer{}, err
		}
		if a, err = ask(base); !isRefused(err) {
			break
		}
		s.mu.Lock()
		delete(s.agents, agent)
		s.mu.Unlock()
	}
	return base, a, err
}

// directory is the executor's directory as the agent's /state names it.
func (t *Task) directory(ctx context.Context, base string) (string, error) {
	a, err := t.s.do(ctx, request{op: "get /state", method: http.MethodGet, header: http.Header{}, url: base + "/state", long: true})
	if err == nil {
		err = a.Err()
	}
	if err != nil {
		return "", err
	}
	framework, executor := string(t.s.FrameworkID()), string(t.ExecutorID())
	for _, frameworks := range []string{"frameworks", "completed_frameworks"} {
		for _, f := range a.Get(frameworks).Array() {
			for _, executors := range []string{"executors", "completed_executors"} {
				for _, x := range f.Get(executors).Array() {
					if f.Get("id").String() == framework && x.Get("id").String() == executor && x.Get("directory").Exists() {
						return x.Get("directory").String(), nil
					}
				}
			}
		}
	}
	return "", fmt.Errorf("agent %s knows no executor %s; its sandbox may have been collected", base, executor)
}
