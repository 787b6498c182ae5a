package session_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mesosbook/internal/simtime"
	"mesosbook/session"
)

const secret = "s3cr3t-Zx9"

func withSecret(o *session.Options) { o.Principal, o.Secret = "alice", secret }

// Whatever a session shows, stores or says, the secret is not in it.
func TestSecretsStayOut(t *testing.T) {
	dir := t.TempDir()
	var shown, wire strings.Builder // wire is written by the session's goroutine
	inBubble(t, func(b *bench) {
		wanted := "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:"+secret))
		b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
			if c.header.Get("Authorization") == wanted {
				return false
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="mesos-master-scheduler"`)
			http.Error(w, "401 Unauthorized.", http.StatusUnauthorized)
			return true
		})
		b.s.SetWire(func(line string) { fmt.Fprintln(&wire, line) })
		st := b.subscribe()
		st.send(offerRecord)
		b.s.Launch(b.ctx, []byte(acceptBody))
		for _, target := range []string{"http://alice:" + secret + "@m1:5050/state", "http://nobody:1/state", "http://x:" + secret + "@ho st/"} {
			_, err := b.s.Get(b.ctx, target)
			fmt.Fprintln(&shown, err)
			_, err = b.s.PostURL(b.ctx, target, []byte("{}"))
			fmt.Fprintln(&shown, err, b.s.LastError())
		}
		b.s.PostRaw(b.ctx, "", http.Header{"Authorization": {wanted}}, []byte("{}"))
		for _, c := range b.s.Calls() {
			fmt.Fprintln(&shown, c, c.Header, c.URL, c.Err)
		}
		curl, _ := b.s.Curl(1, false)
		fmt.Fprintln(&shown, curl, b.s.Status(), b.s.LastError(), b.said())
		if !strings.Contains(curl, `-u 'alice:'"${MESOSBOOK_SECRET:?}" `) {
			t.Errorf("curl: %s", curl)
		}
		simtime.Wait()
	}, withSecret, func(o *session.Options) { o.Dir = dir })
	shown.WriteString(wire.String())
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	for _, s := range []string{secret, base64.StdEncoding.EncodeToString([]byte("alice:" + secret))} {
		if i := strings.Index(shown.String(), s); i >= 0 {
			t.Errorf("the secret shows: ...%s...", shown.String()[max(0, i-80):i])
		}
	}
	if !strings.Contains(shown.String(), "-> POST http://m1:5050/api/v1/scheduler") {
		t.Errorf("the wire log is empty: %s", shown.String())
	}
}

// Credentials in Master are used and not shown; hosts that no master named do not
// get them.
func TestCredentialsGoToTheClusterOnly(t *testing.T) {
	inBubble(t, func(b *bench) {
		stranger := newFakeMaster(t, &b.net, "stranger:80")
		if _, err := b.s.Get(b.ctx, "http://stranger:80/x"); err != nil {
			t.Fatal(err)
		}
		if c := <-stranger.calls; c.header.Get("Authorization") != "" {
			t.Error("a stranger got the credentials")
		}
		stranger.stop()
		b.s.Get(b.ctx, "/state")
		if c := <-b.master.calls; c.header.Get("Authorization") == "" {
			t.Error("the master got no credentials")
		}
		if st := b.s.Status().String(); strings.Contains(st, secret) {
			t.Errorf("status shows the secret:\n%s", st)
		}
	}, func(o *session.Options) { o.Master = "http://alice:" + secret + "@m1:5050" })
}

func TestUnauthorizedIsExplained(t *testing.T) {
	for status, want := range map[int]string{401: "credentials are wanted, or wrong: --principal", 403: "the principal may not do this"} {
		inBubble(t, func(b *bench) {
			b.master.setAnswer(func(w http.ResponseWriter, c fakeCall) bool {
				http.Error(w, http.StatusText(status)+".", status)
				return true
			})
			a, err := b.s.Subscribe(b.ctx, []byte(subscribeBody))
			if err != nil || a.Status != status || !strings.Contains(a.Err().Error(), want) {
				t.Errorf("%v, %v: %v", a, err, a.Err())
			}
			if text := a.String(); status == http.StatusUnauthorized && !strings.Contains(text, want) {
				t.Errorf("shown as %q, want %q in it", text, want)
			}
		})
	}
}

func TestReadOnlyRefusesWhatChanges(t *testing.T) {
	inBubble(t, func(b *bench) {
		for name, call := range map[string]func() (session.Answer, error){
			"subscribe": func() (session.Answer, error) { return b.s.Subscribe(b.ctx, []byte(subscribeBody)) },
			"teardown":  func() (session.Answer, error) { return b.s.Teardown(b.ctx) },
			"raw":       func() (session.Answer, error) { return b.s.PostRaw(b.ctx, "", nil, []byte("{}")) },
			"operator": func() (session.Answer, error) {
				return b.s.Operator(b.ctx, "", "TEARDOWN", []byte(`{"framework_id":{"value":"x"}}`))
			},
			"url": func() (session.Answer, error) {
				return b.s.PostURL(b.ctx, "http://m1:5050/teardown", []byte(`{}`))
			},
			"reconcile": func() (session.Answer, error) { return b.s.Reconcile(b.ctx) },
			"wait": func() (a session.Answer, err error) {
				_, err = b.s.WaitForOffers(b.ctx, 1)
				return a, err
			},
		} {
			if _, err := call(); err == nil || !strings.Contains(err.Error(), "read-only session") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.s.Operator(b.ctx, "", "GET_STATE", nil); err != nil {
			t.Errorf("reading: %v", err)
		}
		if c := <-b.master.calls; c.body != `{"type":"GET_STATE","get_state":{}}` || c.path != "/api/v1" || len(b.master.calls) != 0 {
			t.Errorf("the master saw %+v", c)
		}
	}, func(o *session.Options) { o.ReadOnly = true })
}

func TestDryRunShowsTheCall(t *testing.T) {
	inBubble(t, func(b *bench) {
		st := b.subscribe()
		b.s.SetDryRun(true)
		a, err := b.s.Kill(b.ctx, "it's", "S0", 0)
		want := `curl -sS -H 'Accept: application/json' -H 'Content-Type: application/json' -H 'Mesos-Stream-Id: ` + st.id + `' --data-binary '{"type":"KILL","kill":{"agent_id":{"value":"S0"},"task_id":{"value":"it'\''s"}},"framework_id":{"value":"fw-0000"}}' 'http://m1:5050/api/v1/scheduler'`
		if err != nil || a.DryRun != want || a.Err() != nil {
			t.Errorf("got  %s\nwant %s\n%v", a.DryRun, want, err)
		}
		if len(b.master.calls) != 0 {
			t.Error("it was sent")
		}
		b.s.CloseChannel()
		a, err = b.s.Subscribe(b.ctx, []byte(`{"type":"SUBSCRIBE"}`))
		if want := `curl -sS -N -H 'Accept: application/json' -H 'Content-Type: application/json' --data-binary '{"type":"SUBSCRIBE"}' 'http://m1:5050/api/v1/scheduler'`; a.DryRun != want || err != nil {
			t.Errorf("got  %s\nwant %s\n%v", a.DryRun, want, err)
		}
		if n := b.s.Status().Unsent; n != 2 {
			t.Errorf("%d calls were kept back, want 2", n)
		}
		b.s.SetDryRun(false)
		b.s.Kill(b.ctx, "it's", "S0", 0)
		if curl, err := b.s.Curl(1, false); curl != want || err != nil {
			t.Errorf("curl of the last call: %s, %v", curl, err)
		}
		if _, err := b.s.Curl(3, false); err == nil || !strings.Contains(err.Error(), "there are 2 calls") {
			t.Errorf("curl of no call: %v", err)
		}
	})
}
