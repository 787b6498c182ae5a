package supervisor

import "testing"

func TestParseStat(t *testing.T) {
	p, ok := parseStat(7, []byte("7 (a) b (c) S 1 2 3 0 -1"))
	if want := (process{7, 1, 2, 3}); !ok || p != want {
		t.Errorf("got %v %v, want %v", p, ok, want)
	}
	for _, bad := range []string{"", "7", "7 (x)", "7 (x) S 1 2", "7 (x) S a b c"} {
		if _, ok := parseStat(7, []byte(bad)); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}
