package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/mesos/recordio"
)

// loneAgent simulates its processes and never finds a master.
func loneAgent(f *testing.F) *Agent {
	f.Helper()
	dial := func(context.Context) (*link.Conn, error) { return nil, errors.New("no master") }
	a, err := New(Options{Info: agentInfo(f), WorkDir: f.TempDir(), Dial: dial, Log: io.Discard, Simulate: true, RedialMax: time.Hour, RedialMin: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	if err := a.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = a.Close() })
	return a
}

// FuzzOperatorCall: whatever is sent gets an answer.
func FuzzOperatorCall(f *testing.F) {
	a := loneAgent(f)
	handler := a.Handler()
	input := `{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":{"type":"CONTAINER_ID","container_id":{"value":"x"}}}`
	for _, body := range []string{
		``, `{}`, `{"type":"GET_STATE"}`, input, session(nestedID("n", "p"), "exit 0", withTerminal),
		`{"type":"LAUNCH_CONTAINER","launch_container":{"container_id":{"value":"alone"},"command":{"value":"exit 0"},"container":{"type":"MESOS","tty_info":{}},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]}}`,
		`{"type":"WAIT_CONTAINER","wait_container":{"container_id":{"value":"nobody"}}}`,
		`{"type":"REMOVE_NESTED_CONTAINER","remove_nested_container":{"container_id":{"value":"n","parent":{"value":"p"}}}}`,
		`{"type":"READ_FILE","read_file":{"path":"/x","offset":18446744073709551615,"length":18446744073709551615}}`,
		`{"type":"ADD_RESOURCE_PROVIDER_CONFIG","add_resource_provider_config":{"info":{"type":"org.apache.mesos.rp.local.storage","name":"n","storage":{"plugin":{"type":"a","name":"b"}}}}}`,
	} {
		f.Add([]byte(body), mediaJSON, "", "")
		f.Add(recordio.Append(nil, []byte(body)), mediaRecordIO, mediaJSON, mediaRecordIO)
	}
	f.Add([]byte("\x08\x01"), mediaProtobuf, "", mediaProtobuf)
	f.Fuzz(func(t *testing.T, body []byte, kind, message, accept string) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // of calls that wait
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://agent/api/v1", bytes.NewReader(body))
		r.Header.Set("Content-Type", kind)
		if message != "" {
			r.Header.Set(messageContentType, message)
		}
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 {
			t.Errorf("answered %d", w.Code)
		}
	})
}

// FuzzJournal: an agent takes up what a journal tells, or says that it cannot.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"framework":{"user":"root","name":"f","id":{"value":"F"},"checkpoint":true}}
{"executor":{"framework_id":"F","info":{"executor_id":{"value":"E"}},"container_id":"C","command":true}}
{"task":{"framework_id":"F","executor_id":"E","info":{"name":"t","task_id":{"value":"T"},"agent_id":{"value":"S"}}}}
{"update":{"framework_id":"F","executor_id":"E","status":{"task_id":{"value":"T"},"state":"TASK_RUNNING","uuid":"AAAA"}}}
{"acknowledged":{"framework_id":"F","task_id":"T","uuid":"AAAA"}}
{"ended":{"framework_id":"F","executor_id":"E","nested":{"a":"b"}}}
{"drain":{"config":{},"start":1}}
{"drain":{}}
{"removed":"F"}
`))
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"task":{"framework_id":"F","executor_id":"E"}}` + "\n"))
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "meta", "slaves", "S"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := New(Options{Info: agentInfo(t), WorkDir: dir, Log: io.Discard,
			Dial: func(context.Context) (*link.Conn, error) { return nil, errors.New("no master") }})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(a.journalPath("S"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = a.recoverExecutors("S") // an error is fine
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
}
