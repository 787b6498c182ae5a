package main

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mesosbook/cluster"
)

// Whatever the program prints or writes on a cluster that wants credentials, the
// secret is not in it: wire log, curl commands, status, errors, saved notebooks,
// exports, what is kept for --resume.
func TestSecretIsNowhere(t *testing.T) {
	const secret = "s3cr3t/Zx9+q"
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_STATE_HOME", dir)
	t.Setenv("HOME", dir)
	c, err := cluster.Start(t.Context(), cluster.Options{Credentials: map[string]string{"teacher": secret}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	var shown sharedBuffer
	play := func(env, cells string, args ...string) string {
		t.Helper()
		t.Setenv("MESOSBOOK_SECRET", env)
		from := len(shown.String())
		run(args, strings.NewReader(cells), &shown, &shown)
		return shown.String()[from:]
	}
	const cells = `:wire on
subscribe()
launch("echo hello").Wait("TASK_FINISHED")
tasks()[0].Stdout()
get("/nowhere")
operator("GET_HEALTH")
:curl 1
:curl 3
:dry on
revive()
:status
:save saved.md
`
	got := play(secret, cells, "--master", c.MasterURL(), "--principal", "teacher", "--session", "one")
	for _, want := range []string{"-> POST", "TASK_FINISHED", "${MESOSBOOK_SECRET:?}", "hello", "Not sent: curl"} {
		if !strings.Contains(got, want) {
			t.Errorf("the session shows no %q:\n%s", want, got)
		}
	}
	inURL := strings.Replace(c.MasterURL(), "http://", "http://teacher:"+url.QueryEscape(secret)+"@", 1)
	if got := play("", cells, "--master", inURL, "--session", "two"); !strings.Contains(got, "TASK_FINISHED") {
		t.Errorf("with the secret in the URL:\n%s", got)
	}
	if got := play(secret+"!", "subscribe()\nget(\"/state\")\n:curl\n", "--master", c.MasterURL(), "--principal", "teacher"); !strings.Contains(got, "401") {
		t.Errorf("with a wrong secret:\n%s", got)
	}
	play(secret, "terminate_framework()\n", "--resume=one", "--principal", "teacher")
	play(secret, "", "export", "--all", "one", "-o", "one.md")
	play(secret, "", "export", "two")
	play(secret, "", "run", "--update", "--master", c.MasterURL(), "--principal", "teacher", "saved.md")
	play(secret, "", "leader", "-a", inURL)

	files := 0
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		fmt.Fprintf(&shown, "\n%s:\n%s", path, text)
		return err
	})
	if err != nil || files < 8 {
		t.Errorf("%d files were written, %v", files, err)
	}
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte("teacher:" + secret)), `s3cr3t\/Zx9`} {
		if i := strings.Index(shown.String(), form); i >= 0 {
			t.Errorf("the secret shows: ...%s", shown.String()[max(0, i-200):i+len(form)])
		}
	}
}

// sharedBuffer is an output and an error output in one, as a terminal is.
type sharedBuffer struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (b *sharedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *sharedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
