package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	for _, want := range []string{"a longer one", "short"} {
		if err := Replace(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if left, _ := filepath.Glob(path + ".new"); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if err := Replace(filepath.Join(path, "below"), nil); err == nil {
		t.Error("a file below a file: no error")
	}
}
