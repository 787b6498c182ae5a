package registry

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "mesosbook/mesos/v1"
	registryv1 "mesosbook/mesos/v1/registry"

	"google.golang.org/protobuf/proto"
)

// goneAgent is a registry that is not empty.
func goneAgent(id string) *registryv1.Registry {
	return &registryv1.Registry{Gone: &registryv1.Registry_GoneSlaves{Slaves: []*registryv1.Registry_GoneSlave{{
		Id: &v1.AgentID{Value: proto.String(id)}, Timestamp: &v1.TimeInfo{Nanoseconds: proto.Int64(1)},
	}}}}
}

func TestWhatWasStoredIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.json")
	got, w, err := Open(path).Recover()
	if err != nil || !proto.Equal(got, &registryv1.Registry{}) {
		t.Fatalf("a new registry: %v, %v", got, err)
	}
	for _, id := range []string{"S0", "S1"} {
		if _, err := w.Store(goneAgent(id)); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err = Open(path).Recover()
	if err != nil || !proto.Equal(got, goneAgent("S1")) {
		t.Errorf("read %v, %v", got, err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFormerLeaderIsRefused(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "registry.json"))
	_, former, err := f.Recover()
	if err != nil {
		t.Fatal(err)
	}
	_, now, err := f.Recover()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := now.Store(goneAgent("S0")); err != nil {
		t.Fatal(err)
	}
	if _, err := former.Store(goneAgent("S1")); !errors.Is(err, ErrSuperseded) {
		t.Errorf("the former leader writes: %v", err)
	}
	if got, _, err := f.Recover(); err != nil || !proto.Equal(got, goneAgent("S0")) {
		t.Errorf("read %v, %v", got, err)
	}
}

// A crash while writing leaves a part of the new file beside the former one.
func TestTornWriteIsIgnored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.json")
	_, w, err := Open(path).Recover()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store(goneAgent("S0")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(`{"gone":{"sla`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Open(path)
	got, w, err := f.Recover()
	if err != nil || !proto.Equal(got, goneAgent("S0")) {
		t.Fatalf("read %v, %v", got, err)
	}
	if _, err := w.Store(goneAgent("S1")); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

func TestBrokenFileIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.json")
	if err := os.WriteFile(path, []byte(`{"gone":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(path).Recover(); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("got %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != `{"gone":` {
		t.Errorf("the file is now %q", data)
	}
}
