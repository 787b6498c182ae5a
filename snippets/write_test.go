package snippets

import "testing"

func TestSavedOutputHasPatternsForWhatChanges(t *testing.T) {
	out := "da892842-dffa-4c2a-818b-3edaccc51cbd-O0 da892842-dffa-4c2a-818b-3edaccc51cbd at http://127.0.0.1:5052/x " +
		"2026-11-22T18:00:01.5Z 1795373625.68 ea4ed105 12345678 deadbeef 9000-10000"
	want := "<ID> <UUID> at http://<HOST>/x <TIME> <NUM> <WORD> 12345678 deadbeef 9000-10000"
	if got := masked(out); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !Match(want, out, Values{}) {
		t.Error("the patterns do not fit what they stand for")
	}
}
